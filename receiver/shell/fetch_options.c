/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/fetch_options.h"

#include <getopt.h>
#include <string.h>
#include <sysexits.h>

#include "common/core/text.h"
#include "common/io/secret.h"

enum { FETCH_DEEP = WC_ARGS_COMMAND };

static const char fetch_letters[] = ":o:" WC_FETCH_SESSION_LETTERS WC_ARGS_COMMON_LETTERS;
static const struct option fetch_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"deep", no_argument, NULL, FETCH_DEEP},
    WC_FETCH_SESSION_OPTIONS,
    WC_ARGS_COMMON_OPTIONS,
    {NULL, 0, NULL, 0},
};

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
    "      --deep                   also compare every file inside a WIM with its SHA-1,\n"
    "                               behind the reception; only then is it delivered\n"
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

_Static_assert(sizeof(fetch_help) <= 4096, "C17 promises no longer string literal");

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

enum wc_err wc_fetch_session_option(struct wc_fetch_options *o, int code, const char *text,
                                    struct wc_why *why)
{
    switch (code) {
    case 'i':
        return wc_args_text("--interface", text, &o->interface, why);
    case WC_FETCH_TAKES_NAME:
        return read_name("--name", text, &o->name, why);
    case WC_FETCH_TAKES_ACCOUNT:
        return read_name("--account", text, &o->account, why);
    case WC_FETCH_TAKES_PASSWORD_FILE:
        return wc_args_text("--password-file", text, &o->password_file, why);
    case WC_FETCH_TAKES_PASSWORD:
        return wc_secret_refuse(why);
    case WC_FETCH_TAKES_CLIENT_CERTIFICATE:
        return wc_args_text("--client-certificate", text, &o->client_certificate, why);
    case WC_FETCH_TAKES_CLIENT_KEY:
        return wc_args_text("--client-key", text, &o->client_key, why);
    case WC_FETCH_TAKES_ID:
        return wc_args_id("--id", text, &o->id, why);
    case WC_FETCH_TAKES_PACKAGE_VERSION:
        return read_version(text, &o->version_min, why);
    case WC_FETCH_TAKES_MEMORY:
        return wc_args_size("--memory", text, WC_FETCH_MEMORY_BYTES_MIN, WC_FETCH_MEMORY_BYTES_MAX,
                            &o->memory_bytes, why);
    case WC_FETCH_TAKES_BEACON_TIMEOUT:
        return wc_args_duration("--beacon-timeout", text, WC_FETCH_TIMEOUT_MIN,
                                WC_FETCH_TIMEOUT_MAX, &o->beacon_timeout, why);
    case WC_FETCH_TAKES_SITE_KEY:
        return wc_args_text("--site-key", text, &o->site_key, why);
    case WC_FETCH_TAKES_LOG_FILE:
        return wc_args_text("--log-file", text, &o->log.path, why);
    case WC_FETCH_TAKES_LOG_SIZE:
        return wc_args_size("--log-size", text, WC_CMTRACE_BYTES_MIN, WC_CMTRACE_BYTES_MAX,
                            &o->log.bytes_max, why);
    default: /* WC_FETCH_TAKES_DISCOVER_TIMEOUT: the table has no other */
        return wc_args_duration("--discover-timeout", text, WC_FETCH_TIMEOUT_MIN,
                                WC_FETCH_TIMEOUT_MAX, &o->discover_timeout, why);
    }
}

enum wc_err wc_fetch_url(struct wc_fetch_options *o, const char *text, struct wc_why *why)
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

enum wc_err wc_fetch_options_check(const struct wc_fetch_options *o, struct wc_why *why)
{
    if (o->password_file && !o->account)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "--password-file goes with --account: whose password is it?");
    if (!o->client_certificate != !o->client_key)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "--client-certificate and --client-key go together");
    return WC_OK;
}

void wc_fetch_options_init(struct wc_fetch_options *o)
{
    *o = (struct wc_fetch_options){
        .memory_bytes = WC_FETCH_MEMORY_BYTES_DEFAULT,
        .beacon_timeout = WC_FETCH_BEACON_TIMEOUT,
        .discover_timeout = WC_FETCH_DISCOVER_TIMEOUT,
        .log = {.bytes_max = WC_CMTRACE_BYTES_DEFAULT},
    };
}

static enum wc_err take_option(struct wc_fetch_options *o, int code, struct wc_why *why)
{
    switch (code) {
    case FETCH_DEEP:
        o->deep = true;
        return WC_OK;
    case 'o':
        return wc_args_text("--output", optarg, &o->output, why);
    default:
        return wc_fetch_session_option(o, code, optarg, why);
    }
}

static enum wc_err check_stdout(const struct wc_fetch_options *o, bool json, struct wc_why *why)
{
    if (!o->output || strcmp(o->output, "-") != 0)
        return WC_OK;
    if (json)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "--json and --output - both write to stdout; leave out one of them");
    if (o->deep)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "--deep delivers when all is looked into, --output - at once; leave out "
                          "one of them");
    return WC_OK;
}

enum wc_err wc_fetch_options_parse(struct wc_fetch_options *ret, struct wc_args_common *common,
                                   int argc, char **argv, struct wc_why *why)
{
    wc_fetch_options_init(ret);
    optind = 0; /* GNU: forget the last command line */
    opterr = 0;
    for (int code; (code = getopt_long(argc, argv, fetch_letters, fetch_options, NULL)) != -1;) {
        if (code == '?' || code == ':')
            return wc_args_refuse(code, argv, fetch_options, why);
        if (!wc_args_common_option(common, code)) {
            enum wc_err err = take_option(ret, code, why);
            if (err)
                return err;
        }
        if (common->action != WC_ARGS_RUN)
            return WC_OK;
    }
    enum wc_err err = check_stdout(ret, common->json, why);
    if (!err)
        err = wc_fetch_options_check(ret, why);
    if (err)
        return err;
    if (argc - optind > 1)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE, "one URL at most; '%.120s' is one too many",
                          argv[optind + 1]);
    return optind < argc ? wc_fetch_url(ret, argv[optind], why) : WC_OK;
}

const char *wc_fetch_help(void)
{
    return fetch_help;
}
