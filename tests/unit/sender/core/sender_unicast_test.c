/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Receivers that go on by unicast: because multicast does not reach them, because they are slower
 * than the group, or because they are the last. */
#include "tests/unit/sender/core/bench.h"

#define BLOCKS 5000u
#define K      128u
#define MBIT   1000000ull
#define ALL    UINT64_MAX

static struct bench b;

/* Counters of the members since their start. */
static struct counters {
    uint64_t from_pn, lost;
} counters[BENCH_MEMBERS];

static struct wc_sender_config large_config(void)
{
    struct wc_sender_config config = bench_config();
    assert_int_equal(wc_partition_init(&config.partition, (uint64_t)BLOCKS * K * 16, 16, K), WC_OK);
    return config;
}

static void open_with(const struct wc_sender_config *config)
{
    bench_open(&b, config);
    for (uint32_t i = 0; i < BENCH_MEMBERS; i++)
        counters[i] = (struct counters){0};
    bench_run(&b, b.now + WC_MS(10));
}

static enum wc_member_state state_of(uint32_t member)
{
    return wc_sender_member_state(b.s, member);
}

static enum wc_err go_unicast(uint32_t member)
{
    return bench_member(&b, WC_SENDER_UNICAST, member);
}

/* A member whose host takes `capacity_bps` of what was sent since its last report. */
static enum wc_err report(uint32_t member, uint64_t capacity_bps)
{
    struct counters *c = &counters[member];
    uint64_t sent = b.pn - c->from_pn, rate_bps = bench_stats(&b).rate_bps;
    c->from_pn = b.pn;
    if (rate_bps > capacity_bps)
        c->lost += sent * (rate_bps - capacity_bps) / rate_bps;
    struct wc_report *r = bench_report(&b, b.pn - 1, 0, BLOCKS, K);
    r->lost_count = c->lost;
    r->overflow_count = c->lost;
    r->received_count = b.pn - c->lost;
    return bench_send(&b, member, r);
}

/* --- who cannot be reached --- */

static void a_member_may_go_on_by_unicast(void **state)
{
    (void)state;
    struct wc_sender_config config = large_config();
    open_with(&config);
    assert_int_equal(go_unicast(0), WC_E_STATE); /* nobody */
    assert_int_equal(go_unicast(BENCH_MEMBERS), WC_E_RANGE);
    bench_join(&b, 0);
    assert_int_equal(go_unicast(0), WC_OK);
    assert_true(bench_has_member(&b, 0, WC_MEMBER_UNICAST));
    assert_int_equal(go_unicast(0), WC_E_STATE);
    assert_int_equal(bench_member(&b, WC_SENDER_READY, 0), WC_E_STATE);
    bench_ready(&b, 1);
    assert_int_equal(go_unicast(1), WC_OK);
    struct wc_sender_stats stats = bench_stats(&b);
    assert_int_equal(stats.joined, 2);
    assert_int_equal(stats.unicast, 2);
    assert_int_equal(stats.ready, 0);
    bench_run(&b, b.now + WC_S(1));
    assert_int_equal(bench_last(&b, 0)->header.sbn, 2); /* at work */
    bench_close(&b);
}

static void but_not_when_all_is_by_multicast(void **state)
{
    (void)state;
    struct wc_sender_config config = large_config();
    config.multicast_only = true;
    open_with(&config);
    bench_ready(&b, 0);
    assert_int_equal(go_unicast(0), WC_E_STATE);
    assert_int_equal(state_of(0), WC_MEMBER_READY);
    bench_close(&b);
}

static void who_is_served_by_unicast_counts_as_there(void **state)
{
    (void)state;
    struct wc_sender_config config = large_config();
    config.receivers_min = 2;
    open_with(&config);
    bench_join(&b, 0);
    assert_int_equal(go_unicast(0), WC_OK);
    assert_int_equal(bench_stats(&b).phase, WC_PHASE_WAITING);
    bench_ready(&b, 1);
    assert_int_equal(bench_stats(&b).phase, WC_PHASE_STREAMING);
    bench_done(&b, 1, true);
    assert_int_equal(bench_stats(&b).phase, WC_PHASE_STREAMING);
    bench_done(&b, 0, true);
    assert_int_equal(bench_stats(&b).phase, WC_PHASE_ENDED);
    bench_close(&b);
}

/* It asks for blocks by itself: its reports are signs of life. */
static void its_reports_put_nothing_on_the_wire(void **state)
{
    (void)state;
    struct wc_sender_config config = large_config();
    open_with(&config);
    bench_ready(&b, 0);
    bench_start(&b);
    assert_int_equal(go_unicast(0), WC_OK);
    for (int i = 0; i < 30; i++) {
        assert_int_equal(report(0, MBIT), WC_OK);
        bench_run(&b, b.now + WC_S(1));
    }
    assert_int_equal(b.data_count, 0);
    assert_int_equal(state_of(0), WC_MEMBER_UNICAST);
    assert_true(bench_stats(&b).rate_bps == config.rate_max_bps);
    bench_run(&b, b.now + BENCH_SILENCE + WC_S(1));
    assert_int_equal(state_of(0), WC_MEMBER_SILENT);
    bench_close(&b);
}

