/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/wimlook.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct wc_wimlooker {
    const struct wc_wim *w;
    const atomic_bool *cancel;
    struct wc_wimbench bench;
    struct wc_sha1 *sha1;
    bool pipe_differs;
    /* Of the solid resource that was last looked into: its table of chunks. */
    struct wc_wimstream solid;
    uint32_t solid_resource; /* WC_WIMMAP_NONE: none is open */
    /* The chunk of it that lies in bench.plain. */
    uint32_t kept_chunk; /* WC_WIMMAP_NONE: none */
    uint32_t forgotten;  /* the resource whose pages were dropped last; the same */
    struct wc_wimlook kept_look;
};

bool wc_wimlook_is_bad(const struct wc_wimlook *look)
{
    return look->err || look->pipe_differs;
}

bool wc_wimlook_is_ours(enum wc_err err)
{
    return err == WC_E_NOMEM || err == WC_E_CRYPTO || err == WC_E_SYS;
}

struct wc_wimlook wc_wimlook_of(enum wc_err err)
{
    return (struct wc_wimlook){.err = err, .error = err == WC_E_IO ? errno : 0};
}

struct wc_wimlook wc_wimlook_of_chunk(enum wc_err err, const struct wc_wimbench *bench)
{
    struct wc_wimlook look = wc_wimlook_of(err);
    look.check = err == WC_E_FORMAT ? bench->bad_check : 0;
    return look;
}

void wc_wimlook_judge(struct wc_wimlook *look, const struct wc_wim_blob *blob, struct wc_sha1 *sha1)
{
    uint8_t digest[WC_SHA1_BYTES];
    wc_sha1_finish(sha1, digest); /* in any case: it begins anew */
    if (look->err)
        return;
    memcpy(look->digest, digest, sizeof digest);
    if (memcmp(digest, blob->sha1, sizeof digest) != 0)
        look->err = WC_E_DIGEST;
}

/* --- the looker ----------------------------------------------------------------------------- */

enum wc_err wc_wimlooker_new(struct wc_wimlooker **ret, const struct wc_wim *w,
                             const atomic_bool *cancel)
{
    struct wc_wimlooker *l = calloc(1, sizeof *l);
    if (!l)
        return WC_E_NOMEM;
    l->w = w;
    l->cancel = cancel;
    l->solid_resource = WC_WIMMAP_NONE;
    l->kept_chunk = WC_WIMMAP_NONE;
    l->forgotten = WC_WIMMAP_NONE;
    enum wc_err err = wc_sha1_new(&l->sha1);
    if (err)
        free(l);
    else
        *ret = l;
    return err;
}

static void close_solid(struct wc_wimlooker *l)
{
    if (l->solid_resource != WC_WIMMAP_NONE)
        wc_wimstream_close(&l->solid);
    l->solid_resource = WC_WIMMAP_NONE;
    l->kept_chunk = WC_WIMMAP_NONE;
}

void wc_wimlooker_free(struct wc_wimlooker *l)
{
    if (!l)
        return;
    close_solid(l);
    wc_wimbench_deinit(&l->bench);
    wc_sha1_free(l->sha1);
    free(l);
}

struct wc_wimbench *wc_wimlooker_bench(struct wc_wimlooker *l)
{
    l->kept_chunk = WC_WIMMAP_NONE;
    return &l->bench;
}

static bool is_cancelled(const struct wc_wimlooker *l)
{
    return l->cancel && atomic_load(l->cancel);
}

/* Chunk `index` into bench.plain. */
static struct wc_wimlook get_chunk(struct wc_wimlooker *l, const struct wc_wimstream *s,
                                   uint32_t index)
{
    if (s == &l->solid && l->kept_chunk == index)
        return l->kept_look;
    enum wc_err err =
        is_cancelled(l) ? WC_E_CLOSED
                        : wc_wimstream_chunk(s, &l->bench, index, l->bench.plain, &l->pipe_differs);
    l->kept_look = wc_wimlook_of_chunk(err, &l->bench);
    l->kept_chunk = s == &l->solid && err != WC_E_CLOSED ? index : WC_WIMMAP_NONE;
    return l->kept_look;
}

static void hash_blob(struct wc_wimlooker *l, const struct wc_wimstream *s,
                      const struct wc_wim_blob *blob, struct wc_wimlook *look)
{
    uint64_t end = blob->offset + blob->byte_count;
    if (end > s->resource->form.plain_bytes) {
        look->err = WC_E_RANGE;
        return;
    }
    for (uint64_t at = blob->offset; at < end && !look->err;) {
        uint32_t index = (uint32_t)(at / s->chunk_bytes);
        uint64_t from = (uint64_t)index * s->chunk_bytes;
        uint64_t to = from + wc_wimstream_plain_bytes(s, index);
        *look = get_chunk(l, s, index);
        to = to < end ? to : end;
        if (!look->err)
            wc_sha1_update(l->sha1, l->bench.plain + (at - from), (size_t)(to - at));
        at = to;
    }
    wc_wimlook_judge(look, blob, l->sha1);
}

