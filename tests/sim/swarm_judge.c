/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/swarm_judge.h"

#include <inttypes.h>

/* What receivers may say besides one message in each report interval, about. */
#define REPORTS_FREE          20u
#define REPORT_INTERVAL_LEAST WC_MS(5)

/* The sender's policy for slow receivers, or for those who cannot be served. */
static bool was_too_slow(const struct wc_world *w, uint32_t node)
{
    const struct wc_sender_node *s = &w->sender;
    for (uint32_t member = 0; member < s->member_count; member++) {
        if (s->node_of[member] == node && wc_sender_member_state(s->core, member) == WC_MEMBER_SLOW)
            return true;
    }
    return false;
}

static void judge_node(struct wc_world *w, const struct wc_swarm_options *o,
                       const struct wc_node *n)
{
    struct wc_check *check = &w->env.check;
    wc_ns since = wc_env_since(&w->env);
    if (n->state != WC_NODE_FAILED || n->failure == WC_NODE_FAILURE_DISK)
        return;
    if (n->failure == WC_NODE_FAILURE_UNREACHED && n->config.is_deaf && w->config.multicast_only)
        return;
    if (n->failure == WC_NODE_FAILURE_DISMISSED && was_too_slow(w, n->index))
        return;
    /* The session was over before it asked. */
    if (n->failure == WC_NODE_FAILURE_REFUSED)
        return;
    if (o->end == WC_SWARM_CRASHES && n->failure == WC_NODE_FAILURE_SENDER_SILENT)
        return;
    if (o->end != WC_SWARM_HEALS && n->failure == WC_NODE_FAILURE_DISMISSED)
        return;
    wc_check_fail(check, since,
                  "receiver %" PRIu32 " failed by reason %u with %" PRIu32 " of %" PRIu32 " blocks",
                  n->index, (unsigned)n->failure, wc_node_stored_count(n, &w->env), o->block_count);
}

/* The sender's roster agrees with what became of each receiver. */
static void judge_member(struct wc_world *w, uint32_t member)
{
    const struct wc_sender_node *s = &w->sender;
    const struct wc_node *n = &w->nodes[s->node_of[member]];
    enum wc_member_state state = wc_sender_member_state(s->core, member);
    bool is_last = true;
    for (uint32_t later = member + 1; later < s->member_count; later++)
        is_last &= s->node_of[later] != s->node_of[member];
    bool is_at_end =
        state != WC_MEMBER_JOINED && state != WC_MEMBER_READY && state != WC_MEMBER_UNICAST;
    /* DONE may have been on its way when the sender gave the receiver up for being slow. */
    bool knows = state == WC_MEMBER_DONE || state == WC_MEMBER_SLOW;
    if (!is_at_end || (is_last && n->state == WC_NODE_DONE && !knows))
        wc_check_fail(&w->env.check, wc_env_since(&w->env),
                      "member %" PRIu32 " (receiver %" PRIu32 ", state %u) is %u for the sender",
                      member, n->index, (unsigned)n->state, (unsigned)state);
}

static void judge_feedback(struct wc_world *w)
{
    for (uint32_t i = 0; i < w->config.node_count; i++) {
        const struct wc_node *n = &w->nodes[i];
        uint64_t lifetime = wc_env_since(&w->env);
        uint64_t count_max = REPORTS_FREE + lifetime / REPORT_INTERVAL_LEAST;
        if (n->report_count > count_max)
            wc_check_fail(&w->env.check, wc_env_since(&w->env),
                          "receiver %" PRIu32 " sent %" PRIu64 " reports", i, n->report_count);
    }
}

/* The core's own figures are what was counted outside. */
static void judge_figures(struct wc_world *w)
{
    const struct wc_sender_node *s = &w->sender;
    struct wc_sender_stats stats;
    wc_sender_stats(s->core, &stats);
    /* A source symbol may go as a repair symbol: only their sum is known from outside. */
    uint64_t data_count = stats.source_count + stats.repair_count;
    if (data_count != s->source_count + s->repair_count || stats.beacon_count != s->beacon_count ||
        stats.source_count > s->source_count)
        wc_check_fail(&w->env.check, wc_env_since(&w->env),
                      "the sender counts %" PRIu64 " source and %" PRIu64
                      " repair symbols, not %" PRIu64 " and %" PRIu64,
                      stats.source_count, stats.repair_count, s->source_count, s->repair_count);
}

/* Receivers that came and went may be too few to start: the sender waits on, as it must. */
static bool waits_for_receivers(const struct wc_world *w)
{
    struct wc_sender_stats stats;
    wc_sender_stats(w->sender.core, &stats);
    bool has_enough = w->config.receivers_min && stats.done >= w->config.receivers_min;
    if (w->sender.phase != WC_PHASE_WAITING || stats.ready || has_enough)
        return false;
    for (uint32_t i = 0; i < w->config.node_count; i++) {
        enum wc_node_state state = w->nodes[i].state;
        if (state == WC_NODE_JOINING || state == WC_NODE_ACTIVE)
            return false;
    }
    return true;
}

void wc_swarm_judge(struct wc_world *w, const struct wc_swarm_options *o, bool is_over)
{
    if (w->env.check.failed)
        return;
    judge_feedback(w);
    judge_figures(w);
    if (!is_over && waits_for_receivers(w))
        return;
    if (!is_over) {
        struct wc_world_result r = wc_world_result(w);
        wc_check_fail(&w->env.check, wc_env_since(&w->env),
                      "liveness: %" PRIu32 " of %" PRIu32 " receivers are done, phase %u",
                      r.done_count, w->config.node_count, (unsigned)w->sender.phase);
        return;
    }
    for (uint32_t i = 0; i < w->config.node_count; i++)
        judge_node(w, o, &w->nodes[i]);
    if (o->end != WC_SWARM_HEALS)
        return;
    for (uint32_t member = 0; member < w->sender.member_count; member++)
        judge_member(w, member);
}
