/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `verify --repair`: a file, or a folder of files, is compared with the signed manifest of a
 * session's package, and what differs comes from that session, and nothing else. */
#ifndef WC_RECEIVER_SHELL_VERIFY_REPAIR_H
#define WC_RECEIVER_SHELL_VERIFY_REPAIR_H

#include "receiver/shell/verify_options.h"

/* Prints as verify does; returns the exit code. */
int wc_verify_repair_run(const struct wc_verify_options *options,
                         const struct wc_args_common *common);

#endif
