/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passwords of accounts as they are kept: by scrypt (RFC 7914), so that who steals the file must
 * spend 16 MiB and tens of milliseconds for each guess. */
#ifndef WC_IO_PASSWORD_H
#define WC_IO_PASSWORD_H

#include "common/core/err.h"
#include "common/core/limits.h"
#include "common/core/types.h"
#include "common/io/why.h"

#define WC_PASSWORD_SALT_BYTES  16u
#define WC_PASSWORD_HASH_BYTES  32u
#define WC_PASSWORD_PROOF_BYTES 32u

/* What new ones are made with, and what a record may say. */
#define WC_PASSWORD_N          16384u
#define WC_PASSWORD_R          8u
#define WC_PASSWORD_P          1u
#define WC_PASSWORD_N_MIN      1024u
#define WC_PASSWORD_N_MAX      131072u
#define WC_PASSWORD_R_MAX      16u
#define WC_PASSWORD_P_MAX      4u
#define WC_PASSWORD_MEMORY_MAX (64u << 20) /* bytes: 128 * n * r */

struct wc_password {
    uint32_t n, r, p;
    uint8_t salt[WC_PASSWORD_SALT_BYTES];
    uint8_t hash[WC_PASSWORD_HASH_BYTES];
};

/* The parameters are within the bounds above. */
bool wc_password_is_sane(const struct wc_password *record);

/* 1 to WC_PASSWORD_BYTES_MAX bytes of text without control characters. WC_E_FORMAT: `why` says what
 * is wrong with it, not what it is; EX_DATAERR. */
WC_MUST_USE enum wc_err wc_password_check(const char *password, struct wc_why *why);

/* A record with fresh salt. WC_E_CRYPTO: no memory for it, or OpenSSL failed. */
WC_MUST_USE enum wc_err wc_password_make(struct wc_password *ret, const char *password);

/* A record that no password fits, but takes as long: for accounts that do not exist. */
void wc_password_make_dummy(struct wc_password *ret);

/* WC_OK: it is this password; WC_E_AUTH: it is not; WC_E_CRYPTO. Any thread. */
WC_MUST_USE enum wc_err wc_password_verify(const struct wc_password *record, const char *password);

/* A keyed digest (HMAC-SHA-256) of account, password and record: the same for the same three, and
 * useless to who does not know the key. */
void wc_password_proof(const uint8_t key[WC_PASSWORD_PROOF_BYTES], const char *account,
                       const char *password, const struct wc_password *record,
                       uint8_t ret[WC_PASSWORD_PROOF_BYTES]);

#endif
