/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chance in the simulator. Every link, and every kind of fault on it, has a stream of its own that
 * derives from the world's seed, so that one more draw here never shifts what happens there. */
#ifndef WC_SIM_DICE_H
#define WC_SIM_DICE_H

#include "common/core/rng.h"

/* An event of fixed probability, drawn as the number of failures before the next success: rolling
 * costs a decrement, which matters for thousands of receivers with millions of datagrams. */
struct wc_dice {
    uint64_t misses_left;
    double probability;
    struct wc_rng rng;
};

/* probability: 0..1. */
void wc_dice_init(struct wc_dice *d, double probability, uint64_t seed);

/* Another probability from now on; the stream goes on. */
void wc_dice_set(struct wc_dice *d, double probability);

/* Draws the distance to the next hit: for wc_dice_roll. */
void wc_dice_draw(struct wc_dice *d);

/* True with the dice's probability. */
static inline bool wc_dice_roll(struct wc_dice *d)
{
    if (d->misses_left > 0) {
        d->misses_left--;
        return false;
    }
    wc_dice_draw(d);
    return true;
}

/* The seed of stream (kind, index) of a world. */
uint64_t wc_seed_derive(uint64_t seed, uint32_t kind, uint32_t index);

#endif
