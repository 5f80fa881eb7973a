/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#define ARGS_MAX   16
#define TEXT_BYTES 512
#define KEY        "abababababababababababababababababababababababababababababababab"

/* A command line as main gets it: split at blanks, '_' alone stands for an empty argument. Lives
 * until the next call. */
static enum wc_err parse(const char *line, struct wc_receiver_options *ret, struct wc_why *why)
{
    static char text[TEXT_BYTES];
    static char *argv[ARGS_MAX + 1];
    int argc = 0;
    assert_true(strlen(line) < sizeof(text));
    strcpy(text, line);
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        assert_true(argc < ARGS_MAX);
        argv[argc++] = strcmp(word, "_") ? word : word + 1;
    }
    argv[argc] = NULL;
    return wc_receiver_options_parse(ret, argc, argv, why);
}

static struct wc_fetch_options fetch_of(const char *line)
{
    struct wc_receiver_options options;
    struct wc_why why = {0};
    if (parse(line, &options, &why))
        fail_msg("'%s' is refused: %s", line, why.text);
    assert_int_equal(options.command, WC_RECEIVER_COMMAND_FETCH);
    assert_int_equal(options.common.action, WC_ARGS_RUN);
    return options.fetch;
}

static void defaults(void **state)
{
    (void)state;
    struct wc_receiver_options options;
    assert_int_equal(parse("wimcast-receiver fetch", &options, NULL), WC_OK);
    const struct wc_fetch_options *o = &options.fetch;
    assert_int_equal(options.command, WC_RECEIVER_COMMAND_FETCH);
    assert_int_equal(options.common.action, WC_ARGS_RUN);
    assert_false(options.common.json);
    assert_int_equal(options.common.verbosity, 0);
    assert_false(o->has_url);
    assert_null(o->output);
    assert_null(o->interface);
    assert_null(o->name);
    assert_null(o->id);
    assert_int_equal(o->version_min, 0);
    assert_int_equal(o->memory_bytes, 96u << 20);
    assert_int_equal(o->beacon_timeout, WC_S(10));
    assert_int_equal(o->discover_timeout, WC_S(30));
}

static void every_option(void **state)
{
    (void)state;
    struct wc_fetch_options o =
        fetch_of("p fetch wimcast://10.0.0.1:4000/IMG#key=sha256:" KEY " --output d/ --name PC-17");
    assert_true(o.has_url);
    assert_string_equal(o.url.host, "10.0.0.1");
    assert_int_equal(o.url.port, 4000);
    assert_string_equal(o.url.package, "IMG");
    assert_true(o.url.has_key);
    assert_string_equal(o.output, "d/");
    assert_string_equal(o.name, "PC-17");
    o = fetch_of("p fetch -o - -i eth0 --id IMG --memory 16M --beacon-timeout 0.1");
    assert_string_equal(o.output, "-");
    assert_string_equal(o.interface, "eth0");
    assert_string_equal(o.id, "IMG");
    assert_int_equal(o.memory_bytes, 16u << 20);
    assert_int_equal(o.beacon_timeout, WC_MS(100));
    o = fetch_of("p fetch --interface 10.0.0.2 --memory 4G --discover-timeout 3600");
    assert_string_equal(o.interface, "10.0.0.2");
    assert_int_equal(o.memory_bytes, 4ull << 30);
    assert_int_equal(o.discover_timeout, WC_S(3600));
    o = fetch_of("p fetch --id IMG --package-version 4294967295");
    assert_int_equal(o.version_min, 4294967295u);
    o = fetch_of("p fetch --name J\303\266rg");
    assert_string_equal(o.name, "J\303\266rg");
    assert_false(o.deep);
    o = fetch_of("p fetch --deep --output x wimcast://h/A");
    assert_true(o.deep);
    o = fetch_of("p fetch --output x -- wimcast://h/A"); /* behind "--" too */
    assert_string_equal(o.url.package, "A");
}

/* --id completes a URL; it does not overrule it. */
static void id_and_url(void **state)
{
    (void)state;
    struct wc_fetch_options o = fetch_of("p fetch --id A wimcast://h");
    assert_string_equal(o.url.package, "A");
    o = fetch_of("p fetch wimcast://h/A --id A");
    assert_string_equal(o.url.package, "A");
    o = fetch_of("p fetch wimcast://h:9467");
    assert_string_equal(o.url.package, "");
    assert_int_equal(o.url.port, 9467);
}

