/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A second receiver joins when half of the object is sent: it takes the rest with the first, then the
 * part that it missed comes once more, and not more than that. */
#include "tests/sim/scenario/scenario.h"

static void build(struct wc_scenario *s)
{
    wc_scenario_node(s, WC_MS(0));
    wc_scenario_node(s, WC_MS(45));
    s->config.rate_max_bps = 50000000;
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    struct wc_world_result r = wc_world_result(w);
    wc_scenario_expect(s, r.done_count == 2, "both have everything");
    wc_scenario_expect(s, r.wire_ratio > 1.3 && r.wire_ratio < 1.8,
                       "only what the late receiver missed is sent twice");
    wc_scenario_expect(s, w->nodes[0].ended_at < w->nodes[1].ended_at,
                       "the first one does not wait for the late one");
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "late_joiner", build, expect);
}
