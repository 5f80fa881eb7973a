/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parity: making m symbols of a block of 128, and rebuilding a block that lost e of them. In GB/s
 * of source data, that is, of the block. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/micro/micro.h"
#include "common/io/fec.h"

#define K           WC_BENCH_BLOCK_SYMBOLS
#define BLOCK_BYTES ((uint64_t)K * WC_BENCH_SYMBOL_BYTES)

struct bench {
    struct wc_fec *fec;
    uint8_t *block;
    uint8_t *parity;
    uint8_t *received; /* the block with parity symbols in the places of lost ones */
    uint8_t *scratch;
    uint8_t esi[K];
    uint32_t n; /* parities, or erasures */
};

static void encode_work(void *ctx, uint64_t count)
{
    struct bench *b = ctx;
    for (uint64_t i = 0; i < count; i++)
        wc_fec_encode(b->fec, b->block, WC_BENCH_SYMBOL_BYTES, 0, b->n, b->parity);
}

/* Erasures spread over the block. Decoding mends it in place, so they are made anew each time. */
static void damage(struct bench *b)
{
    for (uint32_t i = 0; i < b->n; i++) {
        uint32_t row = i * (K / b->n);
        memcpy(b->received + (size_t)row * WC_BENCH_SYMBOL_BYTES,
               b->parity + (size_t)i * WC_BENCH_SYMBOL_BYTES, WC_BENCH_SYMBOL_BYTES);
        b->esi[row] = (uint8_t)(K + i);
    }
}

static void decode_work(void *ctx, uint64_t count)
{
    struct bench *b = ctx;
    for (uint64_t i = 0; i < count; i++) {
        damage(b);
        enum wc_err err =
            wc_fec_decode(b->fec, b->received, b->esi, WC_BENCH_SYMBOL_BYTES, b->scratch);
        assert(err == WC_OK);
    }
}

static void measure(struct bench *b, uint32_t n)
{
    char name[32];
    b->n = n;
    snprintf(name, sizeof name, "m=%u", n);
    double seconds = wc_bench_seconds(encode_work, b);
    wc_bench_print("fec encode", name, (double)BLOCK_BYTES / seconds / 1e9, "GB/s");
    memcpy(b->received, b->block, BLOCK_BYTES);
    for (uint32_t i = 0; i < K; i++)
        b->esi[i] = (uint8_t)i;
    snprintf(name, sizeof name, "e=%u", n);
    seconds = wc_bench_seconds(decode_work, b);
    assert(memcmp(b->received, b->block, BLOCK_BYTES) == 0);
    wc_bench_print("fec decode", name, (double)BLOCK_BYTES / seconds / 1e9, "GB/s");
}

void wc_bench_fec(void)
{
    struct bench b = {
        .block = wc_bench_bytes(BLOCK_BYTES, 5),
        .parity = wc_bench_bytes(BLOCK_BYTES, 6),
        .received = wc_bench_bytes(BLOCK_BYTES, 7),
        .scratch = wc_bench_bytes(BLOCK_BYTES, 8),
    };
    enum wc_err err = wc_fec_new(&b.fec, K);
    assert(err == WC_OK);
    for (uint32_t n = 1; n <= WC_REPAIR_SYMBOLS_MAX; n *= 2)
        measure(&b, n);
    wc_fec_free(b.fec);
    free(b.block);
    free(b.parity);
    free(b.received);
    free(b.scratch);
}
