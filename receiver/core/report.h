/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a receiver lacks, as runs of blocks. */
#ifndef WC_RECEIVER_CORE_REPORT_H
#define WC_RECEIVER_CORE_REPORT_H

#include "common/core/msg.h"
#include "receiver/core/blocks.h"

/* Fill the runs of `ret`: all blocks that lack symbols in ascending order, as far as there is
 * room. */
void wc_report_runs(const struct wc_blocks *b, struct wc_report *ret);

#endif
