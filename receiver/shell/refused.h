/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a sender said that did not let this receiver join, in one line. */
#ifndef WC_RECEIVER_SHELL_REFUSED_H
#define WC_RECEIVER_SHELL_REFUSED_H

#include "common/core/msg.h"

/* "empty download: 0 of 5.6 GiB of XYZ00012: SENTENCE; FIX", cut at the room; `package`: that was
 * asked for, or "". Returns `ret`. */
const char *wc_refused_line(const struct wc_refusal *refusal, const char *package,
                            char ret[WC_SENTENCE_BYTES_MAX + 1]);

#endif
