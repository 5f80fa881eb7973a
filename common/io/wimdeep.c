/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Workers take resources in the order in which they lie in the file. One worker does a small one
 * from beginning to end. The chunks of a large one are dealt out in runs: each worker decompresses
 * its run, and waits for its turn to hash it, for a hash goes from front to back. Who is to go
 * first took its run first, so there is always one that need not wait. */
#include "common/io/wimdeep.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "common/io/crew.h"

#define SMALL_BYTES WC_WIMSTREAM_SMALL_BYTES /* plain ones of a resource for one worker */
#define RUN_BYTES   (1u << 20)               /* plain ones of a run, or one chunk */
#define RUN_MAX     256u                     /* chunks of a run */

/* A large resource that several workers are at. */
struct flight {
    struct wc_wimstream stream;
    uint32_t resource;
    uint32_t next_chunk;
    uint32_t run_chunks;
    uint32_t next_ticket; /* of the next run */
    uint32_t turn;        /* the run that may hash */
    uint32_t user_count;
    bool is_dealt;
    /* Of whose turn it is: */
    struct wc_sha1 *sha1;
    uint32_t blob, blob_end;
    uint64_t hashed_to; /* plain bytes */
    struct wc_wimlook look;
};

struct run {
    struct flight *flight; /* NULL: `resource` is a small one */
    uint32_t resource;
    uint32_t ticket, chunk, chunk_count;
};

struct deep {
    const struct wc_wim *w;
    const struct wc_wimdeep_config *config;
    pthread_mutex_t lock;
    pthread_cond_t turned;
    uint32_t place; /* of the next resource */
    struct flight *flight;
    struct wc_wimdeep_result *result;
    uint32_t fault_room;
    enum wc_err err; /* of the first that failed */
    uint32_t next_fault;
    atomic_uint_least64_t done_bytes;
    uint64_t whole_bytes;
};

struct worker {
    struct deep *d;
    struct wc_wimlooker *looker;
};

static bool is_wanted(const struct deep *d, uint32_t blob)
{
    return !d->config->wanted || (d->config->wanted[blob / 8] >> (blob % 8) & 1);
}

/* Has one of the blobs first..end - 1 to be looked at? */
static bool is_any_wanted(const struct deep *d, uint32_t first, uint32_t end)
{
    while (first < end && !is_wanted(d, first))
        first++;
    return first < end;
}

static bool is_due(const struct deep *d, const struct wc_wim_resource *r)
{
    return r->area == WC_WIM_AREA_DATA &&
           is_any_wanted(d, r->blob_first, r->blob_first + r->blob_count);
}

static void fail(struct deep *d, enum wc_err err)
{
    pthread_mutex_lock(&d->lock);
    if (!d->err)
        d->err = err;
    pthread_mutex_unlock(&d->lock);
}

/* --- faults --------------------------------------------------------------------------------- */

static void add_fault_locked(struct deep *d, uint32_t blob, const struct wc_wimlook *look)
{
    struct wc_wimdeep_result *result = d->result;
    if (result->fault_count == d->fault_room) {
        uint32_t room = d->fault_room ? 2 * d->fault_room : 64;
        struct wc_wimdeep_fault *faults = reallocarray(result->faults, room, sizeof *faults);
        if (!faults) {
            d->err = d->err ? d->err : WC_E_NOMEM;
            return;
        }
        result->faults = faults;
        d->fault_room = room;
    }
    result->faults[result->fault_count++] = (struct wc_wimdeep_fault){.blob = blob, .look = *look};
}

static void add_fault(struct deep *d, uint32_t blob, const struct wc_wimlook *look)
{
    pthread_mutex_lock(&d->lock);
    add_fault_locked(d, blob, look);
    pthread_mutex_unlock(&d->lock);
}

/* --- one resource by one worker ------------------------------------------------------------ */

static void do_small(struct worker *wk, uint32_t resource)
{
    const struct wc_wim_resource *r = wc_wimmap_resource(wk->d->w->map, resource);
    for (uint32_t i = r->blob_first; i < r->blob_first + r->blob_count; i++) {
        if (!is_wanted(wk->d, i))
            continue;
        struct wc_wimlook look;
        enum wc_err err = wc_wimlooker_blob(wk->looker, i, &look);
        if (err)
            fail(wk->d, err);
        else if (wc_wimlook_is_bad(&look))
            add_fault(wk->d, i, &look);
    }
    atomic_fetch_add(&wk->d->done_bytes, r->form.stored_bytes);
}

