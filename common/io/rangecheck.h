/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digests of many ranges of one file, compared on all processors; what differs is read twice. */
#ifndef WC_IO_RANGECHECK_H
#define WC_IO_RANGECHECK_H

#include "common/core/err.h"
#include "common/core/limits.h"
#include "common/core/types.h"

/* What reading the same bytes once more gave: a fault of the disk stays, one of memory does not. */
enum wc_again {
    WC_AGAIN_NOT, /* was not tried */
    WC_AGAIN_SAME,
    WC_AGAIN_OTHER, /* wrong, and not as before */
    WC_AGAIN_GOOD,
};

struct wc_range {
    uint64_t offset;
    uint64_t byte_count;
    const uint8_t *expected; /* digest */
};

enum wc_range_digest {
    WC_RANGE_SHA1,
    WC_RANGE_SHA256,
};

struct wc_rangecheck_config {
    int fd;
    enum wc_range_digest digest;
    uint32_t worker_count; /* 1..WC_CREW_MAX */
    uint32_t range_count;
    /* Range `index`; from any thread. */
    struct wc_range (*range)(const void *ctx, uint32_t index);
    const void *ctx;
    void (*progress)(void *ctx, uint64_t done_bytes, uint64_t whole_bytes);
    void *progress_ctx;
    bool (*proceed)(void *ctx); /* asked now and then; false: stop, with WC_E_CLOSED. NULL: go on */
    void *proceed_ctx;
};

struct wc_rangecheck_fault {
    uint32_t index;
    enum wc_err err; /* WC_E_DIGEST; WC_E_SHORT: the file ends before; WC_E_IO */
    int error;       /* errno of WC_E_IO */
    enum wc_again again;
    uint8_t digest[WC_DIGEST_BYTES];
};

/* *ret_faults, ascending, is to be freed. WC_E_NOMEM, WC_E_SYS, WC_E_CRYPTO,
 * WC_E_CLOSED. */
WC_MUST_USE enum wc_err wc_rangecheck_run(const struct wc_rangecheck_config *config,
                                          struct wc_rangecheck_fault **ret_faults,
                                          uint32_t *ret_count);

#endif
