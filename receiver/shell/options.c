/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/options.h"

#include <getopt.h>
#include <string.h>
#include <sysexits.h>

#include "common/core/text.h"
#include "common/diag/codes.h"
#include "common/io/secret.h"

/* Options without a letter. */
enum {
    FETCH_NAME = WC_ARGS_COMMAND,
    FETCH_ID,
    FETCH_PACKAGE_VERSION,
    FETCH_MEMORY,
    FETCH_BEACON_TIMEOUT,
    FETCH_LOG_FILE,
    FETCH_LOG_SIZE,
    FETCH_DISCOVER_TIMEOUT,
    FETCH_SITE_KEY,
    FETCH_ACCOUNT,
    FETCH_PASSWORD_FILE,
    FETCH_PASSWORD,
    FETCH_CLIENT_CERTIFICATE,
    FETCH_CLIENT_KEY,
    LOG_CODE = WC_ARGS_COMMAND,
};

static const char fetch_letters[] = ":o:i:" WC_ARGS_COMMON_LETTERS;
static const struct option fetch_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"interface", required_argument, NULL, 'i'},
    {"name", required_argument, NULL, FETCH_NAME},
    {"id", required_argument, NULL, FETCH_ID},
    {"package-version", required_argument, NULL, FETCH_PACKAGE_VERSION},
    {"memory", required_argument, NULL, FETCH_MEMORY},
    {"beacon-timeout", required_argument, NULL, FETCH_BEACON_TIMEOUT},
    {"discover-timeout", required_argument, NULL, FETCH_DISCOVER_TIMEOUT},
    {"site-key", required_argument, NULL, FETCH_SITE_KEY},
    {"account", required_argument, NULL, FETCH_ACCOUNT},
    {"password-file", required_argument, NULL, FETCH_PASSWORD_FILE},
    {"password", optional_argument, NULL, FETCH_PASSWORD}, /* to be refused: not short for it */
    {"client-certificate", required_argument, NULL, FETCH_CLIENT_CERTIFICATE},
    {"client-key", required_argument, NULL, FETCH_CLIENT_KEY},
    {"log-file", required_argument, NULL, FETCH_LOG_FILE},
    {"log-size", required_argument, NULL, FETCH_LOG_SIZE},
    WC_ARGS_COMMON_OPTIONS,
    {NULL, 0, NULL, 0},
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
    "  log FILE...    find in logs why a multicast session failed\n"
    "  verify IMAGE   verify a WIM, and name every file in it that is damaged\n"
    "\n"
    "  -h, --help     this text; after a command: its options\n"
    "  -V, --version  the version\n"
    "\n"
    "See also: wimcast-receiver(1), wimcast-sender(1)\n";

