/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#define ARGS_MAX   16
#define TEXT_BYTES 512

static const struct wc_sender_env no_env = {.home = "/home/jo"};

/* A command line as main gets it: split at blanks, '_' alone stands for an empty argument. Lives
 * until the next call. */
static int split(const char *line, char ***ret_argv)
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
    *ret_argv = argv;
    return argc;
}

static enum wc_err parse(const char *line, struct wc_sender_options *ret, struct wc_why *why)
{
    char **argv;
    int argc = split(line, &argv);
    return wc_sender_options_parse(ret, argc, argv, &no_env, why);
}

static struct wc_send_options send_of(const char *line)
{
    struct wc_sender_options options;
    struct wc_why why = {0};
    if (parse(line, &options, &why))
        fail_msg("'%s' is refused: %s", line, why.text);
    assert_int_equal(options.command, WC_SENDER_COMMAND_SEND);
    assert_int_equal(options.common.action, WC_ARGS_RUN);
    return options.send;
}

static void defaults(void **state)
{
    (void)state;
    struct wc_sender_options options;
    assert_int_equal(parse("wimcast-sender send a.wim", &options, NULL), WC_OK);
    const struct wc_send_options *o = &options.send;
    assert_int_equal(options.command, WC_SENDER_COMMAND_SEND);
    assert_int_equal(options.common.action, WC_ARGS_RUN);
    assert_false(options.common.json);
    assert_int_equal(options.common.verbosity, 0);
    assert_int_equal(o->path_count, 1);
    assert_string_equal(o->paths[0], "a.wim");
    assert_null(o->id);
    assert_null(o->interface);
    assert_int_equal(o->port, 0);
    assert_int_equal(o->group.family, 0);
    assert_int_equal(o->ttl, 1);
    assert_int_equal(o->receivers_min, 0);
    assert_true(o->wait_max == WC_NEVER);
    assert_int_equal(o->rate_max_bps, 0);
    assert_int_equal(o->symbol_bytes, 0);
    assert_true(o->keyboard);
    assert_true(o->announce);
    assert_string_equal(o->state_dir, "/home/jo/.local/state/wimcast");
}

static void every_option(void **state)
{
    (void)state;
    struct wc_sender_options options;
    assert_int_equal(
        parse("p send --id XYZ00012 --interface eth0 --port 4000 --ttl 255", &options, NULL),
        WC_E_FORMAT); /* no path */
    struct wc_send_options o = send_of("p send a --id XYZ00012 --interface eth0 --port 65535");
    assert_string_equal(o.id, "XYZ00012");
    assert_string_equal(o.interface, "eth0");
    assert_int_equal(o.port, 65535);
    o = send_of("p send a -i 10.0.0.1 --ttl 255 --min-receivers 1024 --max-wait 1.5");
    assert_string_equal(o.interface, "10.0.0.1");
    assert_int_equal(o.ttl, 255);
    assert_int_equal(o.receivers_min, 1024);
    assert_int_equal(o.wait_max, WC_MS(1500));
    o = send_of("p send a --max-bitrate 900m --symbol-size 16 --nokbd --no-announce");
    assert_int_equal(o.rate_max_bps, 900000000);
    assert_int_equal(o.symbol_bytes, 16);
    assert_false(o.keyboard);
    assert_false(o.announce);
    assert_true(o.wait_max == WC_NEVER);
    o = send_of("p send a --max-wait 0 --symbol-size 8928 --max-bitrate 1000gbit --port 1");
    assert_int_equal(o.wait_max, 0);
    assert_int_equal(o.symbol_bytes, 8928);
    assert_int_equal(o.rate_max_bps, 1000000000000);
    assert_int_equal(o.port, 1);
    o = send_of("p send a --max-wait 604800 --max-bitrate=1000000 --ttl=1");
    assert_int_equal(o.wait_max, WC_SEND_WAIT_MAX);
    assert_int_equal(o.rate_max_bps, 1000000);
    o = send_of("p send a --ttl 3 --ttl 4"); /* the last one counts */
    assert_int_equal(o.ttl, 4);
}

