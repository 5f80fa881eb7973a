/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WC_DUE_DATAGRAM's arg: flight << 38 | datagram << 32 | corrupt bit. */
#include "tests/sim/fanout.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define STREAM_UPLINK 200u
#define GROUP_NONE    UINT32_MAX

_Static_assert(WC_FLIGHT_MAX <= 64, "a datagram's index has six bits in an event's arg");

struct wc_fanout_group {
    wc_ns delay;
    uint32_t *members;
    uint32_t member_count;
};

static uint32_t group_with_delay(struct wc_fanout *f, wc_ns delay)
{
    for (uint32_t g = 0; g < f->group_count; g++) {
        if (f->groups[g].delay == delay)
            return g;
    }
    struct wc_fanout_group *group = &f->groups[f->group_count];
    group->delay = delay;
    group->members = calloc(f->node_count, sizeof(*group->members));
    assert(group->members);
    return f->group_count++;
}

void wc_fanout_init(struct wc_fanout *f, struct wc_env *env, struct wc_node *nodes,
                    uint32_t node_count)
{
    *f = (struct wc_fanout){.nodes = nodes, .node_count = node_count};
    wc_link_init(&f->uplink, &env->config->uplink,
                 wc_seed_derive(env->config->seed, STREAM_UPLINK, 0));
    f->group_of = calloc(node_count + 1, sizeof(*f->group_of));
    f->groups = calloc(node_count + 1, sizeof(*f->groups));
    f->singles = calloc(node_count + 1, sizeof(*f->singles));
    f->is_member = calloc(node_count + 1, sizeof(*f->is_member));
    assert(f->group_of && f->groups && f->singles && f->is_member);
    for (uint32_t i = 0; i < node_count; i++) {
        const struct wc_link_config *link = &nodes[i].link.config;
        f->group_of[i] = wc_link_is_even(link) ? group_with_delay(f, link->delay) : GROUP_NONE;
    }
}

void wc_fanout_deinit(struct wc_fanout *f)
{
    for (uint32_t g = 0; g < f->group_count; g++)
        free(f->groups[g].members);
    free(f->group_of);
    free(f->groups);
    free(f->singles);
    free(f->is_member);
}

void wc_fanout_join(struct wc_fanout *f, uint32_t node)
{
    if (f->is_member[node] || f->nodes[node].config.is_deaf)
        return;
    f->is_member[node] = true;
    if (f->group_of[node] == GROUP_NONE) {
        f->singles[f->single_count++] = node;
        return;
    }
    struct wc_fanout_group *group = &f->groups[f->group_of[node]];
    group->members[group->member_count++] = node;
}

/* Take entry i out of a list of nodes, whose process does not listen any more. */
static void drop_member(struct wc_fanout *f, uint32_t *list, uint32_t *count, uint32_t i)
{
    f->is_member[list[i]] = false;
    list[i] = list[--*count];
}

static void send_single(struct wc_fanout *f, struct wc_env *env, struct wc_node *node,
                        uint32_t flight_index)
{
    const struct wc_flight *flight = env->flights.all[flight_index];
    for (uint32_t i = 0; i < flight->count; i++) {
        struct wc_arrival arrivals[2];
        if (flight->lost >> i & 1)
            continue;
        size_t count =
            wc_link_carry(&node->link, wc_env_since(env), env->config->wire_bytes, arrivals);
        if (!count)
            wc_env_trace(env, node->index, WC_TRACE_LOST, flight->headers[i].pn, 0, 0);
        for (size_t a = 0; a < count; a++) {
            uint64_t arg =
                (uint64_t)flight_index << 38 | (uint64_t)i << 32 | arrivals[a].corrupt_bit;
            wc_flights_refer(&env->flights, flight_index);
            wc_agenda_add(&env->agenda, env->config->epoch + arrivals[a].at, WC_DUE_DATAGRAM,
                          node->index, arg);
        }
    }
    (void)f;
}

void wc_fanout_send(struct wc_fanout *f, struct wc_env *env, uint32_t flight_index)
{
    struct wc_flight *flight = env->flights.all[flight_index];
    for (uint32_t i = 0; i < flight->count; i++)
        flight->lost |= (uint64_t)wc_link_loses(&f->uplink, wc_env_since(env)) << i;
    for (uint32_t g = 0; g < f->group_count; g++) {
        if (!f->groups[g].member_count)
            continue;
        wc_flights_refer(&env->flights, flight_index);
        wc_agenda_add(&env->agenda, env->now + f->groups[g].delay, WC_DUE_GROUP, g, flight_index);
    }
    for (uint32_t i = 0; i < f->single_count;) {
        struct wc_node *node = &f->nodes[f->singles[i]];
        if (!wc_node_listens(node)) {
            drop_member(f, f->singles, &f->single_count, i);
            continue;
        }
        send_single(f, env, node, flight_index);
        i++;
    }
    wc_flights_release(&env->flights, flight_index);
}

static void arrive_at(struct wc_env *env, struct wc_node *node, const struct wc_flight *flight)
{
    wc_ns sent_since = wc_env_since(env) - node->link.config.delay;
    for (uint32_t i = 0; i < flight->count; i++) {
        if (flight->lost >> i & 1)
            continue;
        if (wc_link_loses(&node->link, sent_since)) {
            wc_env_trace(env, node->index, WC_TRACE_LOST, flight->headers[i].pn, 0, 0);
            continue;
        }
        wc_node_datagram(node, env, flight, i, wc_link_corrupts(&node->link));
        if (!wc_node_listens(node) || env->check.failed)
            return;
    }
    wc_node_settle(node, env);
}

void wc_fanout_arrive_group(struct wc_fanout *f, struct wc_env *env, uint32_t group_index,
                            uint32_t flight_index)
{
    struct wc_fanout_group *group = &f->groups[group_index];
    for (uint32_t i = 0; i < group->member_count;) {
        struct wc_node *node = &f->nodes[group->members[i]];
        if (wc_node_listens(node)) {
            arrive_at(env, node, env->flights.all[flight_index]);
            i++;
        } else {
            drop_member(f, group->members, &group->member_count, i);
        }
    }
    wc_flights_release(&env->flights, flight_index);
}

void wc_fanout_arrive_datagram(struct wc_fanout *f, struct wc_env *env, uint32_t node_index,
                               uint64_t arg)
{
    uint32_t flight_index = (uint32_t)(arg >> 38);
    uint32_t datagram = arg >> 32 & (WC_FLIGHT_MAX - 1);
    struct wc_node *node = &f->nodes[node_index];
    if (wc_node_listens(node)) {
        wc_node_datagram(node, env, env->flights.all[flight_index], datagram, (uint32_t)arg);
        wc_node_settle(node, env);
    }
    wc_flights_release(&env->flights, flight_index);
}
