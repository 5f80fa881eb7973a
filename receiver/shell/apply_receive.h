/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `wimcast-receiver apply` of a session: one image while it is received. */
#ifndef WC_RECEIVER_SHELL_APPLY_RECEIVE_H
#define WC_RECEIVER_SHELL_APPLY_RECEIVE_H

#include "receiver/shell/apply_options.h"

/* Returns the exit code. */
int wc_apply_receive_run(const struct wc_apply_options *options,
                         const struct wc_args_common *common);

#endif
