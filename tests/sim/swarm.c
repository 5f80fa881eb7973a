/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random worlds: first safety, while every fault that was drawn for the seed lasts; then
 * liveness: all heals, and everybody must come to the right end.
 *
 * Usage: swarm --seed S [--trace]         one world
 *        swarm --count N [--from S]       N worlds */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/swarm_judge.h"

/* A run that needs more is a livelock, whatever the virtual time. */
#define EVENT_COUNT_MAX 30000000u
/* Timelines of more failures are left out: their seeds are enough. */
#define TIMELINES_MAX 3u

struct totals {
    uint64_t failure_count;
    uint64_t world_count;
    uint64_t receiver_count;
    uint64_t done_count;
    uint64_t event_count;
    uint64_t virtual_ms;
};

static void print_failure(const struct wc_world *w, const char *program, uint64_t seed,
                          bool has_timeline)
{
    printf("--- seed %" PRIu64 " ---\n", seed);
    if (has_timeline)
        wc_trace_print(&w->env.trace, stdout, WC_TRACE_FULL);
    printf("VIOLATION at %" PRIu64 ".%03" PRIu64 " ms: %s\n", w->env.check.since / WC_MS(1),
           w->env.check.since % WC_MS(1) / WC_US(1), wc_world_violation(w));
    printf("reproduce: %s --seed %" PRIu64 "\n", program, seed);
}

static void run_seed(const char *program, uint64_t seed, bool traces, struct totals *totals)
{
    static struct wc_swarm_options o;
    wc_swarm_draw(&o, seed);
    if (traces)
        o.config.trace_max = 1u << 20;
    struct wc_world *w = wc_world_new(&o.config);
    w->event_count_max = EVENT_COUNT_MAX;
    bool is_over = wc_world_run(w, o.fault_end + wc_swarm_patience(&o));
    wc_swarm_judge(w, &o, is_over);
    totals->world_count++;
    totals->receiver_count += o.config.node_count;
    totals->done_count += wc_world_result(w).done_count;
    totals->event_count += w->event_count;
    totals->virtual_ms += wc_env_since(&w->env) / WC_MS(1);
    bool ok = !wc_world_violation(w);
    if (!ok)
        print_failure(w, program, seed, totals->failure_count++ < TIMELINES_MAX);
    else if (traces)
        wc_trace_print(&w->env.trace, stdout, WC_TRACE_FULL);
    wc_world_free(w);
    fflush(stdout);
}

static uint64_t option(int argc, char **argv, const char *name, uint64_t otherwise)
{
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], name) == 0)
            return strtoull(argv[i + 1], NULL, 10);
    }
    return otherwise;
}

int main(int argc, char **argv)
{
    struct totals totals = {0};
    bool traces = argc > 1 && strcmp(argv[argc - 1], "--trace") == 0;
    uint64_t single = option(argc, argv, "--seed", UINT64_MAX);
    uint64_t from = single != UINT64_MAX ? single : option(argc, argv, "--from", 1);
    uint64_t count = single != UINT64_MAX ? 1 : option(argc, argv, "--count", 0);
    if (!count) {
        fprintf(stderr, "usage: %s --seed S [--trace] | --count N [--from S]\n", argv[0]);
        return EXIT_FAILURE;
    }
    for (uint64_t seed = from; seed < from + count; seed++)
        run_seed(argv[0], seed, traces, &totals);
    printf("%" PRIu64 " worlds, %" PRIu64 " receivers, %" PRIu64 " of them complete, %" PRIu64
           " events, %" PRIu64 " s of virtual time: %" PRIu64 " violations\n",
           totals.world_count, totals.receiver_count, totals.done_count, totals.event_count,
           totals.virtual_ms / 1000, totals.failure_count);
    return totals.failure_count ? EXIT_FAILURE : EXIT_SUCCESS;
}
