/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Seeded pseudo-random numbers for timers and the simulator (splitmix64, Steele et al. 2014); never
 * for keys. */
#ifndef WC_CORE_RNG_H
#define WC_CORE_RNG_H

#include "common/core/types.h"

struct wc_rng {
    uint64_t state;
};

static inline uint64_t wc_rng_next(struct wc_rng *rng)
{
    uint64_t z = (rng->state += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

/* Uniform in [0, n); n = 0 gives 0. */
static inline uint64_t wc_rng_below(struct wc_rng *rng, uint64_t n)
{
    return n ? wc_rng_next(rng) % n : 0;
}

/* Uniform in [0, 1). */
static inline double wc_rng_unit(struct wc_rng *rng)
{
    return (double)(wc_rng_next(rng) >> 11) * 0x1.0p-53;
}

#endif
