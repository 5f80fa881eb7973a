/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the sender sends when: beacons, data inside the rate, and what reports change. */
#include <string.h>

#include "sender/core/schedule.h"
#include "tests/unit/sender/core/bench.h"

static struct bench b;

static void open_default(void)
{
    struct wc_sender_config config = bench_config();
    bench_open(&b, &config);
}

/* One ready member, streaming, nothing wanted yet; a datagram has left. */
static void open_streaming(const struct wc_sender_config *config)
{
    bench_open(&b, config);
    bench_run(&b, b.now + WC_MS(10));
    bench_ready(&b, 0);
    bench_start(&b);
    bench_run(&b, b.now + WC_S(1));
}

static void open_streaming_default(void)
{
    struct wc_sender_config config = bench_config();
    open_streaming(&config);
}

static uint64_t last_pn(void)
{
    return b.pn - 1;
}

/* --- beacons --- */

static void beacons_come_ten_times_a_second(void **state)
{
    (void)state;
    open_default();
    bench_run(&b, b.now + WC_S(3) - 1);
    assert_int_equal(b.beacon_count, 30);
    assert_int_equal(b.data_count, 0);
    for (uint64_t n = 0; n + 1 < 30; n++) {
        const struct bench_seen *seen = bench_last(&b, n);
        assert_int_equal(seen->header.esi, 0);
        assert_int_equal(seen->header.sbn, 0);
        assert_true(seen->at - bench_last(&b, n + 1)->at == WC_MS(100));
    }
    bench_close(&b);
}

static void a_beacon_follows_soon_after_a_join(void **state)
{
    (void)state;
    open_default();
    bench_run(&b, b.now + WC_MS(1));
    bench_forget(&b);
    bench_join(&b, 2);
    wc_ns joined = b.now;
    bench_run(&b, joined + WC_MS(4));
    bench_join(&b, 1); /* both are answered by one */
    bench_run(&b, joined + WC_MS(9));
    assert_int_equal(b.seen_count, 0);
    bench_run(&b, joined + WC_MS(20));
    assert_int_equal(b.seen_count, 1);
    assert_true(bench_last(&b, 0)->at <= joined + WC_MS(10));
    assert_int_equal(bench_last(&b, 0)->header.sbn, 2); /* at work */
    bench_close(&b);
}

static void beacons_say_how_many_are_at_work(void **state)
{
    (void)state;
    open_default();
    bench_ready(&b, 0);
    bench_ready(&b, 1);
    bench_join(&b, 2);
    bench_done(&b, 0, true);
    bench_run(&b, b.now + WC_S(1));
    assert_int_equal(bench_last(&b, 0)->header.sbn, 2);
    assert_int_equal(bench_last(&b, 0)->header.esi, 0);
    bench_start(&b);
    bench_run(&b, b.now + WC_S(1));
    assert_int_equal(bench_last(&b, 0)->header.esi, WC_BEACON_STREAMING | WC_BEACON_IDLE);
    bench_close(&b);
}

static void idle_beacons_come_at_once_and_then_ever_more_rarely(void **state)
{
    (void)state;
    static const uint32_t gaps_ms[] = {2, 4, 8, 16, 32, 64, 128, 250, 250, 250};
    open_streaming_default();
    assert_int_equal(bench_send(&b, 0, bench_report(&b, last_pn(), 3, 1, BENCH_K)), WC_OK);
    bench_run(&b, b.now + WC_MS(5));
    bench_forget(&b);
    bench_run(&b, b.now + WC_MS(1));
    assert_int_equal(b.data_count, BENCH_K);
    assert_int_equal(bench_send(&b, 0, bench_report(&b, last_pn(), 3, 1, BENCH_K)), WC_OK);
    bench_forget(&b);
    bench_run(&b, b.now + WC_S(1));
    uint64_t count = sizeof(gaps_ms) / sizeof(gaps_ms[0]);
    const struct bench_seen *data = bench_last(&b, b.seen_count - BENCH_K);
    assert_int_equal(data->header.type, WC_DATAGRAM_DATA);
    assert_true(b.seen_count > BENCH_K + 8);
    wc_ns at = data->at; /* of the last symbol: the first beacon leaves with it */
    for (uint64_t i = 0; i < count && BENCH_K + i + 1 <= b.seen_count; i++) {
        const struct bench_seen *beacon = bench_last(&b, b.seen_count - BENCH_K - 1 - i);
        assert_int_equal(beacon->header.esi, WC_BEACON_STREAMING | WC_BEACON_IDLE);
        assert_true(beacon->at == at);
        at += WC_MS(gaps_ms[i]);
    }
    bench_close(&b);
}

