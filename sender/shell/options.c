/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/options.h"

#include <getopt.h>
#include <string.h>
#include <sysexits.h>

#include "common/io/netaddr.h"
#include "sender/shell/reader_list.h"

/* Options of `send` without a letter. */
enum {
    SEND_ID = WC_ARGS_COMMAND,
    SEND_PORT,
    SEND_GROUP,
    SEND_TTL,
    SEND_RECEIVERS_MIN,
    SEND_WAIT_MAX,
    SEND_RATE_MAX,
    SEND_STATE_DIR,
    SEND_SYMBOL_BYTES,
    SEND_SLOW_POLICY,
    SEND_SLOW_RATE,
    SEND_ONLY_MULTICAST,
    SEND_NO_KEYBOARD,
    SEND_LOG_FILE,
    SEND_LOG_SIZE,
    SEND_NO_ANNOUNCE,
    SEND_READ,
};

static const char send_letters[] = ":i:" WC_ARGS_COMMON_LETTERS;
static const struct option send_options[] = {
    {"id", required_argument, NULL, SEND_ID},
    {"read", required_argument, NULL, SEND_READ},
    {"interface", required_argument, NULL, 'i'},
    {"port", required_argument, NULL, SEND_PORT},
    {"mcast-data-address", required_argument, NULL, SEND_GROUP},
    {"ttl", required_argument, NULL, SEND_TTL},
    {"min-receivers", required_argument, NULL, SEND_RECEIVERS_MIN},
    {"max-wait", required_argument, NULL, SEND_WAIT_MAX},
    {"max-bitrate", required_argument, NULL, SEND_RATE_MAX},
    {"state-dir", required_argument, NULL, SEND_STATE_DIR},
    {"symbol-size", required_argument, NULL, SEND_SYMBOL_BYTES},
    {"slow-policy", required_argument, NULL, SEND_SLOW_POLICY},
    {"slow-rate", required_argument, NULL, SEND_SLOW_RATE},
    {"only-multicast", no_argument, NULL, SEND_ONLY_MULTICAST},
    {"nokbd", no_argument, NULL, SEND_NO_KEYBOARD},
    {"no-announce", no_argument, NULL, SEND_NO_ANNOUNCE},
    {"log-file", required_argument, NULL, SEND_LOG_FILE},
    {"log-size", required_argument, NULL, SEND_LOG_SIZE},
    WC_ARGS_COMMON_OPTIONS,
    {NULL, 0, NULL, 0},
};

static const char program_help[] =
    "Usage: wimcast-sender COMMAND [ARGUMENT...]\n"
    "Stream WIM images, or any files, to many machines at once by IP multicast.\n"
    "\n"
    "Commands:\n"
    "  send PATH...     send files or folders in one session, now\n"
    "  send ID          send a package that was published\n"
    "  publish PATH...  read files or folders once, as a package for many sessions\n"
    "  packages ACTION  list, show, sign anew and remove packages\n"
    "  key ACTION       make, sign, look at and replace the key of this sender\n"
    "  account ACTION   say who may log on at this sender\n"
    "  check [ID]       look whether a session would work, before receivers come\n"
    "\n"
    "  -h, --help       this text; after a command: its options\n"
    "  -V, --version    the version\n"
    "\n"
    "See also: wimcast-sender(1), wimcast-receiver(1)\n";

