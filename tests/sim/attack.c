/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/attack.h"

#define INSIDER_AHEAD_MAX 4 /* packet numbers: more would keep real ones out */

static struct wc_header recorded_header(struct wc_sender_node *s)
{
    uint64_t kept = s->recorded_count < WC_RECORDED_MAX ? s->recorded_count : WC_RECORDED_MAX;
    return s->recorded[wc_rng_below(&s->attack, kept)];
}

static struct wc_header foreign_header(struct wc_sender_node *s, struct wc_env *env,
                                       enum wc_step_kind kind)
{
    struct wc_header header = recorded_header(s);
    if (kind == WC_STEP_REPLAY)
        return header;
    header.type = WC_DATAGRAM_DATA;
    header.sbn = (uint32_t)wc_rng_below(&s->attack, env->object.partition.block_count + 1);
    header.esi = (uint8_t)wc_rng_below(&s->attack, WC_ESI_NONE);
    header.pn = wc_rng_next(&s->attack) & (wc_rng_below(&s->attack, 2) ? 0xfffu : WC_PN_MAX);
    if (kind == WC_STEP_STALE)
        header.instance = env->instance + 1 + (uint32_t)wc_rng_below(&s->attack, 1000);
    if (kind == WC_STEP_INSIDER) {
        header.pn = s->check.pn_next + wc_rng_below(&s->attack, INSIDER_AHEAD_MAX);
        if (wc_rng_below(&s->attack, 4) == 0)
            header.type = WC_DATAGRAM_BEACON;
    }
    return header;
}

static enum wc_trace_kind trace_kind_of(enum wc_step_kind kind)
{
    switch (kind) {
    case WC_STEP_REPLAY:
        return WC_TRACE_REPLAY;
    case WC_STEP_STALE:
        return WC_TRACE_STALE;
    case WC_STEP_INSIDER:
        return WC_TRACE_INSIDER;
    default:
        return WC_TRACE_FORGE;
    }
}

static void attack_once(struct wc_sender_node *s, struct wc_env *env, enum wc_step_kind kind,
                        uint32_t count)
{
    struct wc_header headers[WC_FLIGHT_MAX];
    for (uint32_t i = 0; i < count; i++)
        headers[i] = foreign_header(s, env, kind);
    bool has_key = kind == WC_STEP_REPLAY || kind == WC_STEP_INSIDER;
    uint64_t key = has_key ? env->object.key : wc_rng_next(&s->attack);
    uint32_t flight = wc_sender_node_materialize(env, headers, count, key, kind == WC_STEP_INSIDER);
    env->flights.all[flight]->is_forged = !has_key;
    wc_fanout_send(s->fanout, env, flight);
}

void wc_attack_group(struct wc_sender_node *s, struct wc_env *env, enum wc_step_kind kind,
                     uint64_t count)
{
    if (!s->recorded_count || (kind == WC_STEP_INSIDER && !env->config->has_bytes))
        return;
    env->has_insider |= kind == WC_STEP_INSIDER;
    wc_env_trace(env, WC_TRACE_SENDER, trace_kind_of(kind), count, 0, 0);
    while (count > 0) {
        uint32_t batch = count < WC_FLIGHT_MAX ? (uint32_t)count : WC_FLIGHT_MAX;
        attack_once(s, env, kind, batch);
        count -= batch;
    }
}

static void invent_report(struct wc_sender_node *s, struct wc_report *ret)
{
    struct wc_sender_stats stats;
    wc_sender_stats(s->core, &stats);
    struct wc_rng *rng = &s->attack;
    bool is_plausible = wc_rng_below(rng, 2);
    *ret = (struct wc_report){
        .pn = is_plausible ? wc_rng_below(rng, stats.datagram_count) : wc_rng_next(rng),
        .received_count = wc_rng_next(rng) >> wc_rng_below(rng, 64),
        .lost_count = wc_rng_next(rng) >> wc_rng_below(rng, 64),
        .overflow_count = wc_rng_next(rng) >> wc_rng_below(rng, 64),
        .refused_count = wc_rng_next(rng) >> wc_rng_below(rng, 64),
        .block_done_count = (uint32_t)wc_rng_next(rng),
        .run_count = (uint32_t)wc_rng_below(rng, 5),
    };
    for (uint32_t i = 0; i < ret->run_count; i++) {
        uint32_t sbn = (uint32_t)wc_rng_below(rng, stats.block_count + !is_plausible);
        uint32_t left = stats.block_count - sbn;
        ret->runs[i] = (struct wc_run){
            .sbn = sbn,
            .block_count = 1 + (uint32_t)wc_rng_below(rng, is_plausible ? left : UINT32_MAX),
            .missing = (uint8_t)(1 + wc_rng_below(rng, 255)),
        };
    }
}

void wc_attack_lie(struct wc_sender_node *s, struct wc_env *env, uint32_t node, uint64_t count)
{
    static const enum wc_sender_event_type types[] = {
        WC_SENDER_REPORT, WC_SENDER_REPORT, WC_SENDER_ALIVE, WC_SENDER_READY, WC_SENDER_JOIN};
    uint32_t member = s->member_of[node];
    if (s->is_crashed || member == WC_MEMBER_INDEX_NONE)
        return;
    wc_env_trace(env, WC_TRACE_SENDER, WC_TRACE_LIE, node, 0, 0);
    for (uint64_t i = 0; i < count; i++) {
        invent_report(s, &env->msg.report);
        struct wc_sender_event event = {
            .type = types[wc_rng_below(&s->attack, sizeof(types) / sizeof(types[0]))],
            .member = member,
            .report = &env->msg.report,
        };
        wc_sender_node_input(s, env, &event);
    }
}
