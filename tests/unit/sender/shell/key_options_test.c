/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#define ARGS_MAX 16

static struct wc_sender_options options;
static struct wc_why why;

static enum wc_err parse_with(const char *line, const struct wc_sender_env *env)
{
    static char text[512];
    static char *argv[ARGS_MAX + 1];
    int argc = 0;
    assert_true(strlen(line) < sizeof(text));
    strcpy(text, line);
    for (char *word = strtok(text, " "); word && argc < ARGS_MAX; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    return wc_sender_options_parse(&options, argc, argv, env, &why);
}

static enum wc_err parse(const char *line)
{
    return parse_with(line, &(struct wc_sender_env){.home = "/home/jo"});
}

static void assert_takes(const char *line, enum wc_key_action action)
{
    if (parse(line))
        fail_msg("'%s' is refused: %s", line, why.text);
    assert_int_equal(options.command, WC_SENDER_COMMAND_KEY);
    assert_int_equal(options.key.action, action);
}

static void actions(void **state)
{
    (void)state;
    assert_takes("p key site-init", WC_KEY_SITE_INIT);
    assert_takes("p key init", WC_KEY_INIT);
    assert_string_equal(options.key.state_dir, "/home/jo/.local/state/wimcast");
    assert_string_equal(options.key.site_dir, "/home/jo/.local/state/wimcast/site");
    assert_int_equal(options.key.days, WC_KEY_DAYS_DEFAULT);
    assert_takes("p key sign", WC_KEY_SIGN);
    assert_null(options.key.request);
    assert_takes("p key show --json", WC_KEY_SHOW);
    assert_true(options.common.json);
    assert_takes("p key verify", WC_KEY_VERIFY);
    assert_takes("p key reset --self-signed", WC_KEY_RESET);
    assert_true(options.key.alone);
    assert_takes("p key export --output f", WC_KEY_EXPORT);
    assert_string_equal(options.key.output, "f");
}

static void values(void **state)
{
    (void)state;
    assert_takes("p key sign a.csr --days 90 --name dp7 --name 10.0.0.7 --output b --site-dir s",
                 WC_KEY_SIGN);
    assert_string_equal(options.key.request, "a.csr");
    assert_string_equal(options.key.output, "b");
    assert_string_equal(options.key.site_dir, "s");
    assert_int_equal(options.key.days, 90);
    assert_int_equal(options.key.names.count, 2);
    assert_string_equal(options.key.names.items[1], "10.0.0.7");
    assert_takes("p key sign --install c --state-dir d", WC_KEY_SIGN);
    assert_string_equal(options.key.install, "c");
    assert_string_equal(options.key.site_dir, "d/site");
    assert_int_equal(
        parse_with("p key init", &(struct wc_sender_env){.home = "/h", .site_dir = "/s"}), WC_OK);
    assert_string_equal(options.key.site_dir, "/s");
}

static void wrong_ones_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *words;
    } cases[] = {
        {"p key", "site-init"},
        {"p key make", "unknown command 'make'"},
        {"p key init --no-such", "--no-such"},
        {"p key init --days 0", "--days takes a whole number from 1 to 36500"},
        {"p key init --days 36501", "--days"},
        {"p key show --days 3", "--days does not go with"},
        {"p key export --name x", "--name does not go with"},
        {"p key init --install x", "--install does not go with"},
        {"p key sign --self-signed", "--self-signed does not go with"},
        {"p key init --name a:b", "--name takes a host name"},
        {"p key verify --name a --name b", "one --name"},
        {"p key init extra", "'extra' is one argument too many"},
        {"p key sign a b", "'b' is one argument too many"},
        {"p key sign a --install b", "not both"},
        {"p key sign --output b", "--output goes with a CSR"},
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
    assert_int_equal(parse("p key --help"), WC_OK);
    assert_int_equal(options.common.action, WC_ARGS_HELP);
    assert_string_equal(wc_sender_help(options.command), wc_key_help());
    assert_int_equal(parse("p key reset -h"), WC_OK);
    assert_int_equal(options.common.action, WC_ARGS_HELP);
    assert_int_equal(parse("p key --version"), WC_OK);
    assert_int_equal(options.common.action, WC_ARGS_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(actions),
        cmocka_unit_test(values),
        cmocka_unit_test(wrong_ones_are_refused),
        cmocka_unit_test(help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