static void common_options(void **state)
{
    (void)state;
    struct wc_receiver_options options;
    assert_int_equal(parse("p fetch --json -v", &options, NULL), WC_OK);
    assert_true(options.common.json);
    assert_int_equal(options.common.verbosity, 1);
    assert_int_equal(parse("p fetch --quiet", &options, NULL), WC_OK);
    assert_int_equal(options.common.verbosity, -1);
}

static void help_and_version(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum wc_receiver_command command;
        enum wc_args_action action;
    } cases[] = {
        {"p --help", WC_RECEIVER_COMMAND_NONE, WC_ARGS_HELP},
        {"p -V", WC_RECEIVER_COMMAND_NONE, WC_ARGS_VERSION},
        {"p fetch --help", WC_RECEIVER_COMMAND_FETCH, WC_ARGS_HELP},
        {"p fetch a b c -h", WC_RECEIVER_COMMAND_FETCH, WC_ARGS_HELP},
        {"p fetch --version", WC_RECEIVER_COMMAND_FETCH, WC_ARGS_VERSION},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wc_receiver_options options;
        assert_int_equal(parse(cases[i].line, &options, NULL), WC_OK);
        assert_int_equal(options.command, cases[i].command);
        assert_int_equal(options.common.action, cases[i].action);
    }
    assert_string_equal(wc_receiver_version(), "wimcast-receiver " WC_VERSION "\n");
    assert_non_null(strstr(wc_receiver_help(WC_RECEIVER_COMMAND_NONE), "fetch [URL]"));
}

/* Fits a terminal, and leaves no option and no exit code out. */
static void help_is_complete(void **state)
{
    (void)state;
    static const char *const words[] = {
        "--output", "--interface", "--name",           "--id",
        "--memory", "--json",      "--beacon-timeout", "--discover-timeout",
        "--help",   "--quiet",     "--version",        "--verbose",
        "   0  ",   "  64  ",      "  65  ",           "  66  ",
        "  68  ",   "  69  ",      "  70  ",           "  71  ",
        "  73  ",   "  74  ",      "  75  ",           "  76  ",
        "  77  ",   "  78  ",      "Example"};
    const char *help = wc_receiver_help(WC_RECEIVER_COMMAND_FETCH);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!strstr(help, words[i]))
            fail_msg("help says nothing of '%s'", words[i]);
    }
    for (const char *line = help; *line; line += strcspn(line, "\n") + 1)
        assert_in_range(strcspn(line, "\n"), 0, 88);
}

static const struct refusal {
    const char *line;
    const char *text;
} refusals[] = {
    {"p", "no command; use fetch, apply, log or verify, or --help"},
    {"p extract", "unknown command 'extract'; use fetch, apply, log or verify, or --help"},
    {"p fetch --frobnicate", "unknown option '--frobnicate'; see --help"},
    {"p fetch -z", "unknown option '-z'; see --help"},
    {"p fetch --i x", "'--i' is short for several options; write it out"},
    {"p fetch --json=x", "option '--json' takes no value; see --help"},
    {"p fetch --output", "option '--output' needs a value; see --help"},
    {"p fetch -o", "option '--output' needs a value; see --help"},
    {"p fetch --memory", "option '--memory' needs a value; see --help"},
    {"p fetch --output _",
     "--output was given an empty value; leave the option out, or fill it in"},
    {"p fetch --interface _",
     "--interface was given an empty value; leave the option out, or fill it in"},
    {"p fetch --name _", "--name takes 1 to 64 bytes of printable text, not ''"},
    {"p fetch --name a\tb", "--name takes 1 to 64 bytes of printable text, not 'a?b'"},
    {"p fetch --id a/b", "--id takes a package id: 1 to 64 letters, digits, '.', '_' or '-', the "
                         "first neither '.' nor '-'; not 'a/b'"},
    {"p fetch --memory 15M",
     "--memory takes a size from 16.0 MiB to 4.0 GiB, such as 96M or 1G, not '15M'"},
    {"p fetch --memory 5G",
     "--memory takes a size from 16.0 MiB to 4.0 GiB, such as 96M or 1G, not '5G'"},
    {"p fetch --memory x",
     "--memory takes a size from 16.0 MiB to 4.0 GiB, such as 96M or 1G, not 'x'"},
    {"p fetch --beacon-timeout 0",
     "--beacon-timeout takes seconds from 0.1 s to 3600 s, such as 10 or 1.5, not '0'"},
    {"p fetch --beacon-timeout 3601",
     "--beacon-timeout takes seconds from 0.1 s to 3600 s, such as 10 or 1.5, not '3601'"},
    {"p fetch --discover-timeout 1m",
     "--discover-timeout takes seconds from 0.1 s to 3600 s, such as 10 or 1.5, not '1m'"},
    {"p fetch --package-version 0",
     "--package-version takes a whole number from 1 to 4294967295, not '0'"},
    {"p fetch --package-version 4294967296",
     "--package-version takes a whole number from 1 to 4294967295, not '4294967296'"},
    {"p fetch --json --output -",
     "--json and --output - both write to stdout; leave out one of them"},
    {"p fetch --deep --output -",
     "--deep delivers when all is looked into, --output - at once; leave out one of them"},
    {"p fetch wimcast://a wimcast://b", "one URL at most; 'wimcast://b' is one too many"},
    {"p fetch wimcast://h/A --id B", "the URL names package A, and --id B; leave out one of them"},
};

