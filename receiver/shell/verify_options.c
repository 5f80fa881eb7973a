/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/verify_options.h"

#include <getopt.h>
#include <sysexits.h>

enum {
    VERIFY_DEEP = WC_ARGS_COMMAND,
    VERIFY_PATH,
    VERIFY_MANIFEST,
    VERIFY_SIGNATURE,
    VERIFY_CERTIFICATE,
    VERIFY_REPAIR,
    VERIFY_FORCE,
};

static const char verify_letters[] = ":" WC_FETCH_SESSION_LETTERS WC_ARGS_COMMON_LETTERS;
static const struct option verify_options[] = {
    {"deep", no_argument, NULL, VERIFY_DEEP},
    {"path", required_argument, NULL, VERIFY_PATH},
    {"manifest", required_argument, NULL, VERIFY_MANIFEST},
    {"signature", required_argument, NULL, VERIFY_SIGNATURE},
    {"certificate", required_argument, NULL, VERIFY_CERTIFICATE},
    {"repair", required_argument, NULL, VERIFY_REPAIR},
    {"force", no_argument, NULL, VERIFY_FORCE},
    WC_FETCH_SESSION_OPTIONS,
    WC_ARGS_COMMON_OPTIONS,
    {NULL, 0, NULL, 0},
};

static const char verify_help[] =
    "Usage: wimcast-receiver verify IMAGE.wim [OPTION...]\n"
    "       wimcast-receiver verify FILE|FOLDER --repair URL [OPTION...]\n"
    "Verify a WIM (.wim, .esd, .swm), and name every file in it that is damaged, in all\n"
    "images, with place and digests. Without --deep and --manifest only its structure is\n"
    "verified: header, tables, XML, and the metadata of all images. Of a split WIM name\n"
    "the first part; the others are found beside it.\n"
    "\n"
    "      --deep                   decompress all data and compare its SHA-1 with what the\n"
    "                               image says of itself; its integrity table, too\n"
    "      --manifest FILE|FOLDER   compare each block with the SHA-256 of a package's\n"
    "                               manifest, at the speed of the disk. FOLDER: of the\n"
    "                               package, as a sender keeps it\n"
    "      --path GLOB              only data of paths like GLOB, for example\n"
    "                               '*.dll' or '/Windows/System32/*' (quote it): '*' is\n"
    "                               any characters, '?' one; case does not matter\n"
    "\n"
    "Who signed the manifest:\n"
    "      --site-key FILE          it must be a sender whose key this site signed\n"
    "      --signature FILE         (default: the manifest's name with .sig behind it)\n"
    "      --certificate FILE       of the sender's key (default: SignedSerializedMCSKey in\n"
    "                               the state folder that the package lies in)\n"
    "\n"
    "Mending:\n"
    "      --repair URL             get what is damaged, and only that, from a session of\n"
    "                               the package (wimcast-sender send prints its URL), and\n"
    "                               write it where it belongs; FOLDER: all its files\n"
    "      --force                  even if more than half is wrong\n"
    "\n"
    "With --repair, as of fetch:\n"
    "  -i, --interface IF           name or address of the interface to receive on\n"
    "      --id ID                  of the package, if the URL has none\n"
    "      --package-version N      only version N of it, or a later one\n"
    "      --name NAME              name of this receiver, for people\n"
    "      --account NAME           log on at the sender with this account\n"
    "      --password-file FILE     its first line is the password\n"
    "      --client-certificate FILE\n"
    "      --client-key FILE        log on with this certificate (PEM) and its key\n"
    "      --beacon-timeout S       multicast must arrive within S seconds\n"
    "      --memory SIZE            memory for blocks on their way to the disk\n"
    "      --log-file FILE          keep a log for CMTrace, too\n"
    "      --log-size SIZE          so much is full\n"
    "\n"
    "Output:\n"
    "      --json                   one JSON object per line on stdout\n"
    "  -q, --quiet                  errors only\n"
    "  -v, --verbose                details too, and all paths of each finding\n"
    "  -h, --help                   this text\n"
    "  -V, --version                the version\n"
    "\n"
    "Exit codes:\n"
    "   0  intact, as far as was     69  --repair: no sender, no multicast\n"
    "      asked for; or mended      71  operating system error\n"
    "  64  wrong usage               74  input/output error\n"
    "  65  damaged, or no WIM        75  --repair: cut short; run it again\n"
    "  66  cannot read the image,    76  --repair: protocol error\n"
    "      or a part of it           77  permission denied, or a wrong signature\n"
    "\n"
    "Examples:\n"
    "  wimcast-receiver verify --deep /srv/images/install.wim\n"
    "  wimcast-receiver verify install.wim --repair 'wimcast://10.0.0.1:9467/install#...'\n";

