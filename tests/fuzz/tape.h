/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fuzzer's input as a tape of small numbers: what drives a state machine. At its end it gives
 * zeros. */
#ifndef WC_TESTS_FUZZ_TAPE_H
#define WC_TESTS_FUZZ_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tape {
    const uint8_t *at, *end;
};

static inline bool tape_is_over(const struct tape *t)
{
    return t->at == t->end;
}

static inline uint8_t tape_u8(struct tape *t)
{
    return tape_is_over(t) ? 0 : *t->at++;
}

static inline uint32_t tape_below(struct tape *t, uint32_t n)
{
    return tape_u8(t) % n;
}

/* One byte for every size of number: its high bits say how far to shift the low ones. */
static inline uint64_t tape_scaled(struct tape *t)
{
    uint8_t byte = tape_u8(t);
    return (uint64_t)(byte & 7) << (2 * (byte >> 3));
}

#endif
