/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line of wimcast-receiver. */
#ifndef WC_RECEIVER_SHELL_OPTIONS_H
#define WC_RECEIVER_SHELL_OPTIONS_H

#include "receiver/shell/apply_options.h"
#include "receiver/shell/fetch_options.h"
#include "receiver/shell/verify_options.h"

enum wc_receiver_command {
    WC_RECEIVER_COMMAND_NONE, /* --help, --version */
    WC_RECEIVER_COMMAND_FETCH,
    WC_RECEIVER_COMMAND_LOG,
    WC_RECEIVER_COMMAND_VERIFY,
    WC_RECEIVER_COMMAND_APPLY,
};

#define WC_LOG_PATHS_MAX 64u

struct wc_log_options {
    const char *const *paths; /* in argv; none with a code */
    uint32_t path_count;
    bool has_code; /* say what a code means, and read nothing */
    uint32_t code;
    const char *code_text; /* as it was typed */
};

struct wc_receiver_options {
    enum wc_receiver_command command;
    struct wc_args_common common;
    struct wc_fetch_options fetch;   /* of WC_RECEIVER_COMMAND_FETCH */
    struct wc_log_options log;       /* of WC_RECEIVER_COMMAND_LOG */
    struct wc_verify_options verify; /* of WC_RECEIVER_COMMAND_VERIFY */
    struct wc_apply_options apply;   /* of WC_RECEIVER_COMMAND_APPLY */
};

/* Read the command line; argv may be reordered, and `ret` borrows from it. Uses getopt's globals:
 * one thread. Prints nothing. With an action other than WC_ARGS_RUN only command and action count.
 * On failure `why` says what is wrong, with EX_USAGE, and *ret is unspecified. */
WC_MUST_USE enum wc_err wc_receiver_options_parse(struct wc_receiver_options *ret, int argc,
                                                  char **argv, struct wc_why *why);

/* For stdout, static, with newline at the end. */
const char *wc_receiver_help(enum wc_receiver_command command);
const char *wc_receiver_version(void);

#endif
