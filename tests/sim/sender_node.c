/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of calls is the real shell's: input, drain the notices, output until it gives
 * nothing, sleep until the deadline. */
#include "tests/sim/sender_node.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT_CALLS_MAX     10000
#define WAKES_MAX            4
#define WC_MEMBER_INDEX_NONE UINT32_MAX

enum stream {
    STREAM_REFUSAL = 300,
    STREAM_ATTACK,
};

static void settle(struct wc_sender_node *s, struct wc_env *env);

void wc_sender_node_init(struct wc_sender_node *s, struct wc_env *env, struct wc_fanout *fanout,
                         struct wc_node *nodes)
{
    const struct wc_world_config *c = env->config;
    *s = (struct wc_sender_node){.fanout = fanout, .nodes = nodes, .wake_at = WC_NEVER};
    /* Every receiver may come back a few times. */
    uint32_t member_max = c->node_count * 4;
    s->member_max = member_max && member_max < WC_MEMBERS_MAX ? member_max : WC_MEMBERS_MAX;
    s->node_of = calloc(s->member_max, sizeof(*s->node_of));
    s->member_of = calloc(c->node_count + 1, sizeof(*s->member_of));
    s->recorded = calloc(WC_RECORDED_MAX, sizeof(*s->recorded));
    s->connection_of = calloc(s->member_max, sizeof(*s->connection_of));
    assert(s->node_of && s->member_of && s->connection_of && s->recorded);
    for (uint32_t i = 0; i < c->node_count; i++)
        s->member_of[i] = WC_MEMBER_INDEX_NONE;
    wc_dice_init(&s->refusal, c->refused, wc_seed_derive(c->seed, STREAM_REFUSAL, 0));
    s->attack.state = wc_seed_derive(c->seed, STREAM_ATTACK, 0);

    s->check = (struct wc_check_sender){.check = &env->check,
                                        .partition = &env->object.partition,
                                        .instance = env->instance,
                                        .wire_bytes = c->wire_bytes};
    wc_check_sender_rate(&s->check, c->rate_max_bps);
    s->rate_bps = c->rate_max_bps;
    struct wc_sender_config config = {
        .instance = env->instance,
        .partition = env->object.partition,
        .first = c->first,
        .first_count = c->first_count,
        .wire_bytes = c->wire_bytes,
        .line_bps = c->rate_max_bps,
        .rate_max_bps = c->rate_max_bps,
        .rate_min_bps = c->rate_min_bps,
        .member_max = s->member_max,
        .receivers_min = c->receivers_min,
        .wait_max = c->wait_max,
        .silence_max = c->silence_max,
        .slow_policy = c->slow_policy,
        .slow_bps = c->slow_bps,
        .multicast_only = c->multicast_only,
        .tail_unicast = c->tail_unicast,
    };
    s->heap.check = &env->check;
    struct wc_alloc alloc = wc_check_alloc(&s->heap);
    enum wc_err err = wc_sender_new(&s->core, &config, &alloc, env->now);
    assert(!err);
    wc_check_heap_close(&s->heap, "sender", 0);
    wc_agenda_add(&env->agenda, env->now + c->status_interval, WC_DUE_STATUS, 0, 0);
    settle(s, env);
}

void wc_sender_node_deinit(struct wc_sender_node *s)
{
    wc_sender_free(s->core);
    free(s->node_of);
    free(s->member_of);
    free(s->connection_of);
    free(s->recorded);
}

/* --- control channels --- */

static void send_down(struct wc_node *n, struct wc_env *env, const struct wc_msg *msg)
{
    wc_ns since = wc_env_since(env);
    wc_ns free_at = wc_link_blackout_end(&n->link, since);
    wc_pipe_send(&n->down, &env->agenda, env->config->epoch + free_at + n->config.control_delay,
                 msg);
}

static void send_status(struct wc_sender_node *s, struct wc_env *env, struct wc_node *n)
{
    struct wc_sender_stats stats;
    wc_sender_stats(s->core, &stats);
    env->msg.type = WC_MSG_STATUS;
    env->msg.status = (struct wc_status){
        .phase = (uint8_t)stats.phase,
        .report_interval_us = stats.report_interval_us,
        .receivers = stats.joined,
        .ready = stats.ready,
        .done = stats.done,
        .rate_bps = stats.rate_bps,
    };
    send_down(n, env, &env->msg);
}

