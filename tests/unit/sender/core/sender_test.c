/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of a session, PROTOCOL.md section 9: who may do what when, and when it starts and
 * ends. */
#include "tests/unit/sender/core/bench.h"

static struct bench b;

static void open_default(void)
{
    struct wc_sender_config config = bench_config();
    bench_open(&b, &config);
}

static void open_with(uint32_t receivers_min, wc_ns wait_max)
{
    struct wc_sender_config config = bench_config();
    config.receivers_min = receivers_min;
    config.wait_max = wait_max;
    bench_open(&b, &config);
}

static enum wc_err command(enum wc_sender_event_type type)
{
    return bench_input(&b, (struct wc_sender_event){.type = type});
}

static void assert_phase(enum wc_phase phase)
{
    assert_int_equal(bench_stats(&b).phase, phase);
}

/* --- making --- */

static void nonsense_is_refused(void **state)
{
    (void)state;
    struct test_heap heap = {0};
    struct wc_alloc alloc = test_heap_alloc(&heap);
    struct wc_sender *s = NULL;
    struct wc_sender_config bad[7];
    const struct wc_manifest_run beyond[] = {{.sbn = BENCH_BLOCKS, .block_count = 1},
                                             {.sbn = 1, .block_count = UINT32_MAX}};
    for (size_t i = 0; i < 7; i++)
        bad[i] = bench_config();
    bad[0].partition = (struct wc_partition){.symbol_bytes = 16};
    bad[1].wire_bytes = 0;
    bad[2].rate_max_bps = 0;
    bad[3].member_max = 0;
    bad[4].member_max = WC_MEMBERS_MAX + 1;
    for (size_t i = 0; i < 2; i++) {
        bad[5 + i].first = &beyond[i];
        bad[5 + i].first_count = 1;
    }
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(wc_sender_new(&s, &bad[i], &alloc, 0), WC_E_RANGE);
    assert_null(s);
    assert_int_equal(heap.live_count, 0);
    wc_sender_free(NULL);
}

static void memory_that_runs_out(void **state)
{
    (void)state;
    struct wc_sender_config config = bench_config();
    open_default();
    size_t asked_count = b.heap.asked_count;
    bench_close(&b);
    assert_true(asked_count >= 4);
    for (size_t n = 1; n <= asked_count; n++) {
        struct test_heap heap = {.fail_at = n};
        struct wc_alloc alloc = test_heap_alloc(&heap);
        struct wc_sender *s = NULL;
        assert_int_equal(wc_sender_new(&s, &config, &alloc, 0), WC_E_NOMEM);
        assert_null(s);
        assert_int_equal(heap.live_count, 0);
    }
}

static void as_many_members_as_the_limit_says(void **state)
{
    (void)state;
    struct wc_sender_config config = bench_config();
    config.member_max = WC_MEMBERS_MAX;
    bench_open(&b, &config);
    bench_join(&b, WC_MEMBERS_MAX - 1);
    assert_int_equal(bench_member(&b, WC_SENDER_JOIN, WC_MEMBERS_MAX), WC_E_RANGE);
    bench_close(&b);
}

/* --- starting --- */

static void it_starts_when_enough_are_ready(void **state)
{
    (void)state;
    open_with(2, WC_NEVER);
    bench_join(&b, 0);
    bench_join(&b, 1);
    assert_int_equal(bench_member(&b, WC_SENDER_READY, 1), WC_OK);
    bench_run(&b, b.now + WC_S(5));
    assert_phase(WC_PHASE_WAITING);
    assert_true(bench_stats(&b).started == WC_NEVER);
    assert_int_equal(bench_member(&b, WC_SENDER_READY, 0), WC_OK);
    assert_phase(WC_PHASE_STREAMING);
    assert_true(bench_has_phase(&b, WC_PHASE_STREAMING));
    assert_true(bench_stats(&b).started == b.now);
    bench_close(&b);
}

/* Somebody who had everything from an earlier run counts, ready or not. */
static void who_is_done_counts_as_there(void **state)
{
    (void)state;
    open_with(2, WC_NEVER);
    bench_join(&b, 0);
    bench_done(&b, 0, true);
    assert_phase(WC_PHASE_WAITING);
    bench_ready(&b, 1);
    assert_phase(WC_PHASE_STREAMING);
    bench_close(&b);
}

