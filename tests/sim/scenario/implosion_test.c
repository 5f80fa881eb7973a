/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A thousand receivers join at one instant and lose one datagram in a hundred: what they say to the
 * sender stays below one percent of the line. Usage: implosion_test [RECEIVERS [BLOCKS]] */
#include <inttypes.h>
#include <stdlib.h>

#include "tests/sim/uniform.h"

#define FEEDBACK_SHARE_LIMIT 0.01

int main(int argc, char **argv)
{
    struct wc_uniform u = {
        .receiver_count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000,
        .loss = 0.01,
        .block_symbols = 128,
        .block_count = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 400,
        .rate_bps = 1000000000,
        .seed = 1,
    };
    struct wc_world_result r;
    if (!wc_uniform_run(&u, &r))
        return EXIT_FAILURE;
    double seconds = (double)r.streaming_ns / 1e9;
    printf("%" PRIu32 " receivers, %.3f s: %" PRIu64 " reports, %.0f bytes each on the line, "
           "%.3f %% of the line; wire ratio %.4f\n",
           u.receiver_count, seconds, r.report_count,
           (double)r.report_bytes / (double)r.report_count, 100.0 * r.feedback_share, r.wire_ratio);
    return r.feedback_share < FEEDBACK_SHARE_LIMIT ? EXIT_SUCCESS : EXIT_FAILURE;
}
