/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small files that hold keys: they appear whole or not at all (written under another name, synced,
 * renamed), are private, and are made by one program at a time. Failures say which file and what to
 * do. */
#ifndef WC_IO_KEYFILE_H
#define WC_IO_KEYFILE_H

#include <limits.h>

#include "common/io/why.h"

#define WC_KEYFILE_BYTES_MAX  16384
#define WC_KEYFILE_LOCK_NAME  ".lock"
#define WC_KEYFILE_NEW_SUFFIX ".new" /* of what is being written */

struct wc_keyfile {
    char path[PATH_MAX];
    char shown[WC_WHY_PATH_BYTES]; /* the path for sentences */
    struct wc_why *why;            /* where failures go; borrowed */
};

/* Name a file of `dir`. WC_E_IO: the path is too long. */
WC_MUST_USE enum wc_err wc_keyfile_init(struct wc_keyfile *file, const char *dir, const char *name,
                                        struct wc_why *why);

/* Name a file by its path. WC_E_IO: the path is too long. */
WC_MUST_USE enum wc_err wc_keyfile_at(struct wc_keyfile *file, const char *path,
                                      struct wc_why *why);

/* Its text, NUL-terminated, into ret_text of WC_KEYFILE_BYTES_MAX + 2 bytes. WC_E_NOT_FOUND
 * (without a sentence): there is none; WC_E_AUTH: it is secret and others may read or write it, or
 * it is another user's than this one's, root's and the folder's; WC_E_FORMAT: empty, too large, no
 * regular file; WC_E_IO. */
WC_MUST_USE enum wc_err wc_keyfile_read(const struct wc_keyfile *file, bool is_secret,
                                        char *ret_text);

/* Replace it by these bytes, mode 0600, on stable storage; what root makes belongs to the owner of
 * `dir`, so that his programs can read it. Under the lock of `dir`, where it is.
 * WC_E_IO. */
WC_MUST_USE enum wc_err wc_keyfile_write(const struct wc_keyfile *file, const char *dir,
                                         const char *bytes, size_t count);

/* Make `dir` and what leads to it, mode 0700; what root makes belongs to the owner of the folder
 * that it is in. WC_E_IO. */
WC_MUST_USE enum wc_err wc_keyfile_make_directory(const char *dir, struct wc_why *why);

/* Wait for the lock of `dir`. Returns a descriptor that holds it until closed, or -1. */
int wc_keyfile_lock(const char *dir, struct wc_why *why);

#endif
