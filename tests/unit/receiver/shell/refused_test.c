/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/refused.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char line[WC_SENTENCE_BYTES_MAX + 1];

static void assert_line(uint64_t due_bytes, const char *package, const char *fix,
                        const char *expected)
{
    struct wc_refusal r = {.hresult = 0x80070005, .sentence = "why", .due_bytes = due_bytes};
    snprintf(r.fix, sizeof(r.fix), "%s", fix);
    assert_string_equal(wc_refused_line(&r, package, line), expected);
}

static void how_much_did_not_come(void **state)
{
    (void)state;
    assert_line(6000000000, "XYZ00012", "fix",
                "empty download: 0 of 5.6 GiB of XYZ00012: why; fix");
    assert_line(6000000000, "", "fix", "empty download: 0 of 5.6 GiB: why; fix");
    assert_line(0, "XYZ00012", "fix", "the sender refused: why; fix");
    assert_line(0, "", "", "the sender refused: why");
}

static void the_longest_is_cut(void **state)
{
    (void)state;
    struct wc_refusal r = {.due_bytes = 1};
    char package[WC_NAME_BYTES_MAX + 1] = {0};
    memset(r.sentence, 's', sizeof(r.sentence) - 1);
    memset(r.fix, 'f', sizeof(r.fix) - 1);
    memset(package, 'p', sizeof(package) - 1);
    assert_int_equal(strlen(wc_refused_line(&r, package, line)), WC_SENTENCE_BYTES_MAX);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_much_did_not_come),
        cmocka_unit_test(the_longest_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
