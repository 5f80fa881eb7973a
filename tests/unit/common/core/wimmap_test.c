/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/wimmap.h"

#include <string.h>

#include "tests/unit/common/core/support.h"

struct fixture {
    struct test_heap heap;
    struct wc_alloc alloc;
    struct wc_wimmap *map;
};

static void begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->alloc = test_heap_alloc(&f->heap);
    f->map = wc_wimmap_new(&f->alloc);
    assert_non_null(f->map);
}

static void end(struct fixture *f)
{
    wc_wimmap_free(f->map);
    assert_int_equal(f->heap.live_count, 0);
}

static uint32_t add_resource(struct fixture *f, uint16_t part, enum wc_wim_area area,
                             uint64_t offset, uint64_t byte_count)
{
    struct wc_wim_resource r = {
        .part = part,
        .area = (uint8_t)area,
        .offset = offset,
        .form = {.stored_bytes = byte_count, .plain_bytes = byte_count},
    };
    uint32_t index;
    assert_int_equal(wc_wimmap_add_resource(f->map, &r, &index), WC_OK);
    return index;
}

static void add_blob(struct fixture *f, uint32_t resource, uint64_t offset, uint64_t byte_count,
                     uint8_t sha1)
{
    static uint32_t entry;
    struct wc_wim_blob b = {
        .resource = resource, .offset = offset, .byte_count = byte_count, .entry = entry++};
    memset(b.sha1, sha1, sizeof b.sha1);
    assert_int_equal(wc_wimmap_add_blob(f->map, &b), WC_OK);
}

static uint32_t add_name(struct fixture *f, enum wc_wim_kind kind, uint16_t image, uint32_t parent,
                         const char *text, const char *stream, int sha1)
{
    uint8_t utf16[2][64] = {{0}}, digest[WC_SHA1_BYTES];
    for (size_t i = 0; text[i]; i++)
        utf16[0][2 * i] = (uint8_t)text[i];
    for (size_t i = 0; stream && stream[i]; i++)
        utf16[1][2 * i] = (uint8_t)stream[i];
    memset(digest, sha1, sizeof digest);
    struct wc_wimmap_entry entry = {
        .kind = kind,
        .image = image,
        .parent = parent,
        .sha1 = sha1 < 0 ? NULL : digest,
        .text = utf16[0],
        .text_bytes = 2 * strlen(text),
        .stream = utf16[1],
        .stream_bytes = stream ? 2 * strlen(stream) : 0,
    };
    uint32_t index;
    assert_int_equal(wc_wimmap_add_name(f->map, &entry, &index), WC_OK);
    return index;
}

/* The names of what lies on [from, to) of part 1, as one text. */
static const char *names_on(const struct fixture *f, uint64_t from, uint64_t to)
{
    static char text[512];
    char path[64];
    text[0] = '\0';
    struct wc_wimmap_range range = wc_wimmap_range(f->map, 1, from, to);
    for (uint32_t r; (r = wc_wimmap_next(&range)) != WC_WIMMAP_NONE;) {
        uint32_t first, last, count;
        wc_wimmap_blobs(f->map, r, 0, UINT64_MAX, &first, &last);
        if (first == last)
            strcat(text, "# ");
        for (uint32_t b = first; b < last; b++) {
            const uint32_t *names = wc_wimmap_names(f->map, b, &count);
            for (uint32_t i = 0; i < count; i++) {
                strcat(text, wc_wimmap_path(f->map, names[i], path, sizeof path));
                strcat(text, " ");
            }
        }
    }
    return text;
}

/* Header, two files of which one is in both images and has two names, a table. */
static void fill_with(struct fixture *f, bool counts_only)
{
    uint32_t second = add_resource(f, 1, WC_WIM_AREA_DATA, 308, 100);
    uint32_t first = add_resource(f, 1, WC_WIM_AREA_DATA, 208, 100);
    add_resource(f, 1, WC_WIM_AREA_TABLE, 408, 100);
    add_resource(f, 1, WC_WIM_AREA_HEADER, 0, 208);
    uint32_t other = add_resource(f, 2, WC_WIM_AREA_DATA, 208, 100);
    add_blob(f, second, 0, 100, 2);
    add_blob(f, first, 0, 100, 1);
    add_blob(f, other, 0, 100, 3);
    assert_int_equal(wc_wimmap_index(f->map), WC_OK);
    if (counts_only)
        wc_wimmap_count_only(f->map);
    uint32_t folder = add_name(f, WC_WIM_FOLDER, 1, WC_WIMMAP_NONE, "Windows", NULL, -1);
    add_name(f, WC_WIM_FILE, 1, folder, "a.dll", NULL, 1);
    add_name(f, WC_WIM_FILE, 1, folder, "b.dll", NULL, 2);
    add_name(f, WC_WIM_STREAM, 1, folder, "b.dll", "zone", 1);
    add_name(f, WC_WIM_FILE, 2, WC_WIMMAP_NONE, "copy", NULL, 1);
    add_name(f, WC_WIM_FILE, 2, WC_WIMMAP_NONE, "other", NULL, 3);
    add_name(f, WC_WIM_FILE, 2, WC_WIMMAP_NONE, "lost", NULL, 9);
    add_name(f, WC_WIM_FILE, 2, WC_WIMMAP_NONE, "empty", NULL, -1);
    assert_int_equal(wc_wimmap_seal(f->map), WC_OK);
}

