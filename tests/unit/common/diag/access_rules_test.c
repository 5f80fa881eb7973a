/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/access_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/hresult.h"

static struct wc_findings list;
static struct wc_readers readers;

/* Anonymous, allowed, and the package is for everyone. */
static struct wc_access_sight good(void)
{
    readers = (struct wc_readers){.set = WC_READERS_EVERYONE};
    return (struct wc_access_sight){
        .anonymous_allowed = true,
        .readers = &readers,
        .package = "XYZ00012",
        .due_bytes = 6000000000,
    };
}

static struct wc_access_sight of_account(enum wc_access_logon logon)
{
    struct wc_access_sight s = good();
    s.logon = logon;
    snprintf(s.account, sizeof(s.account), "lab");
    return s;
}

static bool judge(const struct wc_access_sight *s)
{
    list = (struct wc_findings){.count = 0};
    return wc_access_rules(s, &list);
}

static void assert_may(const struct wc_access_sight *s)
{
    if (!judge(s))
        fail_msg("refused: %s", list.items[0].sentence);
    assert_int_equal(list.count, 0);
}

static const struct wc_finding *assert_refused(const struct wc_access_sight *s, const char *id,
                                               uint32_t hresult, int exit_code)
{
    char line[600];
    assert_false(judge(s));
    assert_int_equal(list.count, 1);
    const struct wc_finding *f = &list.items[0];
    assert_string_equal(f->kind->id, id);
    assert_int_equal(f->kind->hresult, hresult);
    assert_int_equal(f->kind->exit_code, exit_code);
    assert_true(f->sentence[0] && f->evidence[0] && f->fix[0]);
    wc_finding_line(f, line, sizeof(line));
    if (strlen(line) > 440) /* with what a receiver puts in front it is one sentence of 512 */
        fail_msg("too long for one line: %s", line);
    if (strstr(line, "hash"))
        fail_msg("a hash error is what it is not: %s", line);
    return f;
}

static void assert_says(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("'%s' does not say '%s'", text, words);
}

static void list_reader(const char *name)
{
    readers.set = WC_READERS_LISTED;
    snprintf(readers.listed[readers.listed_count++], sizeof(readers.listed[0]), "%s", name);
}

static void who_may(void **state)
{
    (void)state;
    struct wc_access_sight s = good();
    assert_may(&s);
    for (int certificate = 0; certificate < 2; certificate++) {
        s = of_account(WC_ACCESS_LOGON_GOOD);
        s.by_certificate = certificate;
        assert_may(&s);
        s.anonymous_allowed = false;
        assert_may(&s);
        readers.set = WC_READERS_ACCOUNTS;
        assert_may(&s);
        list_reader("office");
        list_reader("lab");
        assert_may(&s);
    }
}

static void an_account_is_needed(void **state)
{
    (void)state;
    static const enum wc_reader_set sets[] = {WC_READERS_ACCOUNTS, WC_READERS_LISTED};
    for (size_t i = 0; i < 2; i++) {
        struct wc_access_sight s = good();
        readers.set = sets[i];
        s.multicast_only = true;
        const struct wc_finding *f =
            assert_refused(&s, "access.account-needed", WC_HR_ACCESS_DENIED, 77);
        assert_says(f->sentence, "XYZ00012 may only be read by accounts");
        assert_says(f->evidence, "allows anonymous connections, so nobody asked");
        assert_says(f->evidence, "only via multicast");
        assert_says(f->fix, "--account");
        assert_says(f->fix, "account anonymous refuse");
        assert_says(f->fix, "--read everyone");
        s.anonymous_allowed = s.multicast_only = false;
        f = assert_refused(&s, "access.account-needed", WC_HR_ACCESS_DENIED, 77);
        assert_null(strstr(f->evidence, "nobody asked"));
        assert_null(strstr(f->evidence, "multicast"));
    }
}

