/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which names of a WIM are verified while its blocks come in: those of a blob are once every block
 * is in that its stored bytes touch. A block is taken for in when its SHA-256 was that of the
 * signed manifest, so the names are as they were published.
 *
 * A blob in a resource of its own has all of that resource's bytes, and what stands before it. One
 * of a solid resource has the chunks that it lies in. All names of a blob count, in all images;
 * those without data do not (wc_wimmap_countable). */
#ifndef WC_CORE_WIMCOUNT_H
#define WC_CORE_WIMCOUNT_H

#include "common/core/err.h"
#include "common/core/partition.h"
#include "common/core/types.h"
#include "common/core/wimmap.h"

/* Where a part's file is in the object. */
struct wc_wimcount_part {
    uint64_t offset;
    uint64_t byte_count; /* 0: the object does not have it */
};

struct wc_wimcount_config {
    const struct wc_wimmap *map; /* sealed; borrowed until free */
    struct wc_partition partition;
    const struct wc_wimcount_part *parts; /* of the map's part 1, 2, ...; borrowed until return */
    uint16_t part_count;
    /* The stored bytes, counted from the first one of its resource, that hold a blob of a solid
     * resource. Called for the blobs in ascending order. False: not known, so it takes the whole
     * resource; so do all if it is NULL. */
    bool (*locate)(void *ctx, uint32_t blob, uint64_t *ret_from, uint64_t *ret_to);
    void *ctx;
};

struct wc_wimcount;

/* Blobs of parts that the object does not have, or that lie outside of their file, are never
 * complete; the names of the others are `total`. WC_E_NOMEM, WC_E_TOO_LARGE. */
WC_MUST_USE enum wc_err wc_wimcount_new(struct wc_wimcount **ret,
                                        const struct wc_wimcount_config *config,
                                        const struct wc_alloc *alloc);
void wc_wimcount_free(struct wc_wimcount *c);

/* Block `sbn` is in; any block of the object, in any order. Once more: nothing happens. */
void wc_wimcount_block(struct wc_wimcount *c, uint32_t sbn);
/* The blobs that it completed, until false; the names of each are verified now. To be called until
 * then before the next block. */
WC_MUST_USE bool wc_wimcount_next(struct wc_wimcount *c, uint32_t *ret_blob);

uint32_t wc_wimcount_verified(const struct wc_wimcount *c);
uint32_t wc_wimcount_total(const struct wc_wimcount *c);

#endif