/* --- who is slower than the group --- */

/* Four members, of which the last takes that much, until it is set aside or a time is over. */
static void stream_with_a_slow_one(uint64_t capacity_bps)
{
    for (uint32_t i = 0; i < BENCH_MEMBERS; i++)
        bench_ready(&b, i);
    bench_start(&b);
    for (uint32_t i = 0; i < BENCH_MEMBERS; i++)
        assert_int_equal(report(i, ALL), WC_OK);
    for (int i = 0; i < 200; i++) {
        bench_run(&b, b.now + WC_MS(20));
        for (uint32_t m = 0; m + 1 < BENCH_MEMBERS; m++)
            assert_int_equal(report(m, ALL), WC_OK);
        if (state_of(3) == WC_MEMBER_READY)
            assert_int_equal(report(3, capacity_bps), WC_OK);
    }
}

static void a_policy_says_what_becomes_of_the_slow(void **state)
{
    (void)state;
    static const struct {
        enum wc_slow_policy policy;
        bool multicast_only;
        enum wc_member_state becomes;
    } cases[] = {
        {WC_SLOW_NONE, false, WC_MEMBER_READY},
        {WC_SLOW_DISCONNECT, false, WC_MEMBER_SLOW},
        {WC_SLOW_UNICAST, false, WC_MEMBER_UNICAST},
        {WC_SLOW_UNICAST, true, WC_MEMBER_SLOW},
    };
    for (size_t i = 0; i < 4; i++) {
        struct wc_sender_config config = large_config();
        config.slow_policy = cases[i].policy;
        config.slow_bps = 50 * MBIT;
        config.multicast_only = cases[i].multicast_only;
        open_with(&config);
        stream_with_a_slow_one(10 * MBIT);
        assert_int_equal(state_of(3), cases[i].becomes);
        for (uint32_t m = 0; m < 3; m++)
            assert_int_equal(state_of(m), WC_MEMBER_READY);
        bool waits = cases[i].policy == WC_SLOW_NONE;
        assert_int_equal(bench_stats(&b).rate_bps < 50 * MBIT, waits);
        bench_close(&b);
    }
}

/* A single receiver is no exception, it is the rule. */
static void nobody_is_set_aside_when_all_are_slow(void **state)
{
    (void)state;
    struct wc_sender_config config = large_config();
    config.slow_policy = WC_SLOW_DISCONNECT;
    config.slow_bps = 50 * MBIT;
    open_with(&config);
    bench_ready(&b, 0);
    bench_start(&b);
    assert_int_equal(report(0, ALL), WC_OK);
    for (int i = 0; i < 200; i++) {
        bench_run(&b, b.now + WC_MS(20));
        assert_int_equal(report(0, 20 * MBIT), WC_OK);
    }
    assert_int_equal(state_of(0), WC_MEMBER_READY);
    assert_true(bench_stats(&b).rate_bps < 50 * MBIT);
    bench_close(&b);
}

/* --- the last one --- */

/* Members 0 and 1 stream; then 1 is done, and 0 says what it lacks. */
static enum wc_member_state tail(const struct wc_sender_config *config, bool is_other_done,
                                 uint32_t block_count, uint8_t missing)
{
    open_with(config);
    bench_ready(&b, 0);
    bench_ready(&b, 1);
    bench_start(&b);
    assert_int_equal(report(0, ALL), WC_OK);
    bench_run(&b, b.now + WC_S(1));
    if (is_other_done)
        bench_done(&b, 1, true);
    assert_int_equal(bench_send(&b, 0, bench_report(&b, b.pn - 1, 7, block_count, missing)), WC_OK);
    enum wc_member_state becomes = state_of(0);
    bench_close(&b);
    return becomes;
}

static void the_last_one_is_finished_by_unicast(void **state)
{
    (void)state;
    struct wc_sender_config config = large_config();
    config.tail_unicast = true;
    assert_int_equal(tail(&config, true, 4, K), WC_MEMBER_UNICAST);
    assert_int_equal(tail(&config, true, 3, K), WC_MEMBER_READY);   /* little */
    assert_int_equal(tail(&config, true, 90, 64), WC_MEMBER_READY); /* repair does it */
    assert_int_equal(tail(&config, true, 90, 65), WC_MEMBER_UNICAST);
    assert_int_equal(tail(&config, false, 90, K), WC_MEMBER_READY); /* not the last */
    config.multicast_only = true;
    assert_int_equal(tail(&config, true, 90, K), WC_MEMBER_READY);
    config.multicast_only = false;
    config.tail_unicast = false;
    assert_int_equal(tail(&config, true, 90, K), WC_MEMBER_READY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_may_go_on_by_unicast),
        cmocka_unit_test(but_not_when_all_is_by_multicast),
        cmocka_unit_test(who_is_served_by_unicast_counts_as_there),
        cmocka_unit_test(its_reports_put_nothing_on_the_wire),
        cmocka_unit_test(a_policy_says_what_becomes_of_the_slow),
        cmocka_unit_test(nobody_is_set_aside_when_all_are_slow),
        cmocka_unit_test(the_last_one_is_finished_by_unicast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
