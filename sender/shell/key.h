/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of a sender and of its site, as an admin deals with them. */
#ifndef WC_SENDER_SHELL_KEY_H
#define WC_SENDER_SHELL_KEY_H

#include "sender/shell/key_options.h"

/* wimcast-sender key. Returns the exit code (sysexits.h). */
int wc_key_run(const struct wc_key_options *options, const struct wc_args_common *common);

#endif
