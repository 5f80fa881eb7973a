/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encode and decode share one check, so that nothing can be signed that a receiver refuses.
 * Decode takes its memory in pieces (files, paths, block digests, WIMs, runs) whose sizes follow
 * from bytes that are there. */
#include "common/core/manifest.h"

#include <assert.h>
#include <string.h>

#include "common/core/path.h"
#include "common/core/text.h"

#define MANIFEST_VERSION   1
#define HEAD_BYTES         6u /* magic and version */
#define SECTION_HEAD_BYTES 6u /* type and length */
#define LAYOUT_BYTES       16u
#define FILE_FIXED_BYTES   55u /* of a file, all but its path */
#define COUNT_BYTES        4u
#define WIM_BYTES          12u
#define RUN_BYTES          8u
#define MODE_MAX           0777u

enum section {
    SECTION_PACKAGE = 1,
    SECTION_LAYOUT = 2,
    SECTION_FILES = 3,
    SECTION_BLOCKS = 4,
    SECTION_COUNT = 4, /* of those that are always there */
    SECTION_WIMS = 5,
    SECTION_FIRST = 6,
};

static const uint8_t magic[4] = {'W', 'C', 'M', 'F'};

/* --- what a manifest may hold --- */

enum wc_err wc_package_id_check(const char *id, size_t byte_count)
{
    if (!byte_count || byte_count > WC_NAME_BYTES_MAX || id[0] == '.' || id[0] == '-')
        return WC_E_FORMAT;
    for (size_t i = 0; i < byte_count; i++) {
        char c = id[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool is_digit = c >= '0' && c <= '9';
        if (!is_letter && !is_digit && c != '.' && c != '_' && c != '-')
            return WC_E_FORMAT;
    }
    return WC_OK;
}

/* True if one of `files`, which ascend, is a regular file at the path of byte_count bytes. */
static bool has_regular(const struct wc_file *files, uint32_t file_count, const char *path,
                        size_t byte_count)
{
    uint32_t low = 0;
    uint32_t high = file_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strncmp(files[middle].path, path, byte_count);
        if (!order && !files[middle].path[byte_count])
            return files[middle].kind == WC_FILE_REGULAR;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* The order of a file's path against the one before it, and that no regular file is also a
 * directory. Paths that begin alike stand together. So a directory on the way to this path was
 * looked up with an earlier path already, but for the one at which the path parts from its
 * predecessor. */
static enum wc_err check_order(const struct wc_file *files, uint32_t index)
{
    if (!index)
        return WC_OK;
    const char *before = files[index - 1].path;
    const char *path = files[index].path;
    size_t common = 0;
    while (path[common] && path[common] == before[common])
        common++;
    if ((uint8_t)path[common] <= (uint8_t)before[common])
        return WC_E_FORMAT;
    if (path[common] == '/' && has_regular(files, index, path, common))
        return WC_E_PATH;
    return WC_OK;
}

static enum wc_err check_file(const struct wc_file *file)
{
    static const uint8_t zeros[WC_DIGEST_BYTES];
    enum wc_err err = wc_path_check(file->path, strlen(file->path));
    if (err)
        return err;
    if (file->mode > MODE_MAX || file->byte_count > INT64_MAX)
        return WC_E_RANGE;
    if (file->kind == WC_FILE_REGULAR)
        return WC_OK;
    if (file->kind != WC_FILE_DIRECTORY || file->byte_count)
        return WC_E_FORMAT;
    return memcmp(file->digest, zeros, sizeof(zeros)) == 0 ? WC_OK : WC_E_FORMAT;
}

static enum wc_err check_files(const struct wc_manifest *m)
{
    uint64_t left = m->partition.object_bytes;
    for (uint32_t i = 0; i < m->file_count; i++) {
        enum wc_err err = check_file(&m->files[i]);
        if (!err)
            err = check_order(m->files, i);
        if (err)
            return err;
        if (m->files[i].byte_count > left)
            return WC_E_FORMAT;
        left -= m->files[i].byte_count;
    }
    return left ? WC_E_FORMAT : WC_OK;
}

static enum wc_err check_layout(const struct wc_manifest *m)
{
    const struct wc_partition *p = &m->partition;
    struct wc_partition expected;
    enum wc_err err =
        wc_partition_init(&expected, p->object_bytes, p->symbol_bytes, m->block_symbols);
    if (err)
        return err;
    bool is_same =
        p->block_count == expected.block_count && p->large_count == expected.large_count &&
        p->large_symbols == expected.large_symbols && p->small_symbols == expected.small_symbols &&
        p->symbol_count == expected.symbol_count;
    return is_same ? WC_OK : WC_E_FORMAT;
}

/* What holds the header of a WIM, in ascending order. */
static enum wc_err check_wims(const struct wc_manifest *m)
{
    for (uint32_t i = 0; i < m->wim_count; i++) {
        const struct wc_manifest_wim *wim = &m->wims[i];
        if (wim->file >= m->file_count)
            return WC_E_RANGE;
        const struct wc_file *file = &m->files[wim->file];
        if ((i && wim->file <= m->wims[i - 1].file) || file->kind != WC_FILE_REGULAR ||
            !file->byte_count)
            return WC_E_FORMAT;
    }
    return WC_OK;
}

/* In ascending order, with blocks between them that are in none. */
static enum wc_err check_first(const struct wc_manifest *m)
{
    uint32_t count = m->partition.block_count;
    uint64_t from = 0; /* the lowest block that the next may begin with */
    for (uint32_t i = 0; i < m->first_count; i++) {
        const struct wc_manifest_run *run = &m->first[i];
        if (run->sbn >= count || run->block_count > count - run->sbn)
            return WC_E_RANGE;
        if (run->sbn < from || !run->block_count)
            return WC_E_FORMAT;
        from = (uint64_t)run->sbn + run->block_count + 1;
    }
    return WC_OK;
}

static enum wc_err check(const struct wc_manifest *m)
{
    if (!memchr(m->id, '\0', sizeof(m->id)))
        return WC_E_FORMAT;
    enum wc_err err = wc_package_id_check(m->id, strlen(m->id));
    if (!err)
        err = check_layout(m);
    if (!err && m->file_count > WC_FILES_MAX)
        err = WC_E_TOO_LARGE;
    if (!err)
        err = check_files(m);
    if (!err)
        err = check_wims(m);
    return err ? err : check_first(m);
}

/* --- encode --- */

static size_t package_section_bytes(const struct wc_manifest *m)
{
    return 2 + strlen(m->id) + 4;
}

static size_t files_section_bytes(const struct wc_manifest *m)
{
    size_t bytes = COUNT_BYTES;
    for (uint32_t i = 0; i < m->file_count; i++)
        bytes += FILE_FIXED_BYTES + strlen(m->files[i].path);
    return bytes;
}

static size_t blocks_section_bytes(const struct wc_manifest *m)
{
    return COUNT_BYTES + (size_t)m->partition.block_count * WC_DIGEST_BYTES;
}

static size_t wims_section_bytes(const struct wc_manifest *m)
{
    return COUNT_BYTES + (size_t)m->wim_count * WIM_BYTES;
}

static size_t first_section_bytes(const struct wc_manifest *m)
{
    return COUNT_BYTES + (size_t)m->first_count * RUN_BYTES;
}

size_t wc_manifest_encoded_bytes(const struct wc_manifest *m)
{
    size_t bytes = HEAD_BYTES + SECTION_COUNT * SECTION_HEAD_BYTES + package_section_bytes(m) +
                   LAYOUT_BYTES + files_section_bytes(m) + blocks_section_bytes(m);
    if (m->wim_count)
        bytes += SECTION_HEAD_BYTES + wims_section_bytes(m);
    if (m->first_count)
        bytes += SECTION_HEAD_BYTES + first_section_bytes(m);
    return bytes;
}

static void section_put(struct wc_writer *w, enum section type, size_t byte_count)
{
    wc_put_u16(w, (uint16_t)type);
    wc_put_u32(w, (uint32_t)byte_count);
}

static void file_put(struct wc_writer *w, const struct wc_file *file)
{
    wc_put_u8(w, file->kind);
    wc_put_u32(w, file->mode);
    wc_put_u64(w, (uint64_t)file->mtime_s);
    wc_put_u64(w, file->byte_count);
    wc_text_put(w, file->path, WC_PATH_BYTES_MAX + 1);
    wc_put_bytes(w, file->digest, sizeof(file->digest));
}

static void wims_put(struct wc_writer *w, const struct wc_manifest *m)
{
    section_put(w, SECTION_WIMS, wims_section_bytes(m));
    wc_put_u32(w, m->wim_count);
    for (uint32_t i = 0; i < m->wim_count; i++) {
        wc_put_u32(w, m->wims[i].file);
        wc_put_u32(w, m->wims[i].image_count);
        wc_put_u32(w, m->wims[i].name_count);
    }
}

static void first_put(struct wc_writer *w, const struct wc_manifest *m)
{
    section_put(w, SECTION_FIRST, first_section_bytes(m));
    wc_put_u32(w, m->first_count);
    for (uint32_t i = 0; i < m->first_count; i++) {
        wc_put_u32(w, m->first[i].sbn);
        wc_put_u32(w, m->first[i].block_count);
    }
}

static void manifest_put(struct wc_writer *w, const struct wc_manifest *m)
{
    wc_put_bytes(w, magic, sizeof(magic));
    wc_put_u16(w, MANIFEST_VERSION);
    section_put(w, SECTION_PACKAGE, package_section_bytes(m));
    wc_text_put(w, m->id, sizeof(m->id));
    wc_put_u32(w, m->version);
    section_put(w, SECTION_LAYOUT, LAYOUT_BYTES);
    wc_put_u32(w, m->partition.symbol_bytes);
    wc_put_u32(w, m->block_symbols);
    wc_put_u64(w, m->partition.object_bytes);
    section_put(w, SECTION_FILES, files_section_bytes(m));
    wc_put_u32(w, m->file_count);
    for (uint32_t i = 0; i < m->file_count; i++)
        file_put(w, &m->files[i]);
    section_put(w, SECTION_BLOCKS, blocks_section_bytes(m));
    wc_put_u32(w, m->partition.block_count);
    wc_put_bytes(w, m->block_digests, (size_t)m->partition.block_count * WC_DIGEST_BYTES);
    if (m->wim_count)
        wims_put(w, m);
    if (m->first_count)
        first_put(w, m);
}

enum wc_err wc_manifest_encode(const struct wc_manifest *m, uint8_t *bytes, size_t capacity,
                               size_t *ret_byte_count)
{
    enum wc_err err = check(m);
    if (err)
        return err;
    size_t byte_count = wc_manifest_encoded_bytes(m);
    if (byte_count > WC_MANIFEST_BYTES_MAX)
        return WC_E_TOO_LARGE;
    if (byte_count > capacity)
        return WC_E_SHORT;
    struct wc_writer w = wc_writer_of(bytes, byte_count);
    manifest_put(&w, m);
    assert(!w.failed && !w.left);
    *ret_byte_count = byte_count;
    return WC_OK;
}

/* --- decode --- */

static enum wc_err package_get(struct wc_reader *r, struct wc_manifest *m)
{
    enum wc_err err = wc_text_get(r, m->id, sizeof(m->id));
    m->version = wc_get_u32(r);
    if (err)
        return err;
    return r->failed ? WC_E_SHORT : WC_OK;
}

static enum wc_err layout_get(struct wc_reader *r, struct wc_manifest *m)
{
    uint32_t symbol_bytes = wc_get_u32(r);
    m->block_symbols = wc_get_u32(r);
    uint64_t object_bytes = wc_get_u64(r);
    if (r->failed)
        return WC_E_SHORT;
    return wc_partition_init(&m->partition, object_bytes, symbol_bytes, m->block_symbols);
}

/* The path's bytes go to `paths`. */
static enum wc_err file_get(struct wc_reader *r, struct wc_writer *paths, struct wc_file *file)
{
    file->kind = wc_get_u8(r);
    file->mode = wc_get_u32(r);
    file->mtime_s = (int64_t)wc_get_u64(r);
    file->byte_count = wc_get_u64(r);
    uint16_t path_bytes = wc_get_u16(r);
    const uint8_t *path = wc_get_bytes(r, path_bytes);
    const uint8_t *digest = wc_get_bytes(r, sizeof(file->digest));
    if (!path || !digest)
        return WC_E_SHORT;
    if (memchr(path, '\0', path_bytes))
        return WC_E_PATH;
    file->path = (const char *)paths->at;
    wc_put_bytes(paths, path, path_bytes);
    wc_put_u8(paths, '\0');
    memcpy(file->digest, digest, sizeof(file->digest));
    return paths->failed ? WC_E_SHORT : WC_OK;
}

static enum wc_err files_get(struct wc_reader *r, struct wc_manifest *m,
                             const struct wc_alloc *alloc)
{
    uint32_t count = wc_get_u32(r);
    if (r->failed)
        return WC_E_SHORT;
    if (count > WC_FILES_MAX)
        return WC_E_TOO_LARGE;
    if (count > r->left / (FILE_FIXED_BYTES + 1))
        return WC_E_SHORT;
    if (!count)
        return WC_OK;
    /* What is left holds all paths and the fixed bytes of each file; add one NUL each. */
    size_t paths_bytes = r->left - (size_t)count * (FILE_FIXED_BYTES - 1);
    m->files = alloc->zalloc(alloc->ctx, count, sizeof(m->files[0]));
    m->path_bytes = alloc->zalloc(alloc->ctx, paths_bytes, 1);
    if (!m->files || !m->path_bytes)
        return WC_E_NOMEM;
    struct wc_writer paths = wc_writer_of(m->path_bytes, paths_bytes);
    for (; m->file_count < count; m->file_count++) {
        enum wc_err err = file_get(r, &paths, &m->files[m->file_count]);
        if (err)
            return err;
    }
    return WC_OK;
}

static enum wc_err blocks_get(struct wc_reader *r, struct wc_manifest *m,
                              const struct wc_alloc *alloc)
{
    uint32_t count = wc_get_u32(r);
    if (r->failed)
        return WC_E_SHORT;
    if (count != m->partition.block_count)
        return WC_E_FORMAT;
    size_t byte_count = (size_t)count * WC_DIGEST_BYTES;
    const uint8_t *digests = wc_get_bytes(r, byte_count);
    if (!digests)
        return WC_E_SHORT;
    if (!count)
        return WC_OK;
    m->block_digests = alloc->zalloc(alloc->ctx, count, WC_DIGEST_BYTES);
    if (!m->block_digests)
        return WC_E_NOMEM;
    memcpy(m->block_digests, digests, byte_count);
    return WC_OK;
}

/* The count that a section of items of item_bytes begins with: exactly as many follow, and one at
 * least, since an empty section is left out. */
static enum wc_err item_count_get(struct wc_reader *r, size_t item_bytes, uint32_t *ret)
{
    uint32_t count = wc_get_u32(r);
    if (r->failed || count > r->left / item_bytes)
        return WC_E_SHORT;
    if (!count)
        return WC_E_FORMAT;
    *ret = count;
    return WC_OK;
}

static enum wc_err wims_get(struct wc_reader *r, struct wc_manifest *m,
                            const struct wc_alloc *alloc)
{
    uint32_t count;
    enum wc_err err = item_count_get(r, WIM_BYTES, &count);
    if (err)
        return err;
    if (count > WC_WIMS_MAX)
        return WC_E_TOO_LARGE;
    m->wims = alloc->zalloc(alloc->ctx, count, sizeof(m->wims[0]));
    if (!m->wims)
        return WC_E_NOMEM;
    for (; m->wim_count < count; m->wim_count++) {
        struct wc_manifest_wim *wim = &m->wims[m->wim_count];
        wim->file = wc_get_u32(r);
        wim->image_count = wc_get_u32(r);
        wim->name_count = wc_get_u32(r);
    }
    return WC_OK;
}

static enum wc_err first_get(struct wc_reader *r, struct wc_manifest *m,
                             const struct wc_alloc *alloc)
{
    uint32_t count;
    enum wc_err err = item_count_get(r, RUN_BYTES, &count);
    if (err)
        return err;
    if (count > WC_FIRST_RUNS_MAX)
        return WC_E_TOO_LARGE;
    m->first = alloc->zalloc(alloc->ctx, count, sizeof(m->first[0]));
    if (!m->first)
        return WC_E_NOMEM;
    for (; m->first_count < count; m->first_count++) {
        struct wc_manifest_run *run = &m->first[m->first_count];
        run->sbn = wc_get_u32(r);
        run->block_count = wc_get_u32(r);
    }
    return WC_OK;
}

static enum wc_err section_get(uint16_t type, struct wc_reader *r, struct wc_manifest *m,
                               const struct wc_alloc *alloc)
{
    enum wc_err err = WC_OK;
    switch (type) {
    case SECTION_PACKAGE:
        err = package_get(r, m);
        break;
    case SECTION_LAYOUT:
        err = layout_get(r, m);
        break;
    case SECTION_FILES:
        err = files_get(r, m, alloc);
        break;
    case SECTION_BLOCKS:
        err = blocks_get(r, m, alloc);
        break;
    case SECTION_WIMS:
        err = wims_get(r, m, alloc);
        break;
    case SECTION_FIRST:
        err = first_get(r, m, alloc);
        break;
    default: /* of a later version */
        return WC_OK;
    }
    if (err)
        return err;
    return r->left ? WC_E_FORMAT : WC_OK;
}

static enum wc_err sections_get(struct wc_reader *r, struct wc_manifest *m,
                                const struct wc_alloc *alloc)
{
    uint16_t type = 0;
    uint32_t known_count = 0;
    while (r->left) {
        uint16_t type_before = type;
        type = wc_get_u16(r);
        uint32_t byte_count = wc_get_u32(r);
        const uint8_t *body = wc_get_bytes(r, byte_count);
        if (!body)
            return WC_E_SHORT;
        if (type <= type_before)
            return WC_E_FORMAT;
        struct wc_reader section = wc_reader_of(body, byte_count);
        enum wc_err err = section_get(type, &section, m, alloc);
        if (err)
            return err;
        known_count += type <= SECTION_COUNT;
    }
    if (known_count == SECTION_COUNT)
        return WC_OK;
    return type < SECTION_COUNT ? WC_E_SHORT : WC_E_FORMAT;
}

static enum wc_err manifest_get(struct wc_reader *r, struct wc_manifest *m,
                                const struct wc_alloc *alloc)
{
    if (r->left > WC_MANIFEST_BYTES_MAX)
        return WC_E_TOO_LARGE;
    const uint8_t *head = wc_get_bytes(r, sizeof(magic));
    uint16_t version = wc_get_u16(r);
    if (r->failed)
        return WC_E_SHORT;
    if (memcmp(head, magic, sizeof(magic)) != 0)
        return WC_E_FORMAT;
    if (version != MANIFEST_VERSION)
        return WC_E_VERSION;
    enum wc_err err = sections_get(r, m, alloc);
    return err ? err : check(m);
}

enum wc_err wc_manifest_decode(struct wc_manifest *ret, const uint8_t *bytes, size_t byte_count,
                               const struct wc_alloc *alloc)
{
    *ret = (struct wc_manifest){0};
    struct wc_reader r = wc_reader_of(bytes, byte_count);
    enum wc_err err = manifest_get(&r, ret, alloc);
    if (err) {
        wc_manifest_deinit(ret, alloc);
        return err;
    }
    uint64_t offset = 0;
    for (uint32_t i = 0; i < ret->file_count; i++) {
        ret->files[i].offset = offset;
        offset += ret->files[i].byte_count;
    }
    return WC_OK;
}

void wc_manifest_deinit(struct wc_manifest *m, const struct wc_alloc *alloc)
{
    alloc->free(alloc->ctx, m->first);
    alloc->free(alloc->ctx, m->wims);
    alloc->free(alloc->ctx, m->block_digests);
    alloc->free(alloc->ctx, m->path_bytes);
    alloc->free(alloc->ctx, m->files);
    *m = (struct wc_manifest){0};
}

uint32_t wc_manifest_file_at(const struct wc_manifest *m, uint64_t offset)
{
    uint32_t low = 0;
    uint32_t high = m->file_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (m->files[middle].offset + m->files[middle].byte_count > offset)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}
