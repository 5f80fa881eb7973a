/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line of `wimcast-receiver verify`. */
#ifndef WC_RECEIVER_SHELL_VERIFY_OPTIONS_H
#define WC_RECEIVER_SHELL_VERIFY_OPTIONS_H

#include "receiver/shell/fetch_options.h"

struct wc_verify_options {
    const char *path;        /* of the WIM */
    const char *glob;        /* only paths like this; NULL: all */
    const char *manifest;    /* file, or folder of a package; NULL: none */
    const char *signature;   /* of the manifest; NULL: beside it */
    const char *certificate; /* of who signed it; NULL: in the state folder of the package */
    const char *repair;      /* URL of a session; NULL: only verify */
    bool deep;
    bool force; /* mend whatever differs */
    bool has_session_option;
    struct wc_fetch_options session; /* of --repair; its site_key counts for a manifest, too */
};

/* argv[0] is "verify". With another action than WC_ARGS_RUN in *common nothing else counts.
 * EX_USAGE on failure. One thread (getopt). */
WC_MUST_USE enum wc_err wc_verify_options_parse(struct wc_verify_options *ret,
                                                struct wc_args_common *common, int argc,
                                                char **argv, struct wc_why *why);

const char *wc_verify_help(void); /* static */

#endif