/* The member's connection is the one that its node has now: a process that was started again has
 * another. */
static bool is_connected(const struct wc_sender_node *s, uint32_t member)
{
    uint32_t node = s->node_of[member];
    return s->member_of[node] == member &&
           s->connection_of[member] == s->nodes[node].down.generation;
}

static void send_status_to_all(struct wc_sender_node *s, struct wc_env *env)
{
    for (uint32_t i = 0; i < env->config->node_count; i++) {
        if (s->member_of[i] != WC_MEMBER_INDEX_NONE && is_connected(s, s->member_of[i]))
            send_status(s, env, &s->nodes[i]);
    }
}

/* The member's connection is not used any more. */
static void forget_member(struct wc_sender_node *s, uint32_t member)
{
    uint32_t node = s->node_of[member];
    if (s->member_of[node] == member)
        s->member_of[node] = WC_MEMBER_INDEX_NONE;
}

static void dismiss(struct wc_sender_node *s, struct wc_env *env, uint32_t member)
{
    uint32_t node = s->node_of[member];
    if (!is_connected(s, member)) {
        forget_member(s, member);
        return;
    }
    env->msg.type = WC_MSG_BYE;
    env->msg.refusal = (struct wc_refusal){.sentence = "The session is over."};
    send_down(&s->nodes[node], env, &env->msg);
    forget_member(s, member);
}

static void announce_unicast(struct wc_sender_node *s, struct wc_env *env, uint32_t member)
{
    uint32_t node = s->node_of[member];
    if (!is_connected(s, member))
        return;
    env->msg.type = WC_MSG_UNICAST;
    env->msg.unicast = (struct wc_unicast){.sentence = "From now on by unicast."};
    send_down(&s->nodes[node], env, &env->msg);
}

/* --- the core --- */

static void heed_phase(struct wc_sender_node *s, struct wc_env *env, enum wc_phase phase)
{
    s->phase = phase;
    wc_env_trace(env, WC_TRACE_SENDER, WC_TRACE_PHASE, phase, 0, 0);
    if (phase == WC_PHASE_STREAMING)
        s->started_at = env->now;
    if (phase != WC_PHASE_ENDED) {
        send_status_to_all(s, env);
        return;
    }
    s->ended_at = env->now;
    for (uint32_t member = 0; member < s->member_count; member++)
        dismiss(s, env, member);
}

static void drain(struct wc_sender_node *s, struct wc_env *env)
{
    struct wc_sender_notice notice;
    while (wc_sender_notice(s->core, &notice)) {
        if (notice.type == WC_SENDER_NOTICE_PHASE) {
            heed_phase(s, env, notice.phase);
            continue;
        }
        wc_env_trace(env, WC_TRACE_SENDER, WC_TRACE_MEMBER, s->node_of[notice.member], notice.state,
                     0);
        if (notice.state == WC_MEMBER_SILENT || notice.state == WC_MEMBER_SLOW)
            dismiss(s, env, notice.member);
        if (notice.state == WC_MEMBER_UNICAST)
            announce_unicast(s, env, notice.member);
    }
}

static void count_datagram(struct wc_sender_node *s, struct wc_env *env,
                           const struct wc_header *header)
{
    wc_check_sender_datagram(&s->check, wc_env_since(env), header);
    if (env->check.failed)
        return;
    s->recorded[s->recorded_count++ % WC_RECORDED_MAX] = *header;
    if (header->type == WC_DATAGRAM_BEACON) {
        s->beacon_count++;
        wc_env_trace(env, WC_TRACE_SENDER, WC_TRACE_BEACON, header->esi, header->sbn, 0);
        return;
    }
    bool is_source = header->esi < wc_partition_symbols(&env->object.partition, header->sbn);
    s->source_count += is_source;
    s->repair_count += !is_source;
    wc_env_trace(env, WC_TRACE_SENDER, is_source ? WC_TRACE_SOURCE : WC_TRACE_REPAIR, header->sbn,
                 header->esi, 0);
}

