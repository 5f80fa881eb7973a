/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One of three receivers has a disk of 30 MB/s, a quarter of the line: its memory takes the first
 * blocks, then the rate follows the disk. */
#include "tests/sim/scenario/scenario.h"

static void build(struct wc_scenario *s)
{
    /* Symbols are 16 bytes here instead of 1440. */
    wc_scenario_gigabit(s, 2000)->disk.rate_bps = UINT64_C(30000000) * 8 * 16 / 1440;
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    struct wc_world_result r = wc_world_result(w);
    wc_scenario_expect(s, r.done_count == 3, "all three have everything");
    wc_scenario_expect(s, r.wire_ratio < 1.10, "nothing is sent that cannot be stored");
    double disk_s = 2000 * 128 * 1440 / 30e6;
    wc_scenario_expect(s, wc_scenario_seconds(w, 2) < 1.1 * disk_s, "the disk is kept busy");
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "rate_disk", build, expect);
}
