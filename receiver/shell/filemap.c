/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/filemap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/io/alloc.h"
#include "common/io/wimstream.h"

/* --- parts ---------------------------------------------------------------------------------- */

/* The regular file of this path, by bisection; file_count: none. */
static uint32_t find_file(const struct wc_manifest *m, const char *path)
{
    uint32_t low = 0, high = m->file_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(m->files[middle].path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_it = low < m->file_count && strcmp(m->files[low].path, path) == 0 &&
                 m->files[low].kind == WC_FILE_REGULAR;
    return is_it ? low : m->file_count;
}

enum wc_err wc_filemap_init(struct wc_filemap *ret, const struct wc_manifest *m,
                            const struct wc_manifest_wim *wim)
{
    uint32_t files[WC_WIM_PARTS_MAX] = {wim->file};
    uint16_t count = 1;
    for (; count < WC_WIM_PARTS_MAX; count++) {
        char *path = wc_wim_part_path(m->files[wim->file].path, (uint16_t)(count + 1));
        if (!path)
            return WC_E_NOMEM;
        files[count] = find_file(m, path);
        free(path);
        if (files[count] == m->file_count)
            break;
    }
    struct wc_filemap f = {.m = m, .part_count = count};
    f.files = calloc(count, sizeof f.files[0]);
    if (!f.files)
        return WC_E_NOMEM;
    memcpy(f.files, files, count * sizeof files[0]);
    *ret = f;
    return WC_OK;
}

static void close_files(struct wc_filemap *f)
{
    for (uint16_t i = 0; f->fds && i < f->part_count; i++)
        if (f->fds[i] >= 0)
            close(f->fds[i]);
    free(f->fds);
    f->fds = NULL;
}

void wc_filemap_deinit(struct wc_filemap *f)
{
    close_files(f);
    wc_wimcount_free(f->count);
    wc_wim_close(f->wim);
    free(f->files);
    *f = (struct wc_filemap){0};
}

enum wc_err wc_filemap_open(struct wc_filemap *f, const struct wc_store *store, struct wc_why *why)
{
    assert(!f->fds && !f->wim);
    f->fds = malloc(f->part_count * sizeof f->fds[0]);
    if (!f->fds)
        return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
    for (uint16_t i = 0; i < f->part_count; i++)
        f->fds[i] = -1;
    for (uint16_t i = 0; i < f->part_count; i++) {
        enum wc_err err = wc_store_open_file(store, f->files[i], &f->fds[i], why);
        if (err) {
            close_files(f);
            return err;
        }
    }
    return WC_OK;
}

/* --- the map -------------------------------------------------------------------------------- */

/* The solid resource whose table of chunks is at hand. */
struct locator {
    const struct wc_wim *wim;
    struct wc_wimstream stream;
    uint32_t resource; /* WC_WIMMAP_NONE: none */
    bool is_open;
};

static void leave(struct locator *l)
{
    if (l->is_open)
        wc_wimstream_close(&l->stream);
    l->is_open = false;
}

static bool locate(void *ctx, uint32_t index, uint64_t *ret_from, uint64_t *ret_to)
{
    struct locator *l = ctx;
    const struct wc_wim_blob *blob = wc_wimmap_blob(l->wim->map, index);
    const struct wc_wim_resource *r = wc_wimmap_resource(l->wim->map, blob->resource);
    if (l->resource != blob->resource) {
        const struct wc_wim_part *part = &l->wim->parts[r->part - 1];
        leave(l);
        l->resource = blob->resource;
        l->is_open =
            wc_wimstream_open(&l->stream, part->fd, part->byte_count, r, NULL, NULL) == WC_OK;
    }
    return l->is_open && blob->byte_count &&
           wc_wimstream_place(&l->stream, blob->offset, blob->offset + blob->byte_count, ret_from,
                              ret_to) == WC_OK;
}

static enum wc_err count(struct wc_filemap *f)
{
    struct locator locator = {.wim = f->wim, .resource = WC_WIMMAP_NONE};
    struct wc_wimcount_part *parts = calloc(f->wim->part_count, sizeof parts[0]);
    if (!parts)
        return WC_E_NOMEM;
    for (uint16_t i = 0; i < f->wim->part_count && i < f->part_count; i++) {
        const struct wc_file *file = &f->m->files[f->files[i]];
        if (f->wim->parts[i].fd >= 0)
            parts[i] = (struct wc_wimcount_part){file->offset, file->byte_count};
    }
    struct wc_wimcount_config config = {
        .map = f->wim->map,
        .partition = f->m->partition,
        .parts = parts,
        .part_count = f->wim->part_count,
        .locate = locate,
        .ctx = &locator,
    };
    enum wc_err err = wc_wimcount_new(&f->count, &config, &wc_alloc_libc);
    leave(&locator);
    free(parts);
    return err;
}

enum wc_err wc_filemap_make(struct wc_filemap *f, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    struct wc_wim_source sources[WC_WIM_PARTS_MAX];
    assert(f->fds && !f->wim);
    for (uint16_t i = 0; i < f->part_count; i++)
        sources[i] = (struct wc_wim_source){.name = f->m->files[f->files[i]].path, .fd = f->fds[i]};
    free(f->fds); /* the descriptors are the WIM's from here on */
    f->fds = NULL;
    enum wc_err err = wc_wim_open_parts(&f->wim, sources, f->part_count, why);
    if (err)
        return err;
    err = count(f);
    if (!err)
        return WC_OK;
    wc_wim_close(f->wim);
    f->wim = NULL;
    return wc_why_set(why, err, EX_OSERR, "cannot look into %s: %s",
                      wc_why_path(shown, sources[0].name), wc_err_text(err));
}
