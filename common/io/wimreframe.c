/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/wimreframe.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/core/wimpipe.h"
#include "common/io/sha1.h"
#include "common/io/wimstream.h"
#include "common/io/wimtrail.h"

#define STEP_BYTES (512u << 10) /* a step gives so many bytes, and one chunk more */

enum phase {
    PHASE_START, /* nothing is written */
    PHASE_PICK,  /* between resources */
    PHASE_PASS,  /* in a resource whose chunks go as they are */
    PHASE_PLAIN, /* in one whose blobs go plain */
};

struct wc_wimreframe {
    struct wc_wimreframe_config config;
    struct wc_wimorder order;
    struct wc_wimtrail trail;
    struct wc_wimbench bench;
    struct wc_wimreframe_count counts;
    enum phase phase;
    uint8_t *out;
    size_t out_count, out_room;
    uint64_t position; /* of the first byte of `out` */
    /* The resource in work. */
    uint32_t resource;
    struct wc_wimstream stream;
    uint32_t chunk;      /* pass: the next one; plain: the one in bench.plain */
    bool is_held;        /* its bytes are given up all at once */
    uint32_t blob;       /* the one in work, or the next to be looked at */
    bool in_blob;        /* its head is written */
    uint64_t blob_done;  /* its plain bytes that are written */
    uint64_t given_to;   /* of the resource's stored bytes: before it all is given up */
    uint32_t chunk_next; /* plain: the first chunk that is not given up */
};

/* --- making, and small things --------------------------------------------------------------- */

enum wc_err wc_wimreframe_new(struct wc_wimreframe **ret, const struct wc_wimreframe_config *config,
                              struct wc_why *why)
{
    struct wc_wimreframe *f = calloc(1, sizeof *f);
    if (!f)
        return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
    f->config = *config;
    enum wc_err err = wc_wimorder_init(&f->order, config->wim, config->image, why);
    f->order.ready = config->ready;
    f->order.ctx = config->ctx;
    f->counts.total_bytes = f->order.blob_bytes;
    f->counts.total_names = f->order.name_count;
    if (err)
        wc_wimreframe_free(f);
    else
        *ret = f;
    return err;
}

void wc_wimreframe_free(struct wc_wimreframe *f)
{
    if (!f)
        return;
    if (f->phase == PHASE_PASS || f->phase == PHASE_PLAIN)
        wc_wimstream_close(&f->stream);
    wc_wimorder_deinit(&f->order);
    wc_wimtrail_deinit(&f->trail);
    wc_wimbench_deinit(&f->bench);
    free(f->out);
    free(f);
}

struct wc_wimreframe_count wc_wimreframe_counts(const struct wc_wimreframe *f)
{
    return f->counts;
}

static const struct wc_wim_blob *blob_of(const struct wc_wimreframe *f, uint32_t index)
{
    return wc_wimmap_blob(f->config.wim->map, index);
}

/* `count` more bytes of `out`; NULL: no memory. */
static uint8_t *reserve(struct wc_wimreframe *f, size_t count)
{
    if (f->out_count + count > f->out_room) {
        size_t room = f->out_count + count + STEP_BYTES;
        uint8_t *out = realloc(f->out, room);
        if (!out)
            return NULL;
        f->out = out;
        f->out_room = room;
    }
    f->out_count += count;
    return f->out + f->out_count - count;
}

static enum wc_err put_head(struct wc_wimreframe *f, uint64_t plain_bytes, const uint8_t *sha1,
                            uint8_t flags)
{
    uint8_t *head = reserve(f, WC_WIM_BLOB_HEAD_BYTES);
    if (!head)
        return WC_E_NOMEM;
    wc_wimpipe_blob_head(head, plain_bytes, sha1, flags);
    return WC_OK;
}

/* What was put last ends here: it belongs to `blob`, and after it [offset, offset + count) of the
 * resource's stored bytes (its lead is before 0) can be given up. */
static enum wc_err note(struct wc_wimreframe *f, uint32_t blob, int64_t offset, uint64_t count)
{
    const struct wc_wim_resource *r = f->stream.resource;
    struct wc_wimtrail_note n = {
        .end = f->position + f->out_count,
        .blob = blob,
        .part = r->part,
        .offset = r->offset + (uint64_t)offset,
        .count = count,
    };
    return wc_wimtrail_add(&f->trail, &n);
}

/* --- what goes first ------------------------------------------------------------------------ */

