/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line of wimcast-sender. */
#ifndef WC_SENDER_SHELL_OPTIONS_H
#define WC_SENDER_SHELL_OPTIONS_H

#include "common/core/limits.h"
#include "common/core/msg.h"
#include "common/core/readers.h"
#include "common/core/types.h"
#include "common/io/args.h"
#include "common/io/cmtrace.h"
#include "common/io/why.h"
#include "sender/core/sender.h"
#include "sender/shell/account_options.h"
#include "sender/shell/check_options.h"
#include "sender/shell/key_options.h"
#include "sender/shell/packages_options.h"
#include "sender/shell/publish_options.h"
#include "sender/shell/state_dir.h"

enum wc_sender_command {
    WC_SENDER_COMMAND_NONE, /* --help, --version */
    WC_SENDER_COMMAND_SEND,
    WC_SENDER_COMMAND_PUBLISH,
    WC_SENDER_COMMAND_PACKAGES,
    WC_SENDER_COMMAND_KEY,
    WC_SENDER_COMMAND_ACCOUNT,
    WC_SENDER_COMMAND_CHECK,
};

/* Ranges and defaults. */
#define WC_SEND_TTL_DEFAULT  1 /* RFC 1112: stays on the link */
#define WC_SEND_MEMBERS_MAX  1024u
#define WC_SEND_WAIT_MAX     WC_S(7 * 24 * 3600)
#define WC_SEND_RATE_BPS_MIN 1000000ull /* beacons of full size take up to 0.72 Mbit/s */
#define WC_SEND_RATE_BPS_MAX 1000000000000ull

struct wc_send_options {
    const char *const *paths; /* in argv; at least one; one alone may be the id of a package */
    size_t path_count;
    const char *id;        /* NULL: made from the first path */
    const char *interface; /* name or address; NULL: the only one that there is */
    uint16_t port;         /* 0: WC_PORT_DEFAULT, or the next free one above */
    struct wc_addr group;  /* family 0: none given; port 0: none given */
    uint8_t ttl;
    uint32_t receivers_min; /* 0: none given */
    wc_ns wait_max;         /* WC_NEVER: none given */
    uint64_t rate_max_bps;  /* 0: none given */
    uint32_t symbol_bytes;  /* 0: as the path's MTU allows */
    enum wc_slow_policy slow_policy;
    uint64_t slow_rate_bps; /* 0: none given */
    bool multicast_only;    /* transfer only via multicast */
    bool keyboard;          /* Enter starts */
    bool announce;
    bool has_readers; /* --read was given */
    struct wc_readers readers;
    struct wc_cmtrace_options log;
    char state_dir[WC_SENDER_STATE_DIR_BYTES];
    char site_dir[WC_SENDER_SITE_DIR_BYTES]; /* where a site key may be */
};

struct wc_sender_options {
    enum wc_sender_command command;
    struct wc_args_common common;
    struct wc_send_options send;         /* of WC_SENDER_COMMAND_SEND */
    struct wc_publish_options publish;   /* of WC_SENDER_COMMAND_PUBLISH */
    struct wc_packages_options packages; /* of WC_SENDER_COMMAND_PACKAGES */
    struct wc_key_options key;           /* of WC_SENDER_COMMAND_KEY */
    struct wc_account_options account;   /* of WC_SENDER_COMMAND_ACCOUNT */
    struct wc_check_options check;       /* of WC_SENDER_COMMAND_CHECK */
};

/* Read the command line; argv may be reordered, and `ret` borrows from it (not from `env`). Uses
 * getopt's globals: one thread. Prints nothing. With an action other than WC_ARGS_RUN only command
 * and action count. On failure `why` says what is wrong, with EX_USAGE (EX_CONFIG: no state
 * directory is known), and *ret is unspecified. */
WC_MUST_USE enum wc_err wc_sender_options_parse(struct wc_sender_options *ret, int argc,
                                                char **argv, const struct wc_sender_env *env,
                                                struct wc_why *why);

/* For stdout, static, with newline at the end. */
const char *wc_sender_help(enum wc_sender_command command);
const char *wc_sender_version(void);

#endif
