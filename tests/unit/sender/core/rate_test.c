/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The policy of PROTOCOL.md section 12, one epoch after the other. */
#include "sender/core/rate.h"

#include "tests/unit/common/core/support.h"

#define MAX_BPS  1000000000ull
#define MIN_BPS  10000000ull
#define INTERVAL WC_MS(20)
#define EPOCH    WC_MS(50)

struct bench {
    struct wc_rate r;
    wc_ns now;
};

static void bench_open(struct bench *b)
{
    b->now = WC_S(5);
    wc_rate_init(&b->r, MAX_BPS, MIN_BPS, b->now);
}

/* Of 10,000 datagrams; shares in hundredths of a percent. */
static void sample(struct bench *b, uint32_t overflow, uint32_t network)
{
    struct wc_rate_sample s = {.received_count = 10000 - overflow - network,
                               .lost_count = overflow + network,
                               .overflow_count = overflow};
    wc_rate_sample(&b->r, &s);
}

/* An epoch in which the worst receiver lost so much; true: the rate changed. */
static bool epoch(struct bench *b, uint32_t overflow, uint32_t network)
{
    sample(b, overflow, network);
    uint64_t before = b->r.bps;
    b->now += EPOCH;
    bool changed = wc_rate_step(&b->r, b->now, INTERVAL);
    assert_int_equal(changed, b->r.bps != before);
    assert_true(b->r.bps >= b->r.min_bps && b->r.bps <= b->r.max_bps);
    return changed;
}

/* The first epoch after a change still shows the old rate: what comes in it is not looked at. */
static void settle(struct bench *b)
{
    uint64_t before = b->r.bps;
    assert_false(epoch(b, 9000, 900));
    assert_true(b->r.bps == before);
}

static void assert_rate(const struct bench *b, double bps)
{
    double is = (double)b->r.bps;
    if (is < bps * 0.9999 - 1 || is > bps * 1.0001 + 1)
        fail_msg("%f instead of %f bit/s", is, bps);
}

/* Two lossy epochs at the present rate, and the probe begins. */
static void lose_until_probe(struct bench *b, uint32_t network)
{
    settle(b);
    assert_false(epoch(b, 0, network));
    assert_int_equal(b->r.mode, WC_RATE_STEADY);
    epoch(b, 0, network);
    assert_int_equal(b->r.mode, WC_RATE_PROBING);
}

static void it_begins_and_stays_at_the_maximum(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    assert_true(b.r.bps == MAX_BPS);
    for (int i = 0; i < 100; i++)
        assert_false(epoch(&b, 0, 100)); /* 1 %: repaired, not obeyed */
    assert_true(b.r.bps == MAX_BPS);
}

static void a_floor_above_the_maximum_is_the_maximum(void **state)
{
    (void)state;
    struct wc_rate r;
    wc_rate_init(&r, 1000, 5000, 0);
    assert_true(r.min_bps == 1000 && r.bps == 1000);
}

/* --- cause 1: the receiver's host is behind --- */

static void host_loss_slows_down_by_its_share(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    settle(&b);
    assert_false(epoch(&b, 50, 0)); /* 0.5 % is the limit */
    assert_true(epoch(&b, 1000, 0));
    assert_rate(&b, MAX_BPS * (1 - 1.1 * 0.1));
    assert_int_equal(b.r.mode, WC_RATE_STEADY);
}

static void symbols_refused_by_a_slow_disk_count_as_host_loss(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    settle(&b);
    struct wc_rate_sample s = {.received_count = 10000, .refused_count = 2000};
    wc_rate_sample(&b.r, &s);
    assert_true(epoch(&b, 0, 0));
    assert_rate(&b, MAX_BPS * (1 - 1.1 * 0.2));
}

static void one_step_down_is_half_at_most(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    settle(&b);
    assert_true(epoch(&b, 9000, 0));
    assert_rate(&b, MAX_BPS * 0.5);
}

static void host_loss_never_presses_below_the_floor(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    for (int i = 0; i < 100; i++)
        epoch(&b, 9000, 0);
    assert_true(b.r.bps == MIN_BPS);
    assert_false(epoch(&b, 9000, 0));
}

static void the_worst_receiver_decides(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    settle(&b);
    sample(&b, 0, 0);
    sample(&b, 3000, 0);
    sample(&b, 500, 0);
    assert_true(epoch(&b, 0, 0));
    assert_rate(&b, MAX_BPS * (1 - 1.1 * 0.3));
}

