/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What decodes must encode to the bytes that were read. */
#include <assert.h>
#include <string.h>

#include "common/core/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wc_header header;
    if (wc_header_decode(data, size, &header))
        return 0;
    uint8_t bytes[WC_HEADER_BYTES];
    wc_header_encode(&header, bytes);
    assert(memcmp(bytes, data, sizeof(bytes)) == 0);
    return 0;
}
