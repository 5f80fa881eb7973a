/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/wim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/core/utf16.h"
#include "common/io/alloc.h"
#include "common/io/file.h"
#include "common/io/wimimage.h"
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

/* --- one file ------------------------------------------------------------------------------- */

static enum wc_err refuse_errno(const char *path, const char *what, int error, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    return wc_why_set(why, wc_why_errno(error), wc_why_input_exit(error), "cannot %s %s: %s", what,
                      wc_why_path(shown, path), wc_why_errno_text(error));
}

static enum wc_err open_file(struct wc_wim_part *part, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    part->fd = open(part->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (part->fd < 0 || fstat(part->fd, &st))
        return refuse_errno(part->path, "open", errno, why);
    if (!S_ISREG(st.st_mode))
        return wc_why_set(why, WC_E_PATH, EX_NOINPUT, "%s is %s; name a WIM",
                          wc_why_path(shown, part->path),
                          S_ISDIR(st.st_mode) ? "a directory" : "no regular file");
    part->byte_count = (uint64_t)st.st_size;
    if (part->byte_count == 0)
        return wc_why_set(why, WC_E_SHORT, EX_DATAERR, "%s is no WIM: it is empty",
                          wc_why_path(shown, part->path));
    if (part->byte_count < WC_WIM_HEADER_BYTES)
        return wc_why_set(
            why, WC_E_SHORT, EX_DATAERR, "%s is no WIM: it has %u bytes, a header alone has %u",
            wc_why_path(shown, part->path), (unsigned)part->byte_count, WC_WIM_HEADER_BYTES);
    return WC_OK;
}

static enum wc_err read_bytes(const struct wc_wim_part *part, void *bytes, size_t count,
                              uint64_t offset, struct wc_why *why)
{
    enum wc_err err = wc_file_read(&wc_file_ops_system, part->fd, bytes, count, offset);
    if (err == WC_E_SHORT) /* it shrank under our eyes */
        errno = EIO;
    return err ? refuse_errno(part->path, "read", errno, why) : WC_OK;
}

/* Of a pipable WIM the header that counts is at the end. */
static enum wc_err read_tail(struct wc_wim *w, uint16_t number, struct wc_wim_part *part,
                             const uint8_t first[WC_WIM_HEADER_BYTES], struct wc_why *why)
{
    uint8_t bytes[WC_WIM_HEADER_BYTES];
    struct wc_wim_header header;
    const char *reason;
    uint64_t offset = part->byte_count - WC_WIM_HEADER_BYTES;
    enum wc_err err = read_bytes(part, bytes, sizeof bytes, offset, why);
    if (err)
        return err;
    if (!offset || wc_wim_header_decode(&header, bytes, &reason) || !header.pipable) {
        part->has_tail = false;
        return WC_OK;
    }
    /* Up to the number of images the two say the same. */
    if (memcmp(first, bytes, 48) != 0)
        wc_wim_defect_place(wc_wim_defect_add(w, WC_WIM_DEFECT_AREA, number, "the header",
                                              "the one at the end, which counts, differs from it"),
                            0, 48);
    part->header = header;
    return WC_OK;
}

static enum wc_err read_header(struct wc_wim *w, uint16_t number, struct wc_wim_part *part,
                               struct wc_why *why)
{
    uint8_t bytes[WC_WIM_HEADER_BYTES];
    char shown[WC_WHY_PATH_BYTES];
    const char *reason;
    enum wc_err err = read_bytes(part, bytes, sizeof bytes, 0, why);
    if (err)
        return err;
    err = wc_wim_header_decode(&part->header, bytes, &reason);
    if (err)
        return wc_why_set(why, err, EX_DATAERR, "%s is %s: %s", wc_why_path(shown, part->path),
                          err == WC_E_FORMAT ? "no WIM" : "no WIM that can be read", reason);
    part->has_tail = true;
    return part->header.pipable ? read_tail(w, number, part, bytes, why) : WC_OK;
}

static enum wc_err open_part(struct wc_wim *w, uint16_t number, struct wc_wim_part *part,
                             struct wc_why *why)
{
    enum wc_err err = open_file(part, why);
    return err ? err : read_header(w, number, part, why);
}

/* --- all parts ------------------------------------------------------------------------------ */

/* "DIR/install.swm" -> "DIR/install2.swm" */
static char *part_path(const char *first, unsigned number)
{
    const char *slash = strrchr(first, '/');
    const char *name = slash ? slash + 1 : first;
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name)
        dot = first + strlen(first);
    char *path;
    return asprintf(&path, "%.*s%u%s", (int)(dot - first), first, number, dot) < 0 ? NULL : path;
}

