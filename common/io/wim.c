/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/wim.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/core/wimxml.h"
#include "common/io/alloc.h"
#include "common/io/file.h"
#include "common/io/wimimage.h"
#include "common/io/wimparts.h"
#include "common/io/wimtable.h"

/* --- defects -------------------------------------------------------------------------------- */

struct wc_wim_defect *wc_wim_defect_add(struct wc_wim *w, enum wc_wim_defect_kind kind,
                                        uint16_t part, const char *area, const char *format, ...)
{
    if (w->defect_count == WC_WIM_DEFECTS_MAX) {
        w->dropped_count++;
        return NULL;
    }
    struct wc_wim_defect *d = &w->defects[w->defect_count++];
    *d = (struct wc_wim_defect){.kind = kind, .part = part};
    snprintf(d->area, sizeof d->area, "%s", area);
    va_list args;
    va_start(args, format);
    vsnprintf(d->seen, sizeof d->seen, format, args);
    va_end(args);
    return d;
}

void wc_wim_defect_place(struct wc_wim_defect *d, uint64_t offset, uint64_t byte_count)
{
    if (!d)
        return;
    d->offset = offset;
    d->byte_count = byte_count;
}

/* --- tables --------------------------------------------------------------------------------- */

static enum wc_err add_area(struct wc_wim *w, uint16_t part, enum wc_wim_area area, uint64_t offset,
                            uint64_t byte_count)
{
    struct wc_wim_resource r = {
        .offset = offset,
        .part = part,
        .area = (uint8_t)area,
        .form = {.stored_bytes = byte_count, .plain_bytes = byte_count},
    };
    uint32_t index;
    return wc_wimmap_add_resource(w->map, &r, &index);
}

/* A table's bytes: *ret NULL when there is none, or none that makes sense. */
static enum wc_err read_table(struct wc_wim *w, uint16_t number, enum wc_wim_area area,
                              const char *name, const struct wc_wim_place *place,
                              uint64_t bytes_max, uint8_t **ret)
{
    const struct wc_wim_part *part = &w->parts[number - 1];
    *ret = NULL;
    if (!place->stored_bytes)
        return WC_OK;
    if (!wc_wim_fits(place->offset, place->stored_bytes, part->byte_count)) {
        wc_wim_defect_add(w, WC_WIM_DEFECT_SIZE, number, name,
                          "%s ends at byte %llu, the file at %llu: it was cut off, or the header "
                          "is damaged",
                          name, (unsigned long long)(place->offset + place->stored_bytes),
                          (unsigned long long)part->byte_count);
        return WC_OK;
    }
    enum wc_err err = add_area(w, number, area, place->offset, place->stored_bytes);
    if (err)
        return err;
    bool is_plain = !(place->flags & (WC_WIM_FLAG_COMPRESSED | WC_WIM_FLAG_SOLID)) &&
                    place->plain_bytes == place->stored_bytes;
    if (!is_plain || place->stored_bytes > bytes_max) {
        wc_wim_defect_place(
            wc_wim_defect_add(w, WC_WIM_DEFECT_AREA, number, name, "%s",
                              is_plain ? "it is larger than any that is read"
                                       : "it is compressed, which no writer does, or the "
                                         "header is damaged"),
            place->offset, place->stored_bytes);
        return WC_OK;
    }
    uint8_t *bytes = malloc((size_t)place->stored_bytes);
    if (!bytes)
        return WC_E_NOMEM;
    if (wc_file_read(&wc_file_ops_system, part->fd, bytes, (size_t)place->stored_bytes,
                     place->offset)) {
        free(bytes);
        wc_wim_defect_place(wc_wim_defect_add(w, WC_WIM_DEFECT_AREA, number, name,
                                              "it cannot be read: %s", wc_why_errno_text(errno)),
                            place->offset, place->stored_bytes);
        return WC_OK;
    }
    *ret = bytes;
    return WC_OK;
}

static enum wc_err read_xml(struct wc_wim *w, uint16_t number)
{
    const struct wc_wim_place *place = &w->parts[number - 1].header.xml;
    uint8_t *bytes;
    enum wc_err err =
        read_table(w, number, WC_WIM_AREA_XML, "the XML data", place, WC_WIM_XML_BYTES_MAX, &bytes);
    if (err || !bytes)
        return err;
    uint32_t image_count = w->parts[number - 1].header.image_count;
    const char *reason = wc_wimxml_why(bytes, (size_t)place->stored_bytes, image_count);
    if (reason)
        wc_wim_defect_place(
            wc_wim_defect_add(w, WC_WIM_DEFECT_AREA, number, "the XML data", "%s", reason),
            place->offset, place->stored_bytes);
    free(bytes);
    return WC_OK;
}