/* --- large resources ------------------------------------------------------------------------ */

static void flight_free(struct flight *f)
{
    wc_wimstream_close(&f->stream);
    wc_sha1_free(f->sha1);
    free(f);
}

/* Its blobs cannot be read at all. */
static void condemn_locked(struct deep *d, const struct wc_wim_resource *r, enum wc_err err)
{
    struct wc_wimlook look = wc_wimlook_of(err);
    if (wc_wimlook_is_ours(err)) {
        d->err = d->err ? d->err : err;
        return;
    }
    for (uint32_t i = r->blob_first; i < r->blob_first + r->blob_count; i++)
        if (is_wanted(d, i))
            add_fault_locked(d, i, &look);
    atomic_fetch_add(&d->done_bytes, r->form.stored_bytes);
}

static void open_flight_locked(struct deep *d, uint32_t resource)
{
    const struct wc_wim_resource *r = wc_wimmap_resource(d->w->map, resource);
    const struct wc_wim_part *part = &d->w->parts[r->part - 1];
    const struct wc_wim_blob *only =
        r->form.solid ? NULL : wc_wimmap_blob(d->w->map, r->blob_first);
    struct flight *f = calloc(1, sizeof *f);
    enum wc_err err = f ? wc_sha1_new(&f->sha1) : WC_E_NOMEM;
    if (!err)
        err = wc_wimstream_open(&f->stream, part->fd, part->byte_count, r, only ? only->sha1 : NULL,
                                NULL);
    if (err) {
        if (f)
            flight_free(f);
        condemn_locked(d, r, err);
        return;
    }
    f->resource = resource;
    f->run_chunks = RUN_BYTES / f->stream.chunk_bytes;
    f->run_chunks = f->run_chunks < 1 ? 1 : f->run_chunks > RUN_MAX ? RUN_MAX : f->run_chunks;
    f->blob = r->blob_first;
    f->blob_end = r->blob_first + r->blob_count;
    f->look.pipe_differs = f->stream.pipe_differs;
    d->flight = f;
}

/* The next run of the flight with a blob in it that is wanted; false: all is dealt out. */
static bool deal_locked(struct deep *d, struct run *ret)
{
    struct flight *f = d->flight;
    while (f->next_chunk < f->stream.chunk_count) {
        uint32_t left = f->stream.chunk_count - f->next_chunk;
        uint32_t count = left < f->run_chunks ? left : f->run_chunks;
        uint64_t from = (uint64_t)f->next_chunk * f->stream.chunk_bytes;
        uint64_t to = from + (uint64_t)count * f->stream.chunk_bytes;
        uint32_t first, end;
        wc_wimmap_blobs(d->w->map, f->resource, from, to, &first, &end);
        *ret = (struct run){f, f->resource, f->next_ticket, f->next_chunk, count};
        f->next_chunk += count;
        if (!is_any_wanted(d, first, end))
            continue;
        f->next_ticket++;
        f->user_count++;
        return true;
    }
    f->is_dealt = true;
    d->flight = NULL;
    if (!f->user_count)
        flight_free(f);
    return false;
}

static bool is_cancelled(const struct deep *d)
{
    return d->config->cancel && atomic_load(d->config->cancel);
}

/* The next piece of work; false: there is none. */
static bool take(struct deep *d, struct run *ret)
{
    const struct wc_wimmap *map = d->w->map;
    bool found = false;
    pthread_mutex_lock(&d->lock);
    while (!found && !d->err) {
        if (is_cancelled(d)) {
            d->err = WC_E_CLOSED;
            break;
        }
        if (d->flight) {
            found = deal_locked(d, ret);
            continue;
        }
        if (d->place == wc_wimmap_resource_count(map))
            break;
        uint32_t resource = wc_wimmap_ordered(map, d->place++);
        const struct wc_wim_resource *r = wc_wimmap_resource(map, resource);
        if (!is_due(d, r))
            continue;
        found = !r->form.solid && r->form.plain_bytes <= SMALL_BYTES;
        if (found)
            *ret = (struct run){.resource = resource};
        else
            open_flight_locked(d, resource);
    }
    pthread_mutex_unlock(&d->lock);
    return found;
}

