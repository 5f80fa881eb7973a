/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The world that theory speaks of: R equal receivers, each losing each datagram with probability
 * p on its own, that all take the same object from its first datagram on. */
#ifndef WC_SIM_UNIFORM_H
#define WC_SIM_UNIFORM_H

#include "tests/sim/world.h"

struct wc_uniform {
    uint32_t receiver_count;
    double loss;
    uint32_t block_symbols; /* k; every block has so many */
    uint32_t block_count;
    uint64_t rate_bps;
    wc_ns join_spread; /* they join evenly over this time */
    uint64_t seed;
};

/* Run it to its end. False: a checker was violated or somebody is not done; says so on stderr. */
bool wc_uniform_run(const struct wc_uniform *u, struct wc_world_result *ret);

#endif
