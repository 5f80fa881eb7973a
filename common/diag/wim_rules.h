/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is wrong with a WIM, in words: always the paths, or the table, where, which digest was due
 * and which one came, and whether the disk or the memory is to blame. */
#ifndef WC_DIAG_WIM_RULES_H
#define WC_DIAG_WIM_RULES_H

#include "common/core/types.h"
#include "common/diag/finding.h"

enum wc_wim_fault {
    WC_WIM_FAULT_DIGEST,     /* data whose digest differs */
    WC_WIM_FAULT_CODE,       /* data that cannot be decompressed */
    WC_WIM_FAULT_CHUNKS,     /* data whose own table of chunks is damaged */
    WC_WIM_FAULT_PIPE,       /* data that cannot be read from a pipe, else good */
    WC_WIM_FAULT_UNREADABLE, /* the disk does not give the data */
    WC_WIM_FAULT_BLOCK,      /* a block that differs from the manifest */
    WC_WIM_FAULT_EDGE,       /* the file differs from the manifest, and none of its own blocks */
    WC_WIM_FAULT_AREA,       /* a table, metadata, the header */
    WC_WIM_FAULT_MISSING,    /* a path whose data is not there */
    WC_WIM_FAULT_SHORT,      /* the file ends too early, or is too long for the manifest */
    WC_WIM_FAULT_PART,       /* a part of a split WIM is not there */
    WC_WIM_FAULT_INTEGRITY,  /* bytes that differ from the integrity table, in no damaged file */
};

/* What reading the same bytes once more gave. */
enum wc_wim_again {
    WC_WIM_AGAIN_NOT, /* was not tried */
    WC_WIM_AGAIN_SAME,
    WC_WIM_AGAIN_OTHER, /* wrong, and not as before */
    WC_WIM_AGAIN_GOOD,
};

struct wc_wim_sight {
    enum wc_wim_fault fault;
    enum wc_wim_again again;
    const char *file;    /* the part's file */
    const char *area;    /* of an area: "the lookup table", "the metadata of image 2" */
    const char *seen;    /* more to say; NULL: nothing */
    const char *path;    /* the first path; NULL: none */
    uint64_t path_count; /* all of them */
    bool is_published;   /* the file is what was published, block by block */
    bool names_lost;     /* no path, perhaps because an image's metadata is damaged */
    uint64_t offset;     /* in the file */
    uint64_t byte_count;
    uint64_t block;          /* of a block: its number, from 0 */
    const char *digest_name; /* "SHA-1", "SHA-256" */
    size_t digest_bytes;     /* of both: 0 or up to 32 */
    const uint8_t *expected; /* NULL: not known */
    const uint8_t *actual;   /* NULL: not known */
    bool is_mended;          /* the right bytes are on their way */
};

/* Fills a finding. */
void wc_wim_rules(const struct wc_wim_sight *sight, struct wc_finding *ret);

/* All that was published damaged, at the end: `paths` has the first of them in words. */
void wc_wim_rules_published(const char *file, const char *paths, uint64_t path_count,
                            struct wc_finding *ret);

/* Something that was not looked at; `fix` says how it would be. */
void wc_wim_rules_unchecked(const char *file, const char *what, const char *fix,
                            struct wc_finding *ret);

#endif
