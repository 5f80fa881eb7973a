/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bursts of some ten datagrams are lost by one of two receivers: parity mends them, while the
 * other one takes no harm. */
#include "tests/sim/scenario/scenario.h"

static void build(struct wc_scenario *s)
{
    wc_scenario_node(s, WC_MS(0));
    struct wc_node_config *bursty = wc_scenario_node(s, WC_MS(0));
    bursty->link.burst_enter = 0.02;
    bursty->link.burst_leave = 0.1;
    bursty->link.burst_loss = 0.8;
    s->config.receivers_min = 2;
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    struct wc_world_result r = wc_world_result(w);
    struct wc_receiver_stats bursty;
    wc_receiver_stats(w->nodes[1].core, &bursty);
    wc_scenario_expect(s, r.done_count == 2, "both have everything");
    wc_scenario_expect(s, bursty.lost_count > 20, "there were bursts");
    wc_scenario_expect(s, w->sender.repair_count > 0, "parity mends them");
    wc_scenario_expect(s,
                       r.data_count <= w->env.object.partition.symbol_count + 2 * bursty.lost_count,
                       "repair costs no more than twice what was lost");
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "burst_loss", build, expect);
}
