/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The place that --output names, and the .part files in it. Everything below the output folder
 * is opened without following links: whoever may write there cannot lead the receiver elsewhere. */
#ifndef WC_RECEIVER_SHELL_TARGET_H
#define WC_RECEIVER_SHELL_TARGET_H

#include <sys/types.h>

#include "common/core/manifest.h"
#include "common/io/file.h"
#include "common/io/why.h"

#define WC_TARGET_PATH_BYTES (WC_PATH_BYTES_MAX + 16u)

/* A visible struct for the store and its helpers alone; fields are written by target.c only. */
struct wc_target {
    const struct wc_manifest *m;
    const struct wc_file_ops *ops;
    int dir;             /* all paths are relative to it */
    char *dir_text;      /* for people */
    char *name;          /* a single file's final name; NULL: files have the manifest's paths */
    char *journal_name;  /* in dir */
    char *where;         /* for people: the file, or the folder of several */
    bool is_dir_made;    /* by this run */
    bool is_dir_shared;  /* everybody may write there */
    bool is_resumed;     /* .part files were taken over, not begun anew */
    uint32_t part_count; /* files 0..part_count-1 have their .part */
    struct wc_file_cache files;
};

/* Find out where `output` (NULL: current directory) is, make its last folder if need be, and
 * look whether anything is in the way. `m` and `ops` are borrowed until close. A failed target
 * may be closed. */
WC_MUST_USE enum wc_err wc_target_open(struct wc_target *ret, const struct wc_manifest *m,
                                       const char *output, const struct wc_file_ops *ops,
                                       struct wc_why *why);
void wc_target_close(struct wc_target *t);

/* Of file `index`: its final path relative to dir, with suffix (".part" or ""). Returns `ret`. */
const char *wc_target_path(const struct wc_target *t, uint32_t index, const char *suffix,
                           char ret[WC_TARGET_PATH_BYTES]);

/* "cannot VERB PATH: what errno says; what to do", with the error and exit code that fit. `path`
 * is relative to dir. */
enum wc_err wc_target_cannot(const struct wc_target *t, struct wc_why *why, const char *verb,
                             const char *path, int error);

/* "another receiver is writing PATH": WC_E_STATE. */
enum wc_err wc_target_busy(const struct wc_target *t, struct wc_why *why, const char *path);

/* Bytes of disk that .part files of an earlier run hold. */
uint64_t wc_target_allocated(const struct wc_target *t);

/* Make, or take over (is_resumed), the .part of every regular file, in its full size. */
WC_MUST_USE enum wc_err wc_target_prepare(struct wc_target *t, bool is_resumed, struct wc_why *why);

/* Remove the .part files that prepare made, and the folder that open made. */
void wc_target_discard(struct wc_target *t);

/* The open .part of a regular file, borrowed until the next call. */
WC_MUST_USE enum wc_err wc_target_part(struct wc_target *t, uint32_t index, int *ret_fd,
                                       struct wc_why *why);

/* A new descriptor for reading the .part of a regular file; the caller closes it. Any thread. */
WC_MUST_USE enum wc_err wc_target_read(const struct wc_target *t, uint32_t index, int *ret_fd,
                                       struct wc_why *why);

/* Make the directory `path` (relative to dir) with those above it. errno says what failed. */
WC_MUST_USE enum wc_err wc_target_mkdir(const struct wc_target *t, const char *path);

#endif
