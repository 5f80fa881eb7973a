/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/wimorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/core/hresult.h"

#define SCAN_MAX    1024u      /* resources that one call looks at */
#define START_BYTES (1u << 20) /* of a resource that must be there to begin with it, at least */
#define FINDING     "apply.damaged"

static bool bit_get(const uint8_t *bits, uint32_t index)
{
    return bits[index / 8] >> (index % 8) & 1;
}

static void bit_set(uint8_t *bits, uint32_t index)
{
    bits[index / 8] |= (uint8_t)(1u << (index % 8));
}

bool wc_wimorder_wants(const struct wc_wimorder *o, uint32_t blob)
{
    return bit_get(o->wanted, blob);
}

/* --- what is needed ------------------------------------------------------------------------- */

static enum wc_err refuse(struct wc_why *why, const char *line)
{
    return wc_why_finding(why, WC_E_DIGEST, FINDING, WC_HR_HASH_VALUE, EX_DATAERR, line);
}

static const char *file_of(const struct wc_wim *w, uint16_t part)
{
    const char *slash = strrchr(w->parts[part - 1].path, '/');
    return slash ? slash + 1 : w->parts[part - 1].path;
}

static enum wc_err check_metadata(const struct wc_wimorder *o, struct wc_why *why)
{
    char area[WC_WIM_AREA_BYTES], line[WC_SENTENCE_BYTES_MAX];
    const struct wc_wim *w = o->wim;
    snprintf(area, sizeof area, "the metadata of image %u", o->image);
    for (uint32_t i = 0; i < w->defect_count; i++) {
        if (w->knows_names || strcmp(w->defects[i].area, area) != 0)
            continue;
        snprintf(line, sizeof line, "%s of %s is damaged: %s; get the image anew", area,
                 file_of(w, w->defects[i].part),
                 *w->defects[i].seen ? w->defects[i].seen : "its SHA-1 differs");
        return refuse(why, line);
    }
    return WC_OK;
}

static enum wc_err check_missing(const struct wc_wimorder *o, struct wc_why *why)
{
    char path[WC_WHY_PATH_BYTES], line[WC_SENTENCE_BYTES_MAX];
    uint32_t count;
    const struct wc_wim_missing *missing = wc_wimmap_missing(o->wim->map, &count);
    for (uint32_t i = 0; i < count; i++) {
        if (wc_wimmap_name(o->wim->map, missing[i].name)->image != o->image)
            continue;
        wc_wimmap_path(o->wim->map, missing[i].name, path, sizeof path);
        snprintf(line, sizeof line,
                 "%s has no data in %s: no lookup table names data with its SHA-1; get the image "
                 "anew, with all its parts",
                 path, file_of(o->wim, 1));
        return refuse(why, line);
    }
    return WC_OK;
}

static enum wc_err check_parts(const struct wc_wimorder *o, struct wc_why *why)
{
    char line[WC_SENTENCE_BYTES_MAX];
    for (uint32_t i = 0; i < o->place_count; i++) {
        const struct wc_wim_resource *r = wc_wimmap_resource(o->wim->map, o->places[i]);
        if (o->wim->parts[r->part - 1].fd >= 0)
            continue;
        snprintf(line, sizeof line,
                 "part %u of %s is missing: %s; put all parts into one folder under the names that "
                 "they were split into",
                 r->part, file_of(o->wim, 1), file_of(o->wim, r->part));
        return refuse(why, line);
    }
    return WC_OK;
}

/* libwim takes no empty blob, and none is written. */
static void want_names(struct wc_wimorder *o)
{
    const struct wc_wimmap *map = o->wim->map;
    uint32_t count = wc_wimmap_name_count(map);
    for (uint32_t i = 0; i < count; i++) {
        const struct wc_wim_name *name = wc_wimmap_name(map, i);
        if (name->image != o->image || name->blob == WC_WIMMAP_NONE)
            continue;
        uint64_t byte_count = wc_wimmap_blob(map, name->blob)->byte_count;
        if (!byte_count)
            continue;
        o->name_count++;
        o->name_bytes += byte_count;
        if (bit_get(o->wanted, name->blob))
            continue;
        bit_set(o->wanted, name->blob);
        o->blob_bytes += byte_count;
    }
}

