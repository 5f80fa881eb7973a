/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line of wimcast-receiver. */
#ifndef WC_RECEIVER_SHELL_OPTIONS_H
#define WC_RECEIVER_SHELL_OPTIONS_H

#include "common/core/limits.h"
#include "common/core/types.h"
#include "common/core/url.h"
#include "common/io/args.h"
#include "common/io/cmtrace.h"
#include "common/io/why.h"
#include "receiver/shell/verify_options.h"

enum wc_receiver_command {
    WC_RECEIVER_COMMAND_NONE, /* --help, --version */
    WC_RECEIVER_COMMAND_FETCH,
    WC_RECEIVER_COMMAND_LOG,
    WC_RECEIVER_COMMAND_VERIFY,
};

/* Ranges and defaults. */
#define WC_FETCH_MEMORY_BYTES_MIN     (16ull << 20)
#define WC_FETCH_MEMORY_BYTES_MAX     (4ull << 30)
#define WC_FETCH_MEMORY_BYTES_DEFAULT (96ull << 20)
#define WC_FETCH_TIMEOUT_MIN          WC_MS(100)
#define WC_FETCH_TIMEOUT_MAX          WC_S(3600)
#define WC_FETCH_BEACON_TIMEOUT       WC_S(10)
#define WC_FETCH_DISCOVER_TIMEOUT     WC_S(30)

struct wc_fetch_options {
    bool has_url;                   /* false: find announced sessions */
    struct wc_url url;              /* with --id as its package when the URL had none */
    const char *output;             /* FILE, DIR, or "-"; NULL: the current directory */
    const char *interface;          /* name or address; NULL: the one that leads to the sender */
    const char *name;               /* of this receiver, for people; NULL: the host's */
    const char *site_key;           /* file with the site's certificate; NULL: none */
    const char *account;            /* to log on with; NULL: none, or that of the certificate */
    const char *password_file;      /* NULL: from the environment or a person */
    const char *client_certificate; /* files; both or neither */
    const char *client_key;
    const char *id;        /* only this package; NULL: any */
    uint32_t version_min;  /* of the package; 0: any */
    uint64_t memory_bytes; /* of blocks */
    wc_ns beacon_timeout;
    wc_ns discover_timeout;
    struct wc_cmtrace_options log;
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
