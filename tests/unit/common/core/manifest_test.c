/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/common/core/support.h"

#define FILES_MAX 8

/* A manifest under construction in the test's own memory. */
struct build {
    struct wc_manifest m;
    struct wc_file files[FILES_MAX];
    uint8_t digests[16 * WC_DIGEST_BYTES];
    struct wc_manifest_wim wims[2];
    struct wc_manifest_run first[2];
};

static void fill(uint8_t *bytes, size_t count, uint8_t first)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(first + i);
}

static void build_init(struct build *b, uint64_t object_bytes)
{
    *b = (struct build){.m = {.id = "XYZ00012", .version = 3, .block_symbols = 2}};
    b->m.files = b->files;
    b->m.block_digests = b->digests;
    assert_int_equal(wc_partition_init(&b->m.partition, object_bytes, 16, 2), WC_OK);
    assert_true(b->m.partition.block_count <= 16);
    fill(b->digests, sizeof(b->digests), 0x60);
}

static struct wc_file *add(struct build *b, const char *path, uint64_t byte_count)
{
    assert_true(b->m.file_count < FILES_MAX);
    struct wc_file *file = &b->files[b->m.file_count++];
    *file = (struct wc_file){
        .path = path,
        .byte_count = byte_count,
        .mode = 0644,
        .kind = WC_FILE_REGULAR,
    };
    return file;
}

static struct wc_file *add_directory(struct build *b, const char *path)
{
    struct wc_file *file = add(b, path, 0);
    file->kind = WC_FILE_DIRECTORY;
    file->mode = 0755;
    return file;
}

/* The manifest of the golden vector. */
static void build_example(struct build *b)
{
    build_init(b, 71);
    add_directory(b, "a")->mtime_s = 1700000000;
    struct wc_file *file = add(b, "a/b", 40);
    file->mtime_s = 1700000001;
    fill(file->digest, WC_DIGEST_BYTES, 0x10);
    file = add(b, "c", 0);
    file->mtime_s = -1;
    file->mode = 0600;
    fill(file->digest, WC_DIGEST_BYTES, 0x30);
    file = add(b, "\xc3\xbc", 31);
    file->mode = 0777;
    fill(file->digest, WC_DIGEST_BYTES, 0x50);
}

/* The same with two WIMs, whose tables lie in the first and the last block. */
static void build_wims(struct build *b)
{
    build_example(b);
    b->m.wims = b->wims;
    b->m.wim_count = 2;
    b->wims[0] = (struct wc_manifest_wim){.file = 1, .image_count = 2, .name_count = 62850};
    b->wims[1] = (struct wc_manifest_wim){.file = 3, .image_count = 1};
    b->m.first = b->first;
    b->m.first_count = 2;
    b->first[0] = (struct wc_manifest_run){.sbn = 0, .block_count = 1};
    b->first[1] = (struct wc_manifest_run){.sbn = 2, .block_count = 1};
}

static enum wc_err encode(const struct build *b)
{
    uint8_t bytes[4096];
    size_t byte_count = 0;
    return wc_manifest_encode(&b->m, bytes, sizeof(bytes), &byte_count);
}

static void assert_same(const struct wc_manifest *a, const struct wc_manifest *b)
{
    assert_string_equal(a->id, b->id);
    assert_int_equal(a->version, b->version);
    assert_int_equal(a->block_symbols, b->block_symbols);
    assert_memory_equal(&a->partition, &b->partition, sizeof(a->partition));
    assert_int_equal(a->file_count, b->file_count);
    for (uint32_t i = 0; i < a->file_count; i++) {
        assert_string_equal(a->files[i].path, b->files[i].path);
        assert_int_equal(a->files[i].kind, b->files[i].kind);
        assert_int_equal(a->files[i].mode, b->files[i].mode);
        assert_true(a->files[i].mtime_s == b->files[i].mtime_s);
        assert_true(a->files[i].byte_count == b->files[i].byte_count);
        assert_memory_equal(a->files[i].digest, b->files[i].digest, WC_DIGEST_BYTES);
    }
    size_t digests_bytes = (size_t)a->partition.block_count * WC_DIGEST_BYTES;
    if (digests_bytes)
        assert_memory_equal(a->block_digests, b->block_digests, digests_bytes);
    assert_int_equal(a->wim_count, b->wim_count);
    if (a->wim_count)
        assert_memory_equal(a->wims, b->wims, a->wim_count * sizeof(a->wims[0]));
    assert_int_equal(a->first_count, b->first_count);
    if (a->first_count)
        assert_memory_equal(a->first, b->first, a->first_count * sizeof(a->first[0]));
}

