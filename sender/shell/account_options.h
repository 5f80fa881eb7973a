/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line of `wimcast-sender account`. */
#ifndef WC_SENDER_SHELL_ACCOUNT_OPTIONS_H
#define WC_SENDER_SHELL_ACCOUNT_OPTIONS_H

#include "common/io/args.h"
#include "sender/shell/state_dir.h"

enum wc_account_action {
    WC_ACCOUNT_ADD,
    WC_ACCOUNT_REMOVE,
    WC_ACCOUNT_LIST,
    WC_ACCOUNT_TEST,
    WC_ACCOUNT_ANONYMOUS,
};

struct wc_account_options {
    enum wc_account_action action;
    const char *name;          /* of add, remove, test */
    bool allow;                /* of anonymous */
    const char *password_file; /* NULL: from the environment or a person */
    const char *certificate;   /* of add and test: instead of a password; NULL: none */
    char state_dir[WC_SENDER_STATE_DIR_BYTES];
};

/* argv[0] is "account". With another action than WC_ARGS_RUN in *common nothing else counts.
 * EX_USAGE on failure. One thread (getopt). */
WC_MUST_USE enum wc_err wc_account_options_parse(struct wc_account_options *ret,
                                                 struct wc_args_common *common, int argc,
                                                 char **argv, struct wc_why *why);

const char *wc_account_help(void); /* static */

#endif
