/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

typedef bool parser(const char *text, uint64_t *ret);

struct reading {
    parser *parse;
    const char *text;
    uint64_t value;
};

static const struct reading readings[] = {
    {wc_format_parse_uint, "0", 0},
    {wc_format_parse_uint, "007", 7},
    {wc_format_parse_uint, "18446744073709551614", UINT64_MAX - 1},
    {wc_format_parse_uint, "18446744073709551616", UINT64_MAX},
    {wc_format_parse_uint, "99999999999999999999999999", UINT64_MAX},
    {wc_format_parse_duration, "0", 0},
    {wc_format_parse_duration, "10", WC_S(10)},
    {wc_format_parse_duration, "10s", WC_S(10)},
    {wc_format_parse_duration, "1.5", WC_MS(1500)},
    {wc_format_parse_duration, "0.000001", 1000},
    {wc_format_parse_duration, "0.0000019", 1000},
    {wc_format_parse_duration, "0.1", WC_MS(100)},
    {wc_format_parse_duration, "18446744074", UINT64_MAX},
    {wc_format_parse_bitrate, "9600", 9600},
    {wc_format_parse_bitrate, "64k", 64000},
    {wc_format_parse_bitrate, "64K", 64000},
    {wc_format_parse_bitrate, "64kbit", 64000},
    {wc_format_parse_bitrate, "100m", 100000000},
    {wc_format_parse_bitrate, "100M", 100000000},
    {wc_format_parse_bitrate, "100Mbit", 100000000},
    {wc_format_parse_bitrate, "1.5g", 1500000000},
    {wc_format_parse_bitrate, "2.500000G", 2500000000},
    {wc_format_parse_bitrate, "10gbit", 10000000000},
    {wc_format_parse_bitrate, "99999999999999999999g", UINT64_MAX},
    {wc_format_parse_bitrate, "18446744074g", UINT64_MAX},
    {wc_format_parse_size, "1", 1},
    {wc_format_parse_size, "16k", 16384},
    {wc_format_parse_size, "16KiB", 16384},
    {wc_format_parse_size, "96M", 96ull << 20},
    {wc_format_parse_size, "96mib", 96ull << 20},
    {wc_format_parse_size, "0.5G", 512ull << 20},
    {wc_format_parse_size, "4G", 4ull << 30},
    {wc_format_parse_size, "17179869184G", UINT64_MAX},
};

static void numbers_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
        uint64_t value = 12345;
        if (!readings[i].parse(readings[i].text, &value))
            fail_msg("'%s' is refused", readings[i].text);
        if (value != readings[i].value)
            fail_msg("'%s' is read as %llu", readings[i].text, (unsigned long long)value);
    }
}

static void malformed_numbers_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",      " ",   "x",    "-1",   "+1",   " 1",  "1 ",
                                        "1,5",   ".5",  "1.",   "1..",  "1.5.", "1e3", "0x10",
                                        "1_000", "1.x", "10x",  "inf",  "k",    "1kk", "1 k",
                                        "1kb",   "1t",  "1min", "1e99", "nan",  "1\n"};
    static parser *const parsers[] = {wc_format_parse_uint, wc_format_parse_duration,
                                      wc_format_parse_bitrate, wc_format_parse_size};
    for (size_t p = 0; p < sizeof(parsers) / sizeof(parsers[0]); p++) {
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
            uint64_t value = 12345;
            if (parsers[p](texts[i], &value))
                fail_msg("parser %zu takes '%s'", p, texts[i]);
            assert_int_equal(value, 12345);
        }
    }
    uint64_t value;
    assert_false(wc_format_parse_uint("1.5", &value));
    assert_false(wc_format_parse_uint("1k", &value));
    assert_false(wc_format_parse_duration("1m", &value));
    assert_false(wc_format_parse_bitrate("1mib", &value));
    assert_false(wc_format_parse_size("1mbit", &value));
}

typedef const char *formatter(char *ret, uint64_t value);