static void who_failed_does_not_count(void **state)
{
    (void)state;
    open_with(2, WC_NEVER);
    bench_join(&b, 0);
    bench_done(&b, 0, false);
    bench_ready(&b, 1);
    assert_phase(WC_PHASE_WAITING);
    bench_ready(&b, 0);
    assert_phase(WC_PHASE_STREAMING);
    bench_close(&b);
}

static void one_that_has_all_starts_and_ends_it_at_once(void **state)
{
    (void)state;
    open_with(1, WC_NEVER);
    bench_join(&b, 0);
    bench_forget(&b);
    bench_done(&b, 0, true);
    assert_int_equal(b.notice_count, 3);
    assert_true(bench_has_member(&b, 0, WC_MEMBER_DONE));
    assert_true(bench_has_phase(&b, WC_PHASE_STREAMING));
    assert_true(bench_has_phase(&b, WC_PHASE_ENDED));
    assert_phase(WC_PHASE_ENDED);
    bench_close(&b);
}

static void it_starts_some_time_after_the_first(void **state)
{
    (void)state;
    open_with(3, WC_S(20));
    wc_ns first;
    bench_join(&b, 2);
    bench_run(&b, b.now + WC_S(9));
    assert_int_equal(bench_member(&b, WC_SENDER_READY, 2), WC_OK);
    first = b.now;
    for (int i = 0; i < 19; i++) {
        bench_run(&b, b.now + WC_S(1));
        assert_int_equal(bench_member(&b, WC_SENDER_ALIVE, 2), WC_OK);
    }
    bench_ready(&b, 1);
    bench_run(&b, first + WC_S(20) - 1);
    assert_phase(WC_PHASE_WAITING);
    bench_run(&b, first + WC_S(20));
    assert_phase(WC_PHASE_STREAMING);
    assert_true(bench_stats(&b).started == first + WC_S(20));
    bench_close(&b);
}

/* The time runs from the first that was ready, but nobody streams to an empty room. */
static void it_does_not_start_without_anybody(void **state)
{
    (void)state;
    open_with(2, WC_S(3));
    bench_ready(&b, 0);
    assert_int_equal(bench_member(&b, WC_SENDER_LEAVE, 0), WC_OK);
    bench_join(&b, 1);
    bench_run(&b, b.now + WC_S(5));
    assert_phase(WC_PHASE_WAITING);
    assert_int_equal(bench_member(&b, WC_SENDER_READY, 1), WC_OK);
    assert_phase(WC_PHASE_STREAMING);
    bench_close(&b);
}

static void it_starts_by_command(void **state)
{
    (void)state;
    open_default();
    assert_int_equal(command(WC_SENDER_START), WC_E_STATE);
    bench_join(&b, 0);
    assert_int_equal(command(WC_SENDER_START), WC_E_STATE);
    assert_int_equal(bench_member(&b, WC_SENDER_READY, 0), WC_OK);
    bench_run(&b, b.now + WC_S(5));
    assert_phase(WC_PHASE_WAITING); /* nobody said how many, or how long */
    bench_start(&b);
    assert_phase(WC_PHASE_STREAMING);
    assert_int_equal(command(WC_SENDER_START), WC_E_STATE);
    bench_close(&b);
}

/* --- ending --- */

static void it_ends_when_nobody_is_at_work(void **state)
{
    (void)state;
    open_default();
    bench_ready(&b, 0);
    bench_ready(&b, 1);
    bench_ready(&b, 2);
    bench_join(&b, 3);
    bench_start(&b);
    bench_done(&b, 0, true);
    bench_done(&b, 1, false);
    assert_int_equal(bench_member(&b, WC_SENDER_LEAVE, 2), WC_OK);
    assert_phase(WC_PHASE_STREAMING); /* one is on its way in */
    assert_int_equal(bench_member(&b, WC_SENDER_LEAVE, 3), WC_OK);
    assert_phase(WC_PHASE_ENDED);
    struct wc_sender_stats stats = bench_stats(&b);
    assert_int_equal(stats.joined, 4);
    assert_int_equal(stats.done, 1);
    assert_int_equal(stats.failed, 3);
    assert_int_equal(wc_sender_member_state(b.s, 0), WC_MEMBER_DONE);
    assert_int_equal(wc_sender_member_state(b.s, 1), WC_MEMBER_FAILED);
    assert_int_equal(wc_sender_member_state(b.s, 2), WC_MEMBER_LOST);
    assert_int_equal(wc_sender_member_state(b.s, 3), WC_MEMBER_LOST);
    assert_int_equal(wc_sender_member_state(b.s, 4), WC_MEMBER_NONE);
    bench_close(&b);
}

