/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The announcement that a sender multicasts every second so that receivers without a URL find its
 * session (in the manner of SAP, RFC 2974). It is not authenticated: the receiver says which key
 * it is about to trust.
 *
 *     "WCAN"  u8 version = 1
 *     u32 instance; u16 control port; 32 key digest; package id text; sender name text;
 *     u8 phase; u64 object bytes
 * The control channel's address is the announcement's source address. */
#ifndef WC_CORE_ANNOUNCE_H
#define WC_CORE_ANNOUNCE_H

#include "common/core/err.h"
#include "common/core/limits.h"
#include "common/core/types.h"

#define WC_ANNOUNCE_PORT      9466u
#define WC_ANNOUNCE_GROUP_V4  "239.255.94.66"
#define WC_ANNOUNCE_GROUP_V6  "ff12::9466"
#define WC_ANNOUNCE_BYTES_MAX 256u

struct wc_announce {
    uint32_t instance;
    uint16_t port;
    uint8_t key[WC_DIGEST_BYTES];
    char package[WC_NAME_BYTES_MAX + 1];
    char name[WC_NAME_BYTES_MAX + 1];
    uint8_t phase; /* enum wc_phase */
    uint64_t object_bytes;
};

WC_MUST_USE enum wc_err wc_announce_encode(const struct wc_announce *a, uint8_t *bytes,
                                           size_t capacity, size_t *ret_byte_count);

/* WC_E_SHORT, WC_E_VERSION, WC_E_FORMAT, WC_E_RANGE. */
WC_MUST_USE enum wc_err wc_announce_decode(const uint8_t *bytes, size_t byte_count,
                                           struct wc_announce *ret);

#endif