static void beacons_while_data_flows_are_not_idle(void **state)
{
    (void)state;
    struct wc_sender_config config = bench_config();
    config.rate_max_bps = config.rate_min_bps = 1000000;
    open_streaming(&config);
    assert_int_equal(bench_send(&b, 0, bench_report(&b, last_pn(), 0, BENCH_BLOCKS, BENCH_K)),
                     WC_OK);
    bench_forget(&b);
    uint64_t beacon_count = b.beacon_count;
    wc_ns start = b.now;
    bench_run(&b, start + WC_S(1)); /* 128 symbols take 1.6 s */
    assert_true(b.beacon_count - beacon_count >= 10 && b.beacon_count - beacon_count <= 11);
    for (uint64_t n = 0; n < b.seen_count; n++)
        if (bench_last(&b, n)->header.type == WC_DATAGRAM_BEACON && bench_last(&b, n)->at > start)
            assert_int_equal(bench_last(&b, n)->header.esi, WC_BEACON_STREAMING);
    bench_close(&b);
}

/* --- data --- */

static void nothing_is_sent_that_nobody_asked_for(void **state)
{
    (void)state;
    open_streaming_default();
    bench_run(&b, b.now + WC_S(5));
    assert_int_equal(b.data_count, 0);
    assert_int_equal(bench_stats(&b).block_sent_count, 0);
    bench_close(&b);
}

static void source_symbols_come_in_a_row(void **state)
{
    (void)state;
    open_streaming_default();
    assert_int_equal(bench_send(&b, 0, bench_report(&b, last_pn(), 0, BENCH_BLOCKS, BENCH_K)),
                     WC_OK);
    bench_forget(&b);
    bench_run(&b, b.now + WC_MS(90));
    uint32_t next = 0;
    for (uint64_t n = b.seen_count; n-- > 0;) {
        const struct wc_header *h = &bench_last(&b, n)->header;
        if (h->type != WC_DATAGRAM_DATA)
            continue;
        assert_int_equal(h->sbn, next / BENCH_K);
        assert_int_equal(h->esi, next % BENCH_K);
        next++;
    }
    assert_int_equal(next, BENCH_BLOCKS * BENCH_K);
    struct wc_sender_stats stats = bench_stats(&b);
    assert_int_equal(stats.block_sent_count, BENCH_BLOCKS);
    assert_int_equal(stats.block_count, BENCH_BLOCKS);
    assert_int_equal(stats.repair_count, 0);
    bench_close(&b);
}

static void a_report_asks_for_repair_by_count(void **state)
{
    (void)state;
    open_streaming_default();
    assert_int_equal(bench_send(&b, 0, bench_report(&b, last_pn(), 0, BENCH_BLOCKS, BENCH_K)),
                     WC_OK);
    bench_run(&b, b.now + WC_S(1));
    uint64_t heard = last_pn();
    assert_int_equal(bench_send(&b, 0, bench_report(&b, heard, 2, 3, 2)), WC_OK);
    bench_forget(&b);
    bench_run(&b, b.now + WC_MS(100));
    assert_int_equal(bench_stats(&b).repair_count, 6);
    assert_int_equal(bench_send(&b, 0, bench_report(&b, heard, 2, 3, 2)), WC_OK); /* late */
    bench_run(&b, b.now + WC_S(1));
    struct wc_sender_stats stats = bench_stats(&b);
    assert_int_equal(stats.repair_count, 6);
    assert_int_equal(stats.source_count, BENCH_BLOCKS * BENCH_K);
    bench_close(&b);
}

/* A large object that is never through. */
static struct wc_sender_config large_config(void)
{
    struct wc_sender_config config = bench_config();
    assert_int_equal(wc_partition_init(&config.partition, 5000ull * 128 * 16, 16, 128), WC_OK);
    return config;
}

static void want_all(void)
{
    assert_int_equal(bench_send(&b, 0, bench_report(&b, last_pn(), 0, 5000, 128)), WC_OK);
}

static void the_rate_is_kept_beacons_included(void **state)
{
    (void)state;
    static const uint64_t rates[] = {1000000, 100000000, 1000000000};
    for (size_t i = 0; i < 3; i++) {
        struct wc_sender_config config = large_config();
        config.rate_max_bps = rates[i];
        open_streaming(&config);
        want_all();
        uint64_t before = b.pn;
        bench_run(&b, b.now + WC_S(4));
        double sent = (double)(b.pn - before) * BENCH_WIRE * 8 / 4;
        double rate = (double)rates[i];
        assert_true(sent < 1.001 * rate + 16 * BENCH_WIRE * 8);
        assert_true(sent > 0.999 * rate - 16 * BENCH_WIRE * 8);
        assert_true(bench_stats(&b).rate_bps == rates[i]);
        bench_close(&b);
    }
}

