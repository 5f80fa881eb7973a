/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/logtext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct wc_log_text text;

/* Converted in pieces of `step` bytes; lives until the next call. */
static const char *decoded(const char *bytes, size_t count, size_t step)
{
    static char result[512];
    const uint8_t *at = (const uint8_t *)bytes;
    size_t used = 0, mark = wc_log_text_init(&text, at, count);
    for (size_t i = mark; i < count; i += step) {
        size_t piece = count - i < step ? count - i : step;
        char room[2 * 64 + 4];
        assert_true(piece <= 64);
        size_t made = wc_log_text_decode(&text, at + i, piece, room);
        assert_true(made <= 2 * piece + 4);
        memcpy(result + used, room, made);
        used += made;
    }
    result[used] = '\0';
    return result;
}

#define BYTES(literal) literal, sizeof literal - 1

static void encodings(void **state)
{
    (void)state;
    for (size_t step = 1; step <= 7; step++) {
        assert_string_equal(decoded(BYTES("plain \xc3\xa4"), step), "plain \xc3\xa4");
        assert_string_equal(decoded(BYTES("\xef\xbb\xbf"
                                          "bom"),
                                    step),
                            "bom");
        assert_int_equal(text.encoding, WC_LOG_BYTES);
        assert_string_equal(decoded(BYTES("\xff\xfe"
                                          "a\0b\0\xe4\0\n\0"),
                                    step),
                            "ab\xc3\xa4\n");
        assert_int_equal(text.encoding, WC_LOG_UTF16_LE);
        assert_string_equal(decoded(BYTES("\xfe\xff"
                                          "\0a\0b\x20\xac"),
                                    step),
                            "ab\xe2\x82\xac");
        assert_int_equal(text.encoding, WC_LOG_UTF16_BE);
        assert_string_equal(decoded(BYTES("n\0o\0 \0m\0a\0r\0k\0"), step), "no mark");
        assert_int_equal(text.encoding, WC_LOG_UTF16_LE);
        assert_string_equal(decoded(BYTES("\0n\0o\0 \0m\0a\0r\0k"), step), "no mark");
        assert_int_equal(text.encoding, WC_LOG_UTF16_BE);
        assert_false(wc_log_text_is_binary(&text));
    }
}

static void surrogates(void **state)
{
    (void)state;
    for (size_t step = 1; step <= 5; step++) {
        assert_string_equal(decoded(BYTES("\xff\xfe\x3d\xd8\x00\xde"), step), "\xf0\x9f\x98\x80");
        assert_string_equal(decoded(BYTES("\xff\xfe\x3d\xd8x\0"), step), "\xef\xbf\xbdx");
        assert_string_equal(decoded(BYTES("\xff\xfe\x00\xdey\0"), step), "\xef\xbf\xbdy");
        assert_string_equal(decoded(BYTES("\xff\xfe\x3d\xd8\x3d\xd8\x00\xde"), step),
                            "\xef\xbf\xbd\xf0\x9f\x98\x80");
    }
}

static void what_is_no_text(void **state)
{
    (void)state;
    char noise[256];
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)(i * 37 + 11);
    decoded(noise, sizeof noise, 64);
    assert_true(wc_log_text_is_binary(&text));
    decoded(BYTES("MSWIM\0\0\0\xd0\0\0\0"), 64);
    assert_true(wc_log_text_is_binary(&text));
    decoded(BYTES("Stra\xdf"
                  "e, in a code page\r\n\tand more"),
            64);
    assert_false(wc_log_text_is_binary(&text));
    decoded(BYTES(""), 1);
    assert_false(wc_log_text_is_binary(&text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodings),
        cmocka_unit_test(surrogates),
        cmocka_unit_test(what_is_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
