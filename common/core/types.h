/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scalars with a unit, and the allocator that the cores are given. */
#ifndef WC_CORE_TYPES_H
#define WC_CORE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Monotonic time in nanoseconds. Cores never read a clock: time is an argument. */
typedef uint64_t wc_ns;

#define WC_NEVER UINT64_MAX
#define WC_US(n) ((wc_ns)(n)*1000u)
#define WC_MS(n) ((wc_ns)(n)*1000000u)
#define WC_S(n)  ((wc_ns)(n)*1000000000u)

#define WC_MUST_USE __attribute__((warn_unused_result))

/* Where a core takes its memory: once, in X_new. Zeroed memory or NULL. */
struct wc_alloc {
    void *(*zalloc)(void *ctx, size_t count, size_t size);
    void (*free)(void *ctx, void *mem); /* mem may be NULL */
    void *ctx;
};

#endif
