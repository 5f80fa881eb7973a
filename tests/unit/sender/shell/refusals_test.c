/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/refusals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char last[128];
static uint32_t told;

static void on_tell(void *ctx, const char *sentence)
{
    assert_ptr_equal(ctx, last);
    snprintf(last, sizeof(last), "%s", sentence);
    told++;
}

static struct wc_refusals begin(void)
{
    told = 0;
    last[0] = '\0';
    return (struct wc_refusals){.tell = on_tell, .ctx = last};
}

static void so_many_a_minute(void **state)
{
    (void)state;
    struct wc_refusals r = begin();
    for (uint64_t minute = 0; minute < 3; minute++) {
        uint64_t now = 7 + 2 * minute * 60000;
        for (uint32_t i = 0; i < WC_REFUSALS_PER_MINUTE + 5; i++)
            wc_refusals_tell(&r, now + i, "one");
        assert_int_equal(told, WC_REFUSALS_PER_MINUTE);
        assert_string_equal(last, "one");
        wc_refusals_sum(&r, now + 60000, false);
        assert_int_equal(told, WC_REFUSALS_PER_MINUTE);
        wc_refusals_sum(&r, now + 60000 + WC_REFUSALS_PER_MINUTE, false);
        assert_int_equal(told, WC_REFUSALS_PER_MINUTE + 1);
        assert_non_null(strstr(last, "5 more receivers"));
        wc_refusals_sum(&r, now + 120000, true);
        assert_int_equal(told, WC_REFUSALS_PER_MINUTE + 1);
        told = 0;
    }
}

static void the_rest_is_told_at_the_end(void **state)
{
    (void)state;
    struct wc_refusals r = begin();
    wc_refusals_sum(&r, 0, true);
    assert_int_equal(told, 0);
    for (uint32_t i = 0; i < WC_REFUSALS_PER_MINUTE + 3; i++)
        wc_refusals_tell(&r, 0, "one");
    wc_refusals_sum(&r, 1, false);
    assert_string_equal(last, "one");
    wc_refusals_sum(&r, 1, true);
    assert_non_null(strstr(last, "3 more receivers"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_many_a_minute),
        cmocka_unit_test(the_rest_is_told_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
