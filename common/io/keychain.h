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
    const char *site_dir; /* where the site key is, if it is at hand */
    /* Count 0: those of the request; of the key here: those of its certificate, or of the request
     * that waits for one, and those of this machine. */
    const struct wc_key_names *names;
    struct wc_key_term term;
    bool may_change_site; /* the sender may leave its site for that of site_dir; else that is not
                             at hand */
    struct wc_why *why;   /* where failures go */
};

/* What was done. */
struct wc_keychain_deed {
    bool made_key;
    bool is_signed;            /* and in use from the next start of a sender on */
    bool old_stays;            /* in use, until the new key is signed */
    bool found_other_site;     /* the site key of site_dir is not that of this sender's site */
    char path[PATH_MAX];       /* the certificate, or the request that has to be carried */
    struct wc_key_names names; /* that it is made out to */
    struct wc_key_names lost;  /* that it was made out to, and is not any more */
    bool lost_unknown;         /* the certificate cannot be read, so its names are not known */
    uint32_t left_out;         /* of the names of a request: certificates cannot hold them */
};

/* Each returns WC_OK, or an error with its sentence in k->why. */

/* An MCS key, if there is none; signed if the site key is at hand, else a request for that. */
WC_MUST_USE enum wc_err wc_keychain_init(const struct wc_keychain *k, struct wc_keychain_deed *ret);

/* A new MCS key, signed and put in the place of the old one, if the site key is at hand; else it
 * waits beside the old one, with a request, or takes its place if no session could use that. */
WC_MUST_USE enum wc_err wc_keychain_reset(const struct wc_keychain *k,
                                          struct wc_keychain_deed *ret);

/* A new MCS key signed by itself: the sender belongs to no site any more. */
WC_MUST_USE enum wc_err wc_keychain_reset_alone(const struct wc_keychain *k,
                                                struct wc_keychain_deed *ret);

/* The MCS key that waits for it, else the one that is there, signed (again) with the site key.
 * WC_E_NOT_FOUND: that is not at hand, or no key is there; WC_E_AUTH: it is of another site. */
WC_MUST_USE enum wc_err wc_keychain_sign(const struct wc_keychain *k, struct wc_keychain_deed *ret);

/* Take a certificate that came back from the site key into use: of the key that is there, or of
 * the one that waits, which then takes its place. */
WC_MUST_USE enum wc_err wc_keychain_install(const struct wc_keychain *k, const char *path,
                                            struct wc_keychain_deed *ret);

/* The site's certificate as PEM: of the site key at hand, else of the site that this sender belongs
 * to. Into ret_text of WC_KEYPEM_TEXT_BYTES. */
WC_MUST_USE enum wc_err wc_keychain_export(const struct wc_keychain *k, char *ret_text);

#endif
