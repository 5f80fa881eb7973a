/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One of three receivers has room for a tenth of the blocks, and what takes them away again is
 * four times slower than the line: it goes on by unicast when the stream has left it behind, never
 * holds more than it has room for, and the others do not notice. */
#include "tests/sim/scenario/scenario.h"

#define BLOCK_COUNT   300u
#define BLOCK_SYMBOLS 128u
#define SLOWER        4

static void build(struct wc_scenario *s)
{
    s->config.object_bytes = BLOCK_COUNT * BLOCK_SYMBOLS * 16;
    s->config.block_symbols = BLOCK_SYMBOLS;
    s->config.receivers_min = 3;
    s->config.rate_max_bps = 1000000000;
    wc_scenario_node(s, WC_MS(0));
    wc_scenario_node(s, WC_MS(0));
    struct wc_node_config *windowed = wc_scenario_node(s, WC_MS(0));
    windowed->window = BLOCK_COUNT / 10;
    windowed->consume_ns = SLOWER * BLOCK_SYMBOLS * (wc_ns)s->config.wire_bytes * 8;
    windowed->control_rate_bps = s->config.rate_max_bps / 2;
    s->style = WC_TRACE_FOLDED;
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    struct wc_world_result r = wc_world_result(w);
    const struct wc_node *windowed = &w->nodes[2];
    double pass_s = wc_scenario_pass_s(w);
    uint32_t by_group = BLOCK_COUNT - (uint32_t)w->sender.unicast_block_count;
    wc_scenario_expect(s, r.done_count == 3, "all three have everything");
    for (uint32_t node = 0; node < 2; node++)
        wc_scenario_expect(s, wc_scenario_seconds(w, node) < 1.05 * pass_s,
                           "the others are as fast as alone");
    wc_scenario_expect(s, windowed->is_unicast, "the windowed one went on by unicast");
    wc_scenario_expect(s, by_group > BLOCK_COUNT / 10, "with what the group had brought it");
    wc_scenario_expect(s, w->sender.repair_count == 0, "nothing was sent again for its sake");
    wc_scenario_expect(s, wc_scenario_seconds(w, 2) < SLOWER * pass_s,
                       "it never waits for the sender");
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "window", build, expect);
}
