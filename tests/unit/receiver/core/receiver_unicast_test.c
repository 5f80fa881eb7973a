/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks by unicast, and multicast that stops. */
#include "tests/unit/receiver/core/bench.h"

static enum wc_err begin(void)
{
    return bench_input((struct wc_receiver_event){.type = WC_RECEIVER_UNICAST});
}

static enum wc_err symbol(uint32_t sbn, uint32_t esi, bool last)
{
    return bench_input((struct wc_receiver_event){
        .type = WC_RECEIVER_SYMBOL, .symbol = {.sbn = sbn, .esi = (uint8_t)esi, .last = last}});
}

static enum wc_place_kind place(uint32_t sbn, uint32_t esi)
{
    return wc_receiver_place_symbol(b.r, sbn, (uint8_t)esi).kind;
}

/* All source symbols of a block. */
static void answer(uint32_t sbn)
{
    for (uint32_t esi = 0; esi < K; esi++)
        assert_int_equal(symbol(sbn, esi, esi == K - 1), WC_OK);
}

/* The next notice, which asks for this block. */
static void expect_fetch(uint32_t sbn)
{
    struct wc_receiver_notice notice;
    assert_true(wc_receiver_notice(b.r, &notice));
    assert_int_equal(notice.type, WC_RECEIVER_NOTICE_FETCH);
    assert_int_equal(notice.sbn, sbn);
}

static void open_unicast(void)
{
    bench_open_default();
    assert_int_equal(begin(), WC_OK);
    for (uint32_t sbn = 0; sbn < 4; sbn++)
        expect_fetch(sbn);
    bench_expect_no_notice();
}

static void a_few_blocks_are_asked_for_at_a_time(void **state)
{
    (void)state;
    open_unicast();
    assert_int_equal(begin(), WC_E_STATE);
    answer(0);
    bench_expect_notice(WC_RECEIVER_NOTICE_DECODE); /* the next one when it is stored */
    assert_int_equal(bench_stored(0, true), WC_OK);
    expect_fetch(4);
    answer(2); /* in any order */
    bench_expect_notice(WC_RECEIVER_NOTICE_DECODE);
    assert_int_equal(bench_stored(2, true), WC_OK);
    expect_fetch(5);
    bench_expect_no_notice();
    bench_close();
}

static void source_symbols_of_this_object_are_taken(void **state)
{
    (void)state;
    bench_open_default();
    assert_int_equal(place(0, 0), WC_PLACE_DROP); /* by multicast so far */
    assert_int_equal(symbol(0, 0, false), WC_E_RANGE);
    bench_close();
    open_unicast();
    assert_int_equal(place(0, K - 1), WC_PLACE_ROW);
    assert_int_equal(place(9, 0), WC_PLACE_ROW); /* asked for or not */
    assert_int_equal(place(0, K), WC_PLACE_DROP);
    assert_int_equal(place(BLOCKS, 0), WC_PLACE_DROP);
    assert_int_equal(place(UINT32_MAX, 0), WC_PLACE_DROP);
    assert_int_equal(symbol(BLOCKS, 0, true), WC_E_RANGE);
    assert_int_equal(symbol(0, 0, false), WC_OK);
    assert_int_equal(place(0, 0), WC_PLACE_DROP); /* is here */
    assert_int_equal(symbol(0, 0, false), WC_OK); /* harmless */
    assert_int_equal(bench_stats().slot_used_count, 1);
    assert_true(bench_stats().received_count == 0); /* no datagrams */
    bench_close();
}

