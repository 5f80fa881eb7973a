/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/wimparts.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/io/file.h"

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
    struct stat st;
    if (part->fd < 0)
        part->fd = open(part->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
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

/* `part` has a path, and a descriptor unless it is opened here. */
static enum wc_err open_part(struct wc_wim *w, uint16_t number, struct wc_wim_part *part,
                             struct wc_why *why)
{
    enum wc_err err = open_file(part, why);
    return err ? err : read_header(w, number, part, why);
}

/* --- all parts ------------------------------------------------------------------------------ */

char *wc_wim_part_path(const char *first, uint16_t number)
{
    const char *slash = strrchr(first, '/');
    const char *name = slash ? slash + 1 : first;
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name)
        dot = first + strlen(first);
    char *path;
    return asprintf(&path, "%.*s%u%s", (int)(dot - first), first, number, dot) < 0 ? NULL : path;
}

/* Part `number`, whose path and descriptor are set: is it there, and is it ours? */
static enum wc_err open_further(struct wc_wim *w, uint16_t number)
{
    struct wc_wim_part *part = &w->parts[number - 1];
    struct wc_why why = {0};
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

/* The first part, whose path and descriptor are set; then there is room for the others. */
static enum wc_err open_first(struct wc_wim *w, struct wc_wim_part *first, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    enum wc_err err = open_part(w, 1, first, why);
    const struct wc_wim_header *h = &first->header;
    if (err)
        return err;
    if (h->part != 1)
        return wc_why_set(why, WC_E_RANGE, EX_DATAERR,
                          "%s is part %u of %u of a split WIM; name the first, which knows the "
                          "others",
                          wc_why_path(shown, first->path), h->part, h->part_count);
    if (h->part_count > WC_WIM_PARTS_MAX)
        return wc_why_set(why, WC_E_TOO_LARGE, EX_DATAERR, "%s has %u parts; at most %u are read",
                          wc_why_path(shown, first->path), h->part_count, WC_WIM_PARTS_MAX);
    struct wc_wim_part *parts = calloc(h->part_count, sizeof parts[0]);
    if (!parts)
        return WC_E_NOMEM;
    parts[0] = *first;
    for (uint16_t i = 1; i < h->part_count; i++)
        parts[i].fd = -1;
    w->parts = parts;
    w->part_count = h->part_count;
    return WC_OK;
}

static enum wc_err begin(struct wc_wim *w, const char *path, int fd, struct wc_why *why)
{
    struct wc_wim_part first = {.fd = fd, .path = strdup(path)};
    enum wc_err err = first.path ? open_first(w, &first, why) : WC_E_NOMEM;
    if (err) {
        free(first.path);
        if (first.fd >= 0)
            close(first.fd);
    }
    return err;
}

enum wc_err wc_wimparts_find(struct wc_wim *w, const char *path, struct wc_why *why)
{
    enum wc_err err = begin(w, path, -1, why);
    for (uint16_t number = 2; !err && number <= w->part_count; number++) {
        struct wc_wim_part *part = &w->parts[number - 1];
        part->path = wc_wim_part_path(path, number);
        err = part->path ? open_further(w, number) : WC_E_NOMEM;
    }
    return err;
}

/* A part that nobody has. */
static enum wc_err lack(struct wc_wim *w, uint16_t number)
{
    w->parts[number - 1].path = wc_wim_part_path(w->parts[0].path, number);
    if (!w->parts[number - 1].path)
        return WC_E_NOMEM;
    wc_wim_defect_add(w, WC_WIM_DEFECT_PART, number, "", "part %u of %u: it is not here", number,
                      w->part_count);
    return WC_OK;
}

enum wc_err wc_wimparts_take(struct wc_wim *w, const struct wc_wim_source *sources, uint16_t count,
                             struct wc_why *why)
{
    assert(count && sources[0].fd >= 0);
    enum wc_err err = begin(w, sources[0].name, sources[0].fd, why);
    uint16_t taken = 1;
    for (uint16_t number = 2; !err && number <= w->part_count; number++) {
        const struct wc_wim_source *source = number <= count ? &sources[number - 1] : NULL;
        struct wc_wim_part *part = &w->parts[number - 1];
        if (!source || source->fd < 0) {
            err = lack(w, number);
            continue;
        }
        part->path = strdup(source->name);
        part->fd = source->fd;
        taken = number;
        err = part->path ? open_further(w, number) : WC_E_NOMEM;
    }
    for (uint16_t i = taken; i < count; i++)
        if (sources[i].fd >= 0)
            close(sources[i].fd);
    return err;
}
