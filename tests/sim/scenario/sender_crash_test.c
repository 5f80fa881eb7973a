/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sender dies at half time without a word: each receiver ends when it was silent for as long
 * as is configured, and knows why. */
#include "tests/sim/scenario/scenario.h"

static void build(struct wc_scenario *s)
{
    s->config.receivers_min = 2;
    wc_scenario_node(s, WC_MS(0));
    struct wc_node_config *lossy = wc_scenario_node(s, WC_MS(0));
    lossy->link.loss = 0.05;
    wc_scenario_step(s, WC_MS(35), WC_STEP_CRASH, 0, 0);
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    for (uint32_t i = 0; i < 2; i++) {
        const struct wc_node *n = &w->nodes[i];
        wc_scenario_expect(s, n->failure == WC_NODE_FAILURE_SENDER_SILENT,
                           "it knows that the sender is silent");
        wc_scenario_expect(s, n->ended_at - w->config.epoch <= WC_MS(36) + n->config.silence_max,
                           "it ends in time");
    }
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "sender_crash", build, expect);
}
