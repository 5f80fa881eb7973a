/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line of `wimcast-receiver apply`. */
#ifndef WC_RECEIVER_SHELL_APPLY_OPTIONS_H
#define WC_RECEIVER_SHELL_APPLY_OPTIONS_H

#include "receiver/shell/fetch_options.h"

#define WC_APPLY_SPOOL_BYTES_MIN (32ull << 20)
#define WC_APPLY_SPOOL_BYTES_MAX (1ull << 50)

struct wc_apply_options {
    const char *path;   /* of the WIM; NULL: it comes from a session */
    const char *image;  /* number or name; NULL: the only one */
    const char *target; /* directory, block device or file */
    bool force;
    /* Of a session. */
    struct wc_fetch_options fetch;
    const char *file;           /* in the package; NULL: the only WIM */
    const char *spool_dir;      /* NULL: the system's */
    uint64_t spool_limit_bytes; /* 0: none */
};

/* argv[0] is "apply". With another action than WC_ARGS_RUN in *common nothing else counts.
 * EX_USAGE on failure. One thread (getopt). */
WC_MUST_USE enum wc_err wc_apply_options_parse(struct wc_apply_options *ret,
                                               struct wc_args_common *common, int argc, char **argv,
                                               struct wc_why *why);

const char *wc_apply_help(void); /* static */

#endif
