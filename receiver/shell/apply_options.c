/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/apply_options.h"

#include <getopt.h>
#include <sysexits.h>

enum {
    APPLY_IMAGE = WC_ARGS_COMMAND,
    APPLY_TARGET,
    APPLY_FORCE,
};

static const char apply_letters[] = ":" WC_ARGS_COMMON_LETTERS;
static const struct option apply_options[] = {
    {"image", required_argument, NULL, APPLY_IMAGE},
    {"target", required_argument, NULL, APPLY_TARGET},
    {"force", no_argument, NULL, APPLY_FORCE},
    WC_ARGS_COMMON_OPTIONS,
    {NULL, 0, NULL, 0},
};

static const char apply_help[] =
    "Usage: wimcast-receiver apply IMAGE.wim --target DIR|VOLUME [OPTION...]\n"
    "Extract one image of a WIM (.wim, .esd, .swm), and verify the SHA-1 of each file on\n"
    "the way. Of a split WIM name the first part; the others are found beside it.\n"
    "Until the last file is there and verified, the target holds WIMCAST-INCOMPLETE.txt.\n"
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
    "  70  the extraction crashed\n"
    "\n"
    "Example:\n"
    "  wimcast-receiver apply install.wim --image 'Windows 11 Pro' --target /dev/sda3\n";

_Static_assert(sizeof(apply_help) <= 4096, "C17 promises no longer string literal");

static enum wc_err take_option(struct wc_apply_options *o, int code, const char *text,
                               struct wc_why *why)
{
    switch (code) {
    case APPLY_IMAGE:
        return wc_args_text("--image", text, &o->image, why);
    case APPLY_TARGET:
        return wc_args_text("--target", text, &o->target, why);
    default: /* APPLY_FORCE: the table has no other */
        o->force = true;
        return WC_OK;
    }
}

static enum wc_err take_source(struct wc_apply_options *o, int argc, char **argv,
                               struct wc_why *why)
{
    if (argc - optind < 1)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE, "no image to apply: name a WIM");
    if (argc - optind > 1)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "one image at a time; '%.120s' is one too many", argv[optind + 1]);
    if (!o->target)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "where to? --target takes a directory, or a block device or file with an "
                          "NTFS volume");
    return wc_args_text("IMAGE", argv[optind], &o->path, why);
}

enum wc_err wc_apply_options_parse(struct wc_apply_options *ret, struct wc_args_common *common,
                                   int argc, char **argv, struct wc_why *why)
{
    *ret = (struct wc_apply_options){0};
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
    return take_source(ret, argc, argv, why);
}

const char *wc_apply_help(void)
{
    return apply_help;
}
