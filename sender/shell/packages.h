/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `wimcast-sender packages`. */
#ifndef WC_SENDER_SHELL_PACKAGES_H
#define WC_SENDER_SHELL_PACKAGES_H

#include "sender/shell/packages_options.h"

/* Returns the exit code. */
int wc_packages_run(const struct wc_packages_options *options, const struct wc_args_common *common);

#endif