static void trace_rate(struct wc_sender_node *s, struct wc_env *env)
{
    struct wc_sender_stats stats;
    wc_sender_stats(s->core, &stats);
    if (stats.rate_bps == s->rate_bps || s->phase != WC_PHASE_STREAMING)
        return;
    s->rate_bps = stats.rate_bps;
    wc_env_trace(env, WC_TRACE_SENDER, WC_TRACE_RATE, s->rate_bps, 0, 0);
}

/* Put headers and their symbols into a flight. */
uint32_t wc_sender_node_materialize(struct wc_env *env, const struct wc_header *headers,
                                    uint32_t count, uint64_t key, bool is_garbage)
{
    uint32_t index = wc_flights_take(&env->flights);
    struct wc_flight *flight = env->flights.all[index];
    flight->count = count;
    memcpy(flight->headers, headers, count * sizeof(*headers));
    for (uint32_t i = 0; flight->datagrams && i < count; i++)
        wc_object_make_datagram(&env->object, &headers[i], key, is_garbage,
                                flight->datagrams + (size_t)i * env->flights.datagram_bytes);
    return index;
}

static void input(struct wc_sender_node *s, struct wc_env *env, const struct wc_sender_event *event)
{
    if (wc_sender_input(s->core, env->now, event))
        s->control_refused_count++;
    drain(s, env);
}

/* The kernel takes only the first of them, now and then. */
static uint32_t refuse_some(struct wc_sender_node *s, struct wc_env *env, uint32_t count)
{
    if (!wc_dice_roll(&s->refusal))
        return count;
    uint32_t taken = (uint32_t)wc_rng_below(&s->refusal.rng, count);
    s->refused_count += count - taken;
    wc_env_trace(env, WC_TRACE_SENDER, WC_TRACE_REFUSED, count - taken, 0, 0);
    struct wc_sender_event event = {.type = WC_SENDER_REFUSED, .count = count - taken};
    input(s, env, &event);
    return taken;
}

static void settle(struct wc_sender_node *s, struct wc_env *env)
{
    struct wc_header headers[WC_FLIGHT_MAX];
    uint32_t count;
    uint32_t calls = 0;
    drain(s, env);
    do {
        if (++calls > OUTPUT_CALLS_MAX)
            wc_check_fail(&env->check, wc_env_since(env), "the sender never has enough");
        count = (uint32_t)wc_sender_output(s->core, env->now, headers, env->config->batch_max);
        drain(s, env);
        trace_rate(s, env);
        for (uint32_t i = 0; i < count; i++)
            count_datagram(s, env, &headers[i]);
        uint32_t taken = count ? refuse_some(s, env, count) : 0;
        if (taken && !env->check.failed)
            wc_fanout_send(s->fanout, env,
                           wc_sender_node_materialize(env, headers, taken, env->object.key, false));
    } while (count && !env->check.failed);

    wc_ns deadline = wc_sender_deadline(s->core);
    if (deadline <= env->now)
        wc_check_fail(&env->check, wc_env_since(env),
                      "the sender has nothing to send, and a "
                      "deadline that is not in the future");
    if (deadline == WC_NEVER && s->phase != WC_PHASE_ENDED)
        wc_check_fail(&env->check, wc_env_since(env), "the sender sleeps for ever");
    if (deadline < s->wake_at) {
        s->wake_at = deadline;
        wc_agenda_add(&env->agenda, deadline, WC_DUE_SENDER_WAKE, 0, 0);
    }
}

void wc_sender_node_wake(struct wc_sender_node *s, struct wc_env *env)
{
    if (s->is_crashed || s->wake_at != env->now)
        return;
    s->wake_at = WC_NEVER;
    wc_check_call(&env->check, &s->pace, wc_env_since(env), env->now, WAKES_MAX, "sender", 0);
    settle(s, env);
}

void wc_sender_node_status(struct wc_sender_node *s, struct wc_env *env)
{
    if (s->is_crashed || s->phase == WC_PHASE_ENDED)
        return;
    send_status_to_all(s, env);
    wc_agenda_add(&env->agenda, env->now + env->config->status_interval, WC_DUE_STATUS, 0, 0);
}

/* Nobody has to start by hand what should have started: receivers that finished before it did
 * count. */
