/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/swarm_options.h"

#include <assert.h>

#include "common/core/bitmap.h"
#include "tests/sim/dice.h"
#include "tests/sim/flight.h"

#define STREAM_OPTIONS  500u
#define STREAM_WINDOWS  501u
#define STREAM_FIRST    502u
#define BLOCK_COUNT_MAX 60u
#define SYMBOLS_MAX     3000u /* of an object: keeps a run short */
#define SYMBOL_BYTES    16u
#define SILENCE_MAX     WC_S(10)
#define BLACKOUT_MAX    WC_S(5)

static uint64_t between(struct wc_rng *rng, uint64_t low, uint64_t high)
{
    return low + wc_rng_below(rng, high - low + 1);
}

static bool chance(struct wc_rng *rng, double probability)
{
    return wc_rng_unit(rng) < probability;
}

/* Small numbers as often as large ones: uniform in its logarithm, about. */
static uint64_t spread(struct wc_rng *rng, uint64_t low, uint64_t high)
{
    uint64_t top = high;
    while (top / 2 >= low && chance(rng, 0.6))
        top /= 2;
    return between(rng, low, top);
}

static void draw_object(struct wc_swarm_options *o, struct wc_rng *rng)
{
    struct wc_world_config *c = &o->config;
    c->has_bytes = chance(rng, 0.7);
    c->symbol_bytes = SYMBOL_BYTES;
    c->block_symbols = (uint32_t)spread(rng, 1, WC_SOURCE_SYMBOLS_MAX);
    uint32_t block_max = SYMBOLS_MAX / c->block_symbols;
    if (block_max > BLOCK_COUNT_MAX)
        block_max = BLOCK_COUNT_MAX;
    uint64_t blocks = spread(rng, 1, block_max);
    uint64_t full_bytes = blocks * c->block_symbols * SYMBOL_BYTES;
    /* Often the last block, or the last symbol, is not full. */
    uint64_t cut = chance(rng, 0.5) ? between(rng, 0, c->block_symbols * SYMBOL_BYTES - 1) : 0;
    c->object_bytes = full_bytes - cut;
    uint64_t symbols = (c->object_bytes + SYMBOL_BYTES - 1) / SYMBOL_BYTES;
    o->block_count = (uint32_t)((symbols + c->block_symbols - 1) / c->block_symbols);

    c->wire_bytes = chance(rng, 0.7) ? 1538 : (uint32_t)between(rng, 100, 9038);
    c->rate_max_bps = spread(rng, 5000000, 10000000000);
    c->rate_min_bps = c->rate_max_bps / between(rng, 1, 20);
    o->pass_ns = symbols * c->wire_bytes * 8 * WC_S(1) / c->rate_max_bps;
}

/* Up to three runs of blocks go before others, as the tables of a WIM do. */
static void draw_first(struct wc_swarm_options *o, struct wc_rng *rng)
{
    uint32_t count = chance(rng, 0.5) ? (uint32_t)between(rng, 1, WC_SWARM_FIRST_MAX) : 0;
    uint32_t from = 0;
    o->config.first = o->first;
    while (o->config.first_count < count && from < o->block_count) {
        struct wc_manifest_run *run = &o->first[o->config.first_count++];
        run->sbn = (uint32_t)between(rng, from, o->block_count - 1);
        run->block_count = (uint32_t)spread(rng, 1, o->block_count - run->sbn);
        from = run->sbn + run->block_count + 1;
    }
}