static enum wc_err put_xml(struct wc_wimreframe *f)
{
    uint8_t xml[WC_WIMPIPE_XML_BYTES];
    uint8_t digest[WC_SHA1_BYTES];
    struct wc_sha1 *sha1;
    size_t count = wc_wimpipe_xml(xml, f->order.name_bytes);
    enum wc_err err = wc_sha1_new(&sha1);
    if (err)
        return err;
    wc_sha1_update(sha1, xml, count);
    wc_sha1_finish(sha1, digest);
    wc_sha1_free(sha1);
    err = put_head(f, count, digest, WC_WIM_FLAG_METADATA);
    uint8_t *bytes = err ? NULL : reserve(f, count);
    if (!bytes)
        return WC_E_NOMEM;
    memcpy(bytes, xml, count);
    return WC_OK;
}

static enum wc_err put_metadata(struct wc_wimreframe *f)
{
    const struct wc_wim *w = f->config.wim;
    const struct wc_wim_image *image = &w->images[f->config.image - 1];
    if (image->resource == WC_WIMMAP_NONE)
        return WC_E_FORMAT;
    const struct wc_wim_resource *r = wc_wimmap_resource(w->map, image->resource);
    const struct wc_wim_part *part = &w->parts[r->part - 1];
    struct wc_wimstream s;
    bool differs = false; /* the pipe that we write does not */
    if (!r->form.plain_bytes || r->form.plain_bytes > WC_WIM_METADATA_BYTES_MAX)
        return WC_E_TOO_LARGE;
    enum wc_err err = wc_wimstream_open(&s, part->fd, part->byte_count, r, image->sha1, &f->bench);
    if (err)
        return err;
    err = put_head(f, r->form.plain_bytes, image->sha1, WC_WIM_FLAG_METADATA);
    for (uint32_t i = 0; !err && i < s.chunk_count; i++) {
        uint8_t *bytes = reserve(f, wc_wimstream_plain_bytes(&s, i));
        err = bytes ? wc_wimstream_chunk(&s, &f->bench, i, bytes, &differs) : WC_E_NOMEM;
    }
    wc_wimstream_close(&s);
    return err;
}

/* Data that the image does not need. */
static void give_up_others(const struct wc_wimreframe *f)
{
    const struct wc_wimmap *map = f->config.wim->map;
    uint32_t count = wc_wimmap_resource_count(map);
    for (uint32_t i = 0; f->config.consumed && i < count; i++) {
        const struct wc_wim_resource *r = wc_wimmap_resource(map, i);
        if (r->area != WC_WIM_AREA_DATA || r->offset < r->lead_bytes)
            continue;
        uint32_t b = r->blob_first, end = r->blob_first + r->blob_count;
        while (b < end && !wc_wimorder_wants(&f->order, b))
            b++;
        if (b == end)
            f->config.consumed(f->config.ctx, r->part, r->offset - r->lead_bytes,
                               r->form.stored_bytes + r->lead_bytes);
    }
}

static enum wc_err start(struct wc_wimreframe *f)
{
    uint8_t *header = reserve(f, WC_WIM_HEADER_BYTES);
    if (!header)
        return WC_E_NOMEM;
    wc_wimpipe_header(header, &f->config.wim->parts[0].header);
    enum wc_err err = put_xml(f);
    if (!err)
        err = put_metadata(f);
    if (!err) {
        give_up_others(f);
        f->phase = PHASE_PICK;
    }
    return err;
}

/* --- chunks as they are --------------------------------------------------------------------- */

static bool is_there(const struct wc_wimreframe *f, uint64_t offset, uint64_t count)
{
    const struct wc_wim_resource *r = f->stream.resource;
    return !f->config.ready || f->config.ready(f->config.ctx, r->part, r->offset + offset, count);
}

static void count_blob(struct wc_wimreframe *f, uint32_t blob)
{
    uint32_t count;
    const struct wc_wimmap *map = f->config.wim->map;
    const uint32_t *names = wc_wimmap_names(map, blob, &count);
    for (uint32_t i = 0; i < count; i++)
        f->counts.names += wc_wimmap_name(map, names[i])->image == f->config.image;
}

/* A resource is at its end: all that was not given up may be. */
static enum wc_err end_resource(struct wc_wimreframe *f, uint32_t blob)
{
    const struct wc_wim_resource *r = f->stream.resource;
    int64_t from = f->given_to ? (int64_t)f->given_to : -(int64_t)r->lead_bytes;
    uint64_t count = (uint64_t)((int64_t)r->form.stored_bytes - from);
    enum wc_err err = note(f, blob, from, count);
    uint64_t head_bytes = r->form.pipable ? 0 : f->stream.layout.data_offset; /* the table */
    if (f->given_to && !err)
        err = note(f, blob, -(int64_t)r->lead_bytes, head_bytes + r->lead_bytes);
    wc_wimstream_close(&f->stream);
    f->phase = PHASE_PICK;
    return err;
}

