/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of a run share: run.c finds the session and ends it, entry.c leads from the
 * welcome to the data thread, hearing.c takes what that thread has to say. */
#ifndef WC_RECEIVER_SHELL_SESSION_H
#define WC_RECEIVER_SHELL_SESSION_H

#include <stdatomic.h>
#include <uv.h>

#include "common/io/netif.h"
#include "receiver/shell/client.h"
#include "receiver/shell/display.h"
#include "receiver/shell/job.h"
#include "receiver/shell/options.h"
#include "receiver/shell/rxloop.h"
#include "receiver/shell/verdict.h"

/* Main thread only, but for what is said otherwise. */
struct wc_session {
    const struct wc_fetch_options *options;
    struct wc_jobs jobs;
    struct wc_display *display;
    struct wc_url url;
    struct wc_credentials credentials;
    struct wc_site *site;             /* that must have signed the sender's key; NULL: need not */
    const struct wc_welcome *welcome; /* NULL: not yet joined */
    const struct wc_manifest *manifest;
    struct wc_client *client;
    struct wc_store *store;
    struct wc_rxloop *rxloop;
    struct wc_netif netif;
    struct wc_status status;
    struct wc_rx_stats stats;
    struct wc_job_progress progress; /* of the jobs */
    struct wc_progress told;         /* of it, to the sender */
    wc_ns tell_due;                  /* when next */
    enum wc_err open_err;            /* of the store */
    struct wc_why open_why;
    atomic_bool cancel_open;
    bool opening; /* the store, in another thread */
    bool complete;
    uint32_t ticks_since_done;
    struct wc_voidbook voids;
    bool is_damaged; /* block damaged_sbn is wrong each time */
    uint32_t damaged_sbn;
    uint32_t ticks_since_damage;
    const char *damage_told; /* id of the finding that was said; NULL: none */
    bool ended;              /* the control channel */
    bool is_alone;           /* that has ended well, and jobs have work left */
    bool handles_closed;
    uint32_t wide_sbn, wide_count; /* may come, and the data thread does not know yet */
    /* How it ended, once known: hresult 0 and exit code 0 is success. */
    bool verdict_known;
    const char *result;
    struct wc_why why;
    int signal_fd;
    uv_loop_t loop;
    uv_async_t wake;
    uv_timer_t alive;
    uv_timer_t look;
    uv_poll_t signals;
    uv_work_t open_work;
};

/* How it ended: the first one counts. */
void wc_session_verdict(struct wc_session *s, const char *result, uint32_t hresult,
                        const struct wc_why *why);
/* It is over for a reason of our own: tell the sender, if it is still there, then end. */
void wc_session_give_up(struct wc_session *s, const char *result, uint32_t hresult,
                        const struct wc_why *why);
/* The store or a job failed: the same. */
void wc_session_fail(struct wc_session *s, enum wc_err err, const struct wc_why *why);
/* The loop may end; not before the store's pool thread has returned: then call it once more. */
void wc_session_close_handles(struct wc_session *s);
/* What was seen, for the rules. */
struct wc_verdict_path wc_session_look(const struct wc_session *s);

#endif
