/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A set of block numbers, one bit each. The words belong to the caller. */
#ifndef WC_CORE_BITMAP_H
#define WC_CORE_BITMAP_H

#include "common/core/types.h"

static inline size_t wc_bitmap_words(uint32_t bit_count)
{
    return ((size_t)bit_count + 63) / 64;
}

static inline bool wc_bitmap_get(const uint64_t *words, uint32_t bit)
{
    return (words[bit / 64] >> (bit % 64)) & 1u;
}

static inline void wc_bitmap_set(uint64_t *words, uint32_t bit)
{
    words[bit / 64] |= 1ull << (bit % 64);
}

static inline void wc_bitmap_clear(uint64_t *words, uint32_t bit)
{
    words[bit / 64] &= ~(1ull << (bit % 64));
}

/* The first bit in [from, bit_count) that is set (find_clear: not set), or bit_count. */
uint32_t wc_bitmap_find_set(const uint64_t *words, uint32_t bit_count, uint32_t from);
uint32_t wc_bitmap_find_clear(const uint64_t *words, uint32_t bit_count, uint32_t from);

uint32_t wc_bitmap_count(const uint64_t *words, uint32_t bit_count);

#endif
