/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line of `wimcast-sender key`. */
#ifndef WC_SENDER_SHELL_KEY_OPTIONS_H
#define WC_SENDER_SHELL_KEY_OPTIONS_H

#include "common/io/args.h"
#include "common/io/certify.h"
#include "sender/shell/state_dir.h"

enum wc_key_action {
    WC_KEY_SITE_INIT,
    WC_KEY_INIT,
    WC_KEY_SIGN,
    WC_KEY_SHOW,
    WC_KEY_VERIFY,
    WC_KEY_RESET,
    WC_KEY_EXPORT,
};

struct wc_key_options {
    enum wc_key_action action;
    const char *request; /* of `sign`: a file from another machine; NULL: the key here */
    const char *install; /* of `sign`: a certificate that came back; NULL: none */
    const char *output;  /* of `sign CSR` and `export`; NULL: by default */
    struct wc_key_names names;
    uint32_t days;     /* of a certificate */
    bool alone;        /* of `reset`: signed by itself */
    bool has_site_dir; /* typed here, not found in the environment */
    char state_dir[WC_SENDER_STATE_DIR_BYTES];
    char site_dir[WC_SENDER_SITE_DIR_BYTES];
};

/* argv[0] is "key". With another action than WC_ARGS_RUN in *common nothing else counts. EX_USAGE
 * on failure. One thread (getopt). */
WC_MUST_USE enum wc_err wc_key_options_parse(struct wc_key_options *ret,
                                             struct wc_args_common *common, int argc, char **argv,
                                             struct wc_why *why);

const char *wc_key_help(void); /* static */

#endif
