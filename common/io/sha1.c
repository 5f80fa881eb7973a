/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/sha1.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>

struct wc_sha1 {
    EVP_MD *md;
    EVP_MD_CTX *ctx;
};

enum wc_err wc_sha1_new(struct wc_sha1 **ret)
{
    struct wc_sha1 *s = calloc(1, sizeof *s);
    if (!s)
        return WC_E_NOMEM;
    s->md = EVP_MD_fetch(NULL, "SHA1", NULL);
    s->ctx = EVP_MD_CTX_new();
    if (!s->md || !s->ctx || EVP_DigestInit_ex2(s->ctx, s->md, NULL) != 1) {
        wc_sha1_free(s);
        return WC_E_CRYPTO;
    }
    *ret = s;
    return WC_OK;
}

void wc_sha1_free(struct wc_sha1 *s)
{
    if (!s)
        return;
    EVP_MD_CTX_free(s->ctx);
    EVP_MD_free(s->md);
    free(s);
}

void wc_sha1_update(struct wc_sha1 *s, const void *bytes, size_t count)
{
    int ok = EVP_DigestUpdate(s->ctx, bytes, count);
    assert(ok == 1);
}

void wc_sha1_finish(struct wc_sha1 *s, uint8_t ret[WC_SHA1_BYTES])
{
    int ok = EVP_DigestFinal_ex(s->ctx, ret, NULL);
    assert(ok == 1);
    ok = EVP_DigestInit_ex2(s->ctx, NULL, NULL);
    assert(ok == 1);
}
