/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What wc_manifest_decode does with bytes of somebody who means harm: the golden vector with
 * changes. */
#include <stdlib.h>
#include <string.h>

#include "common/core/manifest.h"
#include "tests/unit/common/core/support.h"

/* Decode from memory of exactly the right size; nothing may leak. */
static enum wc_err decode(const uint8_t *bytes, size_t byte_count)
{
    struct test_heap heap = {0};
    struct wc_alloc alloc = test_heap_alloc(&heap);
    uint8_t *copy = malloc(byte_count ? byte_count : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, byte_count);
    struct wc_manifest m;
    enum wc_err err = wc_manifest_decode(&m, copy, byte_count, &alloc);
    free(copy);
    if (err) {
        static const struct wc_manifest zero;
        assert_memory_equal(&m, &zero, sizeof(m));
        assert_int_equal(heap.live_count, 0);
    }
    wc_manifest_deinit(&m, &alloc);
    assert_int_equal(heap.live_count, 0);
    return err;
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    uint8_t bytes[VECTOR_BYTES_MAX];
    size_t byte_count = vector_read("manifest_wims", bytes);
    struct test_heap heap = {.fail_at = 1};
    for (;; heap.fail_at++) {
        struct wc_alloc alloc = test_heap_alloc(&heap);
        struct wc_manifest m;
        heap.asked_count = 0;
        enum wc_err err = wc_manifest_decode(&m, bytes, byte_count, &alloc);
        if (!err) {
            wc_manifest_deinit(&m, &alloc);
            break;
        }
        assert_int_equal(err, WC_E_NOMEM);
        assert_null(m.files);
        assert_int_equal(heap.live_count, 0);
    }
    assert_int_equal(heap.fail_at, 6); /* files, paths, digests, WIMs, runs */
    assert_int_equal(heap.live_count, 0);
}

/* Where the vector's fields begin. */
enum {
    AT_VERSION = 4,
    AT_PACKAGE = 6,
    AT_LAYOUT = 26,
    AT_SYMBOL_BYTES = AT_LAYOUT + 6,
    AT_BLOCK_SYMBOLS = AT_LAYOUT + 10,
    AT_OBJECT_BYTES = AT_LAYOUT + 14,
    AT_FILES = 48,
    AT_FILE_COUNT = AT_FILES + 6,
    AT_FILE_0 = AT_FILES + 10,
    AT_FILE_1 = AT_FILE_0 + 56,
    AT_FILE_2 = AT_FILE_1 + 58,
    AT_FILE_3 = AT_FILE_2 + 56,
    AT_BLOCKS = AT_FILE_3 + 57,
    AT_BLOCK_COUNT = AT_BLOCKS + 6,
    END = AT_BLOCKS + 10 + 3 * 32,
    /* of the vector with WIMs */
    AT_WIMS = END,
    AT_WIM_COUNT = AT_WIMS + 6,
    AT_WIM_0 = AT_WIM_COUNT + 4,
    AT_WIM_1 = AT_WIM_0 + 12,
    AT_FIRST = AT_WIM_1 + 12,
    AT_RUN_COUNT = AT_FIRST + 6,
    AT_RUN_0 = AT_RUN_COUNT + 4,
    AT_RUN_1 = AT_RUN_0 + 8,
    END_WIMS = AT_RUN_1 + 8,
    /* inside a file */
    MODE = 1,
    SIZE = 13,
    PATH_LENGTH = 21,
    PATH = 23,
};

static enum wc_err decode_changed(size_t at, const char *change, size_t count)
{
    uint8_t bytes[VECTOR_BYTES_MAX];
    bool has_wims = at >= END;
    size_t byte_count = vector_read(has_wims ? "manifest_wims" : "manifest", bytes);
    assert_int_equal(byte_count, has_wims ? END_WIMS : END);
    assert_true(at + count <= byte_count);
    memcpy(bytes + at, change, count);
    return decode(bytes, byte_count);
}

#define CHANGED(at, change) decode_changed(at, change, sizeof(change) - 1)

static void input_that_ends_too_early_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[VECTOR_BYTES_MAX];
    size_t byte_count = vector_read("manifest", bytes);
    for (size_t n = 0; n < byte_count; n++)
        assert_int_equal(decode(bytes, n), WC_E_SHORT);
    assert_int_equal(decode(bytes, byte_count), WC_OK);
    byte_count = vector_read("manifest_wims", bytes);
    for (size_t n = END + 1; n < byte_count; n++)
        assert_int_equal(decode(bytes, n), n == AT_FIRST ? WC_OK : WC_E_SHORT);
    assert_int_equal(decode(bytes, byte_count), WC_OK);
}

