/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/payload.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/io/fec.h"
#include "tests/support/workdir.h"
#include "tests/unit/common/core/support.h"

struct bench {
    struct wc_workdir dir;
    const char *path;
    struct wc_content *content;
    struct wc_partition partition;
    struct wc_payload *payload;
    uint8_t *object; /* padded with zeros */
};

static struct bench b;
static struct wc_why why;

static void bench_open(size_t object_bytes, uint32_t symbol_bytes, uint32_t block_symbols)
{
    wc_workdir_make(&b.dir);
    b.path = wc_workdir_fill(&b.dir, "a.img", 3, object_bytes);
    b.object = calloc(1, object_bytes + symbol_bytes);
    assert_non_null(b.object);
    wc_workdir_pattern(3, 0, b.object, object_bytes);
    assert_int_equal(wc_partition_init(&b.partition, object_bytes, symbol_bytes, block_symbols),
                     WC_OK);
    assert_int_equal(wc_content_open(&b.content, &b.path, 1, NULL, &why), WC_OK);
    assert_int_equal(wc_payload_new(&b.payload, b.content, &b.partition), WC_OK);
}

static void bench_close(void)
{
    wc_payload_free(b.payload);
    wc_content_close(b.content);
    wc_workdir_remove(&b.dir);
    free(b.object);
}

static enum wc_err get(uint32_t sbn, uint32_t esi, const uint8_t **ret_symbol)
{
    struct wc_header header = {.type = WC_DATAGRAM_DATA, .sbn = sbn, .esi = (uint8_t)esi};
    return wc_payload_symbol(b.payload, &header, ret_symbol, &why);
}

static void assert_symbol(uint32_t sbn, uint32_t esi)
{
    const uint8_t *symbol, *rows = b.object + wc_partition_offset(&b.partition, sbn);
    uint32_t k = wc_partition_symbols(&b.partition, sbn), size = b.partition.symbol_bytes;
    assert_int_equal(get(sbn, esi, &symbol), WC_OK);
    if (esi < k) {
        assert_memory_equal(symbol, rows + (size_t)esi * size, size);
        return;
    }
    struct wc_fec *fec = NULL;
    uint8_t *expected = malloc(size);
    assert_non_null(expected);
    assert_int_equal(wc_fec_new(&fec, k), WC_OK);
    wc_fec_encode(fec, rows, size, esi - k, 1, expected);
    assert_memory_equal(symbol, expected, size);
    wc_fec_free(fec);
    free(expected);
}

static void every_source_symbol(void **state)
{
    (void)state;
    bench_open(101001, 1000, 30); /* 26, 26, 25, 25; the last symbol holds one byte */
    for (uint32_t sbn = 0; sbn < 4; sbn++)
        for (uint32_t esi = 0; esi < wc_partition_symbols(&b.partition, sbn); esi++)
            assert_symbol(sbn, esi);
    bench_close();
}

static void every_repair_symbol(void **state)
{
    (void)state;
    bench_open(101001, 1000, 30);
    for (uint32_t sbn = 1; sbn <= 3; sbn++)
        for (uint32_t r = 0; r < 127; r++)
            assert_symbol(sbn, wc_partition_symbols(&b.partition, sbn) + r);
    bench_close();
}

static void repair_symbols_in_any_order(void **state)
{
    (void)state;
    struct wc_rng rng = test_rng(__func__);
    bench_open(101001, 1000, 30);
    for (int i = 0; i < 3000; i++) {
        uint32_t sbn = (uint32_t)wc_rng_below(&rng, 4);
        uint32_t esi = (uint32_t)wc_rng_below(&rng, 25 + 127);
        for (uint64_t n = 1 + wc_rng_below(&rng, 6); n > 0 && esi < 25 + 127; n--)
            assert_symbol(sbn, esi++);
    }
    bench_close();
}

static void a_block_of_full_size(void **state)
{
    (void)state;
    bench_open(128 * 1440, 1440, 128);
    assert_symbol(0, 127);
    assert_symbol(0, 128);
    assert_symbol(0, 254);
    assert_symbol(0, 0);
    bench_close();
}

static void a_beacon_is_zeros(void **state)
{
    (void)state;
    static const uint8_t zeros[1000];
    bench_open(5000, 1000, 2);
    struct wc_header header = {.type = WC_DATAGRAM_BEACON, .sbn = UINT32_MAX, .esi = 3};
    const uint8_t *symbol;
    assert_int_equal(wc_payload_symbol(b.payload, &header, &symbol, &why), WC_OK);
    assert_memory_equal(symbol, zeros, sizeof(zeros));
    bench_close();
}

/* More blocks than are kept, so that each comes and goes. */
static void blocks_come_and_go(void **state)
{
    (void)state;
    enum { BLOCKS = 26 };
    struct wc_rng rng = test_rng(__func__);
    bench_open((size_t)BLOCKS * 128 * 8928 - 1, 8928, 128);
    for (uint32_t sbn = 0; sbn < BLOCKS; sbn++)
        assert_symbol(sbn, 127);
    for (int i = 0; i < 200; i++)
        assert_symbol((uint32_t)wc_rng_below(&rng, BLOCKS), (uint32_t)wc_rng_below(&rng, 140));
    bench_close();
}

/* What was read before stays good; the rest is never sent as something that it is not. */
static void content_that_changes_is_an_error(void **state)
{
    (void)state;
    const uint8_t *symbol;
    bench_open(100000, 1000, 10);
    assert_symbol(3, 0);
    assert_int_equal(truncate(b.path, 99999), 0);
    for (int i = 0; i < 2; i++) {
        why = (struct wc_why){0};
        assert_int_equal(get(4, 0, &symbol), WC_E_DIGEST);
        assert_int_equal(why.exit_code, EX_DATAERR);
        assert_non_null(strstr(why.text, "a.img"));
        assert_int_equal(get(4, 12, &symbol), WC_E_DIGEST);
    }
    assert_symbol(3, 9);
    assert_symbol(3, 10);
    bench_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_source_symbol),
        cmocka_unit_test(every_repair_symbol),
        cmocka_unit_test(repair_symbols_in_any_order),
        cmocka_unit_test(a_block_of_full_size),
        cmocka_unit_test(a_beacon_is_zeros),
        cmocka_unit_test(blocks_come_and_go),
        cmocka_unit_test(content_that_changes_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
