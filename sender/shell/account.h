/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command `account`: who may log on at this sender. */
#ifndef WC_SENDER_SHELL_ACCOUNT_H
#define WC_SENDER_SHELL_ACCOUNT_H

#include "sender/shell/account_options.h"

/* wimcast-sender account. Returns the exit code (sysexits.h). */
int wc_account_run(const struct wc_account_options *options, const struct wc_args_common *common);

#endif