static void head_and_package(void **state)
{
    (void)state;
    assert_int_equal(CHANGED(0, "X"), WC_E_FORMAT);
    assert_int_equal(CHANGED(AT_VERSION, "\0\0"), WC_E_VERSION);
    assert_int_equal(CHANGED(AT_VERSION, "\0\x02"), WC_E_VERSION);
    assert_int_equal(CHANGED(AT_PACKAGE + 8, ".."), WC_E_FORMAT);
    assert_int_equal(CHANGED(AT_PACKAGE + 6, "\0\0"), WC_E_FORMAT);
    assert_int_equal(CHANGED(AT_PACKAGE + 6, "\xff"), WC_E_SHORT);
}

static void layouts(void **state)
{
    (void)state;
    assert_int_equal(CHANGED(AT_SYMBOL_BYTES, "\0\0\0\x0f"), WC_E_RANGE);
    assert_int_equal(CHANGED(AT_SYMBOL_BYTES, "\0\0\x22\xe1"), WC_E_RANGE);
    assert_int_equal(CHANGED(AT_BLOCK_SYMBOLS, "\0\0\0\0"), WC_E_RANGE);
    assert_int_equal(CHANGED(AT_BLOCK_SYMBOLS, "\0\0\0\x81"), WC_E_RANGE);
    assert_int_equal(CHANGED(AT_OBJECT_BYTES, "\0\0\0\0\0\0\0\x46"), WC_E_FORMAT);
    assert_int_equal(CHANGED(AT_OBJECT_BYTES, "\0\0\0\0\0\0\0\x48"), WC_E_FORMAT);
    assert_int_equal(CHANGED(AT_OBJECT_BYTES, "\xff"), WC_E_TOO_LARGE);
    /* The same blocks, but larger symbols: 32 x 1 in place of 16 x 2. */
    assert_int_equal(CHANGED(AT_SYMBOL_BYTES, "\0\0\0\x20\0\0\0\x01"), WC_OK);
}

static void counts_are_held_against_the_bytes_there(void **state)
{
    (void)state;
    assert_int_equal(CHANGED(AT_FILE_COUNT, "\0\0\0\x05"), WC_E_SHORT);
    assert_int_equal(CHANGED(AT_FILE_COUNT, "\0\x0f\xff\xff"), WC_E_SHORT);
    assert_int_equal(CHANGED(AT_FILE_COUNT, "\xff\xff\xff\xff"), WC_E_TOO_LARGE);
    assert_int_equal(CHANGED(AT_FILE_COUNT, "\0\0\0\x03"), WC_E_FORMAT);
    assert_int_equal(CHANGED(AT_FILE_COUNT, "\0\0\0\0"), WC_E_FORMAT);
    assert_int_equal(CHANGED(AT_BLOCK_COUNT, "\0\0\0\x02"), WC_E_FORMAT);
    assert_int_equal(CHANGED(AT_BLOCK_COUNT, "\xff\xff\xff\xff"), WC_E_FORMAT);
}

static void files(void **state)
{
    (void)state;
    assert_int_equal(CHANGED(AT_FILE_1, "\0"), WC_E_FORMAT); /* kinds */
    assert_int_equal(CHANGED(AT_FILE_1, "\x03"), WC_E_FORMAT);
    assert_int_equal(CHANGED(AT_FILE_1, "\x02"), WC_E_FORMAT); /* a directory with bytes */
    assert_int_equal(CHANGED(AT_FILE_2, "\x02"), WC_E_FORMAT); /* a directory with a digest */
    assert_int_equal(CHANGED(AT_FILE_0, "\x01"), WC_E_PATH);   /* "a" a file, and "a/b" */
    assert_int_equal(CHANGED(AT_FILE_1 + MODE, "\0\0\x02\0"), WC_E_RANGE);
    assert_int_equal(CHANGED(AT_FILE_1 + MODE, "\0\0\x01\xff"), WC_OK);
    assert_int_equal(CHANGED(AT_FILE_1 + SIZE, "\x80"), WC_E_RANGE);
    assert_int_equal(CHANGED(AT_FILE_1 + SIZE, "\x7f"), WC_E_FORMAT);
    assert_int_equal(CHANGED(AT_FILE_1 + SIZE, "\0\0\0\0\0\0\0\x27"), WC_E_FORMAT);
}

