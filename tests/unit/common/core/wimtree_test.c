/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/wimtree.h"

#include <string.h>

#include "tests/unit/common/core/support.h"

#define FOLDER 0x10u

/* Metadata under construction. */
struct maker {
    uint8_t bytes[4096];
    size_t count;
};

static void put(struct maker *m, uint64_t value, size_t byte_count)
{
    assert_true(m->count + byte_count <= sizeof m->bytes);
    for (size_t i = 0; i < byte_count; i++)
        m->bytes[m->count++] = (uint8_t)(value >> (8 * i));
}

static void put_fill(struct maker *m, uint8_t value, size_t byte_count)
{
    for (size_t i = 0; i < byte_count; i++)
        put(m, value, 1);
}

static void put_text(struct maker *m, const char *text)
{
    for (; *text; text++)
        put(m, (uint8_t)*text, 2);
}

static void align(struct maker *m)
{
    while (m->count % 8)
        put(m, 0, 1);
}

/* An entry; sha1 0: no data. Returns where it begins. */
static size_t put_entry(struct maker *m, const char *name, uint32_t attributes, uint64_t children,
                        uint8_t sha1, uint16_t stream_count)
{
    size_t begin = m->count, name_bytes = 2 * strlen(name);
    put(m, (102 + name_bytes + (name_bytes ? 2 : 0) + 7) / 8 * 8, 8);
    put(m, attributes, 4);
    put(m, UINT32_MAX, 4);
    put(m, children, 8);
    put_fill(m, 0, 40);
    put_fill(m, sha1, WC_SHA1_BYTES);
    put_fill(m, 0, 12);
    put(m, stream_count, 2);
    put(m, 0, 2);
    put(m, name_bytes, 2);
    put_text(m, name);
    if (name_bytes)
        put(m, 0, 2);
    align(m);
    return begin;
}

static void put_stream(struct maker *m, const char *name, uint8_t sha1)
{
    size_t name_bytes = 2 * strlen(name);
    put(m, (38 + name_bytes + (name_bytes ? 2 : 0) + 7) / 8 * 8, 8);
    put(m, 0, 8);
    put_fill(m, sha1, WC_SHA1_BYTES);
    put(m, name_bytes, 2);
    put_text(m, name);
    if (name_bytes)
        put(m, 0, 2);
    align(m);
}

static void put_end(struct maker *m)
{
    put(m, 0, 8);
}

/* Set the children of the entry at `entry` to what comes next. */
static void here(struct maker *m, size_t entry)
{
    size_t count = m->count;
    m->count = entry + 16;
    put(m, count, 8);
    m->count = count;
}

static size_t put_root(struct maker *m)
{
    put(m, 8, 4);
    put(m, 0, 4);
    size_t root = put_entry(m, "", FOLDER, 0, 0, 0);
    put_end(m);
    here(m, root);
    return root;
}

/* Read it with a map that has blobs of the SHA-1s 1..9: what comes out, name by name, with the
 * first byte of its SHA-1 where it has one. */
static enum wc_err read(const struct maker *m, size_t byte_count, char *ret)
{
    struct test_heap heap = {0};
    struct wc_alloc alloc = test_heap_alloc(&heap);
    struct wc_wimmap *map = wc_wimmap_new(&alloc);
    uint32_t resource;
    size_t at;
    assert_int_equal(wc_wimmap_add_resource(map, &(struct wc_wim_resource){.part = 1}, &resource),
                     WC_OK);
    for (uint8_t i = 1; i < 10; i++) {
        struct wc_wim_blob b = {.offset = i, .byte_count = 1};
        memset(b.sha1, i, sizeof b.sha1);
        assert_int_equal(wc_wimmap_add_blob(map, &b), WC_OK);
    }
    assert_int_equal(wc_wimmap_index(map), WC_OK);
    enum wc_err err = wc_wimtree_read(map, 3, m->bytes, byte_count, &at);
    assert_true(at <= byte_count || err);
    assert_int_equal(wc_wimmap_seal(map), WC_OK);
    ret[0] = '\0';
    for (uint32_t i = 0; i < wc_wimmap_name_count(map) && strlen(ret) < 400; i++) {
        static const char *const kinds[] = {"d", "f", "s"};
        const struct wc_wim_name *n = wc_wimmap_name(map, i);
        char path[64], digit[3] = {'0', ' ', '\0'};
        assert_int_equal(n->image, 3);
        if (n->blob != WC_WIMMAP_NONE)
            digit[0] = (char)('0' + wc_wimmap_blob(map, n->blob)->sha1[0]);
        strcat(ret, kinds[n->kind]);
        strcat(ret, wc_wimmap_path(map, i, path, sizeof path));
        strcat(ret, "=");
        strcat(ret, digit);
    }
    wc_wimmap_free(map);
    assert_int_equal(heap.live_count, 0);
    return err;
}

