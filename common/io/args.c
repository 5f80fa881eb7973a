/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/args.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/core/manifest.h"
#include "common/io/format.h"

/* An argument as a sentence quotes it. */
#define QUOTE_BYTES 80
static const char *quote(char ret[QUOTE_BYTES], const char *text)
{
    size_t byte_count = strlen(text);
    size_t cut = QUOTE_BYTES - 4;
    if (byte_count < QUOTE_BYTES) {
        memcpy(ret, text, byte_count + 1);
        return ret;
    }
    while (cut && ((unsigned char)text[cut] & 0xc0) == 0x80) /* not in the middle of a character */
        cut--;
    memcpy(ret, text, cut);
    memcpy(ret + cut, "...", 4);
    return ret;
}

/* "send, serve or publish". */
#define NAMES_BYTES 256
static const char *list_names(char ret[NAMES_BYTES], const struct wc_args_command *table)
{
    size_t at = 0;
    ret[0] = '\0';
    for (size_t i = 0; table[i].name && at < NAMES_BYTES; i++) {
        const char *link = !i ? "" : table[i + 1].name ? ", " : " or ";
        at += (size_t)snprintf(ret + at, NAMES_BYTES - at, "%s%s", link, table[i].name);
    }
    return ret;
}

enum wc_err wc_args_find(const struct wc_args_command *table, int argc, char **argv,
                         const struct wc_args_command **ret, enum wc_args_action *ret_action,
                         struct wc_why *why)
{
    char names[NAMES_BYTES];
    char quoted[QUOTE_BYTES];
    if (argc < 2)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE, "no command; use %s, or --help",
                          list_names(names, table));
    const char *name = argv[1];
    bool help = !strcmp(name, "--help") || !strcmp(name, "-h");
    if (help || !strcmp(name, "--version") || !strcmp(name, "-V")) {
        *ret = NULL;
        *ret_action = help ? WC_ARGS_HELP : WC_ARGS_VERSION;
        return WC_OK;
    }
    for (const struct wc_args_command *row = table; row->name; row++) {
        if (strcmp(name, row->name) != 0)
            continue;
        *ret = row;
        *ret_action = WC_ARGS_RUN;
        return WC_OK;
    }
    return wc_why_set(why, WC_E_FORMAT, EX_USAGE, "unknown command '%s'; use %s, or --help",
                      quote(quoted, name), list_names(names, table));
}

/* How many long options `text` (behind its dashes, up to '=') may be short for. */
static size_t count_matches(const struct option *options, const char *text, size_t byte_count)
{
    size_t count = 0;
    for (; options->name; options++)
        count += strncmp(options->name, text, byte_count) == 0;
    return count;
}

static enum wc_err refuse_long(const char *argument, const struct option *options,
                               struct wc_why *why)
{
    char quoted[QUOTE_BYTES];
    quote(quoted, argument);
    quoted[strcspn(quoted, "=")] = '\0';
    if (count_matches(options, argument + 2, strcspn(argument + 2, "=")) > 1)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "'%s' is short for several options; write it out", quoted);
    return wc_why_set(why, WC_E_FORMAT, EX_USAGE, "unknown option '%s'; see --help", quoted);
}

enum wc_err wc_args_refuse(int code, char **argv, const struct option *options, struct wc_why *why)
{
    if (!optopt) /* only so for a long option that getopt does not know */
        return refuse_long(argv[optind - 1], options, why);
    const char *fault = code == ':' ? "needs a value" : "takes no value";
    for (; options->name; options++) {
        if (options->val == optopt)
            return wc_why_set(why, WC_E_FORMAT, EX_USAGE, "option '--%s' %s; see --help",
                              options->name, fault);
    }
    bool printable = optopt > ' ' && optopt < 0x7f;
    return wc_why_set(why, WC_E_FORMAT, EX_USAGE, "unknown option '-%c'; see --help",
                      printable ? optopt : '?');
}

