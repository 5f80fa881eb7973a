/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person or a script sees of a session at the sender: live progress on a terminal, one
 * JSON object a line with --json. */
#ifndef WC_SENDER_SHELL_DISPLAY_H
#define WC_SENDER_SHELL_DISPLAY_H

#include "common/io/args.h"
#include "common/io/cmtrace.h"
#include "sender/shell/package.h"
#include "sender/shell/roster.h"

struct wc_display; /* one thread */

struct wc_send_summary {
    const char *result;  /* ok, failed, cancelled, error */
    uint64_t bytes;      /* of the package */
    double seconds;      /* from start to the end of the last receiver */
    uint64_t wire_bytes; /* of all datagrams sent to the group, headers and seals included */
    uint64_t source_symbols, repair_symbols;
    uint32_t receivers, completed, failed;
    struct wc_progress files; /* by the receiver that is the least far; total 0: not known */
};

/* With a log file, if `log` names one. WC_E_NOMEM, and as wc_cmtrace_open: `why` says it. */
WC_MUST_USE enum wc_err wc_display_open(struct wc_display **ret,
                                        const struct wc_args_common *common,
                                        const struct wc_cmtrace_options *log, struct wc_why *why);
void wc_display_close(struct wc_display *d);

void wc_display_warning(struct wc_display *d, const char *sentence);
/* What goes on nevertheless. */
void wc_display_finding(struct wc_display *d, const struct wc_finding *finding);
void wc_display_error(struct wc_display *d, const struct wc_why *why);
void wc_display_publishing(struct wc_display *d, uint64_t done_bytes, uint64_t bytes);
/* The WIMs of a package, one line each; `content` is the manifest's, or NULL. */
void wc_display_wims(struct wc_display *d, const struct wc_manifest *m, struct wc_content *content);
void wc_display_published(struct wc_display *d, const struct wc_package *package,
                          const struct wc_manifest *manifest);
void wc_display_session(struct wc_display *d, const struct wc_session *session, const char *url);
void wc_display_phase(struct wc_display *d, enum wc_phase phase);
void wc_display_receiver(struct wc_display *d, const struct wc_roster_entry *entry);
void wc_display_progress(struct wc_display *d, const struct wc_session *session,
                         const struct wc_tx_stats *stats, const struct wc_roster *roster,
                         bool has_keyboard, wc_ns now);
void wc_display_summary(struct wc_display *d, const struct wc_send_summary *summary);

#endif
