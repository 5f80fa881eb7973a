/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From blocks that come in any order to a stream in order: verified bytes wait in an unlinked
 * temporary file, and a thread writes them to the output as soon as everything before them is
 * there too. What the reader has taken is freed again. Nothing unverified ever reaches the
 * output. */
#ifndef WC_RECEIVER_SHELL_SPOOL_H
#define WC_RECEIVER_SHELL_SPOOL_H

#include "common/io/file.h"
#include "common/io/why.h"

/* One thread, but for wc_spool_cancel. */
struct wc_spool;

/* Make the temporary file in $TMPDIR, else /var/tmp, and start writing to out_fd (borrowed until
 * close). WC_E_FULL: less than needed_bytes are free there; WC_E_IO and others of wc_why_errno;
 * WC_E_NOMEM; WC_E_SYS. */
WC_MUST_USE enum wc_err wc_spool_open(struct wc_spool **ret, int out_fd, uint64_t byte_count,
                                      uint64_t needed_bytes, const struct wc_file_ops *ops,
                                      struct wc_why *why);

int wc_spool_fd(const struct wc_spool *s);            /* to write blocks into; borrowed */
const char *wc_spool_where(const struct wc_spool *s); /* its folder, for people */

/* The first ready_bytes are verified and in the temporary file. Never less than before. */
void wc_spool_advance(struct wc_spool *s, uint64_t ready_bytes);

/* WC_OK while all goes well. WC_E_CLOSED: the reader went away, or cancelled; WC_E_FULL,
 * WC_E_IO. */
WC_MUST_USE enum wc_err wc_spool_check(struct wc_spool *s, struct wc_why *why);

/* Wait until all bytes are written or writing failed. Errors as check. */
WC_MUST_USE enum wc_err wc_spool_wait(struct wc_spool *s, struct wc_why *why);

/* Stop writing. Any thread, any time before close. */
void wc_spool_cancel(struct wc_spool *s);
void wc_spool_close(struct wc_spool *s); /* cancels; NULL is fine */

#endif