static const char send_help[] =
    "Usage: wimcast-sender send PATH... | ID [OPTION...]\n"
    "Send files, or folders with all that is in them, or the published package ID, to\n"
    "every receiver that joins. Prints the URL that receivers join with. Ends when all\n"
    "receivers are done.\n"
    "\n"
    "Package:\n"
    "      --id ID                  id of the package (default: from the first PATH)\n"
    "      --read WHO               who may join: everyone, accounts, or names of accounts\n"
    "                               with commas between (default: everyone; of a published\n"
    "                               package: as it was published)\n"
    "\n"
    "Network:\n"
    "  -i, --interface IF           name or address of the interface to send on\n"
    "                               (default: the only one that can multicast)\n"
    "      --port N                 TCP port of the control channel\n"
    "                               (default: 9467, or the next free one above)\n"
    "      --mcast-data-address A[:PORT]\n"
    "                               multicast group for data, IPv4 or IPv6\n"
    "                               (default: a random one)\n"
    "      --ttl N                  routers that data may pass, and one: 1..255\n"
    "                               (default: 1, the local link only)\n"
    "      --max-bitrate R          never send faster, in bit/s: 900m, 1.5g\n"
    "                               (default: the speed of the link)\n"
    "      --symbol-size N          bytes of data per datagram: 16..8928\n"
    "                               (default: as the MTU of the interface allows)\n"
    "      --no-announce            do not announce the session on the link:\n"
    "                               only who has the URL can join\n"
    "\n"
    "Receivers in trouble:\n"
    "      --slow-policy P          what becomes of a receiver below the floor rate:\n"
    "                               none (all wait for it), disconnect, or unicast\n"
    "                               (it is served apart; default)\n"
    "      --slow-rate R            that floor rate, in bit/s\n"
    "                               (default: 50m, or a tenth of a slower link)\n"
    "      --only-multicast         transfer only via multicast: never by unicast\n"
    "\n"
    "Start (default: as soon as one receiver is ready; later ones get everything too):\n"
    "      --min-receivers N        start when N receivers are ready\n"
    "      --max-wait S             start S seconds after the first one became ready\n"
    "      --nokbd                  do not start when Enter is pressed\n"
    "  Signal SIGUSR1 starts at once. SIGINT and SIGTERM end the session.\n"
    "\n"
    "Output:\n"
    "      --json                   one JSON object per line on stdout\n"
    "  -q, --quiet                  warnings and errors only\n"
    "  -v, --verbose                details too\n"
    "      --log-file FILE          keep a log for CMTrace, too; when it is full, it is\n"
    "                               renamed to .lo_ and begun anew\n"
    "      --log-size SIZE          so much is full: 16K..1G (default: 2M)\n"
    "\n"
    "Other:\n"
    "      --state-dir DIR          where the key of this sender is kept (default:\n"
    "                               $WIMCAST_STATE_DIR; else for root\n"
    "                               /var/lib/wimcast; else $XDG_STATE_HOME/wimcast\n"
    "                               or ~/.local/state/wimcast)\n"
    "  -h, --help                   this text\n"
    "  -V, --version                the version\n"
    "\n"
    "Exit codes:\n"
    "   0  all receivers are done        73  cannot create a file\n"
    "  64  wrong usage                   74  input/output error\n"
    "  65  wrong or empty data           75  some receivers failed, or none came\n"
    "  66  cannot read the input         76  protocol error\n"
    "  69  something is unavailable      77  permission denied\n"
    "  70  internal error                78  wrong configuration or key\n"
    "  71  operating system error\n"
    "\n"
    "Example: wait for 20 PCs, at most 10 minutes from the first one:\n"
    "  wimcast-sender send install.wim --interface eth0 --min-receivers 20 --max-wait 600\n";

_Static_assert(sizeof(send_help) <= 4096, "C17 promises no longer string literal");

static enum wc_err read_group(const char *text, struct wc_addr *ret, struct wc_why *why)
{
    struct wc_addr group;
    struct wc_why reason;
    bool with_port;
    if (!wc_netaddr_parse_port(text, &group, &with_port))
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "--mcast-data-address takes a multicast address such as 239.1.2.3, "
                          "239.1.2.3:9468 or [ff15::1234]:9468 (port: 1 to 65535), not '%.80s'",
                          text);
    enum wc_err err = wc_netaddr_check_group(&group, &reason);
    if (err)
        return wc_why_set(why, err, EX_USAGE, "--mcast-data-address: %s", reason.text);
    *ret = group;
    return WC_OK;
}

static enum wc_err read_slow_policy(const char *text, enum wc_slow_policy *ret, struct wc_why *why)
{
    static const char *const names[] = {[WC_SLOW_NONE] = "none",
                                        [WC_SLOW_DISCONNECT] = "disconnect",
                                        [WC_SLOW_UNICAST] = "unicast"};
    for (int i = WC_SLOW_NONE; i <= WC_SLOW_UNICAST; i++)
        if (strcmp(text, names[i]) == 0) {
            *ret = (enum wc_slow_policy)i;
            return WC_OK;
        }
    return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                      "--slow-policy takes none, disconnect or unicast, not '%.80s'", text);
}