/* Every block once, whatever memory there is. */
static void all_blocks_come(void **state)
{
    (void)state;
    static const uint32_t slots[] = {1, 2, 4, 8, BLOCKS};
    for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
        struct wc_receiver_config config = bench_default_config();
        config.slot_count = slots[i];
        bench_open_with(&config);
        assert_int_equal(begin(), WC_OK);
        uint32_t fetch_count = 0;
        bool is_complete = false;
        struct wc_receiver_notice notice;
        while (wc_receiver_notice(b.r, &notice)) {
            if (notice.type == WC_RECEIVER_NOTICE_FETCH) {
                fetch_count++;
                answer(notice.sbn);
            } else if (notice.type == WC_RECEIVER_NOTICE_DECODE) {
                assert_int_equal(bench_stored(notice.sbn, true), WC_OK);
            } else {
                assert_int_equal(notice.type, WC_RECEIVER_NOTICE_COMPLETE);
                is_complete = true;
            }
        }
        assert_true(is_complete);
        assert_int_equal(bench_stats().block_done_count, BLOCKS);
        assert_true(fetch_count <= 4 * BLOCKS);
        bench_close();
    }
}

static void what_goes_first_is_asked_for_first(void **state)
{
    (void)state;
    static const struct wc_manifest_run first[] = {{.sbn = 0, .block_count = 1},
                                                   {.sbn = BLOCKS - 2, .block_count = 2}};
    const uint64_t have = 1ull << (BLOCKS - 1);
    struct wc_receiver_config config = bench_default_config();
    config.first = first;
    config.first_count = 2;
    config.have = &have;
    bench_open_with(&config);
    assert_int_equal(begin(), WC_OK);
    expect_fetch(0);
    expect_fetch(BLOCKS - 2);
    expect_fetch(1);
    expect_fetch(2);
    bench_expect_no_notice();
    answer(BLOCKS - 2);
    bench_expect_notice(WC_RECEIVER_NOTICE_DECODE);
    assert_int_equal(bench_stored(BLOCKS - 2, false), WC_OK); /* void: again */
    expect_fetch(BLOCKS - 2);
    answer(BLOCKS - 2);
    bench_expect_notice(WC_RECEIVER_NOTICE_DECODE);
    assert_int_equal(bench_stored(BLOCKS - 2, true), WC_OK);
    expect_fetch(3);
    bench_expect_no_notice();
    bench_close();
}

static void what_goes_first_lies_in_the_object(void **state)
{
    (void)state;
    struct wc_manifest_run run = {.sbn = BLOCKS, .block_count = 1};
    struct wc_receiver_config config = bench_default_config();
    struct test_heap heap = {0};
    struct wc_alloc alloc = test_heap_alloc(&heap);
    struct wc_receiver *r;
    config.first = &run;
    config.first_count = 1;
    assert_int_equal(wc_receiver_new(&r, &config, &alloc, START), WC_E_RANGE);
    run = (struct wc_manifest_run){.sbn = 1, .block_count = UINT32_MAX};
    assert_int_equal(wc_receiver_new(&r, &config, &alloc, START), WC_E_RANGE);
    assert_int_equal(heap.live_count, 0);
}

static void what_is_here_already_is_not_asked_for(void **state)
{
    (void)state;
    struct wc_receiver_config config = bench_default_config();
    const uint64_t have = (1ull << BLOCKS) - 1 - (1ull << 7);
    config.have = &have;
    bench_open_with(&config);
    assert_int_equal(begin(), WC_OK);
    expect_fetch(7);
    bench_expect_no_notice();
    answer(7);
    bench_expect_notice(WC_RECEIVER_NOTICE_DECODE);
    assert_int_equal(bench_stored(7, true), WC_OK);
    bench_expect_notice(WC_RECEIVER_NOTICE_COMPLETE);
    bench_close();
}

/* They hold memory. */
static void blocks_that_began_by_multicast_come_first(void **state)
{
    (void)state;
    bench_open_reached();
    bench_data(9, 0);
    bench_data(4, K + 1);
    bench_data_block(1);
    bench_expect_notice(WC_RECEIVER_NOTICE_DECODE);
    assert_int_equal(begin(), WC_OK);
    expect_fetch(4);
    expect_fetch(9);
    expect_fetch(0);
    expect_fetch(2);                       /* 1 is being decoded */
    for (uint32_t esi = 0; esi < K; esi++) /* one more than it needs */
        assert_int_equal(symbol(4, esi, esi == K - 1), WC_OK);
    bench_expect_notice(WC_RECEIVER_NOTICE_DECODE);
    bench_data(9, 1); /* what still comes by multicast is welcome */
    assert_int_equal(bench_stats().slot_used_count, 3);
    bench_close();
}

