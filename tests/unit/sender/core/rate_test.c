/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The policy of PROTOCOL.md section 12, one epoch after the other. */
#include "tests/unit/sender/core/rate_bench.h"

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
    assert_true(r.bps == 1000);
}

/* --- cause 1: the receiver's host is behind --- */

static void host_loss_slows_down_to_what_the_host_takes(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    assert_false(epoch(&b, 49, 0)); /* 0.5 % is the limit */
    assert_true(epoch(&b, 1000, 0));
    assert_rate(&b, MARGIN * 0.9 * MAX_BPS);
    assert_int_equal(b.r.mode, WC_RATE_HOLDING);
    assert_int_equal(b.r.limit_bps, (uint64_t)(0.9 * MAX_BPS));
}

static void symbols_refused_by_a_slow_disk_count_as_host_loss(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    struct wc_rate_sample s = {.from_pn = b.pn, .received_count = 10000, .refused_count = 2000};
    wc_rate_sample(&b.r, &s);
    assert_true(epoch(&b, 0, 0));
    assert_rate(&b, MARGIN * 0.8 * MAX_BPS);
}

/* The local link may be slower than the rate: a share is one of what really left. */
static void a_share_is_one_of_what_was_sent(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    sample(&b, 0, 2000, 0);
    assert_true(end_epoch(&b, MAX_BPS / 2 / (WC_S(1) / EPOCH)));
    assert_rate(&b, MARGIN * 0.8 * 0.5 * MAX_BPS);
}

static void an_epoch_with_nothing_to_send_is_measured_by_the_rate(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    sample(&b, 0, 2000, 0);
    wc_rate_idle(&b.r);
    assert_true(end_epoch(&b, 1000));
    assert_rate(&b, MARGIN * 0.8 * MAX_BPS);
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
    sample(&b, 7, 100, 0);
    sample(&b, 8, 3000, 0);
    sample(&b, 9, 500, 0);
    assert_true(epoch(&b, 0, 0));
    assert_rate(&b, MARGIN * 0.7 * MAX_BPS);
    assert_int_equal(b.r.slowest, 8);
}

static void small_samples_say_nothing(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    struct wc_rate_sample s = {.received_count = 31, .lost_count = 32, .overflow_count = 32};
    wc_rate_sample(&b.r, &s);
    assert_false(epoch(&b, 0, 0));
    s.received_count++; /* 64 are enough */
    wc_rate_sample(&b.r, &s);
    assert_true(epoch(&b, 0, 0));
}

/* A cable that was pulled is no slow path: nobody waits for it. */
static void an_outage_is_not_followed(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    for (int i = 0; i < 20; i++) {
        struct wc_rate_sample s = {.received_count = 19, .lost_count = 9981};
        wc_rate_sample(&b.r, &s);
        s.overflow_count = s.lost_count;
        wc_rate_sample(&b.r, &s);
        assert_false(epoch(&b, 0, 0));
    }
    assert_true(b.r.bps == MAX_BPS);
}

static void more_overflow_than_loss_is_no_more_than_the_loss(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    struct wc_rate_sample s = {
        .received_count = 9000, .lost_count = 1000, .overflow_count = UINT64_MAX};
    wc_rate_sample(&b.r, &s);
    assert_true(epoch(&b, 0, 0));
    assert_rate(&b, MARGIN * 0.9 * MAX_BPS);
}

/* --- cause 2: the network is full --- */

static void one_lossy_epoch_is_no_congestion(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    for (int i = 0; i < 10; i++) {
        assert_false(epoch(&b, 0, 5000));
        assert_false(epoch(&b, 0, 0));
    }
    assert_true(b.r.bps == MAX_BPS);
}

/* Less is sent, and less than half of the loss is left: the network is full. */
static void a_probe_that_helps_stays(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    lose_until_probe(&b, 2000);
    assert_false(epoch(&b, 0, 0));
    assert_int_equal(b.r.mode, WC_RATE_HOLDING);
    assert_rate(&b, MARGIN * 0.8 * MAX_BPS);
    assert_int_equal(b.r.limit_bps, (uint64_t)(0.8 * MAX_BPS));

    bench_open(&b);
    lose_until_probe(&b, 5000);
    epoch(&b, 0, 2400); /* not cured altogether, but by more than half */
    assert_int_equal(b.r.mode, WC_RATE_HOLDING);
}

