/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One cipher context per direction is keyed once; a message only sets its nonce, so that nothing is
 * allocated and no algorithm fetched. */
#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "common/io/aead.h"

struct wc_aead {
    EVP_CIPHER_CTX *protect;
    EVP_CIPHER_CTX *open;
};

static void aead_free(struct wc_aead *a)
{
    if (!a)
        return;
    EVP_CIPHER_CTX_free(a->protect); /* wipes its key */
    EVP_CIPHER_CTX_free(a->open);
    free(a);
}

static enum wc_err aead_new(struct wc_aead **ret, const uint8_t *key)
{
    struct wc_aead *a = calloc(1, sizeof(*a));
    if (!a)
        return WC_E_NOMEM;
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    a->protect = EVP_CIPHER_CTX_new();
    a->open = EVP_CIPHER_CTX_new();
    bool ok = cipher && a->protect && a->open &&
              EVP_EncryptInit_ex2(a->protect, cipher, key, NULL, NULL) == 1 &&
              EVP_DecryptInit_ex2(a->open, cipher, key, NULL, NULL) == 1;
    EVP_CIPHER_free(cipher);
    if (!ok) {
        aead_free(a);
        return WC_E_CRYPTO;
    }
    *ret = a;
    return WC_OK;
}

static enum wc_err aead_protect(struct wc_aead *a, const uint8_t *nonce, const uint8_t *aad,
                                uint32_t aad_bytes, const uint8_t *plain, uint32_t byte_count,
                                uint8_t *ret_sealed)
{
    EVP_CIPHER_CTX *c = a->protect;
    uint8_t *tag = ret_sealed + byte_count;
    int count = 0;
    bool ok = EVP_EncryptInit_ex2(c, NULL, NULL, nonce, NULL) == 1 &&
              EVP_EncryptUpdate(c, NULL, &count, aad, (int)aad_bytes) == 1 &&
              EVP_EncryptUpdate(c, ret_sealed, &count, plain, (int)byte_count) == 1 &&
              EVP_EncryptFinal_ex(c, tag, &count) == 1 &&
              EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, WC_AEAD_TAG_BYTES, tag) == 1;
    return ok ? WC_OK : WC_E_CRYPTO;
}

static enum wc_err aead_open(struct wc_aead *a, const uint8_t *nonce, const uint8_t *aad,
                             uint32_t aad_bytes, const uint8_t *sealed, uint32_t byte_count,
                             uint8_t *ret_plain)
{
    EVP_CIPHER_CTX *c = a->open;
    uint8_t tag[WC_AEAD_TAG_BYTES];
    uint8_t none[WC_AEAD_TAG_BYTES]; /* the end of a counter mode holds no bytes */
    memcpy(tag, sealed + byte_count, sizeof(tag));
    int count = 0;
    bool ok = EVP_DecryptInit_ex2(c, NULL, NULL, nonce, NULL) == 1 &&
              EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, WC_AEAD_TAG_BYTES, tag) == 1 &&
              EVP_DecryptUpdate(c, NULL, &count, aad, (int)aad_bytes) == 1 &&
              EVP_DecryptUpdate(c, ret_plain, &count, sealed, (int)byte_count) == 1 &&
              EVP_DecryptFinal_ex(c, none, &count) == 1;
    return ok ? WC_OK : WC_E_AUTH;
}

const struct wc_aead_ops wc_aead_openssl = {
    .name = "OpenSSL",
    .new = aead_new,
    .free = aead_free,
    .protect = aead_protect,
    .open = aead_open,
};
