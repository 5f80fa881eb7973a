/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every way in which a sender's key can be wrong, told apart. */
#ifndef WC_DIAG_KEY_RULES_H
#define WC_DIAG_KEY_RULES_H

#include "common/core/keysight.h"
#include "common/diag/finding.h"

/* Days before a certificate's end from which on it is worth a warning. */
#define WC_KEY_EXPIRY_DAYS 30

/* Add what is wrong to `list`, causes before symptoms: with a fault on one step (files, pair,
 * signature, dates, name, reply) the later steps are not looked at, except that dates and names are
 * both told. Nothing is added for a key with which a session works. */
void wc_key_rules(const struct wc_key_sight *sight, struct wc_findings *list);

#endif
