/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/core/report.h"

#include "common/core/bitmap.h"
#include "tests/unit/common/core/support.h"

#define SYMBOL     16u
#define BLOCKS_MAX 200u

struct bench {
    struct wc_blocks b;
    struct test_heap heap;
    struct wc_alloc alloc;
    struct wc_report report;
};

static struct bench bench;

/* symbol_count symbols in blocks of at most k, as many slots as blocks. */
static void bench_open(uint32_t symbol_count, uint32_t k)
{
    struct wc_partition p;
    assert_int_equal(wc_partition_init(&p, (uint64_t)symbol_count * SYMBOL, SYMBOL, k), WC_OK);
    bench = (struct bench){0};
    bench.alloc = test_heap_alloc(&bench.heap);
    assert_int_equal(wc_blocks_init(&bench.b, &p, p.block_count, NULL, NULL, &bench.alloc), WC_OK);
}

static void bench_close(void)
{
    wc_blocks_deinit(&bench.b, &bench.alloc);
    assert_int_equal(bench.heap.live_count, 0);
}

static void get(uint32_t sbn, uint32_t count)
{
    for (uint32_t esi = 0; esi < count; esi++)
        (void)wc_blocks_take(&bench.b, sbn, (uint8_t)esi);
}

static void finish(uint32_t sbn)
{
    get(sbn, wc_partition_symbols(&bench.b.partition, sbn));
    assert_int_equal(wc_blocks_stored(&bench.b, sbn, true), WC_OK);
}

static void report(void)
{
    bench.report.run_count = 77;
    wc_report_runs(&bench.b, &bench.report);
}

static void expect(uint32_t index, uint32_t sbn, uint32_t block_count, uint32_t missing)
{
    assert_true(index < bench.report.run_count);
    const struct wc_run *run = &bench.report.runs[index];
    assert_int_equal(run->sbn, sbn);
    assert_int_equal(run->block_count, block_count);
    assert_int_equal(run->missing, missing);
}

static void a_fresh_receiver_lacks_all(void **state)
{
    (void)state;
    bench_open(100 * 128, 128);
    report();
    assert_int_equal(bench.report.run_count, 1);
    expect(0, 0, 100, 128);
    bench_close();
}

static void large_and_small_blocks_lack_different_counts(void **state)
{
    (void)state;
    bench_open(102, 30); /* 26, 26, 25, 25 */
    report();
    assert_int_equal(bench.report.run_count, 2);
    expect(0, 0, 2, 26);
    expect(1, 2, 2, 25);
    finish(0);
    finish(3);
    report();
    assert_int_equal(bench.report.run_count, 2);
    expect(0, 1, 1, 26);
    expect(1, 2, 1, 25);
    finish(1);
    report();
    assert_int_equal(bench.report.run_count, 1);
    expect(0, 2, 1, 25);
    bench_close();
}

/* A large block of which one symbol came lacks as much as a small one of which none did. */
static void equal_neighbours_are_one_run(void **state)
{
    (void)state;
    bench_open(102, 30);
    get(0, 3);
    get(1, 1);
    report();
    assert_int_equal(bench.report.run_count, 2);
    expect(0, 0, 1, 23);
    expect(1, 1, 3, 25);
    get(2, 2);
    get(3, 2);
    report();
    assert_int_equal(bench.report.run_count, 3);
    expect(2, 2, 2, 23);
    bench_close();
}

static void who_has_all_lacks_nothing(void **state)
{
    (void)state;
    bench_open(10 * 8, 8);
    for (uint32_t sbn = 0; sbn < 10; sbn++)
        finish(sbn);
    report();
    assert_int_equal(bench.report.run_count, 0);
    bench_close();
}

static void a_block_being_decoded_is_not_named(void **state)
{
    (void)state;
    bench_open(3 * 8, 8);
    get(1, 8);
    report();
    assert_int_equal(bench.report.run_count, 2);
    expect(0, 0, 1, 8);
    expect(1, 2, 1, 8);
    assert_int_equal(wc_blocks_stored(&bench.b, 1, false), WC_OK);
    report();
    assert_int_equal(bench.report.run_count, 1); /* void: nothing came of it */
    expect(0, 0, 3, 8);
    bench_close();
}

static void the_lowest_blocks_are_named_if_not_all_fit(void **state)
{
    (void)state;
    bench_open(3000 * 2, 2);
    for (uint32_t sbn = 0; sbn < 3000; sbn += 2)
        finish(sbn);
    report();
    assert_int_equal(bench.report.run_count, WC_REPORT_RUNS_MAX);
    for (uint32_t i = 0; i < WC_REPORT_RUNS_MAX; i++)
        expect(i, 2 * i + 1, 1, 2);
    get(1, 1); /* a run more at the front, one fewer at the back */
    finish(3);
    report();
    assert_int_equal(bench.report.run_count, WC_REPORT_RUNS_MAX);
    expect(0, 1, 1, 1);
    expect(1, 5, 1, 2);
    expect(WC_REPORT_RUNS_MAX - 1, 2 * WC_REPORT_RUNS_MAX + 1, 1, 2);
    bench_close();
}

