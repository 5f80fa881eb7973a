/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the receiver puts verified blocks. Each regular file of the package grows under
 * NAME.part, a journal beside it says which blocks are in, and only when all of them are in and
 * on stable storage do the files get their names. A receiver that was killed goes on from its
 * journal: what it claims is hashed again first.
 *
 *     output       one file in the package            several files
 *     NULL         ./NAME                             the current directory
 *     DIR or DIR/  DIR/NAME                           DIR/...
 *     FILE         FILE                               FILE/...
 *     -            standard output, in order          refused
 *
 * A last folder that does not exist is made. Journal: FILE.part.journal, or DIR/ID.part.journal
 * for several files. */
#ifndef WC_RECEIVER_SHELL_STORE_H
#define WC_RECEIVER_SHELL_STORE_H

#include "common/core/manifest.h"
#include "common/io/file.h"
#include "common/io/why.h"

/* One thread at a time; wc_store_cancel from any. */
struct wc_store;

struct wc_store_options {
    const char *output; /* see above */
    /* Something worth telling; `sentence` is borrowed until return. NULL: nobody listens. */
    void (*warn)(void *ctx, const char *sentence);
    /* While open hashes what an earlier run left; false: stop. NULL: nobody listens. */
    bool (*progress)(void *ctx, uint64_t done_bytes, uint64_t bytes);
    void *ctx;
    /* For tests. NULL: the system's; 0: standard output. */
    const struct wc_file_ops *ops;
    int stdout_fd;
};

/* The journal is written at most this often. */
#define WC_STORE_CHECKPOINT_NS WC_S(1)

/* Get ready to store package `m` (borrowed until close; manifest_digest: of its encoded bytes).
 * `options` is borrowed until return, but for ops, and ctx with warn, until close. On failure
 * `why` names thing and fix, and nothing of an earlier run is lost. WC_E_FULL: no space;
 * WC_E_STATE: another receiver writes there; WC_E_PATH: a symbolic link or a folder is in the
 * way; WC_E_RANGE: this output does not fit this package; WC_E_CLOSED: progress said stop;
 * WC_E_TOO_LARGE: file too large for the file system; WC_E_IO; WC_E_NOMEM; WC_E_SYS. */
WC_MUST_USE enum wc_err wc_store_open(struct wc_store **ret, const struct wc_manifest *m,
                                      const uint8_t manifest_digest[WC_DIGEST_BYTES],
                                      const struct wc_store_options *options, struct wc_why *why);

/* The same for blocks that only wait in `room` (borrowed until close) to be taken away; options->
 * output is not read, and finish does nothing. WC_E_NOMEM, WC_E_CRYPTO. */
struct wc_room;
WC_MUST_USE enum wc_err wc_store_open_room(struct wc_store **ret, const struct wc_manifest *m,
                                           struct wc_room *room,
                                           const struct wc_store_options *options,
                                           struct wc_why *why);

/* The same for files that are there already: all blocks are in but those that `mend` says are
 * damaged, which are written where they lie. `mend` is borrowed until close; options->output is not
 * read. Errors as wc_store_write; WC_E_NOMEM. */
struct wc_mend;
WC_MUST_USE enum wc_err wc_store_open_mend(struct wc_store **ret, const struct wc_manifest *m,
                                           struct wc_mend *mend,
                                           const struct wc_store_options *options,
                                           struct wc_why *why);

/* Blocks that need not come: stored and verified, or all zero. Borrowed until close; changed
 * only by wc_store_write. */
const uint64_t *wc_store_have(const struct wc_store *s);
uint32_t wc_store_have_count(const struct wc_store *s);
/* Bytes that an earlier run had left and that were found right. */
uint64_t wc_store_resumed_bytes(const struct wc_store *s);
/* Where the package ends up: a path, or "standard output". Borrowed until close. */
const char *wc_store_where(const struct wc_store *s);

/* Store the wc_partition_bytes() bytes of block `sbn`, which the caller has verified against the
 * manifest. A block that is in already is left alone. WC_E_FULL; WC_E_IO; WC_E_CLOSED: the
 * reader of standard output went away. After a failure the block is not in; trying again is
 * allowed. */
WC_MUST_USE enum wc_err wc_store_write(struct wc_store *s, uint32_t sbn, const uint8_t *bytes,
                                       struct wc_why *why);

/* Write the journal if WC_STORE_CHECKPOINT_NS passed since the last time and there is news. Call
 * it after each write or so. `now`: monotonic. WC_E_FULL, WC_E_IO. */
WC_MUST_USE enum wc_err wc_store_checkpoint(struct wc_store *s, wc_ns now, struct wc_why *why);

/* A new descriptor for reading regular file `file` of the manifest as it grows; the caller closes
 * it. What is not stored yet reads as zeros, or as anything. Any thread, until wc_store_finish.
 * Errors of wc_why_errno; why names the file. */
WC_MUST_USE enum wc_err wc_store_open_file(const struct wc_store *s, uint32_t file, int *ret_fd,
                                           struct wc_why *why);

/* All blocks are in (WC_E_STATE: not so): put everything on stable storage, then give the files
 * their names and remove the journal; for standard output wait until the last byte is written.
 * Errors as write, and WC_E_PATH. After a failure what has no final name yet is still there as
 * .part. */
WC_MUST_USE enum wc_err wc_store_finish(struct wc_store *s, struct wc_why *why);

/* Make a wc_store_finish that waits for the reader of standard output return WC_E_CLOSED. Any
 * thread. */
void wc_store_cancel(struct wc_store *s);

/* Without finish: save the journal (best effort) and keep the .part files. NULL is fine. */
void wc_store_close(struct wc_store *s);

#endif
