/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/verify_options.h"

#include <getopt.h>
#include <sysexits.h>

enum {
    VERIFY_DEEP = WC_ARGS_COMMAND,
    VERIFY_PATH,
    VERIFY_MANIFEST,
};

static const char verify_letters[] = ":" WC_ARGS_COMMON_LETTERS;
static const struct option verify_options[] = {
    {"deep", no_argument, NULL, VERIFY_DEEP},
    {"path", required_argument, NULL, VERIFY_PATH},
    {"manifest", required_argument, NULL, VERIFY_MANIFEST},
    WC_ARGS_COMMON_OPTIONS,
    {NULL, 0, NULL, 0},
};

static const char verify_help[] =
    "Usage: wimcast-receiver verify IMAGE.wim [OPTION...]\n"
    "Verify a WIM (.wim, .esd, .swm), and name every file in it that is damaged, in all\n"
    "images, with place and digests. Without --deep and --manifest only its structure is\n"
    "verified: header, tables, XML, and the metadata of all images. Of a split WIM name\n"
    "the first part; the others are found beside it.\n"
    "\n"
    "      --deep                   decompress all data and compare its SHA-1 with what the\n"
    "                               image says of itself; its integrity table, too\n"
    "      --manifest FILE          compare each block with the SHA-256 of a package's\n"
    "                               manifest, at the speed of the disk\n"
    "      --path GLOB              only data of paths like GLOB, for example\n"
    "                               '*.dll' or '/Windows/System32/*' (quote it): '*' is\n"
    "                               any characters, '?' one; case does not matter\n"
    "\n"
    "Output:\n"
    "      --json                   one JSON object per line on stdout\n"
    "  -q, --quiet                  errors only\n"
    "  -v, --verbose                details too, and all paths of each finding\n"
    "  -h, --help                   this text\n"
    "  -V, --version                the version\n"
    "\n"
    "Exit codes:\n"
    "   0  intact, as far as was     66  cannot read the image, or a part of it\n"
    "      asked for                 71  operating system error\n"
    "  64  wrong usage               74  input/output error\n"
    "  65  damaged, or no WIM        77  permission denied\n"
    "\n"
    "Example:\n"
    "  wimcast-receiver verify --deep /srv/images/install.wim\n";

_Static_assert(sizeof(verify_help) <= 4096, "C17 promises no longer string literal");

static enum wc_err take_option(struct wc_verify_options *o, int code, const char *text,
                               struct wc_why *why)
{
    switch (code) {
    case VERIFY_PATH:
        return wc_args_text("--path", text, &o->glob, why);
    case VERIFY_MANIFEST:
        return wc_args_text("--manifest", text, &o->manifest, why);
    default: /* VERIFY_DEEP: the table has no other */
        o->deep = true;
        return WC_OK;
    }
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
    if (o->glob && !o->deep && !o->manifest)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "--path says whose data to verify: add --deep or --manifest");
    return wc_args_text("IMAGE", argv[optind], &o->path, why);
}

enum wc_err wc_verify_options_parse(struct wc_verify_options *ret, struct wc_args_common *common,
                                    int argc, char **argv, struct wc_why *why)
{
    *ret = (struct wc_verify_options){0};
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
