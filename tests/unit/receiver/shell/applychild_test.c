/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/applychild.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void lines_of_a_child(void **state)
{
    (void)state;
    struct wc_apply_report r;
    assert_true(wc_apply_report_parse("p 1 1234567890123 2000000000000", &r));
    assert_false(r.is_end);
    assert_int_equal(r.phase, WC_WIMEXTRACT_BLOBS);
    assert_true(r.done == 1234567890123 && r.whole == 2000000000000);
    assert_true(wc_apply_report_parse("e 0 The operation completed successfully", &r));
    assert_true(r.is_end);
    assert_int_equal(r.end, WC_WIMEXTRACT_DONE);
    assert_string_equal(r.text, "The operation completed successfully");
    assert_true(wc_apply_report_parse("e 6 ", &r));
    assert_string_equal(r.text, "");
}

/* What a child says whose memory an image has taken over. */
static void other_lines(void **state)
{
    (void)state;
    struct wc_apply_report r;
    char line[400];
    static const char *const wrong[] = {
        "",  "p",   "p 1",      "p 1 2",  "p 3 1 2", "p 1 2 3 4",       "p 1 2 3x", "p x y",
        "e", "e x", "e 7 text", "e -1 t", "q 1 2 3", "[ERROR] p 1 2 3", " ",        "p -1 2 3"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (wc_apply_report_parse(wrong[i], &r))
            fail_msg("'%s' is taken for a report", wrong[i]);
    memset(line, 'x', sizeof line);
    memcpy(line, "e 1 ", 4);
    line[sizeof line - 1] = '\0';
    assert_true(wc_apply_report_parse(line, &r));
    assert_int_equal(strlen(r.text), sizeof r.text - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_a_child),
        cmocka_unit_test(other_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
