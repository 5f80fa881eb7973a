/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/resume.h"

#include <stdlib.h>
#include <sysexits.h>

#include "common/core/bitmap.h"
#include "common/io/digest.h"

static uint64_t claimed_bytes(const struct wc_resume *r, const struct wc_partition *p)
{
    uint64_t bytes = 0;
    for (uint32_t sbn = wc_bitmap_find_set(r->have, p->block_count, 0); sbn < p->block_count;
         sbn = wc_bitmap_find_set(r->have, p->block_count, sbn + 1))
        bytes += wc_partition_bytes(p, sbn);
    return bytes;
}

static enum wc_err check_zeros(const struct wc_blockio *io, uint32_t sbn, uint8_t *scratch,
                               struct wc_why *why)
{
    bool is_zero = false;
    enum wc_err err = wc_blockio_is_zero(io, sbn, scratch, &is_zero, NULL);
    if (!err && is_zero)
        return WC_OK;
    return wc_blockio_zero(io, sbn, why);
}

static bool is_right(const struct wc_blockio *io, uint32_t sbn, struct wc_digest *d,
                     uint8_t *scratch)
{
    uint8_t digest[WC_DIGEST_BYTES];
    if (wc_blockio_read(io, sbn, scratch, NULL) != WC_OK)
        return false;
    wc_digest_of(d, scratch, wc_partition_bytes(&io->m->partition, sbn), digest);
    return wc_digest_equal(digest, io->m->block_digests + (size_t)sbn * WC_DIGEST_BYTES);
}

static enum wc_err check(struct wc_resume *r, const struct wc_blockio *io, struct wc_digest *d,
                         uint8_t *scratch, struct wc_why *why)
{
    const struct wc_partition *p = &io->m->partition;
    uint64_t all_bytes = claimed_bytes(r, p);
    uint64_t done_bytes = 0;
    for (uint32_t sbn = wc_bitmap_find_set(r->have, p->block_count, 0); sbn < p->block_count;
         sbn = wc_bitmap_find_set(r->have, p->block_count, sbn + 1)) {
        uint32_t byte_count = wc_partition_bytes(p, sbn);
        if (wc_bitmap_get(r->zero, sbn)) {
            enum wc_err err = check_zeros(io, sbn, scratch, why);
            if (err)
                return err;
        } else if (is_right(io, sbn, d, scratch)) {
            r->resumed_bytes += byte_count;
        } else {
            wc_bitmap_clear(r->have, sbn);
            r->damaged_count++;
        }
        done_bytes += byte_count;
        if (r->progress && !r->progress(r->ctx, done_bytes, all_bytes))
            return wc_why_set(why, WC_E_CLOSED, EX_TEMPFAIL,
                              "stopped while checking what an earlier run left");
    }
    return WC_OK;
}

enum wc_err wc_resume_run(struct wc_resume *r, const struct wc_blockio *io, struct wc_why *why)
{
    const struct wc_partition *p = &io->m->partition;
    r->resumed_bytes = 0;
    r->damaged_count = 0;
    for (size_t i = 0; i < wc_bitmap_words(p->block_count); i++)
        r->have[i] |= r->zero[i];
    struct wc_digest *d = NULL;
    uint8_t *scratch = malloc(((size_t)p->large_symbols + 1) * p->symbol_bytes);
    enum wc_err err = scratch ? wc_digest_new(&d) : WC_E_NOMEM;
    if (err)
        wc_why_set(why, err, EX_OSERR, "cannot check what an earlier run left: %s",
                   wc_err_text(err));
    else
        err = check(r, io, d, scratch, why);
    wc_digest_free(d);
    free(scratch);
    return err;
}
