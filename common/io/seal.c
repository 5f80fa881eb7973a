/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One cipher context per direction is keyed once and lives as long as the seal; a datagram only
 * sets its nonce, so that sealing neither allocates nor fetches an algorithm. */
#include "common/io/seal.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/random.h>

#define NONCE_BYTES    12
#define NONCE_PN_BYTES 6

struct wc_seal {
    EVP_CIPHER_CTX *protect;
    EVP_CIPHER_CTX *open;
};

static void nonce_of(uint64_t pn, uint8_t ret_nonce[NONCE_BYTES])
{
    assert(pn <= WC_PN_MAX);
    for (int i = 0; i < NONCE_BYTES - NONCE_PN_BYTES; i++)
        ret_nonce[i] = 0;
    for (int i = 0; i < NONCE_PN_BYTES; i++)
        ret_nonce[NONCE_BYTES - 1 - i] = (uint8_t)(pn >> (8 * i));
}

static enum wc_err contexts_init(struct wc_seal *seal, const uint8_t key[WC_SEAL_KEY_BYTES])
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
    seal->protect = EVP_CIPHER_CTX_new();
    seal->open = EVP_CIPHER_CTX_new();
    bool ok = cipher && seal->protect && seal->open &&
              EVP_EncryptInit_ex2(seal->protect, cipher, key, NULL, NULL) == 1 &&
              EVP_DecryptInit_ex2(seal->open, cipher, key, NULL, NULL) == 1;
    EVP_CIPHER_free(cipher);
    return ok ? WC_OK : WC_E_CRYPTO;
}

enum wc_err wc_seal_new(struct wc_seal **ret, const uint8_t key[WC_SEAL_KEY_BYTES])
{
    struct wc_seal *seal = calloc(1, sizeof(*seal));
    if (!seal)
        return WC_E_NOMEM;
    enum wc_err err = contexts_init(seal, key);
    if (err) {
        wc_seal_free(seal);
        return err;
    }
    *ret = seal;
    return WC_OK;
}

void wc_seal_free(struct wc_seal *seal)
{
    if (!seal)
        return;
    EVP_CIPHER_CTX_free(seal->protect); /* wipes its key */
    EVP_CIPHER_CTX_free(seal->open);
    free(seal);
}

enum wc_err wc_seal_protect(struct wc_seal *seal, uint64_t pn,
                            const uint8_t header[WC_HEADER_BYTES], const uint8_t *symbol,
                            uint32_t symbol_bytes, uint8_t *ret_sealed)
{
    assert(symbol_bytes <= WC_SYMBOL_BYTES_MAX);
    uint8_t nonce[NONCE_BYTES];
    nonce_of(pn, nonce);
    EVP_CIPHER_CTX *c = seal->protect;
    int count = 0;
    bool ok =
        EVP_EncryptInit_ex2(c, NULL, NULL, nonce, NULL) == 1 &&
        EVP_EncryptUpdate(c, NULL, &count, header, WC_HEADER_BYTES) == 1 &&
        EVP_EncryptUpdate(c, ret_sealed, &count, symbol, (int)symbol_bytes) == 1 &&
        EVP_EncryptFinal_ex(c, ret_sealed + symbol_bytes, &count) == 1 &&
        EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, WC_TAG_BYTES, ret_sealed + symbol_bytes) == 1;
    return ok ? WC_OK : WC_E_CRYPTO;
}

enum wc_err wc_seal_open(struct wc_seal *seal, uint64_t pn, const uint8_t header[WC_HEADER_BYTES],
                         const uint8_t *sealed, uint32_t symbol_bytes, uint8_t *ret_symbol)
{
    assert(symbol_bytes <= WC_SYMBOL_BYTES_MAX);
    uint8_t nonce[NONCE_BYTES];
    uint8_t tag[WC_TAG_BYTES];
    nonce_of(pn, nonce);
    for (int i = 0; i < WC_TAG_BYTES; i++)
        tag[i] = sealed[symbol_bytes + (uint32_t)i];
    EVP_CIPHER_CTX *c = seal->open;
    int count = 0;
    uint8_t none[WC_TAG_BYTES]; /* a stream cipher's end holds no bytes */
    bool ok = EVP_DecryptInit_ex2(c, NULL, NULL, nonce, NULL) == 1 &&
              EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, WC_TAG_BYTES, tag) == 1 &&
              EVP_DecryptUpdate(c, NULL, &count, header, WC_HEADER_BYTES) == 1 &&
              EVP_DecryptUpdate(c, ret_symbol, &count, sealed, (int)symbol_bytes) == 1 &&
              EVP_DecryptFinal_ex(c, none, &count) == 1;
    return ok ? WC_OK : WC_E_AUTH;
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
