/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/pacer.h"

#include "tests/unit/common/core/support.h"

#define WIRE        1538u /* an Ethernet frame of 1500 bytes on the line */
#define CATCH_UP_NS 300000u
#define ORIGIN      WC_S(1000)

static const uint64_t rates[] = {
    100000ull, 10000000ull, 1000000000ull, 10000000000ull, 100000000000ull,
};
#define RATE_COUNT (sizeof(rates) / sizeof(rates[0]))

static double datagrams_in(uint64_t rate_bps, wc_ns span)
{
    return (double)rate_bps * (double)span / 1e9 / (8.0 * WIRE);
}

/* Credit that a late or idle sender may find: a group, and what a late wake-up makes up for. */
static double burst_max(const struct wc_pacer *p, uint64_t rate_bps)
{
    double catch_up = datagrams_in(rate_bps, CATCH_UP_NS);
    return p->group + (catch_up < WC_PACER_BURST ? WC_PACER_BURST : catch_up) + 1;
}

static void assert_about(double is, double should_be, double tolerance)
{
    if (is < should_be - tolerance || is > should_be + tolerance)
        fail_msg("%f is not %f +- %f", is, should_be, tolerance);
}

/* From `now` on sleep until each deadline, or up to late_max longer, and spend all credit; returns
 * the datagrams until `end`. */
static uint64_t drive(struct wc_pacer *p, wc_ns now, wc_ns end, struct wc_rng *rng, wc_ns late_max)
{
    uint64_t count = 0;
    for (;;) {
        wc_ns due = wc_pacer_deadline(p);
        now = (due > now ? due : now) + wc_rng_below(rng, late_max + 1);
        if (now > end)
            return count;
        uint32_t credit = wc_pacer_credit(p, now);
        assert_true(credit >= p->group);
        wc_pacer_spend(p, credit);
        count += credit;
    }
}

static void the_rate_is_kept(void **state)
{
    (void)state;
    struct wc_rng rng = {0};
    for (size_t i = 0; i < RATE_COUNT; i++) {
        struct wc_pacer p;
        wc_pacer_init(&p, WIRE, rates[i], 0, ORIGIN);
        double expected = datagrams_in(rates[i], WC_S(1));
        uint64_t count = drive(&p, ORIGIN, ORIGIN + WC_S(1), &rng, 0);
        assert_about((double)count, expected, expected / 1000 + p.group);
        if (rates[i] > 1000000)
            assert_about((double)count, expected, expected / 1000);
    }
}

/* A slow line sends 8 datagrams in a second: there the share shows only in the long run. */
static void a_slow_rate_is_kept_in_the_long_run(void **state)
{
    (void)state;
    struct wc_rng rng = {0};
    struct wc_pacer p;
    wc_pacer_init(&p, WIRE, 100000, 0, ORIGIN);
    double expected = datagrams_in(100000, WC_S(10000));
    assert_about((double)drive(&p, ORIGIN, ORIGIN + WC_S(10000), &rng, 0), expected,
                 expected / 1000);
}

static void nothing_is_lost_by_waking_up_late(void **state)
{
    (void)state;
    struct wc_rng rng = test_rng(__func__);
    for (size_t i = 0; i < RATE_COUNT; i++) {
        struct wc_pacer p;
        wc_pacer_init(&p, WIRE, rates[i], 0, ORIGIN);
        double expected = datagrams_in(rates[i], WC_S(2));
        uint64_t count = drive(&p, ORIGIN, ORIGIN + WC_S(2), &rng, CATCH_UP_NS - 1000);
        assert_about((double)count, expected, expected / 1000 + burst_max(&p, rates[i]));
    }
}

/* What is more than the catch-up time old is lost, and never sent in one burst. */
static void bursts_are_bounded(void **state)
{
    (void)state;
    static const wc_ns pauses[] = {WC_MS(1), WC_MS(50), WC_S(1), WC_S(3600)};
    for (size_t i = 0; i < RATE_COUNT; i++) {
        struct wc_pacer p;
        wc_ns now = ORIGIN;
        wc_pacer_init(&p, WIRE, rates[i], 0, now);
        for (size_t j = 0; j < sizeof(pauses) / sizeof(pauses[0]); j++) {
            now += pauses[j];
            uint32_t credit = wc_pacer_credit(&p, now);
            assert_true((double)credit <= burst_max(&p, rates[i]));
            if (pauses[j] >= WC_S(1))
                assert_true(credit >= p.group);
            wc_pacer_spend(&p, credit);
            assert_int_equal(wc_pacer_credit(&p, now), 0);
        }
    }
}

static void a_group_is_what_a_timer_can_keep_apart(void **state)
{
    (void)state;
    struct wc_pacer p;
    wc_pacer_init(&p, WIRE, 100000, 0, ORIGIN);
    assert_int_equal(p.group, 1);
    wc_pacer_init(&p, WIRE, 100000000, 0, ORIGIN); /* 123 us for a datagram */
    assert_int_equal(p.group, 2);
    wc_pacer_init(&p, WIRE, 1000000000, 0, ORIGIN);
    assert_int_equal(p.group, WC_PACER_GROUP);
    wc_pacer_init(&p, WIRE, 10000000000, 0, ORIGIN); /* 50 us */
    assert_int_equal(p.group, 40);
    wc_pacer_init(&p, 1, UINT64_MAX, 0, ORIGIN); /* costs nothing that could be counted */
    assert_int_equal(p.group, WC_PACER_GROUP_MAX);
    assert_true(p.cost_ps > 0);
}

