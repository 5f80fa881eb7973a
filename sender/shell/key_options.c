/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/key_options.h"

#include <getopt.h>
#include <string.h>
#include <sysexits.h>

enum {
    KEY_STATE_DIR = WC_ARGS_COMMAND,
    KEY_SITE_DIR,
    KEY_NAME,
    KEY_DAYS,
    KEY_INSTALL,
    KEY_OUTPUT,
    KEY_SELF_SIGNED,
};

static const char key_letters[] = ":" WC_ARGS_COMMON_LETTERS;
static const struct option key_options[] = {
    {"state-dir", required_argument, NULL, KEY_STATE_DIR},
    {"site-dir", required_argument, NULL, KEY_SITE_DIR},
    {"name", required_argument, NULL, KEY_NAME},
    {"days", required_argument, NULL, KEY_DAYS},
    {"install", required_argument, NULL, KEY_INSTALL},
    {"output", required_argument, NULL, KEY_OUTPUT},
    {"self-signed", no_argument, NULL, KEY_SELF_SIGNED},
    WC_ARGS_COMMON_OPTIONS,
    {NULL, 0, NULL, 0},
};

static const char key_help[] =
    "Usage: wimcast-sender key ACTION [ARGUMENT] [OPTION...]\n"
    "The MCS key of this sender, and the site key that signs the MCS keys of all senders\n"
    "of a site. Receivers that know the site key accept each of them, also after a reset.\n"
    "\n"
    "Actions:\n"
    "  site-init      make the site key\n"
    "  init           make an MCS key; sign it if the site key is at hand, else write a\n"
    "                 request (SerializedMCSKey.csr) to carry to the site key\n"
    "  sign           sign the MCS key of this machine with the site key at hand\n"
    "  sign CSR       sign a request that was carried here\n"
    "  show           print key, names, dates, and whose signature it has\n"
    "  verify         look for all that can be wrong, and say how to mend it\n"
    "  reset          a new MCS key in one step: made, signed, in use from the next\n"
    "                 start of a sender on (running ones end with the old one)\n"
    "  export         write the site's certificate, for receivers (fetch --site-key)\n"
    "\n"
    "Where:\n"
    "      --state-dir DIR          where the key of this sender is kept (default:\n"
    "                               $WIMCAST_STATE_DIR; else for root\n"
    "                               /var/lib/wimcast; else $XDG_STATE_HOME/wimcast\n"
    "                               or ~/.local/state/wimcast)\n"
    "      --site-dir DIR           where the site key is (default: $WIMCAST_SITE_DIR;\n"
    "                               else the folder 'site' in the state directory);\n"
    "                               typed with reset: also if it is of another site\n"
    "\n"
    "For a certificate:\n"
    "      --name HOST              host name or address that receivers ask for; several\n"
    "                               are fine (default: those of the request, or those\n"
    "                               that it has and this machine's). With verify: is\n"
    "                               it made out to it?\n"
    "      --days N                 how long it holds: 1..36500 (default: 3650)\n"
    "\n"
    "Of one action:\n"
    "      --install CERT           sign: use this certificate that came back from the\n"
    "                               site key\n"
    "      --output FILE            sign CSR: where the certificate goes (default:\n"
    "                               SignedSerializedMCSKey beside the CSR);\n"
    "                               export: the file (default: standard output)\n"
    "      --self-signed            reset: a key that no site signs\n"
    "\n"
    "Output:\n"
    "      --json                   one JSON object per line on stdout\n"
    "  -q, --quiet                  warnings and errors only\n"
    "  -v, --verbose                details too\n"
    "  -h, --help                   this text\n"
    "  -V, --version                the version\n"
    "\n"
    "Example: two machines, the site key on the first:\n"
    "  site$ wimcast-sender key site-init && wimcast-sender key export --output site.pem\n"
    "  dp$   wimcast-sender key init            (carry SerializedMCSKey.csr to site)\n"
    "  site$ wimcast-sender key sign SerializedMCSKey.csr    (carry the answer back)\n"
    "  dp$   wimcast-sender key sign --install SignedSerializedMCSKey\n"
    "  pc$   wimcast-receiver fetch --site-key site.pem wimcast://dp/install\n";

_Static_assert(sizeof(key_help) <= 4096, "C17 promises no longer string literal");

/* The actions that an option goes with. */
#define BIT(action) (1u << (action))
#define MAKING      (BIT(WC_KEY_INIT) | BIT(WC_KEY_SIGN) | BIT(WC_KEY_RESET))

