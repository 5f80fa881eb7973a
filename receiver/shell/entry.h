/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the welcome to the data thread. */
#ifndef WC_RECEIVER_SHELL_ENTRY_H
#define WC_RECEIVER_SHELL_ENTRY_H

#include "receiver/shell/session.h"

/* The session is known, and its manifest proven: store what it brings. What goes wrong ends it.
 * Both are borrowed until the client is freed. */
void wc_entry_begin(struct wc_session *s, const struct wc_welcome *welcome,
                    const struct wc_manifest *manifest);

#endif
