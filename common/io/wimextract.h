/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Extraction of an image by libwim, from a pipe: the only place that knows it. It recurses into
 * folders as deep as the image says and takes the memory that the image asks for; so it runs in a
 * process of its own (receiver/shell/applychild.h). What it complains about goes to stderr. */
#ifndef WC_IO_WIMEXTRACT_H
#define WC_IO_WIMEXTRACT_H

#include "common/core/types.h"

/* Why it ended. */
enum wc_wimextract_end {
    WC_WIMEXTRACT_DONE,   /* every file is there, and each blob had its SHA-1 */
    WC_WIMEXTRACT_DATA,   /* a blob is wrong, or cannot be decompressed */
    WC_WIMEXTRACT_TREE,   /* the metadata makes no sense to it */
    WC_WIMEXTRACT_PIPE,   /* the pipe ended before the last blob, or cannot be read */
    WC_WIMEXTRACT_TARGET, /* the target did not take something */
    WC_WIMEXTRACT_MEMORY,
    WC_WIMEXTRACT_OTHER,
};

enum wc_wimextract_phase {
    WC_WIMEXTRACT_STRUCTURE, /* folders, links and empty files are made */
    WC_WIMEXTRACT_BLOBS,     /* data is written */
    WC_WIMEXTRACT_METADATA,  /* times, attributes, security */
};

struct wc_wimextract_config {
    int pipe_fd;
    const char *target; /* a folder that exists, or, with is_ntfs, an NTFS volume */
    bool is_ntfs;
    /* Counts of files, of bytes with WC_WIMEXTRACT_BLOBS; now and then. */
    void (*progress)(void *ctx, enum wc_wimextract_phase phase, uint64_t done, uint64_t whole);
    void *ctx;
};

/* Extract image 1. *ret_text: libwim's name for what happened, static. */
enum wc_wimextract_end wc_wimextract_run(const struct wc_wimextract_config *config,
                                         const char **ret_text);

#endif
