/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which datagrams count (PROTOCOL.md section 5.4), and what the shell is told. */
#include "tests/unit/receiver/core/bench.h"

/* --- making --- */

static void nonsense_is_refused(void **state)
{
    (void)state;
    struct test_heap heap = {0};
    struct wc_alloc alloc = test_heap_alloc(&heap);
    struct wc_receiver *r = NULL;
    struct wc_receiver_config config = bench_default_config();
    config.slot_count = 0;
    assert_int_equal(wc_receiver_new(&r, &config, &alloc, 0), WC_E_RANGE);
    config = bench_default_config();
    config.partition = (struct wc_partition){.symbol_bytes = 16};
    assert_int_equal(wc_receiver_new(&r, &config, &alloc, 0), WC_E_RANGE);
    assert_null(r);
    assert_int_equal(heap.live_count, 0);
    wc_receiver_free(NULL);
}

static void memory_that_runs_out(void **state)
{
    (void)state;
    struct wc_receiver_config config = bench_default_config();
    bench_open_default();
    size_t asked_count = b.heap.asked_count;
    bench_close();
    assert_true(asked_count >= 8);
    for (size_t n = 1; n <= asked_count; n++) {
        struct test_heap heap = {.fail_at = n};
        struct wc_alloc alloc = test_heap_alloc(&heap);
        struct wc_receiver *r = NULL;
        assert_int_equal(wc_receiver_new(&r, &config, &alloc, 0), WC_E_NOMEM);
        assert_null(r);
        assert_int_equal(heap.live_count, 0);
    }
}

/* --- which datagrams count --- */

/* The last field is followed by padding. */
static void expect_same(const struct wc_receiver_stats *a, const struct wc_receiver_stats *other)
{
    assert_memory_equal(a, other,
                        offsetof(struct wc_receiver_stats, slot_used_count) + sizeof(uint32_t));
}

static void expect_place(struct wc_header header, enum wc_place_kind kind)
{
    struct wc_receiver_stats before = bench_stats();
    assert_int_equal(wc_receiver_place(b.r, &header).kind, kind);
    struct wc_receiver_stats after = bench_stats();
    expect_same(&before, &after);
}

static void expect_drop(struct wc_header header, enum wc_err err)
{
    expect_place(header, WC_PLACE_DROP);
    struct wc_receiver_stats before = bench_stats();
    assert_int_equal(bench_take(header), err);
    struct wc_receiver_stats after = bench_stats();
    expect_same(&before, &after);
    bench_expect_no_notice();
}

static void a_datagram_of_another_session_is_dropped(void **state)
{
    (void)state;
    bench_open_default();
    struct wc_header header = bench_data_header(5, 0, 0);
    header.instance++;
    expect_drop(header, WC_E_STATE);
    header.type = WC_DATAGRAM_BEACON;
    expect_drop(header, WC_E_STATE);
    assert_true(wc_receiver_deadline(b.r) == START + TIMEOUT);
    bench_close();
}

static void a_replayed_datagram_is_dropped(void **state)
{
    (void)state;
    bench_open_reached();
    bench_data(0, 0);
    expect_drop(bench_data_header(b.pn - 1, 0, 0), WC_E_STATE);
    expect_drop(bench_data_header(b.pn - 1, 0, 1), WC_E_STATE);
    expect_drop(bench_data_header(100, 1, 1), WC_E_STATE); /* the beacon's number */
    expect_place(bench_data_header(99, 1, 1), WC_PLACE_ROW);
    assert_int_equal(bench_take(bench_data_header(20000, 1, 1)), WC_OK);
    expect_drop(bench_data_header(20000 - WC_REPLAY_WINDOW, 1, 2), WC_E_STATE);
    expect_place(bench_data_header(20001 - WC_REPLAY_WINDOW, 1, 2), WC_PLACE_ROW);
    expect_drop(bench_data_header(WC_PN_MAX + 1, 1, 2), WC_E_STATE);
    bench_close();
}

static void a_symbol_that_does_not_exist_is_dropped(void **state)
{
    (void)state;
    bench_open_reached();
    expect_drop(bench_data_header(b.pn, BLOCKS, 0), WC_E_RANGE);
    expect_drop(bench_data_header(b.pn, UINT32_MAX, 0), WC_E_RANGE);
    expect_drop(bench_data_header(b.pn, 0, K + 127), WC_E_RANGE);
    expect_drop(bench_data_header(b.pn, 0, 254), WC_E_RANGE);
    expect_place(bench_data_header(b.pn, 0, K + 126), WC_PLACE_ROW);
    bench_close();
}

