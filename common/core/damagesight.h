/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A block that receivers say is wrong, as the sender sees it: what they say, and what the source
 * is now. The sender's shell fills it, common/diag/damage_rules.h makes findings of it. */
#ifndef WC_CORE_DAMAGESIGHT_H
#define WC_CORE_DAMAGESIGHT_H

#include "common/core/limits.h"
#include "common/core/types.h"

#define WC_DAMAGE_REPORTS_MAX 16u
#define WC_DAMAGE_PATH_BYTES  208u

struct wc_damage_report {
    uint32_t member;
    char name[WC_NAME_BYTES_MAX + 1]; /* of the receiver */
    bool differs;                     /* it hashed the same bytes twice, to two digests */
    uint8_t digest[WC_DIGEST_BYTES];
};

struct wc_damage_sight {
    uint32_t sbn;
    char path[WC_DAMAGE_PATH_BYTES]; /* of the file on this machine that holds its first byte */
    uint64_t offset, end;            /* its bytes in that file */
    uint32_t more_count;             /* files besides that have bytes of it */
    bool is_right;                   /* read again, it is what was published */
    uint8_t digest[WC_DIGEST_BYTES]; /* of what was read now */
    uint8_t due[WC_DIGEST_BYTES];    /* that was published */
    uint32_t at_work_count;          /* receivers in the session */
    uint32_t report_count;
    struct wc_damage_report reports[WC_DAMAGE_REPORTS_MAX]; /* the first ones */
};

#endif
