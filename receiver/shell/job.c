/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/job.h"

#include <assert.h>

void wc_jobs_add(struct wc_jobs *jobs, const struct wc_job *job)
{
    assert(jobs->count < WC_JOBS_MAX);
    jobs->list[jobs->count++] = *job;
}

static enum wc_err open_store(const struct wc_jobs *jobs, struct wc_store **ret,
                              const struct wc_manifest *m,
                              const uint8_t manifest_digest[WC_DIGEST_BYTES],
                              const struct wc_store_options *options, struct wc_why *why)
{
    for (uint32_t i = 0; i < jobs->count; i++) {
        const struct wc_job *job = &jobs->list[i];
        if (job->open)
            return job->open(job->ctx, ret, m, manifest_digest, options, why);
    }
    return wc_store_open(ret, m, manifest_digest, options, why);
}

enum wc_err wc_jobs_open(const struct wc_jobs *jobs, struct wc_store **ret,
                         const struct wc_manifest *m,
                         const uint8_t manifest_digest[WC_DIGEST_BYTES],
                         const struct wc_store_options *options, struct wc_why *why)
{
    enum wc_err err = open_store(jobs, ret, m, manifest_digest, options, why);
    for (uint32_t i = 0; !err && i < jobs->count; i++) {
        const struct wc_job *job = &jobs->list[i];
        if (job->opened)
            err = job->opened(job->ctx, *ret, m, why);
    }
    return err;
}

void wc_jobs_stored(const struct wc_jobs *jobs, uint32_t sbn)
{
    for (uint32_t i = 0; i < jobs->count; i++)
        if (jobs->list[i].stored)
            jobs->list[i].stored(jobs->list[i].ctx, sbn);
}

enum wc_err wc_jobs_complete(const struct wc_jobs *jobs, struct wc_why *why)
{
    enum wc_err err = WC_OK;
    for (uint32_t i = 0; !err && i < jobs->count; i++)
        if (jobs->list[i].complete)
            err = jobs->list[i].complete(jobs->list[i].ctx, why);
    return err;
}

void wc_jobs_cancel(const struct wc_jobs *jobs)
{
    for (uint32_t i = 0; i < jobs->count; i++)
        if (jobs->list[i].cancel)
            jobs->list[i].cancel(jobs->list[i].ctx);
}

void wc_jobs_progress(const struct wc_jobs *jobs, struct wc_job_progress *ret)
{
    *ret = (struct wc_job_progress){0};
    for (uint32_t i = 0; i < jobs->count; i++)
        if (jobs->list[i].progress)
            jobs->list[i].progress(jobs->list[i].ctx, ret);
}

bool wc_jobs_summarize(const struct wc_jobs *jobs, const struct wc_fetch_summary *summary)
{
    for (uint32_t i = 0; i < jobs->count; i++) {
        if (!jobs->list[i].summarize)
            continue;
        jobs->list[i].summarize(jobs->list[i].ctx, summary);
        return true;
    }
    return false;
}

void wc_jobs_talk(const struct wc_jobs *jobs, struct wc_display *display)
{
    for (uint32_t i = 0; i < jobs->count; i++)
        if (jobs->list[i].talk)
            jobs->list[i].talk(jobs->list[i].ctx, display);
}

void wc_jobs_members(const struct wc_jobs *jobs, struct wc_jsonl *events)
{
    for (uint32_t i = 0; i < jobs->count; i++)
        if (jobs->list[i].members)
            jobs->list[i].members(jobs->list[i].ctx, events);
}

enum wc_err wc_jobs_begin(const struct wc_jobs *jobs, void (*wake)(void *wake_ctx), void *wake_ctx,
                          struct wc_why *why)
{
    enum wc_err err = WC_OK;
    for (uint32_t i = 0; !err && i < jobs->count; i++)
        if (jobs->list[i].begin)
            err = jobs->list[i].begin(jobs->list[i].ctx, wake, wake_ctx, why);
    return err;
}

const uint64_t *wc_jobs_shut(const struct wc_jobs *jobs)
{
    for (uint32_t i = 0; i < jobs->count; i++)
        if (jobs->list[i].shut)
            return jobs->list[i].shut(jobs->list[i].ctx);
    return NULL;
}

bool wc_jobs_widen(const struct wc_jobs *jobs, uint32_t *ret_sbn, uint32_t *ret_block_count)
{
    for (uint32_t i = 0; i < jobs->count; i++)
        if (jobs->list[i].widen && jobs->list[i].widen(jobs->list[i].ctx, ret_sbn, ret_block_count))
            return true;
    return false;
}

enum wc_err wc_jobs_check(const struct wc_jobs *jobs, struct wc_why *why)
{
    enum wc_err err = WC_OK;
    for (uint32_t i = 0; !err && i < jobs->count; i++)
        if (jobs->list[i].check)
            err = jobs->list[i].check(jobs->list[i].ctx, why);
    return err;
}

bool wc_jobs_are_busy(const struct wc_jobs *jobs)
{
    for (uint32_t i = 0; i < jobs->count; i++)
        if (jobs->list[i].is_busy && jobs->list[i].is_busy(jobs->list[i].ctx))
            return true;
    return false;
}

enum wc_err wc_jobs_end(const struct wc_jobs *jobs, bool is_received, struct wc_why *why)
{
    enum wc_err first = WC_OK;
    for (uint32_t i = 0; i < jobs->count; i++) {
        struct wc_why own = {.exit_code = 0};
        enum wc_err err =
            jobs->list[i].end ? jobs->list[i].end(jobs->list[i].ctx, is_received, &own) : WC_OK;
        if (!err || first)
            continue;
        first = err;
        *why = own;
    }
    return first;
}

const char *wc_jobs_left(const struct wc_jobs *jobs)
{
    for (uint32_t i = 0; i < jobs->count; i++)
        if (jobs->list[i].left)
            return jobs->list[i].left;
    return "what is verified is kept, run again to go on";
}