static void check_start(struct wc_sender_node *s, struct wc_env *env)
{
    struct wc_sender_stats stats;
    wc_sender_stats(s->core, &stats);
    uint32_t least = env->config->receivers_min;
    if (s->phase == WC_PHASE_WAITING && least && stats.ready + stats.done >= least)
        wc_check_fail(&env->check, wc_env_since(env),
                      "waits though %" PRIu32 " receivers are ready and %" PRIu32 " done",
                      stats.ready, stats.done);
}

void wc_sender_node_input(struct wc_sender_node *s, struct wc_env *env,
                          const struct wc_sender_event *event)
{
    input(s, env, event);
    settle(s, env);
}

void wc_sender_node_command(struct wc_sender_node *s, struct wc_env *env,
                            enum wc_sender_event_type type, uint64_t value)
{
    if (s->is_crashed)
        return;
    if (type == WC_SENDER_START)
        check_start(s, env);
    struct wc_sender_event event = {.type = type};
    if (type == WC_SENDER_RATE) {
        event.rate_bps = value;
        wc_check_sender_rate(&s->check, value);
        wc_env_trace(env, WC_TRACE_SENDER, WC_TRACE_MAXIMUM, value, 0, 0);
    }
    input(s, env, &event);
    settle(s, env);
}

void wc_sender_node_crash(struct wc_sender_node *s, struct wc_env *env)
{
    wc_env_trace(env, WC_TRACE_SENDER, WC_TRACE_CRASH, 0, 0, 0);
    s->is_crashed = true;
}

/* --- messages --- */

/* A member index that nobody uses; WC_MEMBER_INDEX_NONE: the session is full. */
static uint32_t free_member(struct wc_sender_node *s)
{
    if (s->member_count < s->member_max)
        return s->member_count++;
    return WC_MEMBER_INDEX_NONE;
}

static void welcome(struct wc_sender_node *s, struct wc_env *env, struct wc_node *n)
{
    struct wc_sender_stats stats;
    wc_sender_stats(s->core, &stats);
    env->msg.type = WC_MSG_WELCOME;
    env->msg.welcome = (struct wc_welcome){
        .version = WC_PROTOCOL_VERSION,
        .instance = env->instance,
        .group = {.family = 4, .bytes = {239, 1, 2, 3}, .port = 1},
        .package = "object",
        .manifest_bytes = 1,
        .ttl = 1,
        .pn = stats.datagram_count,
        .report_interval_us = stats.report_interval_us,
    };
    send_down(n, env, &env->msg);
    send_status(s, env, n);
}

static void take_hello(struct wc_sender_node *s, struct wc_env *env, struct wc_node *n)
{
    uint32_t member = s->phase == WC_PHASE_ENDED ? WC_MEMBER_INDEX_NONE : free_member(s);
    if (member == WC_MEMBER_INDEX_NONE) {
        env->msg.type = WC_MSG_REFUSE;
        env->msg.refusal = (struct wc_refusal){.sentence = "The session is full or over."};
        send_down(n, env, &env->msg);
        return;
    }
    s->node_of[member] = n->index;
    s->member_of[n->index] = member;
    s->connection_of[member] = n->down.generation;
    wc_env_trace(env, WC_TRACE_SENDER, WC_TRACE_JOIN, n->index, member, 0);
    struct wc_sender_event event = {.type = WC_SENDER_JOIN, .member = member};
    input(s, env, &event);
    welcome(s, env, n);
}

static void take_done(struct wc_sender_node *s, struct wc_env *env, uint32_t node, bool ok)
{
    wc_env_trace(env, WC_TRACE_SENDER, WC_TRACE_DONE, node, ok, 0);
    struct wc_sender_event event = {.type = WC_SENDER_DONE, .member = s->member_of[node], .ok = ok};
    input(s, env, &event);
}

static void take_end(struct wc_sender_node *s, struct wc_env *env, uint32_t node)
{
    uint32_t member = s->member_of[node];
    wc_env_trace(env, WC_TRACE_SENDER, WC_TRACE_LEAVE, node, 0, 0);
    struct wc_sender_event event = {.type = WC_SENDER_LEAVE, .member = member};
    input(s, env, &event);
    forget_member(s, member);
}

