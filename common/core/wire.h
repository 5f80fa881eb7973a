/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The datagram: 16-byte header, one symbol, 16-byte AEAD tag; all datagrams of a session have one
 * size (UDP GSO and GRO need that). The header travels in clear and is the associated data of the
 * seal; every field is big-endian:
 *
 *     0        version (high 4 bits, = 1), type (low 4 bits)
 *     1        data: ESI; beacon: flags
 *     2..5     session instance, random per run of a session
 *     6..9     data: SBN; beacon: number of receivers still at work
 *     10..15   packet number: +1 per datagram sent, never repeated under one key; the AEAD nonce
 *
 * A beacon's payload is all zeros: it is as long as a data datagram so that hearing one proves that
 * data of this size gets through. */
#ifndef WC_CORE_WIRE_H
#define WC_CORE_WIRE_H

#include "common/core/err.h"
#include "common/core/limits.h"
#include "common/core/types.h"

enum wc_datagram_type {
    WC_DATAGRAM_DATA = 1,
    WC_DATAGRAM_BEACON = 2,
};

enum wc_beacon_flag {
    WC_BEACON_STREAMING = 1, /* the session has started */
    WC_BEACON_IDLE = 2,      /* nothing queued: who still lacks something should say so now */
};

struct wc_header {
    uint8_t type;      /* enum wc_datagram_type */
    uint8_t esi;       /* data: 0..254; beacon: enum wc_beacon_flag bits */
    uint32_t instance; /* of the session */
    uint32_t sbn;      /* data: source block number; beacon: receivers still at work */
    uint64_t pn;       /* packet number, 0..WC_PN_MAX */
};

/* Write the header's WC_HEADER_BYTES. The caller vouches for the ranges (asserted). */
void wc_header_encode(const struct wc_header *header, uint8_t ret_bytes[WC_HEADER_BYTES]);

/* Read a header from the first bytes of a datagram of byte_count bytes. Nothing is authenticated
 * yet. WC_E_SHORT: cannot hold header and tag; WC_E_VERSION; WC_E_TYPE; WC_E_RANGE: ESI 255. */
WC_MUST_USE enum wc_err wc_header_decode(const uint8_t *bytes, size_t byte_count,
                                         struct wc_header *ret_header);

#endif