static void after_the_end_nothing_leaves(void **state)
{
    (void)state;
    open_default();
    bench_ready(&b, 0);
    bench_start(&b);
    assert_int_equal(bench_send(&b, 0, bench_report(&b, 0, 0, 1, BENCH_K)), WC_E_RANGE);
    bench_run(&b, b.now + WC_MS(1));
    assert_int_equal(command(WC_SENDER_STOP), WC_OK);
    assert_int_equal(command(WC_SENDER_STOP), WC_E_STATE);
    assert_int_equal(command(WC_SENDER_START), WC_E_STATE);
    assert_int_equal(bench_member(&b, WC_SENDER_JOIN, 1), WC_E_STATE);
    uint64_t pn = b.pn;
    b.now += WC_S(1);
    assert_int_equal(bench_output(&b), 0);
    assert_true(b.pn == pn);
    assert_true(wc_sender_deadline(b.s) == WC_NEVER);
    bench_close(&b);
}

static void waiting_may_be_stopped_too(void **state)
{
    (void)state;
    open_default();
    bench_join(&b, 0);
    assert_int_equal(command(WC_SENDER_STOP), WC_OK);
    assert_true(bench_has_phase(&b, WC_PHASE_ENDED));
    assert_false(bench_has_phase(&b, WC_PHASE_STREAMING));
    bench_close(&b);
}

/* --- members --- */

static void events_that_do_not_fit_change_nothing(void **state)
{
    (void)state;
    static const enum wc_sender_event_type of_members[] = {WC_SENDER_READY, WC_SENDER_REPORT,
                                                           WC_SENDER_DONE, WC_SENDER_LEAVE};
    open_default();
    bench_run(&b, b.now + WC_S(1));
    for (size_t i = 0; i < 4; i++) {
        struct wc_sender_event event = {.type = of_members[i], .member = 1};
        struct wc_report *report = bench_report(&b, 0, 0, 1, 1);
        if (event.type == WC_SENDER_REPORT)
            event.report = report;
        assert_int_equal(bench_input(&b, event), WC_E_STATE); /* nobody is there */
        event.member = BENCH_MEMBERS;
        assert_int_equal(bench_input(&b, event), WC_E_RANGE);
        event.member = UINT32_MAX;
        assert_int_equal(bench_input(&b, event), WC_E_RANGE);
    }
    bench_join(&b, 0);
    assert_int_equal(bench_member(&b, WC_SENDER_JOIN, 0), WC_E_STATE);
    assert_int_equal(bench_send(&b, 0, bench_report(&b, 0, 0, 1, 1)), WC_E_STATE);
    assert_int_equal(bench_member(&b, WC_SENDER_READY, 0), WC_OK);
    assert_int_equal(bench_member(&b, WC_SENDER_READY, 0), WC_E_STATE);
    assert_int_equal(command((enum wc_sender_event_type)99), WC_E_RANGE);
    assert_int_equal(command(WC_SENDER_RATE), WC_E_RANGE); /* to 0 */
    struct wc_sender_stats stats = bench_stats(&b);
    assert_int_equal(stats.joined, 1);
    assert_int_equal(stats.ready, 1);
    bench_close(&b);
}

static void who_is_silent_is_lost(void **state)
{
    (void)state;
    open_default();
    for (uint32_t member = 0; member < 4; member++)
        bench_join(&b, member);
    assert_int_equal(bench_member(&b, WC_SENDER_READY, 1), WC_OK);
    bench_done(&b, 3, true);
    wc_ns joined = b.now;
    bench_run(&b, joined + BENCH_SILENCE - WC_MS(1));
    assert_int_equal(bench_member(&b, WC_SENDER_ALIVE, 2), WC_OK);
    bench_forget(&b);
    bench_run(&b, joined + BENCH_SILENCE + WC_MS(250));
    assert_true(bench_has_member(&b, 0, WC_MEMBER_SILENT));
    assert_true(bench_has_member(&b, 1, WC_MEMBER_SILENT));
    assert_int_equal(b.notice_count, 2);
    assert_int_equal(bench_stats(&b).failed, 2);
    assert_int_equal(bench_member(&b, WC_SENDER_LEAVE, 0), WC_E_STATE); /* it is known */
    bench_forget(&b);
    bench_run(&b, joined + 2 * BENCH_SILENCE + WC_MS(250));
    assert_true(bench_has_member(&b, 2, WC_MEMBER_SILENT));
    assert_int_equal(wc_sender_member_state(b.s, 3), WC_MEMBER_DONE);
    bench_close(&b);
}