static void draw_session(struct wc_swarm_options *o, struct wc_rng *rng)
{
    struct wc_world_config *c = &o->config;
    c->node_count = (uint32_t)spread(rng, 1, WC_SWARM_NODES_MAX);
    c->receivers_min = (uint32_t)between(rng, 0, c->node_count);
    c->wait_max = chance(rng, 0.5) ? WC_NEVER : between(rng, 0, WC_S(2));
    c->silence_max = SILENCE_MAX;
    c->batch_max = (uint32_t)between(rng, 1, WC_FLIGHT_MAX);
    c->status_interval = between(rng, WC_MS(200), WC_S(1));
    c->epoch = chance(rng, 0.2) ? 0 : wc_rng_next(rng) >> between(rng, 8, 60);
    o->fault_end = o->pass_ns * between(rng, 0, 40) / 10 + between(rng, WC_MS(10), WC_S(2));
    if (chance(rng, 0.4)) {
        c->slow_policy = chance(rng, 0.7) ? WC_SLOW_UNICAST : WC_SLOW_DISCONNECT;
        c->slow_bps = c->rate_max_bps / between(rng, 2, 10);
    }
    c->multicast_only = chance(rng, 0.2);
    c->tail_unicast = chance(rng, 0.5);
    uint64_t end = between(rng, 0, 19);
    o->end = end == 0 ? WC_SWARM_CRASHES : end == 1 ? WC_SWARM_STOPS : WC_SWARM_HEALS;
}

static void draw_bursts(struct wc_link_config *link, struct wc_rng *rng)
{
    link->burst_enter = 0.02 * wc_rng_unit(rng);
    link->burst_leave = 0.01 + 0.3 * wc_rng_unit(rng);
    link->burst_loss = wc_rng_unit(rng);
}

static void draw_blackouts(const struct wc_swarm_options *o, struct wc_link_config *link,
                           struct wc_rng *rng)
{
    link->blackout_count = (uint32_t)between(rng, 1, WC_BLACKOUTS_MAX);
    wc_ns longest = o->fault_end < BLACKOUT_MAX ? o->fault_end : BLACKOUT_MAX;
    wc_ns from = 0;
    for (uint32_t i = 0; i < link->blackout_count; i++) {
        /* Never one right after the other: that would be silence for longer than allowed. */
        from += between(rng, 0, o->fault_end / 2);
        wc_ns to = from + spread(rng, WC_US(100), longest / 2);
        link->blackouts[i] = (struct wc_interval){.from = from, .to = to};
        from = to + WC_S(1);
    }
}

static void draw_link(const struct wc_swarm_options *o, struct wc_link_config *link,
                      struct wc_rng *rng)
{
    *link = (struct wc_link_config){.delay = spread(rng, WC_US(10), WC_MS(50))};
    if (chance(rng, 0.6))
        link->loss = wc_rng_unit(rng) * (chance(rng, 0.3) ? 0.4 : 0.05);
    if (chance(rng, 0.3))
        draw_bursts(link, rng);
    if (chance(rng, 0.3))
        link->jitter = spread(rng, WC_US(1), WC_MS(20));
    if (chance(rng, 0.2))
        link->duplicate = 0.1 * wc_rng_unit(rng);
    if (chance(rng, 0.2))
        link->corrupt = 0.1 * wc_rng_unit(rng);
    if (chance(rng, 0.15)) {
        link->rate_bps = o->config.rate_max_bps * between(rng, 3, 20) / 10;
        link->queue_bytes = (uint32_t)between(rng, 2 * o->config.wire_bytes, 300000);
    }
    if (chance(rng, 0.15)) {
        wc_ns datagram_ns = (wc_ns)o->config.wire_bytes * 8 * WC_S(1) / o->config.rate_max_bps;
        link->receive_ns = datagram_ns * between(rng, 5, 30) / 10;
        link->buffer_count = (uint32_t)between(rng, 1, 200);
    }
    if (chance(rng, 0.2))
        draw_blackouts(o, link, rng);
}

static void draw_disk(const struct wc_swarm_options *o, struct wc_disk_config *disk,
                      struct wc_rng *rng)
{
    *disk = (struct wc_disk_config){0};
    if (chance(rng, 0.5))
        disk->decode_ns = between(rng, 0, o->pass_ns / o->block_count);
    if (chance(rng, 0.3)) {
        /* A block takes a tenth to five times as long as on the line. */
        wc_ns block_ns = o->pass_ns / o->block_count * between(rng, 1, 50) / 10 + 1;
        disk->rate_bps = o->config.block_symbols * SYMBOL_BYTES * 8 * WC_S(1) / block_ns + 1;
    }
    if (chance(rng, 0.1))
        disk->rot = 0.1 * wc_rng_unit(rng);
    if (chance(rng, 0.03))
        disk->fails_after = (uint32_t)between(rng, 1, o->block_count);
}

