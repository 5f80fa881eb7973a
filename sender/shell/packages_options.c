/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/packages_options.h"

#include <getopt.h>
#include <sysexits.h>

enum {
    PACKAGES_STATE_DIR = WC_ARGS_COMMAND,
};

static const char packages_letters[] = ":" WC_ARGS_COMMON_LETTERS;
static const struct option packages_options[] = {
    {"state-dir", required_argument, NULL, PACKAGES_STATE_DIR},
    WC_ARGS_COMMON_OPTIONS,
    {NULL, 0, NULL, 0},
};

static const char packages_help[] =
    "Usage: wimcast-sender packages ACTION [ID] [OPTION...]\n"
    "The packages that were published on this sender.\n"
    "\n"
    "Actions:\n"
    "  list           all of them, and whether each could be sent now\n"
    "  show ID        what it is, and all that is wrong with it and its content\n"
    "  remove ID      forget it; the files that it was made from stay\n"
    "  sign ID        sign it with the MCS key of now, after wimcast-sender key reset\n"
    "\n"
    "Options:\n"
    "      --state-dir DIR          where keys and packages of this sender are kept\n"
    "                               (default: as for wimcast-sender send)\n"
    "      --json                   one JSON object per line on stdout\n"
    "  -q, --quiet                  warnings and errors only\n"
    "  -v, --verbose                details too\n"
    "  -h, --help                   this text\n"
    "  -V, --version                the version\n";

static enum wc_err take_id(struct wc_packages_options *o, int argc, char **argv, struct wc_why *why)
{
    int count = argc - optind;
    int due = o->action == WC_PACKAGES_LIST ? 0 : 1;
    if (count > due)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE, "'%.80s' is one argument too many",
                          argv[argc - 1]);
    if (count < due)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "this action needs the ID of a package; wimcast-sender packages list "
                          "names them");
    return due ? wc_args_id("ID", argv[optind], &o->id, why) : WC_OK;
}

enum wc_err wc_packages_options_parse(struct wc_packages_options *ret,
                                      struct wc_args_common *common, int argc, char **argv,
                                      struct wc_why *why)
{
    static const struct wc_args_command actions[] = {
        {"list", WC_PACKAGES_LIST, NULL},
        {"show", WC_PACKAGES_SHOW, NULL},
        {"remove", WC_PACKAGES_REMOVE, NULL},
        {"sign", WC_PACKAGES_SIGN, NULL},
        {NULL, 0, NULL},
    };
    const struct wc_args_command *action;
    *ret = (struct wc_packages_options){.id = NULL};
    enum wc_err err = wc_args_find(actions, argc, argv, &action, &common->action, why);
    if (err || !action)
        return err;
    ret->action = (enum wc_packages_action)action->id;
    argc--;
    argv++;
    optind = 0; /* GNU: forget the last command line */
    opterr = 0;
    for (int code;
         (code = getopt_long(argc, argv, packages_letters, packages_options, NULL)) != -1;) {
        if (code == '?' || code == ':')
            return wc_args_refuse(code, argv, packages_options, why);
        if (!wc_args_common_option(common, code)) { /* --state-dir: there is no other */
            err = wc_state_dir_read("--state-dir", optarg, ret->state_dir, why);
            if (err)
                return err;
        }
        if (common->action != WC_ARGS_RUN)
            return WC_OK;
    }
    return take_id(ret, argc, argv, why);
}

const char *wc_packages_help(void)
{
    return packages_help;
}
