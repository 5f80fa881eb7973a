/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The code is compared with an independent slow GF(256) of polynomial 0x11d, written from the
 * definition in fec.h. */
#include "common/io/fec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/rng.h"

static uint8_t slow_mul(uint8_t a, uint8_t b)
{
    unsigned sum = 0;
    for (unsigned bit = 0; bit < 8; bit++)
        sum ^= b & (1u << bit) ? (unsigned)a << bit : 0;
    for (unsigned bit = 14; bit >= 8; bit--)
        sum ^= sum & (1u << bit) ? 0x11du << (bit - 8) : 0;
    return (uint8_t)sum;
}

static uint8_t slow_inv(uint8_t a)
{
    for (unsigned b = 1; b < 256; b++) {
        if (slow_mul(a, (uint8_t)b) == 1)
            return (uint8_t)b;
    }
    return 0;
}

static void slow_parity(const uint8_t *rows, uint32_t k, uint32_t symbol_bytes, uint32_t r,
                        uint8_t *ret)
{
    memset(ret, 0, symbol_bytes);
    for (uint32_t j = 0; j < k; j++) {
        uint8_t c = slow_inv((uint8_t)((128 + r) ^ j));
        for (uint32_t i = 0; i < symbol_bytes; i++)
            ret[i] ^= slow_mul(c, rows[j * symbol_bytes + i]);
    }
}

/* A block of random symbols with all its parities. */
struct block {
    struct wc_fec *fec;
    uint32_t k;
    uint32_t symbol_bytes;
    uint8_t *symbols; /* k + 127 */
    uint8_t *rows;    /* k */
    uint8_t *scratch; /* k */
    uint8_t esi[WC_SOURCE_SYMBOLS_MAX];
};

static struct block block_new(struct wc_rng *rng, uint32_t k, uint32_t symbol_bytes)
{
    struct block b = {.k = k, .symbol_bytes = symbol_bytes};
    assert_int_equal(wc_fec_new(&b.fec, k), WC_OK);
    b.symbols = malloc((size_t)(k + 127) * symbol_bytes);
    b.rows = malloc((size_t)k * symbol_bytes);
    b.scratch = malloc((size_t)k * symbol_bytes);
    for (size_t i = 0; i < (size_t)k * symbol_bytes; i++)
        b.symbols[i] = (uint8_t)wc_rng_next(rng);
    wc_fec_encode(b.fec, b.symbols, symbol_bytes, 0, 127, b.symbols + (size_t)k * symbol_bytes);
    return b;
}

static void block_free(struct block *b)
{
    free(b->scratch);
    free(b->rows);
    free(b->symbols);
    wc_fec_free(b->fec);
}

static void shuffle(struct wc_rng *rng, uint8_t *values, uint32_t count)
{
    for (uint32_t i = count; i > 1; i--) {
        uint32_t j = (uint32_t)wc_rng_below(rng, i);
        uint8_t value = values[i - 1];
        values[i - 1] = values[j];
        values[j] = value;
    }
}

/* Erase e random sources, take e random parities, stand all in random rows. */
static void receive(struct block *b, struct wc_rng *rng, uint32_t e)
{
    uint8_t sources[WC_SOURCE_SYMBOLS_MAX];
    uint8_t parities[127];
    for (uint32_t i = 0; i < b->k; i++)
        sources[i] = (uint8_t)i;
    for (uint32_t i = 0; i < 127; i++)
        parities[i] = (uint8_t)(b->k + i);
    shuffle(rng, sources, b->k);
    shuffle(rng, parities, 127);
    for (uint32_t i = 0; i < b->k; i++)
        b->esi[i] = i < e ? parities[i] : sources[i];
    shuffle(rng, b->esi, b->k);
    for (uint32_t i = 0; i < b->k; i++)
        memcpy(b->rows + (size_t)i * b->symbol_bytes,
               b->symbols + (size_t)b->esi[i] * b->symbol_bytes, b->symbol_bytes);
}

static void any_k_symbols_rebuild_the_block(void **state)
{
    (void)state;
    static const uint32_t ks[] = {1, 2, 3, 7, 64, 127, 128};
    static const uint32_t sizes[] = {16, 33, 1408, 1440};
    struct wc_rng rng = {.state = 20};
    for (size_t i = 0; i < sizeof(ks) / sizeof(ks[0]); i++) {
        for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
            struct block b = block_new(&rng, ks[i], sizes[j]);
            uint32_t most = ks[i] < WC_REPAIR_SYMBOLS_MAX ? ks[i] : WC_REPAIR_SYMBOLS_MAX;
            for (uint32_t e = 0; e <= most; e++) {
                receive(&b, &rng, e);
                assert_int_equal(wc_fec_decode(b.fec, b.rows, b.esi, sizes[j], b.scratch), WC_OK);
                assert_memory_equal(b.rows, b.symbols, (size_t)ks[i] * sizes[j]);
            }
            block_free(&b);
        }
    }
}

/* More than the protocol uses: the code itself has no such limit. */
static void parities_alone_rebuild_the_block(void **state)
{
    (void)state;
    struct wc_rng rng = {.state = 21};
    for (uint32_t k = 100; k <= 128; k += 9) {
        struct block b = block_new(&rng, k, 48);
        uint32_t e = k < 127 ? k : 127;
        receive(&b, &rng, e);
        assert_int_equal(wc_fec_decode(b.fec, b.rows, b.esi, 48, b.scratch), WC_OK);
        assert_memory_equal(b.rows, b.symbols, (size_t)k * 48);
        block_free(&b);
    }
}