static void assert_tree(const struct maker *m, const char *expected)
{
    char text[512];
    assert_int_equal(read(m, m->count, text), WC_OK);
    assert_string_equal(text, expected);
}

static void an_empty_image(void **state)
{
    (void)state;
    struct maker m = {.count = 0};
    put_root(&m);
    put_end(&m);
    assert_tree(&m, "");
}

static void make_tree(struct maker *m)
{
    m->count = 0;
    put_root(m);
    put_entry(m, "a", 0, 0, 1, 0);
    size_t folder = put_entry(m, "dir", FOLDER, 0, 0, 0);
    put_entry(m, "empty", 0, 0, 0, 0);
    put_entry(m, "link", 0, 0, 1, 0);
    put_end(m);
    here(m, folder);
    put_entry(m, "b", 0, 0, 2, 0);
    size_t inner = put_entry(m, "in", FOLDER, 0, 0, 0);
    put_end(m);
    here(m, inner);
    put_entry(m, "c", 0, 0, 3, 0);
    put_end(m);
}

static void a_tree(void **state)
{
    (void)state;
    struct maker m;
    make_tree(&m);
    assert_tree(&m, "f/a=1 d/dir=0 f/dir/b=2 d/dir/in=0 f/dir/in/c=3 f/empty=0 f/link=1 ");
    m.bytes[0] = 0; /* 0 stands for 8 */
    assert_tree(&m, "f/a=1 d/dir=0 f/dir/b=2 d/dir/in=0 f/dir/in/c=3 f/empty=0 f/link=1 ");
}

static void streams(void **state)
{
    (void)state;
    struct maker m = {.count = 0};
    put_root(&m);
    put_entry(&m, "a", 0, 0, 0, 2); /* its own data as a stream without a name */
    put_stream(&m, "", 1);
    put_stream(&m, "zone", 2);
    put_entry(&m, "b", 0x400, 0, 0, 2); /* reparse data, and data */
    put_stream(&m, "", 3);
    put_stream(&m, "", 4);
    put_entry(&m, "c", FOLDER, 0, 0, 2);
    put_stream(&m, "", 0);
    put_stream(&m, "s", 5);
    put_end(&m);
    assert_tree(&m, "s/a:zone=2 f/a=1 s/b=4 f/b=3 s/c:s=5 d/c=0 ");
}

static void names_that_no_file_has_are_left_out(void **state)
{
    (void)state;
    struct maker m = {.count = 0};
    put_root(&m);
    size_t dots = put_entry(&m, "..", FOLDER, 0, 0, 0);
    put_entry(&m, ".", 0, 0, 1, 0);
    put_entry(&m, "", 0, 0, 1, 1);
    put_stream(&m, "x", 2);
    size_t nul = put_entry(&m, "nul", 0, 0, 2, 0);
    put_entry(&m, "...", 0, 0, 3, 0);
    put_end(&m);
    here(&m, dots);
    put_entry(&m, "x", 0, 0, 4, 0);
    put_end(&m);
    m.bytes[nul + 104] = 0;
    assert_tree(&m, "f/...=3 ");
}

static void circles_end(void **state)
{
    (void)state;
    struct maker m = {.count = 0};
    char text[512];
    size_t root = put_root(&m);
    size_t children = m.count;
    put_entry(&m, "x", FOLDER, children, 0, 0);
    put_end(&m);
    assert_int_equal(read(&m, m.count, text), WC_E_FORMAT);
    (void)root;
}

static void it_may_end_anywhere(void **state)
{
    (void)state;
    struct maker m;
    char text[512];
    make_tree(&m);
    for (size_t count = 0; count < m.count; count++) {
        enum wc_err err = read(&m, count, text);
        assert_true(err == WC_E_FORMAT);
    }
}

static void any_byte_may_be_wrong(void **state)
{
    (void)state;
    struct wc_rng rng = test_rng(__func__);
    char text[512];
    for (int round = 0; round < 5000; round++) {
        struct maker m;
        make_tree(&m);
        for (int i = 0; i < 3; i++)
            m.bytes[wc_rng_below(&rng, m.count)] = (uint8_t)wc_rng_below(&rng, 256);
        enum wc_err err = read(&m, m.count, text);
        assert_true(err == WC_OK || err == WC_E_FORMAT || err == WC_E_TOO_LARGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_image),
        cmocka_unit_test(a_tree),
        cmocka_unit_test(streams),
        cmocka_unit_test(names_that_no_file_has_are_left_out),
        cmocka_unit_test(circles_end),
        cmocka_unit_test(it_may_end_anywhere),
        cmocka_unit_test(any_byte_may_be_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
