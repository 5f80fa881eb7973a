/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person or a script sees of a session at the receiver: live progress on a terminal, one
 * JSON object a line with --json. */
#ifndef WC_RECEIVER_SHELL_DISPLAY_H
#define WC_RECEIVER_SHELL_DISPLAY_H

#include "common/core/manifest.h"
#include "common/core/url.h"
#include "common/core/wimmap.h"
#include "common/diag/finding.h"
#include "common/io/args.h"
#include "common/io/cmtrace.h"
#include "receiver/shell/job.h"
#include "receiver/shell/rxloop.h"

struct wc_display; /* one thread */

struct wc_fetch_summary {
    const char *result; /* ok, failed, cancelled, error */
    uint32_t hresult;
    int exit_code;
    const char *where;                  /* the package ended up there; NULL: nowhere */
    const struct wc_manifest *manifest; /* NULL: never known */
    struct wc_rx_stats stats;
    uint64_t resumed_bytes; /* found right from an earlier run */
    bool complete;
    const struct wc_jobs *jobs;
    struct wc_job_progress progress;
};

/* With a log file, if `log` names one. WC_E_NOMEM, and as wc_cmtrace_open: `why` says it. */
WC_MUST_USE enum wc_err wc_display_open(struct wc_display **ret,
                                        const struct wc_args_common *common,
                                        const struct wc_cmtrace_options *log, struct wc_why *why);
void wc_display_close(struct wc_display *d);

void wc_display_info(struct wc_display *d, const char *sentence);
void wc_display_warning(struct wc_display *d, const char *sentence);
/* What goes on nevertheless. */
void wc_display_finding(struct wc_display *d, const struct wc_finding *finding);
/* The same, with all paths of it; names are those of `map`. */
void wc_display_damage(struct wc_display *d, const struct wc_finding *finding,
                       const struct wc_wimmap *map, const uint32_t *names, uint32_t count);
void wc_display_error(struct wc_display *d, const struct wc_why *why);
/* The session that was found without a URL, or whose URL has no key: which key is trusted. */
void wc_display_trust(struct wc_display *d, const struct wc_url *url, const char *sender_name);
void wc_display_resuming(struct wc_display *d, uint64_t done_bytes, uint64_t bytes);
void wc_display_package(struct wc_display *d, const struct wc_manifest *m, const char *netif,
                        const char *group, const char *where);
void wc_display_ready(struct wc_display *d);
void wc_display_unicast(struct wc_display *d, const char *sentence);
void wc_display_progress(struct wc_display *d, const struct wc_manifest *m,
                         const struct wc_rx_stats *stats, const struct wc_status *status,
                         const struct wc_job_progress *job, wc_ns now);
/* Nothing is on its way any more. */
void wc_display_end(struct wc_display *d);
void wc_display_summary(struct wc_display *d, const struct wc_fetch_summary *summary);

#endif
