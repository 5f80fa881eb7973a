/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of a package that are there already, and of which some blocks are wrong: these are written
 * over where they lie. Nothing is copied, renamed or kept for later: at any moment a byte of such a
 * block is as it was or as it should be, so whoever is interrupted compares and goes on. Of a block
 * that reaches into files that are not at hand only what is at hand is written. */
#ifndef WC_RECEIVER_SHELL_MEND_H
#define WC_RECEIVER_SHELL_MEND_H

#include "common/core/manifest.h"
#include "common/io/file.h"
#include "common/io/why.h"

/* One thread at a time. */
struct wc_mend;

/* `where` is what wc_mend_where says, for people. All and `ops` (NULL: the system's) are borrowed
 * until free. WC_E_NOMEM, WC_E_CRYPTO. */
WC_MUST_USE enum wc_err wc_mend_new(struct wc_mend **ret, const struct wc_manifest *m,
                                    const char *where, const struct wc_file_ops *ops,
                                    struct wc_why *why);
void wc_mend_free(struct wc_mend *d); /* closes the files; NULL is fine */

/* Open the regular file at `path` to be mended as file `index` of the manifest, and lock it.
 * WC_E_STATE: another receiver writes it, or it was added before; WC_E_PATH: no regular file;
 * WC_E_FULL: too many; others of wc_why_errno. */
WC_MUST_USE enum wc_err wc_mend_add(struct wc_mend *d, uint32_t index, const char *path,
                                    struct wc_why *why);

/* The descriptor of a file that was added, borrowed; -1: it was not. */
int wc_mend_fd(const struct wc_mend *d, uint32_t index);

/* The blocks to be mended, a bit for each: the caller sets them, before the first write. */
uint64_t *wc_mend_damaged(struct wc_mend *d);

const char *wc_mend_where(const struct wc_mend *d);

/* How many files were added. */
uint32_t wc_mend_count(const struct wc_mend *d);

/* Write a damaged block's bytes, which were compared with the manifest. WC_E_FULL, WC_E_IO and
 * others of wc_why_errno; then it can be tried again. */
WC_MUST_USE enum wc_err wc_mend_write(struct wc_mend *d, uint32_t sbn, const uint8_t *bytes,
                                      struct wc_why *why);

/* All damaged blocks were written: give the files their sizes, put them on stable storage, and read
 * every one of these blocks back. WC_E_DIGEST: one is not what was written; as write. */
WC_MUST_USE enum wc_err wc_mend_finish(struct wc_mend *d, struct wc_why *why);

#endif