/* One option with its value; `code` is none of the common ones. */
static enum wc_err take_send_option(struct wc_send_options *o, int code, const char *text,
                                    struct wc_why *why)
{
    uint64_t value = 0;
    enum wc_err err = WC_OK;
    switch (code) {
    case SEND_ID:
        return wc_args_id("--id", text, &o->id, why);
    case 'i':
        return wc_args_text("--interface", text, &o->interface, why);
    case SEND_PORT:
        err = wc_args_uint("--port", text, 1, UINT16_MAX, &value, why);
        o->port = (uint16_t)value;
        return err;
    case SEND_GROUP:
        return read_group(text, &o->group, why);
    case SEND_TTL:
        err = wc_args_uint("--ttl", text, 1, UINT8_MAX, &value, why);
        o->ttl = (uint8_t)value;
        return err;
    case SEND_RECEIVERS_MIN:
        err = wc_args_uint("--min-receivers", text, 1, WC_SEND_MEMBERS_MAX, &value, why);
        o->receivers_min = (uint32_t)value;
        return err;
    case SEND_WAIT_MAX:
        return wc_args_duration("--max-wait", text, 0, WC_SEND_WAIT_MAX, &o->wait_max, why);
    case SEND_RATE_MAX:
        return wc_args_bitrate("--max-bitrate", text, WC_SEND_RATE_BPS_MIN, WC_SEND_RATE_BPS_MAX,
                               &o->rate_max_bps, why);
    case SEND_STATE_DIR:
        return wc_state_dir_read("--state-dir", text, o->state_dir, why);
    case SEND_SYMBOL_BYTES:
        err = wc_args_uint("--symbol-size", text, WC_SYMBOL_BYTES_MIN, WC_SYMBOL_BYTES_MAX, &value,
                           why);
        o->symbol_bytes = (uint32_t)value;
        return err;
    case SEND_SLOW_POLICY:
        return read_slow_policy(text, &o->slow_policy, why);
    case SEND_SLOW_RATE:
        return wc_args_bitrate("--slow-rate", text, WC_SEND_RATE_BPS_MIN, WC_SEND_RATE_BPS_MAX,
                               &o->slow_rate_bps, why);
    case SEND_ONLY_MULTICAST:
        o->multicast_only = true;
        return WC_OK;
    case SEND_READ:
        o->has_readers = true;
        return wc_reader_list_parse("--read", text, &o->readers, why);
    case SEND_NO_KEYBOARD:
        o->keyboard = false;
        return WC_OK;
    case SEND_LOG_FILE:
        return wc_args_text("--log-file", text, &o->log.path, why);
    case SEND_LOG_SIZE:
        return wc_args_size("--log-size", text, WC_CMTRACE_BYTES_MIN, WC_CMTRACE_BYTES_MAX,
                            &o->log.bytes_max, why);
    default: /* SEND_NO_ANNOUNCE: the table has no other */
        o->announce = false;
        return WC_OK;
    }
}

static enum wc_err parse_send(void *options, int argc, char **argv, struct wc_why *why)
{
    struct wc_sender_options *all = options;
    struct wc_send_options *o = &all->send;
    *o = (struct wc_send_options){
        .ttl = WC_SEND_TTL_DEFAULT,
        .wait_max = WC_NEVER,
        .slow_policy = WC_SLOW_UNICAST,
        .keyboard = true,
        .announce = true,
        .log = {.bytes_max = WC_CMTRACE_BYTES_DEFAULT},
    };
    optind = 0; /* GNU: forget the last command line */
    opterr = 0;
    for (int code; (code = getopt_long(argc, argv, send_letters, send_options, NULL)) != -1;) {
        if (code == '?' || code == ':')
            return wc_args_refuse(code, argv, send_options, why);
        if (!wc_args_common_option(&all->common, code)) {
            enum wc_err err = take_send_option(o, code, optarg, why);
            if (err)
                return err;
        }
        if (all->common.action != WC_ARGS_RUN)
            return WC_OK;
    }
    if (optind >= argc)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "nothing to send: name at least one file or folder (PATH)");
    o->paths = (const char *const *)(argv + optind);
    o->path_count = (size_t)(argc - optind);
    for (size_t i = 0; i < o->path_count; i++) {
        if (!*o->paths[i])
            return wc_why_set(why, WC_E_FORMAT, EX_USAGE, "a PATH is empty; name a file or folder");
    }
    return WC_OK;
}