static void a_new_maximum_counts_at_once(void **state)
{
    (void)state;
    struct wc_sender_config config = large_config();
    open_streaming(&config);
    want_all();
    bench_run(&b, b.now + WC_S(1));
    struct wc_sender_event event = {.type = WC_SENDER_RATE, .rate_bps = 10000000};
    assert_int_equal(bench_input(&b, event), WC_OK);
    uint64_t before = b.pn;
    bench_run(&b, b.now + WC_S(1));
    double sent = (double)(b.pn - before) * BENCH_WIRE * 8;
    assert_true(sent < 10100000.0 + 16 * BENCH_WIRE * 8 && sent > 9900000.0);
    bench_close(&b);
}

/* What the kernel did not take is loss at this host: so slow down, as for a receiver's host. */
static void datagrams_that_the_kernel_refuses_slow_down(void **state)
{
    (void)state;
    static const uint32_t refused[] = {BENCH_CAPACITY / 4, BENCH_CAPACITY / 2, BENCH_CAPACITY - 1};
    for (size_t i = 0; i < 3; i++) {
        struct wc_sender_config config = large_config();
        config.rate_max_bps = 1000000000;
        open_streaming(&config);
        want_all();
        b.refuse = refused[i];
        bench_run(&b, b.now + WC_S(2));
        assert_true(bench_stats(&b).rate_bps < config.rate_max_bps);
        bench_close(&b);
    }
}

/* --- reports --- */

static void a_report_that_breaks_the_rules_changes_nothing(void **state)
{
    (void)state;
    static const struct wc_run bad_runs[] = {
        {.sbn = 0, .block_count = 0, .missing = 1},
        {.sbn = 0, .block_count = 1, .missing = 0},
        {.sbn = BENCH_BLOCKS, .block_count = 1, .missing = 1},
        {.sbn = 0, .block_count = BENCH_BLOCKS + 1, .missing = 1},
        {.sbn = BENCH_BLOCKS - 1, .block_count = 2, .missing = 1},
        {.sbn = 1, .block_count = UINT32_MAX, .missing = 1},
        {.sbn = UINT32_MAX, .block_count = UINT32_MAX, .missing = 1},
        {.sbn = UINT32_MAX, .block_count = 1, .missing = 1},
    };
    open_streaming_default();
    struct wc_sender_stats before = bench_stats(&b);
    for (size_t i = 0; i < sizeof(bad_runs) / sizeof(bad_runs[0]); i++) {
        struct wc_report *report = bench_report(&b, last_pn(), 0, 1, BENCH_K);
        report->received_count = 1000;
        report->runs[report->run_count++] = bad_runs[i]; /* after a good one */
        assert_int_equal(bench_send(&b, 0, report), WC_E_RANGE);
    }
    struct wc_report *report = bench_report(&b, last_pn(), 0, 1, 1);
    report->run_count = WC_REPORT_RUNS_MAX + 1;
    assert_int_equal(bench_send(&b, 0, report), WC_E_RANGE);
    assert_int_equal(bench_send(&b, 0, bench_report(&b, b.pn, 0, 1, 1)), WC_E_RANGE);
    assert_int_equal(bench_send(&b, 0, bench_report(&b, UINT64_MAX, 0, 1, 1)), WC_E_RANGE);
    struct wc_sender_stats after = bench_stats(&b);
    assert_int_equal(after.report_interval_us, before.report_interval_us);
    assert_true(after.rate_bps == before.rate_bps && after.datagram_count == before.datagram_count);
    struct wc_member_figures figures;
    wc_sender_member_figures(b.s, 0, &figures);
    assert_true(figures.received_count == 0);
    bench_run(&b, b.now + WC_S(1));
    assert_int_equal(b.data_count, 0);
    bench_close(&b);
}

/* What came and what was lost are together no more than what was sent. */
static void counters_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct wc_sender_config config = large_config();
    open_streaming(&config);
    want_all();
    bench_run(&b, b.now + WC_S(1));
    for (int i = 0; i < 100; i++) {
        const uint64_t counts[][2] = {{b.pn + 1, 0},
                                      {0, b.pn + 1},
                                      {b.pn / 2 + 1, b.pn / 2 + 1},
                                      {1ull << 63, (1ull << 63) + 100},
                                      {UINT64_MAX, UINT64_MAX}};
        struct wc_report *report = bench_report(&b, last_pn(), 0, 1, 1);
        report->received_count = counts[i % 5][0];
        report->lost_count = counts[i % 5][1];
        assert_int_equal(bench_send(&b, 0, report), WC_E_RANGE);
        bench_run(&b, b.now + WC_MS(20));
    }
    bench_close(&b);
}

