/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/package.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/io/alloc.h"
#include "common/io/digest.h"
#include "tests/support/workdir.h"

enum { FILE_COUNT_MAX = 1024 };

static void fill(struct wc_file *ret, char *path, uint8_t *object, uint32_t seed,
                 const struct wc_package_file *from, struct wc_digest *d)
{
    size_t path_bytes = strlen(from->path);
    memcpy(path, from->path, path_bytes + 1);
    ret->path = path;
    ret->mode = WC_PACKAGE_MODE;
    ret->mtime_s = WC_PACKAGE_MTIME;
    ret->kind = WC_FILE_REGULAR;
    if (path[path_bytes - 1] == '/') {
        path[path_bytes - 1] = '\0';
        ret->kind = WC_FILE_DIRECTORY;
        ret->mode = 0750;
        return;
    }
    ret->byte_count = from->byte_count;
    wc_workdir_pattern(seed, 0, object, from->byte_count);
    if (from->zero_to)
        memset(object + from->zero_from, 0, from->zero_to - from->zero_from);
    wc_digest_of(d, object, from->byte_count, ret->digest);
}

static void seal(struct wc_package *p, const struct wc_manifest *m, struct wc_digest *d)
{
    size_t capacity = wc_manifest_encoded_bytes(m);
    uint8_t *bytes = malloc(capacity);
    assert(bytes);
    enum wc_err err = wc_manifest_encode(m, bytes, capacity, &capacity);
    assert(!err);
    err = wc_manifest_decode(&p->m, bytes, capacity, &wc_alloc_libc);
    assert(!err);
    wc_digest_of(d, bytes, capacity, p->digest);
    free(bytes);
}

void wc_package_make(struct wc_package *p, const struct wc_package_file *files, uint32_t count,
                     uint32_t symbol_bytes, uint32_t block_symbols)
{
    struct wc_manifest m = {.id = "pkg", .version = 1, .block_symbols = block_symbols};
    static char paths[FILE_COUNT_MAX][256];
    struct wc_digest *d = NULL;
    size_t object_bytes = 0;
    assert(count <= FILE_COUNT_MAX);
    for (uint32_t i = 0; i < count; i++)
        object_bytes += files[i].byte_count;
    p->object = malloc(object_bytes + 1);
    m.files = calloc(count, sizeof(m.files[0]));
    m.file_count = count;
    enum wc_err err = wc_digest_new(&d);
    assert(!err && p->object && m.files);
    uint8_t *at = p->object;
    for (uint32_t i = 0; i < count; i++) {
        fill(&m.files[i], paths[i], at, i, &files[i], d);
        at += m.files[i].byte_count;
    }
    err = wc_partition_init(&m.partition, object_bytes, symbol_bytes, block_symbols);
    assert(!err);
    m.block_digests = calloc(m.partition.block_count + 1, WC_DIGEST_BYTES);
    assert(m.block_digests);
    for (uint32_t sbn = 0; sbn < m.partition.block_count; sbn++)
        wc_digest_of(d, p->object + wc_partition_offset(&m.partition, sbn),
                     wc_partition_bytes(&m.partition, sbn),
                     m.block_digests + (size_t)sbn * WC_DIGEST_BYTES);
    seal(p, &m, d);
    wc_digest_free(d);
    free(m.block_digests);
    free(m.files);
}

void wc_package_remove(struct wc_package *p)
{
    wc_manifest_deinit(&p->m, &wc_alloc_libc);
    free(p->object);
    p->object = NULL;
}

const uint8_t *wc_package_block(const struct wc_package *p, uint32_t sbn)
{
    return p->object + wc_partition_offset(&p->m.partition, sbn);
}
