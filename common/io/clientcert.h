/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The certificate by which a receiver proves which account it has, and its private key: PEM files
 * of any kind of key that TLS 1.3 signs with here (Ed25519, ECDSA with P-256, RSA with 2048 bits or
 * more). The sender knows the account by the SHA-256 of the public key (SubjectPublicKeyInfo);
 * names, dates and who signed it do not matter. */
#ifndef WC_IO_CLIENTCERT_H
#define WC_IO_CLIENTCERT_H

#include "common/core/err.h"
#include "common/core/limits.h"
#include "common/core/types.h"
#include "common/io/why.h"

struct wc_clientcert;

/* WC_E_IO, WC_E_FORMAT (malformed, a passphrase, no pair), WC_E_AUTH (the key is open to other
 * users), WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_clientcert_open(struct wc_clientcert **ret, const char *certificate,
                                           const char *key, struct wc_why *why);
void wc_clientcert_free(struct wc_clientcert *c); /* NULL is fine */

/* What a sender knows the certificate in this file by. WC_E_IO, WC_E_FORMAT. */
WC_MUST_USE enum wc_err wc_clientcert_digest(const char *certificate, uint8_t ret[WC_DIGEST_BYTES],
                                             struct wc_why *why);

#endif