static void paths_of_hostile_senders(void **state)
{
    (void)state;
    assert_int_equal(CHANGED(AT_FILE_1 + PATH, "a\0b"), WC_E_PATH);
    assert_int_equal(CHANGED(AT_FILE_1 + PATH, "a\nb"), WC_E_PATH);
    assert_int_equal(CHANGED(AT_FILE_1 + PATH, "a//"), WC_E_PATH);
    assert_int_equal(CHANGED(AT_FILE_0 + PATH, "."), WC_E_PATH);
    assert_int_equal(CHANGED(AT_FILE_3 + PATH, ".."), WC_E_PATH);
    assert_int_equal(CHANGED(AT_FILE_3 + PATH, "\xff\xff"), WC_E_PATH);
    assert_int_equal(CHANGED(AT_FILE_2 + PATH, "Z"), WC_E_FORMAT); /* not ascending */
    /* One path claims bytes of the next file, more than the paths' memory has. */
    assert_int_equal(CHANGED(AT_FILE_0 + PATH_LENGTH, "\0\x60"), WC_E_PATH);
    assert_int_equal(CHANGED(AT_FILE_1 + PATH_LENGTH, "\0\x23"), WC_E_SHORT);
    assert_int_equal(CHANGED(AT_FILE_2 + PATH_LENGTH, "\xff\xff"), WC_E_SHORT);
}

static void wims_and_runs(void **state)
{
    (void)state;
    assert_int_equal(CHANGED(AT_WIM_COUNT, "\0\0\0\0"), WC_E_FORMAT);
    assert_int_equal(CHANGED(AT_WIM_COUNT, "\0\0\0\x01"), WC_E_FORMAT); /* bytes are left */
    assert_int_equal(CHANGED(AT_WIM_COUNT, "\0\0\0\x03"), WC_E_SHORT);
    assert_int_equal(CHANGED(AT_WIM_COUNT, "\xff\xff\xff\xff"), WC_E_SHORT);
    assert_int_equal(CHANGED(AT_WIM_0, "\0\0\0\0"), WC_E_FORMAT); /* a directory */
    assert_int_equal(CHANGED(AT_WIM_0, "\0\0\0\x03"), WC_E_FORMAT);
    assert_int_equal(CHANGED(AT_WIM_1, "\0\0\0\x02"), WC_E_FORMAT); /* empty */
    assert_int_equal(CHANGED(AT_WIM_1, "\0\0\0\x04"), WC_E_RANGE);
    assert_int_equal(CHANGED(AT_WIM_0 + 4, "\xff\xff\xff\xff\xff\xff\xff\xff"), WC_OK);
    assert_int_equal(CHANGED(AT_RUN_COUNT, "\0\0\0\0"), WC_E_FORMAT);
    assert_int_equal(CHANGED(AT_RUN_COUNT, "\0\0\0\x01"), WC_E_FORMAT);
    assert_int_equal(CHANGED(AT_RUN_COUNT, "\0\0\0\x03"), WC_E_SHORT);
    assert_int_equal(CHANGED(AT_RUN_COUNT, "\xff\xff\xff\xff"), WC_E_SHORT);
    assert_int_equal(CHANGED(AT_RUN_0, "\0\0\0\x01"), WC_E_FORMAT); /* they touch */
    assert_int_equal(CHANGED(AT_RUN_0 + 4, "\0\0\0\0"), WC_E_FORMAT);
    assert_int_equal(CHANGED(AT_RUN_0 + 4, "\0\0\0\x03"), WC_E_FORMAT); /* they overlap */
    assert_int_equal(CHANGED(AT_RUN_0 + 4, "\xff\xff\xff\xff"), WC_E_RANGE);
    assert_int_equal(CHANGED(AT_RUN_1, "\0\0\0\x03"), WC_E_RANGE);
    assert_int_equal(CHANGED(AT_RUN_1, "\xff\xff\xff\xff"), WC_E_RANGE);
    assert_int_equal(CHANGED(AT_RUN_1 + 4, "\0\0\0\x02"), WC_E_RANGE);
}

/* Sections of the vector in another order or number. */
static void sections_ascend_and_are_all_there(void **state)
{
    (void)state;
    enum { PACKAGE_BYTES = AT_LAYOUT - AT_PACKAGE, LAYOUT_BYTES = AT_FILES - AT_LAYOUT };
    uint8_t bytes[VECTOR_BYTES_MAX];
    uint8_t changed[VECTOR_BYTES_MAX];
    vector_read("manifest", bytes);

    memcpy(changed, bytes, END); /* layout before package */
    memcpy(changed + AT_PACKAGE, bytes + AT_LAYOUT, LAYOUT_BYTES);
    memcpy(changed + AT_PACKAGE + LAYOUT_BYTES, bytes + AT_PACKAGE, PACKAGE_BYTES);
    assert_int_equal(decode(changed, END), WC_E_FORMAT);

    memcpy(changed, bytes, AT_LAYOUT); /* package twice */
    memcpy(changed + AT_LAYOUT, bytes + AT_PACKAGE, END - AT_PACKAGE);
    assert_int_equal(decode(changed, END + PACKAGE_BYTES), WC_E_FORMAT);

    memcpy(changed, bytes, AT_PACKAGE); /* no package */
    memcpy(changed + AT_PACKAGE, bytes + AT_LAYOUT, END - AT_LAYOUT);
    assert_int_equal(decode(changed, END - PACKAGE_BYTES), WC_E_FORMAT);

    memcpy(changed, bytes, AT_LAYOUT); /* no layout: no block can be right */
    memcpy(changed + AT_LAYOUT, bytes + AT_FILES, END - AT_FILES);
    assert_int_equal(decode(changed, END - LAYOUT_BYTES), WC_E_FORMAT);

    assert_int_equal(CHANGED(AT_PACKAGE + 2, "\0\0\0\x0f"), WC_E_FORMAT); /* a byte too many */
    assert_int_equal(CHANGED(AT_PACKAGE + 2, "\0\0\0\x0d"), WC_E_SHORT);
    assert_int_equal(CHANGED(AT_PACKAGE + 2, "\xff\xff\xff\xff"), WC_E_SHORT);
    assert_int_equal(CHANGED(AT_PACKAGE, "\0\0"), WC_E_FORMAT);
}