static void signs_of_life(void **state)
{
    (void)state;
    open_default();
    bench_join(&b, 0);
    bench_run(&b, b.now + BENCH_SILENCE - WC_S(1));
    assert_int_equal(bench_member(&b, WC_SENDER_READY, 0), WC_OK);
    bench_run(&b, b.now + BENCH_SILENCE - WC_S(1));
    assert_int_equal(bench_send(&b, 0, bench_report(&b, 0, 0, 0, 0)), WC_OK);
    bench_run(&b, b.now + BENCH_SILENCE - WC_S(1));
    assert_int_equal(bench_member(&b, WC_SENDER_ALIVE, 0), WC_OK);
    bench_run(&b, b.now + BENCH_SILENCE - WC_S(1));
    assert_int_equal(wc_sender_member_state(b.s, 0), WC_MEMBER_READY);
    /* A report that breaks the rules is none. */
    assert_int_equal(bench_send(&b, 0, bench_report(&b, b.pn, 0, 0, 0)), WC_E_RANGE);
    bench_run(&b, b.now + WC_S(2));
    assert_int_equal(wc_sender_member_state(b.s, 0), WC_MEMBER_SILENT);
    bench_close(&b);
}

static void all_may_fall_silent_at_once(void **state)
{
    (void)state;
    struct wc_sender_config config = bench_config();
    config.member_max = 40;
    bench_open(&b, &config);
    for (uint32_t member = 0; member < 40; member++) {
        bench_ready(&b, member);
        bench_forget(&b);
    }
    bench_start(&b);
    bench_forget(&b);
    b.now += WC_S(100);
    assert_int_equal(bench_output(&b), 0);
    assert_int_equal(b.notice_count, 41); /* and the end */
    assert_phase(WC_PHASE_ENDED);
    bench_close(&b);
}

static void who_ended_may_come_back(void **state)
{
    (void)state;
    open_default();
    bench_ready(&b, 1);
    /* keeps the session up */
    bench_ready(&b, 0);
    bench_run(&b, b.now + WC_S(1));
    struct wc_report *report = bench_report(&b, 0, 0, 0, 0);
    report->received_count = 1;
    report->block_done_count = 7;
    assert_int_equal(bench_send(&b, 0, report), WC_OK);
    struct wc_member_figures figures;
    wc_sender_member_figures(b.s, 0, &figures);
    assert_int_equal(figures.block_done_count, 7);
    assert_true(figures.received_count == 1);
    bench_start(&b);
    assert_int_equal(bench_member(&b, WC_SENDER_LEAVE, 0), WC_OK);
    bench_join(&b, 0);
    wc_sender_member_figures(b.s, 0, &figures);
    assert_int_equal(figures.block_done_count, 0); /* a new life */
    assert_true(figures.received_count == 0);
    bench_done(&b, 0, true);
    bench_ready(&b, 0);
    assert_int_equal(bench_stats(&b).done, 0);
    assert_int_equal(bench_stats(&b).ready, 2);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(memory_that_runs_out),
        cmocka_unit_test(as_many_members_as_the_limit_says),
        cmocka_unit_test(it_starts_when_enough_are_ready),
        cmocka_unit_test(who_is_done_counts_as_there),
        cmocka_unit_test(who_failed_does_not_count),
        cmocka_unit_test(one_that_has_all_starts_and_ends_it_at_once),
        cmocka_unit_test(it_starts_some_time_after_the_first),
        cmocka_unit_test(it_does_not_start_without_anybody),
        cmocka_unit_test(it_starts_by_command),
        cmocka_unit_test(it_ends_when_nobody_is_at_work),
        cmocka_unit_test(after_the_end_nothing_leaves),
        cmocka_unit_test(waiting_may_be_stopped_too),
        cmocka_unit_test(events_that_do_not_fit_change_nothing),
        cmocka_unit_test(who_is_silent_is_lost),
        cmocka_unit_test(signs_of_life),
        cmocka_unit_test(all_may_fall_silent_at_once),
        cmocka_unit_test(who_ended_may_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
