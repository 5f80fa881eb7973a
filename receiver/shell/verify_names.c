/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/verify_names.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/core/glob.h"
#include "common/io/wimstream.h"

void wc_verify_names_clear(struct wc_verify_names *n)
{
    n->count = 0;
    n->area = NULL;
}

void wc_verify_names_deinit(struct wc_verify_names *n)
{
    free(n->items);
    *n = (struct wc_verify_names){0};
}

enum wc_err wc_verify_names_of_blob(struct wc_verify_names *n, const struct wc_wimmap *map,
                                    uint32_t blob)
{
    uint32_t count;
    const uint32_t *names = wc_wimmap_names(map, blob, &count);
    if (count > n->room - n->count) {
        uint32_t room = n->room > count ? 2 * n->room : n->room + count + 64;
        uint32_t *items = reallocarray(n->items, room, sizeof *items);
        if (!items)
            return WC_E_NOMEM;
        n->items = items;
        n->room = room;
    }
    for (uint32_t i = 0; i < count; i++)
        n->items[n->count++] = names[i];
    return WC_OK;
}

/* --- what lies somewhere -------------------------------------------------------------------- */

static void note_area(struct wc_verify_names *n, const struct wc_wim_resource *r)
{
    static const char *const areas[] = {
        [WC_WIM_AREA_HEADER] = "the header",
        [WC_WIM_AREA_TABLE] = "the lookup table",
        [WC_WIM_AREA_XML] = "the XML data",
        [WC_WIM_AREA_INTEGRITY] = "the integrity table",
    };
    if (n->area)
        return;
    if (r->area == WC_WIM_AREA_METADATA)
        snprintf(n->area_text, sizeof n->area_text, "the metadata of image %u", r->image);
    else
        snprintf(n->area_text, sizeof n->area_text, "%s", areas[r->area]);
    n->area = n->area_text;
}

/* The plain bytes that come from stored bytes [from, to) of a solid resource: all of them when its
 * own table lies there, or is damaged. */
static void narrow(const struct wc_wim *w, const struct wc_wim_resource *r, uint64_t from,
                   uint64_t to, uint64_t *ret_from, uint64_t *ret_to)
{
    const struct wc_wim_part *part = &w->parts[r->part - 1];
    struct wc_wimstream s;
    struct wc_wim_chunk chunk;
    *ret_from = 0;
    *ret_to = UINT64_MAX;
    if (wc_wimstream_open(&s, part->fd, part->byte_count, r, NULL, NULL))
        return;
    uint64_t first = UINT64_MAX, end = 0;
    bool is_good = from >= s.layout.data_offset;
    for (uint32_t i = 0; is_good && i < s.chunk_count; i++) {
        uint64_t at = s.solid_begins[i];
        is_good = !wc_wim_layout_chunk(&s.layout, s.table, i, &at, &chunk);
        if (!is_good || chunk.offset >= to || chunk.offset + chunk.stored_bytes <= from)
            continue;
        uint64_t plain = (uint64_t)i * s.chunk_bytes;
        first = plain < first ? plain : first;
        end = plain + chunk.plain_bytes;
    }
    if (is_good) {
        *ret_from = first;
        *ret_to = end;
    }
    wc_wimstream_close(&s);
}

static enum wc_err add_resource(struct wc_verify_names *n, const struct wc_wim *w, uint32_t index,
                                uint64_t from, uint64_t to)
{
    const struct wc_wim_resource *r = wc_wimmap_resource(w->map, index);
    uint64_t plain_from = 0, plain_to = UINT64_MAX;
    if (r->area != WC_WIM_AREA_DATA) {
        note_area(n, r);
        return WC_OK;
    }
    if (r->form.solid)
        narrow(w, r, from > r->offset ? from - r->offset : 0, to - r->offset, &plain_from,
               &plain_to);
    uint32_t first, end;
    wc_wimmap_blobs(w->map, index, plain_from, plain_to, &first, &end);
    for (; first < end; first++) {
        enum wc_err err = wc_verify_names_of_blob(n, w->map, first);
        if (err)
            return err;
    }
    return WC_OK;
}

enum wc_err wc_verify_names_on(struct wc_verify_names *n, const struct wc_wim *w, uint16_t part,
                               uint64_t from, uint64_t to)
{
    struct wc_wimmap_range range = wc_wimmap_range(w->map, part, from, to);
    for (uint32_t index; (index = wc_wimmap_next(&range)) != WC_WIMMAP_NONE;) {
        enum wc_err err = add_resource(n, w, index, from, to);
        if (err)
            return err;
    }
    return WC_OK;
}

/* --- who was asked for ---------------------------------------------------------------------- */

static void wish_for(struct wc_verify_wish *wish, const struct wc_wimmap *map, const char *glob,
                     char *path)
{
    for (uint32_t i = 0; i < wc_wimmap_name_count(map); i++) {
        const struct wc_wim_name *name = wc_wimmap_name(map, i);
        if (name->kind == WC_WIM_FOLDER && name->blob == WC_WIMMAP_NONE)
            continue;
        if (glob && !wc_glob_path(glob, wc_wimmap_path(map, i, path, WC_WIMMAP_PATH_BYTES)))
            continue;
        wish->file_count += name->kind == WC_WIM_FILE;
        if (wish->blobs && name->blob != WC_WIMMAP_NONE)
            wish->blobs[name->blob / 8] |= (uint8_t)(1u << (name->blob % 8));
    }
}

enum wc_err wc_verify_wish_make(struct wc_verify_wish *ret, const struct wc_wimmap *map,
                                const char *glob)
{
    *ret = (struct wc_verify_wish){0};
    char *path = malloc(WC_WIMMAP_PATH_BYTES);
    if (path && glob)
        ret->blobs = calloc(wc_wimmap_blob_count(map) / 8 + 1, 1);
    if (!path || (glob && !ret->blobs)) {
        free(path);
        return WC_E_NOMEM;
    }
    wish_for(ret, map, glob, path);
    free(path);
    return WC_OK;
}

void wc_verify_wish_deinit(struct wc_verify_wish *wish)
{
    free(wish->blobs);
    wish->blobs = NULL;
}

bool wc_verify_wish_has(const struct wc_verify_wish *wish, const struct wc_wimmap *map,
                        uint16_t part, uint64_t from, uint64_t to)
{
    if (!wish->blobs)
        return true;
    struct wc_wimmap_range range = wc_wimmap_range(map, part, from, to);
    for (uint32_t index; (index = wc_wimmap_next(&range)) != WC_WIMMAP_NONE;) {
        const struct wc_wim_resource *r = wc_wimmap_resource(map, index);
        for (uint32_t i = r->blob_first; i < r->blob_first + r->blob_count; i++)
            if (wish->blobs[i / 8] >> (i % 8) & 1)
                return true;
    }
    return false;
}
