/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Send credit: how many datagrams may leave now so that the line carries `rate_bps` and no burst is
 * longer than a shallow switch buffer takes. Credit not used in time is lost, but for what makes up
 * for late wake-ups: a burst leaves at the speed of the line and is drained at the rate, so that
 * the nearer the rate is to the line, the longer it may be. */
#ifndef WC_CORE_PACER_H
#define WC_CORE_PACER_H

#include "common/core/types.h"

/* Datagrams sent back to back when the sender wakes up in time: as many as share a GSO group with
 * nearly all of its gain; more only on lines so fast that this many last less than a timer. */
#define WC_PACER_GROUP     16u
#define WC_PACER_GROUP_MAX 64u
/* Datagrams that a late burst may pile up in a port that is as fast as the rate: with a group,
 * less than 64 KiB. */
#define WC_PACER_BURST        16u
#define WC_PACER_CATCH_UP_MAX WC_MS(2)

struct wc_pacer {
    wc_ns origin;
    uint64_t next_ps; /* since origin: when the next datagram may leave */
    uint64_t cost_ps; /* of one datagram */
    uint64_t line_bps;
    uint64_t catch_up_ps; /* lateness that is made up for */
    uint32_t group;       /* datagrams worth waking up for */
};

/* wire_bytes: of one datagram on the line, >= 1. rate_bps >= 1. line_bps: the interface's, 0 =
 * not known. */
void wc_pacer_init(struct wc_pacer *p, uint32_t wire_bytes, uint64_t rate_bps, uint64_t line_bps,
                   wc_ns now);

/* A new rate from now on. */
void wc_pacer_set_rate(struct wc_pacer *p, uint32_t wire_bytes, uint64_t rate_bps);

/* Datagrams that may leave now; 0 until a whole group may. */
uint32_t wc_pacer_credit(struct wc_pacer *p, wc_ns now);

/* `count` datagrams leave. */
void wc_pacer_spend(struct wc_pacer *p, uint32_t count);

/* When wc_pacer_credit will give more than 0. */
wc_ns wc_pacer_deadline(const struct wc_pacer *p);

#endif
