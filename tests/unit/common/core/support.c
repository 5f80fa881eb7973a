/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/common/core/support.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct wc_rng test_rng(const char *test)
{
    const char *text = getenv("WC_TEST_SEED");
    uint64_t seed = text ? strtoull(text, NULL, 0) : 1;
    printf("%s: again with WC_TEST_SEED=%" PRIu64 "\n", test, seed);
    return (struct wc_rng){.state = seed};
}

static int hex_value(int c)
{
    assert_true(isxdigit(c));
    return isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
}

size_t vector_read(const char *name, uint8_t ret[VECTOR_BYTES_MAX])
{
    char path[256];
    snprintf(path, sizeof(path), "tests/vectors/%s.hex", name);
    FILE *f = fopen(path, "re");
    if (!f)
        fail_msg("%s: run the test from the repository's root", path);
    size_t byte_count = 0;
    for (int c = fgetc(f); c != EOF; c = fgetc(f)) {
        if (c == '#') {
            while (c != '\n' && c != EOF)
                c = fgetc(f);
        } else if (!isspace(c)) {
            assert_true(byte_count < VECTOR_BYTES_MAX);
            int high = hex_value(c);
            ret[byte_count++] = (uint8_t)(high << 4 | hex_value(fgetc(f)));
        }
    }
    fclose(f);
    return byte_count;
}

void assert_vector(const char *name, const uint8_t *bytes, size_t byte_count)
{
    uint8_t expected[VECTOR_BYTES_MAX];
    size_t expected_bytes = vector_read(name, expected);
    assert_int_equal(byte_count, expected_bytes);
    assert_memory_equal(bytes, expected, expected_bytes);
}

static void *heap_zalloc(void *ctx, size_t count, size_t size)
{
    struct test_heap *heap = ctx;
    assert_true(count > 0 && size > 0);
    if (++heap->asked_count == heap->fail_at)
        return NULL;
    heap->asked_bytes += count * size;
    heap->live_count++;
    return calloc(count, size);
}

static void heap_free(void *ctx, void *mem)
{
    struct test_heap *heap = ctx;
    if (mem)
        heap->live_count--;
    free(mem);
}

struct wc_alloc test_heap_alloc(struct test_heap *heap)
{
    return (struct wc_alloc){.zalloc = heap_zalloc, .free = heap_free, .ctx = heap};
}
