/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/wimtrail.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "common/core/wimmap.h"

static void add(struct wc_wimtrail *t, uint64_t end, uint32_t blob)
{
    const struct wc_wimtrail_note note = {.end = end, .blob = blob, .offset = end, .count = 1};
    assert_int_equal(wc_wimtrail_add(t, &note), WC_OK);
}

/* A blob is past when the reader is beyond its end, and not when it is at it. */
static void past_is_beyond_the_end(void **state)
{
    (void)state;
    struct wc_wimtrail t = {0};
    struct wc_wimtrail_note note;
    assert_false(wc_wimtrail_pass(&t, UINT64_MAX, &note));
    assert_int_equal(wc_wimtrail_blob(&t, 5), WC_WIMMAP_NONE);
    add(&t, 100, 7);
    add(&t, 200, 8);
    assert_false(wc_wimtrail_pass(&t, 100, &note));
    assert_true(wc_wimtrail_pass(&t, 101, &note));
    assert_int_equal(note.end, 100);
    assert_int_equal(note.blob, 7);
    assert_false(wc_wimtrail_pass(&t, 101, &note));
    assert_true(wc_wimtrail_pass(&t, UINT64_MAX, &note));
    assert_int_equal(note.blob, 8);
    wc_wimtrail_deinit(&t);
}

static void the_blob_at_a_position(void **state)
{
    (void)state;
    struct wc_wimtrail t = {0};
    add(&t, 100, 7);
    add(&t, 100, WC_WIMMAP_NONE);
    add(&t, 150, WC_WIMMAP_NONE);
    add(&t, 200, 8);
    assert_int_equal(wc_wimtrail_blob(&t, 1), 7);
    assert_int_equal(wc_wimtrail_blob(&t, 100), 7);
    assert_int_equal(wc_wimtrail_blob(&t, 101), 8);
    assert_int_equal(wc_wimtrail_blob(&t, 200), 8);
    assert_int_equal(wc_wimtrail_blob(&t, 201), WC_WIMMAP_NONE);
    wc_wimtrail_deinit(&t);
}

/* The ring grows while it is turned. */
static void many_notes(void **state)
{
    (void)state;
    struct wc_wimtrail t = {0};
    struct wc_wimtrail_note note;
    uint32_t passed = 0;
    for (uint32_t i = 0; i < 5000; i++) {
        add(&t, 10u * (i + 1), i);
        if (i % 3)
            continue;
        assert_true(wc_wimtrail_pass(&t, UINT64_MAX, &note));
        assert_int_equal(note.blob, passed++);
    }
    while (wc_wimtrail_pass(&t, UINT64_MAX, &note))
        assert_int_equal(note.blob, passed++);
    assert_int_equal(passed, 5000);
    wc_wimtrail_deinit(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(past_is_beyond_the_end),
        cmocka_unit_test(the_blob_at_a_position),
        cmocka_unit_test(many_notes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