static const char fetch_help[] =
    "Usage: wimcast-receiver fetch [URL] [OPTION...]\n"
    "Join a session, receive its package, verify every block and file, and store it.\n"
    "URL is what wimcast-sender printed: wimcast://HOST:PORT/ID#key=sha256:HEX (quote\n"
    "it in a shell). Without URL the session that is announced on the link is joined.\n"
    "A fetch that was interrupted goes on from what it has: run it again.\n"
    "\n"
    "Package:\n"
    "  -o, --output FILE|DIR|-      where to (default: the current folder);\n"
    "                               '-': one file, in order, on stdout\n"
    "      --id ID                  only this package\n"
    "      --package-version N      only version N of it, or a later one: 1..4294967295\n"
    "\n"
    "Network:\n"
    "  -i, --interface IF           name or address of the interface to receive on\n"
    "                               (default: the one that leads to the sender)\n"
    "      --site-key FILE          accept only a sender whose key this site signed (FILE:\n"
    "                               from 'wimcast-sender key export'); a key in the URL\n"
    "                               does not count then\n"
    "      --name NAME              name of this receiver, for people\n"
    "                               (default: the name of the host)\n"
    "      --beacon-timeout S       multicast must arrive within S seconds of joining:\n"
    "                               0.1..3600 (default: 10)\n"
    "      --discover-timeout S     without URL, a session must be found within S\n"
    "                               seconds: 0.1..3600 (default: 30)\n"
    "\n"
    "Access (only to a sender whose key is in the URL, or signed by --site-key):\n"
    "      --account NAME           log on at the sender with this account\n"
    "      --password-file FILE     its first line is the password (default:\n"
    "                               $WIMCAST_PASSWORD, else asked for at the terminal)\n"
    "      --client-certificate FILE\n"
    "                               log on with this certificate (PEM)\n"
    "      --client-key FILE        its private key (PEM, mode 0600)\n"
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
    "      --memory SIZE            memory for blocks on their way to the disk: 16M..4G\n"
    "                               (default: 96M)\n"
    "  -h, --help                   this text\n"
    "  -V, --version                the version\n"
    "  SIGINT and SIGTERM end it; what is verified stays for the next time.\n"
    "\n"
    "Exit codes:\n"
    "   0  every file is verified        71  operating system error\n"
    "  64  wrong usage                   73  cannot create a file\n"
    "  65  wrong data                    74  input/output error\n"
    "  66  cannot read the input         75  timeout, or the session ended early\n"
    "  68  unknown host                  76  protocol error\n"
    "  69  sender or multicast is        77  permission denied\n"
    "      unavailable                   78  wrong configuration or key\n"
    "  70  internal error\n"
    "\n"
    "Example:\n"
    "  wimcast-receiver fetch 'wimcast://10.0.0.1:9467/install#key=sha256:...' -o /srv/\n";

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

_Static_assert(sizeof(fetch_help) <= 4096 && sizeof(log_help) <= 4096,
               "C17 promises no longer string literal");

static enum wc_err read_name(const char *option, const char *text, const char **ret,
                             struct wc_why *why)
{
    size_t byte_count = strlen(text);
    if (byte_count == 0 || byte_count > WC_NAME_BYTES_MAX || !wc_text_check(text, byte_count))
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "%s takes 1 to %u bytes of printable text, not '%.80s'", option,
                          WC_NAME_BYTES_MAX, text);
    *ret = text;
    return WC_OK;
}

static enum wc_err read_version(const char *text, uint32_t *ret, struct wc_why *why)
{
    uint64_t version;
    enum wc_err err = wc_args_uint("--package-version", text, 1, UINT32_MAX, &version, why);
    if (!err)
        *ret = (uint32_t)version;
    return err;
}

/* One option with its value; `code` is none of the common ones. */
static enum wc_err take_fetch_option(struct wc_fetch_options *o, int code, const char *text,
                                     struct wc_why *why)
{
    switch (code) {
    case 'o':
        return wc_args_text("--output", text, &o->output, why);
    case 'i':
        return wc_args_text("--interface", text, &o->interface, why);
    case FETCH_NAME:
        return read_name("--name", text, &o->name, why);
    case FETCH_ACCOUNT:
        return read_name("--account", text, &o->account, why);
    case FETCH_PASSWORD_FILE:
        return wc_args_text("--password-file", text, &o->password_file, why);
    case FETCH_PASSWORD:
        return wc_secret_refuse(why);
    case FETCH_CLIENT_CERTIFICATE:
        return wc_args_text("--client-certificate", text, &o->client_certificate, why);
    case FETCH_CLIENT_KEY:
        return wc_args_text("--client-key", text, &o->client_key, why);
    case FETCH_ID:
        return wc_args_id("--id", text, &o->id, why);
    case FETCH_PACKAGE_VERSION:
        return read_version(text, &o->version_min, why);
    case FETCH_MEMORY:
        return wc_args_size("--memory", text, WC_FETCH_MEMORY_BYTES_MIN, WC_FETCH_MEMORY_BYTES_MAX,
                            &o->memory_bytes, why);
    case FETCH_BEACON_TIMEOUT:
        return wc_args_duration("--beacon-timeout", text, WC_FETCH_TIMEOUT_MIN,
                                WC_FETCH_TIMEOUT_MAX, &o->beacon_timeout, why);
    case FETCH_SITE_KEY:
        return wc_args_text("--site-key", text, &o->site_key, why);
    case FETCH_LOG_FILE:
        return wc_args_text("--log-file", text, &o->log.path, why);
    case FETCH_LOG_SIZE:
        return wc_args_size("--log-size", text, WC_CMTRACE_BYTES_MIN, WC_CMTRACE_BYTES_MAX,
                            &o->log.bytes_max, why);
    default: /* FETCH_DISCOVER_TIMEOUT: the table has no other */
        return wc_args_duration("--discover-timeout", text, WC_FETCH_TIMEOUT_MIN,
                                WC_FETCH_TIMEOUT_MAX, &o->discover_timeout, why);
    }
}

