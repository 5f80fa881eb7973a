/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line of `wimcast-receiver verify`. */
#ifndef WC_RECEIVER_SHELL_VERIFY_OPTIONS_H
#define WC_RECEIVER_SHELL_VERIFY_OPTIONS_H

#include "common/io/args.h"

struct wc_verify_options {
    const char *path;     /* of the WIM */
    const char *glob;     /* only paths like this; NULL: all */
    const char *manifest; /* file; NULL: none */
    bool deep;
};

/* argv[0] is "verify". With another action than WC_ARGS_RUN in *common nothing else counts.
 * EX_USAGE on failure. One thread (getopt). */
WC_MUST_USE enum wc_err wc_verify_options_parse(struct wc_verify_options *ret,
                                                struct wc_args_common *common, int argc,
                                                char **argv, struct wc_why *why);

const char *wc_verify_help(void); /* static */

#endif
