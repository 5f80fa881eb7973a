/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks that may not come yet: the place where they go is full. */
#include "common/core/bitmap.h"
#include "tests/unit/receiver/core/bench.h"

/* Blocks 0..OPEN-1 and the last one may come. */
#define OPEN 6u

static void open_windowed(bool multicast_only)
{
    struct wc_receiver_config config = bench_default_config();
    uint64_t shut = 0;
    for (uint32_t sbn = OPEN; sbn < BLOCKS - 1; sbn++)
        wc_bitmap_set(&shut, sbn);
    config.shut = &shut;
    config.multicast_only = multicast_only;
    bench_open_with(&config);
    bench_beacon(0);
    bench_expect_notice(WC_RECEIVER_NOTICE_REACHED);
}

static enum wc_err open_blocks(uint32_t sbn, uint32_t block_count)
{
    return bench_input((struct wc_receiver_event){
        .type = WC_RECEIVER_OPEN, .open = {.sbn = sbn, .block_count = block_count}});
}

static void report(void)
{
    b.now += WC_S(2);
    assert_true(bench_output());
}

static void expect_run(uint32_t i, uint32_t sbn, uint32_t block_count)
{
    assert_true(i < b.report.run_count);
    assert_int_equal(b.report.runs[i].sbn, sbn);
    assert_int_equal(b.report.runs[i].block_count, block_count);
    assert_int_equal(b.report.runs[i].missing, K);
}

static void store(uint32_t sbn)
{
    bench_data_block(sbn);
    bench_expect_notice(WC_RECEIVER_NOTICE_DECODE);
    assert_int_equal(bench_stored(sbn, true), WC_OK);
}

static void only_open_blocks_are_lacking(void **state)
{
    (void)state;
    open_windowed(false);
    report();
    assert_int_equal(b.report.run_count, 2);
    expect_run(0, 0, OPEN);
    expect_run(1, BLOCKS - 1, 1);
    assert_int_equal(b.report.block_done_count, 0);
    assert_int_equal(open_blocks(OPEN, 2), WC_OK);
    bench_expect_no_notice(); /* nothing of them was sent yet */
    report();
    assert_int_equal(b.report.run_count, 2);
    expect_run(0, 0, OPEN + 2);
    bench_close();
}

/* Neither lost, nor refused: the sender's rate does not follow a disk. */
static void shut_blocks_pass_without_harm(void **state)
{
    (void)state;
    open_windowed(false);
    struct wc_header header = bench_data_header(b.pn, OPEN, 0);
    assert_int_equal(wc_receiver_place(b.r, &header).kind, WC_PLACE_SCRATCH);
    assert_int_equal(wc_receiver_place_symbol(b.r, OPEN, 0).kind, WC_PLACE_DROP);
    bench_data_block(OPEN);
    bench_expect_no_notice();
    struct wc_receiver_stats s = bench_stats();
    assert_true(s.received_count == K + 1); /* and the beacon */
    assert_true(s.shut_count == K);
    assert_true(s.lost_count == 0 && s.refused_count == 0 && s.duplicate_count == 0);
    assert_int_equal(s.slot_used_count, 0);
    report();
    assert_true(b.report.refused_count == 0 && b.report.lost_count == 0);
    assert_true(b.report.received_count == K + 1);
    bench_close();
}

/* All that may come is in: nothing is lacking, and yet it is not complete. */
static void a_full_window_waits(void **state)
{
    (void)state;
    open_windowed(false);
    for (uint32_t sbn = 0; sbn < OPEN; sbn++)
        store(sbn);
    store(BLOCKS - 1);
    bench_expect_no_notice();
    report();
    assert_int_equal(b.report.run_count, 0);
    assert_int_equal(b.report.block_done_count, OPEN + 1);
    bench_close();
}

/* What passed while it was shut is not asked of the group, but by unicast; said once. */
static void what_passed_is_sought_by_unicast(void **state)
{
    (void)state;
    open_windowed(false);
    bench_data(OPEN, 0);
    bench_data(OPEN + 1, 0);
    assert_int_equal(open_blocks(OPEN, 3), WC_OK);
    bench_expect_notice(WC_RECEIVER_NOTICE_BEHIND);
    report();
    assert_int_equal(b.report.run_count, 3);
    expect_run(0, 0, OPEN);
    expect_run(1, OPEN + 2, 1); /* which did not pass */
    expect_run(2, BLOCKS - 1, 1);
    bench_data(OPEN + 5, 0);
    assert_int_equal(open_blocks(OPEN + 3, 4), WC_OK);
    bench_expect_no_notice();
    assert_int_equal(bench_input((struct wc_receiver_event){.type = WC_RECEIVER_UNICAST}), WC_OK);
    report();
    assert_int_equal(b.report.run_count, 2);
    expect_run(0, 0, OPEN + 7);
    bench_close();
}

