/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/options.h"

#include <getopt.h>
#include <string.h>
#include <sysexits.h>

#include "common/diag/codes.h"

/* Options without a letter. */
enum {
    LOG_CODE = WC_ARGS_COMMAND,
};

static const char log_letters[] = ":" WC_ARGS_COMMON_LETTERS;
static const struct option log_options[] = {
    {"code", required_argument, NULL, LOG_CODE},
    WC_ARGS_COMMON_OPTIONS,
    {NULL, 0, NULL, 0},
};

static const char program_help[] =
    "Usage: wimcast-receiver COMMAND [ARGUMENT...]\n"
    "Receive what wimcast-sender streams by IP multicast, and prove that all of it came.\n"
    "\n"
    "Commands:\n"
    "  fetch [URL]    join a session and store its files\n"
    "  apply IMAGE    extract an image of a WIM into a directory or an NTFS volume\n"
    "  log FILE...    find in logs why a multicast session failed\n"
    "  verify IMAGE   verify a WIM, and name every file in it that is damaged\n"
    "\n"
    "  -h, --help     this text; after a command: its options\n"
    "  -V, --version  the version\n"
    "\n"
    "See also: wimcast-receiver(1), wimcast-sender(1)\n";

static const char log_help[] =
    "Usage: wimcast-receiver log FILE... [OPTION...]\n"
    "       wimcast-receiver log --code CODE [OPTION...]\n"
    "Read logs of multicast sessions, and name the first thing that went wrong, with\n"
    "the lines that prove it and the fix: smsts.log and the server's logs of ConfigMgr,\n"
    "what was copied out of CMTrace, and what wimcast writes: its messages, --json,\n"
    "--log-file. Several files are read as one log, in the order of time; '-' is\n"
    "standard input. UTF-8 and UTF-16 are told apart.\n"
    "\n"
    "      --code CODE              say what a code means: an HRESULT, a Win32 error,\n"
    "                               an exit code; 0x800705B4, 2147945410, 1460, ...\n"
    "\n"
    "Output:\n"
    "      --json                   one JSON object per line on stdout\n"
    "  -q, --quiet                  warnings and errors only\n"
    "  -v, --verbose                details too\n"
    "  -h, --help                   this text\n"
    "  -V, --version                the version\n"
    "\n"
    "Exit codes:\n"
    "   0  a session was found, and nothing is wrong; or a code was given\n"
    "  64  wrong usage               74  damage: a wrong hash\n"
    "  65  no log, or no multicast   75  nothing came; another try may succeed\n"
    "      session in it             76  protocol error\n"
    "  66  cannot read a file; not   77  not authorised, or access denied\n"
    "      found                     78  the MCS key, a certificate\n"
    "  69  a server is not reached,\n"
    "      or refuses                73  cannot create a file\n"
    "\n"
    "Example:\n"
    "  wimcast-receiver log /mnt/c/_SMSTaskSequence/Logs/Smstslog/smsts*.log\n";

_Static_assert(sizeof(log_help) <= 4096, "C17 promises no longer string literal");

static enum wc_err read_code(struct wc_log_options *o, const char *text, struct wc_why *why)
{
    if (!wc_code_parse(text, &o->code))
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "--code takes a code such as 0x800705B4, 800705b4, 2147945410 or 1460, "
                          "not '%.80s'",
                          text);
    o->has_code = true;
    o->code_text = text;
    return WC_OK;
}

static enum wc_err check_log(struct wc_log_options *o, struct wc_why *why)
{
    uint32_t stdin_count = 0;
    for (uint32_t i = 0; i < o->path_count; i++) {
        if (!*o->paths[i])
            return wc_why_set(why, WC_E_FORMAT, EX_USAGE, "a FILE is empty; name a log");
        stdin_count += strcmp(o->paths[i], "-") == 0;
    }
    if (stdin_count > 1)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE, "standard input ('-') can be read only once");
    if (o->has_code && o->path_count)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "--code reads no file; leave out '%.80s', or --code", o->paths[0]);
    if (!o->has_code && !o->path_count)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "no log to read: name at least one FILE, or --code CODE");
    return WC_OK;
}

static enum wc_err parse_log(void *options, int argc, char **argv, struct wc_why *why)
{
    struct wc_receiver_options *all = options;
    struct wc_log_options *o = &all->log;
    optind = 0; /* GNU: forget the last command line */
    opterr = 0;
    for (int code; (code = getopt_long(argc, argv, log_letters, log_options, NULL)) != -1;) {
        if (code == '?' || code == ':')
            return wc_args_refuse(code, argv, log_options, why);
        if (!wc_args_common_option(&all->common, code)) {
            enum wc_err err = read_code(o, optarg, why); /* the table has no other */
            if (err)
                return err;
        }
        if (all->common.action != WC_ARGS_RUN)
            return WC_OK;
    }
    if (argc - optind > (int)WC_LOG_PATHS_MAX)
        return wc_why_set(why, WC_E_RANGE, EX_USAGE, "at most %u logs at once", WC_LOG_PATHS_MAX);
    o->paths = (const char *const *)(argv + optind);
    o->path_count = (uint32_t)(argc - optind);
    return check_log(o, why);
}

static enum wc_err parse_fetch(void *options, int argc, char **argv, struct wc_why *why)
{
    struct wc_receiver_options *all = options;
    return wc_fetch_options_parse(&all->fetch, &all->common, argc, argv, why);
}

static enum wc_err parse_verify(void *options, int argc, char **argv, struct wc_why *why)
{
    struct wc_receiver_options *all = options;
    return wc_verify_options_parse(&all->verify, &all->common, argc, argv, why);
}

static enum wc_err parse_apply(void *options, int argc, char **argv, struct wc_why *why)
{
    struct wc_receiver_options *all = options;
    return wc_apply_options_parse(&all->apply, &all->common, argc, argv, why);
}

static const struct wc_args_command commands[] = {
    {"fetch", WC_RECEIVER_COMMAND_FETCH, parse_fetch},
    {"apply", WC_RECEIVER_COMMAND_APPLY, parse_apply},
    {"log", WC_RECEIVER_COMMAND_LOG, parse_log},
    {"verify", WC_RECEIVER_COMMAND_VERIFY, parse_verify},
    {NULL, 0, NULL},
};

enum wc_err wc_receiver_options_parse(struct wc_receiver_options *ret, int argc, char **argv,
                                      struct wc_why *why)
{
    const struct wc_args_command *command;
    *ret = (struct wc_receiver_options){0};
    enum wc_err err = wc_args_find(commands, argc, argv, &command, &ret->common.action, why);
    if (err || !command)
        return err;
    ret->command = (enum wc_receiver_command)command->id;
    return command->parse(ret, argc - 1, argv + 1, why);
}

const char *wc_receiver_help(enum wc_receiver_command command)
{
    switch (command) {
    case WC_RECEIVER_COMMAND_NONE:
        break;
    case WC_RECEIVER_COMMAND_FETCH:
        return wc_fetch_help();
    case WC_RECEIVER_COMMAND_LOG:
        return log_help;
    case WC_RECEIVER_COMMAND_VERIFY:
        return wc_verify_help();
    case WC_RECEIVER_COMMAND_APPLY:
        return wc_apply_help();
    }
    return program_help;
}

const char *wc_receiver_version(void)
{
    return "wimcast-receiver " WC_VERSION "\n";
}