/* The blob at the cursor ends: the next one begins. */
static void end_blob(struct deep *d, struct flight *f)
{
    const struct wc_wim_blob *blob = wc_wimmap_blob(d->w->map, f->blob);
    bool pipe_differs = f->look.pipe_differs;
    wc_wimlook_judge(&f->look, blob, f->sha1);
    if (wc_wimlook_is_bad(&f->look) && is_wanted(d, f->blob))
        add_fault(d, f->blob, &f->look);
    f->look = (struct wc_wimlook){.pipe_differs = pipe_differs};
    f->blob++;
}

/* Feed the plain bytes [from, to), or that they could not be had. */
static void feed(struct deep *d, struct flight *f, uint64_t from, uint64_t to, const uint8_t *bytes,
                 const struct wc_wimlook *look)
{
    while (f->blob < f->blob_end) {
        const struct wc_wim_blob *blob = wc_wimmap_blob(d->w->map, f->blob);
        uint64_t end = blob->offset + blob->byte_count;
        uint64_t at = blob->offset > from ? blob->offset : from;
        uint64_t stop = end < to ? end : to;
        if (blob->offset >= to)
            break;
        if (blob->offset < f->hashed_to && blob->offset >= from)
            f->look.err = WC_E_RANGE; /* it overlaps another */
        if (look->err && !f->look.err && stop > at) {
            f->look.err = look->err;
            f->look.error = look->error;
            f->look.check = look->check;
        } else if (!f->look.err && stop > at && is_wanted(d, f->blob)) {
            wc_sha1_update(f->sha1, bytes + (at - from), (size_t)(stop - at));
        }
        if (end > to)
            break;
        f->hashed_to = end > f->hashed_to ? end : f->hashed_to;
        end_blob(d, f);
    }
}

static void wait_for_turn(struct deep *d, const struct run *run)
{
    pthread_mutex_lock(&d->lock);
    while (run->flight->turn != run->ticket)
        pthread_cond_wait(&d->turned, &d->lock);
    pthread_mutex_unlock(&d->lock);
}

/* The turn goes on; who is the last to leave cleans up. */
static void end_turn(struct deep *d, struct flight *f)
{
    pthread_mutex_lock(&d->lock);
    f->turn++;
    f->user_count--;
    bool is_over = f->is_dealt && !f->user_count;
    pthread_cond_broadcast(&d->turned);
    pthread_mutex_unlock(&d->lock);
    if (is_over)
        flight_free(f);
}

static void do_run(struct worker *wk, const struct run *run)
{
    struct deep *d = wk->d;
    struct flight *f = run->flight;
    const struct wc_wimstream *s = &f->stream;
    struct wc_wimbench *bench = wc_wimlooker_bench(wk->looker);
    struct wc_wimlook looks[RUN_MAX];
    bool pipe_differs = false;
    enum wc_err err = wc_wimbench_plain(bench, (size_t)run->chunk_count * s->chunk_bytes);
    for (uint32_t i = 0; i < run->chunk_count; i++) {
        uint8_t *plain = bench->plain + (size_t)i * s->chunk_bytes;
        enum wc_err chunk_err =
            err ? err : wc_wimstream_chunk(s, bench, run->chunk + i, plain, &pipe_differs);
        looks[i] = wc_wimlook_of_chunk(chunk_err, bench);
        if (wc_wimlook_is_ours(chunk_err))
            fail(d, chunk_err);
    }
    wait_for_turn(d, run);
    f->look.pipe_differs |= pipe_differs;
    for (uint32_t i = 0; i < run->chunk_count; i++) {
        uint64_t from = (uint64_t)(run->chunk + i) * s->chunk_bytes;
        feed(d, f, from, from + wc_wimstream_plain_bytes(s, run->chunk + i),
             bench->plain + (size_t)i * s->chunk_bytes, &looks[i]);
    }
    const struct wc_wim_form *form = &s->resource->form;
    atomic_fetch_add(&d->done_bytes, form->stored_bytes / s->chunk_count * run->chunk_count);
    end_turn(d, f);
}