/* It came once more before unicast began: then it is here. */
static void what_passed_may_still_come(void **state)
{
    (void)state;
    open_windowed(false);
    bench_data(OPEN, 0);
    assert_int_equal(open_blocks(OPEN, 1), WC_OK);
    bench_expect_notice(WC_RECEIVER_NOTICE_BEHIND);
    store(OPEN);
    assert_int_equal(bench_input((struct wc_receiver_event){.type = WC_RECEIVER_UNICAST}), WC_OK);
    report();
    expect_run(0, 0, OPEN);
    assert_int_equal(b.report.runs[1].sbn, BLOCKS - 1);
    bench_close();
}

/* The carousel brings it again. */
static void without_unicast_it_is_reported(void **state)
{
    (void)state;
    open_windowed(true);
    bench_data_block(OPEN);
    report();
    expect_run(0, 0, OPEN);
    assert_int_equal(open_blocks(OPEN, 1), WC_OK);
    bench_expect_no_notice();
    report();
    expect_run(0, 0, OPEN + 1);
    store(OPEN);
    bench_close();
}

/* Ascending, and never outside. */
static void unicast_stays_in_the_window(void **state)
{
    (void)state;
    open_windowed(false);
    assert_int_equal(bench_input((struct wc_receiver_event){.type = WC_RECEIVER_UNICAST}), WC_OK);
    uint32_t fetched = 0, open_end = OPEN;
    bool is_complete = false;
    struct wc_receiver_notice notice;
    while (!is_complete) {
        while (wc_receiver_notice(b.r, &notice)) {
            if (notice.type == WC_RECEIVER_NOTICE_FETCH) {
                assert_true(notice.sbn < open_end || notice.sbn == BLOCKS - 1);
                assert_true(notice.sbn == fetched || notice.sbn == BLOCKS - 1);
                fetched += notice.sbn == fetched;
                for (uint32_t esi = 0; esi < K; esi++)
                    assert_int_equal(
                        bench_input((struct wc_receiver_event){.type = WC_RECEIVER_SYMBOL,
                                                               .symbol = {.sbn = notice.sbn,
                                                                          .esi = (uint8_t)esi,
                                                                          .last = esi == K - 1}}),
                        WC_OK);
            } else if (notice.type == WC_RECEIVER_NOTICE_DECODE) {
                assert_int_equal(bench_stored(notice.sbn, true), WC_OK);
            } else {
                assert_int_equal(notice.type, WC_RECEIVER_NOTICE_COMPLETE);
                is_complete = true;
            }
        }
        if (!is_complete) { /* then it waits for room */
            assert_int_equal(fetched, open_end);
            assert_int_equal(open_blocks(open_end++, 1), WC_OK);
        }
    }
    assert_int_equal(open_end, BLOCKS - 1);
    bench_close();
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    open_windowed(false);
    assert_int_equal(open_blocks(BLOCKS, 1), WC_E_RANGE);
    assert_int_equal(open_blocks(OPEN, BLOCKS - OPEN + 1), WC_E_RANGE);
    assert_int_equal(open_blocks(1, UINT32_MAX), WC_E_RANGE);
    assert_int_equal(open_blocks(0, OPEN), WC_OK); /* they are open */
    store(2);
    assert_int_equal(open_blocks(0, BLOCKS), WC_OK);
    report();
    expect_run(0, 0, 2);
    expect_run(1, 3, BLOCKS - 3);
    bench_close();
}

/* What an earlier run left is done, wherever the window ends. */
static void done_blocks_are_not_shut(void **state)
{
    (void)state;
    struct wc_receiver_config config = bench_default_config();
    const uint64_t all = (1ull << BLOCKS) - 1, have = 1ull << 9;
    config.shut = &all;
    config.have = &have;
    bench_open_with(&config);
    assert_int_equal(bench_stats().block_done_count, 1);
    assert_int_equal(open_blocks(0, BLOCKS), WC_OK);
    assert_int_equal(bench_input((struct wc_receiver_event){.type = WC_RECEIVER_UNICAST}), WC_OK);
    for (uint32_t sbn = 0; sbn < 4; sbn++) {
        struct wc_receiver_notice notice;
        assert_true(wc_receiver_notice(b.r, &notice));
        assert_int_equal(notice.sbn, sbn);
    }
    bench_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_open_blocks_are_lacking),
        cmocka_unit_test(shut_blocks_pass_without_harm),
        cmocka_unit_test(a_full_window_waits),
        cmocka_unit_test(what_passed_is_sought_by_unicast),
        cmocka_unit_test(what_passed_may_still_come),
        cmocka_unit_test(without_unicast_it_is_reported),
        cmocka_unit_test(unicast_stays_in_the_window),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(done_blocks_are_not_shut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
