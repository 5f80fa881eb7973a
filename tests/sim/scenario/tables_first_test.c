/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first two and the last four blocks go before others, as those with the tables of a WIM do.
 * They are the first ones that the first receiver stores. A second one joins when half of the
 * object is sent, and has them after twice the time that they take, since they take turns with what
 * the first one waits for. Nothing is sent that nobody lacks. */
#include "tests/sim/scenario/scenario.h"

#define FIRST_COUNT 6u

static const struct wc_manifest_run first[] = {{.sbn = 0, .block_count = 2},
                                               {.sbn = 20, .block_count = 4}};

static bool goes_first(uint64_t sbn)
{
    return sbn < 2 || sbn >= 20;
}

static void build(struct wc_scenario *s)
{
    s->config.first = first;
    s->config.first_count = 2;
    wc_scenario_node(s, WC_MS(0));
    wc_scenario_node(s, WC_MS(60));
    s->config.rate_max_bps = 50000000;
}

/* How many other blocks a node stores until it has all that go first. */
static uint32_t others_before(const struct wc_world *w, uint32_t node)
{
    const struct wc_trace *t = &w->env.trace;
    uint32_t first_count = 0, other_count = 0;
    for (uint64_t i = 0; i < t->count && first_count < FIRST_COUNT; i++) {
        const struct wc_trace_record *r = &t->records[i];
        if (r->actor != node || r->kind != WC_TRACE_STORED)
            continue;
        if (goes_first(r->a))
            first_count++;
        else
            other_count++;
    }
    return other_count;
}

static void expect(struct wc_scenario *s, const struct wc_world *w)
{
    struct wc_world_result r = wc_world_result(w);
    wc_scenario_expect(s, r.done_count == 2, "both have everything");
    wc_scenario_expect(s, others_before(w, 0) == 0, "the first one begins with them");
    wc_scenario_expect(s, others_before(w, 1) <= FIRST_COUNT + 1, "the late one has them soon");
    struct wc_receiver_stats late;
    wc_receiver_stats(w->nodes[1].core, &late);
    wc_scenario_expect(s, late.duplicate_count == 0, "the late one gets nothing twice");
    wc_scenario_expect(s, late.received_count < w->env.object.partition.symbol_count + 10,
                       "it gets what it needs and no more");
    wc_scenario_expect(s, r.wire_ratio > 1.2 && r.wire_ratio < 1.6,
                       "only what it missed is repeated");
}

int main(int argc, char **argv)
{
    return wc_scenario_main(argc, argv, "tables_first", build, expect);
}