static void draw_node(struct wc_swarm_options *o, uint32_t index, struct wc_rng *rng)
{
    struct wc_node_config *n = &o->nodes[index];
    *n = wc_node_config_default();
    draw_link(o, &n->link, rng);
    draw_disk(o, &n->disk, rng);
    n->control_delay = spread(rng, WC_US(10), WC_MS(50));
    n->slot_count = chance(rng, 0.3) ? (uint32_t)between(rng, 1, 3) : (uint32_t)spread(rng, 2, 64);
    n->beacon_timeout = WC_S(60);
    n->silence_max = SILENCE_MAX;
    if (chance(rng, 0.3))
        n->control_rate_bps = spread(rng, 1000000, 1000000000);
    if (chance(rng, 0.05)) {
        n->is_deaf = true;
        n->beacon_timeout = between(rng, WC_MS(500), WC_S(5));
    }
    if (chance(rng, 0.15)) {
        double share = wc_rng_unit(rng);
        for (uint32_t sbn = 0; sbn < o->block_count; sbn++) {
            if (chance(rng, share))
                wc_bitmap_set(o->have[index], sbn);
        }
        n->have = o->have[index];
    }
}

static void add_step(struct wc_swarm_options *o, wc_ns at, enum wc_step_kind kind, uint32_t node,
                     uint64_t value)
{
    assert(o->config.step_count < WC_SWARM_STEPS_MAX);
    o->steps[o->config.step_count++] =
        (struct wc_step){.at = at, .kind = kind, .node = node, .value = value};
}

static void draw_life(struct wc_swarm_options *o, uint32_t node, struct wc_rng *rng)
{
    bool is_early = chance(rng, 0.6);
    wc_ns at = is_early ? between(rng, 0, o->fault_end / 10) : between(rng, 0, o->fault_end);
    add_step(o, at, WC_STEP_JOIN, node, 0);
    if (chance(rng, 0.05)) {
        o->nodes[node].beacon_timeout = between(rng, WC_S(2), WC_S(5));
        add_step(o, at + between(rng, 0, o->fault_end), WC_STEP_DEAFEN, node, 0);
    }
    if (chance(rng, 0.03))
        add_step(o, at + between(rng, 0, o->fault_end), WC_STEP_LIE, node, between(rng, 1, 50));
    if (!chance(rng, 0.2))
        return;
    at += between(rng, 0, o->fault_end);
    add_step(o, at, chance(rng, 0.5) ? WC_STEP_KILL : WC_STEP_CLOSE, node, 0);
    if (!chance(rng, 0.5))
        return;
    at += between(rng, WC_MS(1), o->fault_end);
    add_step(o, at, WC_STEP_JOIN, node, 0);
}

static void draw_troubles(struct wc_swarm_options *o, struct wc_rng *rng)
{
    static const enum wc_step_kind attacks[] = {WC_STEP_REPLAY, WC_STEP_STALE, WC_STEP_FORGE,
                                                WC_STEP_INSIDER};
    struct wc_world_config *c = &o->config;
    if (chance(rng, 0.3))
        c->uplink.loss = 0.05 * wc_rng_unit(rng);
    if (chance(rng, 0.1))
        draw_bursts(&c->uplink, rng);
    if (chance(rng, 0.1))
        draw_blackouts(o, &c->uplink, rng);
    if (chance(rng, 0.2))
        c->refused = 0.05 * wc_rng_unit(rng);
    uint64_t attack_count = chance(rng, 0.4) ? between(rng, 1, 10) : 0;
    for (uint64_t i = 0; i < attack_count; i++)
        add_step(o, between(rng, 0, o->fault_end), attacks[between(rng, 0, 3)], 0,
                 between(rng, 1, 100));
    uint64_t rate_count = chance(rng, 0.2) ? between(rng, 1, 4) : 0;
    for (uint64_t i = 0; i < rate_count; i++)
        add_step(o, between(rng, 0, o->fault_end), WC_STEP_RATE, 0,
                 c->rate_max_bps * between(rng, 2, 20) / 10);
}

