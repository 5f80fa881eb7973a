/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Send credit: how many datagrams may leave now so that the line carries `rate_bps` and no burst
 * is longer than a shallow switch buffer takes. Credit not used in time is lost, but for a short
 * while that makes up for late wake-ups. */
#ifndef WC_CORE_PACER_H
#define WC_CORE_PACER_H

#include "common/core/types.h"

/* Datagrams sent back to back at most: one GSO group has nearly all of the gain. */
#define WC_PACER_GROUP_MAX 16u

struct wc_pacer {
    wc_ns origin;
    uint64_t next_ps; /* since origin: when the next datagram may leave */
    uint64_t cost_ps; /* of one datagram */
    uint32_t group;   /* datagrams worth waking up for */
};

/* wire_bytes: of one datagram on the line, >= 1. rate_bps >= 1. */
void wc_pacer_init(struct wc_pacer *p, uint32_t wire_bytes, uint64_t rate_bps, wc_ns now);

/* A new rate from now on. */
void wc_pacer_set_rate(struct wc_pacer *p, uint32_t wire_bytes, uint64_t rate_bps);

/* Datagrams that may leave now; 0 until a whole group may. */
uint32_t wc_pacer_credit(struct wc_pacer *p, wc_ns now);

/* `count` datagrams leave. */
void wc_pacer_spend(struct wc_pacer *p, uint32_t count);

/* When wc_pacer_credit will give more than 0. */
wc_ns wc_pacer_deadline(const struct wc_pacer *p);

#endif