/* They hold memory: without a free slot nothing absent can come. */
static void blocks_in_memory_are_named_before_absent_ones(void **state)
{
    (void)state;
    bench_open(6000 * 3, 3);
    for (uint32_t sbn = 0; sbn < 5000; sbn++) { /* absent, done, absent, done .. */
        if (sbn % 2)
            finish(sbn);
    }
    for (uint32_t sbn = 5000; sbn < 5400; sbn++)
        get(sbn, 1 + sbn % 2);
    report();
    assert_int_equal(bench.report.run_count, WC_REPORT_RUNS_MAX);
    expect(WC_REPORT_RUNS_MAX - 1, 5399, 1, 1);
    expect(WC_REPORT_RUNS_MAX - 400, 5000, 1, 2);
    expect(0, 0, 1, 3); /* but the lowest absent ones are not forgotten */
    for (uint32_t sbn = 5400; sbn < 6000; sbn++)
        get(sbn, 1 + sbn % 2);
    report();
    assert_int_equal(bench.report.run_count, WC_REPORT_RUNS_MAX);
    expect(63, 126, 1, 3);
    expect(64, 5000, 1, 2);
    bench_close();
}

/* The border between large and small blocks may be where the report is full. */
static void the_limit_at_the_border(void **state)
{
    (void)state;
    uint32_t count = 2 * WC_REPORT_RUNS_MAX + 2;
    bench_open(count * 3 - (count - 2 * WC_REPORT_RUNS_MAX), 3);
    assert_int_equal(bench.b.partition.large_count, 2 * WC_REPORT_RUNS_MAX);
    for (uint32_t sbn = 0; sbn < 2 * WC_REPORT_RUNS_MAX; sbn += 2)
        finish(sbn);
    report();
    assert_int_equal(bench.report.run_count, WC_REPORT_RUNS_MAX);
    expect(WC_REPORT_RUNS_MAX - 1, 2 * WC_REPORT_RUNS_MAX - 1, 1, 3);
    bench_close();
}

/* What a run says of a block, 0: not named. */
static uint32_t named_missing(uint32_t sbn)
{
    for (uint32_t i = 0; i < bench.report.run_count; i++) {
        const struct wc_run *run = &bench.report.runs[i];
        if (sbn >= run->sbn && sbn - run->sbn < run->block_count)
            return run->missing;
    }
    return 0;
}

static void check_all_blocks(const uint32_t *got)
{
    for (uint32_t sbn = 0; sbn < bench.b.partition.block_count; sbn++) {
        uint32_t k = wc_partition_symbols(&bench.b.partition, sbn);
        assert_int_equal(named_missing(sbn), k - got[sbn]);
    }
    for (uint32_t i = 1; i < bench.report.run_count; i++) {
        const struct wc_run *a = &bench.report.runs[i - 1], *b = &bench.report.runs[i];
        assert_true(b->sbn >= a->sbn + a->block_count);
        assert_true(b->sbn > a->sbn + a->block_count || b->missing != a->missing);
    }
}

static void every_block_is_named_as_it_is(void **state)
{
    (void)state;
    static uint8_t frame[WC_FRAME_HEADER_BYTES + WC_FRAME_BODY_MAX];
    static struct wc_msg msg;
    struct wc_rng rng = test_rng(__func__);
    for (int round = 0; round < 300; round++) {
        uint32_t got[BLOCKS_MAX] = {0};
        uint32_t k_max = 1 + (uint32_t)wc_rng_below(&rng, 6);
        bench_open(1 + (uint32_t)wc_rng_below(&rng, BLOCKS_MAX * k_max), k_max);
        uint64_t dice = 1 + wc_rng_below(&rng, 5);
        for (uint32_t sbn = 0; sbn < bench.b.partition.block_count; sbn++) {
            uint32_t k = wc_partition_symbols(&bench.b.partition, sbn);
            got[sbn] = wc_rng_below(&rng, dice) ? 0 : (uint32_t)wc_rng_below(&rng, k + 1);
            get(sbn, got[sbn]);
            if (got[sbn] == k && wc_rng_below(&rng, 2))
                assert_int_equal(wc_blocks_stored(&bench.b, sbn, true), WC_OK);
        }
        report();
        check_all_blocks(got);
        size_t byte_count;
        msg.type = WC_MSG_REPORT;
        msg.report = bench.report;
        assert_int_equal(wc_msg_encode(&msg, frame, sizeof(frame), &byte_count), WC_OK);
        bench_close();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fresh_receiver_lacks_all),
        cmocka_unit_test(large_and_small_blocks_lack_different_counts),
        cmocka_unit_test(equal_neighbours_are_one_run),
        cmocka_unit_test(who_has_all_lacks_nothing),
        cmocka_unit_test(a_block_being_decoded_is_not_named),
        cmocka_unit_test(the_lowest_blocks_are_named_if_not_all_fit),
        cmocka_unit_test(blocks_in_memory_are_named_before_absent_ones),
        cmocka_unit_test(the_limit_at_the_border),
        cmocka_unit_test(every_block_is_named_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
