/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/publish_options.h"

#include <getopt.h>
#include <sysexits.h>

#include "common/core/limits.h"
#include "sender/shell/reader_list.h"

enum {
    PUBLISH_ID = WC_ARGS_COMMAND,
    PUBLISH_VERSION,
    PUBLISH_READ,
    PUBLISH_ONLY_MULTICAST,
    PUBLISH_ALSO_UNICAST,
    PUBLISH_SYMBOL_BYTES,
    PUBLISH_STATE_DIR,
    PUBLISH_LOG_FILE,
    PUBLISH_LOG_SIZE,
};

static const char publish_letters[] = ":" WC_ARGS_COMMON_LETTERS;
static const struct option publish_options[] = {
    {"id", required_argument, NULL, PUBLISH_ID},
    {"package-version", required_argument, NULL, PUBLISH_VERSION},
    {"read", required_argument, NULL, PUBLISH_READ},
    {"only-multicast", no_argument, NULL, PUBLISH_ONLY_MULTICAST},
    {"also-unicast", no_argument, NULL, PUBLISH_ALSO_UNICAST},
    {"symbol-size", required_argument, NULL, PUBLISH_SYMBOL_BYTES},
    {"state-dir", required_argument, NULL, PUBLISH_STATE_DIR},
    {"log-file", required_argument, NULL, PUBLISH_LOG_FILE},
    {"log-size", required_argument, NULL, PUBLISH_LOG_SIZE},
    WC_ARGS_COMMON_OPTIONS,
    {NULL, 0, NULL, 0},
};

static const char publish_help[] =
    "Usage: wimcast-sender publish PATH... --id ID [OPTION...]\n"
    "Read files or folders once, and keep what a session needs to know of them: their\n"
    "digests, signed with the MCS key, and who may read them. Then 'send ID' starts at\n"
    "once, as often as wanted. The files stay where they are, and must stay as they are:\n"
    "what is missing, unreadable, empty or changed later is refused with the cause.\n"
    "\n"
    "Package:\n"
    "      --id ID                  its id; one that is published gets a new version\n"
    "      --package-version N      number of this version (default: the last one + 1)\n"
    "      --read WHO               who may read it: everyone, accounts (any account of\n"
    "                               this sender), or NAME,NAME... (default: as the last\n"
    "                               version, the first one everyone)\n"
    "      --only-multicast         transfer only via multicast: never by unicast\n"
    "      --also-unicast           by unicast where multicast fails (default: both as\n"
    "                               the last version, the first one also by unicast)\n"
    "      --symbol-size N          bytes of data per datagram: 16..8928 (default: 1408,\n"
    "                               which an MTU of 1500 carries by IPv4 and by IPv6)\n"
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
    "      --state-dir DIR          where keys and packages of this sender are kept\n"
    "                               (default: as for wimcast-sender send)\n"
    "  -h, --help                   this text\n"
    "  -V, --version                the version of this program\n"
    "\n"
    "Example:\n"
    "  wimcast-sender publish install.wim --id XYZ00012\n"
    "  wimcast-sender send XYZ00012 --min-receivers 20 --max-wait 600\n";

_Static_assert(sizeof(publish_help) <= 4096, "C17 promises no longer string literal");

static enum wc_err take_option(struct wc_publish_options *o, int code, const char *text,
                               struct wc_why *why)
{
    uint64_t value = 0;
    enum wc_err err = WC_OK;
    switch (code) {
    case PUBLISH_ID:
        return wc_args_id("--id", text, &o->id, why);
    case PUBLISH_VERSION:
        err = wc_args_uint("--package-version", text, 1, UINT32_MAX, &value, why);
        o->version = (uint32_t)value;
        return err;
    case PUBLISH_READ:
        o->has_readers = true;
        return wc_reader_list_parse("--read", text, &o->readers, why);
    case PUBLISH_ONLY_MULTICAST:
    case PUBLISH_ALSO_UNICAST:
        o->has_transfer = true;
        o->multicast_only = code == PUBLISH_ONLY_MULTICAST;
        return WC_OK;
    case PUBLISH_SYMBOL_BYTES:
        err = wc_args_uint("--symbol-size", text, WC_SYMBOL_BYTES_MIN, WC_SYMBOL_BYTES_MAX, &value,
                           why);
        o->symbol_bytes = (uint32_t)value;
        return err;
    case PUBLISH_STATE_DIR:
        return wc_state_dir_read("--state-dir", text, o->state_dir, why);
    case PUBLISH_LOG_FILE:
        return wc_args_text("--log-file", text, &o->log.path, why);
    default: /* PUBLISH_LOG_SIZE: the table has no other */
        return wc_args_size("--log-size", text, WC_CMTRACE_BYTES_MIN, WC_CMTRACE_BYTES_MAX,
                            &o->log.bytes_max, why);
    }
}

static enum wc_err take_arguments(struct wc_publish_options *o, int argc, char **argv,
                                  struct wc_why *why)
{
    if (optind >= argc)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "nothing to publish: name at least one file or folder (PATH)");
    if (!o->id)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "publish needs a name for the package: --id ID, such as --id XYZ00012");
    o->paths = (const char *const *)(argv + optind);
    o->path_count = (size_t)(argc - optind);
    for (size_t i = 0; i < o->path_count; i++) {
        if (!*o->paths[i])
            return wc_why_set(why, WC_E_FORMAT, EX_USAGE, "a PATH is empty; name a file or folder");
    }
    return WC_OK;
}

enum wc_err wc_publish_options_parse(struct wc_publish_options *ret, struct wc_args_common *common,
                                     int argc, char **argv, struct wc_why *why)
{
    *ret = (struct wc_publish_options){
        .symbol_bytes = WC_PUBLISH_SYMBOL_BYTES_DEFAULT,
        .log = {.bytes_max = WC_CMTRACE_BYTES_DEFAULT},
    };
    optind = 0; /* GNU: forget the last command line */
    opterr = 0;
    for (int code;
         (code = getopt_long(argc, argv, publish_letters, publish_options, NULL)) != -1;) {
        if (code == '?' || code == ':')
            return wc_args_refuse(code, argv, publish_options, why);
        if (!wc_args_common_option(common, code)) {
            enum wc_err err = take_option(ret, code, optarg, why);
            if (err)
                return err;
        }
        if (common->action != WC_ARGS_RUN)
            return WC_OK;
    }
    return take_arguments(ret, argc, argv, why);
}

const char *wc_publish_help(void)
{
    return publish_help;
}
