/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An entry is a blob in a resource of its own. But a run of entries with the flag for solid names
 * some solid resources, and then the blobs in them, whose offsets count through the plain bytes of
 * all resources of the run, one after the other. How many plain bytes a solid resource has, only
 * its own head says. */
#include "common/io/wimtable.h"

#include <stdlib.h>
#include <string.h>

#include "common/io/file.h"

struct table {
    struct wc_wim *w;
    const struct wc_wim_part *part;
    uint16_t part_number;
    const uint8_t *bytes;
    uint32_t count;
    uint32_t *resources; /* of the run, in its order */
    uint64_t *begins;    /* of each in the plain bytes of the run; one more at the end */
    uint32_t resource_count;
};

static struct wc_wim_entry entry_at(const struct table *t, uint32_t index)
{
    return wc_wim_entry_decode(t->bytes + (size_t)index * WC_WIM_ENTRY_BYTES);
}

static bool is_solid(const struct table *t, const struct wc_wim_entry *e)
{
    return t->part->header.allows_solid && (e->place.flags & WC_WIM_FLAG_SOLID);
}

static void complain(const struct table *t, uint32_t index, const char *seen)
{
    struct wc_wim_defect *d = wc_wim_defect_add(t->w, WC_WIM_DEFECT_AREA, t->part_number,
                                                "the lookup table", "its entry %u %s", index, seen);
    if (!d)
        return;
    d->offset = t->part->header.table.offset + (uint64_t)index * WC_WIM_ENTRY_BYTES;
    d->byte_count = WC_WIM_ENTRY_BYTES;
}

static bool is_zero(const uint8_t sha1[WC_SHA1_BYTES])
{
    return wc_file_is_zero(sha1, WC_SHA1_BYTES);
}

static struct wc_wim_resource resource_of(const struct table *t, const struct wc_wim_place *place)
{
    const struct wc_wim_header *h = &t->part->header;
    return (struct wc_wim_resource){
        .offset = place->offset,
        .part = t->part_number,
        .area = WC_WIM_AREA_DATA,
        .lead_bytes = h->pipable ? WC_WIM_BLOB_HEAD_BYTES : 0,
        .form =
            {
                .stored_bytes = place->stored_bytes,
                .plain_bytes = place->plain_bytes,
                .chunk_bytes = h->chunk_bytes,
                .compression = place->flags & WC_WIM_FLAG_COMPRESSED ? h->compression : WC_WIM_NONE,
                .pipable = h->pipable,
            },
    };
}

/* Images are numbered in the order of their metadata in the table. */
static enum wc_err take_metadata(struct table *t, uint32_t index, const struct wc_wim_entry *e)
{
    struct wc_wim *w = t->w;
    if (!e->reference_count || t->part_number != 1)
        return WC_OK; /* of an image that was deleted */
    if (e->part != t->part_number)
        complain(t, index, "is of another part");
    uint32_t image = 0;
    while (image < w->image_count && w->images[image].resource != WC_WIMMAP_NONE)
        image++;
    if (image == w->image_count) {
        complain(t, index, "is of one more image than the header knows");
        return WC_OK;
    }
    struct wc_wim_resource r = resource_of(t, &e->place);
    r.area = WC_WIM_AREA_METADATA;
    r.image = (uint16_t)(image + 1);
    memcpy(w->images[image].sha1, e->sha1, WC_SHA1_BYTES);
    return wc_wimmap_add_resource(w->map, &r, &w->images[image].resource);
}

static enum wc_err take_plain(struct table *t, uint32_t index, const struct wc_wim_entry *e)
{
    if (e->place.flags & WC_WIM_FLAG_METADATA)
        return take_metadata(t, index, e);
    if (is_zero(e->sha1) || !e->place.plain_bytes)
        return WC_OK; /* there is nothing to it */
    if (e->part != t->part_number) {
        complain(t, index, "is of another part");
        return WC_OK;
    }
    struct wc_wim_resource r = resource_of(t, &e->place);
    struct wc_wim_blob blob = {.byte_count = e->place.plain_bytes, .entry = index};
    memcpy(blob.sha1, e->sha1, WC_SHA1_BYTES);
    enum wc_err err = wc_wimmap_add_resource(t->w->map, &r, &blob.resource);
    return err ? err : wc_wimmap_add_blob(t->w->map, &blob);
}

/* --- a run of solid ones -------------------------------------------------------------------- */

