/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A receiver dies at half time without a word. The others finish at once; the sender gives the
 * dead one up when it was silent for as long as is configured, and ends. */
#include "tests/sim/scenario/scenario.h"

static void build(struct wc_scenario *s)
{
    s->config.receivers_min = 3;
    for (uint32_t i = 0; i < 3; i++)
        wc_scenario_node(s, WC_MS(0));
    wc_scenario_step(s, WC_MS(35), WC_STEP_KILL, 1, 0);
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    struct wc_world_result r = wc_world_result(w);
    wc_scenario_expect(s, r.done_count == 2, "the others have everything");
    wc_scenario_expect(s, wc_scenario_member_state(w, 1) == WC_MEMBER_SILENT,
                       "the sender knows that it is silent");
    wc_ns ended = w->sender.ended_at - w->config.epoch;
    wc_scenario_expect(s, ended <= WC_MS(35) + w->config.silence_max + WC_MS(500),
                       "the sender ends soon after the limit");
    wc_scenario_expect(s, r.wire_ratio < 1.01, "nothing is sent for the dead");
    for (uint32_t i = 0; i < 3; i += 2)
        wc_scenario_expect(s, w->nodes[i].ended_at - w->config.epoch < WC_MS(300),
                           "the others do not wait");
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "killed", build, expect);
}
