/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The packet filter of this machine (nftables), read by the program nft: its library is under
 * version 2 of the GPL alone, and may not be linked to what is under version 3. */
#ifndef WC_IO_FIREWALL_H
#define WC_IO_FIREWALL_H

#include "common/core/err.h"
#include "common/core/firewallsight.h"

/* Ask nft for all rules. Fills state, detail, has_legacy and firewall of `ret`, and nothing else;
 * wc_firewall_release is due when `ret` is no longer used. Blocks for some seconds at most. */
void wc_firewall_read(struct wc_firewall_sight *ret);
void wc_firewall_release(struct wc_firewall_sight *sight);

/* Read what `nft -j list ruleset` wrote. WC_E_FORMAT: it is not that; WC_E_TOO_LARGE: more rules
 * or values than WC_FIREWALL_ITEMS_MAX; WC_E_NOMEM. */
#define WC_FIREWALL_ITEMS_MAX 1000000u
WC_MUST_USE enum wc_err wc_firewall_parse(struct wc_firewall **ret, const char *json, size_t count);
void wc_firewall_free(struct wc_firewall *firewall); /* NULL is fine */

#endif