static void assert_encodes_to(const struct build *b, const char *vector)
{
    uint8_t bytes[VECTOR_BYTES_MAX];
    size_t byte_count = 0;
    assert_int_equal(wc_manifest_encode(&b->m, bytes, sizeof(bytes), &byte_count), WC_OK);
    assert_vector(vector, bytes, byte_count);
    assert_int_equal(wc_manifest_encoded_bytes(&b->m), byte_count);
    for (size_t capacity = 0; capacity < byte_count; capacity++) {
        size_t written = 0;
        assert_int_equal(wc_manifest_encode(&b->m, bytes, capacity, &written), WC_E_SHORT);
    }
}

static void it_is_as_specified(void **state)
{
    (void)state;
    struct build b;
    build_example(&b);
    assert_encodes_to(&b, "manifest");
    build_wims(&b);
    assert_encodes_to(&b, "manifest_wims");
}

static void it_comes_back(void **state)
{
    (void)state;
    struct test_heap heap = {0};
    struct wc_alloc alloc = test_heap_alloc(&heap);
    struct build b;
    build_example(&b);
    uint8_t bytes[VECTOR_BYTES_MAX];
    size_t byte_count = vector_read("manifest", bytes);
    struct wc_manifest m;
    assert_int_equal(wc_manifest_decode(&m, bytes, byte_count, &alloc), WC_OK);
    memset(bytes, 0, sizeof(bytes)); /* nothing is borrowed */
    assert_same(&m, &b.m);
    assert_int_equal(m.files[0].offset, 0);
    assert_int_equal(m.files[1].offset, 0);
    assert_int_equal(m.files[2].offset, 40);
    assert_int_equal(m.files[3].offset, 40);
    assert_int_equal(heap.live_count, 3);
    wc_manifest_deinit(&m, &alloc);
    assert_int_equal(heap.live_count, 0);
    wc_manifest_deinit(&m, &alloc);
}

static void so_do_wims_and_what_goes_first(void **state)
{
    (void)state;
    struct test_heap heap = {0};
    struct wc_alloc alloc = test_heap_alloc(&heap);
    struct build b;
    build_wims(&b);
    uint8_t bytes[VECTOR_BYTES_MAX];
    size_t byte_count = vector_read("manifest_wims", bytes);
    struct wc_manifest m;
    assert_int_equal(wc_manifest_decode(&m, bytes, byte_count, &alloc), WC_OK);
    memset(bytes, 0, sizeof(bytes));
    assert_same(&m, &b.m);
    assert_int_equal(heap.live_count, 5);
    wc_manifest_deinit(&m, &alloc);
    assert_int_equal(heap.live_count, 0);
}

static void an_empty_package_can_be_written_down(void **state)
{
    (void)state;
    struct test_heap heap = {0};
    struct wc_alloc alloc = test_heap_alloc(&heap);
    struct build b;
    build_init(&b, 0);
    for (int round = 0; round < 2; round++) {
        uint8_t bytes[256];
        size_t byte_count = 0;
        struct wc_manifest m;
        assert_int_equal(wc_manifest_encode(&b.m, bytes, sizeof(bytes), &byte_count), WC_OK);
        assert_int_equal(wc_manifest_decode(&m, bytes, byte_count, &alloc), WC_OK);
        assert_same(&m, &b.m);
        wc_manifest_deinit(&m, &alloc);
        assert_int_equal(heap.live_count, 0);
        add(&b, "empty", 0);
    }
}

/* --- what encode refuses --- */

static void encode_refuses_what_decode_would(void **state)
{
    (void)state;
    struct build b;
    build_example(&b);
    b.m.id[0] = '-';
    assert_int_equal(encode(&b), WC_E_FORMAT);
    build_example(&b);
    memset(b.m.id, 'x', sizeof(b.m.id));
    assert_int_equal(encode(&b), WC_E_FORMAT);
    build_example(&b);
    b.m.partition.large_count++;
    assert_int_equal(encode(&b), WC_E_FORMAT);
    build_example(&b);
    b.m.block_symbols = 3;
    assert_int_equal(encode(&b), WC_E_FORMAT);
    build_example(&b);
    b.m.block_symbols = 0;
    assert_int_equal(encode(&b), WC_E_RANGE);
    build_example(&b);
    b.m.files[1].byte_count--;
    assert_int_equal(encode(&b), WC_E_FORMAT);
    build_example(&b);
    b.m.files[1].byte_count = INT64_MAX;
    b.m.files[3].byte_count = INT64_MAX;
    assert_int_equal(encode(&b), WC_E_FORMAT);
    build_example(&b);
    b.m.files[1].path = "../b";
    assert_int_equal(encode(&b), WC_E_PATH);
    build_example(&b);
    b.m.files[1].mode = 01000;
    assert_int_equal(encode(&b), WC_E_RANGE);
    build_example(&b);
    b.m.file_count = WC_FILES_MAX + 1;
    assert_int_equal(encode(&b), WC_E_TOO_LARGE);
}

