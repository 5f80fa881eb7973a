/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is let into the roster: what is refused holds no seat, and who leaves while a password is
 * looked at harms nobody. */
#include <stdio.h>
#include <string.h>

#include "common/core/hresult.h"
#include "common/io/accounts.h"
#include "sender/shell/refusals.h"
#include "tests/unit/sender/shell/roster_bench.h"

#define OBJECT_BYTES 30001u

static const struct wc_readers accounts = {.set = WC_READERS_ACCOUNTS};
static const struct wc_readers others = {
    .set = WC_READERS_LISTED, .listed_count = 1, .listed = {"office"}};

static void save_account(void)
{
    struct wc_accounts *a = NULL;
    struct wc_why why;
    struct wc_account lab = {.name = "lab"};
    assert_int_equal(wc_accounts_open(&a, b.w.dir.path, &why), WC_OK);
    assert_int_equal(wc_password_make(&lab.password, "geheim"), WC_OK);
    assert_int_equal(wc_accounts_put(a, &lab), WC_OK);
    assert_int_equal(wc_accounts_save(a, b.w.dir.path, &why), WC_OK);
    wc_accounts_close(a);
}

static void open_for(const struct wc_readers *readers)
{
    bench_readers = readers;
    bench_open(OBJECT_BYTES, false);
    save_account();
}

static void close_all(void)
{
    bench_close();
    bench_readers = NULL;
}

static void say_hello(struct peer *p, const char *account, const char *password)
{
    peer_connect(p);
    struct wc_msg hello = hello_named("alpha");
    snprintf(hello.hello.account, sizeof(hello.hello.account), "%s", account);
    snprintf(hello.hello.password, sizeof(hello.hello.password), "%s", password);
    peer_send(p, &hello);
}

static void assert_refused(struct peer *p, uint32_t hresult, const char *finding, const char *word)
{
    UNTIL(p->side.close_count);
    assert_string_equal(p->refusal.finding, finding);
    assert_int_equal(p->refusal.due_bytes, OBJECT_BYTES);
    assert_true(p->refusal.fix[0]);
    assert_int_equal(p->manifest_bytes, 0);
    assert_int_equal(p->welcome.instance, 0);
    peer_assert_refused(p, WC_MSG_REFUSE, hresult, word);
}

static void the_right_password_joins(void **state)
{
    (void)state;
    struct peer p;
    open_for(&accounts);
    say_hello(&p, "lab", "geheim");
    UNTIL(p.manifest_bytes == b.stage.session.publication.byte_count);
    assert_int_equal(bench_told(WC_MEMBER_JOINED), 1);
    assert_string_equal(bench_last_told()->name, "alpha");
    peer_leave(&p);
    close_all();
}

/* More often than there are seats; then one still joins. */
static void who_is_refused_has_no_seat(void **state)
{
    (void)state;
    struct peer p;
    open_for(&accounts);
    for (uint32_t i = 0; i < SEATS + 1; i++) {
        say_hello(&p, "", "");
        assert_refused(&p, WC_HR_ACCESS_DENIED, "access.account-needed", "stage");
        say_hello(&p, "lab", "wrong");
        assert_refused(&p, WC_HR_LOGON_FAILURE, "access.logon-failed", "password is wrong");
    }
    assert_int_equal(b.told_count, 0);
    UNTIL(wc_roster_is_empty(b.roster));
    assert_non_null(strstr(b.warning, "the receiver alpha (127.0.0.1:"));
    say_hello(&p, "lab", "geheim");
    UNTIL(p.welcome.version);
    peer_leave(&p);
    close_all();
}

/* Eight junk joins do not silence the sender for good. */
static void refusals_are_counted(void **state)
{
    (void)state;
    struct peer p;
    open_for(&accounts);
    uint32_t before = b.warning_count; /* that anonymous connections are allowed */
    for (uint32_t i = 0; i < WC_REFUSALS_PER_MINUTE + 3; i++) {
        say_hello(&p, "", "");
        assert_refused(&p, WC_HR_ACCESS_DENIED, "access.account-needed", "stage");
    }
    assert_int_equal(b.warning_count, before + WC_REFUSALS_PER_MINUTE);
    close_all();
    assert_int_equal(b.warning_count, before + WC_REFUSALS_PER_MINUTE + 1);
    assert_non_null(strstr(b.warning, "3 more receivers were refused"));
}

static void an_account_that_is_no_reader(void **state)
{
    (void)state;
    struct peer p;
    open_for(&others);
    say_hello(&p, "lab", "geheim");
    assert_refused(&p, WC_HR_ACCESS_DENIED, "access.denied", "account lab may not read");
    close_all();
}

static void leaving_before_the_answer(void **state)
{
    (void)state;
    struct peer p[SEATS];
    open_for(&accounts);
    for (uint32_t i = 0; i < SEATS; i++)
        say_hello(&p[i], "lab", i ? "geheim" : "wrong");
    for (uint32_t i = 0; i < SEATS; i++)
        peer_leave(&p[i]);
    UNTIL(wc_roster_is_empty(b.roster));
    say_hello(&p[0], "lab", "geheim");
    UNTIL(p[0].manifest_bytes == b.stage.session.publication.byte_count);
    peer_leave(&p[0]);
    close_all();
}

/* While a password is looked at, nothing else may come, and the session may end. */
static void not_twice_and_nothing_before(void **state)
{
    (void)state;
    struct peer p;
    open_for(&accounts);
    say_hello(&p, "lab", "wrong");
    peer_send_type(&p, WC_MSG_READY);
    peer_assert_refused(&p, WC_MSG_REFUSE, WC_HR_PROTOCOL, "HELLO");
    say_hello(&p, "lab", "geheim");
    struct wc_msg again = hello_named("beta");
    peer_send(&p, &again);
    peer_assert_refused(&p, WC_MSG_REFUSE, WC_HR_PROTOCOL, "HELLO");
    say_hello(&p, "lab", "other");
    bench_step();
    wc_roster_close(b.roster, WC_HR_CANCELLED, "stopped");
    UNTIL(p.side.close_count);
    peer_leave(&p);
    assert_int_equal(b.told_count, 0);
    close_all();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_right_password_joins),  cmocka_unit_test(who_is_refused_has_no_seat),
        cmocka_unit_test(refusals_are_counted),      cmocka_unit_test(an_account_that_is_no_reader),
        cmocka_unit_test(leaving_before_the_answer), cmocka_unit_test(not_twice_and_nothing_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
