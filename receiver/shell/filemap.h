/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A WIM inside the package that is being received: its files while they grow, and once the blocks
 * of manifest->first are in, which names are verified. */
#ifndef WC_RECEIVER_SHELL_FILEMAP_H
#define WC_RECEIVER_SHELL_FILEMAP_H

#include "common/core/wimcount.h"
#include "common/io/wim.h"
#include "receiver/shell/store.h"

struct wc_filemap {
    const struct wc_manifest *m;
    uint32_t *files; /* of the manifest: the parts, in order; the first is that of the WIM */
    uint16_t part_count;
    int *fds;                  /* of the parts; NULL once `wim` has them */
    struct wc_wim *wim;        /* NULL: not yet */
    struct wc_wimcount *count; /* the same */
};

/* Find the parts of a WIM of the manifest (borrowed until deinit) by their names. WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_filemap_init(struct wc_filemap *ret, const struct wc_manifest *m,
                                        const struct wc_manifest_wim *wim);
void wc_filemap_deinit(struct wc_filemap *f); /* zeroed is fine */

/* Take descriptors of its files. Errors as wc_store_open_file. */
WC_MUST_USE enum wc_err wc_filemap_open(struct wc_filemap *f, const struct wc_store *store,
                                        struct wc_why *why);

/* The blocks of manifest->first are in: make `wim` and `count`. After an error there are none.
 * Errors as wc_wim_open. */
WC_MUST_USE enum wc_err wc_filemap_make(struct wc_filemap *f, struct wc_why *why);

#endif
