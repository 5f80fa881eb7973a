/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A clean gigabit: the rate stays where it began, and nothing is sent twice. */
#include "tests/sim/scenario/scenario.h"

static void build(struct wc_scenario *s)
{
    wc_scenario_gigabit(s, 1000);
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    struct wc_world_result r = wc_world_result(w);
    wc_scenario_expect(s, r.done_count == 3, "all three have everything");
    wc_scenario_expect(s, w->sender.repair_count == 0, "nothing is repaired");
    wc_scenario_expect(s, wc_scenario_seconds(w, 0) < 1.02 * wc_scenario_pass_s(w),
                       "it takes as long as the bytes on the line");
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "rate_clean", build, expect);
}
