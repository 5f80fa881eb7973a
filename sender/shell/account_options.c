/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/account_options.h"

#include <getopt.h>
#include <string.h>
#include <sysexits.h>

#include "common/io/accounts.h"
#include "common/io/secret.h"

enum {
    ACCOUNT_STATE_DIR = WC_ARGS_COMMAND,
    ACCOUNT_PASSWORD_FILE,
    ACCOUNT_PASSWORD,
    ACCOUNT_CERTIFICATE,
};

static const char account_letters[] = ":" WC_ARGS_COMMON_LETTERS;
static const struct option account_options[] = {
    {"state-dir", required_argument, NULL, ACCOUNT_STATE_DIR},
    {"password-file", required_argument, NULL, ACCOUNT_PASSWORD_FILE},
    {"password", optional_argument, NULL, ACCOUNT_PASSWORD}, /* to be refused: not short for it */
    {"certificate", required_argument, NULL, ACCOUNT_CERTIFICATE},
    WC_ARGS_COMMON_OPTIONS,
    {NULL, 0, NULL, 0},
};

static const char account_help[] =
    "Usage: wimcast-sender account ACTION [ARGUMENT] [OPTION...]\n"
    "Who may log on at this sender. A receiver shows its account with fetch --account or\n"
    "--client-certificate; which packages it may read says --read of send and publish.\n"
    "\n"
    "Actions:\n"
    "  add NAME              make an account, or give it another password or certificate\n"
    "  remove NAME           remove it\n"
    "  list                  print all, and whether anonymous receivers are allowed\n"
    "  test NAME             is this its password, or its certificate?\n"
    "  anonymous allow       receivers without an account may join, if the package is\n"
    "                        for everyone (so it is from the start)\n"
    "  anonymous refuse      each receiver must log on\n"
    "\n"
    "The password comes from the file, else from $WIMCAST_PASSWORD, else from who sits at\n"
    "the terminal; never from the command line, which others can see. It has 1 to 128\n"
    "bytes and is kept as a hash (scrypt) in accounts.json in the state directory.\n"
    "A change counts for running sessions, too, from the next receiver on.\n"
    "\n"
    "      --password-file FILE     its first line is the password; mode 0600\n"
    "      --certificate FILE       the account has no password, but this client\n"
    "                               certificate (PEM); its public key is what counts\n"
    "      --state-dir DIR          where accounts and the key of this sender are kept\n"
    "                               (default: $WIMCAST_STATE_DIR; else for root\n"
    "                               /var/lib/wimcast; else $XDG_STATE_HOME/wimcast\n"
    "                               or ~/.local/state/wimcast)\n"
    "\n"
    "Output:\n"
    "      --json                   one JSON object per line on stdout\n"
    "  -q, --quiet                  warnings and errors only\n"
    "  -v, --verbose                details too\n"
    "  -h, --help                   this text\n"
    "  -V, --version                the version\n"
    "\n"
    "Example: an image that only the lab may read:\n"
    "  wimcast-sender account add lab --password-file lab.txt\n"
    "  wimcast-sender account anonymous refuse\n"
    "  wimcast-sender send install.wim --read lab\n"
    "  pc$ wimcast-receiver fetch --account lab --password-file lab.txt 'wimcast://...'\n";

_Static_assert(sizeof(account_help) <= 4096, "C17 promises no longer string literal");

static enum wc_err check_action(const struct wc_account_options *o, const char *option,
                                struct wc_why *why)
{
    if (o->action == WC_ACCOUNT_ADD || o->action == WC_ACCOUNT_TEST)
        return WC_OK;
    return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                      "%s does not go with this action; see wimcast-sender account --help", option);
}

static enum wc_err take_option(struct wc_account_options *o, int code, const char *text,
                               struct wc_why *why)
{
    enum wc_err err;
    switch (code) {
    case ACCOUNT_STATE_DIR:
        return wc_state_dir_read("--state-dir", text, o->state_dir, why);
    case ACCOUNT_PASSWORD_FILE:
        err = check_action(o, "--password-file", why);
        return err ? err : wc_args_text("--password-file", text, &o->password_file, why);
    case ACCOUNT_PASSWORD:
        return wc_secret_refuse(why);
    default: /* ACCOUNT_CERTIFICATE: the table has no other */
        err = check_action(o, "--certificate", why);
        return err ? err : wc_args_text("--certificate", text, &o->certificate, why);
    }
}

static enum wc_err take_name(struct wc_account_options *o, const char *text, struct wc_why *why)
{
    o->name = text;
    if (wc_accounts_name_check(text))
        return WC_OK;
    return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                      "NAME takes 1 to %u bytes of text without comma, not 'everyone' or "
                      "'accounts', not '%.80s'",
                      WC_NAME_BYTES_MAX, text);
}

static enum wc_err take_rule(struct wc_account_options *o, const char *text, struct wc_why *why)
{
    o->allow = strcmp(text, "allow") == 0;
    if (o->allow || strcmp(text, "refuse") == 0)
        return WC_OK;
    return wc_why_set(why, WC_E_FORMAT, EX_USAGE, "anonymous takes allow or refuse, not '%.80s'",
                      text);
}

static enum wc_err take_arguments(struct wc_account_options *o, int argc, char **argv,
                                  struct wc_why *why)
{
    int due = o->action == WC_ACCOUNT_LIST ? 0 : 1;
    int count = argc - optind;
    if (count > due && (o->action == WC_ACCOUNT_ADD || o->action == WC_ACCOUNT_TEST))
        return wc_secret_refuse(why);
    if (count > due)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE, "'%.80s' is one argument too many",
                          argv[argc - 1]);
    if (count < due)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "%s is missing; see wimcast-sender account "
                          "--help",
                          o->action == WC_ACCOUNT_ANONYMOUS ? "'allow' or 'refuse'" : "NAME");
    if (o->password_file && o->certificate)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "either --password-file or --certificate, not both");
    if (!due)
        return WC_OK;
    return o->action == WC_ACCOUNT_ANONYMOUS ? take_rule(o, argv[optind], why)
                                             : take_name(o, argv[optind], why);
}

enum wc_err wc_account_options_parse(struct wc_account_options *ret, struct wc_args_common *common,
                                     int argc, char **argv, struct wc_why *why)
{
    static const struct wc_args_command actions[] = {
        {"add", WC_ACCOUNT_ADD, NULL},
        {"remove", WC_ACCOUNT_REMOVE, NULL},
        {"list", WC_ACCOUNT_LIST, NULL},
        {"test", WC_ACCOUNT_TEST, NULL},
        {"anonymous", WC_ACCOUNT_ANONYMOUS, NULL},
        {NULL, 0, NULL},
    };
    const struct wc_args_command *action;
    *ret = (struct wc_account_options){0};
    enum wc_err err = wc_args_find(actions, argc, argv, &action, &common->action, why);
    if (err || !action)
        return err;
    ret->action = (enum wc_account_action)action->id;
    argc--;
    argv++;
    optind = 0; /* GNU: forget the last command line */
    opterr = 0;
    for (int code;
         (code = getopt_long(argc, argv, account_letters, account_options, NULL)) != -1;) {
        if (code == '?' || code == ':')
            return wc_args_refuse(code, argv, account_options, why);
        if (!wc_args_common_option(common, code)) {
            err = take_option(ret, code, optarg, why);
            if (err)
                return err;
        }
        if (common->action != WC_ARGS_RUN)
            return WC_OK;
    }
    return take_arguments(ret, argc, argv, why);
}

const char *wc_account_help(void)
{
    return account_help;
}