/* A beacon says more than there are blocks: of its fields none is a block. */
static void a_beacon_is_opened_anywhere(void **state)
{
    (void)state;
    bench_open_default();
    struct wc_header header = {.type = WC_DATAGRAM_BEACON,
                               .esi = 255,
                               .sbn = UINT32_MAX,
                               .instance = INSTANCE,
                               .pn = WC_PN_MAX};
    expect_place(header, WC_PLACE_SCRATCH);
    assert_int_equal(bench_take(header), WC_OK);
    assert_true(bench_expect_notice(WC_RECEIVER_NOTICE_REACHED).pn == WC_PN_MAX);
    bench_close();
}

static void place_tells_slot_and_row(void **state)
{
    (void)state;
    bench_open_reached();
    struct wc_header header = bench_data_header(b.pn, 3, K + 5);
    struct wc_place first = wc_receiver_place(b.r, &header);
    assert_int_equal(first.kind, WC_PLACE_ROW);
    assert_int_equal(first.row, 0);
    bench_data(3, K + 5);
    header = bench_data_header(b.pn, 3, 0);
    struct wc_place second = wc_receiver_place(b.r, &header);
    assert_int_equal(second.kind, WC_PLACE_ROW);
    assert_int_equal(second.slot, first.slot);
    assert_int_equal(second.row, 1);
    header = bench_data_header(b.pn, 4, 0);
    assert_true(wc_receiver_place(b.r, &header).slot != first.slot);
    bench_close();
}

static void what_is_not_needed_still_counts_as_heard(void **state)
{
    (void)state;
    struct wc_receiver_config config = bench_default_config();
    const uint64_t have = 1ull << 7;
    config.have = &have;
    config.slot_count = 1;
    bench_open_with(&config);
    expect_place(bench_data_header(0, 7, 0), WC_PLACE_SCRATCH);
    bench_data(7, 0);
    bench_expect_notice(WC_RECEIVER_NOTICE_REACHED);
    bench_data(1, 1);
    bench_data(1, 1);
    expect_place(bench_data_header(b.pn, 2, 1), WC_PLACE_SCRATCH); /* no memory */
    bench_data(2, 1);
    struct wc_receiver_stats s = bench_stats();
    assert_true(s.received_count == 4);
    assert_true(s.duplicate_count == 2);
    assert_true(s.refused_count == 1);
    assert_true(s.lost_count == 0);
    assert_int_equal(s.block_done_count, 1);
    assert_int_equal(s.block_count, BLOCKS);
    assert_int_equal(s.slot_used_count, 1);
    bench_close();
}

static void gaps_are_losses_until_filled(void **state)
{
    (void)state;
    bench_open_default();
    b.pn = 1000; /* what was sent before this receiver came was not lost */
    bench_data(0, 0);
    assert_true(bench_stats().lost_count == 0);
    b.pn = 1010;
    bench_data(0, 1);
    assert_true(bench_stats().lost_count == 9);
    assert_int_equal(bench_take(bench_data_header(1005, 0, 2)), WC_OK);
    assert_true(bench_stats().lost_count == 8);
    assert_int_equal(bench_take(bench_data_header(997, 1, 0)),
                     WC_OK); /* sent before the first that came */
    assert_true(bench_stats().lost_count == 10);
    assert_true(bench_stats().received_count == 4);
    bench_close();
}

/* --- notices --- */

