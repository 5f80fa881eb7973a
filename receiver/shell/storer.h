/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The workers behind the data thread: each rebuilds complete blocks and compares their SHA-256 with
 * the signed manifest; what is right is stored, by one at a time. The network never waits for them:
 * blocks queue in their slots. */
#ifndef WC_RECEIVER_SHELL_STORER_H
#define WC_RECEIVER_SHELL_STORER_H

#include "common/core/manifest.h"
#include "receiver/shell/job.h"

struct wc_storer;

enum wc_storer_job_type {
    WC_STORER_BLOCK,  /* decode, verify, store block sbn */
    WC_STORER_FINISH, /* wc_jobs_complete, wc_store_finish */
};

struct wc_storer_job {
    enum wc_storer_job_type type;
    uint32_t sbn;
    uint8_t *rows;      /* k symbols, the worker's until the result */
    const uint8_t *esi; /* of each row; the same */
};

struct wc_storer_result {
    enum wc_storer_job_type type;
    uint32_t sbn;
    /* WC_E_DIGEST: not what the manifest says, nothing stored; others: storage failed, see why. */
    enum wc_err err;
    struct wc_why why;
    uint8_t digest[WC_DIGEST_BYTES]; /* WC_E_DIGEST: of what came; zeros: it could not be decoded */
    bool differs; /* and hashing the same bytes once more gave another: this machine's memory */
};

/* Starts the threads: one a processor, but few. manifest, store and jobs are borrowed until stop;
 * the store is theirs from now on, and `jobs` may be NULL: none. WC_E_NOMEM, WC_E_SYS. */
WC_MUST_USE enum wc_err wc_storer_start(struct wc_storer **ret, const struct wc_manifest *manifest,
                                        struct wc_store *store, const struct wc_jobs *jobs,
                                        uint32_t job_max);
/* Ends the threads after the jobs that they are at; the others are dropped. */
void wc_storer_stop(struct wc_storer *s);

/* Data thread: hand over a job (asserted: at most job_max are open); take a result. */
void wc_storer_post(struct wc_storer *s, const struct wc_storer_job *job);
WC_MUST_USE bool wc_storer_result(struct wc_storer *s, struct wc_storer_result *ret);

/* Data thread: to sleep until a result comes (see spsc.h). */
struct wc_spsc *wc_storer_results(struct wc_storer *s);

#endif
