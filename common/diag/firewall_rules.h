/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does the packet filter of this machine let a session through? */
#ifndef WC_DIAG_FIREWALL_RULES_H
#define WC_DIAG_FIREWALL_RULES_H

#include "common/core/firewallsight.h"
#include "common/diag/finding.h"

/* Add what is wrong to `list`: what is certainly dropped is an error (of receivers' connections and
 * of data) or less; what may be dropped, or could not be looked at, a notice. */
void wc_firewall_rules(const struct wc_firewall_sight *sight, struct wc_findings *list);

#endif
