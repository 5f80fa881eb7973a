/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes certificates and requests: X.509 version 3, Ed25519. A certificate of an MCS key is made
 * out to the names by which receivers ask for its machine: host names and addresses. */
#ifndef WC_IO_CERTIFY_H
#define WC_IO_CERTIFY_H

#include "common/io/keypem.h"

#define WC_KEY_NAMES_MAX       32u
#define WC_KEY_NAME_BYTES      254u /* of a host name with its NUL; addresses are shorter */
#define WC_KEY_DAYS_DEFAULT    3650u
#define WC_KEY_SITE_DAYS       7300u
#define WC_KEY_DAYS_MAX        36500u
#define WC_KEY_BACKDATE_S      86400 /* clocks differ */
#define WC_KEY_HOST_NAME_BYTES 65    /* of a common name: RFC 5280 appendix A.1 */

struct wc_key_names {
    uint32_t count;
    char items[WC_KEY_NAMES_MAX][WC_KEY_NAME_BYTES];
};

/* Add a host name or an address (a zone is left out), unless it is there. WC_E_FORMAT: neither;
 * WC_E_FULL. */
WC_MUST_USE enum wc_err wc_key_names_add(struct wc_key_names *names, const char *name);

bool wc_key_names_has(const struct wc_key_names *names, const char *name);

/* The names of this machine: what it is called, and the addresses of its interfaces that could
 * carry a session. */
void wc_key_names_of_host(struct wc_key_names *ret);

/* This host's name, with what a DNS name cannot hold as '-'. */
void wc_key_host_name(char ret[WC_KEY_HOST_NAME_BYTES]);

/* For how long: from a day before `now_s` (seconds since 1970) to `days` after it. */
struct wc_key_term {
    int64_t now_s;
    uint32_t days;
};

/* NULL: OpenSSL failed. */
X509 *wc_certify_self(EVP_PKEY *key, const struct wc_key_names *names,
                      const struct wc_key_term *term);
X509 *wc_certify_site(EVP_PKEY *key, const struct wc_key_term *term);
X509 *wc_certify_signed(EVP_PKEY *key, const struct wc_key_names *names, X509 *site,
                        EVP_PKEY *site_key, const struct wc_key_term *term);
X509_REQ *wc_certify_request(EVP_PKEY *key, const struct wc_key_names *names);

/* To whom they are made out. What is neither host name nor address is left out, and what is more
 * than WC_KEY_NAMES_MAX; of a request, the number of those is returned. */
void wc_certify_names(X509 *certificate, struct wc_key_names *ret);
uint32_t wc_certify_request_names(X509_REQ *request, struct wc_key_names *ret);

#endif
