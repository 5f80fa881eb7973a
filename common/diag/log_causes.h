/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What log_rules.c found, as findings: causes in words, the lines that prove them, and the fix. */
#ifndef WC_DIAG_LOG_CAUSES_H
#define WC_DIAG_LOG_CAUSES_H

#include "common/diag/finding.h"
#include "common/diag/log_rules.h"

/* After wc_log_rules_end. `names`: of the sources, by number, for the evidence; borrowed. Adds to
 * *ret, in the order in which things happened; evidence is one line of the log a line:
 * NAME:LINE: "QUOTE". */
void wc_log_causes_report(const struct wc_log_rules *rules, const char *const *names,
                          struct wc_findings *ret);

#endif
