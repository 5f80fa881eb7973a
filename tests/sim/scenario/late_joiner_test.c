/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A second receiver joins when half of the object is sent: it takes the rest with the first, then
 * the part that it missed comes once more, and not more than that. */
#include "tests/sim/scenario/scenario.h"

static void build(struct wc_scenario *s)
{
    wc_scenario_node(s, WC_MS(0));
    /* What it says is old when it arrives: it must not make the sender send again what is on its
     * way. */
    wc_scenario_node(s, WC_MS(30))->control_delay = WC_MS(8);
    s->config.rate_max_bps = 50000000;
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    struct wc_world_result r = wc_world_result(w);
    wc_scenario_expect(s, r.done_count == 2, "both have everything");
    struct wc_receiver_stats late;
    wc_receiver_stats(w->nodes[1].core, &late);
    wc_scenario_expect(s, r.wire_ratio > 1.2, "the late one missed something");
    wc_scenario_expect(s, late.duplicate_count == 0, "it gets nothing twice");
    wc_scenario_expect(
        s, late.received_count - late.duplicate_count < w->env.object.partition.symbol_count + 10,
        "it gets what it needs and no more");
    wc_scenario_expect(s, w->nodes[0].ended_at < w->nodes[1].ended_at,
                       "the first one does not wait for the late one");
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "late_joiner", build, expect);
}