static void counters_of_a_liar_break_nothing(void **state)
{
    (void)state;
    struct wc_sender_config config = large_config();
    open_streaming(&config);
    want_all();
    struct wc_rng rng = test_rng(__func__);
    for (int i = 0; i < 2000; i++) {
        struct wc_report *report = bench_report(&b, wc_rng_below(&rng, b.pn), 0, 1, 1);
        report->received_count = wc_rng_next(&rng) >> wc_rng_below(&rng, 64);
        report->lost_count = wc_rng_next(&rng) >> wc_rng_below(&rng, 64);
        report->overflow_count = wc_rng_next(&rng) >> wc_rng_below(&rng, 64);
        report->refused_count = wc_rng_next(&rng) >> wc_rng_below(&rng, 64);
        report->block_done_count = (uint32_t)wc_rng_next(&rng);
        (void)!bench_send(&b, 0, report);
        bench_run(&b, b.now + WC_MS(20));
        uint64_t rate = bench_stats(&b).rate_bps;
        assert_true(rate >= config.rate_min_bps && rate <= config.rate_max_bps);
    }
    bench_close(&b);
}

/* All reports together stay below 1 % of the line: 200 bytes and 9 for each run. */
static void the_report_interval_grows_with_the_receivers(void **state)
{
    (void)state;
    struct wc_sender_config config = large_config();
    config.member_max = 2000;
    open_streaming(&config);
    assert_int_equal(bench_stats(&b).report_interval_us, 20000);
    for (uint32_t member = 1; member < config.member_max; member++) {
        struct wc_sender_event join = {.type = WC_SENDER_JOIN, .member = member};
        struct wc_sender_event ready = {.type = WC_SENDER_READY, .member = member};
        assert_int_equal(bench_input(&b, join), WC_OK);
        assert_int_equal(bench_input(&b, ready), WC_OK);
        bench_forget(&b);
        double interval_s = bench_stats(&b).report_interval_us * 1e-6;
        double share = (member + 1) * 200.0 * 8 / interval_s / (double)config.rate_max_bps;
        assert_true(share < 0.01 || interval_s >= 2);
        assert_true(interval_s >= 0.02 && interval_s <= 2);
        assert_true(share > 0.008 || interval_s <= 0.0201);
    }
    bench_close(&b);
}

/* The largest group there may be, all of whose reports are as large as they may be. */
static void the_report_interval_of_the_largest_group(void **state)
{
    (void)state;
    static struct wc_report report;
    struct wc_sender_config config = large_config();
    config.member_max = WC_MEMBERS_MAX;
    config.rate_max_bps = 10000000000;
    open_streaming(&config);
    for (uint32_t member = 1; member < config.member_max; member++) {
        bench_ready(&b, member);
        bench_forget(&b);
    }
    report = (struct wc_report){.pn = last_pn(), .run_count = WC_REPORT_RUNS_MAX};
    for (uint32_t i = 0; i < WC_REPORT_RUNS_MAX; i++)
        report.runs[i] = (struct wc_run){.sbn = 2 * i, .block_count = 1, .missing = 1};
    for (uint32_t i = 0; i < 200; i++) {
        uint32_t before = bench_stats(&b).report_interval_us;
        assert_int_equal(bench_send(&b, i, &report), WC_OK);
        assert_true(bench_stats(&b).report_interval_us >= before);
    }
    assert_int_equal(bench_stats(&b).report_interval_us, 2000000);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beacons_come_ten_times_a_second),
        cmocka_unit_test(a_beacon_follows_soon_after_a_join),
        cmocka_unit_test(beacons_say_how_many_are_at_work),
        cmocka_unit_test(idle_beacons_come_at_once_and_then_ever_more_rarely),
        cmocka_unit_test(beacons_while_data_flows_are_not_idle),
        cmocka_unit_test(nothing_is_sent_that_nobody_asked_for),
        cmocka_unit_test(source_symbols_come_in_a_row),
        cmocka_unit_test(a_report_asks_for_repair_by_count),
        cmocka_unit_test(the_rate_is_kept_beacons_included),
        cmocka_unit_test(a_new_maximum_counts_at_once),
        cmocka_unit_test(datagrams_that_the_kernel_refuses_slow_down),
        cmocka_unit_test(a_report_that_breaks_the_rules_changes_nothing),
        cmocka_unit_test(counters_that_cannot_be_are_refused),
        cmocka_unit_test(counters_of_a_liar_break_nothing),
        cmocka_unit_test(the_report_interval_grows_with_the_receivers),
        cmocka_unit_test(the_report_interval_of_the_largest_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