static enum wc_err pass_end(struct wc_wimreframe *f)
{
    const struct wc_wimstream *s = &f->stream;
    if (s->resource->form.compression && s->layout.table_bytes) {
        uint8_t *table = reserve(f, s->layout.table_bytes);
        if (!table)
            return WC_E_NOMEM;
        memcpy(table, s->table, s->layout.table_bytes);
    }
    count_blob(f, f->blob);
    return end_resource(f, f->blob);
}

static enum wc_err pass_chunk(struct wc_wimreframe *f)
{
    const struct wc_wimstream *s = &f->stream;
    bool is_compressed = s->resource->form.compression;
    uint32_t before = is_compressed ? s->layout.before_bytes : 0;
    struct wc_wim_chunk place;
    if (f->chunk == s->chunk_count)
        return pass_end(f);
    enum wc_err err = wc_wimstream_chunk_place(s, f->chunk, &place);
    if (err)
        return err;
    if (!is_there(f, place.offset - before, before + (uint64_t)place.stored_bytes))
        return WC_E_AGAIN;
    uint32_t head = is_compressed ? WC_WIM_PIPE_CHUNK_BYTES : 0;
    uint8_t *bytes = reserve(f, head + (size_t)place.stored_bytes);
    if (!bytes)
        return WC_E_NOMEM;
    if (head)
        wc_wimpipe_chunk_head(bytes, place.stored_bytes);
    err = wc_wimstream_stored(s, &place, bytes + head);
    if (err)
        return err;
    f->chunk++;
    f->counts.blob_bytes += place.plain_bytes;
    if (f->is_held)
        return note(f, f->blob, 0, 0);
    if (!f->given_to)
        f->given_to = place.offset - before;
    err = note(f, f->blob, (int64_t)f->given_to, place.offset + place.stored_bytes - f->given_to);
    f->given_to = place.offset + place.stored_bytes;
    return err;
}

static enum wc_err pass_begin(struct wc_wimreframe *f)
{
    const struct wc_wim_blob *blob = blob_of(f, f->blob);
    f->phase = PHASE_PASS;
    f->chunk = 0;
    return put_head(f, blob->byte_count, blob->sha1,
                    f->stream.resource->form.compression ? WC_WIM_FLAG_COMPRESSED : 0);
}

/* --- plain ones ----------------------------------------------------------------------------- */

/* The chunks before `to` are needed no more. */
static enum wc_err give_up_chunks(struct wc_wimreframe *f, uint32_t to, uint32_t blob)
{
    struct wc_wim_chunk place;
    for (; !f->is_held && f->chunk_next < to; f->chunk_next++) {
        enum wc_err err = wc_wimstream_chunk_place(&f->stream, f->chunk_next, &place);
        if (err)
            return err;
        uint64_t from = f->given_to ? f->given_to : place.offset;
        uint64_t end = place.offset + place.stored_bytes;
        err = note(f, blob, (int64_t)from, end - from);
        if (err)
            return err;
        f->given_to = end;
    }
    return WC_OK;
}

static enum wc_err plain_load(struct wc_wimreframe *f, uint32_t index)
{
    const struct wc_wimstream *s = &f->stream;
    uint32_t before = s->resource->form.compression ? s->layout.before_bytes : 0;
    struct wc_wim_chunk place;
    bool differs = false; /* the pipe that we write does not */
    if (f->chunk == index)
        return WC_OK;
    enum wc_err err = wc_wimstream_chunk_place(s, index, &place);
    if (err)
        return err;
    if (!is_there(f, place.offset - before, before + (uint64_t)place.stored_bytes))
        return WC_E_AGAIN;
    f->chunk = UINT32_MAX;
    err = wc_wimbench_plain(&f->bench, s->chunk_bytes);
    if (!err)
        err = wc_wimstream_chunk(s, &f->bench, index, f->bench.plain, &differs);
    if (!err)
        f->chunk = index;
    return err;
}

/* The wanted blob at or after f->blob; false: there is none. */
static bool plain_seek(struct wc_wimreframe *f)
{
    const struct wc_wim_resource *r = f->stream.resource;
    uint32_t end = r->blob_first + r->blob_count;
    while (f->blob < end &&
           (!wc_wimorder_wants(&f->order, f->blob) || !blob_of(f, f->blob)->byte_count))
        f->blob++;
    return f->blob < end;
}

