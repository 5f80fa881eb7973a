/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line of `wimcast-sender publish`. */
#ifndef WC_SENDER_SHELL_PUBLISH_OPTIONS_H
#define WC_SENDER_SHELL_PUBLISH_OPTIONS_H

#include "common/core/readers.h"
#include "common/io/args.h"
#include "common/io/cmtrace.h"
#include "sender/shell/state_dir.h"

/* Fits datagrams of IPv4 and of IPv6 on a path of 1500 bytes. */
#define WC_PUBLISH_SYMBOL_BYTES_DEFAULT 1408u

struct wc_publish_options {
    const char *const *paths; /* in argv; at least one */
    size_t path_count;
    const char *id;
    uint32_t version;          /* 0: one more than the last */
    bool has_readers;          /* else as the last version's */
    struct wc_readers readers; /* if has_readers */
    bool has_transfer;         /* else as the last version's */
    bool multicast_only;       /* if has_transfer */
    uint32_t symbol_bytes;
    struct wc_cmtrace_options log;
    char state_dir[WC_SENDER_STATE_DIR_BYTES];
    char site_dir[WC_SENDER_SITE_DIR_BYTES]; /* where a site key may be */
};

/* argv[0] is "publish". With another action than WC_ARGS_RUN in *common nothing else counts.
 * EX_USAGE on failure. One thread (getopt). */
WC_MUST_USE enum wc_err wc_publish_options_parse(struct wc_publish_options *ret,
                                                 struct wc_args_common *common, int argc,
                                                 char **argv, struct wc_why *why);

const char *wc_publish_help(void); /* static */

#endif
