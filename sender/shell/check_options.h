/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line of `wimcast-sender check`. */
#ifndef WC_SENDER_SHELL_CHECK_OPTIONS_H
#define WC_SENDER_SHELL_CHECK_OPTIONS_H

#include "common/core/msg.h"
#include "common/io/args.h"
#include "sender/shell/state_dir.h"

struct wc_check_options {
    const char *id;        /* of the package to look at; NULL: all that are published */
    const char *user;      /* with whose rights; NULL: with those that there are */
    const char *interface; /* name or address; NULL: the only one that there is */
    uint16_t port;         /* 0: none given */
    struct wc_addr group;  /* family 0: none given; not checked yet */
    bool fix;
    char state_dir[WC_SENDER_STATE_DIR_BYTES];
    char site_dir[WC_SENDER_SITE_DIR_BYTES]; /* where a site key may be */
};

/* argv[0] is "check". With another action than WC_ARGS_RUN in *common nothing else counts. EX_USAGE
 * on failure. One thread (getopt). */
WC_MUST_USE enum wc_err wc_check_options_parse(struct wc_check_options *ret,
                                               struct wc_args_common *common, int argc, char **argv,
                                               struct wc_why *why);

const char *wc_check_help(void); /* static */

#endif
