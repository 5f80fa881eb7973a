/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/deepcheck.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/io/crew.h"

#define MEMORY_BYTES (2ull << 30) /* for chunks of large resources, at the end */
#define NICENESS     19

/* One WIM. */
struct book {
    const struct wc_wim *w;
    uint8_t *untaken; /* a bit for each blob: nobody looks at it, or has */
    uint32_t *ready;  /* blobs whose bytes are in */
    uint32_t ready_count, next;
    struct wc_wimlooker *looker, *again; /* the thread's */
};

struct wc_deepcheck {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t news;
    bool has_thread;
    struct book *books;
    uint32_t book_count, book_max;
    struct wc_deepcheck_fault *faults;
    uint32_t fault_count, fault_room;
    uint32_t name_count;   /* looked at */
    uint32_t names_at_end; /* that the end has to look at, and what of it is done */
    uint64_t end_bytes, end_whole_bytes;
    enum wc_err err; /* of the thread */
    bool is_last;    /* no further blobs for the thread */
    atomic_bool is_cancelled;
};

static uint32_t names_of(const struct book *book, uint32_t blob)
{
    uint32_t count;
    (void)wc_wimmap_names(book->w->map, blob, &count);
    return count;
}

static enum wc_err add_fault_locked(struct wc_deepcheck *d, const struct wc_wim *w,
                                    const struct wc_wimdeep_fault *fault)
{
    if (d->fault_count == WC_DEEPCHECK_FAULTS_MAX)
        return WC_OK;
    if (d->fault_count == d->fault_room) {
        uint32_t room = d->fault_room ? 2 * d->fault_room : 64;
        struct wc_deepcheck_fault *faults = reallocarray(d->faults, room, sizeof *faults);
        if (!faults)
            return WC_E_NOMEM;
        d->faults = faults;
        d->fault_room = room;
    }
    d->faults[d->fault_count++] = (struct wc_deepcheck_fault){.wim = w, .fault = *fault};
    return WC_OK;
}

/* --- behind the reception ------------------------------------------------------------------- */

/* The next blob for the thread; false: it is over. */
static bool take(struct wc_deepcheck *d, struct book **ret_book, uint32_t *ret_blob)
{
    bool found = false;
    pthread_mutex_lock(&d->lock);
    while (!found && !d->is_last && !atomic_load(&d->is_cancelled)) {
        for (uint32_t i = 0; i < d->book_count && !found; i++) {
            struct book *book = &d->books[i];
            if (book->next == book->ready_count)
                continue;
            *ret_book = book;
            *ret_blob = book->ready[book->next++];
            book->untaken[*ret_blob / 8] &= (uint8_t) ~(1u << (*ret_blob % 8));
            found = true;
        }
        if (!found)
            pthread_cond_wait(&d->news, &d->lock);
    }
    pthread_mutex_unlock(&d->lock);
    return found;
}

static enum wc_err look_at(struct wc_deepcheck *d, struct book *book, uint32_t blob)
{
    struct wc_wimdeep_fault fault = {.blob = blob};
    enum wc_err err = wc_wimlooker_blob(book->looker, blob, &fault.look);
    bool is_bad = !err && wc_wimlook_is_bad(&fault.look);
    if (is_bad)
        err = wc_wimlooker_again(book->again, blob, &fault.look, &fault.again);
    if (err)
        return err;
    pthread_mutex_lock(&d->lock);
    d->name_count += names_of(book, blob);
    if (is_bad)
        err = add_fault_locked(d, book->w, &fault);
    pthread_mutex_unlock(&d->lock);
    return err;
}

/* Whatever else this machine does goes first. */
static void step_back(void)
{
    struct sched_param none = {.sched_priority = 0};
    (void)sched_setscheduler(0, SCHED_BATCH, &none); /* of this thread alone, as all here */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
}

static void *run(void *arg)
{
    struct wc_deepcheck *d = arg;
    struct book *book;
    uint32_t blob;
    enum wc_err err = WC_OK;
    prctl(PR_SET_NAME, "wimcast-deep");
    step_back();
    while (!err && take(d, &book, &blob))
        err = look_at(d, book, blob);
    pthread_mutex_lock(&d->lock);
    d->err = err;
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

/* --- life ----------------------------------------------------------------------------------- */

enum wc_err wc_deepcheck_new(struct wc_deepcheck **ret, uint32_t wim_max)
{
    struct wc_deepcheck *d = calloc(1, sizeof *d);
    if (!d)
        return WC_E_NOMEM;
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->news, NULL);
    d->book_max = wim_max;
    d->books = calloc((size_t)wim_max + 1, sizeof d->books[0]);
    enum wc_err err = d->books ? WC_OK : WC_E_NOMEM;
    if (!err && pthread_create(&d->thread, NULL, run, d))
        err = WC_E_SYS;
    d->has_thread = !err;
    if (err)
        wc_deepcheck_free(d);
    else
        *ret = d;
    return err;
}

static void book_deinit(struct book *book)
{
    free(book->untaken);
    free(book->ready);
    wc_wimlooker_free(book->looker);
    wc_wimlooker_free(book->again);
}

/* The thread ends after the blob that it is at. */
static void join(struct wc_deepcheck *d)
{
    pthread_mutex_lock(&d->lock);
    bool runs = d->has_thread;
    d->has_thread = false;
    d->is_last = true;
    pthread_cond_broadcast(&d->news);
    pthread_mutex_unlock(&d->lock);
    if (runs)
        pthread_join(d->thread, NULL);
}