static enum wc_err open_further(struct wc_wim *w, uint16_t number)
{
    struct wc_wim_part *part = &w->parts[number - 1];
    struct wc_why why = {0};
    part->path = part_path(w->parts[0].path, number);
    if (!part->path)
        return WC_E_NOMEM;
    enum wc_err err = open_part(w, number, part, &why);
    if (err == WC_E_NOMEM)
        return err;
    const char *seen = why.text;
    if (!err) {
        const struct wc_wim_header *first = &w->parts[0].header;
        bool is_ours = memcmp(first->guid, part->header.guid, sizeof first->guid) == 0 &&
                       part->header.part == number && part->header.part_count == w->part_count;
        if (is_ours)
            return WC_OK;
        seen = "it is a part of another image";
    }
    if (part->fd >= 0)
        close(part->fd);
    part->fd = -1;
    wc_wim_defect_add(w, WC_WIM_DEFECT_PART, number, "", "part %u of %u: %s", number, w->part_count,
                      seen);
    return WC_OK;
}

static enum wc_err open_parts(struct wc_wim *w, const char *path, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    struct wc_wim_part first = {.fd = -1, .path = strdup(path)};
    enum wc_err err = first.path ? open_part(w, 1, &first, why) : WC_E_NOMEM;
    const struct wc_wim_header *h = &first.header;
    uint32_t count = err ? 1 : h->part_count;
    if (!err && h->part != 1)
        err = wc_why_set(why, WC_E_RANGE, EX_DATAERR,
                         "%s is part %u of %u of a split WIM; name the first, which knows the "
                         "others",
                         wc_why_path(shown, path), h->part, h->part_count);
    if (!err && count > WC_WIM_PARTS_MAX)
        err = wc_why_set(why, WC_E_TOO_LARGE, EX_DATAERR, "%s has %u parts; at most %u are read",
                         wc_why_path(shown, path), h->part_count, WC_WIM_PARTS_MAX);
    w->parts = calloc(err ? 1 : count, sizeof w->parts[0]);
    if (!w->parts) {
        free(first.path);
        if (first.fd >= 0)
            close(first.fd);
        return WC_E_NOMEM;
    }
    w->parts[0] = first;
    w->part_count = 1;
    for (uint32_t i = 1; !err && i < count; i++)
        w->parts[i].fd = -1;
    w->part_count = (uint16_t)(err ? 1 : count);
    for (uint16_t number = 2; !err && number <= w->part_count; number++)
        err = open_further(w, number);
    return err;
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

static bool is_blank(const uint8_t *unit)
{
    return unit[1] == 0 && (unit[0] == 0 || unit[0] == ' ' || unit[0] == '\r' || unit[0] == '\n');
}

/* What can be seen of XML without a digest: UTF-16, and the element that holds all others. */
static const char *xml_why(const uint8_t *bytes, size_t byte_count)
{
    static const uint8_t mark[] = {0xff, 0xfe}, head[] = {'<', 0};
    static const uint8_t tail[] = {'<', 0, '/', 0, 'W', 0, 'I', 0, 'M', 0, '>', 0};
    if (byte_count >= sizeof mark && memcmp(bytes, mark, sizeof mark) == 0) {
        bytes += sizeof mark;
        byte_count -= sizeof mark;
    }
    while (byte_count >= 2 && is_blank(bytes + byte_count - 2))
        byte_count -= 2;
    if (byte_count < sizeof tail || memcmp(bytes, head, sizeof head) != 0)
        return "it does not begin with '<' in UTF-16";
    if (memcmp(bytes + byte_count - sizeof tail, tail, sizeof tail) != 0)
        return "it does not end with </WIM>";
    return wc_utf16_check(bytes, byte_count) ? NULL : "it is no UTF-16";
}

static enum wc_err read_xml(struct wc_wim *w, uint16_t number)
{
    const struct wc_wim_place *place = &w->parts[number - 1].header.xml;
    uint8_t *bytes;
    enum wc_err err =
        read_table(w, number, WC_WIM_AREA_XML, "the XML data", place, WC_WIM_XML_BYTES_MAX, &bytes);
    if (err || !bytes)
        return err;
    const char *reason = xml_why(bytes, (size_t)place->stored_bytes);
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

static enum wc_err read_structure(struct wc_wim *w)
{
    w->image_count = w->parts[0].header.image_count;
    w->images = calloc(w->image_count + 1, sizeof w->images[0]);
    w->map = wc_wimmap_new(&wc_alloc_libc);
    if (!w->images || !w->map)
        return WC_E_NOMEM;
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

enum wc_err wc_wim_open(struct wc_wim **ret, const char *path, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    struct wc_wim *w = calloc(1, sizeof *w);
    if (w)
        w->defects = calloc(WC_WIM_DEFECTS_MAX, sizeof w->defects[0]);
    why->exit_code = EX_OK;
    enum wc_err err = w && w->defects ? open_parts(w, path, why) : WC_E_NOMEM;
    if (!err)
        err = read_structure(w);
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
