/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an early end means, from the numbers at hand: the code that admins search for, and a
 * sentence with evidence and fix. */
#ifndef WC_RECEIVER_SHELL_VERDICT_H
#define WC_RECEIVER_SHELL_VERDICT_H

#include "common/core/msg.h"
#include "common/io/why.h"
#include "receiver/shell/rxloop.h"

struct wc_verdict_path {
    const struct wc_rx_stats *stats;
    const struct wc_welcome *welcome;
    const char *netif;
    const char *sender;
    wc_ns waited;
};

/* No datagram of the session was heard. Returns the HRESULT. */
uint32_t wc_verdict_unreached(const struct wc_verdict_path *path, struct wc_why *why);

/* HRESULT of a failure of the store or before it. */
uint32_t wc_verdict_of_store(enum wc_err err);

#endif
