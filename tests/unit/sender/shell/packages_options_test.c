/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command lines of `publish` and `packages`, and lists of readers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "sender/shell/options.h"
#include "sender/shell/reader_list.h"

#define ARGS_MAX 24

static struct wc_sender_options options;
static struct wc_why why;

static enum wc_err parse(const char *line)
{
    static const struct wc_sender_env env = {.home = "/home/jo"};
    static char text[512];
    static char *argv[ARGS_MAX + 1];
    int argc = 0;
    assert_true(strlen(line) < sizeof(text));
    strcpy(text, line);
    for (char *word = strtok(text, " "); word && argc < ARGS_MAX; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    return wc_sender_options_parse(&options, argc, argv, &env, &why);
}

static void assert_takes(const char *line, enum wc_sender_command command)
{
    if (parse(line))
        fail_msg("'%s' is refused: %s", line, why.text);
    assert_int_equal(options.command, command);
}

static void assert_refuses(const char *line, const char *words)
{
    if (!parse(line))
        fail_msg("'%s' is taken", line);
    assert_int_equal(why.exit_code, EX_USAGE);
    if (!strstr(why.text, words))
        fail_msg("'%s': '%s' does not say '%s'", line, why.text, words);
}

static void publish_defaults(void **state)
{
    (void)state;
    assert_takes("p publish a b --id X", WC_SENDER_COMMAND_PUBLISH);
    const struct wc_publish_options *o = &options.publish;
    assert_int_equal(o->path_count, 2);
    assert_string_equal(o->paths[1], "b");
    assert_string_equal(o->id, "X");
    assert_int_equal(o->version, 0);
    assert_int_equal(o->readers.set, WC_READERS_EVERYONE);
    assert_false(o->multicast_only);
    assert_int_equal(o->symbol_bytes, 1408);
    assert_null(o->log.path);
    assert_string_equal(o->state_dir, "/home/jo/.local/state/wimcast");
    assert_string_equal(o->site_dir, "/home/jo/.local/state/wimcast/site");
}

static void publish_values(void **state)
{
    (void)state;
    assert_takes("p publish a --id X --package-version 7 --read jo,lab-7 --only-multicast "
                 "--symbol-size 8928 --state-dir s --log-file l --json",
                 WC_SENDER_COMMAND_PUBLISH);
    const struct wc_publish_options *o = &options.publish;
    assert_int_equal(o->version, 7);
    assert_int_equal(o->readers.set, WC_READERS_LISTED);
    assert_int_equal(o->readers.listed_count, 2);
    assert_true(o->multicast_only);
    assert_int_equal(o->symbol_bytes, 8928);
    assert_string_equal(o->state_dir, "s");
    assert_string_equal(o->log.path, "l");
    assert_true(options.common.json);
    assert_takes("p publish --help", WC_SENDER_COMMAND_PUBLISH);
    assert_int_equal(options.common.action, WC_ARGS_HELP);
}

static void publish_refusals(void **state)
{
    (void)state;
    assert_refuses("p publish --id X", "nothing to publish");
    assert_refuses("p publish a", "--id ID");
    assert_refuses("p publish a --id a/b", "package id");
    assert_refuses("p publish a --id X --package-version 0", "--package-version");
    assert_refuses("p publish a --id X --package-version 4294967296", "--package-version");
    assert_refuses("p publish a --id X --symbol-size 15", "--symbol-size");
    assert_refuses("p publish a --id X --read ,", "--read takes everyone, accounts");
    assert_refuses("p publish a --id X --ttl 3", "--ttl");
}

static void packages_actions(void **state)
{
    (void)state;
    assert_takes("p packages list", WC_SENDER_COMMAND_PACKAGES);
    assert_int_equal(options.packages.action, WC_PACKAGES_LIST);
    assert_string_equal(options.packages.state_dir, "/home/jo/.local/state/wimcast");
    assert_takes("p packages show X --state-dir s", WC_SENDER_COMMAND_PACKAGES);
    assert_int_equal(options.packages.action, WC_PACKAGES_SHOW);
    assert_string_equal(options.packages.id, "X");
    assert_string_equal(options.packages.state_dir, "s");
    assert_takes("p packages remove X", WC_SENDER_COMMAND_PACKAGES);
    assert_int_equal(options.packages.action, WC_PACKAGES_REMOVE);
    assert_takes("p packages sign X --json", WC_SENDER_COMMAND_PACKAGES);
    assert_int_equal(options.packages.action, WC_PACKAGES_SIGN);
    assert_takes("p packages --help", WC_SENDER_COMMAND_PACKAGES);
    assert_int_equal(options.common.action, WC_ARGS_HELP);
}

static void packages_refusals(void **state)
{
    (void)state;
    assert_refuses("p packages", "list, show, remove or sign");
    assert_refuses("p packages delete X", "delete");
    assert_refuses("p packages list X", "'X' is one argument too many");
    assert_refuses("p packages show", "needs the ID");
    assert_refuses("p packages show X Y", "'Y' is one argument too many");
    assert_refuses("p packages show ../X", "package id");
    assert_refuses("p packages sign X --id X", "--id");
}

static void reader_lists(void **state)
{
    (void)state;
    static const char *const good[] = {"everyone", "accounts", "jo", "jo,lab-7,J\xc3\xb6rg M"};
    static const char *const bad[] = {
        "", ",", "jo,", ",jo", "jo,,al", "jo,everyone", "accounts,jo", "j\no", "j\xff", "j\x1b[2J"};
    struct wc_readers readers;
    char text[WC_READER_LIST_BYTES];
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(wc_reader_list_parse("--read", good[i], &readers, &why), WC_OK);
        assert_string_equal(wc_reader_list_text(&readers, text), good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(wc_reader_list_parse("--read", bad[i], &readers, &why), WC_E_FORMAT);
    /* Twice is once. */
    assert_int_equal(wc_reader_list_parse("--read", "jo,al,jo", &readers, &why), WC_OK);
    assert_int_equal(readers.listed_count, 2);
    /* As many, and as long, as there is room for; and one more. */
    char many[WC_READER_LIST_BYTES + 80];
    size_t at = 0;
    for (int i = 0; i < (int)WC_READERS_LISTED_MAX; i++)
        at += (size_t)snprintf(many + at, sizeof(many) - at, "%s%064d", i ? "," : "", i);
    assert_int_equal(wc_reader_list_parse("--read", many, &readers, &why), WC_OK);
    assert_int_equal(readers.listed_count, WC_READERS_LISTED_MAX);
    assert_string_equal(wc_reader_list_text(&readers, text), many);
    strcpy(many + at, ",x");
    assert_int_equal(wc_reader_list_parse("--read", many, &readers, &why), WC_E_FORMAT);
    snprintf(many, sizeof(many), "%065d", 1);
    assert_int_equal(wc_reader_list_parse("--read", many, &readers, &why), WC_E_FORMAT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(publish_defaults),  cmocka_unit_test(publish_values),
        cmocka_unit_test(publish_refusals),  cmocka_unit_test(packages_actions),
        cmocka_unit_test(packages_refusals), cmocka_unit_test(reader_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
