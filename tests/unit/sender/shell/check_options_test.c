/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#define ARGS_MAX 16

static struct wc_sender_options options;
static struct wc_why why;

static enum wc_err parse(const char *line)
{
    static char text[512];
    static char *argv[ARGS_MAX + 1];
    int argc = 0;
    strcpy(text, line);
    for (char *word = strtok(text, " "); word && argc < ARGS_MAX; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    return wc_sender_options_parse(&options, argc, argv,
                                   &(struct wc_sender_env){.home = "/home/jo"}, &why);
}

static void values(void **state)
{
    (void)state;
    assert_int_equal(parse("p check"), WC_OK);
    assert_int_equal(options.command, WC_SENDER_COMMAND_CHECK);
    assert_null(options.check.id);
    assert_null(options.check.user);
    assert_false(options.check.fix);
    assert_string_equal(options.check.state_dir, "/home/jo/.local/state/wimcast");
    assert_string_equal(options.check.site_dir, "/home/jo/.local/state/wimcast/site");
    assert_int_equal(parse("p check install --fix --user wimcast -i eth0 --port 80 --json "
                           "--mcast-data-address 224.0.0.5:7 --state-dir d"),
                     WC_OK);
    assert_string_equal(options.check.id, "install");
    assert_string_equal(options.check.user, "wimcast");
    assert_string_equal(options.check.interface, "eth0");
    assert_string_equal(options.check.state_dir, "d");
    assert_string_equal(options.check.site_dir, "d/site");
    assert_int_equal(options.check.port, 80);
    assert_int_equal(options.check.group.family, 4); /* whether it is good is a finding */
    assert_int_equal(options.check.group.port, 7);
    assert_true(options.check.fix && options.common.json);
}

static void wrong_ones_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *words;
    } cases[] = {
        {"p check a b", "'b' is one argument too many"},
        {"p check ../a", "ID takes a package id"},
        {"p check --port 0", "--port takes a whole number from 1 to 65535"},
        {"p check --mcast-data-address x", "--mcast-data-address takes an address"},
        {"p check --site-dir x", "--site-dir"},
        {"p check --user", "--user"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (!parse(cases[i].line))
            fail_msg("'%s' is taken", cases[i].line);
        assert_int_equal(why.exit_code, EX_USAGE);
        if (!strstr(why.text, cases[i].words))
            fail_msg("'%s' gets: %s", cases[i].line, why.text);
    }
}

static void help(void **state)
{
    (void)state;
    assert_int_equal(parse("p check --help"), WC_OK);
    assert_int_equal(options.common.action, WC_ARGS_HELP);
    assert_string_equal(wc_sender_help(options.command), wc_check_help());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(wrong_ones_are_refused),
        cmocka_unit_test(help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
