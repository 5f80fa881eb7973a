/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/storer.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/io/clock.h"
#include "common/io/digest.h"
#include "common/io/fec.h"
#include "common/io/spsc.h"

/* One hashes as much as 10 Gbit/s bring; the second one helps where threads share few
 * processors. */
#define WORKERS_MAX 2u

struct worker {
    struct wc_storer *storer;
    struct wc_fec *fec_large, *fec_small;
    struct wc_digest *digest;
    uint8_t *scratch;
    struct wc_spsc *jobs;
    uint32_t open_count; /* the data thread's: jobs posted, results not yet taken */
    pthread_t thread;
    bool thread_runs;
};

struct posted { /* a result, and whose */
    struct wc_storer_result result;
    uint32_t worker;
};

struct wc_storer {
    const struct wc_manifest *manifest;
    struct wc_store *store;
    const struct wc_jobs *jobs;
    struct worker workers[WORKERS_MAX];
    uint32_t worker_count;
    pthread_mutex_t store_lock;  /* once a block */
    struct wc_spsc *results;     /* struct posted */
    pthread_mutex_t result_lock; /* makes several producers one */
    atomic_bool stop;
};

static const struct wc_jobs no_jobs;

static bool in_place(const uint8_t *esi, uint32_t k)
{
    for (uint32_t i = 0; i < k; i++)
        if (esi[i] != i)
            return false;
    return true;
}

static enum wc_err write_block(struct wc_storer *s, const struct wc_storer_job *job,
                               struct wc_why *why)
{
    pthread_mutex_lock(&s->store_lock);
    enum wc_err err = wc_store_write(s->store, job->sbn, job->rows, why);
    if (!err)
        err = wc_store_checkpoint(s->store, wc_clock_now(), why);
    if (!err)
        wc_jobs_stored(s->jobs, job->sbn);
    pthread_mutex_unlock(&s->store_lock);
    return err;
}

/* A wrong digest is either of wrong bytes, or of a machine that cannot be relied on: hashing the
 * same bytes once more tells. */
static enum wc_err tell_wrong(struct worker *w, const uint8_t *bytes, uint32_t byte_count,
                              struct wc_storer_result *ret)
{
    uint8_t again[WC_DIGEST_BYTES];
    wc_digest_of(w->digest, bytes, byte_count, again);
    ret->differs = memcmp(ret->digest, again, WC_DIGEST_BYTES) != 0;
    return WC_E_DIGEST;
}

static enum wc_err store_block(struct worker *w, const struct wc_storer_job *job,
                               struct wc_storer_result *ret)
{
    const struct wc_manifest *m = w->storer->manifest;
    const struct wc_partition *p = &m->partition;
    uint32_t k = wc_partition_symbols(p, job->sbn);
    if (!in_place(job->esi, k)) {
        const struct wc_fec *fec = k == p->large_symbols ? w->fec_large : w->fec_small;
        if (wc_fec_decode(fec, job->rows, job->esi, p->symbol_bytes, w->scratch))
            return WC_E_DIGEST;
    }
    const uint8_t *due = m->block_digests + (size_t)job->sbn * WC_DIGEST_BYTES;
    uint32_t byte_count = wc_partition_bytes(p, job->sbn);
    wc_digest_of(w->digest, job->rows, byte_count, ret->digest);
    if (memcmp(ret->digest, due, WC_DIGEST_BYTES) != 0)
        return tell_wrong(w, job->rows, byte_count, ret);
    return write_block(w->storer, job, &ret->why);
}

static enum wc_err finish(struct wc_storer *s, struct wc_why *why)
{
    enum wc_err err = wc_jobs_complete(s->jobs, why);
    return err ? err : wc_store_finish(s->store, why);
}

static void work(struct worker *w, const struct wc_storer_job *job)
{
    struct wc_storer *s = w->storer;
    struct posted posted = {.result = {.type = job->type, .sbn = job->sbn},
                            .worker = (uint32_t)(w - s->workers)};
    if (job->type == WC_STORER_BLOCK)
        posted.result.err = store_block(w, job, &posted.result);
    else
        posted.result.err = finish(s, &posted.result.why);
    pthread_mutex_lock(&s->result_lock);
    bool pushed = wc_spsc_push(s->results, &posted);
    pthread_mutex_unlock(&s->result_lock);
    assert(pushed); /* as many results fit as jobs may be open */
}

