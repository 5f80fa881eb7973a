/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/core/blocks.h"

#include <string.h>

#include "common/core/bitmap.h"
#include "tests/unit/common/core/support.h"

#define SYMBOL 16u

struct bench {
    struct wc_blocks b;
    struct test_heap heap;
    struct wc_alloc alloc;
};

static struct wc_partition cut(uint32_t symbol_count, uint32_t k)
{
    struct wc_partition p;
    assert_int_equal(wc_partition_init(&p, (uint64_t)symbol_count * SYMBOL, SYMBOL, k), WC_OK);
    return p;
}

static void bench_open(struct bench *bench, uint32_t block_count, uint32_t k, uint32_t slot_count,
                       const uint64_t *have)
{
    struct wc_partition p = cut(block_count * k, k);
    *bench = (struct bench){0};
    bench->alloc = test_heap_alloc(&bench->heap);
    assert_int_equal(wc_blocks_init(&bench->b, &p, slot_count, have, NULL, &bench->alloc), WC_OK);
}

static void bench_close(struct bench *bench)
{
    wc_blocks_deinit(&bench->b, &bench->alloc);
    assert_int_equal(bench->heap.live_count, 0);
}

static enum wc_need place(const struct bench *bench, uint32_t sbn, uint32_t esi, uint32_t *ret_slot,
                          uint32_t *ret_row)
{
    struct wc_blocks before = bench->b;
    enum wc_need need = wc_blocks_place(&bench->b, sbn, (uint8_t)esi, ret_slot, ret_row);
    assert_memory_equal(&before, &bench->b, sizeof(before));
    return need;
}

static enum wc_need need(const struct bench *bench, uint32_t sbn, uint32_t esi)
{
    uint32_t slot, row;
    return place(bench, sbn, esi, &slot, &row);
}

/* A needed symbol comes; returns its row. */
static uint32_t take(struct bench *bench, uint32_t sbn, uint32_t esi, bool completes)
{
    uint32_t slot, row;
    assert_int_equal(place(bench, sbn, esi, &slot, &row), WC_NEEDED);
    assert_int_equal(wc_blocks_take(&bench->b, sbn, (uint8_t)esi), completes);
    assert_int_equal(bench->b.slot_of[sbn], slot);
    assert_int_equal(bench->b.slots[slot].sbn, sbn);
    assert_int_equal(bench->b.slots[slot].esi[row], esi);
    assert_true(row < wc_partition_symbols(&bench->b.partition, sbn));
    assert_int_equal(need(bench, sbn, esi), WC_NOT_NEEDED);
    return row;
}

static void complete(struct bench *bench, uint32_t sbn)
{
    uint32_t k = wc_partition_symbols(&bench->b.partition, sbn);
    for (uint32_t esi = 0; esi < k; esi++)
        assert_int_equal(take(bench, sbn, esi, esi == k - 1), esi);
}

static void all_are_absent_but_those_at_hand(void **state)
{
    (void)state;
    struct bench bench;
    const uint64_t have[2] = {1ull << 3 | 1ull << 63, 1};
    bench_open(&bench, 70, 2, 4, have);
    assert_int_equal(bench.b.done_count, 3);
    for (uint32_t sbn = 0; sbn < 70; sbn++) {
        bool is_here = sbn == 3 || sbn == 63 || sbn == 64;
        assert_int_equal(wc_bitmap_get(bench.b.done, sbn), is_here);
        assert_int_equal(wc_bitmap_get(bench.b.absent, sbn), !is_here);
        assert_false(wc_bitmap_get(bench.b.held, sbn));
        assert_int_equal(need(&bench, sbn, 1), is_here ? WC_NOT_NEEDED : WC_NEEDED);
    }
    assert_int_equal(bench.b.free_count, 4);
    bench_close(&bench);
}

static void source_symbols_stand_in_their_own_rows(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 1, 128, 1, NULL);
    for (uint32_t i = 0; i < 128; i++) {
        uint32_t esi = (64 + 128 - i) % 128; /* downwards from 64 */
        assert_int_equal(take(&bench, 0, esi, i == 127), esi);
        assert_false(wc_bitmap_get(bench.b.absent, 0));
        assert_int_equal(wc_bitmap_get(bench.b.held, 0), i < 127);
    }
    assert_true(bench.b.slots[0].decoding);
    assert_int_equal(wc_blocks_erasures(&bench.b, 0), 0);
    bench_close(&bench);
}

