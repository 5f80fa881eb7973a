/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a header, as tables, as an image's metadata: nothing leads outside of what is there,
 * and memory stays in proportion to the input. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/wimheader.h"
#include "common/core/wimmap.h"
#include "common/core/wimtree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *heap_zalloc(void *ctx, size_t count, size_t size)
{
    size_t *left = ctx;
    assert(count && size && count <= *left / size);
    *left -= count * size;
    return calloc(count, size);
}

static void heap_free(void *ctx, void *mem)
{
    (void)ctx;
    free(mem);
}

/* Chunks of any resource lie inside of it, one behind the other. */
static void check_layout(const uint8_t *data, size_t size)
{
    struct wc_reader r = wc_reader_of(data, size);
    uint8_t bits = wc_get_u8(&r);
    struct wc_wim_form form = {
        .compression = (enum wc_wim_compression)(bits & 3),
        .chunk_bytes = 1u << (bits >> 2 & 31),
        .solid = bits & 0x80,
        .pipable = wc_get_u8(&r) & 1,
        .stored_bytes = wc_wim_get(&r, 3),
        .plain_bytes = wc_wim_get(&r, 4),
    };
    struct wc_wim_layout l;
    if (form.solid)
        form.pipable = false;
    if (r.failed || wc_wim_layout_init(&l, &form))
        return;
    const uint8_t *table = wc_get_bytes(&r, l.table_bytes);
    uint64_t at = 0;
    for (uint32_t i = 0; table && i < l.chunk_count; i++) {
        struct wc_wim_chunk c;
        if (wc_wim_layout_chunk(&l, table, i, &at, &c))
            continue;
        assert(c.stored_bytes && c.stored_bytes <= c.plain_bytes);
        assert(c.offset >= l.before_bytes);
        assert(wc_wim_fits(c.offset, c.stored_bytes, form.stored_bytes));
    }
}

static void check_tables(const uint8_t *data, size_t size)
{
    struct wc_wim_header h;
    struct wc_wim_integrity t;
    const char *reason;
    if (size < WC_WIM_HEADER_BYTES || wc_wim_header_decode(&h, data, &reason))
        return;
    assert(h.part && h.part <= h.part_count && h.image_count <= WC_WIM_IMAGES_MAX);
    data += WC_WIM_HEADER_BYTES;
    size -= WC_WIM_HEADER_BYTES;
    if (!wc_wim_integrity_decode(&t, &h, data, size))
        assert(t.digests + (size_t)t.digest_count * WC_SHA1_BYTES == data + size);
    for (; size >= WC_WIM_ENTRY_BYTES; data += WC_WIM_ENTRY_BYTES, size -= WC_WIM_ENTRY_BYTES) {
        struct wc_wim_entry e = wc_wim_entry_decode(data);
        assert(e.place.stored_bytes >> 56 == 0);
    }
}

/* Names come in proportion; each has a path, and each blob its names. */
static void check_tree(const uint8_t *data, size_t size)
{
    size_t left = 1024 * 1024 + 64 * size;
    struct wc_alloc alloc = {.zalloc = heap_zalloc, .free = heap_free, .ctx = &left};
    struct wc_wimmap *map = wc_wimmap_new(&alloc);
    uint32_t resource;
    size_t at;
    char path[64];
    enum wc_err err = wc_wimmap_add_resource(map, &(struct wc_wim_resource){.part = 1}, &resource);
    for (size_t i = 0; !err && i + 20 <= size && i < 400; i += 20) {
        struct wc_wim_blob b = {.offset = i, .byte_count = 1};
        memcpy(b.sha1, data + i, sizeof b.sha1);
        err = wc_wimmap_add_blob(map, &b);
    }
    if (!err)
        err = wc_wimmap_index(map);
    assert(!err);
    err = wc_wimtree_read(map, 1, data, size, &at);
    assert(!err || err == WC_E_FORMAT || err == WC_E_TOO_LARGE);
    err = wc_wimmap_seal(map);
    assert(!err);
    for (uint32_t i = 0; i < wc_wimmap_name_count(map); i++)
        assert(*wc_wimmap_path(map, i, path, sizeof path));
    uint32_t sum = 0, count;
    for (uint32_t i = 0; i < wc_wimmap_blob_count(map); i++) {
        (void)wc_wimmap_names(map, i, &count);
        sum += count;
    }
    assert(sum <= wc_wimmap_name_count(map));
    wc_wimmap_free(map);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_layout(data, size);
    check_tables(data, size);
    check_tree(data, size);
    return 0;
}
