/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sealing and opening datagrams: both implementations of what the program uses (common/io/aead.h),
 * and beside them the suites that were not chosen, called the same way: a context keyed once, a new
 * nonce for each datagram. The datagrams of one group of 16 lie in one piece of memory, as they do
 * on the way out. */
#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/micro/micro.h"
#include "common/core/limits.h"
#include "common/io/aead.h"

#define GROUP          16u
#define DATAGRAM_BYTES (WC_HEADER_BYTES + WC_BENCH_SYMBOL_BYTES + WC_TAG_BYTES)

struct bench {
    const struct wc_aead_ops *ops;
    struct wc_aead *aead;
    EVP_CIPHER_CTX *protect, *open; /* of a suite that was not chosen */
    uint64_t pn;
    uint8_t *datagrams;
    uint8_t *symbols; /* the source when sealing, the target when opening */
};

static uint8_t *datagram_at(struct bench *b, uint64_t i)
{
    return b->datagrams + i % GROUP * DATAGRAM_BYTES;
}

static uint8_t *symbol_at(struct bench *b, uint64_t i)
{
    return b->symbols + i % GROUP * WC_BENCH_SYMBOL_BYTES;
}

static void nonce_of(uint64_t pn, uint8_t ret_nonce[WC_AEAD_NONCE_BYTES])
{
    memset(ret_nonce, 0, WC_AEAD_NONCE_BYTES);
    memcpy(ret_nonce, &pn, sizeof pn);
}

static void seal_work(void *ctx, uint64_t count)
{
    struct bench *b = ctx;
    for (uint64_t i = 0; i < count; i++) {
        uint8_t nonce[WC_AEAD_NONCE_BYTES], *at = datagram_at(b, i);
        nonce_of(b->pn++, nonce);
        enum wc_err err = b->ops->protect(b->aead, nonce, at, WC_HEADER_BYTES, symbol_at(b, i),
                                          WC_BENCH_SYMBOL_BYTES, at + WC_HEADER_BYTES);
        assert(err == WC_OK);
    }
}

static void open_work(void *ctx, uint64_t count)
{
    struct bench *b = ctx;
    for (uint64_t i = 0; i < count; i++) {
        uint8_t nonce[WC_AEAD_NONCE_BYTES], *at = datagram_at(b, i);
        nonce_of(i % GROUP, nonce);
        enum wc_err err = b->ops->open(b->aead, nonce, at, WC_HEADER_BYTES, at + WC_HEADER_BYTES,
                                       WC_BENCH_SYMBOL_BYTES, symbol_at(b, i));
        assert(err == WC_OK);
    }
}

static void other_seal_work(void *ctx, uint64_t count)
{
    struct bench *b = ctx;
    for (uint64_t i = 0; i < count; i++) {
        uint8_t nonce[12], *at = datagram_at(b, i), *sealed = at + WC_HEADER_BYTES;
        int bytes;
        nonce_of(b->pn++, nonce);
        int ok = EVP_EncryptInit_ex2(b->protect, NULL, NULL, nonce, NULL) == 1 &&
                 EVP_EncryptUpdate(b->protect, NULL, &bytes, at, WC_HEADER_BYTES) == 1 &&
                 EVP_EncryptUpdate(b->protect, sealed, &bytes, symbol_at(b, i),
                                   WC_BENCH_SYMBOL_BYTES) == 1 &&
                 EVP_EncryptFinal_ex(b->protect, sealed + WC_BENCH_SYMBOL_BYTES, &bytes) == 1 &&
                 EVP_CIPHER_CTX_ctrl(b->protect, EVP_CTRL_AEAD_GET_TAG, WC_TAG_BYTES,
                                     sealed + WC_BENCH_SYMBOL_BYTES) == 1;
        assert(ok);
    }
}

static void other_open_work(void *ctx, uint64_t count)
{
    struct bench *b = ctx;
    for (uint64_t i = 0; i < count; i++) {
        uint8_t nonce[12], none[WC_TAG_BYTES], *at = datagram_at(b, i);
        uint8_t *sealed = at + WC_HEADER_BYTES;
        int bytes;
        nonce_of(i % GROUP, nonce);
        int ok = EVP_DecryptInit_ex2(b->open, NULL, NULL, nonce, NULL) == 1 &&
                 EVP_CIPHER_CTX_ctrl(b->open, EVP_CTRL_AEAD_SET_TAG, WC_TAG_BYTES,
                                     sealed + WC_BENCH_SYMBOL_BYTES) == 1 &&
                 EVP_DecryptUpdate(b->open, NULL, &bytes, at, WC_HEADER_BYTES) == 1 &&
                 EVP_DecryptUpdate(b->open, symbol_at(b, i), &bytes, sealed,
                                   WC_BENCH_SYMBOL_BYTES) == 1 &&
                 EVP_DecryptFinal_ex(b->open, none, &bytes) == 1;
        assert(ok);
    }
}

static void print(const char *bench, const char *suite, const char *label, double seconds)
{
    char name[96];
    snprintf(name, sizeof name, "%s, %s", suite, label);
    wc_bench_print(bench, name, WC_BENCH_SYMBOL_BYTES / seconds / 1e9, "GB/s");
}

/* Sealed with packet numbers 0 .. GROUP - 1, so that opening has something to open. */
static void measure(struct bench *b, const char *suite, const char *label, wc_bench_work *seal,
                    wc_bench_work *open)
{
    print("seal", suite, label, wc_bench_seconds(seal, b));
    b->pn = 0;
    seal(b, GROUP);
    print("open", suite, label, wc_bench_seconds(open, b));
}

static void measure_ours(struct bench *b, const struct wc_aead_ops *ops, const uint8_t *key,
                         const char *label)
{
    char suite[64];
    b->ops = ops;
    if (ops->new (&b->aead, key))
        return; /* not on this machine */
    snprintf(suite, sizeof suite, "AES-256-GCM by %s", ops->name);
    measure(b, suite, label, seal_work, open_work);
    ops->free(b->aead);
}

static void measure_other(struct bench *b, const char *suite, const uint8_t *key, const char *label)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, suite, NULL);
    b->protect = EVP_CIPHER_CTX_new();
    b->open = EVP_CIPHER_CTX_new();
    int ok = cipher && b->protect && b->open &&
             EVP_EncryptInit_ex2(b->protect, cipher, key, NULL, NULL) == 1 &&
             EVP_DecryptInit_ex2(b->open, cipher, key, NULL, NULL) == 1;
    assert(ok);
    measure(b, suite, label, other_seal_work, other_open_work);
    EVP_CIPHER_CTX_free(b->protect);
    EVP_CIPHER_CTX_free(b->open);
    EVP_CIPHER_free(cipher);
}

void wc_bench_aead(const char *label)
{
    struct bench b = {
        .datagrams = wc_bench_bytes((uint64_t)GROUP * DATAGRAM_BYTES, 1),
        .symbols = wc_bench_bytes((uint64_t)GROUP * WC_BENCH_SYMBOL_BYTES, 2),
    };
    uint8_t *key = wc_bench_bytes(WC_AEAD_KEY_BYTES, 3);
#ifdef WC_HAVE_IPSEC_MB
    if (!getenv("OPENSSL_ia32cap")) /* which it does not heed */
        measure_ours(&b, &wc_aead_ipsec_mb, key, label);
#endif
    measure_ours(&b, &wc_aead_openssl, key, label);
    measure_other(&b, "AES-128-GCM", key, label);
    measure_other(&b, "ChaCha20-Poly1305", key, label);
    free(key);
    free(b.datagrams);
    free(b.symbols);
}
