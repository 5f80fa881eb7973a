/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Of receivers that are refused so many are told a minute, and how many more there were: junk does
 * not flood the log, and does not hide for good who comes after it. No clock of its own. */
#ifndef WC_SENDER_SHELL_REFUSALS_H
#define WC_SENDER_SHELL_REFUSALS_H

#include "common/core/types.h"

#define WC_REFUSALS_PER_MINUTE 8u

/* Zeroed but for the first two. Times are of one clock that never goes back. */
struct wc_refusals {
    void (*tell)(void *ctx, const char *sentence); /* borrowed until return */
    void *ctx;
    uint64_t told_ms; /* the first of those told */
    uint32_t told_count;
    uint64_t left_out_ms; /* the first of those left out */
    uint32_t left_out_count;
};

/* One was refused: tell it, or count it. */
void wc_refusals_tell(struct wc_refusals *r, uint64_t now_ms, const char *sentence);

/* Tell how many were left out, once a minute is over since the first of them, or `at_once`. */
void wc_refusals_sum(struct wc_refusals *r, uint64_t now_ms, bool at_once);

#endif
