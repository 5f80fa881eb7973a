/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line of `wimcast-receiver fetch`, and what other commands that take part in a session
 * share with it: they put WC_FETCH_SESSION_OPTIONS into their tables and embed its struct. */
#ifndef WC_RECEIVER_SHELL_FETCH_OPTIONS_H
#define WC_RECEIVER_SHELL_FETCH_OPTIONS_H

#include "common/core/limits.h"
#include "common/core/types.h"
#include "common/core/url.h"
#include "common/io/args.h"
#include "common/io/cmtrace.h"
#include "common/io/why.h"

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
    bool deep;                      /* look into every file of the package's WIMs */
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

/* Options without a letter; a command's own are numbered from WC_ARGS_COMMAND. */
enum {
    WC_FETCH_TAKES_NAME = WC_ARGS_COMMAND + 256,
    WC_FETCH_TAKES_ID,
    WC_FETCH_TAKES_PACKAGE_VERSION,
    WC_FETCH_TAKES_MEMORY,
    WC_FETCH_TAKES_BEACON_TIMEOUT,
    WC_FETCH_TAKES_LOG_FILE,
    WC_FETCH_TAKES_LOG_SIZE,
    WC_FETCH_TAKES_DISCOVER_TIMEOUT,
    WC_FETCH_TAKES_SITE_KEY,
    WC_FETCH_TAKES_ACCOUNT,
    WC_FETCH_TAKES_PASSWORD_FILE,
    WC_FETCH_TAKES_PASSWORD,
    WC_FETCH_TAKES_CLIENT_CERTIFICATE,
    WC_FETCH_TAKES_CLIENT_KEY,
};

/* All but --output. --password is there to be refused: it is not short for another. */
#define WC_FETCH_SESSION_LETTERS "i:"
/* clang-format off */
#define WC_FETCH_SESSION_OPTIONS                                                        \
    {"interface", required_argument, NULL, 'i'},                                        \
    {"name", required_argument, NULL, WC_FETCH_TAKES_NAME},                             \
    {"id", required_argument, NULL, WC_FETCH_TAKES_ID},                                 \
    {"package-version", required_argument, NULL, WC_FETCH_TAKES_PACKAGE_VERSION},       \
    {"memory", required_argument, NULL, WC_FETCH_TAKES_MEMORY},                         \
    {"beacon-timeout", required_argument, NULL, WC_FETCH_TAKES_BEACON_TIMEOUT},         \
    {"discover-timeout", required_argument, NULL, WC_FETCH_TAKES_DISCOVER_TIMEOUT},     \
    {"site-key", required_argument, NULL, WC_FETCH_TAKES_SITE_KEY},                     \
    {"account", required_argument, NULL, WC_FETCH_TAKES_ACCOUNT},                       \
    {"password-file", required_argument, NULL, WC_FETCH_TAKES_PASSWORD_FILE},           \
    {"password", optional_argument, NULL, WC_FETCH_TAKES_PASSWORD},                     \
    {"client-certificate", required_argument, NULL, WC_FETCH_TAKES_CLIENT_CERTIFICATE}, \
    {"client-key", required_argument, NULL, WC_FETCH_TAKES_CLIENT_KEY},                 \
    {"log-file", required_argument, NULL, WC_FETCH_TAKES_LOG_FILE},                     \
    {"log-size", required_argument, NULL, WC_FETCH_TAKES_LOG_SIZE}
/* clang-format on */

/* The defaults. */
void wc_fetch_options_init(struct wc_fetch_options *o);

/* Take an option of that table. Errors as wc_args_... */
WC_MUST_USE enum wc_err wc_fetch_session_option(struct wc_fetch_options *o, int code,
                                                const char *text, struct wc_why *why);

/* The session's URL, after all options. */
WC_MUST_USE enum wc_err wc_fetch_url(struct wc_fetch_options *o, const char *text,
                                     struct wc_why *why);

/* Options that belong together are. */
WC_MUST_USE enum wc_err wc_fetch_options_check(const struct wc_fetch_options *o,
                                               struct wc_why *why);

/* The command. argv[0] is "fetch". With another action than WC_ARGS_RUN in *common nothing else
 * counts. EX_USAGE on failure. One thread (getopt). */
WC_MUST_USE enum wc_err wc_fetch_options_parse(struct wc_fetch_options *ret,
                                               struct wc_args_common *common, int argc, char **argv,
                                               struct wc_why *why);

const char *wc_fetch_help(void); /* static */

#endif
