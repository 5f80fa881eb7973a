/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Multicast does not reach one of two receivers, only the control channel does, and the package is
 * transferred only via multicast. It says so when
 * it has waited for as long as is configured, and does not blame the sender; the other one is
 * not held up, though it has to wait for the start. */
#include "tests/sim/scenario/scenario.h"

static void build(struct wc_scenario *s)
{
    s->config.receivers_min = 2;
    s->config.wait_max = WC_S(2);
    s->config.multicast_only = true;
    wc_scenario_node(s, WC_MS(0));
    struct wc_node_config *deaf = wc_scenario_node(s, WC_MS(0));
    deaf->is_deaf = true;
    deaf->beacon_timeout = WC_S(5);
    deaf->silence_max = WC_S(3);
    s->style = WC_TRACE_FOLDED;
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    const struct wc_node *deaf = &w->nodes[1];
    wc_scenario_expect(s, w->nodes[0].state == WC_NODE_DONE, "the other one has everything");
    wc_scenario_expect(s, w->nodes[0].ended_at - w->config.epoch < WC_MS(2200), "and in time");
    wc_scenario_expect(s, deaf->failure == WC_NODE_FAILURE_UNREACHED, "it knows the reason");
    wc_scenario_expect(s, deaf->ended_at - deaf->joined_at <= WC_MS(5001), "and in time");
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "unreached", build, expect);
}
