/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In the middle of the stream multicast reaches one of two receivers no more, as when a switch
 * forgets the group, while its control channel works: after the beacon timeout it goes on by
 * unicast with what it still lacks. */
#include "tests/sim/scenario/scenario.h"

static void build(struct wc_scenario *s)
{
    s->config.receivers_min = 2;
    wc_scenario_node(s, WC_MS(0));
    struct wc_node_config *stalled = wc_scenario_node(s, WC_MS(0));
    stalled->beacon_timeout = WC_S(2);
    stalled->control_rate_bps = 10000000;
    wc_scenario_step(s, WC_MS(35), WC_STEP_DEAFEN, 1, 0);
    s->style = WC_TRACE_FOLDED;
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    uint32_t block_count = w->env.object.partition.block_count;
    wc_scenario_expect(s, wc_world_result(w).done_count == 2, "both have everything");
    wc_scenario_expect(s, w->sender.unicast_block_count < block_count * 3 / 4,
                       "only what was missing comes by unicast");
    wc_scenario_expect(s, w->nodes[1].ended_at - w->config.epoch < WC_S(4), "and in time");
    wc_scenario_expect(s, w->nodes[0].ended_at - w->config.epoch < WC_MS(200),
                       "the other one does not wait");
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "stalled", build, expect);
}
