/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An NTFS volume in a block device or a regular file, without mounting it (libntfs-3g; the only
 * place that knows it). Nobody else may have it open meanwhile. */
#ifndef WC_IO_NTFSVOLUME_H
#define WC_IO_NTFSVOLUME_H

#include "common/core/err.h"
#include "common/core/types.h"

/* A name as UTF-8, with NUL: 255 UTF-16 units. */
#define WC_NTFS_NAME_BYTES 766

enum wc_ntfs_state {
    WC_NTFS_GOOD,
    WC_NTFS_NONE,       /* there is no NTFS in it */
    WC_NTFS_MOUNTED,    /* this system has it mounted */
    WC_NTFS_UNCLEAN,    /* it was not unmounted cleanly */
    WC_NTFS_HIBERNATED, /* Windows sleeps on it */
    WC_NTFS_BROKEN,     /* it is damaged, or cannot be read; errno says why */
};

struct wc_ntfs_look {
    enum wc_ntfs_state state;
    int error; /* errno of WC_NTFS_BROKEN */
    /* Of WC_NTFS_GOOD: */
    uint64_t free_bytes;
    uint32_t entry_count; /* of the root, but for what NTFS and Windows put there themselves, and
                           * the file `mark` */
    char entry[WC_NTFS_NAME_BYTES]; /* the first of them, UTF-8 */
    bool has_mark;
};

/* Look at it; nothing is written. `mark`: a file in the root, ASCII. */
void wc_ntfs_look(const char *path, const char *mark, struct wc_ntfs_look *ret);

/* Write a small file into the root, or over one of this name that is there; take it away, so that
 * the root keeps its times. `name` is ASCII. WC_E_IO, WC_E_FULL: errno says why. */
WC_MUST_USE enum wc_err wc_ntfs_put(const char *path, const char *name, const char *text);
WC_MUST_USE enum wc_err wc_ntfs_remove(const char *path, const char *name);

#endif
