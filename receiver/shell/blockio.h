/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of a block, wherever they lie: part of one file, or in many. */
#ifndef WC_RECEIVER_SHELL_BLOCKIO_H
#define WC_RECEIVER_SHELL_BLOCKIO_H

#include "receiver/shell/target.h"

/* A visible struct for the store and its helpers alone. */
struct wc_blockio {
    const struct wc_manifest *m;
    const struct wc_file_ops *ops;
    struct wc_target *target; /* the .part files; or NULL and */
    int spool_fd;             /* one temporary file */
    const char *spool_where;  /* its folder, for people */
};

/* Read the block's wc_partition_bytes() bytes. WC_E_SHORT: a file is too short; others of
 * wc_why_errno. */
WC_MUST_USE enum wc_err wc_blockio_read(const struct wc_blockio *io, uint32_t sbn,
                                        uint8_t *ret_bytes, struct wc_why *why);

/* Write them. `is_fresh`: the files never held anything else, so runs of zeros may stay holes.
 * WC_E_FULL, WC_E_IO and others of wc_why_errno. */
WC_MUST_USE enum wc_err wc_blockio_write(const struct wc_blockio *io, uint32_t sbn,
                                         const uint8_t *bytes, bool is_fresh, struct wc_why *why);

/* The block reads as zeros: *ret. `scratch`: room for its bytes; holes are not even read. Errors
 * as read. */
WC_MUST_USE enum wc_err wc_blockio_is_zero(const struct wc_blockio *io, uint32_t sbn,
                                           uint8_t *scratch, bool *ret, struct wc_why *why);

/* Make them zeros. Errors as write. */
WC_MUST_USE enum wc_err wc_blockio_zero(const struct wc_blockio *io, uint32_t sbn,
                                        struct wc_why *why);

#endif
