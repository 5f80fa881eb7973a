/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast. Starts at the maximum and keeps three causes of loss apart by evidence:
 *   - a receiver's socket or storage is behind (it counts that itself): slow down to what it can take;
 *   - the network is full: sending less makes the loss go away, so stay there;
 *   - a bad cable loses at random: sending less does not help, so go back and let repair handle it.
 * The worst healthy receiver decides. Time is cut into epochs long enough for every receiver's report. */
#ifndef WC_SENDER_CORE_RATE_H
#define WC_SENDER_CORE_RATE_H

#include "common/core/types.h"

struct wc_rate_sample { /* what a receiver counted between two reports */
    uint64_t received_count;
    uint64_t lost_count;     /* in all */
    uint64_t overflow_count; /* of those, by its own socket */
    uint64_t refused_count;  /* arrived, but its storage was behind */
};

enum wc_rate_mode {
    WC_RATE_STEADY,
    WC_RATE_PROBING, /* reduced to see whether the network's loss follows */
};

struct wc_rate {
    uint64_t max_bps, min_bps;
    uint64_t bps;
    uint64_t ceiling_bps;  /* highest rate that was too much last time; 0: none known */
    uint64_t before_bps;   /* rate before the probe */
    double network_before; /* worst network loss before the probe */
    double network_floor;  /* loss that slowing down does not cure */
    enum wc_rate_mode mode;
    wc_ns epoch_start;
    bool was_lossy;     /* the epoch before */
    bool epoch_settled; /* the first epoch after a change still shows the old rate */
    double host_loss;   /* worst in this epoch, as a share */
    double network_loss;
};

void wc_rate_init(struct wc_rate *r, uint64_t max_bps, uint64_t min_bps, wc_ns now);
void wc_rate_set_max(struct wc_rate *r, uint64_t max_bps);
void wc_rate_sample(struct wc_rate *r, const struct wc_rate_sample *sample);

/* Decide at the end of an epoch; true: bps changed. */
bool wc_rate_step(struct wc_rate *r, wc_ns now, wc_ns report_interval);

#endif
