/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast. Starts at the maximum and keeps three causes of loss apart by evidence:
 *   - a receiver's socket or storage is behind (it counts that itself): go down to what it takes;
 *   - the network is full: what arrives stays the same when less is sent, so go down to that;
 *   - a bad cable loses at random: when less is sent, less arrives, so go back and repair.
 * The slowest healthy receiver decides. A receiver that gets nothing at all has an outage: it is
 * not followed. Time is cut into epochs long enough for every receiver to report. Below a limit
 * that was found, the rate holds, and tries a little more now and then, ever more rarely. */
#ifndef WC_SENDER_CORE_RATE_H
#define WC_SENDER_CORE_RATE_H

#include "common/core/types.h"

/* Samples of fewer datagrams say nothing about a share. */
#define WC_RATE_SAMPLE_MIN 64u

struct wc_rate_sample { /* what a receiver counted between two reports */
    uint32_t member;
    uint64_t from_pn; /* of the earlier report: what was counted came after it */
    uint64_t received_count;
    uint64_t lost_count;     /* in all */
    uint64_t overflow_count; /* of those, by its own socket */
    uint64_t refused_count;  /* arrived, but its storage was behind */
};

enum wc_rate_mode {
    WC_RATE_RISING,  /* no limit is known */
    WC_RATE_HOLDING, /* below a limit */
    WC_RATE_PROBING, /* reduced to see whether the network's loss follows */
};

struct wc_rate_worst { /* of an epoch: the receiver that takes least */
    double share;      /* of what was sent that it took, 1 = all */
    uint32_t member;
};

struct wc_rate {
    uint64_t max_bps, min_bps;
    uint64_t bps;
    enum wc_rate_mode mode;
    uint64_t limit_bps;      /* what the slowest took when the limit was found; 0: none known */
    uint64_t last_limit_bps; /* the same, also when it seemed to be gone */
    wc_ns hold_until;
    wc_ns hold_span;     /* of the next hold */
    uint64_t before_bps; /* rate and share before the probe */
    double before_sent_bps;
    double before_share;
    double floor;             /* share lost that slowing down does not cure */
    double host_floor;        /* the same of the host's */
    uint64_t host_before_bps; /* before the host's loss made the rate go down; 0: it does not */
    double host_before_loss;
    bool was_lossy;     /* the epoch before */
    uint64_t change_pn; /* samples of datagrams before it still show the old rate */
    bool has_sample;    /* in this epoch */
    uint32_t watched;   /* member: the worst of the epoch before, or whom the probe is for */
    uint64_t watched_sent, watched_lost; /* to it, in this epoch; lost by the network */
    wc_ns probe_start;
    wc_ns epoch_start;
    uint64_t sent_bits; /* in this epoch */
    bool was_idle;      /* nothing was queued for a while in it: sent_bits say nothing */
    struct wc_rate_worst host, network;
    uint64_t slow_bps; /* receivers that take less are set aside; 0: none are */
    bool has_too_slow;
    uint32_t too_slow; /* the one to be set aside now */
    uint32_t slowest;  /* member that set the limit */
};

void wc_rate_init(struct wc_rate *r, uint64_t max_bps, uint64_t min_bps, wc_ns now);
void wc_rate_set_max(struct wc_rate *r, uint64_t max_bps);
void wc_rate_sample(struct wc_rate *r, const struct wc_rate_sample *sample);

/* Bits that went to the line; and: there was nothing to send. A socket that blocks shows in the
 * former. */
void wc_rate_sent(struct wc_rate *r, uint64_t bits);
void wc_rate_idle(struct wc_rate *r);

/* Decide at the end of an epoch; `pn`: the next packet number. True: bps changed. */
bool wc_rate_step(struct wc_rate *r, wc_ns now, wc_ns report_interval, uint64_t pn);

/* A receiver that takes less than slow_bps, once; false: none. The rate did not follow it. */
bool wc_rate_too_slow(struct wc_rate *r, uint32_t *ret_member);

/* The limiting member ended or was set aside: its limit is gone. */
void wc_rate_forget(struct wc_rate *r, uint32_t member);

#endif
