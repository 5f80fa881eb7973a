/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/finding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct wc_finding_kind notice = {.id = "a.notice", .severity = WC_SEVERITY_NOTICE};
static const struct wc_finding_kind warning = {.id = "a.warning", .severity = WC_SEVERITY_WARNING};
static const struct wc_finding_kind error = {.id = "an.error", .severity = WC_SEVERITY_ERROR};

static void the_first_of_the_worst_counts(void **state)
{
    (void)state;
    static struct wc_findings list;
    assert_null(wc_findings_worst(&list));
    (void)wc_findings_add(&list, &notice);
    const struct wc_finding *second = wc_findings_add(&list, &warning);
    assert_ptr_equal(wc_findings_worst(&list), second);
    const struct wc_finding *third = wc_findings_add(&list, &error);
    (void)wc_findings_add(&list, &error);
    assert_ptr_equal(wc_findings_worst(&list), third);
    assert_string_equal(wc_severity_text(third->kind->severity), "error");
}

static void a_full_list_counts_what_it_drops(void **state)
{
    (void)state;
    static struct wc_findings list;
    for (uint32_t i = 0; i < WC_FINDINGS_MAX; i++)
        assert_non_null(wc_findings_add(&list, &notice));
    assert_null(wc_findings_add(&list, &error));
    assert_int_equal(list.count, WC_FINDINGS_MAX);
    assert_int_equal(list.dropped_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_of_the_worst_counts),
        cmocka_unit_test(a_full_list_counts_what_it_drops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