static void small_samples_say_nothing(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    settle(&b);
    struct wc_rate_sample s = {.received_count = 31, .lost_count = 32, .overflow_count = 32};
    wc_rate_sample(&b.r, &s);
    assert_false(epoch(&b, 0, 0));
    s.received_count++; /* 64 are enough */
    wc_rate_sample(&b.r, &s);
    assert_true(epoch(&b, 0, 0));
}

static void more_overflow_than_loss_is_no_more_than_the_loss(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    settle(&b);
    struct wc_rate_sample s = {
        .received_count = 9000, .lost_count = 1000, .overflow_count = UINT64_MAX};
    wc_rate_sample(&b.r, &s);
    assert_true(epoch(&b, 0, 0));
    assert_rate(&b, MAX_BPS * (1 - 1.1 * 0.1));
}

/* --- cause 2: the network is full --- */

static void one_lossy_epoch_is_no_congestion(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    settle(&b);
    for (int i = 0; i < 10; i++) {
        assert_false(epoch(&b, 0, 5000));
        assert_false(epoch(&b, 0, 0));
    }
    assert_true(b.r.bps == MAX_BPS);
    assert_int_equal(b.r.mode, WC_RATE_STEADY);
}

static void a_probe_that_helps_stays(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    lose_until_probe(&b, 2000);
    double reduced = MAX_BPS * (1 - 1.02 * 0.2);
    assert_rate(&b, reduced);
    settle(&b);
    assert_false(epoch(&b, 0, 1199)); /* below 0.6 of 20 % */
    assert_int_equal(b.r.mode, WC_RATE_STEADY);
    assert_rate(&b, reduced);
    assert_true(b.r.ceiling_bps == MAX_BPS);
}

/* Up by 10 %, by 1 % near what was too much, and on when that holds now. */
static void it_feels_its_way_up_again(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    wc_rate_set_max(&b.r, MAX_BPS);
    lose_until_probe(&b, 2000);
    settle(&b);
    epoch(&b, 0, 0);
    wc_rate_set_max(&b.r, 2 * MAX_BPS);
    bool was_careful = false;
    for (int i = 0; i < 200 && b.r.bps < 2 * MAX_BPS; i++) {
        double before = (double)b.r.bps;
        if (!epoch(&b, 0, 0))
            continue;
        bool near = before > 0.95 * MAX_BPS && before < 1.01 * MAX_BPS;
        was_careful |= near;
        double most = 2.0 * MAX_BPS;
        double to = before * (near ? 1.01 : 1.10);
        assert_rate(&b, to < most ? to : most);
    }
    assert_true(was_careful);
    assert_true(b.r.bps == 2 * MAX_BPS);
    assert_true(b.r.ceiling_bps == 0);
}

static void it_comes_to_rest_below_a_bottleneck(void **state)
{
    (void)state;
    struct bench b;
    double capacity = MAX_BPS * 0.3;
    double sum = 0;
    bench_open(&b);
    for (int i = 0; i < 3000; i++) {
        double over = ((double)b.r.bps - capacity) / (double)b.r.bps;
        epoch(&b, 0, over > 0 ? (uint32_t)(over * 10000) : 0);
        if (i >= 1000)
            sum += (double)b.r.bps;
    }
    double mean = sum / 2000;
    assert_true(mean > 0.85 * capacity && mean < 1.1 * capacity);
}

/* --- cause 3: a bad cable --- */

static void a_probe_that_does_not_help_is_taken_back(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    lose_until_probe(&b, 2000);
    settle(&b);
    assert_true(epoch(&b, 0, 1200)); /* 0.6 of 20 % is not less */
    assert_true(b.r.bps == MAX_BPS);
    assert_int_equal(b.r.mode, WC_RATE_STEADY);
    assert_true(b.r.ceiling_bps == 0);
}

static void loss_that_no_probe_cures_is_lived_with(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    lose_until_probe(&b, 2000);
    settle(&b);
    epoch(&b, 0, 2000);
    settle(&b);
    for (int i = 0; i < 20; i++)
        assert_false(epoch(&b, 0, 3100)); /* half as much again, and 2 % */
    assert_true(b.r.bps == MAX_BPS);
    assert_false(epoch(&b, 0, 3300));
    assert_true(epoch(&b, 0, 3300)); /* more: look again */
    assert_int_equal(b.r.mode, WC_RATE_PROBING);
}

static void host_loss_ends_a_probe(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    lose_until_probe(&b, 2000);
    uint64_t probed = b.r.bps;
    settle(&b);
    assert_true(epoch(&b, 1000, 2000));
    assert_int_equal(b.r.mode, WC_RATE_STEADY);
    assert_rate(&b, (double)probed * (1 - 1.1 * 0.1));
}