static enum wc_err parse_publish(void *options, int argc, char **argv, struct wc_why *why)
{
    struct wc_sender_options *all = options;
    return wc_publish_options_parse(&all->publish, &all->common, argc, argv, why);
}

static enum wc_err parse_packages(void *options, int argc, char **argv, struct wc_why *why)
{
    struct wc_sender_options *all = options;
    return wc_packages_options_parse(&all->packages, &all->common, argc, argv, why);
}

static enum wc_err parse_key(void *options, int argc, char **argv, struct wc_why *why)
{
    struct wc_sender_options *all = options;
    return wc_key_options_parse(&all->key, &all->common, argc, argv, why);
}

static enum wc_err parse_account(void *options, int argc, char **argv, struct wc_why *why)
{
    struct wc_sender_options *all = options;
    return wc_account_options_parse(&all->account, &all->common, argc, argv, why);
}

static enum wc_err parse_check(void *options, int argc, char **argv, struct wc_why *why)
{
    struct wc_sender_options *all = options;
    return wc_check_options_parse(&all->check, &all->common, argc, argv, why);
}

static const struct wc_args_command commands[] = {
    {"send", WC_SENDER_COMMAND_SEND, parse_send},
    {"publish", WC_SENDER_COMMAND_PUBLISH, parse_publish},
    {"packages", WC_SENDER_COMMAND_PACKAGES, parse_packages},
    {"key", WC_SENDER_COMMAND_KEY, parse_key},
    {"account", WC_SENDER_COMMAND_ACCOUNT, parse_account},
    {"check", WC_SENDER_COMMAND_CHECK, parse_check},
    {NULL, 0, NULL},
};

/* Where a command keeps its state, and a site key. */
struct folders {
    char *state_dir;
    char *site_dir; /* NULL: the command has no use for it */
};

static struct folders folders_of(struct wc_sender_options *o)
{
    switch (o->command) {
    case WC_SENDER_COMMAND_PUBLISH:
        return (struct folders){o->publish.state_dir, o->publish.site_dir};
    case WC_SENDER_COMMAND_PACKAGES:
        return (struct folders){o->packages.state_dir, NULL};
    case WC_SENDER_COMMAND_KEY:
        return (struct folders){o->key.state_dir, o->key.site_dir};
    case WC_SENDER_COMMAND_ACCOUNT:
        return (struct folders){o->account.state_dir, NULL};
    case WC_SENDER_COMMAND_CHECK:
        return (struct folders){o->check.state_dir, o->check.site_dir};
    case WC_SENDER_COMMAND_SEND:
    case WC_SENDER_COMMAND_NONE:
        break;
    }
    return (struct folders){o->send.state_dir, o->send.site_dir};
}

enum wc_err wc_sender_options_parse(struct wc_sender_options *ret, int argc, char **argv,
                                    const struct wc_sender_env *env, struct wc_why *why)
{
    const struct wc_args_command *command;
    *ret = (struct wc_sender_options){0};
    enum wc_err err = wc_args_find(commands, argc, argv, &command, &ret->common.action, why);
    if (err || !command)
        return err;
    ret->command = (enum wc_sender_command)command->id;
    err = command->parse(ret, argc - 1, argv + 1, why);
    if (err || ret->common.action != WC_ARGS_RUN)
        return err;
    struct folders folders = folders_of(ret);
    err = wc_state_dir_choose(folders.state_dir, env, why);
    if (err || !folders.site_dir)
        return err;
    return wc_site_dir_choose(folders.site_dir, folders.state_dir, env, why);
}

const char *wc_sender_help(enum wc_sender_command command)
{
    switch (command) {
    case WC_SENDER_COMMAND_SEND:
        return send_help;
    case WC_SENDER_COMMAND_PUBLISH:
        return wc_publish_help();
    case WC_SENDER_COMMAND_PACKAGES:
        return wc_packages_help();
    case WC_SENDER_COMMAND_KEY:
        return wc_key_help();
    case WC_SENDER_COMMAND_ACCOUNT:
        return wc_account_help();
    case WC_SENDER_COMMAND_CHECK:
        return wc_check_help();
    case WC_SENDER_COMMAND_NONE:
        break;
    }
    return program_help;
}

const char *wc_sender_version(void)
{
    return "wimcast-sender " WC_VERSION "\n";
}
