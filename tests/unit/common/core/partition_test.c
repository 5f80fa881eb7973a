/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/partition.h"

#include "tests/unit/common/core/support.h"

#define SYMBOL 1440u
#define K      128u
#define GIB    (1ull << 30)

static struct wc_partition cut(uint64_t object_bytes, uint32_t symbol_bytes, uint32_t k)
{
    struct wc_partition p;
    assert_int_equal(wc_partition_init(&p, object_bytes, symbol_bytes, k), WC_OK);
    return p;
}

/* Of one block: that its first and last byte are found in it, and where the next begins. */
static uint64_t check_block(const struct wc_partition *p, uint32_t sbn, uint64_t offset)
{
    uint32_t symbols = wc_partition_symbols(p, sbn);
    uint32_t bytes = wc_partition_bytes(p, sbn);
    assert_true(wc_partition_offset(p, sbn) == offset);
    assert_true(bytes > 0 && symbols > 0);
    assert_int_equal(symbols, (bytes + p->symbol_bytes - 1) / p->symbol_bytes);
    assert_int_equal(wc_partition_block_at(p, offset), sbn);
    assert_int_equal(wc_partition_block_at(p, offset + bytes - 1), sbn);
    return offset + bytes;
}

/* Blocks tile the object exactly; sizes differ by at most one symbol. */
static void check_tiling(const struct wc_partition *p, uint32_t k)
{
    uint64_t offset = 0;
    uint64_t symbol_count = 0;
    for (uint32_t sbn = 0; sbn < p->block_count; sbn++) {
        symbol_count += wc_partition_symbols(p, sbn);
        assert_true(wc_partition_symbols(p, sbn) <= k);
        offset = check_block(p, sbn, offset);
    }
    assert_true(offset == p->object_bytes);
    assert_true(symbol_count == p->symbol_count);
    assert_true(p->large_symbols - p->small_symbols <= 1);
    assert_true(p->large_count < p->block_count || !p->block_count);
}

static void nothing_has_no_blocks(void **state)
{
    (void)state;
    struct wc_partition p = cut(0, SYMBOL, K);
    assert_int_equal(p.block_count, 0);
    assert_int_equal(p.symbol_count, 0);
    assert_int_equal(p.large_symbols, 0);
}

static void one_byte_is_one_symbol(void **state)
{
    (void)state;
    struct wc_partition p = cut(1, SYMBOL, K);
    assert_int_equal(p.block_count, 1);
    assert_int_equal(p.symbol_count, 1);
    assert_int_equal(wc_partition_symbols(&p, 0), 1);
    assert_int_equal(wc_partition_bytes(&p, 0), 1);
}

static void exact_multiples_make_equal_blocks(void **state)
{
    (void)state;
    struct wc_partition p = cut(7ull * K * SYMBOL, SYMBOL, K);
    assert_int_equal(p.block_count, 7);
    assert_int_equal(p.large_count, 0);
    assert_int_equal(p.large_symbols, K);
    assert_int_equal(p.small_symbols, K);
    assert_int_equal(wc_partition_bytes(&p, 6), K * SYMBOL);
}

static void one_byte_more_spreads_over_the_blocks(void **state)
{
    (void)state;
    /* 897 symbols in 8 blocks: one of 113, seven of 112; the last symbol holds one byte. */
    struct wc_partition p = cut(7ull * K * SYMBOL + 1, SYMBOL, K);
    assert_int_equal(p.block_count, 8);
    assert_int_equal(p.large_count, 1);
    assert_int_equal(p.large_symbols, 113);
    assert_int_equal(p.small_symbols, 112);
    assert_int_equal(wc_partition_bytes(&p, 7), 111 * SYMBOL + 1);
    check_tiling(&p, K);
}

/* By hand from RFC 5052 section 9.1: L = 100000, E = 1000, B = 30: T = 100, N = 4, A = 25.
 * L = 101001: T = 102, N = 4, A_large = 26, A_small = 25, I = 2. */
static void it_follows_the_rfc(void **state)
{
    (void)state;
    struct wc_partition p = cut(100000, 1000, 30);
    assert_int_equal(p.block_count, 4);
    assert_int_equal(p.large_count, 0);
    assert_int_equal(p.small_symbols, 25);
    p = cut(101001, 1000, 30);
    assert_int_equal(p.block_count, 4);
    assert_int_equal(p.large_count, 2);
    assert_int_equal(p.large_symbols, 26);
    assert_int_equal(p.small_symbols, 25);
    assert_int_equal(wc_partition_offset(&p, 2), 52000);
    assert_int_equal(wc_partition_offset(&p, 3), 77000);
    assert_int_equal(wc_partition_bytes(&p, 3), 24001);
}

