/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session from finding it to its summary. */
#ifndef WC_RECEIVER_SHELL_RUN_H
#define WC_RECEIVER_SHELL_RUN_H

#include "receiver/shell/options.h"

/* wimcast-receiver fetch. Returns the exit code (sysexits.h). */
int wc_fetch_run(const struct wc_fetch_options *options, const struct wc_args_common *common);

#endif