static void below_a_limit_it_holds_and_then_tries_a_little(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    assert_true(epoch(&b, 2000, 0));
    double limit = 0.8 * MAX_BPS;
    double rate = MARGIN * limit;
    quiet_until(&b, b.now + first_hold(limit));
    bool is_gone = false;
    while (b.r.bps < MAX_BPS) {
        if (!epoch(&b, 0, 0))
            continue;
        is_gone |= rate > 1.1 * limit; /* so far above it without loss */
        rate *= is_gone ? 1.25 : 1.02;
        assert_rate(&b, rate < MAX_BPS ? rate : MAX_BPS);
    }
    assert_true(is_gone);
    assert_true(b.r.limit_bps == 0);
    assert_int_equal(b.r.mode, WC_RATE_RISING);
}

static void a_limit_met_again_is_tried_ever_more_rarely(void **state)
{
    (void)state;
    static const wc_ns holds[] = {WC_S(1), WC_S(2), WC_S(4), WC_S(8), WC_S(16), WC_S(16)};
    struct bench b;
    bench_open(&b);
    for (size_t i = 0; i < sizeof(holds) / sizeof(holds[0]); i++) {
        uint32_t loss = i == 0 ? 5000 : 100;
        assert_true(epoch(&b, loss, 0));
        quiet_until(&b, b.now + holds[i]);
        assert_true(epoch(&b, 0, 0));
    }
}

/* Behind a deep queue the loss comes late, when the limit seemed to be gone. */
static void a_limit_that_seemed_gone_is_known_again(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    assert_true(epoch(&b, 5000, 0));
    quiet_until(&b, b.now + first_hold(0.5 * MAX_BPS));
    while (b.r.limit_bps)
        (void)epoch(&b, 0, 0);
    while (b.r.bps < MAX_BPS)
        (void)epoch(&b, 0, 0);
    assert_true(epoch(&b, 5200, 0));
    quiet_until(&b, b.now + 2 * first_hold(0.5 * MAX_BPS));
    assert_true(epoch(&b, 0, 0));
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
    assert_true(mean > 0.9 * capacity && mean < 1.05 * capacity);
}

/* --- cause 3: a bad cable --- */

static void a_probe_that_does_not_help_is_taken_back(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    lose_until_probe(&b, 2000);
    assert_true(epoch(&b, 0, 1001)); /* cured by less than half */
    assert_true(b.r.bps == MAX_BPS);
    assert_int_equal(b.r.mode, WC_RATE_RISING);
    assert_true(b.r.limit_bps == 0);
}

static void loss_that_no_probe_cures_is_lived_with(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    lose_until_probe(&b, 2000);
    epoch(&b, 0, 2000);
    for (int i = 0; i < 20; i++)
        assert_false(epoch(&b, 0, 3100)); /* half as much again, and 2 % */
    assert_true(b.r.bps == MAX_BPS);
    assert_false(epoch(&b, 0, 3300));
    assert_true(epoch(&b, 0, 3300)); /* more: look again */
    assert_int_equal(b.r.mode, WC_RATE_PROBING);
}

static void a_cable_that_was_mended_is_forgotten(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    lose_until_probe(&b, 2000);
    epoch(&b, 0, 2000);
    for (int i = 0; i < 20; i++)
        assert_false(epoch(&b, 0, 0));
    lose_until_probe(&b, 400);
}

static void host_loss_ends_a_probe(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    lose_until_probe(&b, 2000);
    double probed = (double)b.r.bps;
    assert_true(epoch(&b, 1000, 2000));
    assert_int_equal(b.r.mode, WC_RATE_HOLDING);
    assert_rate(&b, MARGIN * 0.9 * probed);
}