static void groups(void **state)
{
    (void)state;
    struct wc_send_options o = send_of("p send a --mcast-data-address 239.1.2.3");
    assert_int_equal(o.group.family, 4);
    assert_int_equal(o.group.port, 0);
    assert_memory_equal(o.group.bytes, ((uint8_t[]){239, 1, 2, 3}), 4);
    o = send_of("p send a --mcast-data-address 232.1.2.3:9468");
    assert_int_equal(o.group.port, 9468);
    o = send_of("p send a --mcast-data-address [ff15::1234]:9468");
    assert_int_equal(o.group.family, 6);
    assert_int_equal(o.group.port, 9468);
    assert_int_equal(o.group.bytes[15], 0x34);
    o = send_of("p send a --mcast-data-address ff15::1234");
    assert_int_equal(o.group.family, 6);
    assert_int_equal(o.group.port, 0);
}

static void common_options(void **state)
{
    (void)state;
    struct wc_sender_options options;
    assert_int_equal(parse("p send a --json --verbose", &options, NULL), WC_OK);
    assert_true(options.common.json);
    assert_int_equal(options.common.verbosity, 1);
    assert_int_equal(parse("p send a -q", &options, NULL), WC_OK);
    assert_int_equal(options.common.verbosity, -1);
    assert_int_equal(parse("p send a -qv", &options, NULL), WC_OK);
    assert_int_equal(options.common.verbosity, 1);
    assert_int_equal(parse("p send a --quiet", &options, NULL), WC_OK);
    assert_int_equal(options.common.verbosity, -1);
}

/* Anywhere between the options, and behind "--" whatever they look like. */
static void paths(void **state)
{
    (void)state;
    struct wc_send_options o = send_of("p send a --ttl 3 b --nokbd c/");
    assert_int_equal(o.path_count, 3);
    assert_string_equal(o.paths[0], "a");
    assert_string_equal(o.paths[1], "b");
    assert_string_equal(o.paths[2], "c/");
    o = send_of("p send a -- --ttl -");
    assert_int_equal(o.path_count, 3);
    assert_string_equal(o.paths[0], "a");
    assert_string_equal(o.paths[1], "--ttl");
    assert_string_equal(o.paths[2], "-");
}

static void help_and_version(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum wc_sender_command command;
        enum wc_args_action action;
    } cases[] = {
        {"p --help", WC_SENDER_COMMAND_NONE, WC_ARGS_HELP},
        {"p -h", WC_SENDER_COMMAND_NONE, WC_ARGS_HELP},
        {"p --version", WC_SENDER_COMMAND_NONE, WC_ARGS_VERSION},
        {"p -V", WC_SENDER_COMMAND_NONE, WC_ARGS_VERSION},
        {"p send --help", WC_SENDER_COMMAND_SEND, WC_ARGS_HELP},
        {"p send a -h --ttl 0", WC_SENDER_COMMAND_SEND, WC_ARGS_HELP},
        {"p send --version", WC_SENDER_COMMAND_SEND, WC_ARGS_VERSION},
        {"p send -vV", WC_SENDER_COMMAND_SEND, WC_ARGS_VERSION},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wc_sender_options options;
        assert_int_equal(parse(cases[i].line, &options, NULL), WC_OK);
        assert_int_equal(options.command, cases[i].command);
        assert_int_equal(options.common.action, cases[i].action);
    }
    assert_string_equal(wc_sender_version(), "wimcast-sender " WC_VERSION "\n");
    assert_non_null(strstr(wc_sender_help(WC_SENDER_COMMAND_NONE), "send PATH..."));
}