static struct wc_wimlook read_blob(struct wc_wimlooker *l, const struct wc_wimstream *s,
                                   const struct wc_wim_blob *blob)
{
    struct wc_wimlook look = {0};
    if (s->chunk_bytes > l->bench.plain_room)
        l->kept_chunk = WC_WIMMAP_NONE;
    look.err = wc_wimbench_plain(&l->bench, s->chunk_bytes);
    if (!look.err)
        hash_blob(l, s, blob, &look);
    look.pipe_differs = l->pipe_differs;
    return look;
}

static const struct wc_wim_part *part_of(const struct wc_wimlooker *l,
                                         const struct wc_wim_resource *r)
{
    return &l->w->parts[r->part - 1];
}

static struct wc_wimlook look_into_solid(struct wc_wimlooker *l, const struct wc_wim_blob *blob,
                                         const struct wc_wim_resource *r)
{
    const struct wc_wim_part *part = part_of(l, r);
    l->pipe_differs = false;
    if (l->solid_resource != blob->resource) {
        close_solid(l);
        enum wc_err err = wc_wimstream_open(&l->solid, part->fd, part->byte_count, r, NULL, NULL);
        if (err)
            return wc_wimlook_of(err);
        l->solid_resource = blob->resource;
    }
    return read_blob(l, &l->solid, blob);
}

static struct wc_wimlook look_into_own(struct wc_wimlooker *l, const struct wc_wim_blob *blob,
                                       const struct wc_wim_resource *r)
{
    const struct wc_wim_part *part = part_of(l, r);
    struct wc_wimstream s;
    enum wc_err err = wc_wimstream_open(&s, part->fd, part->byte_count, r, blob->sha1, &l->bench);
    if (err)
        return wc_wimlook_of(err);
    l->pipe_differs = s.pipe_differs;
    l->kept_chunk = WC_WIMMAP_NONE;
    struct wc_wimlook look = read_blob(l, &s, blob);
    wc_wimstream_close(&s);
    return look;
}

enum wc_err wc_wimlooker_blob(struct wc_wimlooker *l, uint32_t index, struct wc_wimlook *ret)
{
    const struct wc_wim_blob *blob = wc_wimmap_blob(l->w->map, index);
    const struct wc_wim_resource *r = wc_wimmap_resource(l->w->map, blob->resource);
    struct wc_wimlook look =
        r->form.solid ? look_into_solid(l, blob, r) : look_into_own(l, blob, r);
    if (wc_wimlook_is_ours(look.err) || look.err == WC_E_CLOSED)
        return look.err;
    *ret = look;
    return WC_OK;
}

/* --- once more ------------------------------------------------------------------------------ */

static enum wc_again compare(const struct wc_wimlook *a, const struct wc_wimlook *b)
{
    if (!wc_wimlook_is_bad(b))
        return WC_AGAIN_GOOD;
    bool is_same = a->err == b->err && a->check == b->check && a->pipe_differs == b->pipe_differs &&
                   memcmp(a->digest, b->digest, sizeof a->digest) == 0;
    return is_same ? WC_AGAIN_SAME : WC_AGAIN_OTHER;
}

/* What was just written lies in memory until it is on the disk. */
static void forget_pages(int fd, const struct wc_wim_resource *r)
{
    (void)sync_file_range(fd, (off_t)r->offset, (off_t)r->form.stored_bytes,
                          SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                              SYNC_FILE_RANGE_WAIT_AFTER);
    (void)posix_fadvise(fd, (off_t)r->offset, (off_t)r->form.stored_bytes, POSIX_FADV_DONTNEED);
}

enum wc_err wc_wimlooker_again(struct wc_wimlooker *l, uint32_t index,
                               const struct wc_wimlook *first, enum wc_again *ret)
{
    const struct wc_wim_blob *blob = wc_wimmap_blob(l->w->map, index);
    const struct wc_wim_resource *r = wc_wimmap_resource(l->w->map, blob->resource);
    struct wc_wimlook look;
    if (l->forgotten != blob->resource) {
        close_solid(l);
        forget_pages(part_of(l, r)->fd, r);
        l->forgotten = blob->resource;
    }
    enum wc_err err = wc_wimlooker_blob(l, index, &look);
    if (!err)
        *ret = compare(first, &look);
    return err;
}