/* Order: repair 0 takes row 0, so source 0 takes the next free one. */
static void repair_symbols_take_free_rows(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 1, 4, 1, NULL);
    assert_int_equal(take(&bench, 0, 4, false), 0);
    assert_int_equal(take(&bench, 0, 0, false), 1);
    assert_int_equal(take(&bench, 0, 3, false), 3);
    assert_int_equal(take(&bench, 0, 130, true), 2);
    assert_int_equal(wc_blocks_erasures(&bench.b, 0), 2);
    assert_int_equal(need(&bench, 0, 1), WC_NOT_NEEDED); /* complete is complete */
    bench_close(&bench);
}

static void a_block_may_be_all_repair_symbols(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 1, 65, 1, NULL);
    for (uint32_t i = 0; i < 65; i++)
        assert_int_equal(take(&bench, 0, 65 + i, i == 64), i);
    assert_int_equal(wc_blocks_erasures(&bench.b, 0), 65);
    bench_close(&bench);
}

static void any_mix_in_any_order_fills_every_row_once(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 2, 63, 64, 65, 127, 128};
    struct wc_rng rng = test_rng(__func__);
    for (int round = 0; round < 700; round++) {
        struct bench bench;
        uint32_t k = sizes[round % 7];
        bench_open(&bench, 1, k, 1, NULL);
        bool seen[256] = {true}, used[128] = {true};
        uint32_t erasures = 0;
        assert_int_equal(take(&bench, 0, 0, k == 1), 0);
        for (uint32_t got = 1; got < k;) {
            uint32_t esi = (uint32_t)wc_rng_below(&rng, k + 127);
            if (seen[esi]) {
                assert_int_equal(need(&bench, 0, esi), WC_NOT_NEEDED);
                continue;
            }
            seen[esi] = true;
            got++;
            erasures += esi >= k;
            uint32_t row = take(&bench, 0, esi, got == k);
            assert_false(used[row]);
            used[row] = true;
        }
        assert_int_equal(wc_blocks_erasures(&bench.b, 0), erasures);
        bench_close(&bench);
    }
}

/* A block of which more is gone than is mended by repair symbols would only hold a slot until it is
 * sent whole once more. */
static void a_slot_is_for_blocks_that_can_be_completed(void **state)
{
    (void)state;
    static const struct {
        uint32_t k, esi;
        enum wc_need need;
    } cases[] = {{128, 0, WC_NEEDED},       {128, 64, WC_NEEDED},      {128, 65, WC_NOT_NEEDED},
                 {128, 127, WC_NOT_NEEDED}, {128, 128, WC_NOT_NEEDED}, {66, 65, WC_NOT_NEEDED},
                 {66, 66, WC_NOT_NEEDED},   {65, 64, WC_NEEDED},       {65, 65, WC_NEEDED},
                 {65, 191, WC_NEEDED},      {1, 1, WC_NEEDED}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bench bench;
        bench_open(&bench, 2, cases[i].k, 1, NULL);
        assert_int_equal(need(&bench, 0, cases[i].esi), cases[i].need);
        take(&bench, 0, 0, cases[i].k == 1); /* once it has a slot, all is welcome */
        if (cases[i].esi > 0 && cases[i].k > 1)
            assert_int_equal(need(&bench, 0, cases[i].esi), WC_NEEDED);
        bench_close(&bench);
    }
}

static void memory_is_bounded_by_slots(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 5, 2, 2, NULL);
    take(&bench, 4, 0, false);
    take(&bench, 2, 3, false);
    assert_int_equal(need(&bench, 0, 0), WC_NO_SLOT);
    assert_int_equal(need(&bench, 3, 1), WC_NO_SLOT);
    assert_int_equal(need(&bench, 4, 1), WC_NEEDED); /* has its slot */
    take(&bench, 4, 1, true);
    assert_int_equal(need(&bench, 0, 0), WC_NO_SLOT); /* still being decoded */
    assert_int_equal(wc_blocks_stored(&bench.b, 4, true), WC_OK);
    take(&bench, 0, 0, false);
    assert_int_equal(need(&bench, 3, 1), WC_NO_SLOT);
    assert_int_equal(bench.b.free_count, 0);
    bench_close(&bench);
}

