/* SPDX-License-Identifier: GPL-3.0-or-later */
/* AES-256-GCM (NIST SP 800-38D) on short messages, keyed once: two implementations that make the
 * same bytes. OpenSSL's runs everywhere. Intel's library for packets, where it is there at build
 * time and the processor has AES instructions, is several times as fast on messages so short. */
#ifndef WC_IO_AEAD_H
#define WC_IO_AEAD_H

#include "common/core/err.h"
#include "common/core/types.h"

#define WC_AEAD_KEY_BYTES   32
#define WC_AEAD_NONCE_BYTES 12
#define WC_AEAD_TAG_BYTES   16

struct wc_aead; /* one thread at a time */

struct wc_aead_ops {
    const char *name;
    /* WC_E_CRYPTO: not on this machine. WC_E_NOMEM. */
    enum wc_err (*new)(struct wc_aead **ret, const uint8_t *key);
    void (*free)(struct wc_aead *aead); /* wipes the key; NULL is fine */
    /* ret_sealed: byte_count + WC_AEAD_TAG_BYTES; may be `plain` itself. WC_E_CRYPTO. */
    enum wc_err (*protect)(struct wc_aead *aead, const uint8_t *nonce, const uint8_t *aad,
                           uint32_t aad_bytes, const uint8_t *plain, uint32_t byte_count,
                           uint8_t *ret_sealed);
    /* sealed: byte_count + WC_AEAD_TAG_BYTES; may be ret_plain itself. WC_E_AUTH. */
    enum wc_err (*open)(struct wc_aead *aead, const uint8_t *nonce, const uint8_t *aad,
                        uint32_t aad_bytes, const uint8_t *sealed, uint32_t byte_count,
                        uint8_t *ret_plain);
};

extern const struct wc_aead_ops wc_aead_openssl;
extern const struct wc_aead_ops wc_aead_ipsec_mb; /* only where WC_HAVE_IPSEC_MB is defined */

#endif
