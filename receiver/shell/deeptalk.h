/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a deep check found, in words: as soon as it is found, and all of it at the end. */
#ifndef WC_RECEIVER_SHELL_DEEPTALK_H
#define WC_RECEIVER_SHELL_DEEPTALK_H

#include "common/io/jsonl.h"
#include "receiver/shell/deepcheck.h"
#include "receiver/shell/display.h"

struct wc_deeptalk {
    uint32_t told; /* faults */
};

/* Warn of what was found since. */
void wc_deeptalk_news(struct wc_deeptalk *talk, struct wc_deepcheck *d, struct wc_display *display);

/* After wc_deepcheck_finish: WC_OK, all is right; WC_E_DIGEST: what is not, with finding.
 * `unlooked`: why not everything could be looked into; NULL: it was. */
WC_MUST_USE enum wc_err wc_deeptalk_verdict(struct wc_deepcheck *d, const struct wc_why *unlooked,
                                            struct wc_why *why);

/* The list `damaged`, of all paths. */
void wc_deeptalk_summary(struct wc_deepcheck *d, struct wc_jsonl *events);

#endif
