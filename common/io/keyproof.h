/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who signed bytes that lie on a disk, with their signature and the certificate of the key that
 * made it: what is to be seen of both, as in keycheck.h. */
#ifndef WC_IO_KEYPROOF_H
#define WC_IO_KEYPROOF_H

#include "common/core/keysight.h"
#include "common/io/site.h"

struct wc_keyproof {
    const void *bytes;
    size_t byte_count;
    const char *signature_path;
    const char *certificate_path; /* PEM: of the key, and perhaps of its site behind it */
    struct wc_site *site;         /* that must have signed the key; NULL: any will do */
    int64_t now_s;                /* seconds since 1970 */
};

/* Fill `ret` as a receiver sees a sender's key: wc_key_rules find no error in it if the bytes were
 * signed by a key that is to be trusted. WC_E_NOT_FOUND: one of the files is not there;
 * WC_E_FORMAT: no certificate; WC_E_IO, WC_E_NOMEM, WC_E_CRYPTO. `why` says which. */
WC_MUST_USE enum wc_err wc_keyproof_look(struct wc_key_sight *ret, const struct wc_keyproof *proof,
                                         struct wc_why *why);

#endif
