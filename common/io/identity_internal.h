/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What tls.c needs of identities beyond identity.h: OpenSSL's objects, by name only. */
#ifndef WC_IO_IDENTITY_INTERNAL_H
#define WC_IO_IDENTITY_INTERNAL_H

#include "common/io/identity.h"
#include "common/io/keypem.h"

/* Borrowed, as long as the identity lives. */
EVP_PKEY *wc_identity_key(const struct wc_identity *id);
X509 *wc_identity_certificate(const struct wc_identity *id);
X509 *wc_identity_site(const struct wc_identity *id); /* NULL: signed by no site */

/* The public key in a certificate, for wc_publickey_free. WC_E_NOMEM, WC_E_CRYPTO. */
WC_MUST_USE enum wc_err wc_publickey_new(struct wc_publickey **ret, X509 *certificate);

#endif