/* Each section cut to every shorter length. */
static void short_sections_are_refused(void **state)
{
    (void)state;
    static const size_t begins[] = {AT_PACKAGE, AT_LAYOUT, AT_FILES, AT_BLOCKS,
                                    AT_WIMS,    AT_FIRST,  END_WIMS};
    uint8_t bytes[VECTOR_BYTES_MAX];
    uint8_t cut[VECTOR_BYTES_MAX];
    vector_read("manifest_wims", bytes);
    for (size_t i = 0; i < 6; i++) {
        size_t body = begins[i] + 6;
        size_t end = begins[i + 1];
        for (size_t n = 0; n < end - body; n++) {
            memcpy(cut, bytes, body + n);
            cut[body - 2] = (uint8_t)(n >> 8);
            cut[body - 1] = (uint8_t)n;
            memcpy(cut + body + n, bytes + end, END_WIMS - end);
            assert_int_equal(decode(cut, END_WIMS - (end - body - n)), WC_E_SHORT);
        }
    }
}

static void a_manifest_beyond_the_limit_is_not_even_looked_at(void **state)
{
    (void)state;
    struct test_heap heap = {0};
    struct wc_alloc alloc = test_heap_alloc(&heap);
    static const uint8_t byte;
    struct wc_manifest m;
    assert_int_equal(wc_manifest_decode(&m, &byte, WC_MANIFEST_BYTES_MAX + 1, &alloc),
                     WC_E_TOO_LARGE);
}

static void sections_of_later_versions_are_skipped(void **state)
{
    (void)state;
    static const uint8_t later[] = {0, 7, 0, 0, 0, 3, 1, 2, 3, 0x80, 0, 0, 0, 0, 0};
    uint8_t bytes[VECTOR_BYTES_MAX];
    size_t byte_count = vector_read("manifest", bytes);
    memcpy(bytes + byte_count, later, sizeof(later));
    assert_int_equal(decode(bytes, byte_count + sizeof(later)), WC_OK);
    assert_int_equal(decode(bytes, byte_count + sizeof(later) - 1), WC_E_SHORT);
    bytes[byte_count + 1] = 4;
    assert_int_equal(decode(bytes, byte_count + sizeof(later)), WC_E_FORMAT);
}

static void memory_follows_the_bytes_there(void **state)
{
    (void)state;
    struct wc_rng rng = test_rng(__func__);
    uint8_t vector[VECTOR_BYTES_MAX];
    size_t byte_count = vector_read("manifest_wims", vector);
    for (int round = 0; round < 20000; round++) {
        uint8_t bytes[VECTOR_BYTES_MAX];
        memcpy(bytes, vector, byte_count);
        for (uint64_t n = 1 + wc_rng_below(&rng, 4); n; n--)
            bytes[wc_rng_below(&rng, byte_count)] = (uint8_t)wc_rng_next(&rng);
        struct test_heap heap = {0};
        struct wc_alloc alloc = test_heap_alloc(&heap);
        struct wc_manifest m;
        if (wc_manifest_decode(&m, bytes, byte_count, &alloc) == WC_OK)
            wc_manifest_deinit(&m, &alloc);
        assert_int_equal(heap.live_count, 0);
        assert_true(heap.asked_bytes <= 3 * byte_count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(input_that_ends_too_early_is_refused),
        cmocka_unit_test(head_and_package),
        cmocka_unit_test(layouts),
        cmocka_unit_test(counts_are_held_against_the_bytes_there),
        cmocka_unit_test(files),
        cmocka_unit_test(paths_of_hostile_senders),
        cmocka_unit_test(wims_and_runs),
        cmocka_unit_test(sections_ascend_and_are_all_there),
        cmocka_unit_test(short_sections_are_refused),
        cmocka_unit_test(a_manifest_beyond_the_limit_is_not_even_looked_at),
        cmocka_unit_test(sections_of_later_versions_are_skipped),
        cmocka_unit_test(memory_follows_the_bytes_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