static void fill(struct fixture *f)
{
    fill_with(f, false);
}

static void names_can_be_counted_only(void **state)
{
    (void)state;
    size_t live_count[2];
    for (int counts_only = 0; counts_only < 2; counts_only++) {
        struct fixture f;
        begin(&f);
        fill_with(&f, counts_only);
        assert_int_equal(wc_wimmap_countable(f.map), 5);
        assert_int_equal(wc_wimmap_lacking(f.map), 1);
        assert_int_equal(wc_wimmap_name_count(f.map), counts_only ? 0 : 8);
        live_count[counts_only] = f.heap.live_count;
        end(&f);
    }
    assert_int_equal(live_count[0] - live_count[1], 3); /* names, texts, and what is missing */
}

static void bytes_have_all_their_names(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    fill(&f);
    assert_string_equal(names_on(&f, 208, 209), "/Windows/a.dll /Windows/b.dll:zone /copy ");
    assert_string_equal(names_on(&f, 307, 308), "/Windows/a.dll /Windows/b.dll:zone /copy ");
    assert_string_equal(names_on(&f, 308, 309), "/Windows/b.dll ");
    assert_string_equal(names_on(&f, 307, 309),
                        "/Windows/a.dll /Windows/b.dll:zone /copy /Windows/b.dll ");
    assert_string_equal(names_on(&f, 0, 208), "# ");
    assert_string_equal(names_on(&f, 407, 409), "/Windows/b.dll # ");
    assert_string_equal(names_on(&f, 508, 1000), "");
    assert_string_equal(names_on(&f, 100, 100), "");
    end(&f);
}

static void data_that_is_not_there_is_known(void **state)
{
    (void)state;
    struct fixture f;
    char path[64];
    uint32_t count;
    begin(&f);
    fill(&f);
    const struct wc_wim_missing *missing = wc_wimmap_missing(f.map, &count);
    assert_int_equal(count, 1);
    assert_string_equal(wc_wimmap_path(f.map, missing[0].name, path, sizeof path), "/lost");
    assert_int_equal(missing[0].sha1[0], 9);
    assert_int_equal(wc_wimmap_countable(f.map), 5); /* neither it, nor the empty one */
    end(&f);
}

static void order_is_that_of_the_file(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    fill(&f);
    uint64_t last = 0;
    assert_int_equal(wc_wimmap_resource_count(f.map), 5);
    for (uint32_t i = 0; i < 4; i++) {
        const struct wc_wim_resource *r = wc_wimmap_resource(f.map, wc_wimmap_ordered(f.map, i));
        assert_true(i == 0 || r->offset > last);
        last = r->offset;
    }
    assert_int_equal(wc_wimmap_resource(f.map, wc_wimmap_ordered(f.map, 4))->part, 2);
    end(&f);
}

static void a_lead_belongs_to_its_resource(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct wc_wim_resource r = {
        .part = 1, .area = WC_WIM_AREA_DATA, .offset = 100, .lead_bytes = 40};
    uint32_t index;
    r.form.stored_bytes = 10;
    assert_int_equal(wc_wimmap_add_resource(f.map, &r, &index), WC_OK);
    assert_int_equal(wc_wimmap_index(f.map), WC_OK);
    assert_int_equal(wc_wimmap_seal(f.map), WC_OK);
    assert_string_equal(names_on(&f, 59, 60), "");
    assert_string_equal(names_on(&f, 60, 61), "# ");
    assert_string_equal(names_on(&f, 109, 110), "# ");
    assert_string_equal(names_on(&f, 110, 111), "");
    end(&f);
}

static void blobs_of_a_solid_resource(void **state)
{
    (void)state;
    struct fixture f;
    uint32_t first, last;
    begin(&f);
    uint32_t r = add_resource(&f, 1, WC_WIM_AREA_DATA, 208, 5000);
    for (uint8_t i = 10; i > 0; i--)
        add_blob(&f, r, 100u * i, 50, i); /* with gaps */
    assert_int_equal(wc_wimmap_index(f.map), WC_OK);
    assert_int_equal(wc_wimmap_seal(f.map), WC_OK);
    wc_wimmap_blobs(f.map, r, 0, UINT64_MAX, &first, &last);
    assert_true(first == 0 && last == 10);
    wc_wimmap_blobs(f.map, r, 149, 200, &first, &last);
    assert_true(first == 0 && last == 1);
    wc_wimmap_blobs(f.map, r, 150, 200, &first, &last);
    assert_true(first == last);
    wc_wimmap_blobs(f.map, r, 240, 301, &first, &last);
    assert_true(first == 1 && last == 3);
    wc_wimmap_blobs(f.map, r, 1050, 2000, &first, &last);
    assert_true(first == last);
    assert_int_equal(wc_wimmap_blob(f.map, 0)->sha1[0], 1);
    end(&f);
}

