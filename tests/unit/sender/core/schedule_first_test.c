/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks that go before others: 10 blocks of 2 symbols, of which 0, 7 and 8 do. */
#include "sender/core/schedule.h"
#include "tests/unit/common/core/support.h"

#define BLOCKS 10u
#define K      2u
#define SYMBOL 16u

struct bench {
    struct wc_schedule s;
    struct test_heap heap;
    struct wc_alloc alloc;
    uint64_t pn; /* of the datagram sent last */
};

static void bench_open(struct bench *b)
{
    struct wc_partition p;
    *b = (struct bench){0};
    b->alloc = test_heap_alloc(&b->heap);
    assert_int_equal(wc_partition_init(&p, (uint64_t)BLOCKS * K * SYMBOL, SYMBOL, K), WC_OK);
    assert_int_equal(wc_schedule_init(&b->s, &p, &b->alloc), WC_OK);
    wc_schedule_put_first(&b->s, 0, 1);
    wc_schedule_put_first(&b->s, 7, 2);
    wc_schedule_put_first(&b->s, BLOCKS, 0);
}

static void bench_close(struct bench *b)
{
    wc_schedule_deinit(&b->s, &b->alloc);
    assert_int_equal(b->heap.live_count, 0);
}

/* The next symbols are those of these blocks, each once as a whole. */
static void expect_blocks(struct bench *b, const uint32_t *sbns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (uint32_t esi = 0; esi < K; esi++) {
            struct wc_symbol_ref ref;
            assert_true(wc_schedule_next(&b->s, ++b->pn, &ref));
            assert_int_equal(ref.sbn, sbns[i]);
            assert_int_equal(ref.esi, esi);
        }
    }
}

#define EXPECT(b, ...)                                \
    expect_blocks(b, (const uint32_t[]){__VA_ARGS__}, \
                  sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void expect_idle(struct bench *b)
{
    struct wc_symbol_ref ref;
    assert_false(wc_schedule_next(&b->s, b->pn + 1, &ref));
    assert_true(wc_schedule_is_idle(&b->s));
    assert_int_equal(b->s.first.count, 0);
}

static void want_all(struct bench *b)
{
    wc_schedule_want_run(&b->s, 0, BLOCKS, K, b->pn);
}

static void they_go_before_all_others(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    want_all(&b);
    want_all(&b);
    EXPECT(&b, 0, 7, 8, 1, 2, 3, 4, 5, 6, 9);
    expect_idle(&b);
    assert_int_equal(b.s.source_count, BLOCKS * K);
    assert_int_equal(b.s.block_sent_count, BLOCKS);
    bench_close(&b);
}

static void a_block_under_way_is_finished_before(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    wc_schedule_want(&b.s, 3, K, 0);
    struct wc_symbol_ref ref;
    assert_true(wc_schedule_next(&b.s, ++b.pn, &ref));
    assert_int_equal(ref.sbn, 3);
    wc_schedule_want_run(&b.s, 4, BLOCKS - 4, K, 0);
    assert_true(wc_schedule_next(&b.s, ++b.pn, &ref));
    assert_int_equal(ref.sbn, 3);
    EXPECT(&b, 7, 8, 4, 5, 6, 9);
    expect_idle(&b);
    bench_close(&b);
}

/* Somebody joins in the middle: what is repeated for it takes turns with what the others wait for,
 * and none of it is sent twice. */
static void a_late_joiner_gets_them_soon(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    want_all(&b);
    EXPECT(&b, 0, 7, 8, 1, 2);
    want_all(&b); /* the newcomer; 0..2 were sent before it came */
    EXPECT(&b, 0, 3, 7, 4, 8);
    EXPECT(&b, 5, 6, 9, 1, 2);
    expect_idle(&b);
    bench_close(&b);
}

static void without_others_they_are_simply_repeated(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    want_all(&b);
    EXPECT(&b, 0, 7, 8, 1, 2, 3, 4, 5, 6, 9);
    wc_schedule_want_run(&b.s, 7, 2, K, b.pn);
    EXPECT(&b, 7, 8);
    expect_idle(&b);
    bench_close(&b);
}

/* A receiver that says for ever that it lacks them does not stop the others' stream. */
static void nobody_can_hold_up_the_others(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    want_all(&b);
    uint32_t other_count = 0;
    for (uint32_t i = 0; i < 40; i++) {
        wc_schedule_want(&b.s, 0, K, b.pn);
        wc_schedule_want_run(&b.s, 7, 2, K, b.pn);
        struct wc_symbol_ref ref;
        for (uint32_t esi = 0; esi < K; esi++)
            assert_true(wc_schedule_next(&b.s, ++b.pn, &ref));
        other_count += ref.sbn != 0 && ref.sbn != 7 && ref.sbn != 8;
    }
    assert_int_equal(other_count, BLOCKS - 3); /* all of them */
    bench_close(&b);
}

static void repeats_are_forgotten_with_the_others(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    want_all(&b);
    EXPECT(&b, 0, 7);
    wc_schedule_want(&b.s, 0, K, b.pn);
    wc_schedule_want(&b.s, 7, K, b.pn);
    assert_int_equal(b.s.first.count, 3);
    wc_schedule_forget_repeats(&b.s);
    assert_int_equal(b.s.first.count, 1);
    EXPECT(&b, 8, 1, 2, 3, 4, 5, 6, 9);
    expect_idle(&b);
    bench_close(&b);
}

static void memory_may_be_short(void **state)
{
    (void)state;
    struct wc_partition p;
    assert_int_equal(wc_partition_init(&p, (uint64_t)BLOCKS * K * SYMBOL, SYMBOL, K), WC_OK);
    for (size_t fail_at = 1; fail_at <= 3; fail_at++) {
        struct test_heap heap = {.fail_at = fail_at};
        struct wc_alloc alloc = test_heap_alloc(&heap);
        struct wc_schedule s;
        assert_int_equal(wc_schedule_init(&s, &p, &alloc), WC_E_NOMEM);
        assert_int_equal(heap.live_count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_go_before_all_others),
        cmocka_unit_test(a_block_under_way_is_finished_before),
        cmocka_unit_test(a_late_joiner_gets_them_soon),
        cmocka_unit_test(without_others_they_are_simply_repeated),
        cmocka_unit_test(nobody_can_hold_up_the_others),
        cmocka_unit_test(repeats_are_forgotten_with_the_others),
        cmocka_unit_test(memory_may_be_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
