/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/check_options.h"

#include <getopt.h>
#include <sysexits.h>

#include "common/io/netaddr.h"

enum {
    CHECK_FIX = WC_ARGS_COMMAND,
    CHECK_USER,
    CHECK_PORT,
    CHECK_GROUP,
    CHECK_STATE_DIR,
};

static const char check_letters[] = ":i:" WC_ARGS_COMMON_LETTERS;
static const struct option check_options[] = {
    {"fix", no_argument, NULL, CHECK_FIX},
    {"user", required_argument, NULL, CHECK_USER},
    {"interface", required_argument, NULL, 'i'},
    {"port", required_argument, NULL, CHECK_PORT},
    {"mcast-data-address", required_argument, NULL, CHECK_GROUP},
    {"state-dir", required_argument, NULL, CHECK_STATE_DIR},
    WC_ARGS_COMMON_OPTIONS,
    {NULL, 0, NULL, 0},
};

static const char check_help[] =
    "Usage: wimcast-sender check [ID] [OPTION...]\n"
    "Look at this machine before receivers come: clock, folder, keys, interface, port,\n"
    "firewall, accounts, and the published packages (or package ID alone). Says what\n"
    "is wrong, what was seen, and how to mend it. Nothing leaves this machine.\n"
    "\n"
    "      --fix                    mend what is safe to mend: modes of files, remainders,\n"
    "                               packages that an older key signed; and say so\n"
    "      --user NAME              look with this user's rights (needs root): that of the\n"
    "                               service which will send\n"
    "\n"
    "What the session will be given:\n"
    "  -i, --interface IF           name or address of the interface to send on\n"
    "      --port N                 TCP port of the control channel (default: 9467)\n"
    "      --mcast-data-address A[:PORT]\n"
    "                               multicast group for data, IPv4 or IPv6\n"
    "      --state-dir DIR          where the key of this sender is kept (default: as for\n"
    "                               send)\n"
    "\n"
    "Output:\n"
    "      --json                   one JSON object per line on stdout\n"
    "  -q, --quiet                  warnings and errors only\n"
    "  -v, --verbose                details too\n"
    "  -h, --help                   this text\n"
    "  -V, --version                the version\n"
    "\n"
    "The exit code is that of the worst error; 0: a session can run, whatever was noticed.\n"
    "\n"
    "Example: as the service's user, for one package:\n"
    "  wimcast-sender check install --user wimcast --interface eth0\n";

_Static_assert(sizeof(check_help) <= 4096, "C17 promises no longer string literal");

/* Whether a session may use it is a finding, not a mistake of the command line. */
static enum wc_err read_group(const char *text, struct wc_addr *ret, struct wc_why *why)
{
    bool with_port;
    if (wc_netaddr_parse_port(text, ret, &with_port))
        return WC_OK;
    return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                      "--mcast-data-address takes an address such as 239.1.2.3, 239.1.2.3:9468 or "
                      "[ff15::1234]:9468, not '%.80s'",
                      text);
}

static enum wc_err take_option(struct wc_check_options *o, int code, const char *text,
                               struct wc_why *why)
{
    uint64_t value = 0;
    enum wc_err err;
    switch (code) {
    case CHECK_USER:
        return wc_args_text("--user", text, &o->user, why);
    case 'i':
        return wc_args_text("--interface", text, &o->interface, why);
    case CHECK_PORT:
        err = wc_args_uint("--port", text, 1, UINT16_MAX, &value, why);
        o->port = (uint16_t)value;
        return err;
    case CHECK_GROUP:
        return read_group(text, &o->group, why);
    case CHECK_STATE_DIR:
        return wc_state_dir_read("--state-dir", text, o->state_dir, why);
    default: /* CHECK_FIX: the table has no other */
        o->fix = true;
        return WC_OK;
    }
}

enum wc_err wc_check_options_parse(struct wc_check_options *ret, struct wc_args_common *common,
                                   int argc, char **argv, struct wc_why *why)
{
    *ret = (struct wc_check_options){.id = NULL};
    optind = 0; /* GNU: forget the last command line */
    opterr = 0;
    for (int code; (code = getopt_long(argc, argv, check_letters, check_options, NULL)) != -1;) {
        if (code == '?' || code == ':')
            return wc_args_refuse(code, argv, check_options, why);
        if (!wc_args_common_option(common, code)) {
            enum wc_err err = take_option(ret, code, optarg, why);
            if (err)
                return err;
        }
        if (common->action != WC_ARGS_RUN)
            return WC_OK;
    }
    if (argc - optind > 1)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE, "'%.80s' is one argument too many",
                          argv[argc - 1]);
    return argc == optind ? WC_OK : wc_args_id("ID", argv[optind], &ret->id, why);
}

const char *wc_check_help(void)
{
    return check_help;
}