/* --- all of it ------------------------------------------------------------------------------ */

static bool worker_init(struct worker *wk, struct deep *d)
{
    *wk = (struct worker){.d = d};
    enum wc_err err = wc_wimlooker_new(&wk->looker, d->w, d->config->cancel);
    if (err)
        fail(d, err);
    return !err;
}

static void work(void *ctx, uint32_t index)
{
    struct worker wk;
    struct run run;
    (void)index;
    if (worker_init(&wk, ctx))
        while (take(wk.d, &run)) {
            if (run.flight)
                do_run(&wk, &run);
            else
                do_small(&wk, run.resource);
        }
    wc_wimlooker_free(wk.looker);
}

/* The second look. */
static void work_again(void *ctx, uint32_t index)
{
    struct deep *d = ctx;
    struct worker wk;
    (void)index;
    bool ok = worker_init(&wk, d);
    while (ok) {
        pthread_mutex_lock(&d->lock);
        uint32_t next = d->next_fault < d->result->fault_count ? d->next_fault++ : WC_WIMMAP_NONE;
        pthread_mutex_unlock(&d->lock);
        if (next == WC_WIMMAP_NONE)
            break;
        struct wc_wimdeep_fault *fault = &d->result->faults[next];
        enum wc_err err = wc_wimlooker_again(wk.looker, fault->blob, &fault->look, &fault->again);
        if (err)
            fail(d, err);
    }
    wc_wimlooker_free(wk.looker);
}

static void report_progress(void *ctx)
{
    struct deep *d = ctx;
    if (d->config->progress)
        d->config->progress(d->config->ctx, atomic_load(&d->done_bytes), d->whole_bytes);
}

static int compare_faults(const void *a, const void *b)
{
    const struct wc_wimdeep_fault *x = a, *y = b;
    return (x->blob > y->blob) - (x->blob < y->blob);
}

/* What there is to do, and by how many. */
static uint32_t plan(struct deep *d)
{
    uint64_t chunk_bytes = RUN_BYTES;
    for (uint32_t i = 0; i < wc_wimmap_resource_count(d->w->map); i++) {
        const struct wc_wim_resource *r = wc_wimmap_resource(d->w->map, i);
        if (!is_due(d, r))
            continue;
        d->whole_bytes += r->form.stored_bytes;
        if (r->form.compression && r->form.chunk_bytes > chunk_bytes &&
            r->form.chunk_bytes <= WC_WIM_CHUNK_BYTES_MAX)
            chunk_bytes = r->form.chunk_bytes;
    }
    for (uint32_t i = 0; i < wc_wimmap_blob_count(d->w->map); i++) {
        if (!is_wanted(d, i))
            continue;
        d->result->blob_count++;
        d->result->plain_bytes += wc_wimmap_blob(d->w->map, i)->byte_count;
    }
    d->result->stored_bytes = d->whole_bytes;
    uint64_t by_memory = d->config->memory_bytes / (2 * chunk_bytes);
    uint32_t count = d->config->worker_count;
    if (by_memory < count)
        count = (uint32_t)by_memory;
    return count < 1 ? 1 : count;
}

enum wc_err wc_wimdeep_run(const struct wc_wim *w, const struct wc_wimdeep_config *config,
                           struct wc_wimdeep_result *ret)
{
    struct deep d = {.w = w, .config = config, .result = ret};
    *ret = (struct wc_wimdeep_result){0};
    pthread_mutex_init(&d.lock, NULL);
    pthread_cond_init(&d.turned, NULL);
    uint32_t worker_count = plan(&d);
    enum wc_err err = wc_crew_run(worker_count, work, report_progress, &d);
    if (!err && !d.err && ret->fault_count) {
        qsort(ret->faults, ret->fault_count, sizeof ret->faults[0], compare_faults);
        err = wc_crew_run(worker_count, work_again, report_progress, &d);
    }
    assert(!d.flight || d.err);
    if (d.flight)
        flight_free(d.flight);
    if (!err)
        err = d.err;
    pthread_mutex_destroy(&d.lock);
    pthread_cond_destroy(&d.turned);
    if (err) {
        free(ret->faults);
        *ret = (struct wc_wimdeep_result){0};
    }
    return err;
}