static void a_complete_block_is_to_be_decoded(void **state)
{
    (void)state;
    bench_open_reached();
    bench_data(3, 1);
    bench_data(3, K + 2);
    bench_data(3, 0);
    bench_expect_no_notice();
    struct wc_header last = bench_data_header(b.pn, 3, K);
    uint32_t slot = wc_receiver_place(b.r, &last).slot;
    bench_data(3, K);
    struct wc_receiver_notice notice = bench_expect_notice(WC_RECEIVER_NOTICE_DECODE);
    assert_int_equal(notice.sbn, 3);
    assert_int_equal(notice.slot, slot);
    const uint8_t esi[K] = {K + 2, 1, 0, K};
    assert_memory_equal(notice.esi, esi, K);
    assert_true(bench_stats().repaired_count == 2);
    bench_data(3, 2); /* late: changes nothing of what is being decoded */
    assert_memory_equal(notice.esi, esi, K);
    assert_true(bench_stats().duplicate_count == 1);
    assert_int_equal(bench_stored(3, true), WC_OK);
    assert_int_equal(bench_stored(3, true), WC_E_STATE);
    assert_int_equal(bench_stats().block_done_count, 1);
    assert_int_equal(bench_stats().slot_used_count, 0);
    bench_close();
}

static void a_block_whose_digest_differs_is_void(void **state)
{
    (void)state;
    bench_open_reached();
    bench_data_block(0);
    bench_expect_notice(WC_RECEIVER_NOTICE_DECODE);
    assert_int_equal(bench_stored(0, false), WC_OK);
    assert_true(bench_stats().void_count == 1);
    assert_int_equal(bench_stats().block_done_count, 0);
    bench_data_block(0);
    bench_expect_notice(WC_RECEIVER_NOTICE_DECODE);
    assert_int_equal(bench_stored(0, true), WC_OK);
    assert_int_equal(bench_stats().block_done_count, 1);
    bench_close();
}

static void results_that_cannot_be_are_refused(void **state)
{
    (void)state;
    bench_open_reached();
    bench_data(1, 0);
    assert_int_equal(bench_stored(0, true), WC_E_STATE);
    assert_int_equal(bench_stored(1, true), WC_E_STATE);
    assert_int_equal(bench_stored(BLOCKS, true), WC_E_RANGE);
    assert_int_equal(bench_stored(UINT32_MAX, false), WC_E_RANGE);
    assert_int_equal(
        bench_input((struct wc_receiver_event){.type = (enum wc_receiver_event_type)99}),
        WC_E_RANGE);
    assert_int_equal(bench_stats().block_done_count, 0);
    bench_close();
}

static void with_the_last_block_it_is_complete(void **state)
{
    (void)state;
    bench_open_reached();
    for (uint32_t sbn = 0; sbn < BLOCKS; sbn++) {
        bench_expect_no_notice();
        bench_data_block(sbn);
        bench_expect_notice(WC_RECEIVER_NOTICE_DECODE);
        assert_int_equal(bench_stored(sbn, true), WC_OK);
    }
    bench_expect_notice(WC_RECEIVER_NOTICE_COMPLETE);
    bench_data_block(0);
    bench_expect_no_notice();
    assert_int_equal(bench_stats().block_done_count, BLOCKS);
    bench_close();
}

static void who_has_all_is_complete_from_the_start(void **state)
{
    (void)state;
    struct wc_receiver_config config = bench_default_config();
    const uint64_t have = (1ull << BLOCKS) - 1;
    config.have = &have;
    bench_open_with(&config);
    bench_expect_notice(WC_RECEIVER_NOTICE_COMPLETE);
    bench_close();
}

static void notices_wait_for_all_slots(void **state)
{
    (void)state;
    struct wc_receiver_config config = bench_default_config();
    config.slot_count = BLOCKS;
    bench_open_with(&config);
    b.now += TIMEOUT; /* and so it is told that nothing came */
    assert_false(bench_output());
    for (uint32_t sbn = 0; sbn < BLOCKS; sbn++)
        bench_data_block(sbn);
    b.now += SILENCE;
    (void)bench_output();
    uint32_t count = 0;
    struct wc_receiver_notice notice;
    while (wc_receiver_notice(b.r, &notice))
        count++;
    assert_int_equal(count, BLOCKS + 3); /* UNREACHED, REACHED, SENDER_SILENT */
    bench_close();
}

static void nothing_heard_is_told_once(void **state)
{
    (void)state;
    bench_open_default();
    bench_run(START + TIMEOUT - 1);
    bench_expect_no_notice();
    bench_run(START + TIMEOUT);
    bench_expect_notice(WC_RECEIVER_NOTICE_UNREACHED);
    bench_run(START + 3 * TIMEOUT);
    bench_expect_notice(WC_RECEIVER_NOTICE_SENDER_SILENT);
    assert_int_equal(b.report_count, 0);
    assert_true(wc_receiver_deadline(b.r) == WC_NEVER);
    bench_close();
}