/* Fits a terminal of 80 columns but for URLs, and leaves no option and no exit code out. */
static void help_is_complete(void **state)
{
    (void)state;
    static const char *const words[] = {"--id",
                                        "--interface",
                                        "--port",
                                        "--mcast-data-address",
                                        "--ttl",
                                        "--max-wait",
                                        "--max-bitrate",
                                        "--state-dir",
                                        "--min-receivers",
                                        "--symbol-size",
                                        "--nokbd",
                                        "--no-announce",
                                        "--json",
                                        "--quiet",
                                        "--verbose",
                                        "--help",
                                        "--version",
                                        "SIGUSR1",
                                        "   0  ",
                                        "  64  ",
                                        "  65  ",
                                        "  66  ",
                                        "  69  ",
                                        "  70  ",
                                        "  71  ",
                                        "  73  ",
                                        "  74  ",
                                        "  75  ",
                                        "  76  ",
                                        "  77  ",
                                        "  78  ",
                                        "Example"};
    const char *help = wc_sender_help(WC_SENDER_COMMAND_SEND);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!strstr(help, words[i]))
            fail_msg("help says nothing of '%s'", words[i]);
    }
    for (const char *line = help; *line; line += strcspn(line, "\n") + 1)
        assert_in_range(strcspn(line, "\n"), 0, 88);
}

struct refusal {
    const char *line;
    const char *text;
};

