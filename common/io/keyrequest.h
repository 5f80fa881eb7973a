/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the site key is: requests that were carried there, and their answers. */
#ifndef WC_IO_KEYREQUEST_H
#define WC_IO_KEYREQUEST_H

#include "common/io/keychain.h"

/* Sign the request at `request_path` with the site key of k->site_dir: the certificate goes to
 * `output_path`, where nothing but an older one of the same key may lie. k->names count 0: for the
 * names in the request. WC_E_NOT_FOUND: no site key, or no request; WC_E_FORMAT: it is none, or has
 * no names; WC_E_STATE: something else is at output_path. k->why says it. */
WC_MUST_USE enum wc_err wc_keyrequest_sign(const struct wc_keychain *k, const char *request_path,
                                           const char *output_path, struct wc_keychain_deed *ret);

#endif
