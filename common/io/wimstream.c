/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/wimstream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/io/file.h"

/* --- the bench ------------------------------------------------------------------------------ */

static enum wc_err make_room(uint8_t **bytes, size_t *room, size_t byte_count)
{
    if (byte_count <= *room)
        return WC_OK;
    free(*bytes);
    *room = 0;
    *bytes = malloc(byte_count);
    if (!*bytes)
        return WC_E_NOMEM;
    *room = byte_count;
    return WC_OK;
}

enum wc_err wc_wimbench_plain(struct wc_wimbench *b, size_t byte_count)
{
    return make_room(&b->plain, &b->plain_room, byte_count);
}

void wc_wimbench_deinit(struct wc_wimbench *b)
{
    wc_wimcodec_free(b->codec);
    free(b->stored);
    free(b->plain);
    free(b->small);
    *b = (struct wc_wimbench){0};
}

static enum wc_err get_codec(struct wc_wimbench *b, const struct wc_wim_form *form)
{
    if (wc_wimcodec_is(b->codec, form->compression, form->chunk_bytes))
        return WC_OK;
    wc_wimcodec_free(b->codec);
    b->codec = NULL;
    return wc_wimcodec_new(&b->codec, form->compression, form->chunk_bytes);
}

/* --- opening -------------------------------------------------------------------------------- */

/* `byte_count` bytes, `offset` from the resource's first one (its lead is before 0): in *ret, which
 * is `room` unless they are at hand. */
static enum wc_err get_stored(const struct wc_wimstream *s, int64_t offset, size_t byte_count,
                              uint8_t *room, const uint8_t **ret)
{
    *ret = room;
    if (s->small) {
        *ret = s->small + s->resource->lead_bytes + offset;
        return WC_OK;
    }
    uint64_t at = s->resource->offset + (uint64_t)offset;
    return wc_file_read(&wc_file_ops_system, s->fd, room, byte_count, at);
}

static enum wc_err read_small(struct wc_wimstream *s, struct wc_wimbench *bench)
{
    const struct wc_wim_resource *r = s->resource;
    if (!bench || r->form.stored_bytes > WC_WIMSTREAM_SMALL_BYTES)
        return WC_OK;
    size_t byte_count = r->lead_bytes + (size_t)r->form.stored_bytes;
    enum wc_err err = make_room(&bench->small, &bench->small_room, byte_count);
    if (!err)
        err = wc_file_read(&wc_file_ops_system, s->fd, bench->small, byte_count,
                           r->offset - r->lead_bytes);
    if (!err)
        s->small = bench->small;
    return err;
}

/* A solid resource's table has lengths: add them up once. */
static enum wc_err sum_up(struct wc_wimstream *s)
{
    s->solid_begins = calloc(s->chunk_count, sizeof s->solid_begins[0]);
    if (!s->solid_begins)
        return WC_E_NOMEM;
    struct wc_wim_chunk chunk;
    uint64_t at = 0;
    for (uint32_t i = 0; i < s->chunk_count; i++) {
        s->solid_begins[i] = at;
        (void)!wc_wim_layout_chunk(&s->layout, s->table, i, &at, &chunk);
    }
    return WC_OK;
}

static enum wc_err open_compressed(struct wc_wimstream *s)
{
    enum wc_err err = wc_wim_layout_init(&s->layout, &s->resource->form);
    if (err)
        return err;
    const struct wc_wim_layout *l = &s->layout;
    s->chunk_count = l->chunk_count;
    s->chunk_bytes = l->form.chunk_bytes;
    s->table = malloc(l->table_bytes ? l->table_bytes : 1);
    const uint8_t *bytes;
    if (!s->table)
        return WC_E_NOMEM;
    err = get_stored(s, (int64_t)l->table_offset, l->table_bytes, s->table, &bytes);
    if (err)
        return err;
    if (bytes != s->table && l->table_bytes)
        memcpy(s->table, bytes, l->table_bytes);
    return l->form.solid ? sum_up(s) : WC_OK;
}

static enum wc_err open_plain(struct wc_wimstream *s)
{
    const struct wc_wim_form *form = &s->resource->form;
    if (form->stored_bytes != form->plain_bytes)
        return WC_E_RANGE;
    uint64_t count = form->plain_bytes / WC_WIMSTREAM_PIECE_BYTES + 1;
    if (count > UINT32_MAX)
        return WC_E_TOO_LARGE;
    s->chunk_bytes = WC_WIMSTREAM_PIECE_BYTES;
    s->chunk_count = (uint32_t)count - (form->plain_bytes % WC_WIMSTREAM_PIECE_BYTES == 0);
    return WC_OK;
}

/* Readers of a pipe go by what stands before a resource, and not by the lookup table. */
static enum wc_err compare_lead(struct wc_wimstream *s, const uint8_t *sha1)
{
    uint8_t room[WC_WIM_BLOB_HEAD_BYTES];
    const uint8_t *bytes;
    if (!sha1 || s->resource->lead_bytes != sizeof room)
        return WC_OK;
    enum wc_err err = get_stored(s, -(int64_t)sizeof room, sizeof room, room, &bytes);
    if (err)
        return err;
    struct wc_wim_blob_head head = wc_wim_blob_head_decode(bytes);
    s->pipe_differs = !head.has_magic || head.plain_bytes != s->resource->form.plain_bytes ||
                      memcmp(head.sha1, sha1, WC_SHA1_BYTES) != 0;
    return WC_OK;
}

