/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every way a published package can be unfit to be sent, as findings: package.* (its own files),
 * key.manifest-other-key, content.* (the files that were published). */
#ifndef WC_DIAG_PACKAGE_RULES_H
#define WC_DIAG_PACKAGE_RULES_H

#include "common/core/packagesight.h"
#include "common/diag/finding.h"

/* Add to `list` what is wrong; nothing: a session can send it. */
void wc_package_rules(const struct wc_package_sight *sight, struct wc_findings *list);

#endif
