/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A receiver joins when half of the object is sent, and when all others are done it is alone:
 * what it still lacks comes by unicast rather than by one more turn of the carousel. */
#include "tests/sim/scenario/scenario.h"

static void build(struct wc_scenario *s)
{
    s->config.rate_max_bps = 50000000;
    s->config.tail_unicast = true;
    s->config.block_symbols = 128;
    s->config.object_bytes = 24 * 128 * 16;
    wc_scenario_node(s, WC_MS(0));
    wc_scenario_node(s, WC_MS(400))->control_rate_bps = 50000000;
    s->style = WC_TRACE_FOLDED;
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    wc_scenario_expect(s, wc_world_result(w).done_count == 2, "both have everything");
    wc_scenario_expect(s, w->sender.unicast_block_count >= 4, "the late one's rest by unicast");
    wc_scenario_expect(s, w->sender.source_count < w->env.object.partition.symbol_count * 3 / 2,
                       "the group is not bothered again");
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "tail", build, expect);
}