static void parities_equal_the_definition(void **state)
{
    (void)state;
    static const uint32_t ks[] = {1, 2, 5, 127, 128};
    static const uint32_t sizes[] = {16, 33, 100};
    struct wc_rng rng = {.state = 22};
    for (size_t i = 0; i < sizeof(ks) / sizeof(ks[0]); i++) {
        for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
            struct block b = block_new(&rng, ks[i], sizes[j]);
            uint8_t slow[100];
            for (uint32_t r = 0; r < 127; r += r < 8 ? 1 : 17) {
                slow_parity(b.symbols, b.k, b.symbol_bytes, r, slow);
                assert_memory_equal(slow, b.symbols + (size_t)(b.k + r) * sizes[j], sizes[j]);
            }
            block_free(&b);
        }
    }
}

/* Any range of parities gives the same symbols as all at once. */
static void ranges_of_parities_agree(void **state)
{
    (void)state;
    struct wc_rng rng = {.state = 23};
    struct block b = block_new(&rng, 128, 1440);
    for (int turn = 0; turn < 100; turn++) {
        uint32_t first = (uint32_t)wc_rng_below(&rng, 128);
        uint32_t count = (uint32_t)wc_rng_below(&rng, 128 - first);
        wc_fec_encode(b.fec, b.symbols, 1440, first, count, b.rows);
        assert_memory_equal(b.rows, b.symbols + (128 + (size_t)first) * 1440, count * 1440);
    }
    block_free(&b);
}

/* k = 3, symbols of 16 bytes: 00 01 .. 2f. Parities 0, 1 and 126. */
static void golden(void **state)
{
    (void)state;
    static const uint8_t expected[3][16] = {{0xb0, 0x5e, 0x71, 0x9f, 0x2f, 0xc1, 0xee, 0x00, 0x93,
                                             0x7d, 0x52, 0xbc, 0x0c, 0xe2, 0xcd, 0x23},
                                            {0x2a, 0x78, 0x8e, 0xdc, 0x7f, 0x2d, 0xdb, 0x89, 0x80,
                                             0xd2, 0x24, 0x76, 0xd5, 0x87, 0x71, 0x23},
                                            {0x30, 0xcc, 0xd5, 0x29, 0xe7, 0x1b, 0x02, 0xfe, 0x83,
                                             0x7f, 0x66, 0x9a, 0x54, 0xa8, 0xb1, 0x4d}};
    uint8_t rows[48];
    uint8_t parity[16];
    struct wc_fec *fec = NULL;
    assert_int_equal(wc_fec_new(&fec, 3), WC_OK);
    for (uint8_t i = 0; i < sizeof(rows); i++)
        rows[i] = i;
    wc_fec_encode(fec, rows, 16, 0, 1, parity);
    assert_memory_equal(parity, expected[0], 16);
    wc_fec_encode(fec, rows, 16, 1, 1, parity);
    assert_memory_equal(parity, expected[1], 16);
    wc_fec_encode(fec, rows, 16, 126, 1, parity);
    assert_memory_equal(parity, expected[2], 16);
    wc_fec_free(fec);
}

static void assert_refused(struct block *b, const uint8_t *esi)
{
    size_t bytes = (size_t)b->k * b->symbol_bytes;
    uint8_t *before = malloc(bytes);
    memcpy(before, b->rows, bytes);
    assert_int_equal(wc_fec_decode(b->fec, b->rows, esi, b->symbol_bytes, b->scratch), WC_E_RANGE);
    assert_memory_equal(before, b->rows, bytes);
    free(before);
}

static void wrong_esi_changes_nothing(void **state)
{
    (void)state;
    struct wc_rng rng = {.state = 24};
    struct block b = block_new(&rng, 7, 64);
    uint8_t esi[7];
    for (uint32_t row = 0; row < 7; row++) {
        receive(&b, &rng, 3);
        memcpy(esi, b.esi, 7);
        esi[row] = esi[(row + 1) % 7]; /* twice */
        assert_refused(&b, esi);
        esi[row] = 7 + 127; /* beyond the last parity */
        assert_refused(&b, esi);
        esi[row] = WC_ESI_NONE;
        assert_refused(&b, esi);
    }
    block_free(&b);
}

static void wrong_k_is_refused(void **state)
{
    (void)state;
    struct wc_fec *fec = NULL;
    assert_int_equal(wc_fec_new(&fec, 0), WC_E_RANGE);
    assert_int_equal(wc_fec_new(&fec, WC_SOURCE_SYMBOLS_MAX + 1), WC_E_RANGE);
    assert_null(fec);
    wc_fec_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_k_symbols_rebuild_the_block),
        cmocka_unit_test(parities_alone_rebuild_the_block),
        cmocka_unit_test(parities_equal_the_definition),
        cmocka_unit_test(ranges_of_parities_agree),
        cmocka_unit_test(golden),
        cmocka_unit_test(wrong_esi_changes_nothing),
        cmocka_unit_test(wrong_k_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
