/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `wimcast-receiver apply`: one image of a WIM on this machine, into a directory or an NTFS
 * volume. */
#ifndef WC_RECEIVER_SHELL_APPLY_H
#define WC_RECEIVER_SHELL_APPLY_H

#include "receiver/shell/apply_options.h"

/* Returns the exit code. */
int wc_apply_run(const struct wc_apply_options *options, const struct wc_args_common *common);

#endif
