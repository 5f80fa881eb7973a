/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/wimimage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/wimtree.h"
#include "common/io/sha1.h"
#include "common/io/wimstream.h"

static const char *stream_why(enum wc_err err)
{
    switch (err) {
    case WC_E_SHORT:
        return "it lies outside of the file";
    case WC_E_FORMAT:
        return "it cannot be decompressed";
    case WC_E_IO:
        return "it cannot be read from the disk";
    case WC_E_TOO_LARGE:
        return "it is larger than any that is read";
    default:
        return "its sizes contradict each other";
    }
}

/* The plain bytes of a whole resource; *ret is freed by the caller. *ret_pipe_differs: readers of a
 * pipe would not find it. */
static enum wc_err read_whole(const struct wc_wim *w, const struct wc_wim_resource *r,
                              const uint8_t *sha1, uint8_t **ret, bool *ret_pipe_differs)
{
    const struct wc_wim_part *part = &w->parts[r->part - 1];
    struct wc_wimbench bench = {0};
    struct wc_wimstream s;
    if (r->form.plain_bytes > WC_WIM_METADATA_BYTES_MAX)
        return WC_E_TOO_LARGE;
    enum wc_err err = wc_wimstream_open(&s, part->fd, part->byte_count, r, sha1, &bench);
    if (err) {
        wc_wimbench_deinit(&bench);
        return err;
    }
    *ret_pipe_differs = s.pipe_differs;
    uint8_t *bytes = malloc((size_t)r->form.plain_bytes + 1);
    if (!bytes)
        err = WC_E_NOMEM;
    for (uint32_t i = 0; !err && i < s.chunk_count; i++)
        err =
            wc_wimstream_chunk(&s, &bench, i, bytes + (size_t)i * s.chunk_bytes, ret_pipe_differs);
    wc_wimstream_close(&s);
    wc_wimbench_deinit(&bench);
    if (err)
        free(bytes);
    else
        *ret = bytes;
    return err;
}

static enum wc_err check_sha1(struct wc_wim *w, uint32_t image, const uint8_t *bytes,
                              const struct wc_wim_resource *r, const char *area, bool *ret_same)
{
    struct wc_sha1 *sha1;
    uint8_t digest[WC_SHA1_BYTES];
    enum wc_err err = wc_sha1_new(&sha1);
    if (err)
        return err;
    wc_sha1_update(sha1, bytes, (size_t)r->form.plain_bytes);
    wc_sha1_finish(sha1, digest);
    wc_sha1_free(sha1);
    *ret_same = memcmp(digest, w->images[image].sha1, WC_SHA1_BYTES) == 0;
    if (*ret_same)
        return WC_OK;
    struct wc_wim_defect *d = wc_wim_defect_add(w, WC_WIM_DEFECT_AREA, r->part, area, "%s", "");
    wc_wim_defect_place(d, r->offset, r->form.stored_bytes);
    if (d) {
        d->has_digests = true;
        memcpy(d->expected, w->images[image].sha1, WC_SHA1_BYTES);
        memcpy(d->actual, digest, WC_SHA1_BYTES);
    }
    return WC_OK;
}

/* Names from metadata that is not what it was would be wrong names. */
static enum wc_err read_names(struct wc_wim *w, uint32_t image, const struct wc_wim_resource *r,
                              const char *area)
{
    uint8_t *bytes = NULL;
    bool is_same = false, pipe_differs = false;
    size_t at = 0;
    enum wc_err err = read_whole(w, r, w->images[image].sha1, &bytes, &pipe_differs);
    if (err == WC_E_NOMEM)
        return err;
    if (err) {
        w->knows_names = false;
        wc_wim_defect_place(
            wc_wim_defect_add(w, WC_WIM_DEFECT_AREA, r->part, area, "%s", stream_why(err)),
            r->offset, r->form.stored_bytes);
        return WC_OK;
    }
    if (pipe_differs)
        wc_wim_defect_place(wc_wim_defect_add(w, WC_WIM_DEFECT_AREA, r->part, area,
                                              "what stands before it for readers of a pipe differs "
                                              "from the lookup table"),
                            r->offset - r->lead_bytes, r->form.stored_bytes + r->lead_bytes);
    err = check_sha1(w, image, bytes, r, area, &is_same);
    w->knows_names &= is_same;
    if (!err && is_same) {
        err =
            wc_wimtree_read(w->map, (uint16_t)(image + 1), bytes, (size_t)r->form.plain_bytes, &at);
        if (err == WC_E_FORMAT || err == WC_E_TOO_LARGE) {
            w->knows_names = false;
            wc_wim_defect_place(
                wc_wim_defect_add(w, WC_WIM_DEFECT_AREA, r->part, area,
                                  "its digest is right, but it %s at byte %zu",
                                  err == WC_E_FORMAT ? "makes no sense" : "goes beyond a limit",
                                  at),
                r->offset, r->form.stored_bytes);
            err = WC_OK;
        }
    }
    free(bytes);
    return err;
}

enum wc_err wc_wimimage_read_all(struct wc_wim *w)
{
    for (uint32_t i = 0; i < w->image_count; i++) {
        char area[WC_WIM_AREA_BYTES];
        snprintf(area, sizeof area, "the metadata of image %u", i + 1);
        if (w->images[i].resource == WC_WIMMAP_NONE) {
            w->knows_names = false;
            wc_wim_defect_add(w, WC_WIM_DEFECT_AREA, 1, area, "the lookup table does not name it");
            continue;
        }
        const struct wc_wim_resource r = *wc_wimmap_resource(w->map, w->images[i].resource);
        enum wc_err err = read_names(w, i, &r, area);
        if (err)
            return err;
    }
    return WC_OK;
}
