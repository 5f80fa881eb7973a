/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One receiver's disk fails after five blocks, another one's memory damages a block now and then:
 * the first says so and leaves, the second asks for the damaged blocks again, the third takes no
 * harm. */
#include "tests/sim/scenario/scenario.h"

static void build(struct wc_scenario *s)
{
    s->config.receivers_min = 3;
    wc_scenario_node(s, WC_MS(0))->disk.fails_after = 5;
    wc_scenario_node(s, WC_MS(0))->disk.rot = 0.1;
    wc_scenario_node(s, WC_MS(0));
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    struct wc_receiver_stats damaged;
    wc_receiver_stats(w->nodes[1].core, &damaged);
    wc_scenario_expect(s, wc_scenario_member_state(w, 0) == WC_MEMBER_FAILED,
                       "the sender knows that the first one failed");
    wc_scenario_expect(s, w->nodes[1].state == WC_NODE_DONE && damaged.void_count > 0,
                       "the second one got its damaged blocks again");
    wc_scenario_expect(s, w->nodes[2].state == WC_NODE_DONE, "the third one has everything");
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "failed_disk", build, expect);
}
