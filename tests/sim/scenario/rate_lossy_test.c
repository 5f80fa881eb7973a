/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One of three receivers has a bad cable that loses 5 %: to send less does not help, so the rate
 * is not lowered for long, and what is lost is repaired. */
#include "tests/sim/scenario/scenario.h"

static void build(struct wc_scenario *s)
{
    wc_scenario_gigabit(s, 2000)->link.loss = 0.05;
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    struct wc_world_result r = wc_world_result(w);
    wc_scenario_expect(s, r.done_count == 3, "all three have everything");
    wc_scenario_expect(s, r.wire_ratio < 1.08, "little more than what was lost is sent");
    wc_scenario_expect(s, wc_scenario_seconds(w, 2) < 1.10 * wc_scenario_pass_s(w),
                       "it takes little longer than the bytes on the line");
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "rate_lossy", build, expect);
}
