/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The MCS key of a distribution point: the private key that is its TLS identity and signs its
 * manifests. In the state directory, under the names that admins know:
 *     SerializedMCSKey         private key (Ed25519), PEM, mode 0600
 *     SignedSerializedMCSKey   its X.509 certificate, PEM; signed by itself, or by a site's key,
 *                              whose certificate follows then
 * Receivers know a key by the SHA-256 of its public key (SubjectPublicKeyInfo, DER). */
#ifndef WC_IO_IDENTITY_H
#define WC_IO_IDENTITY_H

#include "common/core/err.h"
#include "common/core/limits.h"
#include "common/core/types.h"

#define WC_IDENTITY_KEY_NAME         "SerializedMCSKey"
#define WC_IDENTITY_CERTIFICATE_NAME "SignedSerializedMCSKey"

struct wc_identity;  /* private key and certificate */
struct wc_publickey; /* of somebody else */

/* Open the MCS key in `state_dir`, making directory (0700), key and self-signed certificate on
 * first use (atomically, 0600). On error *ret_why (at least WC_SENTENCE_BYTES_MAX + 1 bytes) names
 * the file and the fix. WC_E_IO: cannot read or write; WC_E_FORMAT: malformed, empty, or key and
 * certificate do not belong together; WC_E_AUTH: permissions too open; WC_E_CRYPTO. */
WC_MUST_USE enum wc_err wc_identity_open(struct wc_identity **ret, const char *state_dir,
                                         char *ret_why);
void wc_identity_free(struct wc_identity *id);

/* SHA-256 of the public key's SubjectPublicKeyInfo. */
void wc_identity_key_digest(const struct wc_identity *id, uint8_t ret[WC_DIGEST_BYTES]);

/* What receivers are told to trust: the digest of the site's key that signed this one, else of this
 * key itself. */
void wc_identity_pin(const struct wc_identity *id, uint8_t ret[WC_DIGEST_BYTES]);

/* Sign bytes. ret_signature has room for WC_SIGNATURE_BYTES_MAX. WC_E_CRYPTO. */
WC_MUST_USE enum wc_err wc_identity_sign(const struct wc_identity *id, const void *bytes,
                                         size_t count, uint8_t *ret_signature,
                                         uint16_t *ret_signature_bytes);

/* WC_OK: `signature` is this identity's own over the bytes; WC_E_AUTH: it is not. */
WC_MUST_USE enum wc_err wc_identity_verify(const struct wc_identity *id, const void *bytes,
                                           size_t count, const uint8_t *signature,
                                           size_t signature_bytes);

void wc_publickey_free(struct wc_publickey *key);
void wc_publickey_digest(const struct wc_publickey *key, uint8_t ret[WC_DIGEST_BYTES]);

/* WC_OK: `signature` is this key's over the bytes; WC_E_AUTH: it is not. */
WC_MUST_USE enum wc_err wc_publickey_verify(const struct wc_publickey *key, const void *bytes,
                                            size_t count, const uint8_t *signature,
                                            size_t signature_bytes);

#endif
