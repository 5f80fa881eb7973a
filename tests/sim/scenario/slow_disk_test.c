/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A receiver's disk takes a third of the line's rate and its memory holds 16 blocks: the
 * sender slows down instead of sending what cannot be stored, and everybody gets everything. */
#include "tests/sim/scenario/scenario.h"

static void build(struct wc_scenario *s)
{
    s->config.receivers_min = 2;
    s->style = WC_TRACE_FOLDED;
    s->config.object_bytes = 96 * 16 * 16;
    wc_scenario_node(s, WC_MS(0));
    struct wc_node_config *slow = wc_scenario_node(s, WC_MS(0));
    slow->slot_count = 16;
    /* Symbols are 16 bytes here and 1538 on the line: a third of 100 Mbit/s. */
    slow->disk.rate_bps = s->config.rate_max_bps / 3 * 16 / 1538;
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    struct wc_world_result r = wc_world_result(w);
    wc_scenario_expect(s, r.done_count == 2, "both have everything");
    wc_scenario_expect(s, r.wire_ratio < 2.0, "the sender adapts instead of sending all thrice");
    wc_scenario_expect(s, r.streaming_ns < 2 * 3 * (wc_ns)(96 * 16) * 1538 * 8 * 10,
                       "it takes at most twice the time that the disk needs");
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "slow_disk", build, expect);
}
