/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file against the blocks of a package's manifest. */
#ifndef WC_RECEIVER_SHELL_VERIFY_MANIFEST_H
#define WC_RECEIVER_SHELL_VERIFY_MANIFEST_H

#include "common/core/manifest.h"
#include "common/io/why.h"
#include "receiver/shell/verify_report.h"

struct wc_verify_blocks {
    const struct wc_manifest *manifest;
    const struct wc_wim *wim; /* for names; NULL: it cannot be read */
    const struct wc_verify_wish *wish;
    uint32_t worker_count;
    uint64_t block_count; /* that were compared, summed up */
    uint64_t damaged_count;
    /* For who mends them. */
    uint64_t *damaged;          /* a bit for each block of the manifest, set for those that must
                                    come again, also for want of a neighbour; NULL: nobody mends */
    bool (*proceed)(void *ctx); /* false: stop, with WC_E_CLOSED; NULL: go on */
    void *ctx;
};

/* The file of a manifest that the file at `path` is: by its name, one of this size before others;
 * with is_alone also the only one, whatever its name. NULL: none. */
const struct wc_file *wc_verify_manifest_file(const struct wc_manifest *m, const char *path,
                                              uint64_t byte_count, bool is_alone);

/* Compare the file at `path`, open as `fd`, with `file` of the manifest; with b->wim it is its part
 * `number` (from 1). Faults go to the report. *ret_differs: not all is right. */
WC_MUST_USE enum wc_err wc_verify_blocks_file(struct wc_verify_blocks *b,
                                              struct wc_verify_report *report,
                                              const struct wc_file *file, const char *path,
                                              uint16_t number, int fd, uint64_t byte_count,
                                              bool *ret_differs, struct wc_why *why);

/* The same for the file of its name; an error (the manifest has no such file: EX_DATAERR; no
 * memory) ends it. */
WC_MUST_USE enum wc_err wc_verify_blocks_run(struct wc_verify_blocks *b,
                                             struct wc_verify_report *report, const char *path,
                                             uint16_t number, int fd, uint64_t byte_count,
                                             struct wc_why *why);

#endif
