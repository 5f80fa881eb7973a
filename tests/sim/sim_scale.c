/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the protocol scales with the number of receivers: wire bytes, feedback and time from 1 to
 * 10,000 of them. Usage: sim_scale [LOSS [BLOCKS [RECEIVERS_MAX]]]; one comparable line for each
 * number. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/theory.h"
#include "tests/sim/uniform.h"

#define BLOCK_SYMBOLS 128u
#define RATE_BPS      1000000000u
#define WIRE_BYTES    1538u

static int measure(uint32_t receiver_count, double loss, uint32_t block_count)
{
    struct wc_uniform u = {
        .receiver_count = receiver_count,
        .loss = loss,
        .block_symbols = BLOCK_SYMBOLS,
        .block_count = block_count,
        .rate_bps = RATE_BPS,
        .join_spread = WC_MS(500),
        .seed = 1,
    };
    struct wc_world_result result;
    if (!wc_uniform_run(&u, &result))
        return 1;
    double seconds = (double)result.streaming_ns / 1e9;
    double line_seconds = (double)result.data_count * WIRE_BYTES * 8.0 / RATE_BPS;
    double theory = wc_theory_wire_ratio(BLOCK_SYMBOLS, receiver_count, loss);
    printf("receivers %6" PRIu32 "  loss %.4f  wire %.4f  theory %.4f  wire/theory %.4f  "
           "time/line %.4f  reports/s %8.0f  feedback %9.0f B/s  share %.3f %%\n",
           receiver_count, loss, result.wire_ratio, theory, result.wire_ratio / theory,
           seconds / line_seconds, (double)result.report_count / seconds,
           (double)result.report_bytes / seconds, 100.0 * result.feedback_share);
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    static const uint32_t receiver_counts[] = {1, 5, 10, 50, 100, 500, 1000, 2000, 5000, 10000};
    double loss = argc > 1 ? strtod(argv[1], NULL) : 0.01;
    uint32_t block_count = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 200;
    uint32_t receivers_max = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 10000;
    int failures = 0;
    for (size_t i = 0; i < sizeof(receiver_counts) / sizeof(receiver_counts[0]); i++) {
        if (receiver_counts[i] <= receivers_max)
            failures += measure(receiver_counts[i], loss, block_count);
    }
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