static void a_probe_never_goes_below_the_floor(void **state)
{
    (void)state;
    struct bench b = {.now = 0, .pn = 0};
    wc_rate_init(&b.r, MAX_BPS, MAX_BPS - 1, 0);
    epoch(&b, 0, 5000);
    epoch(&b, 0, 5000);
    assert_true(b.r.bps == MAX_BPS - 1);
}

/* --- epochs and limits --- */

static void an_epoch_is_two_report_intervals(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    wc_ns start = b.now;
    sample(&b, 0, 5000, 0);
    assert_false(wc_rate_step(&b.r, start + EPOCH - 1, INTERVAL, b.pn));
    assert_false(wc_rate_step(&b.r, start + WC_S(4) - 1, WC_S(2), b.pn));
    assert_true(b.r.bps == MAX_BPS);
    assert_true(wc_rate_step(&b.r, start + WC_S(4), WC_S(2), b.pn));
    assert_true(b.r.bps < MAX_BPS);
}

static void without_evidence_nothing_is_decided(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    assert_true(epoch(&b, 5000, 0));
    uint64_t rate = b.r.bps;
    for (int i = 0; i < 1000; i++)
        assert_false(end_epoch(&b, 1000));
    assert_true(b.r.bps == rate);
    assert_true(epoch(&b, 0, 0)); /* the first sample ends a long epoch */
}

/* A queue on the way may be deep: what was sent before the change comes long after it. */
static void samples_of_the_old_rate_are_not_looked_at(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    assert_true(epoch(&b, 5000, 0));
    uint64_t rate = b.r.bps;
    struct wc_rate_sample s = {
        .from_pn = b.pn - 1, .received_count = 1000, .lost_count = 9000, .overflow_count = 9000};
    for (int i = 0; i < 20; i++) {
        wc_rate_sample(&b.r, &s);
        assert_false(end_epoch(&b, 1000));
    }
    assert_true(b.r.bps == rate);
    s.from_pn++;
    wc_rate_sample(&b.r, &s);
    assert_true(end_epoch(&b, 1000));
}

/* Others may have lost nothing before either. */
static void a_probe_is_judged_by_whom_it_is_for(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    for (int i = 0; i < 2; i++) {
        sample(&b, 7, 0, 2000);
        epoch(&b, 0, 0);
    }
    assert_int_equal(b.r.mode, WC_RATE_PROBING);
    for (int i = 0; i < 20; i++)
        assert_false(epoch(&b, 0, 0));
    assert_int_equal(b.r.mode, WC_RATE_PROBING);
    sample(&b, 7, 0, 2000);
    assert_true(epoch(&b, 0, 0));
    assert_true(b.r.bps == MAX_BPS);
}

/* It ended, or its cable was pulled. */
static void a_probe_without_an_answer_is_taken_back(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    for (int i = 0; i < 2; i++) {
        sample(&b, 7, 0, 2000);
        epoch(&b, 0, 0);
    }
    assert_int_equal(b.r.mode, WC_RATE_PROBING);
    wc_ns start = b.now;
    while (b.now < start + WC_S(3) - EPOCH)
        assert_false(end_epoch(&b, 1000));
    assert_true(end_epoch(&b, 1000));
    assert_true(b.r.bps == MAX_BPS);
    lose_until_probe(&b, 400); /* and nothing was learnt from it */
}

/* --- receivers below the floor rate of the session --- */

static void assert_too_slow(struct bench *b, uint32_t member)
{
    uint32_t too_slow;
    assert_true(wc_rate_too_slow(&b->r, &too_slow));
    assert_int_equal(too_slow, member);
    assert_false(wc_rate_too_slow(&b->r, &too_slow)); /* said once */
}

/* A card that damages datagrams: the kernel counts them like an overflow, at any rate. */
static void host_loss_that_no_rate_cures_is_lived_with(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    uint64_t least = MAX_BPS;
    for (int i = 0; i < 400; i++) {
        (void)epoch(&b, 200 + (uint32_t)i % 40, 0);
        if (b.r.bps < least)
            least = b.r.bps;
        if (i > 20)
            assert_true(b.r.bps > MAX_BPS * 3 / 4);
    }
    assert_true(least > MAX_BPS * 3 / 4);
    assert_true(b.r.bps == MAX_BPS);
    assert_true(epoch(&b, 3000, 0)); /* and now it is too slow as well */
    assert_rate(&b, MARGIN * 0.7 * MAX_BPS);
}

