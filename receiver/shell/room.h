/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where blocks wait until something has taken them away: unlinked temporary files, as large as the
 * files of the package that are kept, of which what was taken is punched out again. The files use
 * no more than a limit: a block may come only once there is room for it. Room goes to blocks in the
 * order in which the files are read, so that whoever reads in that order always gets on. Blocks of
 * manifest->first may always come and stay, since they are read again and again.
 *
 * What is not kept needs no room: its blocks count as stored when they come. */
#ifndef WC_RECEIVER_SHELL_ROOM_H
#define WC_RECEIVER_SHELL_ROOM_H

#include "common/core/manifest.h"
#include "common/io/file.h"
#include "common/io/why.h"

/* Any thread may call any function of it at any time. */
struct wc_room;

struct wc_room_options {
    const char *dir;       /* NULL: $TMPDIR, else /var/tmp */
    uint64_t limit_bytes;  /* of disk; 0: what the kept files need */
    const char *where;     /* for people: where the package ends up; borrowed until free */
    const uint32_t *files; /* regular files of the manifest that are kept, in reading order */
    uint32_t file_count;   /* at least one */
};

/* `m` is borrowed until free, `options` until return. WC_E_RANGE: the limit is too small;
 * WC_E_FULL: less is free there; others of wc_why_errno; WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_room_new(struct wc_room **ret, const struct wc_manifest *m,
                                    const struct wc_room_options *options, struct wc_why *why);
void wc_room_free(struct wc_room *r); /* NULL is fine */

const char *wc_room_where(const struct wc_room *r);

/* Blocks that may not come yet, at the beginning (bitmap); NULL: all may. Borrowed until free. */
const uint64_t *wc_room_shut(const struct wc_room *r);

/* The next of these for which there is room now; false: none. */
WC_MUST_USE bool wc_room_widen(struct wc_room *r, uint32_t *ret_sbn, uint32_t *ret_block_count);

/* Every block that may come is in, and others may not: nothing goes on until something is taken. */
bool wc_room_is_full(struct wc_room *r);

/* Keep a block's bytes. WC_E_FULL, WC_E_IO and others of wc_why_errno. */
WC_MUST_USE enum wc_err wc_room_write(struct wc_room *r, uint32_t sbn, const uint8_t *bytes,
                                      struct wc_why *why);

/* A new descriptor for reading a file that is kept; the caller closes it. WC_E_NOT_FOUND: it is
 * not. */
WC_MUST_USE enum wc_err wc_room_open_file(const struct wc_room *r, uint32_t file, int *ret_fd,
                                          struct wc_why *why);

/* Are these bytes of a file that is kept all stored? What was taken counts as stored. */
bool wc_room_has(struct wc_room *r, uint32_t file, uint64_t offset, uint64_t count);

/* These bytes are not read any more; each byte once. */
void wc_room_take(struct wc_room *r, uint32_t file, uint64_t offset, uint64_t count);

/* Bytes of disk that the files use now. */
uint64_t wc_room_used(const struct wc_room *r);

#endif