static enum wc_err take_solid_resource(struct table *t, uint32_t index,
                                       const struct wc_wim_entry *e)
{
    uint8_t bytes[WC_WIM_SOLID_HEAD_BYTES];
    struct wc_wim_solid_head head = {0};
    struct wc_wim_resource r = resource_of(t, &e->place);
    if (!wc_wim_fits(r.offset, WC_WIM_SOLID_HEAD_BYTES, t->part->byte_count) ||
        wc_file_read(&wc_file_ops_system, t->part->fd, bytes, sizeof bytes, r.offset))
        complain(t, index, "names a solid resource that cannot be read");
    else
        head = wc_wim_solid_head_decode(bytes);
    r.form.solid = true;
    r.form.pipable = false;
    r.lead_bytes = 0;
    r.form.plain_bytes = head.plain_bytes;
    r.form.chunk_bytes = head.chunk_bytes;
    r.form.compression =
        head.compression <= WC_WIM_LZMS ? (enum wc_wim_compression)head.compression : WC_WIM_NONE;
    uint64_t begin = t->begins[t->resource_count];
    uint64_t end = begin + head.plain_bytes;
    t->begins[t->resource_count + 1] = end < begin ? UINT64_MAX : end;
    return wc_wimmap_add_resource(t->w->map, &r, &t->resources[t->resource_count++]);
}

static enum wc_err take_solid_blob(struct table *t, uint32_t index, const struct wc_wim_entry *e)
{
    uint64_t at = e->place.offset, byte_count = e->place.stored_bytes;
    if (is_zero(e->sha1) || !byte_count)
        return WC_OK;
    if (e->part != t->part_number) {
        complain(t, index, "is of another part");
        return WC_OK;
    }
    uint32_t low = 0, high = t->resource_count;
    while (low < high) { /* the first that ends behind it */
        uint32_t middle = low + (high - low) / 2;
        if (t->begins[middle + 1] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == t->resource_count || !wc_wim_fits(at, byte_count, t->begins[low + 1])) {
        complain(t, index, "lies in no solid resource");
        return WC_OK;
    }
    struct wc_wim_blob blob = {
        .resource = t->resources[low],
        .offset = at - t->begins[low],
        .byte_count = byte_count,
        .entry = index,
    };
    memcpy(blob.sha1, e->sha1, WC_SHA1_BYTES);
    return wc_wimmap_add_blob(t->w->map, &blob);
}

/* The run that begins with entry `first`; *ret_end: behind its last. */
static enum wc_err take_run(struct table *t, uint32_t first, uint32_t *ret_end)
{
    uint32_t end = first;
    t->resource_count = 0;
    t->begins[0] = 0;
    for (; end < t->count; end++) {
        struct wc_wim_entry e = entry_at(t, end);
        if (!is_solid(t, &e))
            break;
        if (e.place.plain_bytes != WC_WIM_SOLID_MAGIC)
            continue;
        enum wc_err err = take_solid_resource(t, end, &e);
        if (err)
            return err;
    }
    for (uint32_t i = first; i < end; i++) {
        struct wc_wim_entry e = entry_at(t, i);
        if (e.place.plain_bytes == WC_WIM_SOLID_MAGIC)
            continue;
        enum wc_err err = take_solid_blob(t, i, &e);
        if (err)
            return err;
    }
    *ret_end = end;
    return WC_OK;
}

static enum wc_err take_all(struct table *t)
{
    for (uint32_t i = 0; i < t->count;) {
        struct wc_wim_entry e = entry_at(t, i);
        enum wc_err err;
        if (is_solid(t, &e))
            err = take_run(t, i, &i);
        else
            err = take_plain(t, i++, &e);
        if (err)
            return err;
    }
    return WC_OK;
}

static uint32_t count_solid(const struct table *t)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        struct wc_wim_entry e = entry_at(t, i);
        count += is_solid(t, &e) && e.place.plain_bytes == WC_WIM_SOLID_MAGIC;
    }
    return count;
}

enum wc_err wc_wimtable_read(struct wc_wim *w, uint16_t part, const uint8_t *bytes, uint32_t count)
{
    struct table t = {
        .w = w,
        .part = &w->parts[part - 1],
        .part_number = part,
        .bytes = bytes,
        .count = count,
    };
    uint32_t solid_count = count_solid(&t);
    t.resources = calloc(solid_count + 1, sizeof t.resources[0]);
    t.begins = calloc(solid_count + 1, sizeof t.begins[0]);
    enum wc_err err = t.resources && t.begins ? take_all(&t) : WC_E_NOMEM;
    free(t.resources);
    free(t.begins);
    return err;
}
