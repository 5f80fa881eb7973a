/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys, certificates and requests between PEM files and OpenSSL's objects, which are known here by
 * name only. Of all files in common/io, only those that deal with keys include this. What is
 * returned is released with EVP_PKEY_free, X509_free, X509_REQ_free. */
#ifndef WC_IO_KEYPEM_H
#define WC_IO_KEYPEM_H

#include "common/core/limits.h"
#include "common/io/keyfile.h"

typedef struct evp_pkey_st EVP_PKEY;
typedef struct x509_st X509;
typedef struct X509_req_st X509_REQ;

#define WC_KEYPEM_TEXT_BYTES (WC_KEYFILE_BYTES_MAX + 2)

/* A new Ed25519 key. NULL: OpenSSL failed. */
EVP_PKEY *wc_keypem_new_key(void);

/* Out of a PEM text; NULL: it holds none (key: none of Ed25519, or one with a passphrase). */
EVP_PKEY *wc_keypem_parse_key(const char *text);
EVP_PKEY *wc_keypem_parse_any_key(const char *text); /* of any kind, without a passphrase */
X509 *wc_keypem_parse_certificate(const char *text);
X509_REQ *wc_keypem_parse_request(const char *text); /* whose own signature is right */

/* A certificate, and the one that follows it in the text, if any (else *ret_second is NULL).
 * false: there is none. */
bool wc_keypem_parse_chain(const char *text, X509 **ret_first, X509 **ret_second);

/* The Ed25519 key of a file, which is a secret. As wc_keyfile_read, and WC_E_FORMAT: it holds none;
 * `fix` ends that sentence. */
WC_MUST_USE enum wc_err wc_keypem_read_key(const struct wc_keyfile *file, const char *fix,
                                           EVP_PKEY **ret);

/* Write as PEM, as wc_keyfile_write. `second` may be NULL. WC_E_IO, WC_E_CRYPTO: file->why says
 * it. */
WC_MUST_USE enum wc_err wc_keypem_write_key(const struct wc_keyfile *file, const char *dir,
                                            EVP_PKEY *key);
WC_MUST_USE enum wc_err wc_keypem_write_chain(const struct wc_keyfile *file, const char *dir,
                                              X509 *first, X509 *second);
WC_MUST_USE enum wc_err wc_keypem_write_request(const struct wc_keyfile *file, const char *dir,
                                                X509_REQ *request);

/* SHA-256 of the SubjectPublicKeyInfo. false: OpenSSL failed. */
bool wc_keypem_digest(EVP_PKEY *key, uint8_t ret[WC_DIGEST_BYTES]);
bool wc_keypem_certificate_digest(X509 *certificate, uint8_t ret[WC_DIGEST_BYTES]);

/* `why` says what OpenSSL could not do ("make a key") and its reason. Returns WC_E_CRYPTO. */
enum wc_err wc_keypem_failed(struct wc_why *why, const char *what);

#endif
