/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a report is due (PROTOCOL.md section 11), and what it says. */
#include "tests/unit/receiver/core/bench.h"

static void the_first_datagram_is_answered_at_once(void **state)
{
    (void)state;
    bench_open_default();
    bench_run(START + WC_S(5));
    assert_int_equal(b.report_count, 0);
    b.pn = 9;
    bench_beacon(0);
    assert_true(wc_receiver_deadline(b.r) <= b.now);
    assert_true(bench_output());
    assert_true(b.report.pn == 9);
    assert_true(b.report.received_count == 1);
    assert_int_equal(b.report.run_count, 1);
    assert_int_equal(b.report.runs[0].block_count, BLOCKS);
    assert_int_equal(b.report.runs[0].missing, K);
    assert_false(bench_output());
    bench_close();
}

static void a_report_tells_all(void **state)
{
    (void)state;
    struct wc_receiver_config config = bench_default_config();
    config.slot_count = 2;
    bench_open_with(&config);
    bench_data_block(0);
    assert_int_equal(bench_stored(0, true), WC_OK);
    bench_data(1, 0);
    bench_data(2, 0);
    bench_data(3, 0);
    b.pn += 5;
    bench_data(1, 0);
    struct wc_receiver_event overflow = {.type = WC_RECEIVER_OVERFLOW, .count = 3};
    assert_int_equal(bench_input(overflow), WC_OK);
    b.now += WC_S(1);
    assert_true(bench_output());
    assert_true(b.report.pn == b.pn - 1);
    assert_true(b.report.received_count == 8);
    assert_true(b.report.lost_count == 5);
    assert_true(b.report.overflow_count == 3);
    assert_true(b.report.refused_count == 1);
    assert_int_equal(b.report.block_done_count, 1);
    assert_int_equal(b.report.run_count, 2);
    assert_int_equal(b.report.runs[0].missing, K - 1);
    assert_int_equal(b.report.runs[1].missing, K);
    bench_close();
}

/* `count` datagrams, one each `gap`, of a block that is never complete. */
static void flow(uint32_t count, wc_ns gap)
{
    for (uint32_t i = 0; i < count; i++) {
        bench_run(b.now + gap);
        bench_data(0, 0);
    }
}

static void reports_come_once_in_an_interval_while_data_flow(void **state)
{
    (void)state;
    bench_open_reached();
    flow(20000, WC_US(100));
    assert_true(b.report_count >= 2000 / 22.5 && b.report_count <= 2000 / 17.5);
    assert_true(b.gap_min >= INTERVAL - INTERVAL / 8);
    assert_true(b.gap_max <= INTERVAL + INTERVAL / 8 + WC_US(100));
    bench_close();
}

static void receivers_do_not_report_in_step(void **state)
{
    (void)state;
    wc_ns first[2];
    for (uint64_t seed = 0; seed < 2; seed++) {
        struct wc_receiver_config config = bench_default_config();
        config.seed = seed;
        bench_open_with(&config);
        flow(2000, WC_US(100));
        first[seed] = b.reported;
        assert_true(b.gap_max > b.gap_min);
        bench_close();
    }
    assert_true(first[0] != first[1]);
}

static void the_sender_sets_the_interval(void **state)
{
    (void)state;
    static const struct {
        uint32_t told_us;
        wc_ns held;
    } cases[] = {{100000, WC_MS(100)}, {1, WC_MS(1)}, {999, WC_MS(1)}, {UINT32_MAX, WC_S(5)}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bench_open_reached();
        bench_status(cases[i].told_us);
        flow(60, cases[i].held / 2); /* until the old interval is over */
        bench_forget_reports();
        flow(400, cases[i].held / 20);
        assert_true(b.report_count >= 15);
        assert_true(b.gap_min >= cases[i].held - cases[i].held / 8);
        assert_true(b.gap_max <= cases[i].held + cases[i].held / 8 + cases[i].held / 20);
        bench_close();
    }
}

