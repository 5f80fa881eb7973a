/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/damage_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/hresult.h"

static struct wc_damage_sight s;
static struct wc_findings list;
static const struct wc_finding *f;

static int setup(void **state)
{
    (void)state;
    s = (struct wc_damage_sight){.sbn = 17,
                                 .path = "/srv/install.wim",
                                 .offset = 1000,
                                 .end = 2000,
                                 .is_right = true,
                                 .digest = {0xab},
                                 .due = {0xcd},
                                 .at_work_count = 5};
    return 0;
}

static void report(uint32_t member, uint8_t digest, bool differs)
{
    struct wc_damage_report *r = &s.reports[s.report_count++ % WC_DAMAGE_REPORTS_MAX];
    *r = (struct wc_damage_report){.member = member, .differs = differs, .digest = {digest}};
    snprintf(r->name, sizeof(r->name), "pc-%u", member);
}

static void judge(const char *id, enum wc_severity severity)
{
    list.count = 0;
    wc_damage_rules(&s, &list);
    assert_int_equal(list.count, 1);
    f = &list.items[0];
    assert_string_equal(f->kind->id, id);
    assert_int_equal(f->kind->severity, severity);
    assert_int_equal(f->kind->hresult, WC_HR_HASH_VALUE);
    assert_int_equal(f->kind->exit_code, 65);
    assert_true(f->fix[0]);
}

static void assert_none(void)
{
    list.count = 0;
    wc_damage_rules(&s, &list);
    assert_int_equal(list.count, 0);
}

static void assert_says(const char *words)
{
    char line[3 * WC_FINDING_TEXT_BYTES];
    wc_finding_line(f, line, sizeof(line));
    if (!strstr(line, words))
        fail_msg("no \"%s\" in: %s", words, line);
}

static void one_report_of_many_receivers_says_nothing(void **state)
{
    (void)state;
    assert_none();
    report(1, 9, false);
    assert_none();
}

static void the_source_has_changed(void **state)
{
    (void)state;
    report(1, 9, true); /* whatever receivers say */
    s.is_right = false;
    judge("damage.source", WC_SEVERITY_ERROR);
    assert_says("/srv/install.wim is no longer what was published");
    assert_says("bytes 1000 to 2000");
    assert_says("published as sha256:cd00");
    assert_says("now sha256:ab00");
    s.more_count = 2;
    judge("damage.source", WC_SEVERITY_ERROR);
    assert_says("or of files behind it");
}

static void a_receiver_contradicts_itself(void **state)
{
    (void)state;
    report(1, 9, false);
    report(3, 8, true);
    judge("damage.memory", WC_SEVERITY_WARNING);
    assert_says("pc-3");
}

static void several_get_something_else(void **state)
{
    (void)state;
    report(1, 9, false);
    report(2, 9, false);
    judge("damage.forged", WC_SEVERITY_WARNING);
    assert_says("wrong 2 times to 2 of 5 receivers, alike, first to pc-1");
    report(2, 8, false);
    judge("damage.forged", WC_SEVERITY_WARNING);
    assert_says("wrong 3 times to 2 of 5 receivers, differently");
}

static void the_only_receiver_gets_something_else(void **state)
{
    (void)state;
    s.at_work_count = 1;
    report(1, 9, false);
    judge("damage.forged", WC_SEVERITY_WARNING);
}

static void more_reports_than_are_kept(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3 * WC_DAMAGE_REPORTS_MAX; i++)
        report(i, (uint8_t)i, false);
    judge("damage.forged", WC_SEVERITY_WARNING);
    list.count = 0;
    for (uint32_t i = 0; i < WC_FINDINGS_MAX + 3; i++) {
        s.is_right = i % 2;
        wc_damage_rules(&s, &list);
    }
    assert_int_equal(list.count, WC_FINDINGS_MAX);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_report_of_many_receivers_says_nothing),
        TEST(the_source_has_changed),
        TEST(a_receiver_contradicts_itself),
        TEST(several_get_something_else),
        TEST(the_only_receiver_gets_something_else),
        TEST(more_reports_than_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
