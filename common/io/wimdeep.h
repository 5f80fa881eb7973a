/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The deep check of a WIM: every blob is decompressed, and its SHA-1 compared with that of the
 * lookup table, on all processors. What is wrong is read a second time, from the disk if the system
 * lets go of what it had in memory: a fault of the disk stays as it is, one of the memory does
 * not. */
#ifndef WC_IO_WIMDEEP_H
#define WC_IO_WIMDEEP_H

#include "common/core/err.h"
#include "common/core/types.h"
#include "common/io/wimlook.h"

struct wc_wimdeep_fault {
    uint32_t blob;
    struct wc_wimlook look;
    enum wc_again again;
};

struct wc_wimdeep_config {
    uint32_t worker_count;     /* 1..WC_CREW_MAX */
    uint64_t memory_bytes;     /* for chunks: large ones are worked on by fewer threads */
    const uint8_t *wanted;     /* a bit for each blob, LSB first; NULL: all of them */
    const atomic_bool *cancel; /* to end it early; NULL: nobody does */
    /* Called on the caller's thread every 100 ms, with stored bytes. */
    void (*progress)(void *ctx, uint64_t done_bytes, uint64_t whole_bytes);
    void *ctx;
};

struct wc_wimdeep_result {
    struct wc_wimdeep_fault *faults; /* ascending by blob; free() them */
    uint32_t fault_count;
    uint32_t blob_count; /* that were looked at */
    uint64_t plain_bytes;
    uint64_t stored_bytes;
};

/* WC_E_NOMEM, WC_E_SYS (no thread), WC_E_CRYPTO, WC_E_CLOSED (cancelled); faults are no error. */
WC_MUST_USE enum wc_err wc_wimdeep_run(const struct wc_wim *w,
                                       const struct wc_wimdeep_config *config,
                                       struct wc_wimdeep_result *ret);

#endif
