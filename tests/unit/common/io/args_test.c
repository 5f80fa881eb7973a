/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is left after the tests of the two programs' options: tables of more than one command, long
 * values, values of every kind. */
#include "common/io/args.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

static const struct wc_args_command commands[] = {
    {"send", 1, NULL}, {"serve", 2, NULL}, {"publish", 3, NULL}, {NULL, 0, NULL}};

static enum wc_err find(const char *name, const struct wc_args_command **ret,
                        enum wc_args_action *ret_action, struct wc_why *why)
{
    char program[] = "program";
    char text[300] = "";
    if (name)
        strcpy(text, name);
    char *argv[] = {program, name ? text : NULL, NULL};
    return wc_args_find(commands, name ? 2 : 1, argv, ret, ret_action, why);
}

static void commands_are_found(void **state)
{
    (void)state;
    const struct wc_args_command *command = NULL;
    enum wc_args_action action = WC_ARGS_HELP;
    struct wc_why why = {0};
    assert_int_equal(find("publish", &command, &action, &why), WC_OK);
    assert_int_equal(command->id, 3);
    assert_int_equal(action, WC_ARGS_RUN);
    assert_int_equal(find("--help", &command, &action, &why), WC_OK);
    assert_null(command);
    assert_int_equal(action, WC_ARGS_HELP);
    assert_int_equal(find("-V", &command, &action, &why), WC_OK);
    assert_int_equal(action, WC_ARGS_VERSION);
}

static void commands_that_exist_are_named(void **state)
{
    (void)state;
    const struct wc_args_command *command;
    enum wc_args_action action;
    struct wc_why why = {0};
    assert_int_equal(find(NULL, &command, &action, &why), WC_E_FORMAT);
    assert_int_equal(why.exit_code, EX_USAGE);
    assert_string_equal(why.text, "no command; use send, serve or publish, or --help");
    assert_int_equal(find("sen", &command, &action, &why), WC_E_FORMAT);
    assert_string_equal(why.text, "unknown command 'sen'; use send, serve or publish, or --help");
    assert_int_equal(find("", &command, &action, &why), WC_E_FORMAT);
    assert_string_equal(why.text, "unknown command ''; use send, serve or publish, or --help");
}

/* A quotation ends before a character that it would cut, and steers no terminal. */
static void long_and_hostile_values(void **state)
{
    (void)state;
    const struct wc_args_command *command;
    enum wc_args_action action;
    struct wc_why why = {0};
    char name[200] = "x\033x"; /* then 'ö' at odd distances */
    for (size_t i = 3; i + 2 < sizeof(name); i += 2)
        memcpy(name + i, "ö", 2);
    assert_int_equal(find(name, &command, &action, &why), WC_E_FORMAT);
    assert_memory_equal(why.text, "unknown command 'x?xö", 21);
    assert_non_null(strstr(why.text, "ö...'; use"));
}

static void values_of_every_kind(void **state)
{
    (void)state;
    struct wc_why why = {0};
    uint64_t value = 5;
    assert_int_equal(wc_args_uint("--n", "256", 1, 255, &value, &why), WC_E_RANGE);
    assert_string_equal(why.text, "--n takes a whole number from 1 to 255, not '256'");
    assert_int_equal(wc_args_duration("--s", "5", WC_MS(100), WC_S(4), &value, &why), WC_E_RANGE);
    assert_string_equal(why.text,
                        "--s takes seconds from 0.1 s to 4 s, such as 10 or 1.5, not '5'");
    assert_int_equal(wc_args_bitrate("--r", "5x", 1000, 2000000, &value, &why), WC_E_FORMAT);
    assert_string_equal(why.text, "--r takes bits per second from 1.00 kbit/s to 2.00 Mbit/s, such "
                                  "as 900m or 1.5g, not '5x'");
    assert_int_equal(wc_args_size("--m", "1", 1024, 1u << 30, &value, &why), WC_E_RANGE);
    assert_string_equal(why.text,
                        "--m takes a size from 1.0 KiB to 1.0 GiB, such as 96M or 1G, not '1'");
    assert_int_equal(value, 5);
    assert_int_equal(why.exit_code, EX_USAGE);
    assert_int_equal(wc_args_uint("--n", "255", 1, 255, &value, NULL), WC_OK);
    assert_int_equal(value, 255);
    assert_int_equal(wc_args_uint("--n", "0", 1, 255, &value, NULL), WC_E_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_found),
        cmocka_unit_test(commands_that_exist_are_named),
        cmocka_unit_test(long_and_hostile_values),
        cmocka_unit_test(values_of_every_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
