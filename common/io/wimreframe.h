/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One image of a WIM of any kind, written anew for a pipe (common/core/wimpipe.h) while the WIM may
 * still grow. Chunks go as they are; data of solid resources, and of others whose chunks the pipe's
 * header does not describe, goes plain. Memory: one chunk stored and one plain, and a buffer.
 * One thread. */
#ifndef WC_IO_WIMREFRAME_H
#define WC_IO_WIMREFRAME_H

#include "common/core/err.h"
#include "common/core/types.h"
#include "common/io/why.h"
#include "common/io/wim.h"
#include "common/io/wimorder.h"

struct wc_wimreframe;

struct wc_wimreframe_config {
    const struct wc_wim *wim; /* borrowed */
    uint16_t image;           /* from 1 */
    wc_wimorder_ready *ready; /* NULL: everything is there */
    /* Nobody will read these bytes again. NULL: nobody cares. */
    void (*consumed)(void *ctx, uint16_t part, uint64_t offset, uint64_t count);
    void *ctx;
};

/* What there is to do, and what is done; bytes are plain, each blob counted once. */
struct wc_wimreframe_count {
    uint64_t blob_bytes;
    uint64_t total_bytes;
    uint64_t names; /* whose data is written */
    uint64_t total_names;
};

/* Stored bytes of a blob up to which it is kept, as a whole, until the reader has checked it. */
#define WC_WIMREFRAME_HOLD_BYTES (16u << 20)

/* As wc_wimorder_init. */
WC_MUST_USE enum wc_err wc_wimreframe_new(struct wc_wimreframe **ret,
                                          const struct wc_wimreframe_config *config,
                                          struct wc_why *why);
void wc_wimreframe_free(struct wc_wimreframe *f);

/* The next bytes for the pipe, borrowed until the next call. WC_E_AGAIN: what comes next is not
 * there yet; WC_E_CLOSED: all is written. Else the WIM is damaged, or cannot be read (as
 * wc_wimstream_open and wc_wimstream_chunk), at *ret_blob (WC_WIMMAP_NONE: at the metadata), or
 * there is no memory. */
WC_MUST_USE enum wc_err wc_wimreframe_step(struct wc_wimreframe *f, const uint8_t **ret_bytes,
                                           size_t *ret_count, uint32_t *ret_blob);

/* The reader has read `position` bytes of all that step gave; UINT64_MAX: it needs no more. */
void wc_wimreframe_passed(struct wc_wimreframe *f, uint64_t position);

/* The blob that has the byte before `position`; WC_WIMMAP_NONE: none, or not known any more. */
uint32_t wc_wimreframe_blob(const struct wc_wimreframe *f, uint64_t position);

/* Has something of it been given up? */
bool wc_wimreframe_is_kept(const struct wc_wimreframe *f, uint32_t blob);

struct wc_wimreframe_count wc_wimreframe_counts(const struct wc_wimreframe *f);

#endif
