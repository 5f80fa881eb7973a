/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `send ID`: is it a package that is meant, may it be sent, and does it fit this path? */
#ifndef WC_SENDER_SHELL_PACKAGESEND_H
#define WC_SENDER_SHELL_PACKAGESEND_H

#include "common/io/netif.h"
#include "sender/shell/options.h"
#include "sender/shell/packagelook.h"

/* *ret_id: the package that is meant, borrowed from the options; NULL: files are. WC_E_FORMAT: both
 * are there, or options that a package does not take. */
WC_MUST_USE enum wc_err wc_packagesend_choose(const char **ret_id, const struct wc_send_options *o,
                                              struct wc_why *why);

/* Open it as it was published, or refuse with the finding. *ret is to be released in any case. */
WC_MUST_USE enum wc_err wc_packagesend_open(struct wc_package_opened *ret, const char *state_dir,
                                            const char *id, const struct wc_identity *identity,
                                            struct wc_why *why);

/* Does a datagram with its symbols fit the interface? WC_E_TOO_LARGE. */
WC_MUST_USE enum wc_err wc_packagesend_fits(const struct wc_manifest *m,
                                            const struct wc_netif *netif, uint8_t family,
                                            struct wc_why *why);

#endif
