/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/rangecheck.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/io/crew.h"
#include "common/io/digest.h"
#include "common/io/file.h"
#include "common/io/sha1.h"

#define READ_BYTES (1u << 20)

struct check {
    const struct wc_rangecheck_config *config;
    pthread_mutex_t lock;
    uint32_t next;
    uint32_t next_fault;
    struct wc_rangecheck_fault *faults;
    uint32_t fault_count, fault_room;
    enum wc_err err;
    uint64_t whole_bytes;
    atomic_uint_least64_t done_bytes;
};

struct worker {
    struct check *c;
    struct wc_sha1 *sha1; /* one of the two */
    struct wc_digest *sha256;
    uint8_t *bytes;
};

static bool worker_init(struct worker *wk, struct check *c)
{
    *wk = (struct worker){.c = c, .bytes = malloc(READ_BYTES)};
    enum wc_err err = wk->bytes ? WC_OK : WC_E_NOMEM;
    if (!err)
        err = c->config->digest == WC_RANGE_SHA1 ? wc_sha1_new(&wk->sha1)
                                                 : wc_digest_new(&wk->sha256);
    if (!err)
        return true;
    pthread_mutex_lock(&c->lock);
    c->err = err;
    pthread_mutex_unlock(&c->lock);
    return false;
}

static void worker_deinit(struct worker *wk)
{
    wc_sha1_free(wk->sha1);
    wc_digest_free(wk->sha256);
    free(wk->bytes);
}

static size_t digest_bytes(const struct check *c)
{
    return c->config->digest == WC_RANGE_SHA1 ? WC_SHA1_BYTES : WC_DIGEST_BYTES;
}

/* fault->err is WC_OK when the range is right. */
static void look_at(struct worker *wk, uint32_t index, struct wc_rangecheck_fault *ret)
{
    const struct wc_rangecheck_config *config = wk->c->config;
    struct wc_range range = config->range(config->ctx, index);
    *ret = (struct wc_rangecheck_fault){.index = index};
    for (uint64_t done = 0; done < range.byte_count && !ret->err;) {
        uint64_t left = range.byte_count - done;
        size_t count = left < READ_BYTES ? (size_t)left : READ_BYTES;
        ret->err =
            wc_file_read(&wc_file_ops_system, config->fd, wk->bytes, count, range.offset + done);
        ret->error = ret->err == WC_E_IO ? errno : 0;
        if (!ret->err && wk->sha1)
            wc_sha1_update(wk->sha1, wk->bytes, count);
        else if (!ret->err)
            wc_digest_update(wk->sha256, wk->bytes, count);
        done += count;
        atomic_fetch_add(&wk->c->done_bytes, count);
    }
    if (wk->sha1)
        wc_sha1_finish(wk->sha1, ret->digest);
    else
        wc_digest_finish(wk->sha256, ret->digest);
    if (!ret->err && memcmp(ret->digest, range.expected, digest_bytes(wk->c)) != 0)
        ret->err = WC_E_DIGEST;
}

static void add_fault(struct check *c, const struct wc_rangecheck_fault *fault)
{
    pthread_mutex_lock(&c->lock);
    if (c->fault_count == c->fault_room) {
        uint32_t room = c->fault_room ? 2 * c->fault_room : 64;
        struct wc_rangecheck_fault *faults = reallocarray(c->faults, room, sizeof *faults);
        if (!faults) {
            c->err = WC_E_NOMEM;
            pthread_mutex_unlock(&c->lock);
            return;
        }
        c->faults = faults;
        c->fault_room = room;
    }
    c->faults[c->fault_count++] = *fault;
    pthread_mutex_unlock(&c->lock);
}

static bool take(struct check *c, uint32_t *next, uint32_t count, uint32_t *ret)
{
    pthread_mutex_lock(&c->lock);
    bool found = !c->err && *next < count;
    if (found)
        *ret = (*next)++;
    pthread_mutex_unlock(&c->lock);
    return found;
}

static void work(void *ctx, uint32_t number)
{
    struct check *c = ctx;
    struct worker wk;
    struct wc_rangecheck_fault fault;
    uint32_t index;
    (void)number;
    if (worker_init(&wk, c))
        while (take(c, &c->next, c->config->range_count, &index)) {
            look_at(&wk, index, &fault);
            if (fault.err)
                add_fault(c, &fault);
        }
    worker_deinit(&wk);
}

static void work_again(void *ctx, uint32_t number)
{
    struct check *c = ctx;
    struct worker wk;
    struct wc_rangecheck_fault second;
    uint32_t index;
    (void)number;
    if (worker_init(&wk, c))
        while (take(c, &c->next_fault, c->fault_count, &index)) {
            struct wc_rangecheck_fault *first = &c->faults[index];
            look_at(&wk, first->index, &second);
            bool is_same = first->err == second.err &&
                           memcmp(first->digest, second.digest, digest_bytes(c)) == 0;
            first->again = !second.err ? WC_AGAIN_GOOD : is_same ? WC_AGAIN_SAME : WC_AGAIN_OTHER;
        }
    worker_deinit(&wk);
}

static void report_progress(void *ctx)
{
    struct check *c = ctx;
    if (c->config->progress)
        c->config->progress(c->config->progress_ctx, atomic_load(&c->done_bytes), c->whole_bytes);
    if (!c->config->proceed || c->config->proceed(c->config->proceed_ctx))
        return;
    pthread_mutex_lock(&c->lock);
    c->err = WC_E_CLOSED;
    pthread_mutex_unlock(&c->lock);
}

static int compare_faults(const void *a, const void *b)
{
    const struct wc_rangecheck_fault *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

static enum wc_err run_again(struct check *c)
{
    qsort(c->faults, c->fault_count, sizeof c->faults[0], compare_faults);
    for (uint32_t i = 0; i < c->fault_count; i++) {
        struct wc_range range = c->config->range(c->config->ctx, c->faults[i].index);
        (void)posix_fadvise(c->config->fd, (off_t)range.offset, (off_t)range.byte_count,
                            POSIX_FADV_DONTNEED);
    }
    return wc_crew_run(c->config->worker_count, work_again, report_progress, c);
}

enum wc_err wc_rangecheck_run(const struct wc_rangecheck_config *config,
                              struct wc_rangecheck_fault **ret_faults, uint32_t *ret_count)
{
    struct check c = {.config = config};
    for (uint32_t i = 0; i < config->range_count; i++)
        c.whole_bytes += config->range(config->ctx, i).byte_count;
    pthread_mutex_init(&c.lock, NULL);
    enum wc_err err = wc_crew_run(config->worker_count, work, report_progress, &c);
    if (!err && !c.err && c.fault_count)
        err = run_again(&c);
    err = err ? err : c.err;
    pthread_mutex_destroy(&c.lock);
    if (err) {
        free(c.faults);
        return err;
    }
    *ret_faults = c.faults;
    *ret_count = c.fault_count;
    return WC_OK;
}