bool wc_args_common_option(struct wc_args_common *common, int code)
{
    switch (code) {
    case WC_ARGS_JSON:
        common->json = true;
        return true;
    case 'q':
        common->verbosity = -1;
        return true;
    case 'v':
        common->verbosity = 1;
        return true;
    case 'h':
        common->action = WC_ARGS_HELP;
        return true;
    case 'V':
        common->action = WC_ARGS_VERSION;
        return true;
    default:
        return false;
    }
}

static const char *format_uint(char ret[WC_FORMAT_BYTES], uint64_t value)
{
    snprintf(ret, WC_FORMAT_BYTES, "%" PRIu64, value);
    return ret;
}

/* A kind of value: how it is read, how a bound of it is written, and how a sentence names it. */
struct kind {
    bool (*parse)(const char *text, uint64_t *ret);
    const char *(*format)(char *ret, uint64_t value);
    const char *noun;
    const char *example;
};

static enum wc_err get_value(const struct kind *kind, const char *option, const char *text,
                             uint64_t min, uint64_t max, uint64_t *ret, struct wc_why *why)
{
    char low[WC_FORMAT_BYTES];
    char high[WC_FORMAT_BYTES];
    char quoted[QUOTE_BYTES];
    uint64_t value;
    bool read = kind->parse(text, &value);
    if (read && value >= min && value <= max) {
        *ret = value;
        return WC_OK;
    }
    return wc_why_set(why, read ? WC_E_RANGE : WC_E_FORMAT, EX_USAGE,
                      "%s takes %s from %s to %s%s, not '%s'", option, kind->noun,
                      kind->format(low, min), kind->format(high, max), kind->example,
                      quote(quoted, text));
}

enum wc_err wc_args_uint(const char *option, const char *text, uint64_t min, uint64_t max,
                         uint64_t *ret, struct wc_why *why)
{
    static const struct kind kind = {wc_format_parse_uint, format_uint, "a whole number", ""};
    return get_value(&kind, option, text, min, max, ret, why);
}

enum wc_err wc_args_duration(const char *option, const char *text, wc_ns min, wc_ns max, wc_ns *ret,
                             struct wc_why *why)
{
    static const struct kind kind = {wc_format_parse_duration, wc_format_seconds, "seconds",
                                     ", such as 10 or 1.5"};
    return get_value(&kind, option, text, min, max, ret, why);
}

enum wc_err wc_args_bitrate(const char *option, const char *text, uint64_t min, uint64_t max,
                            uint64_t *ret_bps, struct wc_why *why)
{
    static const struct kind kind = {wc_format_parse_bitrate, wc_format_bitrate, "bits per second",
                                     ", such as 900m or 1.5g"};
    return get_value(&kind, option, text, min, max, ret_bps, why);
}

enum wc_err wc_args_size(const char *option, const char *text, uint64_t min, uint64_t max,
                         uint64_t *ret_bytes, struct wc_why *why)
{
    static const struct kind kind = {wc_format_parse_size, wc_format_bytes, "a size",
                                     ", such as 96M or 1G"};
    return get_value(&kind, option, text, min, max, ret_bytes, why);
}

enum wc_err wc_args_text(const char *option, const char *text, const char **ret, struct wc_why *why)
{
    if (!*text)
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "%s was given an empty value; leave the option out, or fill it in",
                          option);
    *ret = text;
    return WC_OK;
}

enum wc_err wc_args_id(const char *option, const char *text, const char **ret, struct wc_why *why)
{
    char quoted[QUOTE_BYTES];
    if (wc_package_id_check(text, strlen(text)))
        return wc_why_set(why, WC_E_FORMAT, EX_USAGE,
                          "%s takes a package id: 1 to %u letters, digits, '.', '_' or '-', the "
                          "first neither '.' nor '-'; not '%s'",
                          option, WC_NAME_BYTES_MAX, quote(quoted, text));
    *ret = text;
    return WC_OK;
}
