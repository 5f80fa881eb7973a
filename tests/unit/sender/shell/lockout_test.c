/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/lockout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define START WC_S(1000)

static struct wc_lockout *l;
static wc_ns now;

static int set_up(void **state)
{
    (void)state;
    l = wc_lockout_new();
    now = START;
    return l ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    wc_lockout_free(l);
    return 0;
}

static struct wc_addr v4(uint32_t n)
{
    struct wc_addr a = {.family = 4, .bytes = {10, 0}, .port = (uint16_t)(40000 + n)};
    a.bytes[2] = (uint8_t)(n >> 8);
    a.bytes[3] = (uint8_t)n;
    return a;
}

static uint32_t wait_of(struct wc_addr a)
{
    return wc_lockout_wait(l, &a, now).seconds;
}

static bool is_full(struct wc_addr a)
{
    return wc_lockout_is_full(l, &a, now);
}

static uint32_t failures_of(struct wc_addr a)
{
    return wc_lockout_wait(l, &a, now).failure_count;
}

static void guess(struct wc_addr a, bool is_wrong)
{
    wc_lockout_begin(l, &a, now);
    wc_lockout_end(l, &a, is_wrong, now);
}

static void a_few_are_free_then_each_waits_longer(void **state)
{
    (void)state;
    uint32_t due = 1;
    for (uint32_t i = 0; i < WC_LOCKOUT_FREE; i++) {
        assert_int_equal(wait_of(v4(1)), 0);
        guess(v4(1), true);
    }
    for (int i = 0; i < 12; i++) {
        assert_int_equal(wait_of(v4(1)), due);
        now += WC_S(due) - 1;
        assert_int_equal(wait_of(v4(1)), 1); /* to the last moment */
        now += 1;
        assert_int_equal(wait_of(v4(1)), 0);
        guess(v4(1), true);
        due = due < WC_LOCKOUT_WAIT_MAX_S ? 2 * due : due;
    }
    assert_int_equal(failures_of(v4(1)), WC_LOCKOUT_FREE + 12);
    assert_int_equal(wait_of(v4(2)), 0); /* nobody else */
}

/* Else one account would be the key to guess at all others. */
static void a_right_one_forgives_nothing(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < WC_LOCKOUT_FREE; i++) {
        guess(v4(1), true);
        guess(v4(1), false);
    }
    assert_int_equal(wait_of(v4(1)), 1);
}

static void time_does(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3 * WC_LOCKOUT_FREE; i++)
        guess(v4(1), true);
    assert_int_equal(wait_of(v4(1)), WC_LOCKOUT_WAIT_MAX_S);
    now += WC_LOCKOUT_FORGET;
    assert_int_equal(wait_of(v4(1)), 0);
    assert_int_equal(failures_of(v4(1)), 0);
}

/* A thousand connections at once get no more looks than one after the other. */
static void what_is_under_way_counts(void **state)
{
    (void)state;
    struct wc_addr a = v4(1);
    for (uint32_t i = 0; i < WC_LOCKOUT_FREE; i++) {
        assert_false(is_full(a));
        wc_lockout_begin(l, &a, now);
    }
    assert_true(is_full(a));
    assert_int_equal(wait_of(a), 0); /* none was wrong yet */
    assert_int_equal(failures_of(a), 0);
    wc_lockout_end(l, &a, false, now);
    assert_false(is_full(a));
    wc_lockout_begin(l, &a, now);
    for (uint32_t i = 0; i < WC_LOCKOUT_FREE; i++)
        wc_lockout_end(l, &a, true, now);
    assert_int_equal(wait_of(a), 1);
    now += WC_S(1);
    assert_int_equal(wait_of(a), 0);
    assert_false(is_full(a));
    wc_lockout_begin(l, &a, now); /* after a wait one, and no more */
    assert_true(is_full(a));
}

static struct wc_addr v6(uint8_t network, uint16_t n)
{
    struct wc_addr a = {.family = 6, .bytes = {0xfd, 0x99}};
    a.bytes[7] = network;
    a.bytes[14] = (uint8_t)(n >> 8);
    a.bytes[15] = (uint8_t)n;
    return a;
}

/* One host does not lock out its neighbours. */
static void ipv6_by_address(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < WC_LOCKOUT_FREE; i++)
        guess(v6(0, 1), true);
    assert_int_equal(wait_of(v6(0, 1)), 1);
    assert_int_equal(wait_of(v6(0, 2)), 0);
    assert_int_equal(failures_of(v6(0, 2)), 0);
}

/* One with a thousand addresses is stopped all the same. */
static void ipv6_by_network(void **state)
{
    (void)state;
    uint16_t n = 0;
    for (; n < WC_LOCKOUT_FREE_NETWORK; n++) {
        assert_int_equal(wait_of(v6(0, n)), 0);
        guess(v6(0, n), true);
    }
    struct wc_addr a = v6(0, n);
    struct wc_lockout_wait wait = wc_lockout_wait(l, &a, now);
    assert_int_equal(wait.seconds, 1);
    assert_int_equal(wait.failure_count, WC_LOCKOUT_FREE_NETWORK);
    assert_true(wait.by_network);
    assert_int_equal(wait_of(v6(1, n)), 0);
    now += WC_S(1);
    assert_int_equal(wait_of(a), 0);
    assert_false(is_full(a));
    wc_lockout_begin(l, &a, now);
    assert_true(is_full(v6(0, 9999))); /* one for all of them */
    assert_false(is_full(v6(1, n)));
    wc_lockout_end(l, &a, true, now);
    assert_int_equal(wait_of(v6(0, 9999)), 2);
    now += WC_LOCKOUT_FORGET;
    assert_int_equal(wait_of(a), 0);
}

static void the_oldest_is_forgotten(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < WC_LOCKOUT_FREE; i++)
        guess(v4(0), true);
    now += 1;
    for (uint32_t i = 0; i < WC_LOCKOUT_FREE; i++)
        guess(v4(1), true);
    for (uint32_t n = 2; n <= WC_LOCKOUT_PLACES; n++) {
        now += 1;
        guess(v4(n), true);
    }
    assert_int_equal(wait_of(v4(0)), 0);
    assert_int_equal(wait_of(v4(1)), 1);
    assert_int_equal(failures_of(v4(WC_LOCKOUT_PLACES)), 1);
    /* An end without place is no harm. */
    struct wc_addr gone = v4(0);
    wc_lockout_end(l, &gone, false, now);
    assert_int_equal(failures_of(gone), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_few_are_free_then_each_waits_longer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_right_one_forgives_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(time_does, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_under_way_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ipv6_by_address, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ipv6_by_network, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_is_forgotten, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
