/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/world.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "tests/sim/attack.h"

#define INSTANCE_SEED 400u

static void schedule_steps(struct wc_world *w)
{
    for (uint32_t i = 0; i < w->config.step_count; i++)
        wc_agenda_add(&w->env.agenda, w->config.epoch + w->config.steps[i].at, WC_DUE_STEP, i, 0);
}

static void init_env(struct wc_world *w)
{
    const struct wc_world_config *c = &w->config;
    struct wc_env *env = &w->env;
    env->config = c;
    env->now = c->epoch;
    env->instance = (uint32_t)wc_seed_derive(c->seed, INSTANCE_SEED, 0);
    wc_object_init(&env->object, c->seed, c->object_bytes, c->symbol_bytes, c->block_symbols,
                   c->has_bytes);
    wc_trace_init(&env->trace, c->trace_max, c->has_coarse_trace);
    if (!c->has_bytes)
        return;
    env->flights.datagram_bytes = wc_object_datagram_bytes(&env->object);
    env->datagram = calloc(1, env->flights.datagram_bytes);
    assert(env->datagram);
}

struct wc_world *wc_world_new(const struct wc_world_config *config)
{
    struct wc_world *w = calloc(1, sizeof(*w));
    assert(w && config->batch_max >= 1 && config->batch_max <= WC_FLIGHT_MAX);
    w->config = *config;
    init_env(w);
    w->nodes = calloc(config->node_count + 1, sizeof(*w->nodes));
    assert(w->nodes);
    for (uint32_t i = 0; i < config->node_count; i++)
        wc_node_init(&w->nodes[i], &w->env, i, &config->nodes[i]);
    wc_fanout_init(&w->fanout, &w->env, w->nodes, config->node_count);
    wc_sender_node_init(&w->sender, &w->env, &w->fanout, w->nodes);
    schedule_steps(w);
    return w;
}

void wc_world_free(struct wc_world *w)
{
    if (!w)
        return;
    wc_sender_node_deinit(&w->sender);
    wc_fanout_deinit(&w->fanout);
    for (uint32_t i = 0; i < w->config.node_count; i++)
        wc_node_deinit(&w->nodes[i]);
    free(w->nodes);
    free(w->env.datagram);
    wc_object_deinit(&w->env.object);
    wc_flights_deinit(&w->env.flights);
    wc_agenda_deinit(&w->env.agenda);
    wc_trace_deinit(&w->env.trace);
    free(w);
}

static void heal(struct wc_world *w)
{
    wc_env_trace(&w->env, WC_TRACE_SENDER, WC_TRACE_HEAL, 0, 0, 0);
    wc_link_heal(&w->fanout.uplink);
    wc_dice_set(&w->sender.refusal, 0.0);
    for (uint32_t i = 0; i < w->config.node_count; i++)
        wc_node_heal(&w->nodes[i]);
}

static void take_step(struct wc_world *w, const struct wc_step *step)
{
    struct wc_node *node = &w->nodes[step->node];
    switch (step->kind) {
    case WC_STEP_JOIN:
        if (node->state != WC_NODE_ACTIVE && node->state != WC_NODE_JOINING)
            wc_node_start(node, &w->env);
        break;
    case WC_STEP_KILL:
    case WC_STEP_CLOSE:
        wc_node_kill(node, &w->env, step->kind == WC_STEP_CLOSE);
        break;
    case WC_STEP_DEAFEN:
        wc_env_trace(&w->env, step->node, WC_TRACE_DEAFENED, 0, 0, 0);
        node->config.is_deaf = true;
        break;
    case WC_STEP_START:
        wc_sender_node_command(&w->sender, &w->env, WC_SENDER_START, 0);
        break;
    case WC_STEP_STOP:
        wc_sender_node_command(&w->sender, &w->env, WC_SENDER_STOP, 0);
        break;
    case WC_STEP_RATE:
        wc_sender_node_command(&w->sender, &w->env, WC_SENDER_RATE, step->value);
        break;
    case WC_STEP_CRASH:
        wc_sender_node_crash(&w->sender, &w->env);
        break;
    case WC_STEP_HEAL:
        heal(w);
        break;
    case WC_STEP_LIE:
        wc_attack_lie(&w->sender, &w->env, step->node, step->value);
        break;
    case WC_STEP_REPLAY:
    case WC_STEP_STALE:
    case WC_STEP_FORGE:
    case WC_STEP_INSIDER:
        wc_attack_group(&w->sender, &w->env, step->kind, step->value);
        break;
    }
}

