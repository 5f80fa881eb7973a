/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks come in at most three sizes: large, small, and the last one. So a few hashes of zeros
 * answer for all of them. */
#include "common/io/zeroblock.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/bitmap.h"
#include "common/io/digest.h"

#define SIZE_COUNT_MAX 3u

struct zeros {
    struct wc_digest *digest;
    uint8_t *bytes;
    uint32_t size_count;
    uint32_t sizes[SIZE_COUNT_MAX];
    uint8_t digests[SIZE_COUNT_MAX][WC_DIGEST_BYTES];
};

/* The digest of `byte_count` zeros: from the table, or made and kept there. */
static const uint8_t *zeros_digest(struct zeros *z, uint32_t byte_count)
{
    uint32_t i = 0;
    while (i < z->size_count && z->sizes[i] != byte_count)
        i++;
    if (i == z->size_count) {
        assert(i < SIZE_COUNT_MAX);
        z->sizes[i] = byte_count;
        wc_digest_of(z->digest, z->bytes, byte_count, z->digests[i]);
        z->size_count++;
    }
    return z->digests[i];
}

enum wc_err wc_zeroblock_find(const struct wc_manifest *m, uint64_t *bitmap, uint32_t *ret_count)
{
    const struct wc_partition *p = &m->partition;
    struct zeros z = {0};
    enum wc_err err = wc_digest_new(&z.digest);
    if (err)
        return err;
    z.bytes = calloc((size_t)p->large_symbols + 1, p->symbol_bytes);
    if (!z.bytes) {
        wc_digest_free(z.digest);
        return WC_E_NOMEM;
    }
    uint32_t count = 0;
    for (uint32_t sbn = 0; sbn < p->block_count; sbn++) {
        const uint8_t *expected = zeros_digest(&z, wc_partition_bytes(p, sbn));
        if (memcmp(m->block_digests + (size_t)sbn * WC_DIGEST_BYTES, expected, WC_DIGEST_BYTES))
            continue;
        wc_bitmap_set(bitmap, sbn);
        count++;
    }
    free(z.bytes);
    wc_digest_free(z.digest);
    *ret_count = count;
    return WC_OK;
}
