/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The port of one of three receivers drops to a tenth for 5 s and heals: the rate follows it down,
 * and comes back. */
#include "tests/sim/scenario/scenario.h"

static void build(struct wc_scenario *s)
{
    struct wc_node_config *dips = wc_scenario_gigabit(s, 5000);
    dips->link.rate_bps = s->config.rate_max_bps;
    dips->link.queue_bytes = 65536;
    dips->link.slow = (struct wc_interval){.from = WC_S(2), .to = WC_S(7)};
    dips->link.slow_rate_bps = s->config.rate_max_bps / 10;
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    struct wc_world_result r = wc_world_result(w);
    wc_scenario_expect(s, r.done_count == 3, "all three have everything");
    wc_scenario_expect(s, r.wire_ratio < 1.10, "what the port takes is what is sent");
    wc_scenario_expect(s, wc_scenario_seconds(w, 2) < wc_scenario_pass_s(w) + 5 + 2.5,
                       "the dip costs its own time and little more");
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "rate_dip", build, expect);
}
