/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Multicast does not reach one of two receivers: after the beacon timeout it goes on by unicast
 * over the control channel, and gets everything. Its memory holds two blocks, its disk is slow. */
#include "tests/sim/scenario/scenario.h"

static void build(struct wc_scenario *s)
{
    wc_scenario_node(s, WC_MS(0));
    struct wc_node_config *deaf = wc_scenario_node(s, WC_MS(0));
    deaf->is_deaf = true;
    deaf->beacon_timeout = WC_S(2);
    deaf->control_rate_bps = 10000000;
    deaf->slot_count = 2;
    deaf->disk.decode_ns = WC_MS(1);
    s->style = WC_TRACE_FOLDED;
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    const struct wc_node *deaf = &w->nodes[1];
    wc_scenario_expect(s, wc_world_result(w).done_count == 2, "both have everything");
    wc_scenario_expect(s, deaf->accepted_count == 0, "the second one without any datagram");
    wc_scenario_expect(s, w->sender.source_count == w->env.object.partition.symbol_count,
                       "the group gets nothing twice");
    wc_scenario_expect(s, w->sender.unicast_block_count <= 3 * w->env.object.partition.block_count,
                       "few blocks come for nothing");
    wc_scenario_expect(s, wc_scenario_member_state(w, 1) == WC_MEMBER_DONE,
                       "the sender knows that it is done");
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "unicast", build, expect);
}
