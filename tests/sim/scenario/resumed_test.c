/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A receiver that already has nine tenths of the blocks: only the others are sent. */
#include "common/core/bitmap.h"
#include "tests/sim/scenario/scenario.h"

#define BLOCK_COUNT 40u

static uint64_t have[1];

static void build(struct wc_scenario *s)
{
    s->config.object_bytes = BLOCK_COUNT * 16 * 16;
    for (uint32_t sbn = 0; sbn < BLOCK_COUNT; sbn++) {
        if (sbn % 10 != 3)
            wc_bitmap_set(have, sbn);
    }
    wc_scenario_node(s, WC_MS(0))->have = have;
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    wc_scenario_expect(s, w->nodes[0].state == WC_NODE_DONE, "it has everything");
    wc_scenario_expect(s, w->sender.source_count == BLOCK_COUNT / 10 * 16,
                       "only the missing blocks are sent");
    wc_scenario_expect(s, w->sender.repair_count == 0, "nothing is repaired");
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "resumed", build, expect);
}
