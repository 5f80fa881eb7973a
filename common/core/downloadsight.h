/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a receiver saw of a download that is empty, stops or is damaged, without a judgement. The
 * receiver's shell fills it, common/diag/download_rules.h makes findings of it. */
#ifndef WC_CORE_DOWNLOADSIGHT_H
#define WC_CORE_DOWNLOADSIGHT_H

#include "common/core/limits.h"
#include "common/core/types.h"

#define WC_DOWNLOAD_PLACE_BYTES 80u /* a group with its port, an interface, a time */
#define WC_DOWNLOAD_PATH_BYTES  208u
#define WC_DOWNLOAD_HOST_BYTES  272u

/* A block that came whole and authentic, each time, and was never right. */
struct wc_download_damage {
    bool is_given_up; /* else nothing else here counts */
    uint32_t sbn;
    uint32_t count;   /* how often it came */
    bool is_alike;    /* with the same digest each time */
    bool from_sender; /* the last time it came from the sender alone, over TLS */
    uint64_t offset;  /* of its first byte in the file `path` */
    uint64_t end;     /* behind its last byte in that file */
    char path[WC_DOWNLOAD_PATH_BYTES];
    uint8_t digest[WC_DIGEST_BYTES]; /* of what came last */
    uint8_t due[WC_DIGEST_BYTES];    /* that the manifest has */
};

struct wc_download_sight {
    char package[WC_NAME_BYTES_MAX + 1];
    uint64_t due_bytes;                  /* that the manifest promises */
    uint64_t got_bytes;                  /* verified, from an earlier run, too */
    char sender[WC_DOWNLOAD_HOST_BYTES]; /* HOST:PORT */
    char group[WC_DOWNLOAD_PLACE_BYTES];
    char netif[WC_DOWNLOAD_PLACE_BYTES];
    uint16_t port;
    uint8_t ttl;
    bool multicast_only; /* nothing else may be tried: what is found is the end */

    /* Multicast. */
    bool is_unreached; /* the sender lives, and none of its datagrams came for `waited` */
    char waited[WC_DOWNLOAD_PLACE_BYTES];
    uint64_t received_count; /* authentic, in all */
    uint64_t unopened_count; /* of this session by their header, but the key does not fit */
    uint64_t foreign_count;  /* of another session, or none */

    /* The sender's last word. */
    bool is_dismissed;
    uint32_t sender_hresult;
    const char *sender_sentence; /* borrowed */
    const char *sender_fix;

    /* Blocks that were wrong. */
    uint32_t void_count;    /* results, in all */
    uint32_t differs_count; /* of them: this machine hashed the same bytes twice, to two digests */
    uint64_t mended_count;  /* blocks that were wrong, and right when they came again */
    struct wc_download_damage damage;
};

#endif