static void credit_comes_at_the_deadline_and_not_before(void **state)
{
    (void)state;
    struct wc_rng rng = test_rng(__func__);
    for (size_t i = 0; i < RATE_COUNT; i++) {
        struct wc_pacer p;
        wc_pacer_init(&p, WIRE, rates[i], 0, ORIGIN);
        assert_int_equal(wc_pacer_credit(&p, ORIGIN), 0);
        for (int n = 0; n < 1000; n++) {
            wc_ns due = wc_pacer_deadline(&p);
            assert_int_equal(wc_pacer_credit(&p, due - 1), 0);
            assert_true(wc_pacer_deadline(&p) == due);
            wc_ns now = due + wc_rng_below(&rng, 1000);
            uint32_t credit = wc_pacer_credit(&p, now);
            assert_true(credit >= p.group);
            wc_pacer_spend(&p, 1 + (uint32_t)wc_rng_below(&rng, credit));
        }
    }
}

/* Beacons leave without asking; later data pays for them. */
static void what_was_overspent_is_paid_back(void **state)
{
    (void)state;
    struct wc_rng rng = {0};
    struct wc_pacer p;
    wc_pacer_init(&p, WIRE, 1000000000, 0, ORIGIN);
    wc_pacer_spend(&p, 1000);
    double expected = datagrams_in(1000000000, WC_S(1)) - 1000;
    uint64_t count = drive(&p, ORIGIN, ORIGIN + WC_S(1), &rng, 0);
    assert_about((double)count, expected, expected / 1000);
}

static void a_new_rate_counts_from_now_on(void **state)
{
    (void)state;
    struct wc_rng rng = {0};
    struct wc_pacer p;
    wc_ns now = ORIGIN;
    wc_pacer_init(&p, WIRE, rates[0], 0, now);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < RATE_COUNT; i++) {
            wc_pacer_set_rate(&p, WIRE, rates[i]);
            double expected = datagrams_in(rates[i], WC_S(1));
            uint64_t count = drive(&p, now, now + WC_S(1), &rng, 0);
            assert_about((double)count, expected,
                         expected / 1000 + p.group + burst_max(&p, rates[i]));
            now += WC_S(1);
        }
    }
}

/* In every window, whatever is asked when: no more than its time is worth and one burst. */
static void no_window_exceeds_the_rate(void **state)
{
    (void)state;
    enum { STEPS = 2000 };
    static wc_ns at[STEPS];
    static uint64_t sent[STEPS];
    struct wc_rng rng = test_rng(__func__);
    for (size_t i = 0; i < RATE_COUNT; i++) {
        struct wc_pacer p;
        wc_ns now = ORIGIN;
        wc_pacer_init(&p, WIRE, rates[i], 0, now);
        for (int n = 0; n < STEPS; n++) {
            now += wc_rng_below(&rng, wc_rng_below(&rng, 20) ? 100000 : 100000000);
            uint32_t credit = wc_pacer_credit(&p, now);
            uint32_t spent = wc_rng_below(&rng, 2) ? credit : (uint32_t)wc_rng_below(&rng, credit);
            wc_pacer_spend(&p, spent);
            at[n] = now;
            sent[n] = (n ? sent[n - 1] : 0) + spent;
        }
        for (int n = 1; n < STEPS; n++)
            for (int from = n > 200 ? n - 200 : 1; from <= n; from++)
                assert_true((double)(sent[n] - sent[from - 1]) <=
                            datagrams_in(rates[i], at[n] - at[from]) + burst_max(&p, rates[i]));
    }
}

/* What a burst at the speed of the line leaves in a port as fast as the rate, a group included. */
static void a_late_burst_fits_a_shallow_buffer(void **state)
{
    (void)state;
    static const uint64_t line = 1000000000;
    for (uint64_t rate = line / 100; rate <= line; rate += line / 100) {
        struct wc_pacer p;
        wc_pacer_init(&p, WIRE, rate, line, ORIGIN);
        double burst = wc_pacer_credit(&p, ORIGIN + WC_S(1));
        double piled = burst * WIRE * (1.0 - (double)rate / (double)line);
        assert_true(piled <= 65536.0);
        assert_true(burst >= p.group + WC_PACER_BURST - 1);
    }
    struct wc_pacer p;
    wc_pacer_init(&p, WIRE, line, line, ORIGIN);
    double burst = wc_pacer_credit(&p, ORIGIN + WC_S(1));
    assert_about(burst, datagrams_in(line, WC_PACER_CATCH_UP_MAX) + p.group, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rate_is_kept),
        cmocka_unit_test(a_slow_rate_is_kept_in_the_long_run),
        cmocka_unit_test(nothing_is_lost_by_waking_up_late),
        cmocka_unit_test(bursts_are_bounded),
        cmocka_unit_test(a_late_burst_fits_a_shallow_buffer),
        cmocka_unit_test(a_group_is_what_a_timer_can_keep_apart),
        cmocka_unit_test(credit_comes_at_the_deadline_and_not_before),
        cmocka_unit_test(what_was_overspent_is_paid_back),
        cmocka_unit_test(a_new_rate_counts_from_now_on),
        cmocka_unit_test(no_window_exceeds_the_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
