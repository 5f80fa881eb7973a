/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where an image is extracted to: a directory, or an NTFS volume in a block device or a regular
 * file. What speaks against it is found before the first byte is written; and while it is neither
 * empty nor complete, a mark in its root says so. */
#ifndef WC_RECEIVER_SHELL_APPLYTARGET_H
#define WC_RECEIVER_SHELL_APPLYTARGET_H

#include "common/core/err.h"
#include "common/core/types.h"
#include "common/io/why.h"

#define WC_APPLY_MARK "WIMCAST-INCOMPLETE.txt"

struct wc_apply_target {
    const char *path; /* borrowed: as the person named it */
    bool is_ntfs;     /* a volume, written through libntfs-3g; else a directory */
    bool force;       /* --force: what is there is overwritten, a mark is no obstacle */
    bool was_made;    /* the directory did not exist */
    bool is_marked;   /* bears our mark now */
};

/* What the image asks of its target; zeroes ask nothing. */
struct wc_apply_need {
    uint64_t byte_count; /* of all its files; the XML counts hard links once, the metadata not */
    uint64_t blob_bytes; /* of data that differs: not less than this */
    uint64_t file_count; /* names with data */
};

/* Look at the target, and change nothing. On failure `why` has a finding (apply.target-...) or an
 * error of the system: WC_E_PATH, WC_E_FULL, WC_E_IO, WC_E_NOMEM. Any thread. */
WC_MUST_USE enum wc_err wc_apply_target_check(struct wc_apply_target *ret, const char *path,
                                              bool force, const struct wc_apply_need *need,
                                              struct wc_why *why);

/* Make the directory if it is missing, and set the mark: before the first byte. `image`: of the
 * mark's text. Not while the NTFS volume is open elsewhere. `why` on failure. */
WC_MUST_USE enum wc_err wc_apply_target_mark(struct wc_apply_target *t, const char *image,
                                             struct wc_why *why);

/* All is there, and synced: take the mark away. `why` on failure. */
WC_MUST_USE enum wc_err wc_apply_target_unmark(struct wc_apply_target *t, struct wc_why *why);

#endif