static void control_down(struct wc_world *w, const struct wc_due *due)
{
    struct wc_node *node = &w->nodes[due->index];
    wc_node_control(node, &w->env, (uint32_t)due->arg);
    if (wc_node_listens(node))
        wc_fanout_join(&w->fanout, due->index);
}

static void happen(struct wc_world *w, const struct wc_due *due)
{
    struct wc_node *node = &w->nodes[due->index];
    switch (due->kind) {
    case WC_DUE_STEP:
        take_step(w, &w->config.steps[due->index]);
        break;
    case WC_DUE_GROUP:
        wc_fanout_arrive_group(&w->fanout, &w->env, due->index, (uint32_t)due->arg);
        break;
    case WC_DUE_DATAGRAM:
        wc_fanout_arrive_datagram(&w->fanout, &w->env, due->index, due->arg);
        break;
    case WC_DUE_SENDER_WAKE:
        wc_sender_node_wake(&w->sender, &w->env);
        break;
    case WC_DUE_STATUS:
        wc_sender_node_status(&w->sender, &w->env);
        break;
    case WC_DUE_NODE_WAKE:
        wc_node_wake(node, &w->env, (uint32_t)due->arg);
        break;
    case WC_DUE_NODE_STORED:
        wc_node_stored(node, &w->env, (uint32_t)due->arg);
        break;
    case WC_DUE_NODE_TAKEN:
        wc_node_taken(node, &w->env, (uint32_t)due->arg);
        break;
    case WC_DUE_CONTROL_UP:
        wc_sender_node_control(&w->sender, &w->env, due->index, (uint32_t)due->arg);
        break;
    case WC_DUE_CONTROL_DOWN:
        control_down(w, due);
        break;
    }
}

static bool is_over(const struct wc_world *w)
{
    if (!w->sender.is_crashed && w->sender.phase != WC_PHASE_ENDED)
        return false;
    for (uint32_t i = 0; i < w->config.node_count; i++) {
        enum wc_node_state state = w->nodes[i].state;
        if (state == WC_NODE_JOINING || state == WC_NODE_ACTIVE)
            return false;
    }
    return true;
}

bool wc_world_run(struct wc_world *w, wc_ns until)
{
    struct wc_due due;
    wc_ns end = w->config.epoch + until;
    while (!w->env.check.failed) {
        /* Looking is not free with thousands of receivers: only once the sender came to its end. */
        bool may_be_over = w->sender.is_crashed || w->sender.phase == WC_PHASE_ENDED;
        if (may_be_over && is_over(w))
            return true;
        if (wc_agenda_next(&w->env.agenda) > end) {
            w->env.now = end;
            return false;
        }
        if (!wc_agenda_take(&w->env.agenda, &due))
            return false;
        w->env.now = due.at;
        if (++w->event_count == w->event_count_max)
            wc_check_fail(&w->env.check, wc_env_since(&w->env), "livelock: too many events");
        happen(w, &due);
    }
    return false;
}

const char *wc_world_violation(const struct wc_world *w)
{
    return w->env.check.failed ? w->env.check.text : NULL;
}

struct wc_world_result wc_world_result(const struct wc_world *w)
{
    struct wc_world_result r = {.is_over = is_over(w)};
    const struct wc_sender_node *s = &w->sender;
    for (uint32_t i = 0; i < w->config.node_count; i++) {
        r.done_count += w->nodes[i].state == WC_NODE_DONE;
    }
    r.report_count = s->report_count;
    r.report_bytes = s->report_line_bytes;
    if (s->started_at)
        r.streaming_ns = (s->ended_at ? s->ended_at : w->env.now) - s->started_at;
    r.data_count = s->source_count + s->repair_count;
    r.wire_ratio = (double)r.data_count / (double)w->env.object.partition.symbol_count;
    double line_bytes = (double)w->config.rate_max_bps / 8.0 * (double)r.streaming_ns / 1e9;
    if (r.streaming_ns)
        r.feedback_share = (double)r.report_bytes / line_bytes;
    return r;
}
