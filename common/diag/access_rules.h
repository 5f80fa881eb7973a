/* SPDX-License-Identifier: GPL-3.0-or-later */
/* May a receiver join, and if not, why not: said so that both sides know what to change. */
#ifndef WC_DIAG_ACCESS_RULES_H
#define WC_DIAG_ACCESS_RULES_H

#include "common/core/accesssight.h"
#include "common/diag/finding.h"

/* May it? If not, one finding is added to `list`, with the receiver's exit code. */
bool wc_access_rules(const struct wc_access_sight *sight, struct wc_findings *list);

#endif
