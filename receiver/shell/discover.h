/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds announced sessions when there is no URL: listens for announcements on an interface, or on
 * all. */
#ifndef WC_RECEIVER_SHELL_DISCOVER_H
#define WC_RECEIVER_SHELL_DISCOVER_H

#include "common/core/announce.h"
#include "common/core/url.h"
#include "common/io/netif.h"

struct wc_discovery {
    struct wc_url url; /* of the session */
    struct wc_announce announce;
};

struct wc_discover_options {
    const char *interface; /* NULL: all that have multicast */
    const char *package;   /* "" or NULL: any */
    wc_ns timeout;
    int cancel_fd; /* readable: stop; -1: none */
};

/* Wait for an announcement and a little longer, so that several sessions are all seen.
 * WC_E_NOT_FOUND: none came; WC_E_RANGE: several different ones (`why` lists them: choose by URL
 * or --id); WC_E_CLOSED: cancelled; WC_E_SYS. */
WC_MUST_USE enum wc_err wc_discover(struct wc_discovery *ret,
                                    const struct wc_discover_options *options, struct wc_why *why);

#endif
