/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the core's tests share: seeds, golden vectors, an allocator that counts and fails on
 * demand. */
#ifndef WC_TESTS_UNIT_COMMON_CORE_SUPPORT_H
#define WC_TESTS_UNIT_COMMON_CORE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/core/rng.h"
#include "common/core/types.h"

#define VECTOR_BYTES_MAX 4096

/* A generator for one test: seeded from WC_TEST_SEED or with 1; prints how to run it again. */
struct wc_rng test_rng(const char *test);

/* Read tests/vectors/NAME.hex: pairs of hex digits, white space, '#' comments. */
size_t vector_read(const char *name, uint8_t ret[VECTOR_BYTES_MAX]);

/* Fail unless `bytes` are those of the vector. */
void assert_vector(const char *name, const uint8_t *bytes, size_t byte_count);

/* Memory in exactly sized pieces, so that a sanitizer sees each overrun. Fail what is left at the
 * end. */
struct test_heap {
    size_t live_count;  /* pieces not yet freed */
    size_t asked_count; /* calls so far */
    size_t asked_bytes; /* in all */
    size_t fail_at;     /* the call (1 = first) that gets NULL; 0: none */
};

struct wc_alloc test_heap_alloc(struct test_heap *heap);

#endif