static void faults_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct wc_receiver_options options;
        struct wc_why why = {0};
        if (!parse(refusals[i].line, &options, &why))
            fail_msg("'%s' is accepted", refusals[i].line);
        assert_string_equal(why.text, refusals[i].text);
        assert_int_equal(why.exit_code, EX_USAGE);
    }
}

/* What is wrong with a URL is wc_url_parse's to say. */
static void malformed_urls(void **state)
{
    (void)state;
    static const char *const urls[] = {"_",
                                       "http://h/x",
                                       "wimcast://",
                                       "wimcast://h:x/p",
                                       "wimcast://h:99999/p",
                                       "wimcast://h/p#key=sha256:12",
                                       "wimcast://h/p#key=md5:00",
                                       "wimcast://h/..",
                                       "install.wim"};
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        char line[100], expected[1000];
        struct wc_receiver_options options;
        struct wc_why why = {0};
        struct wc_url url;
        const char *reason;
        const char *text = strcmp(urls[i], "_") ? urls[i] : "";
        snprintf(line, sizeof(line), "p fetch %s", urls[i]);
        assert_int_equal(parse(line, &options, &why), WC_E_FORMAT);
        assert_int_equal(why.exit_code, EX_USAGE);
        assert_int_equal(wc_url_parse(text, &url, &reason), WC_E_FORMAT);
        snprintf(expected, sizeof(expected), "URL '%s': %s", text, reason);
        assert_string_equal(why.text, expected);
    }
}

/* A name as long as allowed, and one byte more. */
static void long_names(void **state)
{
    (void)state;
    char line[200];
    struct wc_receiver_options options;
    snprintf(line, sizeof(line), "p fetch --name %.64s", KEY KEY);
    assert_int_equal(strlen(fetch_of(line).name), WC_NAME_BYTES_MAX);
    snprintf(line, sizeof(line), "p fetch --name %.65s", KEY KEY);
    assert_int_equal(parse(line, &options, NULL), WC_E_FORMAT);
}

static void log_file(void **state)
{
    (void)state;
    struct wc_fetch_options o = fetch_of("p fetch");
    assert_null(o.log.path);
    assert_int_equal(o.log.bytes_max, 2u << 20);
    o = fetch_of("p fetch --log-file x.log --log-size 16K");
    assert_string_equal(o.log.path, "x.log");
    assert_int_equal(o.log.bytes_max, 16384);
}

static void the_command_log(void **state)
{
    (void)state;
    struct wc_receiver_options o;
    struct wc_why why;
    assert_int_equal(parse("p log a.log - --json", &o, &why), WC_OK);
    assert_int_equal(o.command, WC_RECEIVER_COMMAND_LOG);
    assert_true(o.common.json);
    assert_int_equal(o.log.path_count, 2);
    assert_string_equal(o.log.paths[1], "-");
    assert_false(o.log.has_code);
    assert_int_equal(parse("p log --code 8004005", &o, &why), WC_OK);
    assert_true(o.log.has_code);
    assert_int_equal(o.log.code, 0x80004005u);
    static const char *const wrong[] = {"p log",           "p log --code x",   "p log --code",
                                        "p log - -",       "p log --code 5 a", "p log _",
                                        "p log --output x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_not_equal(parse(wrong[i], &o, &why), WC_OK);
        assert_int_equal(why.exit_code, EX_USAGE);
    }
    assert_int_equal(parse("p log --help", &o, &why), WC_OK);
    assert_int_equal(o.common.action, WC_ARGS_HELP);
    assert_non_null(strstr(wc_receiver_help(o.command), "--code"));
}

