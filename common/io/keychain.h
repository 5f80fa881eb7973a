/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an admin does with the keys of a sender and of its site. Files of the state directory,
 * beside those of identity.h:
 *     SerializedMCSKey.csr    a request for the site's signature, to be carried to the site key
 *     SerializedMCSKey.next   a new key that waits for its certificate; the old one works meanwhile
 *     SiteCertificate         of the site that this sender belongs to
 * All of them change under the lock of the directory, each whole or not at all. */
#ifndef WC_IO_KEYCHAIN_H
#define WC_IO_KEYCHAIN_H

#include "common/io/certify.h"
#include "common/io/identity.h"
#include "common/io/site.h"

#define WC_KEYCHAIN_REQUEST_NAME WC_IDENTITY_KEY_NAME ".csr"
#define WC_KEYCHAIN_NEXT_NAME    WC_IDENTITY_KEY_NAME ".next"

struct wc_keychain {
    const char *state_dir;
    const char *site_dir;             /* where the site key is, if it is at hand */
    const struct wc_key_names *names; /* count 0: those of the request, or of this machine */
    struct wc_key_term term;
    struct wc_why *why; /* where failures go */
};

/* What was done. */
struct wc_keychain_deed {
    bool made_key;
    bool is_signed;            /* and in use from the next start of a sender on */
    char path[PATH_MAX];       /* the certificate, or the request that has to be carried */
    struct wc_key_names names; /* that it is made out to */
};

/* Each returns WC_OK, or an error with its sentence in k->why. */

/* An MCS key, if there is none; signed if the site key is at hand, else a request for that. */
WC_MUST_USE enum wc_err wc_keychain_init(const struct wc_keychain *k, struct wc_keychain_deed *ret);

/* A new MCS key, signed and put in the place of the old one, if the site key is at hand; else it
 * waits beside the old one, with a request. */
WC_MUST_USE enum wc_err wc_keychain_reset(const struct wc_keychain *k,
                                          struct wc_keychain_deed *ret);

/* A new MCS key signed by itself: the sender belongs to no site any more. */
WC_MUST_USE enum wc_err wc_keychain_reset_alone(const struct wc_keychain *k,
                                                struct wc_keychain_deed *ret);

/* The MCS key that is there, signed (again) with the site key. */
WC_MUST_USE enum wc_err wc_keychain_sign(const struct wc_keychain *k, struct wc_keychain_deed *ret);

/* Sign the request at `request_path` with the site key: the certificate goes to `output_path`. */
WC_MUST_USE enum wc_err wc_keychain_sign_request(const struct wc_keychain *k,
                                                 const char *request_path, const char *output_path,
                                                 struct wc_keychain_deed *ret);

/* Take a certificate that came back from the site key into use: of the key that is there, or of
 * the one that waits, which then takes its place. */
WC_MUST_USE enum wc_err wc_keychain_install(const struct wc_keychain *k, const char *path,
                                            struct wc_keychain_deed *ret);

/* The site's certificate as PEM: of the site key at hand, else of the site that this sender belongs
 * to. Into ret_text of WC_KEYPEM_TEXT_BYTES. */
WC_MUST_USE enum wc_err wc_keychain_export(const struct wc_keychain *k, char *ret_text);

#endif
