/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plain bytes of one resource, chunk by chunk, in any order. */
#ifndef WC_IO_WIMSTREAM_H
#define WC_IO_WIMSTREAM_H

#include "common/core/err.h"
#include "common/core/types.h"
#include "common/core/wimmap.h"
#include "common/io/wimcodec.h"

/* Stored resources up to this size are read as a whole. */
#define WC_WIMSTREAM_SMALL_BYTES (1u << 20)
/* A resource that is stored as it is, is read in pieces of this size. */
#define WC_WIMSTREAM_PIECE_BYTES (1u << 20)

/* Memory to work with, of one thread; zeroed is fine. */
struct wc_wimbench {
    struct wc_wimcodec *codec;
    uint8_t *stored;    /* one chunk */
    uint8_t *plain;     /* for the caller, wc_wimbench_plain */
    uint8_t *small;     /* a whole small resource */
    uint64_t bad_check; /* of the stored bytes of the chunk that last could not be decompressed */
    size_t stored_room;
    size_t plain_room;
    size_t small_room;
};
void wc_wimbench_deinit(struct wc_wimbench *b);
/* b->plain gets room for `byte_count`, with its contents lost. WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_wimbench_plain(struct wc_wimbench *b, size_t byte_count);

struct wc_wimstream {
    const struct wc_wim_resource *resource;
    int fd;
    uint32_t chunk_count;
    uint32_t chunk_bytes;        /* plain ones of a chunk; fewer in the last */
    const uint8_t *small;        /* lead and stored bytes, in a bench; NULL: not read */
    struct wc_wim_layout layout; /* of a compressed resource */
    uint8_t *table;
    uint64_t *solid_begins; /* of a solid resource: where the chunks begin */
    bool pipe_differs;      /* what stands before it for readers of a pipe is not what it is */
};

/* Open it: its table of chunks is read. A small one is read as a whole into `bench` (NULL: not),
 * whose next opening ends it. WC_E_SHORT: it lies outside of the file; WC_E_IO: errno says why;
 * WC_E_RANGE: its sizes contradict each other; WC_E_TYPE, WC_E_TOO_LARGE as wc_wim_layout_init;
 * WC_E_NOMEM. `sha1` of its blob is compared in a pipable WIM; NULL: not. */
WC_MUST_USE enum wc_err wc_wimstream_open(struct wc_wimstream *ret, int fd, uint64_t file_bytes,
                                          const struct wc_wim_resource *resource,
                                          const uint8_t *sha1, struct wc_wimbench *bench);
void wc_wimstream_close(struct wc_wimstream *s);

/* The plain bytes of a chunk are those from index * chunk_bytes on. */
uint32_t wc_wimstream_plain_bytes(const struct wc_wimstream *s, uint32_t index);

/* Where the chunks are stored that hold the plain bytes [from, to), which are some (asserted):
 * counted from the first stored byte of the resource. WC_E_RANGE: outside of it, or the table of
 * chunks is damaged. */
WC_MUST_USE enum wc_err wc_wimstream_place(const struct wc_wimstream *s, uint64_t from, uint64_t to,
                                           uint64_t *ret_from, uint64_t *ret_to);

/* Where chunk `index` lies as it is stored: offsets count from the resource's first byte.
 * WC_E_RANGE: the table of chunks is damaged. */
WC_MUST_USE enum wc_err wc_wimstream_chunk_place(const struct wc_wimstream *s, uint32_t index,
                                                 struct wc_wim_chunk *ret);

/* The stored bytes of a chunk, as they are: place->stored_bytes of them. WC_E_IO, WC_E_SHORT. */
WC_MUST_USE enum wc_err wc_wimstream_stored(const struct wc_wimstream *s,
                                            const struct wc_wim_chunk *place, uint8_t *ret);

/* Read and decompress chunk `index` into `plain`. WC_E_FORMAT: cannot be decompressed; WC_E_RANGE:
 * the table of chunks is damaged; others as above. *ret_pipe_differs is set, never cleared. Several
 * threads may do so at once, each with its own bench, unless one was given when it was opened. */
WC_MUST_USE enum wc_err wc_wimstream_chunk(const struct wc_wimstream *s, struct wc_wimbench *bench,
                                           uint32_t index, uint8_t *plain, bool *ret_pipe_differs);

#endif
