/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/dice.h"

#include <math.h>

void wc_dice_init(struct wc_dice *d, double probability, uint64_t seed)
{
    *d = (struct wc_dice){.rng = {.state = seed}};
    wc_dice_set(d, probability);
}

void wc_dice_set(struct wc_dice *d, double probability)
{
    d->probability = probability;
    wc_dice_draw(d);
}

void wc_dice_draw(struct wc_dice *d)
{
    if (d->probability >= 1.0) {
        d->misses_left = 0;
        return;
    }
    if (d->probability <= 0.0) {
        d->misses_left = UINT64_MAX;
        return;
    }
    /* Geometric: the smallest n with (1 - p)^(n + 1) <= u. */
    double u = 1.0 - wc_rng_unit(&d->rng);
    double misses = log(u) / log1p(-d->probability);
    d->misses_left = misses < 1e18 ? (uint64_t)misses : UINT64_MAX;
}

uint64_t wc_seed_derive(uint64_t seed, uint32_t kind, uint32_t index)
{
    struct wc_rng rng = {.state = seed};
    rng.state = wc_rng_next(&rng) ^ kind;
    rng.state = wc_rng_next(&rng) ^ index;
    return wc_rng_next(&rng);
}
