/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was seen of a published package on its sender, without a judgement: its record, its
 * manifest, who signed that, and whether the content is still what was published. sender/shell
 * fills it, common/diag/package_rules.h makes findings of it. */
#ifndef WC_CORE_PACKAGESIGHT_H
#define WC_CORE_PACKAGESIGHT_H

#include "common/core/limits.h"
#include "common/core/readers.h"
#include "common/core/types.h"

#define WC_PACKAGE_PLACE_BYTES  208u
#define WC_PACKAGE_DETAIL_BYTES 160u

/* A file of the package's own folder. */
enum wc_package_file {
    WC_PACKAGE_FILE_GOOD,
    WC_PACKAGE_FILE_MISSING,
    WC_PACKAGE_FILE_UNREADABLE, /* by this user, or at all */
    WC_PACKAGE_FILE_DAMAGED,    /* malformed, or not what the record says */
};

/* Whose signature the manifest has. */
enum wc_package_signature {
    WC_PACKAGE_SIGNATURE_UNCHECKED, /* no key to compare with */
    WC_PACKAGE_SIGNATURE_GOOD,
    WC_PACKAGE_SIGNATURE_OTHER_KEY, /* made with another MCS key, such as the one before a reset */
    WC_PACKAGE_SIGNATURE_WRONG,     /* said to be of this key, and is not */
};

/* The files that were published, where they were published from. */
enum wc_package_content {
    WC_PACKAGE_CONTENT_UNSEEN, /* not looked at */
    WC_PACKAGE_CONTENT_GOOD,
    WC_PACKAGE_CONTENT_MISSING,
    WC_PACKAGE_CONTENT_UNREADABLE,
    WC_PACKAGE_CONTENT_EMPTY,   /* every file has 0 bytes now */
    WC_PACKAGE_CONTENT_CHANGED, /* another size, time or kind */
    WC_PACKAGE_CONTENT_ADDED,   /* something that was not published lies in a published folder */
    WC_PACKAGE_CONTENT_REFUSED, /* cannot be sent any more; content_detail says why */
};

struct wc_package_sight {
    char id[WC_NAME_BYTES_MAX + 1];
    char place[WC_PACKAGE_PLACE_BYTES]; /* the folder where it would be kept */
    bool could_be_file;                 /* the id was given where a file could be meant, too */

    /* The package's own files. */
    enum wc_package_file record;
    enum wc_package_file manifest;        /* or its signature */
    char detail[WC_PACKAGE_DETAIL_BYTES]; /* which of them is not good, and why */

    /* What the record says; only with a good one. */
    uint32_t version;
    int64_t published_s; /* seconds since 1970 */
    struct wc_readers readers;
    bool multicast_only;
    uint8_t signed_by[WC_DIGEST_BYTES]; /* digest of the key that signed the manifest */

    /* What the manifest says; only with a good one. */
    uint64_t object_bytes;
    uint32_t file_count; /* folders, too */
    enum wc_package_signature signature;
    uint8_t key_digest[WC_DIGEST_BYTES]; /* of this sender's key, if the signature was checked */

    /* The content: `path` is the first at fault, and `fault_count` how many are. */
    enum wc_package_content content;
    uint32_t fault_count;
    char path[WC_PACKAGE_PLACE_BYTES];
    char content_detail[WC_PACKAGE_DETAIL_BYTES]; /* MISSING, UNREADABLE, REFUSED: in words */
    bool is_other_kind;                           /* CHANGED: a file became a folder, or so */
    uint64_t published_bytes, found_bytes;        /* CHANGED, EMPTY: of that path */
    int64_t published_mtime_s, found_mtime_s;
};

#endif
