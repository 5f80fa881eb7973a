/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be wrong with a distribution point before anybody joins: found by `check`. */
#ifndef WC_DIAG_DP_RULES_H
#define WC_DIAG_DP_RULES_H

#include "common/core/dpsight.h"
#include "common/diag/finding.h"

/* A clock before this is not set. */
#define WC_DP_CLOCK_MIN_S 1704067200ll /* 2024-01-01 00:00:00 UTC */

/* Add what is wrong with machine and folder to `list`. Nothing is added where a session works. */
void wc_dp_rules(const struct wc_dp_sight *sight, struct wc_findings *list);

/* Can those who are to read a package read it? */
void wc_dp_access_rules(const struct wc_dp_access *access, struct wc_findings *list);

#endif
