/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a command makes of the session that it takes part in: fetch stores it, others do more with
 * it, or store it elsewhere. The session itself (run.h) is the same for all. */
#ifndef WC_RECEIVER_SHELL_JOB_H
#define WC_RECEIVER_SHELL_JOB_H

#include "receiver/shell/store.h"

struct wc_display;
struct wc_jsonl;

/* What the displays say beside the reception; a total of 0: not known, or no business of this
 * command. */
struct wc_job_progress {
    uint32_t files_verified; /* files of WIMs whose bytes are all in, and right */
    uint32_t files_total;
    bool is_deep; /* --deep: their data is compared with the digests in the image, too */
    uint32_t files_checked;
    uint64_t applied_bytes; /* of plain data */
    uint64_t apply_bytes;
    uint64_t applied_files;
    uint64_t apply_files;
};

struct wc_fetch_summary; /* display.h */

/* Every hook may be NULL: nothing to do. */
struct wc_job {
    /* Main thread, before the session is looked for. Once the store is open, wake(wake_ctx) makes
     * the main thread call progress, check and widen soon; any thread, until end returns. */
    enum wc_err (*begin)(void *ctx, void (*wake)(void *wake_ctx), void *wake_ctx,
                         struct wc_why *why);
    /* In a pool thread, once the manifest is proven: make the store, as wc_store_open does. Of
     * several jobs the first that has this hook makes it. */
    enum wc_err (*open)(void *ctx, struct wc_store **ret, const struct wc_manifest *m,
                        const uint8_t manifest_digest[WC_DIGEST_BYTES],
                        const struct wc_store_options *options, struct wc_why *why);
    /* In the pool thread, right after: the store is open (its `have` may already have blocks).
     * Store and manifest are borrowed until the session ends. */
    enum wc_err (*opened)(void *ctx, struct wc_store *store, const struct wc_manifest *m,
                          struct wc_why *why);
    /* Main thread, then: blocks that may not come yet (bitmap); NULL: all may. Of several jobs the
     * first that has this hook says it. */
    const uint64_t *(*shut)(void *ctx);
    /* Main thread, several times a second: the next of these that may come from now on; false:
     * none. */
    bool (*widen)(void *ctx, uint32_t *ret_sbn, uint32_t *ret_block_count);
    /* In a storer thread, one at a time and in the order of storing: block sbn is verified and
     * stored. Must be quick. */
    void (*stored)(void *ctx, uint32_t sbn);
    /* In a storer thread: all blocks are in; before wc_store_finish gives final names. May take
     * its time: reports go on. An error ends the session as failed, and nothing gets its name. */
    enum wc_err (*complete)(void *ctx, struct wc_why *why);
    /* Any thread: the session is over; `complete` shall return soon. */
    void (*cancel)(void *ctx);
    /* Main thread, several times a second: fill in what this job knows. */
    void (*progress)(void *ctx, struct wc_job_progress *ret);
    /* Main thread, several times a second: an error ends the session as failed. */
    enum wc_err (*check)(void *ctx, struct wc_why *why);
    /* Main thread, once everything is received and the session is over: true while there is work
     * left, and check finds no error. */
    bool (*is_busy)(void *ctx);
    /* Main thread, last: what became of that work. Without `is_received` it is of no use any more,
     * and what is returned does not count. */
    enum wc_err (*end)(void *ctx, bool is_received, struct wc_why *why);
    /* Main thread, at the end, after what went wrong was said: say what was done, in place of the
     * session's own summary. */
    void (*summarize)(void *ctx, const struct wc_fetch_summary *summary);
    /* Main thread, several times a second once the store is open, and before the summary: say what
     * is new. */
    void (*talk)(void *ctx, struct wc_display *display);
    /* Main thread, at the end: further members of the event `summary` of the session. */
    void (*members)(void *ctx, struct wc_jsonl *events);
    /* What is left of a session that ends early, for people; NULL: what is verified. */
    const char *left;
    void *ctx;
};

#define WC_JOBS_MAX 4u

/* The jobs of one session; their hooks are called in this order. */
struct wc_jobs {
    struct wc_job list[WC_JOBS_MAX];
    uint32_t count;
};

void wc_jobs_add(struct wc_jobs *jobs, const struct wc_job *job); /* asserted: there is room */

/* The hooks of all jobs, up to the first error; open falls back to wc_store_open. */
WC_MUST_USE enum wc_err wc_jobs_open(const struct wc_jobs *jobs, struct wc_store **ret,
                                     const struct wc_manifest *m,
                                     const uint8_t manifest_digest[WC_DIGEST_BYTES],
                                     const struct wc_store_options *options, struct wc_why *why);
WC_MUST_USE enum wc_err wc_jobs_begin(const struct wc_jobs *jobs, void (*wake)(void *wake_ctx),
                                      void *wake_ctx, struct wc_why *why);
const uint64_t *wc_jobs_shut(const struct wc_jobs *jobs);
bool wc_jobs_widen(const struct wc_jobs *jobs, uint32_t *ret_sbn, uint32_t *ret_block_count);
WC_MUST_USE enum wc_err wc_jobs_check(const struct wc_jobs *jobs, struct wc_why *why);
bool wc_jobs_are_busy(const struct wc_jobs *jobs);
/* All of them end; the first error is returned. */
WC_MUST_USE enum wc_err wc_jobs_end(const struct wc_jobs *jobs, bool is_received,
                                    struct wc_why *why);
const char *wc_jobs_left(const struct wc_jobs *jobs);
void wc_jobs_stored(const struct wc_jobs *jobs, uint32_t sbn);
WC_MUST_USE enum wc_err wc_jobs_complete(const struct wc_jobs *jobs, struct wc_why *why);
void wc_jobs_cancel(const struct wc_jobs *jobs);
void wc_jobs_progress(const struct wc_jobs *jobs, struct wc_job_progress *ret);
/* The first job that summarizes does; false: none. */
bool wc_jobs_summarize(const struct wc_jobs *jobs, const struct wc_fetch_summary *summary);
void wc_jobs_talk(const struct wc_jobs *jobs, struct wc_display *display);
void wc_jobs_members(const struct wc_jobs *jobs, struct wc_jsonl *events);

#endif
