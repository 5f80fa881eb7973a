/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command `verify`: is this image right, and if not, which files of it are not. */
#ifndef WC_RECEIVER_SHELL_VERIFY_H
#define WC_RECEIVER_SHELL_VERIFY_H

#include "receiver/shell/verify_options.h"

/* Prints on stdout, errors on stderr; returns the exit code. */
int wc_verify_run(const struct wc_verify_options *options, const struct wc_args_common *common);

#endif
