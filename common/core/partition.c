/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RFC 5052 section 9.1, with its names: L object_bytes, E symbol_bytes, B block_symbols; T
 * symbol_count, N block_count, A_large, A_small, I large_count. When N divides T all blocks are
 * small ones. */
#include "common/core/partition.h"

#include <assert.h>

static uint64_t divide_up(uint64_t a, uint64_t b)
{
    return a / b + (a % b != 0);
}

enum wc_err wc_partition_init(struct wc_partition *ret, uint64_t object_bytes,
                              uint32_t symbol_bytes, uint32_t block_symbols)
{
    if (symbol_bytes < WC_SYMBOL_BYTES_MIN || symbol_bytes > WC_SYMBOL_BYTES_MAX)
        return WC_E_RANGE;
    if (block_symbols < 1 || block_symbols > WC_SOURCE_SYMBOLS_MAX)
        return WC_E_RANGE;

    uint64_t symbol_count = divide_up(object_bytes, symbol_bytes);
    uint64_t block_count = divide_up(symbol_count, block_symbols);
    if (block_count > WC_BLOCKS_MAX)
        return WC_E_TOO_LARGE;
    *ret = (struct wc_partition){
        .object_bytes = object_bytes,
        .symbol_bytes = symbol_bytes,
        .symbol_count = symbol_count,
        .block_count = (uint32_t)block_count,
    };
    if (block_count) {
        ret->large_count = (uint32_t)(symbol_count % block_count);
        ret->large_symbols = (uint32_t)divide_up(symbol_count, block_count);
        ret->small_symbols = (uint32_t)(symbol_count / block_count);
    }
    return WC_OK;
}

uint32_t wc_partition_symbols(const struct wc_partition *p, uint32_t sbn)
{
    assert(sbn < p->block_count);
    return sbn < p->large_count ? p->large_symbols : p->small_symbols;
}

uint64_t wc_partition_offset(const struct wc_partition *p, uint32_t sbn)
{
    assert(sbn < p->block_count);
    uint64_t large = sbn < p->large_count ? sbn : p->large_count;
    uint64_t small = sbn - large;
    return (large * p->large_symbols + small * p->small_symbols) * p->symbol_bytes;
}

uint32_t wc_partition_bytes(const struct wc_partition *p, uint32_t sbn)
{
    if (sbn + 1 == p->block_count)
        return (uint32_t)(p->object_bytes - wc_partition_offset(p, sbn));
    return wc_partition_symbols(p, sbn) * p->symbol_bytes;
}

uint32_t wc_partition_block_at(const struct wc_partition *p, uint64_t offset)
{
    assert(offset < p->object_bytes);
    uint64_t symbol = offset / p->symbol_bytes;
    uint64_t in_large = (uint64_t)p->large_count * p->large_symbols;
    if (symbol < in_large)
        return (uint32_t)(symbol / p->large_symbols);
    return p->large_count + (uint32_t)((symbol - in_large) / p->small_symbols);
}
