/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks that come whole and wrong: again, then by unicast, then never. */
#include "tests/unit/receiver/core/bench.h"

static void open_with(bool multicast_only)
{
    struct wc_receiver_config config = bench_default_config();
    config.void_max = 2;
    config.multicast_only = multicast_only;
    bench_open_with(&config);
    bench_beacon(0);
    bench_expect_notice(WC_RECEIVER_NOTICE_REACHED);
}

static void come_by_multicast(uint32_t sbn, bool ok)
{
    bench_data_block(sbn);
    bench_expect_notice(WC_RECEIVER_NOTICE_DECODE);
    assert_int_equal(bench_stored(sbn, ok), WC_OK);
}

static enum wc_err symbol(uint32_t sbn, uint32_t esi)
{
    return bench_input((struct wc_receiver_event){
        .type = WC_RECEIVER_SYMBOL,
        .symbol = {.sbn = sbn, .esi = (uint8_t)esi, .last = esi == K - 1}});
}

static void come_by_unicast(uint32_t sbn)
{
    for (uint32_t esi = 0; esi < K; esi++)
        assert_int_equal(symbol(sbn, esi), WC_OK);
    bench_expect_notice(WC_RECEIVER_NOTICE_DECODE);
}

static uint32_t blocks_reported(void)
{
    uint32_t count = 0;
    bench_forget_reports();
    bench_run(b.now + 2 * INTERVAL);
    assert_true(b.report_count > 0);
    for (uint32_t i = 0; i < b.report.run_count; i++)
        count += b.report.runs[i].block_count;
    return count;
}

static void twice_void_it_is_asked_for_by_unicast(void **state)
{
    (void)state;
    open_with(false);
    assert_int_equal(symbol(3, 0), WC_E_RANGE); /* nothing is due by unicast */
    come_by_multicast(3, false);
    bench_expect_no_notice();
    assert_int_equal(blocks_reported(), BLOCKS);
    come_by_multicast(3, false);
    struct wc_receiver_notice notice = bench_expect_notice(WC_RECEIVER_NOTICE_FETCH);
    assert_int_equal(notice.sbn, 3);
    assert_int_equal(blocks_reported(), BLOCKS - 1);

    /* What the group sends of it does not count any more, and opens no slot. */
    struct wc_header header = bench_data_header(b.pn, 3, 0);
    assert_int_equal(wc_receiver_place(b.r, &header).kind, WC_PLACE_SCRATCH);
    bench_data_block(3);
    bench_expect_no_notice();
    assert_int_equal(bench_stats().slot_used_count, 0);

    assert_int_equal(symbol(4, 0), WC_E_RANGE); /* only what was asked for */
    assert_int_equal(symbol(3, 0), WC_OK);
    assert_int_equal(blocks_reported(), BLOCKS - 1);
    for (uint32_t esi = 1; esi < K; esi++)
        assert_int_equal(symbol(3, esi), WC_OK);
    bench_expect_notice(WC_RECEIVER_NOTICE_DECODE);
    assert_int_equal(bench_stored(3, true), WC_OK);
    assert_int_equal(bench_stats().void_count, 2);
    assert_int_equal(bench_stats().mended_count, 1);
    assert_int_equal(bench_stats().block_done_count, 1);
    assert_int_equal(symbol(3, 0), WC_E_RANGE);
    come_by_multicast(4, true);
    bench_expect_no_notice();
    bench_close();
}

static void wrong_by_unicast_too_it_is_given_up(void **state)
{
    (void)state;
    open_with(false);
    come_by_multicast(3, false);
    come_by_multicast(3, false);
    bench_expect_notice(WC_RECEIVER_NOTICE_FETCH);
    come_by_unicast(3);
    assert_int_equal(bench_stored(3, false), WC_OK);
    struct wc_receiver_notice notice = bench_expect_notice(WC_RECEIVER_NOTICE_DAMAGED);
    assert_int_equal(notice.sbn, 3);
    bench_data_block(3);
    assert_int_equal(symbol(3, 0), WC_E_RANGE);
    bench_expect_no_notice();
    assert_int_equal(blocks_reported(), BLOCKS - 1);
    for (uint32_t sbn = 0; sbn < BLOCKS; sbn++)
        if (sbn != 3)
            come_by_multicast(sbn, true);
    bench_expect_no_notice(); /* and never complete */
    bench_close();
}

