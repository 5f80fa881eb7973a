/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks at a published package and its content and says what is to be seen (struct
 * wc_package_sight), not what to think of it. No byte of the content is read: its files are opened,
 * and their sizes and times compared with the manifest. */
#ifndef WC_SENDER_SHELL_PACKAGELOOK_H
#define WC_SENDER_SHELL_PACKAGELOOK_H

#include "sender/shell/content.h"
#include "sender/shell/package.h"
#include "sender/shell/publish.h"

/* All that a session needs of a package. */
struct wc_package_opened {
    struct wc_package package; /* its manifest has gone into `publication` */
    struct wc_publication publication;
    struct wc_content *content;
};
void wc_package_opened_release(struct wc_package_opened *o); /* zeroed is fine */

/* Fill `ret`. `identity`: this sender's key; NULL: the signature is not checked. An error is not
 * about the package: WC_E_FORMAT: no package id; WC_E_NOMEM; WC_E_IO: a name that is too long. */
WC_MUST_USE enum wc_err wc_package_look(struct wc_package_sight *ret, const char *state_dir,
                                        const char *id, const struct wc_identity *identity,
                                        struct wc_why *why);

/* The same, and keep what was opened: *ret is whole if no rule finds an error in the sight, and to
 * be released in any case. */
WC_MUST_USE enum wc_err wc_packagelook_open(struct wc_package_opened *ret,
                                            struct wc_package_sight *sight, const char *state_dir,
                                            const char *id, const struct wc_identity *identity,
                                            struct wc_why *why);

/* Compare what lies at the origins of `p` with the manifest, into the sight. *ret_content gets the
 * content if it is good, else NULL; ret_content may be NULL. WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_packagelook_content(struct wc_package_sight *sight,
                                               const struct wc_package *p,
                                               const struct wc_manifest *m,
                                               struct wc_content **ret_content, struct wc_why *why);

#endif
