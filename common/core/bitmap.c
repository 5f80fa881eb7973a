/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/bitmap.h"

/* The first set bit of `words` with every bit flipped by `flip` (all ones or zero). */
static uint32_t find(const uint64_t *words, uint32_t bit_count, uint32_t from, uint64_t flip)
{
    if (from >= bit_count)
        return bit_count;
    size_t word_count = wc_bitmap_words(bit_count);
    uint64_t word = (words[from / 64] ^ flip) & (UINT64_MAX << (from % 64));
    for (size_t i = from / 64;;) {
        if (word) {
            uint32_t bit = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(word);
            return bit < bit_count ? bit : bit_count;
        }
        if (++i == word_count)
            return bit_count;
        word = words[i] ^ flip;
    }
}

uint32_t wc_bitmap_find_set(const uint64_t *words, uint32_t bit_count, uint32_t from)
{
    return find(words, bit_count, from, 0);
}

uint32_t wc_bitmap_find_clear(const uint64_t *words, uint32_t bit_count, uint32_t from)
{
    return find(words, bit_count, from, UINT64_MAX);
}

/* By hand (Warren, Hacker's Delight, section 5-1): without a flag for one CPU the built-in is a
 * call. */
static uint32_t ones(uint64_t word)
{
    word -= word >> 1 & 0x5555555555555555u;
    word = (word & 0x3333333333333333u) + (word >> 2 & 0x3333333333333333u);
    word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (uint32_t)(word * 0x0101010101010101u >> 56);
}

uint32_t wc_bitmap_count(const uint64_t *words, uint32_t bit_count)
{
    uint32_t count = 0;
    for (size_t i = 0; i < bit_count / 64; i++)
        count += ones(words[i]);
    if (bit_count % 64)
        count += ones(words[bit_count / 64] & ((1ull << (bit_count % 64)) - 1));
    return count;
}