/* All source symbols of a block, in as many messages as it takes. */
static void serve_block(struct wc_sender_node *s, struct wc_env *env, struct wc_node *n,
                        uint32_t sbn)
{
    static uint8_t bytes[WC_SYMBOLS_BYTES_MAX];
    const struct wc_partition *p = &env->object.partition;
    uint32_t k = wc_partition_symbols(p, sbn);
    uint32_t step = WC_SYMBOLS_BYTES_MAX / p->symbol_bytes;
    s->unicast_block_count++;
    for (uint32_t first = 0; first < k; first += step) {
        uint32_t count = k - first < step ? k - first : step;
        for (uint32_t i = 0; env->config->has_bytes && i < count; i++)
            wc_object_symbol(&env->object, sbn, first + i, bytes + (size_t)i * p->symbol_bytes);
        env->msg.type = WC_MSG_SYMBOLS;
        env->msg.symbols = (struct wc_symbols){.sbn = sbn,
                                               .first = (uint8_t)first,
                                               .last = first + count == k,
                                               .byte_count = count * p->symbol_bytes,
                                               .bytes = bytes};
        send_down(n, env, &env->msg);
    }
}

static void take_fetch(struct wc_sender_node *s, struct wc_env *env, uint32_t node)
{
    struct wc_fetch fetch = env->msg.fetch;
    struct wc_sender_event event = {.type = WC_SENDER_ALIVE, .member = s->member_of[node]};
    input(s, env, &event);
    if (s->member_of[node] == WC_MEMBER_INDEX_NONE ||
        wc_sender_member_state(s->core, s->member_of[node]) != WC_MEMBER_UNICAST)
        return;
    for (uint32_t i = 0; i < fetch.block_count; i++)
        serve_block(s, env, &s->nodes[node], fetch.sbn + i);
}

static void take_unicast(struct wc_sender_node *s, struct wc_env *env, uint32_t node)
{
    wc_env_trace(env, WC_TRACE_SENDER, WC_TRACE_UNICAST_ASKED, node, 0, 0);
    struct wc_sender_event event = {.type = WC_SENDER_UNICAST, .member = s->member_of[node]};
    input(s, env, &event);
}

static void count_report(struct wc_sender_node *s, struct wc_env *env, uint32_t node)
{
    wc_trace_report(&env->trace, wc_env_since(env), node, &env->msg.report);
    if (s->phase != WC_PHASE_STREAMING)
        return;
    s->report_count++;
    s->report_line_bytes += s->nodes[node].up.taken_line_bytes;
}

static void take(struct wc_sender_node *s, struct wc_env *env, uint32_t node, uint8_t type)
{
    struct wc_sender_event event = {.member = s->member_of[node]};
    switch (type) {
    case WC_MSG_READY:
        wc_env_trace(env, WC_TRACE_SENDER, WC_TRACE_READY, node, 0, 0);
        event.type = WC_SENDER_READY;
        input(s, env, &event);
        break;
    case WC_MSG_REPORT:
        count_report(s, env, node);
        event.type = WC_SENDER_REPORT;
        event.report = &env->msg.report;
        input(s, env, &event);
        break;
    case WC_MSG_UNICAST:
        take_unicast(s, env, node);
        break;
    case WC_MSG_FETCH:
        take_fetch(s, env, node);
        break;
    case WC_MSG_DONE:
        take_done(s, env, node, env->msg.done.hresult == 0);
        break;
    default:
        take_end(s, env, node);
        break;
    }
}

void wc_sender_node_control(struct wc_sender_node *s, struct wc_env *env, uint32_t node,
                            uint32_t generation)
{
    struct wc_node *n = &s->nodes[node];
    if (generation != n->up.generation)
        return;
    uint8_t type = wc_pipe_receive(&n->up, &env->msg);
    if (s->is_crashed) {
        if (type == WC_MSG_HELLO)
            send_down(n, env, NULL); /* nobody listens there */
        return;
    }
    if (type == WC_MSG_HELLO)
        take_hello(s, env, n);
    else if (s->member_of[node] != WC_MEMBER_INDEX_NONE)
        take(s, env, node, type);
    settle(s, env);
}
