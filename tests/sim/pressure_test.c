/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One receiver of several is limited: by its cable, its port, its processor, its disk or its
 * memory. The sender must find out which rate it takes, waste little on the way, and not fall
 * below it. Usage: pressure_test BLOCKS; fewer than BLOCKS_FULL are run, but not measured. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/world.h"

#define BLOCKS_FULL              1000u
#define BLOCK_SYMBOLS            128u
#define SYMBOL_BYTES             1440u
#define WIRE_BYTES               1538u
#define RATE_BPS                 1000000000ull
#define RECEIVERS_MAX            20u
#define DATAGRAM_NS_AT(rate_bps) ((wc_ns)WIRE_BYTES * 8 * WC_S(1) / (rate_bps))

struct pressure {
    const char *name;
    void (*limit)(struct wc_node_config *);
    uint32_t limited_count;
    uint32_t receiver_count;
    uint32_t blocks_factor; /* times the blocks of others */
    uint64_t rate_max_bps;
    uint64_t rate_min_bps;
    uint64_t slow_bps; /* slower receivers are served by unicast; 0: everybody waits for them */
    double wire_max;   /* symbols sent per source symbol */
    double time_max;   /* passes: what the object takes on the line at full rate */
};

static void nothing(struct wc_node_config *n)
{
    (void)n;
}

static void loss_5(struct wc_node_config *n)
{
    n->link.loss = 0.05;
}

static void loss_20(struct wc_node_config *n)
{
    n->link.loss = 0.2;
}

static void outage(struct wc_node_config *n)
{
    n->link.blackout_count = 1;
    n->link.blackouts[0] = (struct wc_interval){.from = WC_MS(500), .to = WC_MS(1000)};
}

static void port_900(struct wc_node_config *n)
{
    n->link.rate_bps = 900000000;
    n->link.queue_bytes = 100000;
}

static void port_500(struct wc_node_config *n)
{
    n->link.rate_bps = 500000000;
    n->link.queue_bytes = 100000;
}

static void port_100(struct wc_node_config *n)
{
    n->link.rate_bps = 100000000;
    n->link.queue_bytes = 100000;
}

static void host_700(struct wc_node_config *n)
{
    n->link.receive_ns = DATAGRAM_NS_AT(700000000);
    n->link.buffer_count = 1000;
}

static void host_300(struct wc_node_config *n)
{
    n->link.receive_ns = DATAGRAM_NS_AT(300000000);
    n->link.buffer_count = 1000;
}

static void disk_900(struct wc_node_config *n)
{
    n->disk.rate_bps = 900000000;
}

static void disk_300(struct wc_node_config *n)
{
    n->disk.rate_bps = 300000000;
}

static void port_10(struct wc_node_config *n)
{
    n->link.rate_bps = 10000000;
    n->link.queue_bytes = 100000;
}

/* What comes by unicast takes the same port. */
static void port_10_tcp(struct wc_node_config *n)
{
    port_10(n);
    n->control_rate_bps = 10000000;
}

static void port_100_tcp(struct wc_node_config *n)
{
    port_100(n);
    n->control_rate_bps = 100000000;
}

static void disk_300_tcp(struct wc_node_config *n)
{
    disk_300(n);
    n->control_rate_bps = RATE_BPS;
}

static void disk_300_small(struct wc_node_config *n)
{
    n->disk.rate_bps = 300000000;
    n->slot_count = 64;
}

static void disk_300_lossy(struct wc_node_config *n)
{
    disk_300_small(n);
    n->link.loss = 0.01;
}