/* The same by looking at each. */
static uint32_t count_on(const struct wc_wimmap *map, uint64_t from, uint64_t to)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < wc_wimmap_resource_count(map); i++) {
        const struct wc_wim_resource *r = wc_wimmap_resource(map, i);
        count += r->offset < to && r->offset + r->form.stored_bytes > from;
    }
    return count;
}

static void any_ranges_even_if_they_overlap(void **state)
{
    (void)state;
    struct wc_rng rng = test_rng(__func__);
    for (int round = 0; round < 50; round++) {
        struct fixture f;
        begin(&f);
        uint32_t resource_count = 1 + (uint32_t)wc_rng_below(&rng, 200);
        for (uint32_t i = 0; i < resource_count; i++) {
            uint32_t r = add_resource(&f, 1, WC_WIM_AREA_DATA, wc_rng_below(&rng, 1000),
                                      1 + wc_rng_below(&rng, 50));
            add_blob(&f, r, 0, 1, (uint8_t)wc_rng_below(&rng, 256));
        }
        assert_int_equal(wc_wimmap_index(f.map), WC_OK);
        assert_int_equal(wc_wimmap_seal(f.map), WC_OK);
        for (int i = 0; i < 200; i++) {
            uint64_t from = wc_rng_below(&rng, 1100), to = from + 1 + wc_rng_below(&rng, 20);
            struct wc_wimmap_range range = wc_wimmap_range(f.map, 1, from, to);
            uint32_t count = 0;
            while (wc_wimmap_next(&range) != WC_WIMMAP_NONE)
                count++;
            assert_int_equal(count, count_on(f.map, from, to));
        }
        for (uint32_t i = 0; i < resource_count; i++) {
            const struct wc_wim_blob *b = wc_wimmap_blob(f.map, i);
            const struct wc_wim_blob *same = wc_wimmap_blob(f.map, wc_wimmap_find(f.map, b->sha1));
            assert_memory_equal(same->sha1, b->sha1, WC_SHA1_BYTES);
            assert_true(same->entry <= b->entry);
        }
        end(&f);
    }
}

static void long_paths_keep_their_end(void **state)
{
    (void)state;
    struct fixture f;
    char path[32];
    begin(&f);
    assert_int_equal(wc_wimmap_index(f.map), WC_OK);
    uint32_t parent = WC_WIMMAP_NONE;
    for (int i = 0; i < 9; i++)
        parent = add_name(&f, WC_WIM_FOLDER, 1, parent, "abc", NULL, -1);
    assert_int_equal(wc_wimmap_seal(f.map), WC_OK);
    assert_string_equal(wc_wimmap_path(f.map, parent, path, sizeof path),
                        ".../abc/abc/abc/abc/abc/abc/abc");
    assert_string_equal(wc_wimmap_path(f.map, 0, path, 8), "/abc");
    assert_string_equal(wc_wimmap_path(f.map, 1, path, 8), ".../abc");
    end(&f);
}

static void memory_may_end_at_any_time(void **state)
{
    (void)state;
    for (size_t fail_at = 1;; fail_at++) {
        struct fixture f;
        begin(&f);
        f.heap.fail_at = f.heap.asked_count + fail_at;
        struct wc_wim_resource r = {.part = 1};
        struct wc_wim_blob b = {0};
        struct wc_wimmap_entry e = {.parent = WC_WIMMAP_NONE, .sha1 = (const uint8_t[20]){1}};
        uint32_t index;
        enum wc_err err = wc_wimmap_add_resource(f.map, &r, &index);
        if (!err)
            err = wc_wimmap_add_blob(f.map, &b);
        if (!err)
            err = wc_wimmap_index(f.map);
        if (!err)
            err = wc_wimmap_add_name(f.map, &e, &index);
        if (!err)
            err = wc_wimmap_seal(f.map);
        end(&f);
        if (!err)
            break;
        assert_int_equal(err, WC_E_NOMEM);
        assert_true(fail_at < 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_can_be_counted_only),
        cmocka_unit_test(bytes_have_all_their_names),
        cmocka_unit_test(data_that_is_not_there_is_known),
        cmocka_unit_test(order_is_that_of_the_file),
        cmocka_unit_test(a_lead_belongs_to_its_resource),
        cmocka_unit_test(blobs_of_a_solid_resource),
        cmocka_unit_test(any_ranges_even_if_they_overlap),
        cmocka_unit_test(long_paths_keep_their_end),
        cmocka_unit_test(memory_may_end_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
