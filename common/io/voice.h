/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a program that runs a session speaks: to people on standard error, to programs by JSON
 * events on standard output, and to a log file. What is said here goes to all of them. */
#ifndef WC_IO_VOICE_H
#define WC_IO_VOICE_H

#include "common/io/args.h"
#include "common/io/cmtrace.h"
#include "common/io/jsonl.h"
#include "common/io/term.h"
#include "common/io/why.h"

struct wc_voice {
    struct wc_term *term;
    struct wc_jsonl *events; /* NULL: no --json, or its reader went away */
    struct wc_cmtrace *log;  /* NULL: no --log-file */
};

/* WC_E_NOMEM; else why the log cannot be kept. Nothing is to be closed on failure. */
WC_MUST_USE enum wc_err wc_voice_open(struct wc_voice *ret, const char *program,
                                      const struct wc_args_common *common,
                                      const struct wc_cmtrace_options *log, struct wc_why *why);
void wc_voice_close(struct wc_voice *v); /* zeroed is fine */

/* End the event that was begun. Its reader may go away: then that is said, and all goes on
 * without. */
void wc_voice_end(struct wc_voice *v);

/* A message, and the event `warning` with hresult and finding, where there are any. */
void wc_voice_warning(struct wc_voice *v, const struct wc_why *why);
/* The last message, and the event `error`. */
void wc_voice_error(struct wc_voice *v, const struct wc_why *why);

#endif
