/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One manifest has one encoding: what decodes must encode to the bytes that were read. With
 * sections of later versions, which encode does not know, it must be shorter and decode once
 * more. Memory stays in proportion to the input. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/manifest.h"

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

/* Any offset must lead to a file that holds it. */
static void check_files(const struct wc_manifest *m)
{
    for (uint32_t i = 0; i < m->file_count; i++) {
        const struct wc_file *file = &m->files[i];
        assert(wc_path_check(file->path, strlen(file->path)) == WC_OK);
        if (file->byte_count)
            assert(wc_manifest_file_at(m, file->offset) == i);
    }
    assert(wc_manifest_file_at(m, m->partition.object_bytes) == m->file_count);
}

static void check_encoding(const struct wc_manifest *m, const uint8_t *data, size_t size,
                           const struct wc_alloc *alloc)
{
    size_t byte_count = wc_manifest_encoded_bytes(m);
    assert(byte_count <= size);
    uint8_t *bytes = malloc(byte_count);
    assert(bytes);
    size_t written = 0;
    enum wc_err err = wc_manifest_encode(m, bytes, byte_count, &written);
    assert(!err && written == byte_count);
    if (byte_count == size) {
        assert(memcmp(bytes, data, size) == 0);
    } else {
        struct wc_manifest again;
        err = wc_manifest_decode(&again, bytes, byte_count, alloc);
        assert(!err && again.file_count == m->file_count);
        wc_manifest_deinit(&again, alloc);
    }
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t left = 2 * 3 * size;
    struct wc_alloc alloc = {.zalloc = heap_zalloc, .free = heap_free, .ctx = &left};
    struct wc_manifest m;
    if (wc_manifest_decode(&m, data, size, &alloc))
        return 0;
    check_files(&m);
    check_encoding(&m, data, size, &alloc);
    wc_manifest_deinit(&m, &alloc);
    return 0;
}