static enum wc_err read_lookup(struct wc_wim *w, uint16_t number)
{
    const struct wc_wim_place *place = &w->parts[number - 1].header.table;
    uint8_t *bytes;
    enum wc_err err = read_table(w, number, WC_WIM_AREA_TABLE, "the lookup table", place,
                                 WC_WIM_TABLE_BYTES_MAX, &bytes);
    if (err || !bytes)
        return err;
    w->parts[number - 1].has_table = true;
    if (place->stored_bytes % WC_WIM_ENTRY_BYTES)
        wc_wim_defect_place(wc_wim_defect_add(w, WC_WIM_DEFECT_AREA, number, "the lookup table",
                                              "its size is no multiple of %u", WC_WIM_ENTRY_BYTES),
                            place->offset, place->stored_bytes);
    err = wc_wimtable_read(w, number, bytes, (uint32_t)(place->stored_bytes / WC_WIM_ENTRY_BYTES));
    free(bytes);
    return err;
}

static enum wc_err read_integrity(struct wc_wim *w, uint16_t number)
{
    struct wc_wim_part *part = &w->parts[number - 1];
    const struct wc_wim_place *place = &part->header.integrity;
    struct wc_wim_integrity table;
    enum wc_err err = read_table(w, number, WC_WIM_AREA_INTEGRITY, "the integrity table", place,
                                 WC_WIM_TABLE_BYTES_MAX, &part->integrity);
    if (err || !part->integrity)
        return err;
    part->integrity_bytes = (size_t)place->stored_bytes;
    if (!wc_wim_integrity_decode(&table, &part->header, part->integrity, part->integrity_bytes))
        return WC_OK;
    wc_wim_defect_place(wc_wim_defect_add(w, WC_WIM_DEFECT_AREA, number, "the integrity table",
                                          "its sizes make no sense"),
                        place->offset, place->stored_bytes);
    free(part->integrity);
    part->integrity = NULL;
    return WC_OK;
}

static enum wc_err read_tables(struct wc_wim *w, uint16_t number)
{
    const struct wc_wim_part *part = &w->parts[number - 1];
    if (part->fd < 0)
        return WC_OK;
    enum wc_err err = add_area(w, number, WC_WIM_AREA_HEADER, 0, WC_WIM_HEADER_BYTES);
    if (!part->has_tail)
        wc_wim_defect_add(w, WC_WIM_DEFECT_SIZE, number, "the header",
                          "the header at its end is not there: the file was cut off");
    else if (!err && part->header.pipable)
        err = add_area(w, number, WC_WIM_AREA_HEADER, part->byte_count - WC_WIM_HEADER_BYTES,
                       WC_WIM_HEADER_BYTES);
    else if (!err && !part->header.table.stored_bytes)
        wc_wim_defect_add(w, WC_WIM_DEFECT_AREA, number, "the header", "it names no lookup table");
    if (!err)
        err = read_lookup(w, number);
    if (!err)
        err = read_xml(w, number);
    return err ? err : read_integrity(w, number);
}

/* --- all of it ------------------------------------------------------------------------------ */

/* The header names the metadata of the image to boot twice: by number, and by place. */
static void check_boot(struct wc_wim *w)
{
    const struct wc_wim_header *h = &w->parts[0].header;
    const char *seen = NULL;
    if (h->boot_image > h->image_count)
        seen = "it says to boot an image that is not there";
    else if (h->boot_image && w->images[h->boot_image - 1].resource != WC_WIMMAP_NONE &&
             wc_wimmap_resource(w->map, w->images[h->boot_image - 1].resource)->offset !=
                 h->boot_metadata.offset)
        seen = "its image to boot is not where the lookup table has it";
    if (seen)
        wc_wim_defect_place(wc_wim_defect_add(w, WC_WIM_DEFECT_AREA, 1, "the header", "%s", seen),
                            96, 28);
}

