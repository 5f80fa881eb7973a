/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams of another session in the same group, forged ones and replayed ones: they are
 * counted, and change nothing. */
#include "tests/sim/scenario/scenario.h"

static void build(struct wc_scenario *s)
{
    wc_scenario_node(s, WC_MS(0));
    wc_scenario_step(s, WC_MS(20), WC_STEP_STALE, 0, 20);
    wc_scenario_step(s, WC_MS(30), WC_STEP_REPLAY, 0, 20);
    wc_scenario_step(s, WC_MS(40), WC_STEP_FORGE, 0, 20);
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    const struct wc_node *n = &w->nodes[0];
    struct wc_receiver_stats stats;
    wc_receiver_stats(n->core, &stats);
    wc_scenario_expect(s, n->state == WC_NODE_DONE, "it has everything");
    wc_scenario_expect(s, n->dropped_count + n->unopened_count == 60,
                       "each of them is dropped or does not open");
    wc_scenario_expect(s, stats.lost_count == 0, "no packet number of theirs counts");
    wc_scenario_expect(s,
                       w->sender.source_count == w->env.object.partition.symbol_count &&
                           w->sender.repair_count == 0,
                       "nothing is sent more than once");
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "foreign", build, expect);
}