enum wc_err wc_wimstream_open(struct wc_wimstream *ret, int fd, uint64_t file_bytes,
                              const struct wc_wim_resource *resource, const uint8_t *sha1,
                              struct wc_wimbench *bench)
{
    *ret = (struct wc_wimstream){.resource = resource, .fd = fd};
    if (resource->offset < resource->lead_bytes ||
        !wc_wim_fits(resource->offset, resource->form.stored_bytes, file_bytes))
        return WC_E_SHORT;
    enum wc_err err = read_small(ret, bench);
    if (!err)
        err = compare_lead(ret, sha1);
    if (!err)
        err = resource->form.compression || resource->form.solid ? open_compressed(ret)
                                                                 : open_plain(ret);
    if (err)
        wc_wimstream_close(ret);
    return err;
}

void wc_wimstream_close(struct wc_wimstream *s)
{
    free(s->table);
    free(s->solid_begins);
    s->table = NULL;
    s->solid_begins = NULL;
}

/* --- reading -------------------------------------------------------------------------------- */

uint32_t wc_wimstream_plain_bytes(const struct wc_wimstream *s, uint32_t index)
{
    assert(index < s->chunk_count);
    uint64_t left = s->resource->form.plain_bytes - (uint64_t)index * s->chunk_bytes;
    return left < s->chunk_bytes ? (uint32_t)left : s->chunk_bytes;
}

enum wc_err wc_wimstream_place(const struct wc_wimstream *s, uint64_t from, uint64_t to,
                               uint64_t *ret_from, uint64_t *ret_to)
{
    assert(from < to);
    struct wc_wim_chunk first, last;
    if (to > s->resource->form.plain_bytes)
        return WC_E_RANGE;
    if (!s->resource->form.compression) {
        *ret_from = from;
        *ret_to = to;
        return WC_OK;
    }
    uint32_t index = (uint32_t)(from / s->chunk_bytes);
    uint64_t at = s->solid_begins ? s->solid_begins[index] : 0;
    enum wc_err err = wc_wim_layout_chunk(&s->layout, s->table, index, &at, &first);
    if (err)
        return err;
    index = (uint32_t)((to - 1) / s->chunk_bytes);
    at = s->solid_begins ? s->solid_begins[index] : 0;
    err = wc_wim_layout_chunk(&s->layout, s->table, index, &at, &last);
    if (err)
        return err;
    *ret_from = first.offset - s->layout.before_bytes;
    *ret_to = last.offset + last.stored_bytes;
    return WC_OK;
}

enum wc_err wc_wimstream_chunk_place(const struct wc_wimstream *s, uint32_t index,
                                     struct wc_wim_chunk *ret)
{
    if (!s->resource->form.compression) {
        uint32_t byte_count = wc_wimstream_plain_bytes(s, index);
        *ret = (struct wc_wim_chunk){
            .offset = (uint64_t)index * s->chunk_bytes,
            .stored_bytes = byte_count,
            .plain_bytes = byte_count,
        };
        return WC_OK;
    }
    uint64_t at = s->solid_begins ? s->solid_begins[index] : 0;
    return wc_wim_layout_chunk(&s->layout, s->table, index, &at, ret);
}

enum wc_err wc_wimstream_stored(const struct wc_wimstream *s, const struct wc_wim_chunk *place,
                                uint8_t *ret)
{
    const uint8_t *bytes;
    enum wc_err err = get_stored(s, (int64_t)place->offset, place->stored_bytes, ret, &bytes);
    if (!err && bytes != ret)
        memcpy(ret, bytes, place->stored_bytes);
    return err;
}

static enum wc_err read_plain(const struct wc_wimstream *s, uint32_t index, uint8_t *plain)
{
    uint32_t byte_count = wc_wimstream_plain_bytes(s, index);
    const uint8_t *bytes;
    int64_t offset = (int64_t)((uint64_t)index * s->chunk_bytes);
    enum wc_err err = get_stored(s, offset, byte_count, plain, &bytes);
    if (!err && bytes != plain)
        memcpy(plain, bytes, byte_count);
    return err;
}

/* FNV-1a: to tell the same wrong bytes from others. */
static uint64_t check_of(const uint8_t *bytes, size_t count)
{
    uint64_t check = 0xcbf29ce484222325u;
    for (size_t i = 0; i < count; i++)
        check = (check ^ bytes[i]) * 0x100000001b3u;
    return check;
}

enum wc_err wc_wimstream_chunk(const struct wc_wimstream *s, struct wc_wimbench *bench,
                               uint32_t index, uint8_t *plain, bool *ret_pipe_differs)
{
    const struct wc_wim_form *form = &s->resource->form;
    if (!form->compression)
        return read_plain(s, index, plain);
    struct wc_wim_chunk chunk;
    uint64_t at = s->solid_begins ? s->solid_begins[index] : 0;
    enum wc_err err = wc_wim_layout_chunk(&s->layout, s->table, index, &at, &chunk);
    uint32_t before = s->layout.before_bytes;
    if (!err)
        err = make_room(&bench->stored, &bench->stored_room, before + chunk.stored_bytes);
    if (err)
        return err;
    const uint8_t *bytes;
    err = get_stored(s, (int64_t)chunk.offset - before, before + chunk.stored_bytes, bench->stored,
                     &bytes);
    if (err)
        return err;
    if (before) {
        struct wc_reader r = wc_reader_of(bytes, before);
        *ret_pipe_differs |= wc_wim_get(&r, before) != chunk.stored_bytes;
        bytes += before;
    }
    if (chunk.stored_bytes == chunk.plain_bytes) {
        memcpy(plain, bytes, chunk.plain_bytes);
        return WC_OK;
    }
    err = get_codec(bench, form);
    if (err)
        return err;
    err = wc_wimcodec_run(bench->codec, bytes, chunk.stored_bytes, plain, chunk.plain_bytes);
    if (err)
        bench->bad_check = check_of(bytes, chunk.stored_bytes);
    return err;
}