static void nobody_follows_a_host_that_is_too_slow(void **state)
{
    (void)state;
    struct bench b;
    uint32_t member;
    bench_open(&b);
    b.r.slow_bps = MAX_BPS / 4;
    sample(&b, 6, 7400, 0); /* takes a little more than a quarter */
    assert_true(epoch(&b, 0, 0));
    assert_false(wc_rate_too_slow(&b.r, &member));
    bench_open(&b);
    b.r.slow_bps = MAX_BPS / 4;
    sample(&b, 6, 7600, 0);
    assert_false(epoch(&b, 0, 0));
    assert_true(b.r.bps == MAX_BPS);
    assert_too_slow(&b, 6);
}

/* A sender that got no processor time sends little, and what it then sends comes in a burst. */
static void who_was_sent_little_is_not_too_slow(void **state)
{
    (void)state;
    struct bench b;
    uint32_t member;
    bench_open(&b);
    b.r.slow_bps = MAX_BPS / 20;
    sample(&b, 3, 500, 0);
    (void)end_epoch(&b, b.r.slow_bps / 2 / (WC_S(1) / EPOCH));
    assert_false(wc_rate_too_slow(&b.r, &member));
    assert_rate(&b, MARGIN * MAX_BPS / 20);
    sample(&b, 3, 3000, 0); /* the floor rate, and it cannot take that either */
    (void)end_epoch(&b, b.r.bps / (WC_S(1) / EPOCH));
    assert_true(wc_rate_too_slow(&b.r, &member));
    assert_int_equal(member, 3);
}

static void nobody_follows_a_path_that_is_too_narrow(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    b.r.slow_bps = MAX_BPS / 4;
    for (int i = 0; i < 2; i++) {
        sample(&b, 6, 0, 7600);
        epoch(&b, 0, 0);
    }
    assert_int_equal(b.r.mode, WC_RATE_PROBING);
    sample(&b, 6, 0, 0); /* full, not bad */
    assert_true(epoch(&b, 0, 0));
    assert_true(b.r.bps == MAX_BPS);
    assert_too_slow(&b, 6);
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
    epoch(&b, 0, 5000); /* did not help: back, but not above */
    assert_true(b.r.bps == MAX_BPS / 2);
}

static void a_limit_goes_with_the_member_that_set_it(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    sample(&b, 3, 5000, 0);
    assert_true(epoch(&b, 0, 0));
    wc_rate_forget(&b.r, 2);
    assert_int_equal(b.r.mode, WC_RATE_HOLDING);
    wc_rate_forget(&b.r, 3);
    assert_int_equal(b.r.mode, WC_RATE_RISING);
    assert_true(epoch(&b, 0, 0));
    assert_rate(&b, 1.25 * MARGIN * 0.5 * MAX_BPS);
    wc_rate_forget(&b.r, 3);
}

/* A receiver may count what it likes, as long as its sums can be true. */
static void odd_counters_break_nothing(void **state)
{
    (void)state;
    static const uint64_t values[] = {0, 1, 63, 64, 10000, WC_PN_MAX - 63, WC_PN_MAX};
    enum { N = sizeof(values) / sizeof(values[0]) };
    for (uint32_t i = 0; i < N * N * N * N; i++) {
        struct bench b;
        bench_open(&b);
        struct wc_rate_sample s = {.from_pn = b.pn,
                                   .received_count = values[i % N],
                                   .lost_count = values[i / N % N],
                                   .overflow_count = values[i / N / N % N],
                                   .refused_count = values[i / N / N / N]};
        for (int n = 0; n < 5; n++) {
            wc_rate_sample(&b.r, &s);
            epoch(&b, 0, 0);
        }
    }
}