static void what_did_not_come_whole_is_asked_for_again(void **state)
{
    (void)state;
    open_unicast();
    assert_int_equal(symbol(1, 0, false), WC_OK);
    assert_int_equal(symbol(1, 2, true), WC_OK); /* parts got lost in this host */
    expect_fetch(1);
    answer(1);
    bench_expect_notice(WC_RECEIVER_NOTICE_DECODE);
    assert_int_equal(bench_stored(1, false), WC_OK); /* void */
    expect_fetch(1);
    bench_expect_no_notice();
    bench_close();
}

static void reports_tell_that_it_lives(void **state)
{
    (void)state;
    open_unicast();
    assert_true(bench_output());
    assert_true(b.report.pn == 0 && b.report.received_count == 0);
    bench_forget_reports();
    for (int i = 0; i < 5; i++) {
        bench_run(b.now + WC_S(1));
        bench_status(20000);
    }
    assert_true(b.report_count >= 5);
    bench_run(b.now + TIMEOUT);
    bench_expect_no_notice(); /* it is known that multicast does not come */
    bench_run(b.now + SILENCE);
    bench_expect_notice(WC_RECEIVER_NOTICE_SENDER_SILENT);
    bench_close();
}

/* --- multicast that stops --- */

/* Status comes for a while, and no datagram. */
static void status_only_until(wc_ns until)
{
    while (b.now + WC_S(1) <= until) {
        bench_run(b.now + WC_S(1));
        bench_status(20000);
    }
}

static void multicast_that_stops_is_told(void **state)
{
    (void)state;
    bench_open_reached();
    for (int i = 0; i < 2; i++) {
        wc_ns last = b.now;
        bench_beacon(0);
        status_only_until(last + TIMEOUT - WC_S(1));
        bench_expect_no_notice();
        status_only_until(last + TIMEOUT);
        bench_expect_notice(WC_RECEIVER_NOTICE_UNREACHED);
        status_only_until(last + 3 * TIMEOUT); /* said once, until it comes again */
        bench_expect_no_notice();
    }
    bench_close();
}

/* Without a status the sender itself may be gone: that is another notice. */
static void a_sender_that_says_nothing_at_all_is_silent(void **state)
{
    (void)state;
    bench_open_reached();
    bench_run(b.now + SILENCE);
    bench_expect_notice(WC_RECEIVER_NOTICE_SENDER_SILENT);
    bench_close();
}

static void who_has_all_does_not_miss_it(void **state)
{
    (void)state;
    struct wc_receiver_config config = bench_default_config();
    const uint64_t have = (1ull << BLOCKS) - 1;
    config.have = &have;
    bench_open_with(&config);
    bench_expect_notice(WC_RECEIVER_NOTICE_COMPLETE);
    bench_beacon(0);
    bench_expect_notice(WC_RECEIVER_NOTICE_REACHED);
    status_only_until(b.now + 3 * TIMEOUT);
    bench_expect_no_notice();
    bench_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_few_blocks_are_asked_for_at_a_time),
        cmocka_unit_test(source_symbols_of_this_object_are_taken),
        cmocka_unit_test(all_blocks_come),
        cmocka_unit_test(what_goes_first_is_asked_for_first),
        cmocka_unit_test(what_goes_first_lies_in_the_object),
        cmocka_unit_test(what_is_here_already_is_not_asked_for),
        cmocka_unit_test(blocks_that_began_by_multicast_come_first),
        cmocka_unit_test(what_did_not_come_whole_is_asked_for_again),
        cmocka_unit_test(reports_tell_that_it_lives),
        cmocka_unit_test(multicast_that_stops_is_told),
        cmocka_unit_test(a_sender_that_says_nothing_at_all_is_silent),
        cmocka_unit_test(who_has_all_does_not_miss_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