static void *run(void *arg)
{
    struct worker *w = arg;
    prctl(PR_SET_NAME, "wimcast-store");
    struct wc_storer_job job;
    for (;;) {
        bool has_job = wc_spsc_pop(w->jobs, &job);
        if (atomic_load(&w->storer->stop))
            return NULL;
        if (has_job) {
            work(w, &job);
            continue;
        }
        if (wc_spsc_sleep(w->jobs)) {
            struct pollfd pfd = {.fd = wc_spsc_fd(w->jobs), .events = POLLIN};
            poll(&pfd, 1, -1);
        }
        wc_spsc_awake(w->jobs);
    }
}

static uint32_t power_of_two(uint32_t at_least)
{
    uint32_t n = 1;
    while (n < at_least)
        n *= 2;
    return n;
}

static enum wc_err start_worker(struct worker *w, struct wc_storer *s, uint32_t ring)
{
    const struct wc_partition *p = &s->manifest->partition;
    w->storer = s;
    w->scratch = malloc(2 * (size_t)p->large_symbols * p->symbol_bytes);
    enum wc_err err = w->scratch ? wc_digest_new(&w->digest) : WC_E_NOMEM;
    if (!err)
        err = wc_fec_new(&w->fec_large, p->large_symbols);
    if (!err && p->small_symbols > 0 && p->small_symbols != p->large_symbols)
        err = wc_fec_new(&w->fec_small, p->small_symbols);
    if (!err)
        err = wc_spsc_new(&w->jobs, ring, sizeof(struct wc_storer_job));
    if (!err && pthread_create(&w->thread, NULL, run, w) != 0)
        err = WC_E_SYS;
    w->thread_runs = !err;
    return err;
}

enum wc_err wc_storer_start(struct wc_storer **ret, const struct wc_manifest *manifest,
                            struct wc_store *store, const struct wc_jobs *jobs, uint32_t job_max)
{
    struct wc_storer *s = calloc(1, sizeof *s);
    if (!s)
        return WC_E_NOMEM;
    s->manifest = manifest;
    s->store = store;
    s->jobs = jobs ? jobs : &no_jobs;
    pthread_mutex_init(&s->store_lock, NULL);
    pthread_mutex_init(&s->result_lock, NULL);
    uint32_t ring = power_of_two(job_max + 2); /* one more to wake a worker that shall stop */
    enum wc_err err = wc_spsc_new(&s->results, ring, sizeof(struct posted));
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t count = processors < (long)WORKERS_MAX ? 1 : WORKERS_MAX;
    while (!err && s->worker_count < count)
        err = start_worker(&s->workers[s->worker_count++], s, ring);
    if (err) {
        wc_storer_stop(s);
        return err;
    }
    *ret = s;
    return WC_OK;
}

static void stop_worker(struct worker *w)
{
    if (w->thread_runs) {
        (void)!wc_spsc_push(w->jobs, &(struct wc_storer_job){0}); /* wakes it */
        pthread_join(w->thread, NULL);
    }
    wc_digest_free(w->digest);
    wc_fec_free(w->fec_large);
    wc_fec_free(w->fec_small);
    wc_spsc_free(w->jobs);
    free(w->scratch);
}

void wc_storer_stop(struct wc_storer *s)
{
    if (!s)
        return;
    atomic_store(&s->stop, true);
    wc_store_cancel(s->store);
    wc_jobs_cancel(s->jobs);
    for (uint32_t i = 0; i < s->worker_count; i++)
        stop_worker(&s->workers[i]);
    wc_spsc_free(s->results);
    pthread_mutex_destroy(&s->store_lock);
    pthread_mutex_destroy(&s->result_lock);
    free(s);
}

/* To who has least to do; the first one while it keeps up, whose caches are warm. */
void wc_storer_post(struct wc_storer *s, const struct wc_storer_job *job)
{
    struct worker *least = &s->workers[0];
    for (uint32_t i = 1; i < s->worker_count; i++)
        if (s->workers[i].open_count < least->open_count)
            least = &s->workers[i];
    least->open_count++;
    bool pushed = wc_spsc_push(least->jobs, job);
    assert(pushed);
}

bool wc_storer_result(struct wc_storer *s, struct wc_storer_result *ret)
{
    struct posted posted;
    if (!wc_spsc_pop(s->results, &posted))
        return false;
    s->workers[posted.worker].open_count--;
    *ret = posted.result;
    return true;
}

struct wc_spsc *wc_storer_results(struct wc_storer *s)
{
    return s->results;
}
