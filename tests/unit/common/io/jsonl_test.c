/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/jsonl.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

/* A writer whose lines land in memory. */
struct page {
    struct wc_jsonl *j;
    FILE *file;
    char *text;
    size_t byte_count;
};

static int open_page(void **state)
{
    struct page *p = calloc(1, sizeof(*p));
    assert_non_null(p);
    p->file = open_memstream(&p->text, &p->byte_count);
    assert_non_null(p->file);
    p->j = wc_jsonl_new(p->file);
    assert_non_null(p->j);
    *state = p;
    return 0;
}

static int close_page(void **state)
{
    struct page *p = *state;
    wc_jsonl_free(p->j);
    fclose(p->file);
    free(p->text);
    free(p);
    return 0;
}

/* What was written since the last call; the line is flushed by wc_jsonl_end. */
static void assert_lines(struct page *p, const char *text)
{
    p->text[p->byte_count] = '\0'; /* what an earlier, longer line left behind */
    assert_string_equal(p->text, text);
    rewind(p->file);
}

static void assert_end(struct page *p, const char *text)
{
    struct wc_why why;
    assert_int_equal(wc_jsonl_end(p->j, &why), WC_OK);
    assert_lines(p, text);
}

static void every_kind_of_field(void **state)
{
    struct page *p = *state;
    wc_jsonl_begin(p->j, "session");
    wc_jsonl_str(p->j, "url", "wimcast://h:1/X");
    wc_jsonl_uint(p->j, "bytes", 5236588544u);
    wc_jsonl_int(p->j, "delta", -7);
    wc_jsonl_bool(p->j, "yes", true);
    wc_jsonl_bool(p->j, "no", false);
    wc_jsonl_null(p->j, "nothing");
    wc_jsonl_str(p->j, "none", NULL);
    wc_jsonl_hex(p->j, "sha256", (const uint8_t[]){0x00, 0xe3, 0xb0}, 3);
    assert_end(p, "{\"event\":\"session\",\"v\":1,\"url\":\"wimcast://h:1/X\","
                  "\"bytes\":5236588544,\"delta\":-7,\"yes\":true,\"no\":false,\"nothing\":null,"
                  "\"none\":null,\"sha256\":\"00e3b0\"}\n");
    wc_jsonl_begin(p->j, "next");
    assert_end(p, "{\"event\":\"next\",\"v\":1}\n");
}

static void numbers_at_their_ends(void **state)
{
    struct page *p = *state;
    wc_jsonl_begin(p->j, "n");
    wc_jsonl_uint(p->j, "a", UINT64_MAX);
    wc_jsonl_int(p->j, "b", INT64_MIN);
    wc_jsonl_real(p->j, "c", 0.1);
    wc_jsonl_real(p->j, "d", 3);
    wc_jsonl_real(p->j, "e", -12.3456789);
    wc_jsonl_real(p->j, "f", (double)NAN);
    wc_jsonl_real(p->j, "g", HUGE_VAL);
    wc_jsonl_real(p->j, "h", -HUGE_VAL);
    assert_end(p, "{\"event\":\"n\",\"v\":1,\"a\":9223372036854775807,"
                  "\"b\":-9223372036854775808,\"c\":0.1,\"d\":3.0,\"e\":-12.3456789,\"f\":null,"
                  "\"g\":null,\"h\":null}\n");
}

