/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The record of a package, package.json, between its text and struct wc_package:
 *     {"format": 1, "id": "XYZ00012", "version": 3, "published": 1795422646,
 *      "read": "everyone" or "accounts" or ["name", ...], "only_multicast": false,
 *      "origins": ["/images/install.wim"],
 *      "manifest": {"bytes": 4711, "sha256": "..."}, "key": "..."}
 * Fields that are not known are skipped; another format is refused. */
#ifndef WC_SENDER_SHELL_PACKAGEFILE_H
#define WC_SENDER_SHELL_PACKAGEFILE_H

#include "sender/shell/package.h"

#define WC_PACKAGEFILE_BYTES_MAX (8u << 20)
#define WC_PACKAGEFILE_FORMAT    1

/* The text for free(); NULL: no memory. */
char *wc_packagefile_encode(const struct wc_package *p);

/* Fill all but manifest and signature. WC_E_FORMAT: `ret_detail` says in a few words what is
 * wrong; WC_E_NOMEM. *ret is zeroed on failure. */
WC_MUST_USE enum wc_err wc_packagefile_decode(struct wc_package *ret, const char *text,
                                              size_t count,
                                              char ret_detail[WC_PACKAGE_DETAIL_BYTES]);

/* May this be an origin? Absolute, UTF-8 without control characters, no part empty, "." or "..". */
bool wc_packagefile_is_origin(const char *path);

#endif
