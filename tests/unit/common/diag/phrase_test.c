/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/phrase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void parts_are_joined_and_cut(void **state)
{
    (void)state;
    char text[WC_FINDING_TEXT_BYTES];
    char longest[WC_FINDING_TEXT_BYTES + 10];
    WC_PHRASE(text, "a", "", "bc", "d");
    assert_string_equal(text, "abcd");
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    WC_PHRASE(text, "ab", longest, "never");
    assert_int_equal(strlen(text), WC_FINDING_TEXT_BYTES - 1);
    assert_memory_equal(text, "abxx", 4);
}

static void numbers(void **state)
{
    (void)state;
    char text[WC_PHRASE_NUMBER_BYTES];
    assert_string_equal(wc_phrase_number(text, 0), "0");
    assert_string_equal(wc_phrase_number(text, 1905), "1905");
    assert_string_equal(wc_phrase_number(text, UINT64_MAX), "18446744073709551615");
}

static void digests(void **state)
{
    (void)state;
    char text[WC_PHRASE_DIGEST_BYTES];
    uint8_t digest[WC_DIGEST_BYTES] = {0x01, 0xab};
    digest[WC_DIGEST_BYTES - 1] = 0xf0;
    assert_string_equal(wc_phrase_digest(text, digest), "sha256:01ab0000000000000000000000000000"
                                                        "000000000000000000000000000000f0");
}

static void times(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        const char *text;
    } cases[] = {
        {0, "1970-01-01 00:00:00 UTC"},
        {951782400, "2000-02-29 00:00:00 UTC"},
        {951868799, "2000-02-29 23:59:59 UTC"},
        {951868800, "2000-03-01 00:00:00 UTC"},
        {1795422646, "2026-11-23 08:30:46 UTC"},
        {4107542399, "2100-02-28 23:59:59 UTC"},
        {4107542400, "2100-03-01 00:00:00 UTC"},
        {-1, "1969-12-31 23:59:59 UTC"},
        {253402300799, "9999-12-31 23:59:59 UTC"},
        {253402300800, "unknown"},
        {-62135596800, "0001-01-01 00:00:00 UTC"},
        {INT64_MIN, "unknown"},
    };
    char text[WC_PHRASE_TIME_BYTES];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(wc_phrase_time(text, cases[i].seconds), cases[i].text);
}

static void spans(void **state)
{
    (void)state;
    char text[WC_PHRASE_TIME_BYTES];
    assert_string_equal(wc_phrase_span(text, 0), "0 seconds");
    assert_string_equal(wc_phrase_span(text, 1), "1 second");
    assert_string_equal(wc_phrase_span(text, 119), "1 minute");
    assert_string_equal(wc_phrase_span(text, 7200), "2 hours");
    assert_string_equal(wc_phrase_span(text, 86400), "1 day");
    assert_string_equal(wc_phrase_span(text, 40 * 86400 + 5), "40 days");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_joined_and_cut),
        cmocka_unit_test(numbers),
        cmocka_unit_test(digests),
        cmocka_unit_test(times),
        cmocka_unit_test(spans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
