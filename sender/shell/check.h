/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A look at the whole distribution point before receivers come. */
#ifndef WC_SENDER_SHELL_CHECK_H
#define WC_SENDER_SHELL_CHECK_H

#include "sender/shell/check_options.h"

/* wimcast-sender check. Returns the exit code (sysexits.h). */
int wc_check_run(const struct wc_check_options *options, const struct wc_args_common *common);

#endif
