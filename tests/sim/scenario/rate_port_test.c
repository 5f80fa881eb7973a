/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One of three receivers is behind a port of 100 Mbit/s whose buffer is 64 KiB: the rate goes down
 * to what the port takes and stays there, without filling the buffer over and over. */
#include "tests/sim/scenario/scenario.h"

static void build(struct wc_scenario *s)
{
    struct wc_node_config *slow = wc_scenario_gigabit(s, 1000);
    slow->link.rate_bps = s->config.rate_max_bps / 10;
    slow->link.queue_bytes = 65536;
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    struct wc_world_result r = wc_world_result(w);
    wc_scenario_expect(s, r.done_count == 3, "all three have everything");
    wc_scenario_expect(s, r.wire_ratio < 1.15, "what the port takes is what is sent");
    wc_scenario_expect(s, wc_scenario_seconds(w, 2) < 1.1 * 10 * wc_scenario_pass_s(w),
                       "the port is kept busy");
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "rate_port", build, expect);
}
