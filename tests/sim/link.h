/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens to a datagram on its way to one receiver: it comes later, twice, damaged, out of
 * order, or not at all. A link decides when the datagram is put on it, so it needs no events of
 * its own. */
#ifndef WC_SIM_LINK_H
#define WC_SIM_LINK_H

#include "tests/sim/config.h"
#include "tests/sim/dice.h"

#define WC_BIT_NONE UINT32_MAX

struct wc_link {
    struct wc_dice loss;
    struct wc_dice corrupt;
    struct wc_dice burst_enter;
    struct wc_dice burst_leave;
    struct wc_dice burst_loss;
    struct wc_dice duplicate;
    struct wc_rng jitter;
    bool is_in_burst;
    bool has_bursts;
    wc_ns port_free_at; /* the switch port is busy until then */
    wc_ns host_free_at; /* the host is busy until then */
    uint64_t overflow_count;
    struct wc_link_config config;
};

/* A datagram's arrival. */
struct wc_arrival {
    wc_ns at;
    uint32_t corrupt_bit; /* flipped, modulo its bits; WC_BIT_NONE: intact */
};

void wc_link_init(struct wc_link *l, const struct wc_link_config *config, uint64_t seed);

/* From now on it only delays. */
void wc_link_heal(struct wc_link *l);

/* True if all datagrams that it does not lose take the same time, so that receivers behind such
 * links can share an event. */
bool wc_link_is_even(const struct wc_link_config *config);

/* Whether a datagram sent now is lost on the way: loss, burst or blackout. `since`: virtual time
 * since the world's beginning. */
bool wc_link_loses(struct wc_link *l, wc_ns since);

/* Which bit of a datagram flips; WC_BIT_NONE: none. */
uint32_t wc_link_corrupts(struct wc_link *l);

/* Put a datagram of wire_bytes on the link: 0, 1 or 2 arrivals. */
size_t wc_link_carry(struct wc_link *l, wc_ns since, uint32_t wire_bytes, struct wc_arrival ret[2]);

/* The end of the blackout that covers `since`; `since` itself when there is none. */
wc_ns wc_link_blackout_end(const struct wc_link *l, wc_ns since);

#endif