static const struct refusal refusals[] = {
    {"p", "no command; use send, publish, packages, key, account or check, or --help"},
    {"p serve",
     "unknown command 'serve'; use send, publish, packages, key, account or check, or --help"},
    {"p --ttl 3",
     "unknown command '--ttl'; use send, publish, packages, key, account or check, or --help"},
    {"p send", "nothing to send: name at least one file or folder (PATH)"},
    {"p send --ttl 3", "nothing to send: name at least one file or folder (PATH)"},
    {"p send a _", "a PATH is empty; name a file or folder"},
    {"p send a --frobnicate", "unknown option '--frobnicate'; see --help"},
    {"p send a --frobnicate=3 b", "unknown option '--frobnicate'; see --help"},
    {"p send --json a -x", "unknown option '-x'; see --help"},
    {"p send a --json -vx", "unknown option '-x'; see --help"},
    {"p send a -\303\266", "unknown option '-?'; see --help"},
    {"p send a --m 3", "'--m' is short for several options; write it out"},
    {"p send a --max=3", "'--max' is short for several options; write it out"},
    {"p send a --json=1", "option '--json' takes no value; see --help"},
    {"p send a --verbose=2", "option '--verbose' takes no value; see --help"},
    {"p send a --nokbd=y", "option '--nokbd' takes no value; see --help"},
    {"p send a --ttl", "option '--ttl' needs a value; see --help"},
    {"p send a -i", "option '--interface' needs a value; see --help"},
    {"p send a --max-w", "option '--max-wait' needs a value; see --help"},
    {"p send a --interface _",
     "--interface was given an empty value; leave the option out, or fill it in"},
    {"p send a --state-dir _",
     "--state-dir was given an empty value; leave the option out, or fill it in"},
    {"p send a --ttl 0", "--ttl takes a whole number from 1 to 255, not '0'"},
    {"p send a --ttl 256", "--ttl takes a whole number from 1 to 255, not '256'"},
    {"p send a --ttl -1", "--ttl takes a whole number from 1 to 255, not '-1'"},
    {"p send a --ttl 1x", "--ttl takes a whole number from 1 to 255, not '1x'"},
    {"p send a --ttl _", "--ttl takes a whole number from 1 to 255, not ''"},
    {"p send a --ttl 99999999999999999999",
     "--ttl takes a whole number from 1 to 255, not '99999999999999999999'"},
    {"p send a --ttl 18446744073709551617",
     "--ttl takes a whole number from 1 to 255, not '18446744073709551617'"},
    {"p send a --port 0", "--port takes a whole number from 1 to 65535, not '0'"},
    {"p send a --port 65536", "--port takes a whole number from 1 to 65535, not '65536'"},
    {"p send a --min-receivers 0", "--min-receivers takes a whole number from 1 to 1024, not '0'"},
    {"p send a --min-receivers 16385",
     "--min-receivers takes a whole number from 1 to 1024, not '16385'"},
    {"p send a --min-receivers 1.5",
     "--min-receivers takes a whole number from 1 to 1024, not '1.5'"},
    {"p send a --max-wait x",
     "--max-wait takes seconds from 0 s to 604800 s, such as 10 or 1.5, not 'x'"},
    {"p send a --max-wait -1",
     "--max-wait takes seconds from 0 s to 604800 s, such as 10 or 1.5, not '-1'"},
    {"p send a --max-wait 604800.1",
     "--max-wait takes seconds from 0 s to 604800 s, such as 10 or 1.5, not '604800.1'"},
    {"p send a --max-bitrate 0", "--max-bitrate takes bits per second from 1.00 Mbit/s to 1.00 "
                                 "Tbit/s, such as 900m or 1.5g, not '0'"},
    {"p send a --max-bitrate 10x", "--max-bitrate takes bits per second from 1.00 Mbit/s to 1.00 "
                                   "Tbit/s, such as 900m or 1.5g, not '10x'"},
    {"p send a --max-bitrate 999k", "--max-bitrate takes bits per second from 1.00 Mbit/s to 1.00 "
                                    "Tbit/s, such as 900m or 1.5g, not '999k'"},
    {"p send a --max-bitrate 1001g", "--max-bitrate takes bits per second from 1.00 Mbit/s to 1.00 "
                                     "Tbit/s, such as 900m or 1.5g, not '1001g'"},
    {"p send a --symbol-size 15", "--symbol-size takes a whole number from 16 to 8928, not '15'"},
    {"p send a --symbol-size 8929",
     "--symbol-size takes a whole number from 16 to 8928, not '8929'"},
    {"p send a --id _", "--id takes a package id: 1 to 64 letters, digits, '.', '_' or '-', the "
                        "first neither '.' nor '-'; not ''"},
    {"p send a --id a/b", "--id takes a package id: 1 to 64 letters, digits, '.', '_' or '-', the "
                          "first neither '.' nor '-'; not 'a/b'"},
    {"p send a --id ..", "--id takes a package id: 1 to 64 letters, digits, '.', '_' or '-', the "
                         "first neither '.' nor '-'; not '..'"},
    {"p send a --mcast-data-address x",
     "--mcast-data-address takes a multicast address such as 239.1.2.3, 239.1.2.3:9468 or "
     "[ff15::1234]:9468 (port: 1 to 65535), not 'x'"},
    {"p send a --mcast-data-address 239.1.2.3:0",
     "--mcast-data-address takes a multicast address such as 239.1.2.3, 239.1.2.3:9468 or "
     "[ff15::1234]:9468 (port: 1 to 65535), not '239.1.2.3:0'"},
};

static void faults_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct wc_sender_options options;
        struct wc_why why = {0};
        if (!parse(refusals[i].line, &options, &why))
            fail_msg("'%s' is accepted", refusals[i].line);
        assert_string_equal(why.text, refusals[i].text);
        assert_int_equal(why.exit_code, EX_USAGE);
    }
}

/* What is wrong with a group is wc_netaddr_check_group's to say; which option, ours. */
static void groups_that_no_session_may_use(void **state)
{
    (void)state;
    static const char *const groups[] = {"10.0.0.1",    "224.0.0.9", "239.0.0.5",
                                         "239.128.0.1", "fe80::1",   "ff01::1"};
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        char line[100];
        struct wc_sender_options options;
        struct wc_why why = {0};
        snprintf(line, sizeof(line), "p send a --mcast-data-address %s", groups[i]);
        assert_int_not_equal(parse(line, &options, &why), WC_OK);
        assert_int_equal(why.exit_code, EX_USAGE);
        assert_non_null(strstr(why.text, "--mcast-data-address: "));
        assert_non_null(strstr(why.text, groups[i]));
    }
}

