/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was written into a pipe, and what of it is not yet known to have been read: so that the blob
 * at which the reader failed can be named, and the bytes of a file be given up when they are past.
 * Positions count the bytes written. One thread. */
#ifndef WC_IO_WIMTRAIL_H
#define WC_IO_WIMTRAIL_H

#include "common/core/err.h"
#include "common/core/types.h"

struct wc_wimtrail_note {
    uint64_t end;    /* position behind the last byte that it is about */
    uint32_t blob;   /* WC_WIMMAP_NONE: none */
    uint16_t part;   /* from 1; of the bytes that can be given up after it */
    uint64_t offset; /* in the part's file */
    uint64_t count;  /* 0: none */
};

/* Zeroed is empty. */
struct wc_wimtrail {
    struct wc_wimtrail_note *notes; /* a ring */
    size_t first, count, room;
};

void wc_wimtrail_deinit(struct wc_wimtrail *t);

/* Ends ascend (asserted). WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_wimtrail_add(struct wc_wimtrail *t, const struct wc_wimtrail_note *note);

/* The oldest note that ends before `position`, taken out; false: there is none. A reader that has
 * gone beyond a blob's end has found it right. */
bool wc_wimtrail_pass(struct wc_wimtrail *t, uint64_t position, struct wc_wimtrail_note *ret);

/* The blob that has the byte before `position`; of what was passed already nothing is known.
 * WC_WIMMAP_NONE: none. */
uint32_t wc_wimtrail_blob(const struct wc_wimtrail *t, uint64_t position);

#endif
