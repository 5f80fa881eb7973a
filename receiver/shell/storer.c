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

#include "common/io/clock.h"
#include "common/io/digest.h"
#include "common/io/fec.h"
#include "common/io/spsc.h"

struct wc_storer {
    const struct wc_manifest *manifest;
    struct wc_store *store;
    struct wc_fec *fec_large, *fec_small;
    struct wc_digest *digest;
    uint8_t *scratch;
    struct wc_spsc *jobs, *results;
    pthread_t thread;
    bool thread_runs;
    atomic_bool stop;
};

static bool in_place(const uint8_t *esi, uint32_t k)
{
    for (uint32_t i = 0; i < k; i++)
        if (esi[i] != i)
            return false;
    return true;
}

static enum wc_err store_block(struct wc_storer *s, const struct wc_storer_job *job,
                               struct wc_why *why)
{
    const struct wc_partition *p = &s->manifest->partition;
    uint32_t k = wc_partition_symbols(p, job->sbn);
    if (!in_place(job->esi, k)) {
        const struct wc_fec *fec = k == p->large_symbols ? s->fec_large : s->fec_small;
        enum wc_err err = wc_fec_decode(fec, job->rows, job->esi, p->symbol_bytes, s->scratch);
        if (err)
            return WC_E_DIGEST;
    }
    uint8_t digest[WC_DIGEST_BYTES];
    wc_digest_of(s->digest, job->rows, wc_partition_bytes(p, job->sbn), digest);
    if (memcmp(digest, s->manifest->block_digests + (size_t)job->sbn * WC_DIGEST_BYTES,
               WC_DIGEST_BYTES) != 0)
        return WC_E_DIGEST;
    enum wc_err err = wc_store_write(s->store, job->sbn, job->rows, why);
    return err ? err : wc_store_checkpoint(s->store, wc_clock_now(), why);
}

static void work(struct wc_storer *s, const struct wc_storer_job *job)
{
    struct wc_storer_result result = {.type = job->type, .sbn = job->sbn};
    if (job->type == WC_STORER_BLOCK)
        result.err = store_block(s, job, &result.why);
    else
        result.err = wc_store_finish(s->store, &result.why);
    bool pushed = wc_spsc_push(s->results, &result);
    assert(pushed); /* as many results fit as jobs may be open */
}

static void *run(void *arg)
{
    struct wc_storer *s = arg;
    prctl(PR_SET_NAME, "wimcast-store");
    struct wc_storer_job job;
    while (!atomic_load(&s->stop)) {
        if (wc_spsc_pop(s->jobs, &job)) {
            work(s, &job);
            continue;
        }
        if (wc_spsc_sleep(s->jobs)) {
            struct pollfd pfd = {.fd = wc_spsc_fd(s->jobs), .events = POLLIN};
            poll(&pfd, 1, 1000);
        }
        wc_spsc_awake(s->jobs);
    }
    return NULL;
}

static uint32_t power_of_two(uint32_t at_least)
{
    uint32_t n = 1;
    while (n < at_least)
        n *= 2;
    return n;
}

static enum wc_err prepare(struct wc_storer *s, uint32_t job_max)
{
    const struct wc_partition *p = &s->manifest->partition;
    s->scratch = malloc(2 * (size_t)p->large_symbols * p->symbol_bytes);
    enum wc_err err = s->scratch ? wc_digest_new(&s->digest) : WC_E_NOMEM;
    if (!err)
        err = wc_fec_new(&s->fec_large, p->large_symbols);
    if (!err && p->small_symbols > 0 && p->small_symbols != p->large_symbols)
        err = wc_fec_new(&s->fec_small, p->small_symbols);
    uint32_t ring = power_of_two(job_max + 1);
    if (!err)
        err = wc_spsc_new(&s->jobs, ring, sizeof(struct wc_storer_job));
    if (!err)
        err = wc_spsc_new(&s->results, ring, sizeof(struct wc_storer_result));
    return err;
}

enum wc_err wc_storer_start(struct wc_storer **ret, const struct wc_manifest *manifest,
                            struct wc_store *store, uint32_t job_max)
{
    struct wc_storer *s = calloc(1, sizeof *s);
    if (!s)
        return WC_E_NOMEM;
    s->manifest = manifest;
    s->store = store;
    enum wc_err err = prepare(s, job_max);
    if (!err && pthread_create(&s->thread, NULL, run, s) != 0)
        err = WC_E_SYS;
    s->thread_runs = !err;
    if (err) {
        wc_storer_stop(s);
        return err;
    }
    *ret = s;
    return WC_OK;
}

void wc_storer_stop(struct wc_storer *s)
{
    if (!s)
        return;
    atomic_store(&s->stop, true);
    if (s->thread_runs) {
        wc_store_cancel(s->store);
        pthread_join(s->thread, NULL);
    }
    wc_digest_free(s->digest);
    wc_fec_free(s->fec_large);
    wc_fec_free(s->fec_small);
    wc_spsc_free(s->jobs);
    wc_spsc_free(s->results);
    free(s->scratch);
    free(s);
}

void wc_storer_post(struct wc_storer *s, const struct wc_storer_job *job)
{
    bool pushed = wc_spsc_push(s->jobs, job);
    assert(pushed);
}

bool wc_storer_result(struct wc_storer *s, struct wc_storer_result *ret)
{
    return wc_spsc_pop(s->results, ret);
}

struct wc_spsc *wc_storer_results(struct wc_storer *s)
{
    return s->results;
}
