/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the cores put on the wire under independent loss stays close to what parity on demand
 * costs at least. Usage: theory_test BLOCKS: blocks of the object for the most receivers; a few
 * receivers take FEW_FACTOR times as many. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/theory.h"
#include "tests/sim/uniform.h"

/* Times the theory: what is promised, and what long enough runs really reach. */
#define WIRE_RATIO_PROMISED 1.02
#define WIRE_RATIO_REACHED  1.01
#define BLOCKS_LONG         200u
#define RECEIVERS_FEW       50u
#define FEW_FACTOR          5u
/* Times what the data takes on the line: the end of a short run weighs more. */
#define TIME_RATIO_LIMIT 1.05
#define BLOCK_SYMBOLS    128u
#define RATE_BPS         1000000000u
#define WIRE_BYTES       1538u

/* Values that the literature and a Monte-Carlo run give. */
static int check_formula(void)
{
    static const struct {
        uint32_t k, receiver_count;
        double loss, ratio;
    } known[] = {
        {100, 5, 0.001, 1.0042},   {100, 500, 0.01, 1.0522}, {200, 50, 0.01, 1.0292},
        {100, 5000, 0.05, 1.1602}, {20, 50, 0.001, 1.0321},
    };
    int failures = 0;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        double ratio = wc_theory_wire_ratio(known[i].k, known[i].receiver_count, known[i].loss);
        if (fabs(ratio - known[i].ratio) > 0.0001) {
            printf("formula: %.5f instead of %.4f\n", ratio, known[i].ratio);
            failures++;
        }
    }
    return failures;
}

static int check_wire(uint32_t receiver_count, double loss, uint32_t block_count)
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
    bool completed = wc_uniform_run(&u, &result);
    double theory = wc_theory_wire_ratio(BLOCK_SYMBOLS, receiver_count, loss);
    double line_ns = (double)result.data_count * WIRE_BYTES * 8.0 * 1e9 / RATE_BPS;
    double time_ratio = (double)result.streaming_ns / line_ns;
    bool is_long = block_count >= BLOCKS_LONG;
    double limit = is_long ? WIRE_RATIO_REACHED : WIRE_RATIO_PROMISED;
    bool ok = completed && result.wire_ratio <= limit * theory &&
              (!is_long || time_ratio <= TIME_RATIO_LIMIT);
    printf("%9" PRIu32 " %7" PRIu32 " %7.3f %10.4f %10.4f %10.4f %10.4f %9.3f %%  %s\n",
           receiver_count, block_count, loss, result.wire_ratio, theory, result.wire_ratio / theory,
           time_ratio, 100.0 * result.feedback_share, ok ? "ok" : "BAD");
    return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const uint32_t receiver_counts[] = {5, 50, 1000};
    static const double losses[] = {0.001, 0.01, 0.05};
    uint32_t block_count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 200;
    int failures = check_formula();
    printf("wire symbols per source symbol, and time per time on the line; blocks of %u symbols\n",
           BLOCK_SYMBOLS);
    printf("receivers  blocks    loss   measured     theory   quotient       time   feedback\n");
    for (size_t r = 0; r < 3; r++) {
        bool is_few = receiver_counts[r] <= RECEIVERS_FEW;
        for (size_t p = 0; p < 3; p++)
            failures += check_wire(receiver_counts[r], losses[p],
                                   is_few ? FEW_FACTOR * block_count : block_count);
    }
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