static enum wc_err read_structure(struct wc_wim *w, bool is_survey)
{
    w->image_count = w->parts[0].header.image_count;
    w->images = calloc(w->image_count + 1, sizeof w->images[0]);
    w->map = wc_wimmap_new(&wc_alloc_libc);
    if (!w->images || !w->map)
        return WC_E_NOMEM;
    if (is_survey)
        wc_wimmap_count_only(w->map);
    for (uint32_t i = 0; i < w->image_count; i++)
        w->images[i].resource = WC_WIMMAP_NONE;
    enum wc_err err = WC_OK;
    for (uint16_t number = 1; !err && number <= w->part_count; number++)
        err = read_tables(w, number);
    if (!err)
        err = wc_wimmap_index(w->map);
    /* Without a lookup table nothing more can be said of images. */
    w->knows_names = w->parts[0].has_table;
    if (!err && w->knows_names)
        err = wc_wimimage_read_all(w);
    if (!err)
        check_boot(w);
    return err ? err : wc_wimmap_seal(w->map);
}

static struct wc_wim *wim_new(void)
{
    struct wc_wim *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->defects = calloc(WC_WIM_DEFECTS_MAX, sizeof w->defects[0]);
    if (w->defects)
        return w;
    free(w);
    return NULL;
}

/* Its parts are open, or `err` says why not. */
static enum wc_err end_open(struct wc_wim **ret, struct wc_wim *w, bool is_survey, enum wc_err err,
                            const char *path, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    if (!err)
        err = read_structure(w, is_survey);
    if (!err) {
        *ret = w;
        return WC_OK;
    }
    wc_wim_close(w);
    if (err == WC_E_TOO_LARGE && why->exit_code == EX_OK)
        return wc_why_set(why, err, EX_DATAERR,
                          "%s holds more than can be read: %u blobs, or %u "
                          "names, or longer ones",
                          wc_why_path(shown, path), WC_WIMMAP_BLOBS_MAX, WC_WIMMAP_NAMES_MAX);
    if (why->exit_code == EX_OK)
        return wc_why_set(why, err, EX_OSERR, "cannot read %s: %s", wc_why_path(shown, path),
                          wc_err_text(err));
    return err;
}

enum wc_err wc_wim_open(struct wc_wim **ret, const char *path, struct wc_why *why)
{
    struct wc_wim *w = wim_new();
    why->exit_code = EX_OK;
    return end_open(ret, w, false, w ? wc_wimparts_find(w, path, why) : WC_E_NOMEM, path, why);
}

static enum wc_err open_sources(struct wc_wim **ret, bool is_survey,
                                const struct wc_wim_source *sources, uint16_t count,
                                struct wc_why *why)
{
    struct wc_wim *w = wim_new();
    why->exit_code = EX_OK;
    for (uint16_t i = 0; !w && i < count; i++)
        if (sources[i].fd >= 0)
            close(sources[i].fd);
    return end_open(ret, w, is_survey, w ? wc_wimparts_take(w, sources, count, why) : WC_E_NOMEM,
                    sources[0].name, why);
}

enum wc_err wc_wim_open_parts(struct wc_wim **ret, const struct wc_wim_source *sources,
                              uint16_t count, struct wc_why *why)
{
    return open_sources(ret, false, sources, count, why);
}

enum wc_err wc_wim_survey(struct wc_wim **ret, const struct wc_wim_source *sources, uint16_t count,
                          struct wc_why *why)
{
    return open_sources(ret, true, sources, count, why);
}

void wc_wim_close(struct wc_wim *w)
{
    if (!w)
        return;
    for (uint16_t i = 0; i < w->part_count; i++) {
        if (w->parts[i].fd >= 0)
            close(w->parts[i].fd);
        free(w->parts[i].integrity);
        free(w->parts[i].path);
    }
    wc_wimmap_free(w->map);
    free(w->parts);
    free(w->images);
    free(w->defects);
    free(w);
}

const char *wc_wim_resource_why(const struct wc_wim *w, const struct wc_wim_resource *r)
{
    const struct wc_wim_part *part = &w->parts[r->part - 1];
    struct wc_wim_layout layout;
    if (r->offset < r->lead_bytes ||
        !wc_wim_fits(r->offset, r->form.stored_bytes, part->byte_count))
        return "it lies outside of the file";
    if (!r->form.compression && !r->form.solid)
        return r->form.stored_bytes == r->form.plain_bytes
                   ? NULL
                   : "it is not compressed, and yet has two sizes";
    switch (wc_wim_layout_init(&layout, &r->form)) {
    case WC_OK:
        return NULL;
    case WC_E_TYPE:
        return "its compression, or the size of its chunks, is unknown";
    case WC_E_TOO_LARGE:
        return "its chunks are larger, or more, than any that are read";
    default:
        return "its sizes contradict each other";
    }
}
