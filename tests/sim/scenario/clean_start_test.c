/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Three receivers come one after the other; with the third the stream begins, each symbol is sent
 * once, and nothing is repaired. */
#include "tests/sim/scenario/scenario.h"

static void build(struct wc_scenario *s)
{
    s->config.receivers_min = 3;
    wc_scenario_node(s, WC_MS(0));
    wc_scenario_node(s, WC_MS(150));
    wc_scenario_node(s, WC_MS(400));
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    struct wc_world_result r = wc_world_result(w);
    wc_scenario_expect(s, r.done_count == 3, "all three have everything");
    wc_scenario_expect(s, w->sender.source_count == w->env.object.partition.symbol_count,
                       "each source symbol is sent once");
    wc_scenario_expect(s, w->sender.repair_count == 0, "nothing is repaired");
    wc_scenario_expect(s, w->sender.started_at - w->config.epoch >= WC_MS(400),
                       "nothing is sent before the third receiver came");
    wc_scenario_expect(s, w->sender.started_at - w->nodes[2].joined_at <= WC_MS(200),
                       "the stream begins soon after the third receiver came");
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "clean_start", build, expect);
}
