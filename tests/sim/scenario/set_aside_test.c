/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One of three receivers sits behind a port of a twentieth of the line's rate, below the floor
 * rate: it is set aside and served by unicast, and the others get everything at nearly full
 * speed. */
#include "tests/sim/scenario/scenario.h"

#define BLOCK_COUNT   300u
#define BLOCK_SYMBOLS 128u

static void build(struct wc_scenario *s)
{
    s->config.object_bytes = BLOCK_COUNT * BLOCK_SYMBOLS * 16;
    s->config.block_symbols = BLOCK_SYMBOLS;
    s->config.receivers_min = 3;
    s->config.rate_max_bps = 1000000000;
    s->config.slow_policy = WC_SLOW_UNICAST;
    s->config.slow_bps = s->config.rate_max_bps / 5;
    wc_scenario_node(s, WC_MS(0));
    wc_scenario_node(s, WC_MS(0));
    struct wc_node_config *slow = wc_scenario_node(s, WC_MS(0));
    slow->link.rate_bps = s->config.rate_max_bps / 10;
    slow->link.queue_bytes = 50000;
    slow->control_rate_bps = s->config.rate_max_bps / 10;
    s->style = WC_TRACE_FOLDED;
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    struct wc_world_result r = wc_world_result(w);
    double pass_s = BLOCK_COUNT * BLOCK_SYMBOLS * 1.0 * w->config.wire_bytes * 8 /
                    (double)w->config.rate_max_bps;
    double first_s = (double)(w->nodes[0].ended_at - w->sender.started_at) / 1e9;
    wc_scenario_expect(s, r.done_count == 3, "all three have everything");
    wc_scenario_expect(s, w->sender.unicast_block_count > 0, "the slow one by unicast");
    wc_scenario_expect(s, first_s < 1.8 * pass_s, "the others hardly slower than alone");
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "set_aside", build, expect);
}