static void only_by_multicast_it_gets_more_chances(void **state)
{
    (void)state;
    open_with(true);
    for (int i = 0; i < 3; i++) {
        come_by_multicast(5, false);
        bench_expect_no_notice();
    }
    come_by_multicast(5, false);
    bench_expect_notice(WC_RECEIVER_NOTICE_DAMAGED);
    for (int i = 0; i < 4; i++)
        come_by_multicast(6, false);
    bench_expect_no_notice(); /* said once */
    bench_close();
}

static void by_unicast_alone_two_are_enough(void **state)
{
    (void)state;
    open_with(false);
    assert_int_equal(bench_input((struct wc_receiver_event){.type = WC_RECEIVER_UNICAST}), WC_OK);
    struct wc_receiver_notice notice;
    while (wc_receiver_notice(b.r, &notice))
        assert_int_equal(notice.type, WC_RECEIVER_NOTICE_FETCH);
    come_by_unicast(0);
    assert_int_equal(bench_stored(0, false), WC_OK);
    notice = bench_expect_notice(WC_RECEIVER_NOTICE_FETCH);
    assert_int_equal(notice.sbn, 0);
    come_by_unicast(0);
    assert_int_equal(bench_stored(0, false), WC_OK);
    assert_true(wc_receiver_notice(b.r, &notice));
    assert_int_equal(notice.type, WC_RECEIVER_NOTICE_DAMAGED);
    assert_true(wc_receiver_notice(b.r, &notice)); /* the others come */
    assert_int_equal(notice.type, WC_RECEIVER_NOTICE_FETCH);
    assert_int_equal(notice.sbn, 4);
    bench_close();
}

/* All slots hold blocks that come by multicast: the one that was set apart waits for memory. */
static void it_waits_for_a_slot(void **state)
{
    (void)state;
    open_with(false);
    come_by_multicast(3, false);
    bench_data_block(3);
    bench_expect_notice(WC_RECEIVER_NOTICE_DECODE);
    for (uint32_t sbn = 10; sbn < 17; sbn++)
        bench_data(sbn, 0);
    assert_int_equal(bench_stats().slot_used_count, 8);
    assert_int_equal(bench_stored(3, false), WC_OK);
    bench_expect_notice(WC_RECEIVER_NOTICE_FETCH); /* its own slot is free */
    bench_data(17, 0);
    assert_int_equal(symbol(3, 0), WC_OK); /* no room: dropped */
    assert_int_equal(symbol(3, K - 1), WC_OK);
    bench_expect_no_notice();
    for (uint32_t esi = 1; esi < K; esi++)
        bench_data(17, esi);
    bench_expect_notice(WC_RECEIVER_NOTICE_DECODE);
    assert_int_equal(bench_stored(17, true), WC_OK);
    bench_expect_notice(WC_RECEIVER_NOTICE_FETCH); /* asked for again */
    come_by_unicast(3);
    assert_int_equal(bench_stored(3, true), WC_OK);
    bench_expect_no_notice();
    bench_close();
}

/* Parts of two answers overlap: complete by the first one's rest, it is not asked for again. */
static void what_is_being_decoded_is_not_asked_for(void **state)
{
    (void)state;
    open_with(false);
    come_by_multicast(3, false);
    come_by_multicast(3, false);
    bench_expect_notice(WC_RECEIVER_NOTICE_FETCH);
    come_by_multicast(5, false);
    assert_int_equal(symbol(3, K - 1), WC_OK); /* the last part, and the others are lacking */
    bench_expect_notice(WC_RECEIVER_NOTICE_FETCH);
    assert_int_equal(symbol(3, K - 1), WC_OK);
    bench_expect_notice(WC_RECEIVER_NOTICE_FETCH);
    for (uint32_t esi = 0; esi + 1 < K; esi++)
        assert_int_equal(symbol(3, esi), WC_OK);
    bench_expect_notice(WC_RECEIVER_NOTICE_DECODE);
    come_by_multicast(6, true);
    bench_expect_no_notice();
    assert_int_equal(bench_stored(3, true), WC_OK);
    bench_expect_no_notice();
    bench_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twice_void_it_is_asked_for_by_unicast),
        cmocka_unit_test(wrong_by_unicast_too_it_is_given_up),
        cmocka_unit_test(only_by_multicast_it_gets_more_chances),
        cmocka_unit_test(by_unicast_alone_two_are_enough),
        cmocka_unit_test(it_waits_for_a_slot),
        cmocka_unit_test(what_is_being_decoded_is_not_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