static const struct {
    formatter *format;
    uint64_t value;
    const char *text;
} writings[] = {
    {wc_format_bytes, 1023, "1023 bytes"},
    {wc_format_bytes, 1536, "1.5 KiB"},
    {wc_format_bitrate, 0, "0 bit/s"},
    {wc_format_bitrate, 999, "999 bit/s"},
    {wc_format_bitrate, 1000, "1.00 kbit/s"},
    {wc_format_bitrate, 9994, "9.99 kbit/s"},
    {wc_format_bitrate, 9995, "10.0 kbit/s"},
    {wc_format_bitrate, 99949, "99.9 kbit/s"},
    {wc_format_bitrate, 99950, "100 kbit/s"},
    {wc_format_bitrate, 999499, "999 kbit/s"},
    {wc_format_bitrate, 999500, "1.00 Mbit/s"},
    {wc_format_bitrate, 941000000, "941 Mbit/s"},
    {wc_format_bitrate, 9414000000, "9.41 Gbit/s"},
    {wc_format_bitrate, 1000000000000, "1.00 Tbit/s"},
    {wc_format_bitrate, UINT64_MAX, "18446744 Tbit/s"},
    {wc_format_duration, 0, "0:00"},
    {wc_format_duration, WC_S(1) - 1, "0:00"},
    {wc_format_duration, WC_S(7), "0:07"},
    {wc_format_duration, WC_S(83), "1:23"},
    {wc_format_duration, WC_S(3600) - 1, "59:59"},
    {wc_format_duration, WC_S(3600), "1 h 00 min"},
    {wc_format_duration, WC_S(7500), "2 h 05 min"},
    {wc_format_duration, WC_S(86400) - 1, "23 h 59 min"},
    {wc_format_duration, WC_S(86400 * 3 + 4 * 3600), "3 d 04 h"},
    {wc_format_duration, WC_NEVER - 1, "213503 d 23 h"},
    {wc_format_duration, WC_NEVER, "--:--"},
    {wc_format_seconds, 0, "0 s"},
    {wc_format_seconds, WC_MS(9), "0 s"},
    {wc_format_seconds, WC_MS(50), "0.05 s"},
    {wc_format_seconds, WC_MS(250), "0.25 s"},
    {wc_format_seconds, WC_MS(83400), "83.4 s"},
    {wc_format_seconds, WC_S(10), "10 s"},
    {wc_format_seconds, WC_NEVER, "no limit"},
};

static void numbers_are_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(writings) / sizeof(writings[0]); i++) {
        char text[WC_FORMAT_BYTES];
        assert_ptr_equal(writings[i].format(text, writings[i].value), text);
        assert_string_equal(text, writings[i].text);
    }
}

static void counts_have_commas(void **state)
{
    (void)state;
    static const struct {
        uint64_t count;
        const char *text;
    } cases[] = {
        {0, "0"},
        {7, "7"},
        {999, "999"},
        {1000, "1,000"},
        {62850, "62,850"},
        {1234567, "1,234,567"},
        {UINT64_MAX, "18,446,744,073,709,551,615"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[WC_FORMAT_BYTES];
        assert_string_equal(wc_format_count(text, cases[i].count), cases[i].text);
    }
}

static void percent_is_honest(void **state)
{
    (void)state;
    static const struct {
        uint64_t part, whole;
        const char *text;
    } cases[] = {
        {0, 0, "0 %"},      {0, 10, "0 %"},          {1, 0, "100 %"},
        {10, 10, "100 %"},  {11, 10, "100 %"},       {421, 1000, "42.1 %"},
        {1, 3, "33.3 %"},   {9999, 10000, "99.9 %"}, {UINT64_MAX - 1, UINT64_MAX, "99.9 %"},
        {1, 1000, "0.1 %"}, {1, 1001, "<0.1 %"},     {1, UINT64_MAX, "<0.1 %"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[WC_FORMAT_BYTES];
        assert_string_equal(wc_format_percent(text, cases[i].part, cases[i].whole), cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read),    cmocka_unit_test(malformed_numbers_are_refused),
        cmocka_unit_test(numbers_are_written), cmocka_unit_test(counts_have_commas),
        cmocka_unit_test(percent_is_honest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
