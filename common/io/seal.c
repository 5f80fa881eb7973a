/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/seal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/io/aead.h"

#define NONCE_PN_BYTES 6

static_assert(WC_SEAL_KEY_BYTES == WC_AEAD_KEY_BYTES, "a group key is a key of the cipher");
static_assert(WC_TAG_BYTES == WC_AEAD_TAG_BYTES, "the tag is the cipher's");

struct wc_seal {
    const struct wc_aead_ops *ops;
    struct wc_aead *aead;
};

/* The fastest first. */
static const struct wc_aead_ops *const implementations[] = {
#ifdef WC_HAVE_IPSEC_MB
    &wc_aead_ipsec_mb,
#endif
    &wc_aead_openssl,
};

static void nonce_of(uint64_t pn, uint8_t ret_nonce[WC_AEAD_NONCE_BYTES])
{
    assert(pn <= WC_PN_MAX);
    memset(ret_nonce, 0, WC_AEAD_NONCE_BYTES - NONCE_PN_BYTES);
    for (int i = 0; i < NONCE_PN_BYTES; i++)
        ret_nonce[WC_AEAD_NONCE_BYTES - 1 - i] = (uint8_t)(pn >> (8 * i));
}

enum wc_err wc_seal_new(struct wc_seal **ret, const uint8_t key[WC_SEAL_KEY_BYTES])
{
    struct wc_seal *seal = calloc(1, sizeof(*seal));
    enum wc_err err = seal ? WC_E_CRYPTO : WC_E_NOMEM;
    for (size_t i = 0; err == WC_E_CRYPTO && i < sizeof(implementations) / sizeof(*implementations);
         i++) {
        seal->ops = implementations[i];
        err = seal->ops->new (&seal->aead, key);
    }
    if (err) {
        free(seal);
        return err;
    }
    *ret = seal;
    return WC_OK;
}

void wc_seal_free(struct wc_seal *seal)
{
    if (!seal)
        return;
    seal->ops->free(seal->aead);
    free(seal);
}

enum wc_err wc_seal_protect(struct wc_seal *seal, uint64_t pn,
                            const uint8_t header[WC_HEADER_BYTES], const uint8_t *symbol,
                            uint32_t symbol_bytes, uint8_t *ret_sealed)
{
    assert(symbol_bytes <= WC_SYMBOL_BYTES_MAX);
    uint8_t nonce[WC_AEAD_NONCE_BYTES];
    nonce_of(pn, nonce);
    return seal->ops->protect(seal->aead, nonce, header, WC_HEADER_BYTES, symbol, symbol_bytes,
                              ret_sealed);
}

enum wc_err wc_seal_open(struct wc_seal *seal, uint64_t pn, const uint8_t header[WC_HEADER_BYTES],
                         const uint8_t *sealed, uint32_t symbol_bytes, uint8_t *ret_symbol)
{
    assert(symbol_bytes <= WC_SYMBOL_BYTES_MAX);
    uint8_t nonce[WC_AEAD_NONCE_BYTES];
    nonce_of(pn, nonce);
    return seal->ops->open(seal->aead, nonce, header, WC_HEADER_BYTES, sealed, symbol_bytes,
                           ret_symbol);
}

void wc_random_bytes(void *bytes, size_t count)
{
    uint8_t *at = bytes;
    while (count > 0) {
        ssize_t got = getrandom(at, count, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            abort();
        at += got;
        count -= (size_t)got;
    }
}
