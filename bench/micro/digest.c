/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256 over whole blocks, as manifest and verification do it. */
#include <assert.h>
#include <stdlib.h>

#include "bench/micro/micro.h"
#include "common/io/digest.h"

#define BLOCK_BYTES ((uint64_t)WC_BENCH_BLOCK_SYMBOLS * WC_BENCH_SYMBOL_BYTES)

struct bench {
    struct wc_digest *digest;
    uint8_t *block;
    uint8_t sum[WC_DIGEST_BYTES];
};

static void digest_work(void *ctx, uint64_t count)
{
    struct bench *b = ctx;
    for (uint64_t i = 0; i < count; i++)
        wc_digest_of(b->digest, b->block, BLOCK_BYTES, b->sum);
}

void wc_bench_digest(const char *label)
{
    struct bench b = {.block = wc_bench_bytes(BLOCK_BYTES, 4)};
    enum wc_err err = wc_digest_new(&b.digest);
    assert(err == WC_OK);
    wc_bench_print("sha256", label, (double)BLOCK_BYTES / wc_bench_seconds(digest_work, &b) / 1e9,
                   "GB/s");
    wc_digest_free(b.digest);
    free(b.block);
}