static void the_first_datagram_is_told_once(void **state)
{
    (void)state;
    bench_open_default();
    bench_run(START + TIMEOUT - 1);
    b.pn = 4711;
    bench_beacon(0);
    assert_true(bench_expect_notice(WC_RECEIVER_NOTICE_REACHED).pn == 4711);
    bench_beacon(0);
    bench_data(0, 0);
    bench_run(START + TIMEOUT + WC_S(5));
    bench_expect_no_notice();
    bench_close();
}

static void a_silent_sender_is_told_once(void **state)
{
    (void)state;
    bench_open_reached();
    bench_run(START + SILENCE - 1);
    bench_status(20000); /* a sign of life, though its multicast no longer comes: said once */
    bench_expect_notice(WC_RECEIVER_NOTICE_UNREACHED);
    bench_status(20000);
    bench_run(START + 2 * SILENCE - 2);
    bench_expect_no_notice();
    bench_beacon(0); /* another */
    bench_run(b.now + SILENCE - 1);
    bench_expect_no_notice();
    bench_run(b.now + 1);
    bench_expect_notice(WC_RECEIVER_NOTICE_SENDER_SILENT);
    bench_run(b.now + 2 * SILENCE);
    bench_expect_no_notice();
    bench_close();
}

static void random_events_break_nothing(void **state)
{
    (void)state;
    struct wc_rng rng = test_rng(__func__);
    for (uint32_t round = 0; round < 50; round++) {
        struct wc_receiver_config config = bench_default_config();
        config.slot_count = 1 + (uint32_t)wc_rng_below(&rng, 6);
        config.seed = round;
        bench_open_with(&config);
        bool decoding[BLOCKS] = {false};
        for (int step = 0; step < 3000; step++) {
            struct wc_header header = bench_data_header(wc_rng_below(&rng, 3000),
                                                        (uint32_t)wc_rng_below(&rng, BLOCKS + 1),
                                                        (uint32_t)wc_rng_below(&rng, K + 130));
            header.type = wc_rng_below(&rng, 8) ? WC_DATAGRAM_DATA : WC_DATAGRAM_BEACON;
            struct wc_place place = wc_receiver_place(b.r, &header);
            assert_int_equal(bench_take(header) == WC_OK, place.kind != WC_PLACE_DROP);
            assert_true(place.kind != WC_PLACE_ROW ||
                        (place.slot < config.slot_count && place.row < K));
            bench_run(b.now + wc_rng_below(&rng, WC_MS(2)));
            struct wc_receiver_notice notice;
            while (wc_receiver_notice(b.r, &notice))
                if (notice.type == WC_RECEIVER_NOTICE_DECODE)
                    decoding[notice.sbn] = true;
            uint32_t sbn = (uint32_t)wc_rng_below(&rng, BLOCKS);
            assert_int_equal(bench_stored(sbn, wc_rng_below(&rng, 2)) == WC_OK, decoding[sbn]);
            decoding[sbn] = false;
        }
        bench_close();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(memory_that_runs_out),
        cmocka_unit_test(a_datagram_of_another_session_is_dropped),
        cmocka_unit_test(a_replayed_datagram_is_dropped),
        cmocka_unit_test(a_symbol_that_does_not_exist_is_dropped),
        cmocka_unit_test(a_beacon_is_opened_anywhere),
        cmocka_unit_test(place_tells_slot_and_row),
        cmocka_unit_test(what_is_not_needed_still_counts_as_heard),
        cmocka_unit_test(gaps_are_losses_until_filled),
        cmocka_unit_test(a_complete_block_is_to_be_decoded),
        cmocka_unit_test(a_block_whose_digest_differs_is_void),
        cmocka_unit_test(results_that_cannot_be_are_refused),
        cmocka_unit_test(with_the_last_block_it_is_complete),
        cmocka_unit_test(who_has_all_is_complete_from_the_start),
        cmocka_unit_test(notices_wait_for_all_slots),
        cmocka_unit_test(nothing_heard_is_told_once),
        cmocka_unit_test(the_first_datagram_is_told_once),
        cmocka_unit_test(a_silent_sender_is_told_once),
        cmocka_unit_test(random_events_break_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