static void offsets_do_not_wrap_at_4_gib(void **state)
{
    (void)state;
    struct wc_partition p = cut(20 * GIB + 12345, SYMBOL, K);
    uint32_t sbn = wc_partition_block_at(&p, 4 * GIB);
    assert_true(wc_partition_offset(&p, sbn) <= 4 * GIB);
    assert_true(wc_partition_offset(&p, sbn + 1) > 4 * GIB);
    check_tiling(&p, K);
}

static void as_many_blocks_as_the_limit_says(void **state)
{
    (void)state;
    uint64_t object_bytes = (uint64_t)WC_BLOCKS_MAX * K * SYMBOL;
    struct wc_partition p = cut(object_bytes, SYMBOL, K);
    assert_int_equal(p.block_count, WC_BLOCKS_MAX);
    assert_true(check_block(&p, WC_BLOCKS_MAX - 1, wc_partition_offset(&p, WC_BLOCKS_MAX - 1)) ==
                object_bytes);
    struct wc_partition untouched = p;
    assert_int_equal(wc_partition_init(&p, object_bytes + 1, SYMBOL, K), WC_E_TOO_LARGE);
    assert_int_equal(wc_partition_init(&p, UINT64_MAX, WC_SYMBOL_BYTES_MAX, K), WC_E_TOO_LARGE);
    assert_memory_equal(&p, &untouched, sizeof(p));
}

static void sizes_outside_the_limits_are_refused(void **state)
{
    (void)state;
    struct wc_partition p;
    assert_int_equal(wc_partition_init(&p, 1, WC_SYMBOL_BYTES_MIN - 1, K), WC_E_RANGE);
    assert_int_equal(wc_partition_init(&p, 1, WC_SYMBOL_BYTES_MAX + 1, K), WC_E_RANGE);
    assert_int_equal(wc_partition_init(&p, 1, 0, K), WC_E_RANGE);
    assert_int_equal(wc_partition_init(&p, 1, SYMBOL, 0), WC_E_RANGE);
    assert_int_equal(wc_partition_init(&p, 1, SYMBOL, WC_SOURCE_SYMBOLS_MAX + 1), WC_E_RANGE);
    cut(1, WC_SYMBOL_BYTES_MIN, 1);
    cut(1, WC_SYMBOL_BYTES_MAX, WC_SOURCE_SYMBOLS_MAX);
}

static void blocks_tile_objects_of_any_size(void **state)
{
    (void)state;
    struct wc_rng rng = test_rng(__func__);
    for (int round = 0; round < 2000; round++) {
        uint32_t symbol_bytes = WC_SYMBOL_BYTES_MIN + (uint32_t)wc_rng_below(&rng, 3000);
        uint32_t k = 1 + (uint32_t)wc_rng_below(&rng, WC_SOURCE_SYMBOLS_MAX);
        uint64_t block_bytes = (uint64_t)symbol_bytes * k;
        uint64_t object_bytes = wc_rng_below(&rng, 300) * block_bytes;
        if (wc_rng_below(&rng, 4))
            object_bytes += wc_rng_below(&rng, block_bytes);
        struct wc_partition p = cut(object_bytes, symbol_bytes, k);
        check_tiling(&p, k);
        for (int i = 0; object_bytes && i < 20; i++) {
            uint64_t offset = wc_rng_below(&rng, object_bytes);
            uint32_t sbn = wc_partition_block_at(&p, offset);
            assert_true(wc_partition_offset(&p, sbn) <= offset);
            assert_true(offset - wc_partition_offset(&p, sbn) < wc_partition_bytes(&p, sbn));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_has_no_blocks),
        cmocka_unit_test(one_byte_is_one_symbol),
        cmocka_unit_test(exact_multiples_make_equal_blocks),
        cmocka_unit_test(one_byte_more_spreads_over_the_blocks),
        cmocka_unit_test(it_follows_the_rfc),
        cmocka_unit_test(offsets_do_not_wrap_at_4_gib),
        cmocka_unit_test(as_many_blocks_as_the_limit_says),
        cmocka_unit_test(sizes_outside_the_limits_are_refused),
        cmocka_unit_test(blocks_tile_objects_of_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