static enum wc_err plain_piece(struct wc_wimreframe *f)
{
    const struct wc_wimstream *s = &f->stream;
    if (!plain_seek(f))
        return end_resource(f, f->blob - 1);
    const struct wc_wim_blob *blob = blob_of(f, f->blob);
    uint64_t end = blob->offset + blob->byte_count;
    if (blob->offset > s->resource->form.plain_bytes || end > s->resource->form.plain_bytes)
        return WC_E_RANGE;
    uint64_t at = blob->offset + f->blob_done;
    uint32_t index = (uint32_t)(at / s->chunk_bytes);
    enum wc_err err = plain_load(f, index);
    if (!err)
        err = give_up_chunks(f, index, f->blob);
    if (!err && !f->in_blob)
        err = put_head(f, blob->byte_count, blob->sha1, 0);
    if (err)
        return err;
    f->in_blob = true;
    uint64_t from = (uint64_t)index * s->chunk_bytes;
    uint64_t to = from + wc_wimstream_plain_bytes(s, index);
    size_t count = (size_t)((to < end ? to : end) - at);
    count = count < STEP_BYTES ? count : STEP_BYTES;
    uint8_t *bytes = reserve(f, count);
    if (!bytes)
        return WC_E_NOMEM;
    memcpy(bytes, f->bench.plain + (at - from), count);
    f->blob_done += count;
    f->counts.blob_bytes += count;
    err = note(f, f->blob, 0, 0);
    if (f->blob_done == blob->byte_count) {
        count_blob(f, f->blob);
        f->blob++;
        f->in_blob = false;
        f->blob_done = 0;
    }
    return err;
}

/* --- one resource after the other ----------------------------------------------------------- */

static enum wc_err begin(struct wc_wimreframe *f)
{
    const struct wc_wim *w = f->config.wim;
    const struct wc_wim_resource *r = wc_wimmap_resource(w->map, f->resource);
    const struct wc_wim_part *part = &w->parts[r->part - 1];
    const struct wc_wim_blob *blob = blob_of(f, r->blob_first);
    bool is_whole = r->blob_count == 1 && !blob->offset && blob->byte_count == r->form.plain_bytes;
    bool is_plain = !is_whole || !wc_wimpipe_passes(&w->parts[0].header, &r->form);
    f->blob = r->blob_first;
    f->in_blob = false;
    f->blob_done = 0;
    f->given_to = 0;
    f->chunk_next = 0;
    f->is_held = r->form.stored_bytes <= WC_WIMREFRAME_HOLD_BYTES;
    enum wc_err err = wc_wimstream_open(&f->stream, part->fd, part->byte_count, r, NULL,
                                        is_plain ? NULL : &f->bench);
    if (err)
        return err;
    f->chunk = UINT32_MAX;
    f->phase = PHASE_PLAIN;
    return is_plain ? WC_OK : pass_begin(f);
}

static enum wc_err go_on(struct wc_wimreframe *f)
{
    enum wc_err err;
    switch (f->phase) {
    case PHASE_START:
        f->blob = WC_WIMMAP_NONE;
        return start(f);
    case PHASE_PICK:
        err = wc_wimorder_next(&f->order, &f->resource);
        return err ? err : begin(f);
    case PHASE_PASS:
        return pass_chunk(f);
    case PHASE_PLAIN:
        break;
    }
    return plain_piece(f);
}

enum wc_err wc_wimreframe_step(struct wc_wimreframe *f, const uint8_t **ret_bytes,
                               size_t *ret_count, uint32_t *ret_blob)
{
    enum wc_err err = WC_OK;
    f->position += f->out_count;
    f->out_count = 0;
    while (!err && f->out_count < STEP_BYTES)
        err = go_on(f);
    *ret_blob = f->blob;
    if (err && err != WC_E_AGAIN && err != WC_E_CLOSED)
        return err;
    *ret_bytes = f->out;
    *ret_count = f->out_count;
    return f->out_count ? WC_OK : err;
}

void wc_wimreframe_passed(struct wc_wimreframe *f, uint64_t position)
{
    struct wc_wimtrail_note n;
    while (wc_wimtrail_pass(&f->trail, position, &n)) {
        if (!n.count || !f->config.consumed)
            continue;
        f->config.consumed(f->config.ctx, n.part, n.offset, n.count);
    }
}

uint32_t wc_wimreframe_blob(const struct wc_wimreframe *f, uint64_t position)
{
    return wc_wimtrail_blob(&f->trail, position);
}

bool wc_wimreframe_is_kept(const struct wc_wimreframe *f, uint32_t blob)
{
    if (!f->config.consumed)
        return true;
    const struct wc_wim_resource *r =
        wc_wimmap_resource(f->config.wim->map, blob_of(f, blob)->resource);
    return r->form.stored_bytes <= WC_WIMREFRAME_HOLD_BYTES;
}
