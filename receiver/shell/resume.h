/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an earlier run left is only a claim: every block is read and hashed again before it
 * counts. */
#ifndef WC_RECEIVER_SHELL_RESUME_H
#define WC_RECEIVER_SHELL_RESUME_H

#include "receiver/shell/blockio.h"

struct wc_resume {
    const uint64_t *zero; /* blocks that must be zeros: they are made so where they are not */
    uint64_t *have;       /* in: what the journal claims; out: what is right, zero blocks too */
    bool (*progress)(void *ctx, uint64_t done_bytes, uint64_t bytes); /* false: stop; may be NULL */
    void *ctx;
    uint64_t resumed_bytes; /* out: of claimed blocks that are right, without zero blocks */
    uint32_t damaged_count; /* out: claimed blocks that are not */
};

/* All fields but the last two are the caller's. WC_E_CLOSED: progress said stop; WC_E_NOMEM,
 * WC_E_CRYPTO; as wc_blockio_write for zero blocks. A block that cannot be read is a damaged
 * one. */
WC_MUST_USE enum wc_err wc_resume_run(struct wc_resume *r, const struct wc_blockio *io,
                                      struct wc_why *why);

#endif
