/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Metadata begins with a table of security descriptors, which is skipped, then come entries of
 * folders: a folder's children stand together, ended by a length of 0, and each names the place of
 * its own children. Nothing says that these places form a tree, so there is a bound: entries are
 * visited until they have as many bytes as there are, and no longer. */
#include "common/core/wimtree.h"

#include <string.h>

#define ENTRY_BYTES  102u /* without names */
#define STREAM_BYTES 38u
#define FOLDER       0x10u /* FILE_ATTRIBUTE_DIRECTORY */

struct entry {
    uint64_t children; /* where they are; 0: none */
    uint32_t attributes;
    uint32_t stream_count;
    const uint8_t *sha1;
    const uint8_t *name;
    size_t name_bytes;
};

struct folder {
    uint64_t at;   /* of its next child */
    uint32_t name; /* in the map */
};

struct tree {
    struct wc_wimmap *map;
    uint16_t image;
    const uint8_t *bytes;
    uint64_t byte_count;
    uint64_t left; /* bytes of entries that may still be visited */
    uint64_t at;   /* what is being read */
    uint32_t depth;
    struct folder folders[WC_WIMTREE_DEPTH_MAX];
};

static uint64_t align8(uint64_t value)
{
    return value > UINT64_MAX - 7 ? UINT64_MAX : (value + 7) & ~7ull;
}

static struct wc_reader reader_at(const struct tree *t, uint64_t at)
{
    if (at > t->byte_count)
        return (struct wc_reader){.failed = true};
    return wc_reader_of(t->bytes + at, (size_t)(t->byte_count - at));
}

static bool has_data(const uint8_t *sha1)
{
    static const uint8_t zeros[WC_SHA1_BYTES];
    return memcmp(sha1, zeros, WC_SHA1_BYTES) != 0;
}

/* The entry at *at, which moves to its streams. *ret_end: there is none, the folder ends. */
static enum wc_err entry_get(const struct tree *t, uint64_t *at, struct entry *ret, bool *ret_end)
{
    struct wc_reader r = reader_at(t, *at);
    uint64_t length = align8(wc_wim_get(&r, 8));
    *ret_end = length <= 8;
    if (r.failed)
        return WC_E_FORMAT;
    if (*ret_end)
        return WC_OK;
    if (length < ENTRY_BYTES || length - 8 > r.left)
        return WC_E_FORMAT;
    ret->attributes = (uint32_t)wc_wim_get(&r, 4);
    (void)wc_wim_get(&r, 4); /* security */
    ret->children = wc_wim_get(&r, 8);
    (void)wc_get_bytes(&r, 40); /* unused, times */
    ret->sha1 = wc_get_bytes(&r, WC_SHA1_BYTES);
    (void)wc_get_bytes(&r, 12); /* hard link or reparse tag */
    ret->stream_count = (uint32_t)wc_wim_get(&r, 2);
    uint64_t short_bytes = wc_wim_get(&r, 2);
    ret->name_bytes = (size_t)wc_wim_get(&r, 2);
    ret->name = wc_get_bytes(&r, ret->name_bytes);
    uint64_t used = ENTRY_BYTES + (ret->name_bytes ? ret->name_bytes + 2 : 0) +
                    (short_bytes ? short_bytes + 2 : 0);
    if (r.failed || ret->name_bytes % 2 || short_bytes % 2 || used > length)
        return WC_E_FORMAT;
    *at += length;
    return WC_OK;
}

/* What no system lets be a name; libwim leaves such entries out, too. */
static bool is_name(const struct entry *e)
{
    static const uint8_t dots[4] = {'.', 0, '.', 0};
    if (!e->name_bytes || (e->name_bytes <= 4 && memcmp(e->name, dots, e->name_bytes) == 0))
        return false;
    for (size_t i = 0; i < e->name_bytes; i += 2)
        if (!e->name[i] && !e->name[i + 1])
            return false;
    return true;
}

static enum wc_err add(struct tree *t, const struct entry *e, enum wc_wim_kind kind,
                       const uint8_t *sha1, const uint8_t *stream, size_t stream_bytes,
                       uint32_t *ret_name)
{
    const struct wc_wimmap_entry entry = {
        .kind = kind,
        .image = t->image,
        .parent = t->depth ? t->folders[t->depth - 1].name : WC_WIMMAP_NONE,
        .sha1 = has_data(sha1) ? sha1 : NULL,
        .text = e->name,
        .text_bytes = e->name_bytes,
        .stream = stream,
        .stream_bytes = stream_bytes,
    };
    return wc_wimmap_add_name(t->map, &entry, ret_name);
}