/* One event is one line whatever a file is called. */
static void strings_are_escaped(void **state)
{
    static const struct {
        const char *value, *json;
    } cases[] = {
        {"", ""},
        {"a\"b\\c/d", "a\\\"b\\\\c/d"},
        {"\n\r\t\b\f\x01\x1f", "\\n\\r\\t\\b\\f\\u0001\\u001F"},
        {"\x7f", "\x7f"},
        {"K\xc3\xb6ln \xe2\x82\xac \xf0\x9f\x98\x80", "K\xc3\xb6ln \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf", "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf"},
        /* Not UTF-8: a byte alone, a lead alone, cut off, overlong, surrogate, beyond U+10FFFF. */
        {"a\x80z", "a\xef\xbf\xbdz"},
        {"a\xffz", "a\xef\xbf\xbdz"},
        {"a\xc3", "a\xef\xbf\xbd"},
        {"a\xc3z", "a\xef\xbf\xbdz"},
        {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf0\x9f\x98", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xe0\x9f\xbf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf0\x8f\xbf\xbf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf5\xc3\xb6", "\xef\xbf\xbd\xc3\xb6"},
    };
    struct page *p = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char expected[256];
        snprintf(expected, sizeof(expected), "{\"event\":\"e\",\"v\":1,\"s\":\"%s\"}\n",
                 cases[i].json);
        wc_jsonl_begin(p->j, "e");
        wc_jsonl_str(p->j, "s", cases[i].value);
        assert_end(p, expected);
    }
}

static void lists_of_objects(void **state)
{
    struct page *p = *state;
    wc_jsonl_begin(p->j, "summary");
    wc_jsonl_list_begin(p->j, "none");
    wc_jsonl_list_end(p->j);
    wc_jsonl_list_begin(p->j, "files");
    for (unsigned i = 0; i < 2; i++) {
        wc_jsonl_item_begin(p->j);
        wc_jsonl_str(p->j, "path", i ? "b" : "a");
        wc_jsonl_uint(p->j, "bytes", i);
        wc_jsonl_item_end(p->j);
    }
    wc_jsonl_item_begin(p->j);
    wc_jsonl_item_end(p->j);
    wc_jsonl_list_end(p->j);
    wc_jsonl_bool(p->j, "last", true);
    assert_end(p,
               "{\"event\":\"summary\",\"v\":1,\"none\":[],\"files\":[{\"path\":\"a\",\"bytes\":0},"
               "{\"path\":\"b\",\"bytes\":1},{}],\"last\":true}\n");
}

static void nobody_wants_events(void **state)
{
    (void)state;
    wc_jsonl_begin(NULL, "e");
    wc_jsonl_str(NULL, "a", "b");
    wc_jsonl_str(NULL, "a", NULL);
    wc_jsonl_uint(NULL, "a", 1);
    wc_jsonl_int(NULL, "a", 1);
    wc_jsonl_real(NULL, "a", 1);
    wc_jsonl_bool(NULL, "a", true);
    wc_jsonl_null(NULL, "a");
    wc_jsonl_hex(NULL, "a", (const uint8_t *)"b", 1);
    wc_jsonl_list_begin(NULL, "a");
    wc_jsonl_item_begin(NULL);
    wc_jsonl_item_end(NULL);
    wc_jsonl_list_end(NULL);
    assert_int_equal(wc_jsonl_end(NULL, NULL), WC_OK);
    wc_jsonl_free(NULL);
}

/* A full disk is told at the end of the line it hits, and the next line gets its own chance. */
static void write_errors_are_told(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip();
    struct wc_jsonl *j = wc_jsonl_new(full);
    struct wc_why why = {0};
    for (int i = 0; i < 2; i++) {
        wc_jsonl_begin(j, "e");
        for (int n = 0; n < 1000; n++) /* longer than the buffer: fails before the end */
            wc_jsonl_str(j, "key", "value");
        assert_int_equal(wc_jsonl_end(j, &why), WC_E_IO);
        assert_int_equal(why.exit_code, EX_IOERR);
        assert_string_equal(why.text, "cannot write an event in JSON: No space left on device");
    }
    wc_jsonl_begin(j, "e");
    assert_int_equal(wc_jsonl_end(j, NULL), WC_E_IO);
    wc_jsonl_free(j);
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_kind_of_field, open_page, close_page),
        cmocka_unit_test_setup_teardown(numbers_at_their_ends, open_page, close_page),
        cmocka_unit_test_setup_teardown(strings_are_escaped, open_page, close_page),
        cmocka_unit_test_setup_teardown(lists_of_objects, open_page, close_page),
        cmocka_unit_test(nobody_wants_events),
        cmocka_unit_test(write_errors_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
