/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256 of memory that we own cannot fail once the algorithm was fetched: updates are
 * asserted. */
#include "common/io/digest.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

struct wc_digest {
    EVP_MD *md;
    EVP_MD_CTX *ctx;
    bool fed; /* since the last finish */
};

enum wc_err wc_digest_new(struct wc_digest **ret)
{
    struct wc_digest *d = calloc(1, sizeof(*d));
    if (!d)
        return WC_E_NOMEM;
    d->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    d->ctx = EVP_MD_CTX_new();
    if (!d->md || !d->ctx || EVP_DigestInit_ex2(d->ctx, d->md, NULL) != 1) {
        wc_digest_free(d);
        return WC_E_CRYPTO;
    }
    *ret = d;
    return WC_OK;
}

void wc_digest_free(struct wc_digest *d)
{
    if (!d)
        return;
    EVP_MD_CTX_free(d->ctx);
    EVP_MD_free(d->md);
    free(d);
}

void wc_digest_update(struct wc_digest *d, const void *bytes, size_t count)
{
    int ok = EVP_DigestUpdate(d->ctx, bytes, count);
    assert(ok == 1);
    d->fed = true;
}

void wc_digest_finish(struct wc_digest *d, uint8_t ret[WC_DIGEST_BYTES])
{
    int ok = EVP_DigestFinal_ex(d->ctx, ret, NULL);
    assert(ok == 1);
    ok = EVP_DigestInit_ex2(d->ctx, NULL, NULL);
    assert(ok == 1);
    d->fed = false;
}

void wc_digest_of(struct wc_digest *d, const void *bytes, size_t count,
                  uint8_t ret[WC_DIGEST_BYTES])
{
    assert(!d->fed);
    wc_digest_update(d, bytes, count);
    wc_digest_finish(d, ret);
}

void wc_digest_hex(const uint8_t digest[WC_DIGEST_BYTES], char ret[2 * WC_DIGEST_BYTES + 1])
{
    static const char hex[] = "0123456789abcdef";
    for (int i = 0; i < WC_DIGEST_BYTES; i++) {
        ret[2 * i] = hex[digest[i] >> 4];
        ret[2 * i + 1] = hex[digest[i] & 15];
    }
    ret[2 * WC_DIGEST_BYTES] = '\0';
}

bool wc_digest_equal(const uint8_t a[WC_DIGEST_BYTES], const uint8_t b[WC_DIGEST_BYTES])
{
    return CRYPTO_memcmp(a, b, WC_DIGEST_BYTES) == 0;
}
