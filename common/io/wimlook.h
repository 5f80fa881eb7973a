/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A look at a blob of a WIM: its bytes are read, decompressed, and compared with its SHA-1. */
#ifndef WC_IO_WIMLOOK_H
#define WC_IO_WIMLOOK_H

#include <stdatomic.h>

#include "common/io/rangecheck.h"
#include "common/io/sha1.h"
#include "common/io/wim.h"
#include "common/io/wimstream.h"

/* What it gave. */
struct wc_wimlook {
    enum wc_err err; /* WC_E_DIGEST: `digest` is not what it should be; else as wc_wimstream_open
                      * and wc_wimstream_chunk; WC_OK with pipe_differs: only from a pipe */
    int error;       /* errno of WC_E_IO */
    uint64_t check;  /* of WC_E_FORMAT: of what could not be decompressed */
    bool pipe_differs;
    uint8_t digest[WC_SHA1_BYTES];
};

/* Something is wrong with the blob. */
bool wc_wimlook_is_bad(const struct wc_wimlook *look);
/* An error of this machine, and none of the WIM: WC_E_NOMEM, WC_E_CRYPTO, WC_E_SYS. */
bool wc_wimlook_is_ours(enum wc_err err);

/* For who reads chunks himself: the look that an error gives (errno is that of WC_E_IO), the same
 * of a chunk, and what is to be said once all bytes of a blob were fed to `sha1`, which begins
 * anew. */
struct wc_wimlook wc_wimlook_of(enum wc_err err);
struct wc_wimlook wc_wimlook_of_chunk(enum wc_err err, const struct wc_wimbench *bench);
void wc_wimlook_judge(struct wc_wimlook *look, const struct wc_wim_blob *blob,
                      struct wc_sha1 *sha1);

/* Looks at blobs one by one. One thread at a time. The chunk of a solid resource that was last
 * decompressed is kept, for the next blob is often in it, too. */
struct wc_wimlooker;

/* `w` is borrowed until free; the same of `cancel` (NULL: none), which ends a look between two
 * chunks. WC_E_NOMEM, WC_E_CRYPTO. */
WC_MUST_USE enum wc_err wc_wimlooker_new(struct wc_wimlooker **ret, const struct wc_wim *w,
                                         const atomic_bool *cancel);
void wc_wimlooker_free(struct wc_wimlooker *l);

/* Memory to work with, for the same thread; what was kept is dropped. */
struct wc_wimbench *wc_wimlooker_bench(struct wc_wimlooker *l);

/* Read one blob, and nothing else of its resource than it takes. What is wrong with it is in *ret;
 * an error is one of this machine, or WC_E_CLOSED: cancelled. */
WC_MUST_USE enum wc_err wc_wimlooker_blob(struct wc_wimlooker *l, uint32_t blob,
                                          struct wc_wimlook *ret);

/* Once more after `first`, from the disk if the system lets go of what it has in memory: a fault of
 * the disk stays as it is, one of the memory does not. With a looker that is used for nothing else:
 * what lies in one chunk is read once. Errors as above. */
WC_MUST_USE enum wc_err wc_wimlooker_again(struct wc_wimlooker *l, uint32_t blob,
                                           const struct wc_wimlook *first, enum wc_again *ret);

#endif
