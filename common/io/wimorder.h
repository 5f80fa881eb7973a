/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which data of a WIM an image needs, and which resource with such data goes next while the WIM
 * still grows: the lowest one that has not gone, if its beginning is there; else a later one that
 * is there as a whole. One thread. */
#ifndef WC_IO_WIMORDER_H
#define WC_IO_WIMORDER_H

#include "common/core/err.h"
#include "common/core/types.h"
#include "common/io/why.h"
#include "common/io/wim.h"

/* Are bytes [offset, offset + count) of part `part` (from 1) there? */
typedef bool wc_wimorder_ready(void *ctx, uint16_t part, uint64_t offset, uint64_t count);

struct wc_wimorder {
    const struct wc_wim *wim; /* borrowed */
    uint16_t image;
    wc_wimorder_ready *ready; /* NULL: everything is there */
    void *ctx;
    uint8_t *wanted;  /* a bit for each blob, LSB first */
    uint32_t *places; /* resources with wanted blobs, in the order of part and offset */
    uint8_t *gone;    /* a bit for each of them */
    uint32_t place_count;
    uint32_t lowest; /* the first that has not gone */
    uint32_t scan;   /* where the search for a later one goes on */
    uint64_t blob_bytes;
    uint64_t name_bytes; /* as often as there are names */
    uint64_t name_count; /* names with data */
};

/* WC_E_NOMEM; WC_E_DIGEST: the WIM lacks what the image needs (`why` has a finding that says which
 * path, and EX_DATAERR); WC_E_RANGE: no such image. *ret is to be deinitialised in any case. */
WC_MUST_USE enum wc_err wc_wimorder_init(struct wc_wimorder *ret, const struct wc_wim *wim,
                                         uint16_t image, struct wc_why *why);
void wc_wimorder_deinit(struct wc_wimorder *o);

bool wc_wimorder_wants(const struct wc_wimorder *o, uint32_t blob);

/* The next resource, which counts as gone; WC_E_AGAIN: none is there (call again soon: a search
 * goes over a part of them at a time); WC_E_CLOSED: all have gone. */
WC_MUST_USE enum wc_err wc_wimorder_next(struct wc_wimorder *o, uint32_t *ret_resource);

#endif
