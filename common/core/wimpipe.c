/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/wimpipe.h"

#include <assert.h>
#include <string.h>

#include "common/core/cursor.h"

#define VERSION       0x10d00u
#define VERSION_SOLID 0xe00u
#define BLOB_MAGIC    0x2b9b9ba2443db9d8ull

/* Flags of the header that say how data is compressed, and that links are mended. */
#define FLAGS_KEPT 0x00ff0082u

/* A little-endian number. */
static void put(struct wc_writer *w, uint64_t value, size_t byte_count)
{
    for (size_t i = 0; i < byte_count; i++)
        wc_put_u8(w, (uint8_t)(value >> (8 * i)));
}

void wc_wimpipe_header(uint8_t ret[WC_WIM_HEADER_BYTES], const struct wc_wim_header *source)
{
    struct wc_writer w = wc_writer_of(ret, WC_WIM_HEADER_BYTES);
    memset(ret, 0, WC_WIM_HEADER_BYTES);
    wc_put_bytes(&w, "WLPWM\0\0\0", 8);
    put(&w, WC_WIM_HEADER_BYTES, 4);
    put(&w, source->allows_solid ? VERSION_SOLID : VERSION, 4);
    put(&w, source->flags & FLAGS_KEPT, 4);
    put(&w, source->chunk_bytes, 4);
    wc_put_bytes(&w, source->guid, sizeof source->guid);
    put(&w, 1, 2); /* part */
    put(&w, 1, 2); /* of so many */
    put(&w, 1, 4); /* images */
    assert(!w.failed);
}

void wc_wimpipe_blob_head(uint8_t ret[WC_WIM_BLOB_HEAD_BYTES], uint64_t plain_bytes,
                          const uint8_t sha1[WC_SHA1_BYTES], uint8_t flags)
{
    assert(plain_bytes > 0);
    struct wc_writer w = wc_writer_of(ret, WC_WIM_BLOB_HEAD_BYTES);
    put(&w, BLOB_MAGIC, 8);
    put(&w, plain_bytes, 8);
    wc_put_bytes(&w, sha1, WC_SHA1_BYTES);
    put(&w, flags, 4);
    assert(!w.failed && w.left == 0);
}

void wc_wimpipe_chunk_head(uint8_t ret[WC_WIM_PIPE_CHUNK_BYTES], uint32_t stored_bytes)
{
    struct wc_writer w = wc_writer_of(ret, WC_WIM_PIPE_CHUNK_BYTES);
    put(&w, stored_bytes, WC_WIM_PIPE_CHUNK_BYTES);
}

bool wc_wimpipe_passes(const struct wc_wim_header *source, const struct wc_wim_form *form)
{
    return !form->solid && (!form->compression || (form->compression == source->compression &&
                                                   form->chunk_bytes == source->chunk_bytes));
}

size_t wc_wimpipe_xml(uint8_t ret[WC_WIMPIPE_XML_BYTES], uint64_t byte_count)
{
    static const char before[] = "<WIM><IMAGE INDEX=\"1\"><TOTALBYTES>";
    static const char after[] = "</TOTALBYTES></IMAGE></WIM>";
    char digits[20];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + byte_count % 10);
        byte_count /= 10;
    } while (byte_count);
    struct wc_writer w = wc_writer_of(ret, WC_WIMPIPE_XML_BYTES);
    put(&w, 0xfeff, 2);
    for (const char *c = before; *c; c++)
        put(&w, (uint8_t)*c, 2);
    for (size_t i = first; i < sizeof digits; i++)
        put(&w, (uint8_t)digits[i], 2);
    for (const char *c = after; *c; c++)
        put(&w, (uint8_t)*c, 2);
    assert(!w.failed);
    return WC_WIMPIPE_XML_BYTES - w.left;
}
