/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A log on disk, or on standard input, as entries; and several of them as one log. Memory is fixed,
 * however large they are. One thread. */
#ifndef WC_RECEIVER_SHELL_LOGFILE_H
#define WC_RECEIVER_SHELL_LOGFILE_H

#include "common/core/err.h"
#include "common/diag/logline.h"
#include "common/io/why.h"

/* Several logs, entry by entry in the order of time. An entry without a time belongs behind the one
 * before it in its file; what has no time at all comes first. The order of entries within one file
 * never changes, whatever clocks did. */
struct wc_logs;

/* Open `count` >= 1 files; "-" is standard input. WC_E_NOMEM; else as wc_why_errno: `why` names the
 * file, exit code of wc_why_input_exit. */
WC_MUST_USE enum wc_err wc_logs_open(struct wc_logs **ret, const char *const *paths, uint32_t count,
                                     struct wc_why *why);
/* NULL is fine. */
void wc_logs_close(struct wc_logs *logs);

/* The next entry, borrowed until the next call, and the number of its file. NULL: there is none,
 * or reading failed (wc_logs_error). */
const struct wc_log_entry *wc_logs_next(struct wc_logs *logs, uint32_t *ret_source);

/* WC_E_IO, with `why`: a file could not be read to its end. */
WC_MUST_USE enum wc_err wc_logs_error(const struct wc_logs *logs, struct wc_why *why);

/* The last part of a file's path; "standard input". By number. Borrowed until close. */
const char *const *wc_logs_names(const struct wc_logs *logs);
/* After the last entry: the file has no byte; too much of it is no text. */
bool wc_logs_is_empty(const struct wc_logs *logs, uint32_t source);
bool wc_logs_is_binary(const struct wc_logs *logs, uint32_t source);

#endif
