/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The seal on datagrams: AES-256-GCM (RFC 5116) under the session's group key. The nonce is six
 * zero bytes and the 48-bit packet number; the header is the associated data. One suite, no
 * negotiation (docs/decisions). Proves that a datagram comes from the group, not which member made
 * it. */
#ifndef WC_IO_SEAL_H
#define WC_IO_SEAL_H

#include "common/core/err.h"
#include "common/core/limits.h"
#include "common/core/types.h"

#define WC_SEAL_KEY_BYTES 32

struct wc_seal; /* one thread at a time */

/* WC_E_CRYPTO, WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_seal_new(struct wc_seal **ret, const uint8_t key[WC_SEAL_KEY_BYTES]);
void wc_seal_free(struct wc_seal *seal); /* wipes the key; NULL is fine */

/* Seal `symbol` into ret_sealed: symbol_bytes + WC_TAG_BYTES. May be in place (same pointer). Never
 * twice with the same pn under one key. WC_E_CRYPTO. */
WC_MUST_USE enum wc_err wc_seal_protect(struct wc_seal *seal, uint64_t pn,
                                        const uint8_t header[WC_HEADER_BYTES],
                                        const uint8_t *symbol, uint32_t symbol_bytes,
                                        uint8_t *ret_sealed);

/* Open symbol_bytes + WC_TAG_BYTES of `sealed` into ret_symbol (may be in place). WC_E_AUTH: not
 * made with this key, or changed on the way; ret_symbol then holds bytes that mean nothing. */
WC_MUST_USE enum wc_err wc_seal_open(struct wc_seal *seal, uint64_t pn,
                                     const uint8_t header[WC_HEADER_BYTES], const uint8_t *sealed,
                                     uint32_t symbol_bytes, uint8_t *ret_symbol);

/* Fresh random bytes from the system. Aborts when the system has none: no key may be guessable. */
void wc_random_bytes(void *bytes, size_t count);

#endif
