/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session from its first beacon to its summary. */
#ifndef WC_SENDER_SHELL_RUN_H
#define WC_SENDER_SHELL_RUN_H

#include "sender/shell/options.h"

/* wimcast-sender send. Returns the exit code (sysexits.h). */
int wc_send_run(const struct wc_send_options *options, const struct wc_args_common *common);

#endif