static const struct pressure pressures[] = {
    {"none", nothing, 0, 5, 1, RATE_BPS, RATE_BPS / 20, 0, 1.001, 1.01},
    {"cable loses 5 % at one", loss_5, 1, 5, 1, RATE_BPS, RATE_BPS / 20, 0, 1.08, 1.10},
    {"cables lose 5 % at all", loss_5, 5, 5, 1, RATE_BPS, RATE_BPS / 20, 0, 1.10, 1.12},
    {"cable loses 20 % at one", loss_20, 1, 5, 1, RATE_BPS, RATE_BPS / 20, 0, 1.28, 1.30},
    {"outage of 0.5 s at one", outage, 1, 5, 1, RATE_BPS, RATE_BPS / 20, 0, 1.35, 1.40},
    {"port of 900 Mbit/s", port_900, 1, 5, 1, RATE_BPS, RATE_BPS / 20, 0, 1.10, 1.25},
    {"port of 500 Mbit/s", port_500, 1, 5, 1, RATE_BPS, RATE_BPS / 20, 0, 1.15, 2.25},
    {"ports of 500 Mbit/s at all", port_500, 5, 5, 1, RATE_BPS, RATE_BPS / 20, 0, 1.15, 2.25},
    {"port of 500 Mbit/s, 1 of 20", port_500, 1, 20, 1, RATE_BPS, RATE_BPS / 20, 0, 1.15, 2.25},
    {"port of 100 Mbit/s", port_100, 1, 5, 1, RATE_BPS, RATE_BPS / 20, 0, 1.30, 12.0},
    {"host takes 700 Mbit/s", host_700, 1, 5, 1, RATE_BPS, RATE_BPS / 20, 0, 1.10, 1.60},
    {"host takes 300 Mbit/s", host_300, 1, 5, 1, RATE_BPS, RATE_BPS / 20, 0, 1.20, 3.80},
    {"disk of 900 Mbit/s", disk_900, 1, 5, 1, RATE_BPS, RATE_BPS / 20, 0, 1.05, 1.15},
    {"disk of 300 Mbit/s", disk_300, 1, 5, 1, RATE_BPS, RATE_BPS / 20, 0, 1.15, 3.50},
    {"disk of 300 Mbit/s, 64 slots", disk_300_small, 1, 5, 1, RATE_BPS, RATE_BPS / 20, 0, 1.20,
     4.50},
    {"port of 100 Mbit/s, set aside", port_100_tcp, 1, 5, 1, RATE_BPS, RATE_BPS / 20, RATE_BPS / 5,
     1.10, 11.0},
    {"disk of 300 Mbit/s, set aside", disk_300_tcp, 1, 5, 1, RATE_BPS, RATE_BPS / 20, RATE_BPS / 2,
     1.10, 4.0},
    /* Where a report brings few datagrams. */
    {"line of 100, port of 10", port_10, 1, 3, 1, RATE_BPS / 10, RATE_BPS / 200, 0, 1.50, 12.0},
    {"line of 100, port of 10, set aside", port_10_tcp, 1, 3, 1, RATE_BPS / 10, RATE_BPS / 200,
     RATE_BPS / 50, 1.10, 11.0},
    /* What is lacking gets fragmented beyond what a report holds. */
    {"disk of 300, loss 1 %, floor of 500", disk_300_lossy, 1, 2, 8, RATE_BPS, RATE_BPS / 2, 0,
     1.80, 4.50},
};

static struct wc_world *new_world(const struct pressure *p, uint32_t block_count)
{
    static struct wc_node_config nodes[RECEIVERS_MAX];
    static struct wc_step steps[RECEIVERS_MAX];
    for (uint32_t i = 0; i < p->receiver_count; i++) {
        nodes[i] = wc_node_config_default();
        steps[i] = (struct wc_step){.kind = WC_STEP_JOIN, .node = i};
        if (i < p->limited_count)
            p->limit(&nodes[i]);
    }
    struct wc_world_config config = wc_world_config_default();
    config.symbol_bytes = SYMBOL_BYTES;
    config.block_symbols = BLOCK_SYMBOLS;
    config.object_bytes = (uint64_t)block_count * BLOCK_SYMBOLS * SYMBOL_BYTES;
    config.rate_max_bps = p->rate_max_bps;
    config.rate_min_bps = p->rate_min_bps;
    config.slow_policy = p->slow_bps ? WC_SLOW_UNICAST : WC_SLOW_NONE;
    config.slow_bps = p->slow_bps;
    config.receivers_min = p->receiver_count;
    config.node_count = p->receiver_count;
    config.nodes = nodes;
    config.step_count = p->receiver_count;
    config.steps = steps;
    config.trace_max = 0;
    return wc_world_new(&config);
}

static bool measure(const struct pressure *p, uint32_t block_count, bool is_full)
{
    block_count *= p->blocks_factor;
    wc_ns pass_ns = block_count * BLOCK_SYMBOLS * DATAGRAM_NS_AT(p->rate_max_bps);
    struct wc_world *w = new_world(p, block_count);
    bool over = wc_world_run(w, 40 * pass_ns + WC_S(60));
    const char *violation = wc_world_violation(w);
    struct wc_world_result r = wc_world_result(w);
    double passes = (double)r.streaming_ns / (double)pass_ns;
    bool ok = over && !violation && r.done_count == p->receiver_count;
    if (is_full)
        ok = ok && r.wire_ratio <= p->wire_max && passes <= p->time_max;
    double first =
        (double)(w->nodes[p->receiver_count - 1].ended_at - w->sender.started_at) / (double)pass_ns;
    printf("%-35s wire %6.3f (max %5.3f)  passes %6.3f (max %5.2f)  others %6.3f  %s %s\n", p->name,
           r.wire_ratio, p->wire_max, passes, p->time_max, first, ok ? "ok" : "BAD",
           violation ? violation : "");
    wc_world_free(w);
    return ok;
}

int main(int argc, char **argv)
{
    uint32_t block_count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : BLOCKS_FULL;
    int failures = 0;
    for (size_t i = 0; i < sizeof(pressures) / sizeof(pressures[0]); i++)
        failures += !measure(&pressures[i], block_count, block_count >= BLOCKS_FULL);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