static enum wc_err check_action(enum wc_key_action action, unsigned actions, const char *option,
                                struct wc_why *why)
{
    if (BIT(action) & actions)
        return WC_OK;
    return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                      "%s does not go with this action; see wimcast-sender key --help", option);
}

static enum wc_err take_name(struct wc_key_options *o, const char *text, struct wc_why *why)
{
    if (o->action == WC_KEY_VERIFY && o->names.count)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE, "verify takes one --name");
    switch (wc_key_names_add(&o->names, text)) {
    case WC_OK:
        return WC_OK;
    case WC_E_FULL:
        return wc_why_set(why, WC_E_FULL, EX_USAGE, "--name can be given %u times at most",
                          WC_KEY_NAMES_MAX);
    default:
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "--name takes a host name or an address, without port and brackets, not "
                          "'%.80s'",
                          text);
    }
}

static enum wc_err take_option(struct wc_key_options *o, int code, const char *text,
                               struct wc_why *why)
{
    uint64_t value = 0;
    enum wc_err err = WC_OK;
    switch (code) {
    case KEY_STATE_DIR:
        return wc_state_dir_read("--state-dir", text, o->state_dir, why);
    case KEY_SITE_DIR:
        o->has_site_dir = true;
        return wc_state_dir_read("--site-dir", text, o->site_dir, why);
    case KEY_NAME:
        err = check_action(o->action, MAKING | BIT(WC_KEY_VERIFY), "--name", why);
        return err ? err : take_name(o, text, why);
    case KEY_DAYS:
        err = check_action(o->action, MAKING, "--days", why);
        if (!err)
            err = wc_args_uint("--days", text, 1, WC_KEY_DAYS_MAX, &value, why);
        o->days = (uint32_t)value;
        return err;
    case KEY_INSTALL:
        err = check_action(o->action, BIT(WC_KEY_SIGN), "--install", why);
        return err ? err : wc_args_text("--install", text, &o->install, why);
    case KEY_OUTPUT:
        err = check_action(o->action, BIT(WC_KEY_SIGN) | BIT(WC_KEY_EXPORT), "--output", why);
        return err ? err : wc_args_text("--output", text, &o->output, why);
    default: /* KEY_SELF_SIGNED: the table has no other */
        o->alone = true;
        return check_action(o->action, BIT(WC_KEY_RESET), "--self-signed", why);
    }
}

static enum wc_err take_argument(struct wc_key_options *o, int argc, char **argv,
                                 struct wc_why *why)
{
    int count = argc - optind;
    if (count > (o->action == WC_KEY_SIGN ? 1 : 0))
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE, "'%.80s' is one argument too many",
                          argv[argc - 1]);
    if (count == 0) {
        if (o->action == WC_KEY_SIGN && o->output)
            return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                              "--output goes with a CSR; the key here has its own place");
        return WC_OK;
    }
    if (o->install)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "either a CSR to sign or --install, not both");
    return wc_args_text("CSR", argv[optind], &o->request, why);
}

enum wc_err wc_key_options_parse(struct wc_key_options *ret, struct wc_args_common *common,
                                 int argc, char **argv, struct wc_why *why)
{
    static const struct wc_args_command actions[] = {
        {"site-init", WC_KEY_SITE_INIT, NULL}, {"init", WC_KEY_INIT, NULL},
        {"sign", WC_KEY_SIGN, NULL},           {"show", WC_KEY_SHOW, NULL},
        {"verify", WC_KEY_VERIFY, NULL},       {"reset", WC_KEY_RESET, NULL},
        {"export", WC_KEY_EXPORT, NULL},       {NULL, 0, NULL},
    };
    const struct wc_args_command *action;
    *ret = (struct wc_key_options){.days = WC_KEY_DAYS_DEFAULT};
    enum wc_err err = wc_args_find(actions, argc, argv, &action, &common->action, why);
    if (err || !action)
        return err;
    ret->action = (enum wc_key_action)action->id;
    argc--;
    argv++;
    optind = 0; /* GNU: forget the last command line */
    opterr = 0;
    for (int code; (code = getopt_long(argc, argv, key_letters, key_options, NULL)) != -1;) {
        if (code == '?' || code == ':')
            return wc_args_refuse(code, argv, key_options, why);
        if (!wc_args_common_option(common, code)) {
            err = take_option(ret, code, optarg, why);
            if (err)
                return err;
        }
        if (common->action != WC_ARGS_RUN)
            return WC_OK;
    }
    return take_argument(ret, argc, argv, why);
}

const char *wc_key_help(void)
{
    return key_help;
}
