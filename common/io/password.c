/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/password.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>
#include <sysexits.h>

#include "common/core/text.h"
#include "common/io/seal.h"

/* OpenSSL counts a little more than the 128 * n * r of the standard. */
#define MEMORY_LIMIT ((uint64_t)WC_PASSWORD_MEMORY_MAX + (1u << 20))

bool wc_password_is_sane(const struct wc_password *record)
{
    bool is_power = (record->n & (record->n - 1)) == 0;
    return is_power && record->n >= WC_PASSWORD_N_MIN && record->n <= WC_PASSWORD_N_MAX &&
           record->r >= 1 && record->r <= WC_PASSWORD_R_MAX && record->p >= 1 &&
           record->p <= WC_PASSWORD_P_MAX &&
           (uint64_t)128 * record->n * record->r <= WC_PASSWORD_MEMORY_MAX;
}

enum wc_err wc_password_check(const char *password, struct wc_why *why)
{
    size_t byte_count = strnlen(password, WC_PASSWORD_BYTES_MAX + 1);
    if (byte_count == 0)
        return wc_why_set(why, WC_E_FORMAT, EX_DATAERR,
                          "the password is empty; a password has 1 to %u bytes",
                          WC_PASSWORD_BYTES_MAX);
    if (byte_count > WC_PASSWORD_BYTES_MAX)
        return wc_why_set(why, WC_E_FORMAT, EX_DATAERR,
                          "the password is too long; a password has 1 to %u bytes",
                          WC_PASSWORD_BYTES_MAX);
    if (!wc_text_check(password, byte_count))
        return wc_why_set(why, WC_E_FORMAT, EX_DATAERR,
                          "the password has control characters (tab, escape, ...) or is no UTF-8; "
                          "choose one that can be typed");
    return WC_OK;
}

static bool derive(const struct wc_password *record, const char *password,
                   uint8_t ret[WC_PASSWORD_HASH_BYTES])
{
    int ok =
        EVP_PBE_scrypt(password, strlen(password), record->salt, sizeof(record->salt), record->n,
                       record->r, record->p, MEMORY_LIMIT, ret, WC_PASSWORD_HASH_BYTES);
    ERR_clear_error();
    return ok == 1;
}

enum wc_err wc_password_make(struct wc_password *ret, const char *password)
{
    struct wc_password record = {.n = WC_PASSWORD_N, .r = WC_PASSWORD_R, .p = WC_PASSWORD_P};
    wc_random_bytes(record.salt, sizeof(record.salt));
    if (!derive(&record, password, record.hash))
        return WC_E_CRYPTO;
    *ret = record;
    return WC_OK;
}

void wc_password_make_dummy(struct wc_password *ret)
{
    *ret = (struct wc_password){.n = WC_PASSWORD_N, .r = WC_PASSWORD_R, .p = WC_PASSWORD_P};
    wc_random_bytes(ret->salt, sizeof(ret->salt));
    wc_random_bytes(ret->hash, sizeof(ret->hash));
}

enum wc_err wc_password_verify(const struct wc_password *record, const char *password)
{
    uint8_t hash[WC_PASSWORD_HASH_BYTES];
    if (!wc_password_is_sane(record) || !derive(record, password, hash))
        return WC_E_CRYPTO;
    bool is_equal = CRYPTO_memcmp(hash, record->hash, sizeof(hash)) == 0;
    OPENSSL_cleanse(hash, sizeof(hash));
    return is_equal ? WC_OK : WC_E_AUTH;
}

/* A text with its length in front: no two lists of texts give the same bytes. */
static size_t put_text(uint8_t *at, const char *text, size_t room)
{
    size_t byte_count = strnlen(text, room);
    at[0] = (uint8_t)byte_count;
    memcpy(at + 1, text, byte_count);
    return byte_count + 1;
}

_Static_assert(WC_NAME_BYTES_MAX < 256 && WC_PASSWORD_BYTES_MAX < 256, "a length is one byte");

void wc_password_proof(const uint8_t key[WC_PASSWORD_PROOF_BYTES], const char *account,
                       const char *password, const struct wc_password *record,
                       uint8_t ret[WC_PASSWORD_PROOF_BYTES])
{
    uint8_t text[2 + WC_NAME_BYTES_MAX + WC_PASSWORD_BYTES_MAX + WC_PASSWORD_SALT_BYTES +
                 WC_PASSWORD_HASH_BYTES];
    size_t at = put_text(text, account, WC_NAME_BYTES_MAX);
    size_t out_bytes = 0;
    at += put_text(text + at, password, WC_PASSWORD_BYTES_MAX);
    memcpy(text + at, record->salt, sizeof(record->salt));
    at += sizeof(record->salt);
    memcpy(text + at, record->hash, sizeof(record->hash));
    at += sizeof(record->hash);
    const unsigned char *done =
        EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, WC_PASSWORD_PROOF_BYTES, text, at, ret,
                  WC_PASSWORD_PROOF_BYTES, &out_bytes);
    OPENSSL_cleanse(text, sizeof(text));
    assert(done && out_bytes == WC_PASSWORD_PROOF_BYTES);
}
