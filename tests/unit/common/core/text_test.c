/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/text.h"

#include <string.h>

#include "tests/unit/common/core/support.h"

static bool is_text(const char *s)
{
    return wc_text_check(s, strlen(s));
}

static void utf8_is_text(void **state)
{
    (void)state;
    assert_true(is_text(""));
    assert_true(is_text("plain ~"));
    assert_true(is_text("gr\xc3\xbc\xc3\x9f dich"));
    assert_true(is_text("\xc2\xa0"));         /* U+00A0, the first after the controls */
    assert_true(is_text("\xe2\x82\xac"));     /* U+20AC */
    assert_true(is_text("\xed\x9f\xbf"));     /* U+D7FF, below the surrogates */
    assert_true(is_text("\xee\x80\x80"));     /* U+E000, above them */
    assert_true(is_text("\xf0\x90\x80\x80")); /* U+10000 */
    assert_true(is_text("\xf4\x8f\xbf\xbf")); /* U+10FFFF */
}

static void control_characters_are_not(void **state)
{
    (void)state;
    for (char c = 1; c < 0x20; c++)
        assert_false(wc_text_check(&c, 1));
    assert_false(wc_text_check("a\0b", 3));
    assert_false(is_text("\x7f"));
    assert_false(is_text("\xc2\x80"));
    assert_false(is_text("\xc2\x9b[2J")); /* a terminal's CSI in one character */
}

static void malformed_utf8_is_not(void **state)
{
    (void)state;
    assert_false(is_text("\x80"));
    assert_false(is_text("caf\xe9"));  /* Latin-1 */
    assert_false(is_text("\xc0\xaf")); /* overlong '/' */
    assert_false(is_text("\xc1\xbf"));
    assert_false(is_text("\xe0\x80\xaf"));
    assert_false(is_text("\xe0\x9f\xbf"));     /* overlong U+07FF */
    assert_false(is_text("\xf0\x8f\xbf\xbf")); /* overlong U+FFFF */
    assert_false(is_text("\xed\xa0\x80"));     /* surrogates */
    assert_false(is_text("\xed\xbf\xbf"));
    assert_false(is_text("\xf4\x90\x80\x80")); /* beyond U+10FFFF */
    assert_false(is_text("\xf8\x88\x80\x80\x80"));
    assert_false(is_text("\xff"));
    assert_false(is_text("\xe2\x82")); /* cut off */
    assert_false(is_text("\xe2\x82x"));
}

static enum wc_err get(const void *bytes, size_t byte_count, char *ret, size_t room)
{
    struct wc_reader r = wc_reader_of(bytes, byte_count);
    return wc_text_get(&r, ret, room);
}

static void put_and_get_fit_together(void **state)
{
    (void)state;
    static const char text[8] = "h\xc3\xb6ren";
    uint8_t bytes[16];
    struct wc_writer w = wc_writer_of(bytes, sizeof(bytes));
    wc_text_put(&w, text, sizeof(text));
    assert_false(w.failed);
    assert_int_equal(sizeof(bytes) - w.left, 8);
    assert_memory_equal(bytes, "\x00\x06h\xc3\xb6ren", 8);

    char back[7];
    assert_int_equal(get(bytes, 8, back, sizeof(back)), WC_OK);
    assert_string_equal(back, text);
    assert_int_equal(get(bytes, 8, back, sizeof(back) - 1), WC_E_FORMAT);
    for (size_t n = 0; n < 8; n++)
        assert_int_equal(get(bytes, n, back, sizeof(back)), WC_E_SHORT);
}

static void get_refuses_what_is_no_text(void **state)
{
    (void)state;
    char back[8];
    assert_int_equal(get("\x00\x03"
                         "a\0b",
                         5, back, sizeof(back)),
                     WC_E_FORMAT);
    assert_int_equal(get("\x00\x01\x1b", 3, back, sizeof(back)), WC_E_FORMAT);
    assert_int_equal(get("\x00\x01\xff", 3, back, sizeof(back)), WC_E_FORMAT);
}

static void put_replaces_what_is_no_text(void **state)
{
    (void)state;
    static const char text[] = "a\x1b"
                               "b\xff\xc3";
    uint8_t bytes[16];
    struct wc_writer w = wc_writer_of(bytes, sizeof(bytes));
    wc_text_put(&w, text, sizeof(text));
    assert_int_equal(sizeof(bytes) - w.left, 7);
    assert_memory_equal(bytes,
                        "\x00\x05"
                        "a?b??",
                        7);
}

static void hexadecimal(void **state)
{
    (void)state;
    uint8_t bytes[2] = {0};
    assert_int_equal(wc_text_nibble('0'), 0);
    assert_int_equal(wc_text_nibble('a'), 10);
    assert_int_equal(wc_text_nibble('F'), 15);
    assert_int_equal(wc_text_nibble('g'), -1);
    assert_int_equal(wc_text_nibble('\0'), -1);
    assert_true(wc_text_unhex("09fa", bytes, sizeof(bytes)));
    assert_memory_equal(bytes, "\x09\xfa", 2);
    assert_false(wc_text_unhex("09fA", bytes, sizeof(bytes))); /* one form, and no other */
    assert_false(wc_text_unhex("09f", bytes, sizeof(bytes)));
    assert_false(wc_text_unhex("09fa0", bytes, sizeof(bytes)));
    assert_false(wc_text_unhex("09f ", bytes, sizeof(bytes)));
    assert_true(wc_text_unhex("", bytes, 0));
}

static void one_word_of_a_shell(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"/var/lib/wimcast", "/var/lib/wimcast"},
        {"lab-7_a@b%c+d=e:f,g.h", "lab-7_a@b%c+d=e:f,g.h"},
        {"", "''"},
        {"n n", "'n n'"},
        {"$(reboot)", "'$(reboot)'"},
        {"a;b", "'a;b'"},
        {"DOMAIN\\pc", "'DOMAIN\\pc'"},
        {"it's", "'it'\\''s'"},
        {"~", "'~'"},
        {"m\xc3\xbc", "'m\xc3\xbc'"},
    };
    char word[WC_TEXT_SHELL_BYTES];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(wc_text_shell(word, sizeof(word), cases[i][0]), cases[i][1]);
    assert_string_equal(wc_text_shell(word, 5, "abcdef"), "abcd");
    assert_string_equal(wc_text_shell(word, 5, "a bcde"), "'a '");
    assert_string_equal(wc_text_shell(word, 6, "a'b"), "'a'"); /* never half a quote */
    assert_string_equal(wc_text_shell(word, 3, "a b"), "''");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_is_text),
        cmocka_unit_test(control_characters_are_not),
        cmocka_unit_test(malformed_utf8_is_not),
        cmocka_unit_test(put_and_get_fit_together),
        cmocka_unit_test(get_refuses_what_is_no_text),
        cmocka_unit_test(put_replaces_what_is_no_text),
        cmocka_unit_test(hexadecimal),
        cmocka_unit_test(one_word_of_a_shell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
