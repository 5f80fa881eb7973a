/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a receiver has nothing, or something else than what was published. */
#ifndef WC_DIAG_DOWNLOAD_RULES_H
#define WC_DIAG_DOWNLOAD_RULES_H

#include "common/core/downloadsight.h"
#include "common/diag/finding.h"

/* A machine that hashed the same bytes to two digests so often is not believed any longer. */
#define WC_DOWNLOAD_DIFFERS_MAX 2u

/* Add the cause of what was seen to `list`: one finding at most, causes before symptoms (what the
 * sender said, this machine's memory, blocks that are wrong, the path of multicast). A download of
 * not one byte is never called wrong, but empty: "0 of N bytes". Nothing is added for a download
 * that goes well. */
void wc_download_rules(const struct wc_download_sight *sight, struct wc_findings *list);

/* The finding of a package that is older than this receiver takes. */
void wc_download_downgrade(const char *package, uint32_t version, uint32_t version_min,
                           struct wc_findings *list);

#endif
