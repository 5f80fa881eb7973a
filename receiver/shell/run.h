/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session from finding it to its summary. */
#ifndef WC_RECEIVER_SHELL_RUN_H
#define WC_RECEIVER_SHELL_RUN_H

#include "receiver/shell/job.h"
#include "receiver/shell/options.h"

/* Take part in a session, for these jobs: their contexts must live until it returns. Returns the
 * exit code (sysexits.h). */
int wc_run_session(const struct wc_fetch_options *options, const struct wc_args_common *common,
                   const struct wc_jobs *jobs);

/* wimcast-receiver fetch. Returns the exit code (sysexits.h). */
int wc_fetch_run(const struct wc_fetch_options *options, const struct wc_args_common *common);

#endif