static void a_probe_never_goes_below_the_floor(void **state)
{
    (void)state;
    struct bench b;
    b.now = 0;
    wc_rate_init(&b.r, MAX_BPS, MAX_BPS - 1, 0);
    lose_until_probe(&b, 5000);
    assert_true(b.r.bps == MAX_BPS - 1);
}

/* --- epochs and limits --- */

static void an_epoch_is_two_report_intervals(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    wc_ns start = b.now;
    assert_false(wc_rate_step(&b.r, start + EPOCH, INTERVAL)); /* settles */
    sample(&b, 5000, 0);
    assert_false(wc_rate_step(&b.r, start + 2 * EPOCH - 1, INTERVAL));
    assert_false(wc_rate_step(&b.r, start + EPOCH + WC_S(4) - 1, WC_S(2)));
    assert_true(b.r.bps == MAX_BPS);
    assert_true(wc_rate_step(&b.r, start + EPOCH + WC_S(4), WC_S(2)));
    assert_true(b.r.bps < MAX_BPS);
}

static void a_new_maximum_counts_at_once(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    wc_rate_set_max(&b.r, MAX_BPS / 10);
    assert_true(b.r.bps == MAX_BPS / 10);
    wc_rate_set_max(&b.r, MAX_BPS);
    assert_true(b.r.bps == MAX_BPS / 10); /* rises by itself */
    for (int i = 0; i < 100; i++)
        epoch(&b, 0, 0);
    assert_true(b.r.bps == MAX_BPS);
    wc_rate_set_max(&b.r, MIN_BPS / 2);
    assert_true(b.r.bps == MIN_BPS / 2);
    assert_false(epoch(&b, 9000, 0));
    assert_true(b.r.bps == MIN_BPS / 2);
}

static void a_maximum_set_during_a_probe_holds_after_it(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    lose_until_probe(&b, 2000);
    wc_rate_set_max(&b.r, MAX_BPS / 2);
    settle(&b);
    epoch(&b, 0, 2000); /* did not help: back, but not above */
    assert_true(b.r.bps == MAX_BPS / 2);
}

static void it_stays_inside_its_limits_whatever_comes(void **state)
{
    (void)state;
    struct wc_rng rng = test_rng(__func__);
    struct bench b;
    bench_open(&b);
    for (int i = 0; i < 20000; i++) {
        struct wc_rate_sample s = {.received_count = wc_rng_next(&rng) >> wc_rng_below(&rng, 64),
                                   .lost_count = wc_rng_next(&rng) >> wc_rng_below(&rng, 64),
                                   .overflow_count = wc_rng_next(&rng) >> wc_rng_below(&rng, 64),
                                   .refused_count = wc_rng_next(&rng) >> wc_rng_below(&rng, 64)};
        wc_rate_sample(&b.r, &s);
        epoch(&b, (uint32_t)wc_rng_below(&rng, 100), (uint32_t)wc_rng_below(&rng, 5000));
        if (wc_rng_below(&rng, 50) == 0)
            wc_rate_set_max(&b.r, 1 + wc_rng_below(&rng, 2 * MAX_BPS));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_begins_and_stays_at_the_maximum),
        cmocka_unit_test(a_floor_above_the_maximum_is_the_maximum),
        cmocka_unit_test(host_loss_slows_down_by_its_share),
        cmocka_unit_test(symbols_refused_by_a_slow_disk_count_as_host_loss),
        cmocka_unit_test(one_step_down_is_half_at_most),
        cmocka_unit_test(host_loss_never_presses_below_the_floor),
        cmocka_unit_test(the_worst_receiver_decides),
        cmocka_unit_test(small_samples_say_nothing),
        cmocka_unit_test(more_overflow_than_loss_is_no_more_than_the_loss),
        cmocka_unit_test(one_lossy_epoch_is_no_congestion),
        cmocka_unit_test(a_probe_that_helps_stays),
        cmocka_unit_test(it_feels_its_way_up_again),
        cmocka_unit_test(it_comes_to_rest_below_a_bottleneck),
        cmocka_unit_test(a_probe_that_does_not_help_is_taken_back),
        cmocka_unit_test(loss_that_no_probe_cures_is_lived_with),
        cmocka_unit_test(host_loss_ends_a_probe),
        cmocka_unit_test(a_probe_never_goes_below_the_floor),
        cmocka_unit_test(an_epoch_is_two_report_intervals),
        cmocka_unit_test(a_new_maximum_counts_at_once),
        cmocka_unit_test(a_maximum_set_during_a_probe_holds_after_it),
        cmocka_unit_test(it_stays_inside_its_limits_whatever_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