_Static_assert(sizeof(verify_help) <= 4096, "C17 promises no longer string literal");

static enum wc_err take_option(struct wc_verify_options *o, int code, const char *text,
                               struct wc_why *why)
{
    switch (code) {
    case VERIFY_PATH:
        return wc_args_text("--path", text, &o->glob, why);
    case VERIFY_MANIFEST:
        return wc_args_text("--manifest", text, &o->manifest, why);
    case VERIFY_SIGNATURE:
        return wc_args_text("--signature", text, &o->signature, why);
    case VERIFY_CERTIFICATE:
        return wc_args_text("--certificate", text, &o->certificate, why);
    case VERIFY_REPAIR:
        return wc_args_text("--repair", text, &o->repair, why);
    case VERIFY_DEEP:
        o->deep = true;
        return WC_OK;
    case VERIFY_FORCE:
        o->force = true;
        return WC_OK;
    default:
        o->has_session_option |= code != WC_FETCH_TAKES_SITE_KEY;
        return wc_fetch_session_option(&o->session, code, text, why);
    }
}

/* Options that say nothing without another. */
static enum wc_err check_needs(const struct wc_verify_options *o, struct wc_why *why)
{
    if (o->glob && !o->deep && !o->manifest)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "--path says whose data to verify: add --deep or --manifest");
    if ((o->signature || o->certificate) && !o->manifest)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "--signature and --certificate are of a manifest: add --manifest");
    if ((o->force || o->has_session_option) && !o->repair)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "--force, and how to reach a session, go with --repair URL");
    if (o->session.site_key && !o->repair && !o->manifest)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "--site-key says whom to trust: add --manifest or --repair");
    return WC_OK;
}

static enum wc_err check_repair(struct wc_verify_options *o, struct wc_why *why)
{
    if (o->deep || o->manifest || o->glob)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "--repair compares all of it with the manifest of the session; leave out "
                          "--deep, --manifest and --path");
    enum wc_err err = wc_fetch_options_check(&o->session, why);
    if (!err)
        err = wc_fetch_url(&o->session, o->repair, why);
    if (!err && !o->session.url.has_key && !o->session.site_key)
        err = wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                         "the URL names no key, and whoever answers could write into the file: "
                         "take it as the sender printed it, with #key=..., or add --site-key FILE");
    return err;
}

static enum wc_err take_image(struct wc_verify_options *o, int argc, char **argv,
                              struct wc_why *why)
{
    if (argc - optind < 1)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE, "no image to verify: name a WIM");
    if (argc - optind > 1)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "one image at a time; '%.120s' is one too "
                          "many",
                          argv[optind + 1]);
    enum wc_err err = check_needs(o, why);
    if (!err && o->repair)
        err = check_repair(o, why);
    return err ? err : wc_args_text("IMAGE", argv[optind], &o->path, why);
}

enum wc_err wc_verify_options_parse(struct wc_verify_options *ret, struct wc_args_common *common,
                                    int argc, char **argv, struct wc_why *why)
{
    *ret = (struct wc_verify_options){0};
    wc_fetch_options_init(&ret->session);
    optind = 0; /* GNU: forget the last command line */
    opterr = 0;
    for (int code; (code = getopt_long(argc, argv, verify_letters, verify_options, NULL)) != -1;) {
        if (code == '?' || code == ':')
            return wc_args_refuse(code, argv, verify_options, why);
        if (!wc_args_common_option(common, code)) {
            enum wc_err err = take_option(ret, code, optarg, why);
            if (err)
                return err;
        }
        if (common->action != WC_ARGS_RUN)
            return WC_OK;
    }
    return take_image(ret, argc, argv, why);
}

const char *wc_verify_help(void)
{
    return verify_help;
}
