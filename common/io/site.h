/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The site key: the root of trust that signs the MCS keys of all senders of a site. In a directory
 * of its own, possibly on another machine:
 *     SiteKey          private key (Ed25519), PEM, mode 0600
 *     SiteCertificate  its certificate (signed by itself), PEM: what receivers are given */
#ifndef WC_IO_SITE_H
#define WC_IO_SITE_H

#include "common/core/limits.h"
#include "common/io/keypem.h"

#define WC_SITE_KEY_NAME         "SiteKey"
#define WC_SITE_CERTIFICATE_NAME "SiteCertificate"

struct wc_site; /* its certificate, and if it is at hand its private key */

/* Make a site key in `dir`, for WC_KEY_SITE_DAYS from `now_s` on. WC_E_STATE: there is one;
 * WC_E_IO, WC_E_CRYPTO. `why` says it. */
WC_MUST_USE enum wc_err wc_site_make(const char *dir, int64_t now_s, struct wc_why *why);

/* The site of a directory, with its private key. WC_E_NOT_FOUND: none there; else as
 * wc_keyfile_read, and WC_E_FORMAT. */
WC_MUST_USE enum wc_err wc_site_open(struct wc_site **ret, const char *dir, struct wc_why *why);

/* A site's certificate alone, as `key export` wrote it. WC_E_NOT_FOUND, WC_E_IO, WC_E_FORMAT: it
 * is none, or not a site's. */
WC_MUST_USE enum wc_err wc_site_read(struct wc_site **ret, const char *path, struct wc_why *why);

void wc_site_free(struct wc_site *site); /* NULL is fine */
void wc_site_digest(const struct wc_site *site, uint8_t ret[WC_DIGEST_BYTES]);

/* Borrowed. The key is NULL after wc_site_read. */
X509 *wc_site_certificate(const struct wc_site *site);
EVP_PKEY *wc_site_key(const struct wc_site *site);

#endif
