/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What decodes must encode to the bytes that were read (fields of later versions may follow
 * them). */
#include <assert.h>
#include <string.h>

#include "common/core/announce.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wc_announce a;
    if (wc_announce_decode(data, size, &a))
        return 0;
    uint8_t bytes[WC_ANNOUNCE_BYTES_MAX];
    size_t byte_count = 0;
    enum wc_err err = wc_announce_encode(&a, bytes, sizeof(bytes), &byte_count);
    assert(!err && byte_count <= size);
    assert(memcmp(bytes, data, byte_count) == 0);
    return 0;
}