static void anonymous_is_refused(void **state)
{
    (void)state;
    struct wc_access_sight s = good();
    s.anonymous_allowed = false;
    const struct wc_finding *f =
        assert_refused(&s, "access.account-needed", WC_HR_ACCESS_DENIED, 77);
    assert_says(f->sentence, "refuses anonymous connections");
    assert_says(f->fix, "account anonymous allow");
}

/* Whether the account exists is not in the sight: so it cannot be in the answer. And who shows a
 * wrong password is told so, even where none is needed. */
static void a_wrong_password(void **state)
{
    (void)state;
    for (int set = WC_READERS_EVERYONE; set <= WC_READERS_LISTED; set++) {
        struct wc_access_sight s = of_account(WC_ACCESS_LOGON_FAILED);
        readers.set = (enum wc_reader_set)set;
        const struct wc_finding *f =
            assert_refused(&s, "access.logon-failed", WC_HR_LOGON_FAILURE, 77);
        assert_says(f->sentence, "account or password is wrong");
        assert_says(f->evidence, "lab");
    }
}

static void a_certificate_of_nobody(void **state)
{
    (void)state;
    struct wc_access_sight s = of_account(WC_ACCESS_LOGON_FAILED);
    s.by_certificate = true;
    const struct wc_finding *f = assert_refused(&s, "access.logon-failed", WC_HR_LOGON_FAILURE, 77);
    assert_says(f->sentence, "certificate");
    assert_says(f->evidence, "lab");
    s.account[0] = '\0';
    assert_says(assert_refused(&s, "access.logon-failed", WC_HR_LOGON_FAILURE, 77)->evidence,
                "unknown");
}

static void not_a_reader(void **state)
{
    (void)state;
    struct wc_access_sight s = of_account(WC_ACCESS_LOGON_GOOD);
    list_reader("office");
    list_reader("labs");
    const struct wc_finding *f = assert_refused(&s, "access.denied", WC_HR_ACCESS_DENIED, 77);
    assert_says(f->sentence, "account lab may not read package XYZ00012");
    assert_says(f->evidence, "password are right");
    s.by_certificate = true;
    assert_says(assert_refused(&s, "access.denied", WC_HR_ACCESS_DENIED, 77)->evidence,
                "certificate are right");
    readers.listed_count = 0;
    assert_refused(&s, "access.denied", WC_HR_ACCESS_DENIED, 77);
}

/* Before anything else: a right password is not even looked at. */
static void too_many_wrong_ones(void **state)
{
    (void)state;
    struct wc_access_sight s = of_account(WC_ACCESS_LOGON_GOOD);
    s.wait_s = 16;
    s.failure_count = 9;
    const struct wc_finding *f = assert_refused(&s, "access.locked-out", WC_HR_LOCKED_OUT, 75);
    assert_says(f->evidence, "16 seconds");
    assert_says(f->evidence, "9 failed");
    assert_says(f->sentence, "from this address");
    s.by_network = true; /* the others of it are not accused */
    f = assert_refused(&s, "access.locked-out", WC_HR_LOCKED_OUT, 75);
    assert_says(f->sentence, "from this network");
    assert_says(f->fix, "--client-certificate");
}

/* The longest names leave the texts whole. */
static void long_names(void **state)
{
    (void)state;
    struct wc_access_sight s = good();
    readers.set = WC_READERS_ACCOUNTS;
    s.multicast_only = true;
    memset(s.package, 'p', sizeof(s.package) - 1);
    assert_false(judge(&s));
    assert_says(list.items[0].fix, "--read everyone");
    s.logon = WC_ACCESS_LOGON_GOOD;
    memset(s.account, 'a', sizeof(s.account) - 1);
    list_reader("b");
    assert_false(judge(&s));
    assert_says(list.items[0].sentence, "ppp");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_may),
        cmocka_unit_test(an_account_is_needed),
        cmocka_unit_test(anonymous_is_refused),
        cmocka_unit_test(a_wrong_password),
        cmocka_unit_test(a_certificate_of_nobody),
        cmocka_unit_test(not_a_reader),
        cmocka_unit_test(too_many_wrong_ones),
        cmocka_unit_test(long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
