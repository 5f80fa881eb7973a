/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line of `wimcast-sender packages`. */
#ifndef WC_SENDER_SHELL_PACKAGES_OPTIONS_H
#define WC_SENDER_SHELL_PACKAGES_OPTIONS_H

#include "common/io/args.h"
#include "sender/shell/state_dir.h"

enum wc_packages_action {
    WC_PACKAGES_LIST,
    WC_PACKAGES_SHOW,
    WC_PACKAGES_REMOVE,
    WC_PACKAGES_SIGN,
};

struct wc_packages_options {
    enum wc_packages_action action;
    const char *id; /* NULL with `list` */
    char state_dir[WC_SENDER_STATE_DIR_BYTES];
};

/* argv[0] is "packages". With another action than WC_ARGS_RUN in *common nothing else counts.
 * EX_USAGE on failure. One thread (getopt). */
WC_MUST_USE enum wc_err wc_packages_options_parse(struct wc_packages_options *ret,
                                                  struct wc_args_common *common, int argc,
                                                  char **argv, struct wc_why *why);

const char *wc_packages_help(void); /* static */

#endif
