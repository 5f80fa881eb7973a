/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks at the machine of a sender as a session would use it, and says what is to be seen, not what
 * to think of it. Nothing leaves the machine. */
#ifndef WC_SENDER_SHELL_CHECKLOOK_H
#define WC_SENDER_SHELL_CHECKLOOK_H

#include "common/core/dpsight.h"
#include "common/core/firewallsight.h"
#include "common/core/keysight.h"
#include "sender/shell/check_options.h"

struct wc_checklook {
    struct wc_dp_sight dp;
    struct wc_key_sight key;
    struct wc_firewall_sight firewall; /* all but what wc_firewall_read fills */
};

/* Fill `look`; what wc_firewall_read filled stays. `now_s`: seconds since 1970. */
void wc_checklook_run(struct wc_checklook *look, const struct wc_check_options *options,
                      int64_t now_s);

#endif