static void order_resources(struct wc_wimorder *o)
{
    const struct wc_wimmap *map = o->wim->map;
    uint32_t count = wc_wimmap_resource_count(map);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t index = wc_wimmap_ordered(map, i);
        const struct wc_wim_resource *r = wc_wimmap_resource(map, index);
        if (r->area != WC_WIM_AREA_DATA)
            continue;
        uint32_t b = r->blob_first, end = r->blob_first + r->blob_count;
        while (b < end && !bit_get(o->wanted, b))
            b++;
        if (b < end)
            o->places[o->place_count++] = index;
    }
}

enum wc_err wc_wimorder_init(struct wc_wimorder *ret, const struct wc_wim *wim, uint16_t image,
                             struct wc_why *why)
{
    *ret = (struct wc_wimorder){.wim = wim, .image = image};
    if (!image || image > wim->image_count)
        return wc_why_set(why, WC_E_RANGE, EX_USAGE, "there is no image %u", image);
    uint32_t resources = wc_wimmap_resource_count(wim->map);
    ret->wanted = calloc(wc_wimmap_blob_count(wim->map) / 8 + 1, 1);
    ret->places = calloc((size_t)resources + 1, sizeof ret->places[0]);
    ret->gone = calloc(resources / 8 + 1, 1);
    if (!ret->wanted || !ret->places || !ret->gone)
        return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
    enum wc_err err = check_metadata(ret, why);
    if (!err)
        err = check_missing(ret, why);
    if (err)
        return err;
    want_names(ret);
    order_resources(ret);
    return check_parts(ret, why);
}

void wc_wimorder_deinit(struct wc_wimorder *o)
{
    free(o->wanted);
    free(o->places);
    free(o->gone);
    *o = (struct wc_wimorder){0};
}

/* --- what goes next ------------------------------------------------------------------------- */

static bool is_ready(const struct wc_wimorder *o, const struct wc_wim_resource *r,
                     uint64_t byte_count)
{
    return !o->ready ||
           o->ready(o->ctx, r->part, r->offset - r->lead_bytes,
                    (byte_count < r->form.stored_bytes ? byte_count : r->form.stored_bytes) +
                        r->lead_bytes);
}

/* Its table of chunks, and the first of them. In a pipable WIM the table is the last of it. */
static bool can_begin(const struct wc_wimorder *o, const struct wc_wim_resource *r)
{
    struct wc_wim_layout layout = {0};
    uint64_t start = START_BYTES;
    if (r->form.pipable || r->offset < r->lead_bytes)
        return is_ready(o, r, UINT64_MAX);
    if (r->form.compression && !wc_wim_layout_init(&layout, &r->form)) {
        if (r->form.solid) /* each chunk is asked for */
            return is_ready(o, r, layout.data_offset);
        start = layout.form.chunk_bytes > start ? layout.form.chunk_bytes : start;
        start += layout.table_bytes;
    }
    return is_ready(o, r, start);
}

static enum wc_err take(struct wc_wimorder *o, uint32_t place, uint32_t *ret_resource)
{
    bit_set(o->gone, place);
    *ret_resource = o->places[place];
    return WC_OK;
}

enum wc_err wc_wimorder_next(struct wc_wimorder *o, uint32_t *ret_resource)
{
    const struct wc_wimmap *map = o->wim->map;
    while (o->lowest < o->place_count && bit_get(o->gone, o->lowest))
        o->lowest++;
    if (o->lowest == o->place_count)
        return WC_E_CLOSED;
    if (can_begin(o, wc_wimmap_resource(map, o->places[o->lowest])))
        return take(o, o->lowest, ret_resource);
    for (uint32_t i = 0; i < SCAN_MAX; i++, o->scan++) {
        if (o->scan <= o->lowest || o->scan >= o->place_count)
            o->scan = o->lowest + 1;
        if (o->scan >= o->place_count)
            break;
        if (!bit_get(o->gone, o->scan) &&
            is_ready(o, wc_wimmap_resource(map, o->places[o->scan]), UINT64_MAX))
            return take(o, o->scan, ret_resource);
    }
    return WC_E_AGAIN;
}
