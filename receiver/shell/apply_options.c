/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/apply_options.h"

#include <getopt.h>
#include <strings.h>
#include <sysexits.h>

enum {
    APPLY_IMAGE = WC_ARGS_COMMAND,
    APPLY_TARGET,
    APPLY_FORCE,
    APPLY_FILE,
    APPLY_SPOOL_DIR,
    APPLY_SPOOL_LIMIT,
};

static const char apply_letters[] = ":" WC_FETCH_SESSION_LETTERS WC_ARGS_COMMON_LETTERS;
static const struct option apply_options[] = {
    {"image", required_argument, NULL, APPLY_IMAGE},
    {"target", required_argument, NULL, APPLY_TARGET},
    {"force", no_argument, NULL, APPLY_FORCE},
    {"file", required_argument, NULL, APPLY_FILE},
    {"spool-dir", required_argument, NULL, APPLY_SPOOL_DIR},
    {"spool-limit", required_argument, NULL, APPLY_SPOOL_LIMIT},
    WC_FETCH_SESSION_OPTIONS,
    WC_ARGS_COMMON_OPTIONS,
    {NULL, 0, NULL, 0},
};

static const char apply_help[] =
    "Usage: wimcast-receiver apply [URL] --target DIR|VOLUME [OPTION...]\n"
    "       wimcast-receiver apply IMAGE.wim --target DIR|VOLUME [OPTION...]\n"
    "Extract one image of a WIM (.wim, .esd, .swm) while it is received, or from a file,\n"
    "and verify the SHA-1 of each file on the way. Of a split WIM in files name the first\n"
    "part. Without URL the session that is announced on the link is joined. Until the last\n"
    "file is there and verified, the target holds WIMCAST-INCOMPLETE.txt.\n"
    "\n"
    "      --image N|NAME           which image: its number, or its name in any case\n"
    "                               (default: the only one)\n"
    "      --target DIR|VOLUME      a directory, which is made if it is missing; or an NTFS\n"
    "                               volume, not mounted, in a block device or a file: then\n"
    "                               attributes, rights, short names and streams are set, too\n"
    "      --force                  also into a target that is not empty, or that an earlier\n"
    "                               apply left incomplete; what is in the way is overwritten\n"
    "                               (on an NTFS volume nothing is: format that anew)\n"
    "\n"
    "Of a session:\n"
    "      --file NAME              which WIM of the package (default: the only one)\n"
    "      --spool-dir DIR          where blocks wait to be extracted (default: $TMPDIR,\n"
    "                               else /var/tmp); they have no names there\n"
    "      --spool-limit SIZE       they take no more than this: 32M..1024T (default: what\n"
    "                               the image needs); slower than the stream, the rest\n"
    "                               comes by unicast\n"
    "\n"
    "Of a session, as of fetch:\n"
    "  -i, --interface IF           name or address of the interface to receive on\n"
    "      --id ID                  only this package\n"
    "      --package-version N      only version N of it, or a later one\n"
    "      --site-key FILE          accept only a sender whose key this site signed\n"
    "      --name NAME              name of this receiver, for people\n"
    "      --account NAME           log on at the sender with this account\n"
    "      --password-file FILE     its first line is the password\n"
    "      --client-certificate FILE\n"
    "      --client-key FILE        log on with this certificate (PEM) and its key\n"
    "      --beacon-timeout S       multicast must arrive within S seconds\n"
    "      --discover-timeout S     without URL, a session must be found within S seconds\n"
    "      --memory SIZE            memory for blocks on their way to the disk\n"
    "      --log-file FILE          keep a log for CMTrace, too\n"
    "      --log-size SIZE          so much is full\n"
    "\n"
    "Output:\n"
    "      --json                   one JSON object per line on stdout\n"
    "  -q, --quiet                  warnings and errors only\n"
    "  -v, --verbose                details too\n"
    "  -h, --help                   this text\n"
    "  -V, --version                the version\n"
    "  SIGINT and SIGTERM end it; the mark stays.\n"
    "\n"
    "Exit codes:\n"
    "   0  applied, all verified      71  operating system error\n"
    "  64  wrong usage; no such       73  the target cannot take the image\n"
    "      image                      74  writing to the target failed\n"
    "  65  the image is damaged       75  interrupted\n"
    "  66  cannot read the image      77  permission denied\n"
    "  70  the extraction crashed     and those of fetch\n"
    "\n"
    "Example:\n"
    "  wimcast-receiver apply --image 'Windows 11 Pro' --target /dev/sda3\n";

_Static_assert(sizeof(apply_help) <= 4096, "C17 promises no longer string literal");

static enum wc_err take_option(struct wc_apply_options *o, int code, const char *text,
                               struct wc_why *why)
{
    switch (code) {
    case APPLY_IMAGE:
        return wc_args_text("--image", text, &o->image, why);
    case APPLY_TARGET:
        return wc_args_text("--target", text, &o->target, why);
    case APPLY_FORCE:
        o->force = true;
        return WC_OK;
    case APPLY_FILE:
        return wc_args_text("--file", text, &o->file, why);
    case APPLY_SPOOL_DIR:
        return wc_args_text("--spool-dir", text, &o->spool_dir, why);
    case APPLY_SPOOL_LIMIT:
        return wc_args_size("--spool-limit", text, WC_APPLY_SPOOL_BYTES_MIN,
                            WC_APPLY_SPOOL_BYTES_MAX, &o->spool_limit_bytes, why);
    default:
        return wc_fetch_session_option(&o->fetch, code, text, why);
    }
}

static bool is_url(const char *text)
{
    static const char scheme[] = "wimcast:";
    return strncasecmp(text, scheme, sizeof scheme - 1) == 0;
}

static enum wc_err take_source(struct wc_apply_options *o, int argc, char **argv,
                               struct wc_why *why)
{
    if (argc - optind > 1)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "one image at a time; '%.120s' is one too many", argv[optind + 1]);
    if (!o->target)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "where to? --target takes a directory, or a block device or file with an "
                          "NTFS volume");
    if (optind == argc)
        return WC_OK;
    if (is_url(argv[optind]))
        return wc_fetch_url(&o->fetch, argv[optind], why);
    if (o->file || o->spool_dir || o->spool_limit_bytes)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "--file, --spool-dir and --spool-limit are of a session; '%.120s' is a "
                          "file, not a URL",
                          argv[optind]);
    return wc_args_text("IMAGE", argv[optind], &o->path, why);
}

enum wc_err wc_apply_options_parse(struct wc_apply_options *ret, struct wc_args_common *common,
                                   int argc, char **argv, struct wc_why *why)
{
    *ret = (struct wc_apply_options){0};
    wc_fetch_options_init(&ret->fetch);
    optind = 0; /* GNU: forget the last command line */
    opterr = 0;
    for (int code; (code = getopt_long(argc, argv, apply_letters, apply_options, NULL)) != -1;) {
        if (code == '?' || code == ':')
            return wc_args_refuse(code, argv, apply_options, why);
        if (!wc_args_common_option(common, code)) {
            enum wc_err err = take_option(ret, code, optarg, why);
            if (err)
                return err;
        }
        if (common->action != WC_ARGS_RUN)
            return WC_OK;
    }
    enum wc_err err = wc_fetch_options_check(&ret->fetch, why);
    return err ? err : take_source(ret, argc, argv, why);
}

const char *wc_apply_help(void)
{
    return apply_help;
}