void wc_deepcheck_free(struct wc_deepcheck *d)
{
    if (!d)
        return;
    wc_deepcheck_cancel(d);
    join(d);
    for (uint32_t i = 0; i < d->book_count; i++)
        book_deinit(&d->books[i]);
    pthread_mutex_destroy(&d->lock);
    pthread_cond_destroy(&d->news);
    free(d->books);
    free(d->faults);
    free(d);
}

void wc_deepcheck_cancel(struct wc_deepcheck *d)
{
    pthread_mutex_lock(&d->lock);
    atomic_store(&d->is_cancelled, true);
    pthread_cond_broadcast(&d->news);
    pthread_mutex_unlock(&d->lock);
}

static enum wc_err book_init(struct wc_deepcheck *d, struct book *book, const struct wc_wim *w)
{
    uint32_t count = wc_wimmap_blob_count(w->map);
    *book = (struct book){.w = w};
    book->untaken = malloc(count / 8 + 1);
    book->ready = calloc((size_t)count + 1, sizeof book->ready[0]);
    enum wc_err err = book->untaken && book->ready ? WC_OK : WC_E_NOMEM;
    if (!err)
        err = wc_wimlooker_new(&book->looker, w, &d->is_cancelled);
    if (!err)
        err = wc_wimlooker_new(&book->again, w, &d->is_cancelled);
    for (uint32_t i = 0; !err && i <= count / 8; i++)
        book->untaken[i] = 0xff;
    return err;
}

enum wc_err wc_deepcheck_add(struct wc_deepcheck *d, const struct wc_wim *w, uint32_t *ret)
{
    struct book book;
    enum wc_err err = book_init(d, &book, w);
    if (err) {
        book_deinit(&book);
        return err;
    }
    pthread_mutex_lock(&d->lock);
    assert(d->book_count < d->book_max);
    *ret = d->book_count;
    d->books[d->book_count++] = book;
    pthread_mutex_unlock(&d->lock);
    return WC_OK;
}

void wc_deepcheck_blob(struct wc_deepcheck *d, uint32_t wim, uint32_t blob)
{
    struct book *book = &d->books[wim];
    pthread_mutex_lock(&d->lock);
    assert(book->ready_count < wc_wimmap_blob_count(book->w->map));
    book->ready[book->ready_count++] = blob;
    pthread_cond_signal(&d->news);
    pthread_mutex_unlock(&d->lock);
}

/* --- the end -------------------------------------------------------------------------------- */

static void on_progress(void *ctx, uint64_t done_bytes, uint64_t whole_bytes)
{
    struct wc_deepcheck *d = ctx;
    pthread_mutex_lock(&d->lock);
    d->end_bytes = done_bytes;
    d->end_whole_bytes = whole_bytes;
    pthread_mutex_unlock(&d->lock);
}

/* What the thread has not taken of a WIM; it may still be at one blob. */
static enum wc_err finish_book(struct wc_deepcheck *d, struct book *book)
{
    struct wc_wimdeep_config config = {
        .worker_count = wc_crew_size(),
        .memory_bytes = MEMORY_BYTES,
        .wanted = book->untaken,
        .cancel = &d->is_cancelled,
        .progress = on_progress,
        .ctx = d,
    };
    struct wc_wimdeep_result result;
    uint32_t names = 0;
    for (uint32_t i = 0; i < wc_wimmap_blob_count(book->w->map); i++)
        if (book->untaken[i / 8] >> (i % 8) & 1)
            names += names_of(book, i);
    pthread_mutex_lock(&d->lock);
    d->names_at_end = names;
    pthread_mutex_unlock(&d->lock);
    enum wc_err err = wc_wimdeep_run(book->w, &config, &result);
    pthread_mutex_lock(&d->lock);
    for (uint32_t i = 0; !err && i < result.fault_count; i++)
        err = add_fault_locked(d, book->w, &result.faults[i]);
    d->name_count += names;
    d->names_at_end = 0;
    d->end_whole_bytes = 0;
    pthread_mutex_unlock(&d->lock);
    free(result.faults);
    return err;
}

enum wc_err wc_deepcheck_finish(struct wc_deepcheck *d)
{
    pthread_mutex_lock(&d->lock);
    d->is_last = true;
    pthread_cond_broadcast(&d->news);
    pthread_mutex_unlock(&d->lock);
    enum wc_err err = WC_OK;
    for (uint32_t i = 0; !err && i < d->book_count; i++)
        err = finish_book(d, &d->books[i]);
    join(d);
    if (!err)
        err = d->err;
    return err || !atomic_load(&d->is_cancelled) ? err : WC_E_CLOSED;
}

/* --- what is known -------------------------------------------------------------------------- */

uint32_t wc_deepcheck_names(struct wc_deepcheck *d)
{
    pthread_mutex_lock(&d->lock);
    uint64_t names = d->name_count;
    if (d->end_whole_bytes)
        names += d->names_at_end * d->end_bytes / d->end_whole_bytes;
    pthread_mutex_unlock(&d->lock);
    return (uint32_t)names;
}

const struct wc_wim *wc_deepcheck_wim(const struct wc_deepcheck *d, uint32_t index)
{
    return index < d->book_count ? d->books[index].w : NULL;
}

bool wc_deepcheck_fault(struct wc_deepcheck *d, uint32_t index, struct wc_deepcheck_fault *ret)
{
    pthread_mutex_lock(&d->lock);
    bool is_there = index < d->fault_count;
    if (is_there)
        *ret = d->faults[index];
    pthread_mutex_unlock(&d->lock);
    return is_there;
}