static enum wc_err encode_wims(uint32_t first, uint32_t second)
{
    struct build b;
    build_wims(&b);
    b.wims[0].file = first;
    b.wims[1].file = second;
    return encode(&b);
}

static void wims_are_regular_files_in_order(void **state)
{
    (void)state;
    assert_int_equal(encode_wims(1, 3), WC_OK);
    assert_int_equal(encode_wims(3, 1), WC_E_FORMAT);
    assert_int_equal(encode_wims(1, 1), WC_E_FORMAT);
    assert_int_equal(encode_wims(0, 1), WC_E_FORMAT); /* a directory */
    assert_int_equal(encode_wims(1, 2), WC_E_FORMAT); /* empty */
    assert_int_equal(encode_wims(1, 4), WC_E_RANGE);
    assert_int_equal(encode_wims(1, UINT32_MAX), WC_E_RANGE);
}

/* Two runs of 3 blocks: may they stand in one manifest? */
static enum wc_err encode_first(uint32_t sbn, uint32_t count, uint32_t next_sbn,
                                uint32_t next_count)
{
    struct build b;
    build_wims(&b);
    b.first[0] = (struct wc_manifest_run){.sbn = sbn, .block_count = count};
    b.first[1] = (struct wc_manifest_run){.sbn = next_sbn, .block_count = next_count};
    return encode(&b);
}

static void what_goes_first_is_in_order_and_apart(void **state)
{
    (void)state;
    assert_int_equal(encode_first(0, 1, 2, 1), WC_OK);
    assert_int_equal(encode_first(2, 1, 0, 1), WC_E_FORMAT);
    assert_int_equal(encode_first(0, 1, 0, 1), WC_E_FORMAT);
    assert_int_equal(encode_first(0, 2, 1, 2), WC_E_FORMAT);
    assert_int_equal(encode_first(0, 1, 1, 1), WC_E_FORMAT); /* one run of two */
    assert_int_equal(encode_first(0, 0, 2, 1), WC_E_FORMAT);
    assert_int_equal(encode_first(0, 1, 2, 0), WC_E_FORMAT);
    assert_int_equal(encode_first(0, 1, 3, 1), WC_E_RANGE);
    assert_int_equal(encode_first(0, 1, 2, 2), WC_E_RANGE);
    assert_int_equal(encode_first(0, 1, 2, UINT32_MAX), WC_E_RANGE);
    assert_int_equal(encode_first(UINT32_MAX, 1, 2, 1), WC_E_RANGE);
}

/* Two or three paths, the first a regular file: may they stand in one manifest in this order? */
static enum wc_err encode_paths(const char *first, const char *second, const char *third)
{
    struct build b;
    build_init(&b, 0);
    add(&b, first, 0);
    add(&b, second, 0);
    if (third)
        add(&b, third, 0);
    return encode(&b);
}

static void paths_ascend(void **state)
{
    (void)state;
    assert_int_equal(encode_paths("a", "b", NULL), WC_OK);
    assert_int_equal(encode_paths("a", "aa", NULL), WC_OK);
    assert_int_equal(encode_paths("Z", "a", "\xc3\xbc"), WC_OK);
    assert_int_equal(encode_paths("b", "a", NULL), WC_E_FORMAT);
    assert_int_equal(encode_paths("a", "a", NULL), WC_E_FORMAT);
    assert_int_equal(encode_paths("aa", "a", NULL), WC_E_FORMAT);
    assert_int_equal(encode_paths("\xc3\xbc", "z", NULL), WC_E_FORMAT);
}

static void no_path_leads_through_a_file(void **state)
{
    (void)state;
    assert_int_equal(encode_paths("a", "a/b", NULL), WC_E_PATH);
    assert_int_equal(encode_paths("a", "a-x", "a/b"), WC_E_PATH); /* '-' sorts before '/' */
    assert_int_equal(encode_paths("a", "a b/c", "a/b/c"), WC_E_PATH);
    assert_int_equal(encode_paths("d/a", "d/a-/x", "d/a/y/z"), WC_E_PATH);
    assert_int_equal(encode_paths("a", "a-", "a-/b"), WC_E_PATH);
    assert_int_equal(encode_paths("a", "a-x", "ab/c"), WC_OK);
    assert_int_equal(encode_paths("a-", "a/b", "a/c"), WC_OK);
    assert_int_equal(encode_paths("d/a", "d/b", "e/a/y"), WC_OK);
}