static enum wc_err read_url(struct wc_fetch_options *o, const char *text, struct wc_why *why)
{
    const char *reason;
    enum wc_err err = wc_url_parse(text, &o->url, &reason);
    if (err)
        return wc_why_set(why, err, EX_USAGE, "URL '%.120s': %s", text, reason);
    o->has_url = true;
    if (!o->id)
        return WC_OK;
    if (*o->url.package && strcmp(o->url.package, o->id) != 0)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "the URL names package %s, and --id %s; leave out one of them",
                          o->url.package, o->id);
    memcpy(o->url.package, o->id, strlen(o->id) + 1); /* wc_args_id: it fits */
    return WC_OK;
}

static enum wc_err check_access(const struct wc_fetch_options *o, struct wc_why *why)
{
    if (o->password_file && !o->account)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "--password-file goes with --account: whose password is it?");
    if (!o->client_certificate != !o->client_key)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "--client-certificate and --client-key go together");
    return WC_OK;
}

static enum wc_err parse_fetch(void *options, int argc, char **argv, struct wc_why *why)
{
    struct wc_receiver_options *all = options;
    struct wc_fetch_options *o = &all->fetch;
    *o = (struct wc_fetch_options){
        .memory_bytes = WC_FETCH_MEMORY_BYTES_DEFAULT,
        .beacon_timeout = WC_FETCH_BEACON_TIMEOUT,
        .discover_timeout = WC_FETCH_DISCOVER_TIMEOUT,
        .log = {.bytes_max = WC_CMTRACE_BYTES_DEFAULT},
    };
    optind = 0; /* GNU: forget the last command line */
    opterr = 0;
    for (int code; (code = getopt_long(argc, argv, fetch_letters, fetch_options, NULL)) != -1;) {
        if (code == '?' || code == ':')
            return wc_args_refuse(code, argv, fetch_options, why);
        if (!wc_args_common_option(&all->common, code)) {
            enum wc_err err = take_fetch_option(o, code, optarg, why);
            if (err)
                return err;
        }
        if (all->common.action != WC_ARGS_RUN)
            return WC_OK;
    }
    if (all->common.json && o->output && strcmp(o->output, "-") == 0)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "--json and --output - both write to stdout; leave out one of them");
    enum wc_err access_err = check_access(o, why);
    if (access_err)
        return access_err;
    if (argc - optind > 1)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE, "one URL at most; '%.120s' is one too many",
                          argv[optind + 1]);
    return optind < argc ? read_url(o, argv[optind], why) : WC_OK;
}

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

static enum wc_err parse_verify(void *options, int argc, char **argv, struct wc_why *why)
{
    struct wc_receiver_options *all = options;
    return wc_verify_options_parse(&all->verify, &all->common, argc, argv, why);
}

static const struct wc_args_command commands[] = {
    {"fetch", WC_RECEIVER_COMMAND_FETCH, parse_fetch},
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
        return fetch_help;
    case WC_RECEIVER_COMMAND_LOG:
        return log_help;
    case WC_RECEIVER_COMMAND_VERIFY:
        return wc_verify_help();
    }
    return program_help;
}

const char *wc_receiver_version(void)
{
    return "wimcast-receiver " WC_VERSION "\n";
}
