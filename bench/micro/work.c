/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "bench/micro/micro.h"
#include "common/core/rng.h"
#include "common/io/clock.h"

#define ROUNDS       7
#define ROUND_TARGET WC_MS(100)

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static wc_ns time_work(wc_bench_work *work, void *ctx, uint64_t count)
{
    wc_ns start = wc_clock_now();
    work(ctx, count);
    return wc_clock_now() - start;
}

double wc_bench_seconds(wc_bench_work *work, void *ctx)
{
    uint64_t count = 1;
    wc_ns took = time_work(work, ctx, count);
    while (took < ROUND_TARGET / 2) {
        count *= 2;
        took = time_work(work, ctx, count);
    }
    double rounds[ROUNDS];
    for (int i = 0; i < ROUNDS; i++)
        rounds[i] = (double)time_work(work, ctx, count) / 1e9 / (double)count;
    qsort(rounds, ROUNDS, sizeof rounds[0], compare);
    return rounds[ROUNDS / 2];
}

void wc_bench_print(const char *bench, const char *name, double value, const char *unit)
{
    printf("{\"bench\":\"%s\",\"case\":\"%s\",\"value\":%.4g,\"unit\":\"%s\"}\n", bench, name,
           value, unit);
    fflush(stdout);
}

uint8_t *wc_bench_bytes(uint64_t count, uint64_t seed)
{
    uint8_t *bytes = malloc(count);
    if (!bytes) {
        perror("bench_micro");
        exit(EX_OSERR);
    }
    struct wc_rng rng = {.state = seed};

    for (uint64_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)wc_rng_next(&rng);
    return bytes;
}