static void without_news_a_report_a_second_says_that_it_lives(void **state)
{
    (void)state;
    bench_open_reached();
    bench_run(b.now + WC_S(11));
    assert_int_equal(b.report_count, 11);
    assert_true(b.gap_min == WC_S(1) && b.gap_max == WC_S(1));
    bench_beacon(0); /* no news for the sender */
    bench_forget_reports();
    bench_run(b.now + WC_MS(900));
    assert_true(b.report_count <= 1);
    bench_close();
}

static void an_idle_beacon_is_answered_soon_if_there_is_news(void **state)
{
    (void)state;
    wc_ns latest = 0, earliest = WC_NEVER;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct wc_receiver_config config = bench_default_config();
        config.seed = seed;
        bench_open_with(&config);
        bench_beacon(0);
        assert_true(bench_output());
        bench_run(b.now + WC_MS(1));
        bench_data(0, 0); /* news, due an interval after the last report */
        bench_beacon(WC_BEACON_STREAMING | WC_BEACON_IDLE);
        wc_ns wait = wc_receiver_deadline(b.r) - b.now;
        assert_true(wait <= INTERVAL / 4);
        latest = wait > latest ? wait : latest;
        earliest = wait < earliest ? wait : earliest;
        bench_close();
    }
    assert_true(latest > INTERVAL / 5 && earliest < INTERVAL / 20); /* spread */
}

static void an_idle_beacon_that_repeats_another_may_wait(void **state)
{
    (void)state;
    bench_open_reached();
    bench_run(b.now + WC_MS(1));
    bench_beacon(WC_BEACON_STREAMING | WC_BEACON_IDLE); /* nothing came since the report */
    bench_run(START + INTERVAL / 2 - 1);
    assert_int_equal(b.report_count, 0);
    bench_run(START + INTERVAL / 2 + INTERVAL / 4);
    assert_int_equal(b.report_count, 1);
    bench_close();
}

static void who_has_all_does_not_answer_idle_beacons(void **state)
{
    (void)state;
    struct wc_receiver_config config = bench_default_config();
    const uint64_t have = (1ull << BLOCKS) - 1;
    config.have = &have;
    bench_open_with(&config);
    bench_beacon(0);
    bench_run(b.now + WC_S(1) + WC_MS(100));
    bench_forget_reports();
    for (int i = 0; i < 100; i++) {
        bench_beacon(WC_BEACON_STREAMING | WC_BEACON_IDLE);
        bench_run(b.now + WC_MS(8));
    }
    assert_true(b.report_count <= 1);
    bench_close();
}

/* Storage is news: the sender hears of a block within an interval. */
static void stored_blocks_are_reported(void **state)
{
    (void)state;
    bench_open_reached();
    bench_data_block(0);
    bench_run(b.now + WC_S(1));
    assert_int_equal(bench_stored(0, true), WC_OK);
    bench_forget_reports();
    bench_run(b.now + INTERVAL);
    assert_int_equal(b.report_count, 1);
    assert_int_equal(b.report.block_done_count, 1);
    assert_int_equal(b.report.runs[0].sbn, 1);
    bench_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_datagram_is_answered_at_once),
        cmocka_unit_test(a_report_tells_all),
        cmocka_unit_test(reports_come_once_in_an_interval_while_data_flow),
        cmocka_unit_test(receivers_do_not_report_in_step),
        cmocka_unit_test(the_sender_sets_the_interval),
        cmocka_unit_test(without_news_a_report_a_second_says_that_it_lives),
        cmocka_unit_test(an_idle_beacon_is_answered_soon_if_there_is_news),
        cmocka_unit_test(an_idle_beacon_that_repeats_another_may_wait),
        cmocka_unit_test(who_has_all_does_not_answer_idle_beacons),
        cmocka_unit_test(stored_blocks_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
