/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `wimcast-sender publish`. */
#ifndef WC_SENDER_SHELL_PUBLISH_RUN_H
#define WC_SENDER_SHELL_PUBLISH_RUN_H

#include "sender/shell/publish_options.h"

/* Returns the exit code. */
int wc_publish_command(const struct wc_publish_options *options,
                       const struct wc_args_common *common);

#endif