/* Against the plain rule, on random small trees in sorted order. */
static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool one_leads_through_another(char *const paths[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            size_t length = strlen(paths[i]);
            if (i != j && !strncmp(paths[j], paths[i], length) && paths[j][length] == '/')
                return true;
        }
    }
    return false;
}

static void random_trees_are_judged_by_the_plain_rule(void **state)
{
    (void)state;
    struct wc_rng rng = test_rng(__func__);
    static const char letters[] = "a-b";
    for (int round = 0; round < 20000; round++) {
        char memory[FILES_MAX][16] = {0};
        char *paths[FILES_MAX];
        for (size_t i = 0; i < FILES_MAX; i++) {
            char *at = paths[i] = memory[i];
            for (uint64_t n = 1 + wc_rng_below(&rng, 3); n; n--) {
                for (uint64_t c = 1 + wc_rng_below(&rng, 2); c; c--)
                    *at++ = letters[wc_rng_below(&rng, 3)];
                *at++ = '/';
            }
            at[-1] = '\0';
        }
        qsort(paths, FILES_MAX, sizeof(paths[0]), compare_paths);
        struct build b;
        build_init(&b, 0);
        for (size_t i = 0; i < FILES_MAX; i++) {
            if (!i || strcmp(paths[i], paths[i - 1]) != 0)
                add(&b, paths[i], 0);
        }
        enum wc_err expected = one_leads_through_another(paths, FILES_MAX) ? WC_E_PATH : WC_OK;
        assert_int_equal(encode(&b), expected);
    }
}

static bool is_id(const char *id)
{
    return wc_package_id_check(id, strlen(id)) == WC_OK;
}

static void package_ids(void **state)
{
    (void)state;
    char id[WC_NAME_BYTES_MAX + 1];
    memset(id, 'x', sizeof(id));
    assert_int_equal(wc_package_id_check(id, WC_NAME_BYTES_MAX), WC_OK);
    assert_int_equal(wc_package_id_check(id, WC_NAME_BYTES_MAX + 1), WC_E_FORMAT);
    assert_true(is_id("XYZ00012"));
    assert_true(is_id("_a.b-c"));
    assert_true(is_id("7"));
    assert_false(is_id(""));
    assert_false(is_id(".a"));
    assert_false(is_id("-a"));
    assert_false(is_id("a/b"));
    assert_false(is_id("a b"));
    assert_false(is_id("\xc3\xbc"));
    assert_int_equal(wc_package_id_check("a\0b", 3), WC_E_FORMAT);
}

static void files_are_found_by_offset(void **state)
{
    (void)state;
    struct test_heap heap = {0};
    struct wc_alloc alloc = test_heap_alloc(&heap);
    uint8_t bytes[VECTOR_BYTES_MAX];
    size_t byte_count = vector_read("manifest", bytes);
    struct wc_manifest m;
    assert_int_equal(wc_manifest_decode(&m, bytes, byte_count, &alloc), WC_OK);
    assert_int_equal(wc_manifest_file_at(&m, 0), 1);
    assert_int_equal(wc_manifest_file_at(&m, 39), 1);
    assert_int_equal(wc_manifest_file_at(&m, 40), 3);
    assert_int_equal(wc_manifest_file_at(&m, 70), 3);
    assert_int_equal(wc_manifest_file_at(&m, 71), 4);
    assert_int_equal(wc_manifest_file_at(&m, UINT64_MAX), 4);
    wc_manifest_deinit(&m, &alloc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_as_specified),
        cmocka_unit_test(it_comes_back),
        cmocka_unit_test(so_do_wims_and_what_goes_first),
        cmocka_unit_test(an_empty_package_can_be_written_down),
        cmocka_unit_test(encode_refuses_what_decode_would),
        cmocka_unit_test(wims_are_regular_files_in_order),
        cmocka_unit_test(what_goes_first_is_in_order_and_apart),
        cmocka_unit_test(paths_ascend),
        cmocka_unit_test(no_path_leads_through_a_file),
        cmocka_unit_test(random_trees_are_judged_by_the_plain_rule),
        cmocka_unit_test(package_ids),
        cmocka_unit_test(files_are_found_by_offset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