static void a_stored_block_is_done(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 3, 4, 2, NULL);
    complete(&bench, 1);
    assert_int_equal(wc_blocks_stored(&bench.b, 1, true), WC_OK);
    assert_int_equal(bench.b.done_count, 1);
    assert_true(wc_bitmap_get(bench.b.done, 1));
    assert_false(wc_bitmap_get(bench.b.absent, 1) || wc_bitmap_get(bench.b.held, 1));
    assert_int_equal(need(&bench, 1, 2), WC_NOT_NEEDED);
    assert_int_equal(bench.b.free_count, 2);
    bench_close(&bench);
}

static void a_void_block_begins_from_nothing(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 3, 4, 1, NULL);
    complete(&bench, 1);
    assert_int_equal(wc_blocks_stored(&bench.b, 1, false), WC_OK);
    assert_int_equal(bench.b.done_count, 0);
    assert_true(wc_bitmap_get(bench.b.absent, 1));
    assert_int_equal(bench.b.free_count, 1);
    complete(&bench, 1); /* the same symbols count again */
    assert_int_equal(wc_blocks_stored(&bench.b, 1, true), WC_OK);
    assert_int_equal(bench.b.done_count, 1);
    bench_close(&bench);
}

static void only_what_is_being_decoded_can_be_stored(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 4, 2, 2, NULL);
    take(&bench, 1, 0, false);
    complete(&bench, 2);
    assert_int_equal(wc_blocks_stored(&bench.b, 2, true), WC_OK);
    for (int ok = 0; ok < 2; ok++) {
        assert_int_equal(wc_blocks_stored(&bench.b, 0, ok), WC_E_STATE); /* absent */
        assert_int_equal(wc_blocks_stored(&bench.b, 1, ok), WC_E_STATE); /* held */
        assert_int_equal(wc_blocks_stored(&bench.b, 2, ok), WC_E_STATE); /* done */
    }
    assert_int_equal(bench.b.done_count, 1);
    assert_int_equal(bench.b.free_count, 1);
    bench_close(&bench);
}

/* The first blocks may have a symbol more than the others. */
static void large_and_small_blocks(void **state)
{
    (void)state;
    struct bench bench = {.heap = {0}};
    struct wc_partition p = cut(102, 30); /* 26, 26, 25, 25 */
    bench.alloc = test_heap_alloc(&bench.heap);
    assert_int_equal(wc_blocks_init(&bench.b, &p, 2, NULL, NULL, &bench.alloc), WC_OK);
    complete(&bench, 1);
    complete(&bench, 2);
    assert_int_equal(bench.b.slots[bench.b.slot_of[1]].k, 26);
    assert_int_equal(bench.b.slots[bench.b.slot_of[2]].k, 25);
    bench_close(&bench);
}

static void memory_that_runs_out(void **state)
{
    (void)state;
    struct wc_partition p = cut(100, 10);
    struct bench bench;
    bench_open(&bench, 10, 10, 3, NULL);
    size_t asked_count = bench.heap.asked_count;
    bench_close(&bench);
    for (size_t n = 1; n <= asked_count; n++) {
        struct test_heap heap = {.fail_at = n};
        struct wc_alloc alloc = test_heap_alloc(&heap);
        struct wc_blocks b;
        assert_int_equal(wc_blocks_init(&b, &p, 3, NULL, NULL, &alloc), WC_E_NOMEM);
        assert_int_equal(heap.live_count, 0);
        wc_blocks_deinit(&b, &alloc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_absent_but_those_at_hand),
        cmocka_unit_test(source_symbols_stand_in_their_own_rows),
        cmocka_unit_test(repair_symbols_take_free_rows),
        cmocka_unit_test(a_block_may_be_all_repair_symbols),
        cmocka_unit_test(any_mix_in_any_order_fills_every_row_once),
        cmocka_unit_test(a_slot_is_for_blocks_that_can_be_completed),
        cmocka_unit_test(memory_is_bounded_by_slots),
        cmocka_unit_test(a_stored_block_is_done),
        cmocka_unit_test(a_void_block_begins_from_nothing),
        cmocka_unit_test(only_what_is_being_decoded_can_be_stored),
        cmocka_unit_test(large_and_small_blocks),
        cmocka_unit_test(memory_that_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
