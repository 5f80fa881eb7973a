/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command `log`: why a multicast session failed, by what the logs say; and what codes mean. */
#ifndef WC_RECEIVER_SHELL_LOGCMD_H
#define WC_RECEIVER_SHELL_LOGCMD_H

#include "receiver/shell/options.h"

/* Prints on stdout, errors on stderr; returns the exit code. */
int wc_log_run(const struct wc_log_options *options, const struct wc_args_common *common);

#endif