/* From a stream of their own: worlds without them stay what they were. Waiting blocks are lost when
 * the process ends: nothing is there from an earlier run. */
static void draw_windows(struct wc_swarm_options *o, uint64_t seed)
{
    struct wc_rng rng = {.state = wc_seed_derive(seed, STREAM_WINDOWS, 0)};
    for (uint32_t i = 0; i < o->config.node_count; i++) {
        struct wc_node_config *n = &o->nodes[i];
        if (!chance(&rng, 0.1))
            continue;
        n->have = NULL;
        n->window = (uint32_t)spread(&rng, 1, o->block_count);
        n->consume_ns = o->pass_ns / o->block_count * between(&rng, 0, 50) / 10;
    }
}

void wc_swarm_draw(struct wc_swarm_options *o, uint64_t seed)
{
    struct wc_rng rng = {.state = wc_seed_derive(seed, STREAM_OPTIONS, 0)};
    *o = (struct wc_swarm_options){.config = wc_world_config_default()};
    o->config.seed = seed;
    o->config.nodes = o->nodes;
    o->config.steps = o->steps;
    o->config.trace_max = 4096;
    draw_object(o, &rng);
    struct wc_rng first_rng = {.state = wc_seed_derive(seed, STREAM_FIRST, 0)};
    draw_first(o, &first_rng);
    draw_session(o, &rng);
    for (uint32_t i = 0; i < o->config.node_count; i++) {
        draw_node(o, i, &rng);
        draw_life(o, i, &rng);
    }
    draw_windows(o, seed);
    draw_troubles(o, &rng);
    if (o->end == WC_SWARM_CRASHES)
        add_step(o, between(&rng, 0, o->fault_end), WC_STEP_CRASH, 0, 0);
    if (o->end == WC_SWARM_STOPS)
        add_step(o, between(&rng, 0, o->fault_end), WC_STEP_STOP, 0, 0);
    add_step(o, o->fault_end, WC_STEP_HEAL, 0, 0);
    if (o->end != WC_SWARM_HEALS)
        return;
    /* Whoever died may have been waited for. */
    add_step(o, o->fault_end + WC_S(2), WC_STEP_START, 0, 0);
    add_step(o, o->fault_end * 2 + WC_S(2), WC_STEP_START, 0, 0);
}

wc_ns wc_swarm_patience(const struct wc_swarm_options *o)
{
    const struct wc_world_config *c = &o->config;
    /* A receiver with one slot and a slow disk takes little of each turn of the carousel. */
    uint32_t slots_min = UINT32_MAX;
    wc_ns block_ns_max = 0;
    for (uint32_t i = 0; i < c->node_count; i++) {
        const struct wc_node_config *n = &o->nodes[i];
        wc_ns block_ns = n->disk.decode_ns;
        block_ns += n->consume_ns;
        if (n->disk.rate_bps)
            block_ns += c->block_symbols * SYMBOL_BYTES * 8 * WC_S(1) / n->disk.rate_bps;
        if (n->slot_count < slots_min)
            slots_min = n->slot_count;
        if (n->window && n->window < slots_min)
            slots_min = n->window;
        if (block_ns > block_ns_max)
            block_ns_max = block_ns;
    }
    uint64_t turns = o->block_count / slots_min + 10;
    /* Rate steps may have lowered the maximum to a fifth, and the floor is a twentieth of that. */
    wc_ns turn_ns = 20 * o->pass_ns + WC_MS(500);
    return turns * turn_ns + o->block_count * block_ns_max + 3 * SILENCE_MAX + o->fault_end * 2;
}
