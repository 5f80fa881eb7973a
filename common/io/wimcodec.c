/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/wimcodec.h"

#include <stdlib.h>
#include <wimlib.h>

struct wc_wimcodec {
    struct wimlib_decompressor *decompressor;
    enum wc_wim_compression compression;
    uint32_t chunk_bytes;
};

_Static_assert((int)WC_WIM_XPRESS == WIMLIB_COMPRESSION_TYPE_XPRESS &&
                   (int)WC_WIM_LZX == WIMLIB_COMPRESSION_TYPE_LZX &&
                   (int)WC_WIM_LZMS == WIMLIB_COMPRESSION_TYPE_LZMS,
               "one numbering");

enum wc_err wc_wimcodec_new(struct wc_wimcodec **ret, enum wc_wim_compression compression,
                            uint32_t chunk_bytes)
{
    struct wc_wimcodec *c = calloc(1, sizeof *c);
    if (!c)
        return WC_E_NOMEM;
    c->compression = compression;
    c->chunk_bytes = chunk_bytes;
    int error = wimlib_create_decompressor((enum wimlib_compression_type)compression, chunk_bytes,
                                           &c->decompressor);
    if (error) {
        free(c);
        return error == WIMLIB_ERR_NOMEM ? WC_E_NOMEM : WC_E_TYPE;
    }
    *ret = c;
    return WC_OK;
}

void wc_wimcodec_free(struct wc_wimcodec *c)
{
    if (!c)
        return;
    wimlib_free_decompressor(c->decompressor);
    free(c);
}

bool wc_wimcodec_is(const struct wc_wimcodec *c, enum wc_wim_compression compression,
                    uint32_t chunk_bytes)
{
    return c && c->compression == compression && c->chunk_bytes == chunk_bytes;
}

enum wc_err wc_wimcodec_run(struct wc_wimcodec *c, const void *stored, size_t stored_bytes,
                            void *plain, size_t plain_bytes)
{
    int error = wimlib_decompress(stored, stored_bytes, plain, plain_bytes, c->decompressor);
    return error ? WC_E_FORMAT : WC_OK;
}
