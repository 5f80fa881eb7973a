/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The account that this receiver shows to the sender: name and password, or a certificate. */
#ifndef WC_RECEIVER_SHELL_CREDENTIALS_H
#define WC_RECEIVER_SHELL_CREDENTIALS_H

#include "common/io/clientcert.h"
#include "common/io/secret.h"
#include "receiver/shell/options.h"

struct wc_credentials {
    char account[WC_NAME_BYTES_MAX + 1]; /* "": none */
    char password[WC_SECRET_BYTES];
    struct wc_clientcert *certificate; /* NULL: none */
};

/* Gather what the options name; the password as wc_secret_read. They are only for a sender whose
 * key is known beforehand, from the URL or the site: with any other, WC_E_AUTH with the finding
 * access.sender-unproven. Also as wc_clientcert_open. */
WC_MUST_USE enum wc_err wc_credentials_read(struct wc_credentials *ret,
                                            const struct wc_fetch_options *options,
                                            struct wc_why *why);
void wc_credentials_wipe(struct wc_credentials *c); /* zeroed is fine */

#endif
