/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is to blame when receivers get a block that is wrong: the sender's judgement. */
#ifndef WC_DIAG_DAMAGE_RULES_H
#define WC_DIAG_DAMAGE_RULES_H

#include "common/core/damagesight.h"
#include "common/diag/finding.h"

/* Add at most one finding: damage.source (an error) when the source itself is wrong now;
 * damage.memory (a warning) when a receiver contradicts itself; damage.forged (a warning) when the
 * source is right, and receivers, or all that are there, got something else. One report of one
 * receiver among others says nothing yet. */
void wc_damage_rules(const struct wc_damage_sight *sight, struct wc_findings *list);

#endif