static void the_command_apply(void **state)
{
    (void)state;
    struct wc_receiver_options o;
    struct wc_why why;
    assert_int_equal(parse("p apply a.wim --target /mnt", &o, &why), WC_OK);
    assert_int_equal(o.command, WC_RECEIVER_COMMAND_APPLY);
    assert_string_equal(o.apply.path, "a.wim");
    assert_string_equal(o.apply.target, "/mnt");
    assert_true(!o.apply.image && !o.apply.force);
    assert_int_equal(parse("p apply --force --image Pro --target t --json a.wim", &o, &why), WC_OK);
    assert_true(o.apply.force && o.common.json);
    assert_string_equal(o.apply.image, "Pro");
    assert_int_equal(parse("p apply --target t", &o, &why), WC_OK);
    assert_true(!o.apply.path && !o.apply.fetch.has_url && !o.apply.spool_limit_bytes);
    assert_true(o.apply.fetch.memory_bytes == WC_FETCH_MEMORY_BYTES_DEFAULT);
    assert_int_equal(parse("p apply wimcast://h:1/a#key=sha256:"
                           "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff "
                           "--target t --file x/b.wim --spool-dir /s --spool-limit 64M -i lo "
                           "--account me",
                           &o, &why),
                     WC_OK);
    assert_true(!o.apply.path && o.apply.fetch.has_url && o.apply.fetch.url.has_key);
    assert_string_equal(o.apply.file, "x/b.wim");
    assert_string_equal(o.apply.spool_dir, "/s");
    assert_true(o.apply.spool_limit_bytes == 64u << 20);
    assert_string_equal(o.apply.fetch.interface, "lo");
    assert_string_equal(o.apply.fetch.account, "me");
    static const char *const wrong[] = {"p apply",
                                        "p apply a",
                                        "p apply --target t --spool-limit 31M",
                                        "p apply --target t --spool-dir _",
                                        "p apply --target t --file f a",
                                        "p apply --target t --spool-limit 64M a",
                                        "p apply --target t --deep",
                                        "p apply --target t wimcast://",
                                        "p apply --target t --client-key k",
                                        "p apply --target _ a",
                                        "p apply --target t --image _ a",
                                        "p apply --target t a b",
                                        "p apply --target t --output o a"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_not_equal(parse(wrong[i], &o, &why), WC_OK);
        assert_int_equal(why.exit_code, EX_USAGE);
    }
    assert_int_equal(parse("p apply --help", &o, &why), WC_OK);
    assert_non_null(strstr(wc_receiver_help(o.command), "--target"));
}

static void the_command_verify(void **state)
{
    (void)state;
    struct wc_receiver_options o;
    struct wc_why why;
    assert_int_equal(parse("p verify a.wim", &o, &why), WC_OK);
    assert_int_equal(o.command, WC_RECEIVER_COMMAND_VERIFY);
    assert_string_equal(o.verify.path, "a.wim");
    assert_true(!o.verify.deep && !o.verify.glob && !o.verify.manifest);
    assert_int_equal(parse("p verify --deep --path *.dll --manifest m a.wim -v", &o, &why), WC_OK);
    assert_true(o.verify.deep && o.common.verbosity == 1);
    assert_string_equal(o.verify.glob, "*.dll");
    assert_string_equal(o.verify.manifest, "m");
    static const char *const wrong[] = {"p verify",
                                        "p verify _",
                                        "p verify a b",
                                        "p verify --path x a",
                                        "p verify --deep --path _ a",
                                        "p verify --manifest a",
                                        "p verify --code 5 a"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_not_equal(parse(wrong[i], &o, &why), WC_OK);
        assert_int_equal(why.exit_code, EX_USAGE);
    }
    assert_int_equal(parse("p verify --help", &o, &why), WC_OK);
    assert_int_equal(o.common.action, WC_ARGS_HELP);
    assert_non_null(strstr(wc_receiver_help(o.command), "--deep"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),          cmocka_unit_test(every_option),
        cmocka_unit_test(id_and_url),        cmocka_unit_test(common_options),
        cmocka_unit_test(help_and_version),  cmocka_unit_test(help_is_complete),
        cmocka_unit_test(faults_are_named),  cmocka_unit_test(malformed_urls),
        cmocka_unit_test(long_names),        cmocka_unit_test(log_file),
        cmocka_unit_test(the_command_log),   cmocka_unit_test(the_command_verify),
        cmocka_unit_test(the_command_apply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