static void it_stays_inside_its_limits_whatever_comes(void **state)
{
    (void)state;
    struct wc_rng rng = test_rng(__func__);
    struct bench b;
    bench_open(&b);
    for (int i = 0; i < 20000; i++) {
        struct wc_rate_sample s = {.received_count =
                                       wc_rng_next(&rng) >> (1 + wc_rng_below(&rng, 63)),
                                   .lost_count = wc_rng_next(&rng) >> (1 + wc_rng_below(&rng, 63)),
                                   .overflow_count = wc_rng_next(&rng) >> wc_rng_below(&rng, 64),
                                   .refused_count = wc_rng_next(&rng) >> wc_rng_below(&rng, 64)};
        wc_rate_sample(&b.r, &s);
        sample(&b, 1, (uint32_t)wc_rng_below(&rng, 100), (uint32_t)wc_rng_below(&rng, 5000));
        end_epoch(&b, wc_rng_next(&rng) >> wc_rng_below(&rng, 64));
        if (wc_rng_below(&rng, 50) == 0)
            wc_rate_set_max(&b.r, 1 + wc_rng_below(&rng, 2 * MAX_BPS));
        if (wc_rng_below(&rng, 10) == 0)
            wc_rate_forget(&b.r, (uint32_t)wc_rng_below(&rng, 2));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_begins_and_stays_at_the_maximum),
        cmocka_unit_test(a_floor_above_the_maximum_is_the_maximum),
        cmocka_unit_test(host_loss_slows_down_to_what_the_host_takes),
        cmocka_unit_test(symbols_refused_by_a_slow_disk_count_as_host_loss),
        cmocka_unit_test(a_share_is_one_of_what_was_sent),
        cmocka_unit_test(an_epoch_with_nothing_to_send_is_measured_by_the_rate),
        cmocka_unit_test(host_loss_never_presses_below_the_floor),
        cmocka_unit_test(the_worst_receiver_decides),
        cmocka_unit_test(small_samples_say_nothing),
        cmocka_unit_test(an_outage_is_not_followed),
        cmocka_unit_test(more_overflow_than_loss_is_no_more_than_the_loss),
        cmocka_unit_test(one_lossy_epoch_is_no_congestion),
        cmocka_unit_test(a_probe_that_helps_stays),
        cmocka_unit_test(below_a_limit_it_holds_and_then_tries_a_little),
        cmocka_unit_test(a_limit_met_again_is_tried_ever_more_rarely),
        cmocka_unit_test(a_limit_that_seemed_gone_is_known_again),
        cmocka_unit_test(it_comes_to_rest_below_a_bottleneck),
        cmocka_unit_test(a_probe_that_does_not_help_is_taken_back),
        cmocka_unit_test(loss_that_no_probe_cures_is_lived_with),
        cmocka_unit_test(a_cable_that_was_mended_is_forgotten),
        cmocka_unit_test(host_loss_ends_a_probe),
        cmocka_unit_test(a_probe_never_goes_below_the_floor),
        cmocka_unit_test(an_epoch_is_two_report_intervals),
        cmocka_unit_test(without_evidence_nothing_is_decided),
        cmocka_unit_test(samples_of_the_old_rate_are_not_looked_at),
        cmocka_unit_test(a_probe_is_judged_by_whom_it_is_for),
        cmocka_unit_test(a_probe_without_an_answer_is_taken_back),
        cmocka_unit_test(host_loss_that_no_rate_cures_is_lived_with),
        cmocka_unit_test(nobody_follows_a_host_that_is_too_slow),
        cmocka_unit_test(who_was_sent_little_is_not_too_slow),
        cmocka_unit_test(nobody_follows_a_path_that_is_too_narrow),
        cmocka_unit_test(a_new_maximum_counts_at_once),
        cmocka_unit_test(a_maximum_set_during_a_probe_holds_after_it),
        cmocka_unit_test(a_limit_goes_with_the_member_that_set_it),
        cmocka_unit_test(odd_counters_break_nothing),
        cmocka_unit_test(it_stays_inside_its_limits_whatever_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