/* One stream after the entry, at *at, which moves on. An unnamed one is the file's data when the
 * entry itself has none. */
static enum wc_err stream_get(const struct tree *t, uint64_t *at, const uint8_t **ret_sha1,
                              const uint8_t **ret_name, size_t *ret_name_bytes)
{
    struct wc_reader r = reader_at(t, *at);
    uint64_t length = align8(wc_wim_get(&r, 8));
    (void)wc_wim_get(&r, 8);
    *ret_sha1 = wc_get_bytes(&r, WC_SHA1_BYTES);
    *ret_name_bytes = (size_t)wc_wim_get(&r, 2);
    *ret_name = wc_get_bytes(&r, *ret_name_bytes);
    if (r.failed || length < STREAM_BYTES + *ret_name_bytes || *ret_name_bytes % 2 ||
        !wc_wim_fits(*at, length, t->byte_count))
        return WC_E_FORMAT;
    *at += length;
    return WC_OK;
}

/* The entry's streams at *at, which moves behind them: their names go into the map if `wanted`,
 * and the first unnamed one with data stands in for the entry's own if that has none. */
static enum wc_err streams_get(struct tree *t, uint64_t *at, struct entry *e, bool wanted)
{
    const uint8_t *sha1, *name;
    size_t name_bytes;
    uint32_t index;
    for (uint32_t i = 0; i < e->stream_count; i++) {
        enum wc_err err = stream_get(t, at, &sha1, &name, &name_bytes);
        if (err)
            return err;
        if (!wanted || !has_data(sha1))
            continue;
        if (!name_bytes && !has_data(e->sha1)) {
            e->sha1 = sha1;
            continue;
        }
        err = add(t, e, WC_WIM_STREAM, sha1, name, name_bytes, &index);
        if (err)
            return err;
    }
    return WC_OK;
}

static enum wc_err enter(struct tree *t, uint64_t children, uint32_t name)
{
    if (!children)
        return WC_OK;
    if (t->depth == WC_WIMTREE_DEPTH_MAX)
        return WC_E_TOO_LARGE;
    t->folders[t->depth++] = (struct folder){.at = children, .name = name};
    return WC_OK;
}

/* The next child of the folder that was entered last. */
static enum wc_err step(struct tree *t)
{
    struct folder *folder = &t->folders[t->depth - 1];
    struct entry e;
    bool is_end;
    t->at = folder->at;
    enum wc_err err = entry_get(t, &folder->at, &e, &is_end);
    if (err)
        return err;
    if (is_end) {
        t->depth--;
        return WC_OK;
    }
    bool wanted = is_name(&e);
    err = streams_get(t, &folder->at, &e, wanted);
    if (!err && folder->at - t->at > t->left)
        err = WC_E_FORMAT;
    if (err)
        return err;
    t->left -= folder->at - t->at;
    if (!wanted)
        return WC_OK;
    bool is_folder = e.attributes & FOLDER;
    uint32_t name;
    err = add(t, &e, is_folder ? WC_WIM_FOLDER : WC_WIM_FILE, e.sha1, NULL, 0, &name);
    return err || !is_folder ? err : enter(t, e.children, name);
}

/* The root has no name, and no neighbours. */
static enum wc_err read_root(struct tree *t)
{
    struct wc_reader r = reader_at(t, 0);
    uint64_t security_bytes = wc_wim_get(&r, 4), descriptor_count = wc_wim_get(&r, 4);
    uint64_t at = align8(security_bytes);
    struct entry root;
    bool is_end;
    if (r.failed || (descriptor_count && 8 + 8 * descriptor_count > security_bytes))
        return WC_E_FORMAT;
    at = at ? at : 8; /* some writers mean 8 by 0 */
    t->at = at;
    enum wc_err err = entry_get(t, &at, &root, &is_end);
    if (err || is_end)
        return err;
    root.name_bytes = 0;
    err = streams_get(t, &at, &root, true);
    return err ? err : enter(t, root.children, WC_WIMMAP_NONE);
}

enum wc_err wc_wimtree_read(struct wc_wimmap *map, uint16_t image, const uint8_t *bytes,
                            size_t byte_count, size_t *ret_at)
{
    struct tree t = {
        .map = map,
        .image = image,
        .bytes = bytes,
        .byte_count = byte_count,
        .left = byte_count,
    };
    enum wc_err err = read_root(&t);
    while (!err && t.depth)
        err = step(&t);
    *ret_at = (size_t)t.at;
    return err;
}