static enum wc_err state_dir(const struct wc_sender_env *env, struct wc_sender_options *ret,
                             struct wc_why *why)
{
    char **argv;
    int argc = split("p send a", &argv);
    return wc_sender_options_parse(ret, argc, argv, env, why);
}

static void state_directory(void **state)
{
    (void)state;
    static const struct {
        struct wc_sender_env env;
        const char *dir;
    } cases[] = {
        {{.home = "/h"}, "/h/.local/state/wimcast"},
        {{.xdg_state_home = "/x", .home = "/h"}, "/x/wimcast"},
        {{.xdg_state_home = "", .home = "/h"}, "/h/.local/state/wimcast"},
        {{.xdg_state_home = "relative", .home = "/h"}, "/h/.local/state/wimcast"},
        {{.xdg_state_home = "/x", .home = "/h", .root = true}, "/var/lib/wimcast"},
        {{.state_dir = "/s", .xdg_state_home = "/x", .home = "/h", .root = true}, "/s"},
        {{.state_dir = "s", .xdg_state_home = "/x"}, "s"},
        {{.state_dir = "", .root = true}, "/var/lib/wimcast"},
    };
    struct wc_sender_options options;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(state_dir(&cases[i].env, &options, NULL), WC_OK);
        assert_string_equal(options.send.state_dir, cases[i].dir);
    }
    assert_string_equal(send_of("p send a --state-dir keys").state_dir, "keys");
    struct wc_why why = {0};
    assert_int_equal(state_dir(&(struct wc_sender_env){.home = ""}, &options, &why),
                     WC_E_NOT_FOUND);
    assert_int_equal(why.exit_code, EX_CONFIG);
    assert_non_null(strstr(why.text, "--state-dir"));
}

static void state_directory_too_long(void **state)
{
    (void)state;
    char program[] = "p", command[] = "send", path[] = "a", option[] = "--state-dir";
    char longest[WC_SENDER_STATE_DIR_BYTES + 1];
    char *argv[] = {program, command, path, option, longest, NULL};
    struct wc_sender_options options;
    struct wc_why why = {0};
    memset(longest, 'x', sizeof(longest));
    longest[WC_SENDER_STATE_DIR_BYTES] = '\0';
    assert_int_equal(wc_sender_options_parse(&options, 5, argv, &no_env, &why), WC_E_TOO_LARGE);
    assert_int_equal(why.exit_code, EX_USAGE);
    longest[0] = '/';
    struct wc_sender_env env = {.home = longest};
    assert_int_equal(state_dir(&env, &options, &why), WC_E_TOO_LARGE);
    assert_int_equal(why.exit_code, EX_CONFIG);
    longest[WC_SENDER_STATE_DIR_BYTES - 1] = '\0';
    assert_int_equal(wc_sender_options_parse(&options, 5, argv, &no_env, &why), WC_OK);
    assert_string_equal(options.send.state_dir, longest);
}

static void environment(void **state)
{
    (void)state;
    setenv("WIMCAST_STATE_DIR", "/w", 1);
    setenv("XDG_STATE_HOME", "/x", 1);
    setenv("HOME", "/h", 1);
    struct wc_sender_env env = wc_sender_env_read();
    assert_string_equal(env.state_dir, "/w");
    assert_string_equal(env.xdg_state_home, "/x");
    assert_string_equal(env.home, "/h");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(every_option),
        cmocka_unit_test(groups),
        cmocka_unit_test(common_options),
        cmocka_unit_test(paths),
        cmocka_unit_test(help_and_version),
        cmocka_unit_test(help_is_complete),
        cmocka_unit_test(faults_are_named),
        cmocka_unit_test(groups_that_no_session_may_use),
        cmocka_unit_test(state_directory),
        cmocka_unit_test(state_directory_too_long),
        cmocka_unit_test(environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
