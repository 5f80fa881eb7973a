/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/codes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint32_t parsed(const char *text)
{
    uint32_t code = 0xdeadbeef;
    if (!wc_code_parse(text, &code))
        fail_msg("'%s' is no code", text);
    return code;
}

static void people_write_codes_in_many_ways(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t code;
    } rows[] = {
        {"0x800705b4", 0x800705b4},
        {"800705B4", 0x800705b4},
        {"0X800705B4", 0x800705b4},
        {"8004005", 0x80004005},
        {"0x8004005", 0x80004005},
        {"8007005", 0x80070005},
        {"8070005", 0x80070005},
        {"2147945410", 0x80070bc2},
        {"-2147467259", 0x80004005},
        {"-2147023436", 0x800705b4},
        {"1460", 0x800705b4},
        {"5", 0x80070005},
        {"0x5b4", 0x800705b4},
        {"80004005", 0x80004005},
        {"80190193", 0x80190193},
        {"C1210103", 0xc1210103},
        {"a0570001", 0xa0570001},
        {"0", 0},
        {"0x0", 0},
        {"4294967295", 0xffffffffu},
        {"3010", 0x80070bc2},
        {"801901F4", 0x801901f4},
        {"-1", 0xffffffffu},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (parsed(rows[i].text) != rows[i].code)
            fail_msg("'%s' is 0x%08X", rows[i].text, parsed(rows[i].text));
    }
}

static void other_texts_are_no_codes(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",        "x",    "0x", "0x123456789",  "80004005 ", " 80004005", "12345678901234567890",
        "-",       "--1",  "-0", "-99999999999", "+5",        "0xg",       "5.0",
        "error 5", "-0x5",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint32_t code = 7;
        if (wc_code_parse(texts[i], &code))
            fail_msg("'%s' became 0x%08X", texts[i], code);
        assert_int_equal(code, 7);
    }
}

/* All codes of a message, as one text. */
static const char *codes_in(const char *message)
{
    static char text[256];
    const char *at = message;
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t code; used < sizeof text - 16 && wc_code_next(&at, &code);)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%08X", used ? " " : "", code);
    return text;
}

static void codes_are_found_in_messages(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"pNext != NULL, HRESULT=80004005 (e:\\nts\\libsmsmessaging.cpp,2054)", "80004005"},
        {"Failed to get MCS key (Code 0x80004005)", "80004005"},
        {"Multicast OpenSessionRequest failed (0x80004005).", "80004005"},
        {"ClientRequestToMCS::DoRequest failed. error = (0x80004005).", "80004005"},
        {"Process completed with exit code 2147945410", "80070BC2"},
        {"exit code -2147467259", "80004005"},
        {"SendResourceRequest() failed. 801901f4", "801901F4"},
        {"hr=0x8004005, sorry", "80004005"},
        {"HRESULT=8004005", "80004005"},
        {"exit code 1460", "800705B4"},
        {"0x80070005 then 0x80091007", "80070005 80091007"},
        {"C1210105: namespace", "C1210105"},
        /* and these have none */
        {"thread 2340 (0x0924)", ""},
        {"{80070005-1234-5678-9ABC-80004005DEAD}", ""},
        {"Package ABC00012, C1200012, 80000001", ""},
        {"size 3000000000 of 4294967295 bytes", ""},
        {"PackageFlags=134217728&packageID=LAB00012&version=2", ""},
        {"Process completed with exit code 0", ""},
        {"IPv6 fe80::80070005:1x80070005", "80070005"},
        {"x80004005 80004005x 0x800040051", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(codes_in(rows[i][0]), rows[i][1]) != 0)
            fail_msg("'%s': '%s', expected '%s'", rows[i][0], codes_in(rows[i][0]), rows[i][1]);
    }
}

static void the_table_is_in_order_and_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < wc_code_table_count; i++) {
        const struct wc_code_row *row = &wc_code_table[i];
        assert_true(i == 0 || wc_code_table[i - 1].hresult < row->hresult);
        assert_ptr_equal(wc_code_find(row->hresult), row);
        struct wc_code_text text;
        wc_code_describe(row->hresult, &text);
        assert_string_equal(text.symbol, row->symbol);
        assert_string_equal(text.sentence, row->sentence);
        assert_true(*text.meaning && *text.fix);
    }
    assert_true(wc_code_table_count > 150);
    assert_null(wc_code_find(0x12345678));
    assert_null(wc_code_find(0xffffffffu));
}

static void unknown_codes_are_taken_apart(void **state)
{
    (void)state;
    struct wc_code_text text;
    wc_code_describe(0x80070999, &text);
    assert_string_equal(text.hex, "0x80070999");
    assert_string_equal(text.symbol, "");
    assert_non_null(strstr(text.sentence, "facility 7 (Win32), code 2457"));
    wc_code_describe(0x8019019a, &text);
    assert_non_null(strstr(text.sentence, "code 410, which is the HTTP status"));
    wc_code_describe(0xa0570099, &text);
    assert_non_null(strstr(text.sentence, "(wimcast), code 153"));
    wc_code_describe(0xc1220107, &text);
    assert_non_null(strstr(text.sentence, "WDS multicast client"));
    assert_int_equal(wc_code_topic_of(0xc1220107), WC_TOPIC_WDSCLIENT);
    wc_code_describe(0x00040000, &text);
    assert_non_null(strstr(text.sentence, "no failure"));
    for (uint32_t facility = 0; facility < 0x800; facility++) {
        wc_code_describe(0x80000000u | facility << 16 | 0xeeee, &text);
        assert_true(*text.sentence && *text.meaning && *text.fix);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_write_codes_in_many_ways),
        cmocka_unit_test(other_texts_are_no_codes),
        cmocka_unit_test(codes_are_found_in_messages),
        cmocka_unit_test(the_table_is_in_order_and_complete),
        cmocka_unit_test(unknown_codes_are_taken_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
