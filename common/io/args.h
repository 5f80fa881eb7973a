/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the command lines of both programs share: PROGRAM COMMAND [ARGUMENT...], the values that
 * options take, and the sentences for what is wrong with them. Every failure has EX_USAGE. */
#ifndef WC_IO_ARGS_H
#define WC_IO_ARGS_H

#include <getopt.h>

#include "common/core/err.h"
#include "common/core/types.h"
#include "common/io/why.h"

enum wc_args_action {
    WC_ARGS_RUN,
    WC_ARGS_HELP,    /* print the command's help on stdout, exit with 0 */
    WC_ARGS_VERSION, /* print the version on stdout, exit with 0 */
};

/* What all commands take. */
struct wc_args_common {
    enum wc_args_action action;
    bool json;     /* one JSON object per line on stdout */
    int verbosity; /* -1: warnings and errors only; 0; 1: details too */
};

/* One command of a program. Tables of them end with a row without name. */
struct wc_args_command {
    const char *name;
    int id; /* what the program calls it */
    /* argv[0] is the command's name. `options` is the program's own. */
    enum wc_err (*parse)(void *options, int argc, char **argv, struct wc_why *why);
};

/* Find the command in argv[1]. `*ret` is NULL when argv[1] is --help or --version, see
 * *ret_action. WC_E_FORMAT: none, or one that does not exist; `why` names those that do. */
WC_MUST_USE enum wc_err wc_args_find(const struct wc_args_command *table, int argc, char **argv,
                                     const struct wc_args_command **ret,
                                     enum wc_args_action *ret_action, struct wc_why *why);

/* Say what getopt_long does not like: `code` is what it returned ('?', ':'), with `:` in front of
 * its short options and opterr 0; `options` are its long options. Returns WC_E_FORMAT. */
enum wc_err wc_args_refuse(int code, char **argv, const struct option *options, struct wc_why *why);

/* Their rows in a table for getopt_long, and their letters. A command's own options without a
 * letter are numbered from WC_ARGS_COMMAND. */
#define WC_ARGS_JSON           256
#define WC_ARGS_COMMAND        512
#define WC_ARGS_COMMON_LETTERS "qvhV"
/* clang-format off */
#define WC_ARGS_COMMON_OPTIONS                  \
    {"json", no_argument, NULL, WC_ARGS_JSON},  \
    {"quiet", no_argument, NULL, 'q'},          \
    {"verbose", no_argument, NULL, 'v'},        \
    {"help", no_argument, NULL, 'h'},           \
    {"version", no_argument, NULL, 'V'}
/* clang-format on */

/* Take one of them; false: `code` is none. With an action other than WC_ARGS_RUN the rest of the
 * command line does not matter. */
bool wc_args_common_option(struct wc_args_common *common, int code);

/* The value of an option, in [min, max]. WC_E_FORMAT, WC_E_RANGE: `why` names option, value, and
 * range; *ret is untouched. */
WC_MUST_USE enum wc_err wc_args_uint(const char *option, const char *text, uint64_t min,
                                     uint64_t max, uint64_t *ret, struct wc_why *why);
WC_MUST_USE enum wc_err wc_args_duration(const char *option, const char *text, wc_ns min, wc_ns max,
                                         wc_ns *ret, struct wc_why *why);
WC_MUST_USE enum wc_err wc_args_bitrate(const char *option, const char *text, uint64_t min,
                                        uint64_t max, uint64_t *ret_bps, struct wc_why *why);
WC_MUST_USE enum wc_err wc_args_size(const char *option, const char *text, uint64_t min,
                                     uint64_t max, uint64_t *ret_bytes, struct wc_why *why);
/* A text that is not empty; *ret borrows it. */
WC_MUST_USE enum wc_err wc_args_text(const char *option, const char *text, const char **ret,
                                     struct wc_why *why);
/* A package id (wc_package_id_check); *ret borrows it. */
WC_MUST_USE enum wc_err wc_args_id(const char *option, const char *text, const char **ret,
                                   struct wc_why *why);

#endif
