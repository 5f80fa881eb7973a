/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/utf16.h"

#include <string.h>

#include "tests/unit/common/core/support.h"

static void assert_name(const uint8_t *bytes, size_t byte_count, const char *expected)
{
    char text[64];
    assert_true(WC_UTF16_ROOM(byte_count) < sizeof text);
    size_t count = wc_utf16_name(bytes, byte_count, text);
    assert_int_equal(count, strlen(expected));
    assert_memory_equal(text, expected, count);
}

#define ASSERT_NAME(expected, ...)                    \
    do {                                              \
        static const uint8_t bytes[] = {__VA_ARGS__}; \
        assert_name(bytes, sizeof bytes, expected);   \
    } while (0)

static void characters_of_all_lengths(void **state)
{
    (void)state;
    assert_name(NULL, 0, "");
    ASSERT_NAME("a.b", 'a', 0, '.', 0, 'b', 0);
    ASSERT_NAME("\xc3\xa4", 0xe4, 0x00);
    ASSERT_NAME("\xe2\x82\xac", 0xac, 0x20);
    ASSERT_NAME("\xf0\x9f\x98\x80", 0x3d, 0xd8, 0x00, 0xde);
    ASSERT_NAME("\xf4\x8f\xbf\xbf", 0xff, 0xdb, 0xff, 0xdf);
    ASSERT_NAME("\xef\xbf\xbf", 0xff, 0xff);
}

static void what_a_name_may_not_hold_is_replaced(void **state)
{
    (void)state;
    ASSERT_NAME("a\xef\xbf\xbd", 'a', 0, 0, 0);
    ASSERT_NAME("\xef\xbf\xbd", '/', 0);
    ASSERT_NAME("\xef\xbf\xbd", 0x3d, 0xd8); /* half at the end */
    ASSERT_NAME("\xef\xbf\xbd"
                "a",
                0x3d, 0xd8, 'a', 0);                                 /* half before another */
    ASSERT_NAME("\xef\xbf\xbd\xef\xbf\xbd", 0x00, 0xde, 0x3d, 0xd8); /* the wrong way round */
    ASSERT_NAME("a", 'a', 0, 'b');                                   /* an odd byte */
}

static void text_is_checked(void **state)
{
    (void)state;
    assert_true(wc_utf16_check((const uint8_t *)"a\0b\0", 4));
    assert_true(wc_utf16_check(NULL, 0));
    assert_false(wc_utf16_check((const uint8_t *)"a\0b", 3));
    assert_false(wc_utf16_check((const uint8_t *)"a\0\0\0", 4));
    assert_false(wc_utf16_check((const uint8_t *)"\x3d\xd8"
                                                 "a",
                                4));
    assert_false(wc_utf16_check((const uint8_t *)"\x3d\xd8", 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_of_all_lengths),
        cmocka_unit_test(what_a_name_may_not_hold_is_replaced),
        cmocka_unit_test(text_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
