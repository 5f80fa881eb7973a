/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/remark.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void texts_grow_and_end_with_the_array(void **state)
{
    (void)state;
    char text[16];
    struct wc_remark p = wc_remark_of(text, sizeof text);
    assert_string_equal(text, "");
    wc_remark_put(&p, "n=");
    wc_remark_uint(&p, 42);
    wc_remark_put(&p, " ");
    wc_remark_digits(&p, 7, 3);
    assert_string_equal(text, "n=42 007");
    p = wc_remark_after(text, sizeof text);
    wc_remark_hex(&p, 0x800705b4u);
    assert_string_equal(text, "n=42 0070x80070");
    p = wc_remark_of(text, 5);
    wc_remark_put(&p, "abc\xc3\xa4"); /* the umlaut does not fit */
    assert_string_equal(text, "abc");
    p = wc_remark_of(text, sizeof text);
    wc_remark_uint(&p, 0);
    wc_remark_uint(&p, UINT32_MAX);
    assert_string_equal(text, "04294967295");
}

static void quotations_have_one_line(void **state)
{
    (void)state;
    char text[64];
    struct wc_remark p = wc_remark_of(text, sizeof text);
    wc_remark_quote(&p, "\n a\t\tb\r\nc\033[2J", 40);
    assert_string_equal(text, "a b c [2J");
    p = wc_remark_of(text, sizeof text);
    wc_remark_quote(&p, "0123456789", 4);
    assert_string_equal(text, "0123...");
}

static void words_are_found_in_any_case(void **state)
{
    (void)state;
    const char *text = "Failed to get MCS key";
    assert_ptr_equal(wc_remark_find(text, "mcs KEY"), text + 14);
    assert_null(wc_remark_find(text, "keys"));
    assert_null(wc_remark_find("", "x"));
    assert_true(wc_remark_begins(text, "failed"));
    assert_false(wc_remark_begins("fail", "failed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_grow_and_end_with_the_array),
        cmocka_unit_test(quotations_have_one_line),
        cmocka_unit_test(words_are_found_in_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
