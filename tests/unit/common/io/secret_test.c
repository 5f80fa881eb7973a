/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include <cmocka.h>

#include "tests/support/workdir.h"

static struct wc_workdir dir;
static struct wc_why why;
static char password[WC_SECRET_BYTES];

static int set_up(void **state)
{
    (void)state;
    wc_workdir_make(&dir);
    unsetenv(WC_SECRET_VARIABLE);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    wc_workdir_remove(&dir);
    return 0;
}

static enum wc_err read_file(const char *text, mode_t mode)
{
    struct wc_secret_source source = {.file =
                                          wc_workdir_write(&dir, "password", text, strlen(text))};
    assert_int_equal(chmod(source.file, mode), 0);
    return wc_secret_read(password, &source, &why);
}

static void the_first_line_of_a_file(void **state)
{
    (void)state;
    static const char *const texts[] = {"geheim 1", "geheim 1\n", "geheim 1\r\n",
                                        "geheim 1\nsecond\n"};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(read_file(texts[i], 0600), WC_OK);
        assert_string_equal(password, "geheim 1");
    }
}

static void files_that_hold_none(void **state)
{
    (void)state;
    static char longest[WC_PASSWORD_BYTES_MAX + 2];
    struct wc_secret_source source = {.file = wc_workdir_at(&dir, "none")};
    assert_int_equal(wc_secret_read(password, &source, &why), WC_E_IO);
    assert_int_equal(why.exit_code, EX_NOINPUT);
    assert_int_equal(read_file("\n", 0600), WC_E_FORMAT);
    assert_int_equal(read_file("a\tb\n", 0600), WC_E_FORMAT);
    assert_int_equal(read_file("", 0600), WC_E_FORMAT);
    assert_int_equal(read_file("geheim", 0640), WC_E_AUTH);
    assert_int_equal(why.exit_code, EX_NOPERM);
    memset(longest, 'x', WC_PASSWORD_BYTES_MAX + 1);
    assert_int_equal(read_file(longest, 0600), WC_E_FORMAT);
    assert_null(strstr(why.text, "xx"));
    longest[WC_PASSWORD_BYTES_MAX] = '\0';
    assert_int_equal(read_file(longest, 0600), WC_OK);
}

/* The environment gives it once, and keeps no copy. */
static void from_the_environment(void **state)
{
    (void)state;
    static char variable[] = WC_SECRET_VARIABLE "=geheim 2";
    struct wc_secret_source source = {.file = NULL};
    assert_int_equal(putenv(variable), 0);
    assert_int_equal(wc_secret_read(password, &source, &why), WC_OK);
    assert_string_equal(password, "geheim 2");
    assert_null(getenv(WC_SECRET_VARIABLE));
    assert_string_equal(variable, WC_SECRET_VARIABLE "=");
    assert_int_equal(wc_secret_read(password, &source, &why), WC_E_NOT_FOUND);
    assert_int_equal(why.exit_code, EX_USAGE);
    assert_string_equal(password, "");
}

static void a_file_counts_more(void **state)
{
    (void)state;
    static char variable[] = WC_SECRET_VARIABLE "=geheim 3";
    assert_int_equal(putenv(variable), 0);
    assert_int_equal(read_file("geheim 4", 0600), WC_OK);
    assert_string_equal(password, "geheim 4");
    assert_null(getenv(WC_SECRET_VARIABLE)); /* nor is it left for others to see */
    assert_string_equal(variable, WC_SECRET_VARIABLE "=");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_line_of_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_that_hold_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(from_the_environment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_counts_more, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
