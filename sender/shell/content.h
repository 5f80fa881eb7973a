/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the sender sends: the files and directories that a person named, found once, sorted as
 * the manifest wants them, and read block by block. A file that changes after it was found is
 * noticed at the next read of it and never sent as something that it is not. */
#ifndef WC_SENDER_SHELL_CONTENT_H
#define WC_SENDER_SHELL_CONTENT_H

#include "common/core/manifest.h"
#include "common/io/file.h"
#include "common/io/why.h"

struct wc_content; /* one thread at a time */

/* A file or directory as it was when it was found. */
struct wc_source {
    char *path;   /* in the package: what the manifest says */
    char *origin; /* on this machine: what open takes */
    uint64_t byte_count;
    uint64_t offset; /* in the object */
    uint64_t device, inode;
    int64_t mtime_s;
    uint32_t mtime_ns;
    uint32_t mode; /* permission bits */
    uint8_t kind;  /* enum wc_file_kind */
};

struct wc_content_options {
    /* Something was left out; `sentence` is borrowed until return. NULL: nobody listens. */
    void (*warn)(void *ctx, const char *sentence);
    void *ctx;
    const struct wc_file_ops *ops; /* for tests, borrowed until close; NULL: the system's */
};

/* Find everything below `paths`. A file becomes its base name; a directory becomes its base name
 * and all regular files and directories in it. Symbolic links, sockets, pipes and devices inside
 * are left out with a warning; a symbolic link named in `paths` is followed. `options` may be
 * NULL. On failure `why` says it: a path that does not exist, cannot be read, is no file or
 * directory, has a name that a package cannot hold, comes twice; nothing found or not one byte
 * to send. WC_E_NOT_FOUND, WC_E_IO, WC_E_PATH, WC_E_FORMAT, WC_E_TOO_LARGE, WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_content_open(struct wc_content **ret, const char *const *paths,
                                        size_t count, const struct wc_content_options *options,
                                        struct wc_why *why);
/* The same content for another thread: what was found, not what is open. NULL: no memory. */
struct wc_content *wc_content_clone(const struct wc_content *c);
void wc_content_close(struct wc_content *c); /* NULL is fine */

/* What was found, sorted by path. Borrowed until close. */
const struct wc_source *wc_content_sources(const struct wc_content *c, uint32_t *ret_count);
uint64_t wc_content_bytes(const struct wc_content *c); /* of the object; > 0 */

/* Read `count` bytes of the object at `offset` (asserted: within it). WC_E_DIGEST: a file is no
 * longer what it was; WC_E_IO. */
WC_MUST_USE enum wc_err wc_content_read(struct wc_content *c, uint64_t offset, uint8_t *ret_bytes,
                                        size_t count, struct wc_why *why);

/* A descriptor of regular file `index` for reading with offsets; the caller closes it. Errors as
 * wc_content_read. */
WC_MUST_USE enum wc_err wc_content_open_file(struct wc_content *c, uint32_t index, int *ret_fd,
                                             struct wc_why *why);

/* Read block `sbn` into its source symbols: wc_partition_symbols(p, sbn) rows of
 * p->symbol_bytes, zeros after the object's end. Errors as wc_content_read. */
WC_MUST_USE enum wc_err wc_content_read_block(struct wc_content *c, const struct wc_partition *p,
                                              uint32_t sbn, uint8_t *ret_rows, struct wc_why *why);

/* A package id made of a path: its base name without extension, other characters than an id may
 * have turned into '_'. */
void wc_content_default_id(const char *path, char ret_id[WC_NAME_BYTES_MAX + 1]);

#endif
