/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why an image cannot be applied, or was not: the target before the first byte, and what ended an
 * extraction, in words. */
#ifndef WC_DIAG_APPLY_RULES_H
#define WC_DIAG_APPLY_RULES_H

#include "common/core/types.h"
#include "common/diag/finding.h"

enum wc_apply_fault {
    WC_APPLY_FAULT_IN_THE_WAY, /* something that is no directory and no volume */
    WC_APPLY_FAULT_NOT_EMPTY,  /* and no --force */
    WC_APPLY_FAULT_MARKED,     /* an earlier apply did not end, and no --force */
    WC_APPLY_FAULT_SMALL,      /* fewer bytes are free than the image has */
    WC_APPLY_FAULT_READ_ONLY,  /* cannot be written to */
    WC_APPLY_FAULT_NOT_NTFS,   /* a block device or a file without NTFS */
    WC_APPLY_FAULT_MOUNTED,    /* a volume that this system has mounted */
    WC_APPLY_FAULT_UNCLEAN,    /* a volume that was not unmounted cleanly */
    WC_APPLY_FAULT_HIBERNATED, /* a volume on which Windows sleeps */
    WC_APPLY_FAULT_BROKEN,     /* a volume that is damaged or cannot be read */
    WC_APPLY_FAULT_NO_IMAGE,   /* no image of that number or name, or several */
    WC_APPLY_FAULT_DATA,       /* libwim refused data */
    WC_APPLY_FAULT_TREE,       /* libwim refused the metadata */
    WC_APPLY_FAULT_TARGET,     /* the target refused something */
    WC_APPLY_FAULT_EXISTS,     /* a name of the image is taken on an NTFS volume */
    WC_APPLY_FAULT_FULL,       /* the target became full */
    WC_APPLY_FAULT_CRASH,      /* the process that extracts was ended by a signal */
    WC_APPLY_FAULT_OTHER,      /* it failed for another reason */
};

struct wc_apply_sight {
    enum wc_apply_fault fault;
    const char *target; /* as it was named; NULL: not of interest */
    bool is_ntfs;       /* it is a volume: nothing on it is written over */
    const char *image;  /* "install.wim" */
    const char *path;   /* of data: in the image; NULL: not known */
    uint64_t path_count;
    const char *seen; /* libwim's or the system's words, evidence; NULL: none */
    const char *what; /* a name in the target, an image that was asked for, a signal */
    uint64_t need_bytes, free_bytes;
    uint64_t offset, byte_count; /* of data: in the image's file */
};

/* Fills a finding. */
void wc_apply_rules(const struct wc_apply_sight *sight, struct wc_finding *ret);

#endif
