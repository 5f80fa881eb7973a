/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A slot of a journal: of 11 blocks, and of as many as it says itself (in 16 bits). What decodes
 * must encode to the same bytes; the checksum is also put right, so that what it guards is
 * reached. */
#include "receiver/shell/journal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/bitmap.h"

enum { BLOCK_COUNT_MAX = 65535, BYTES_MAX = 16384 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_slot(struct wc_digest *d, const uint8_t *bytes, size_t byte_count,
                     uint32_t block_count)
{
    static const uint8_t manifest_digest[WC_DIGEST_BYTES];
    static uint64_t bitmap[(BLOCK_COUNT_MAX + 63) / 64];
    static uint8_t again[BYTES_MAX];
    struct wc_journal_slot slot = {
        .manifest_digest = manifest_digest, .block_count = block_count, .bitmap = bitmap};
    if (wc_journal_decode(&slot, d, bytes, byte_count) != WC_OK)
        return;
    size_t slot_bytes = wc_journal_slot_bytes(block_count);
    assert(slot_bytes <= byte_count && slot_bytes <= sizeof(again));
    assert(wc_bitmap_find_set(bitmap, block_count, 0) <= block_count);
    wc_journal_encode(&slot, d, again);
    assert(memcmp(bytes, again, slot_bytes) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t bytes[BYTES_MAX];
    static struct wc_digest *d;
    if (size > sizeof(bytes) || (!d && wc_digest_new(&d) != WC_OK))
        return 0;
    uint32_t own_count = size > 51 ? (uint32_t)data[50] << 8 | data[51] : 0;
    const uint32_t counts[] = {11, own_count};
    for (size_t i = 0; i < 2; i++) {
        size_t summed_bytes = wc_journal_slot_bytes(counts[i]) - WC_DIGEST_BYTES;
        try_slot(d, data, size, counts[i]);
        if (summed_bytes + WC_DIGEST_BYTES > size)
            continue;
        memcpy(bytes, data, size);
        wc_digest_of(d, bytes, summed_bytes, bytes + summed_bytes);
        try_slot(d, bytes, size, counts[i]);
    }
    return 0;
}
