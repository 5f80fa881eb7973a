/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One of two receivers hears and says nothing for two seconds. The other one goes on at full
 * speed; the first is not given up, and gets what it missed afterwards. */
#include "tests/sim/scenario/scenario.h"

static void build(struct wc_scenario *s)
{
    s->config.rate_max_bps = 4000000;
    s->config.rate_min_bps = 500000;
    s->config.object_bytes = 96 * 16 * 16;
    s->config.receivers_min = 2;
    s->style = WC_TRACE_FOLDED;
    wc_scenario_node(s, WC_MS(0));
    struct wc_node_config *dark = wc_scenario_node(s, WC_MS(0));
    dark->link.blackout_count = 1;
    dark->link.blackouts[0] = (struct wc_interval){.from = WC_S(1), .to = WC_S(3)};
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    struct wc_world_result r = wc_world_result(w);
    double first_pass_s = (double)w->env.object.partition.symbol_count * w->config.wire_bytes * 8 /
                          (double)w->config.rate_max_bps;
    double first_s = (double)(w->nodes[0].ended_at - w->sender.started_at) / 1e9;
    wc_scenario_expect(s, r.done_count == 2, "both have everything");
    wc_scenario_expect(s, r.wire_ratio < 2.0, "only what was missed is sent twice");
    wc_scenario_expect(s, first_s < 1.2 * first_pass_s,
                       "the blackout of one does not slow down the other");
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "blackout", build, expect);
}
