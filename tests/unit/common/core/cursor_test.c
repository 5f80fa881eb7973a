/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/cursor.h"

#include "tests/unit/common/core/support.h"

static void fields_are_big_endian(void **state)
{
    (void)state;
    static const uint8_t expected[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
                                       0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f};
    uint8_t bytes[15];
    struct wc_writer w = wc_writer_of(bytes, sizeof(bytes));
    wc_put_u8(&w, 0x01);
    wc_put_u16(&w, 0x0203);
    wc_put_u32(&w, 0x04050607);
    wc_put_u64(&w, 0x08090a0b0c0d0e0f);
    assert_false(w.failed);
    assert_int_equal(w.left, 0);
    assert_memory_equal(bytes, expected, sizeof(expected));

    struct wc_reader r = wc_reader_of(bytes, sizeof(bytes));
    assert_int_equal(wc_get_u8(&r), 0x01);
    assert_int_equal(wc_get_u16(&r), 0x0203);
    assert_int_equal(wc_get_u32(&r), 0x04050607);
    assert_int_equal(wc_get_u64(&r), 0x08090a0b0c0d0e0f);
    assert_false(r.failed);
    assert_int_equal(r.left, 0);
}

static void a_reader_that_ran_out_stays_failed(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {1, 2, 3};
    struct wc_reader r = wc_reader_of(bytes, sizeof(bytes));
    assert_int_equal(wc_get_u32(&r), 0);
    assert_true(r.failed);
    assert_int_equal(wc_get_u8(&r), 0);
    assert_null(wc_get_bytes(&r, 1));
    assert_int_equal(r.left, 3);
}

static void a_writer_that_ran_out_writes_nothing_more(void **state)
{
    (void)state;
    uint8_t bytes[4] = {0xaa, 0xaa, 0xaa, 0xaa};
    static const uint8_t expected[4] = {0x12, 0x34, 0xaa, 0xaa};
    struct wc_writer w = wc_writer_of(bytes, 3);
    wc_put_u16(&w, 0x1234);
    wc_put_u16(&w, 0x5678);
    assert_true(w.failed);
    wc_put_u8(&w, 0x9a);
    assert_memory_equal(bytes, expected, sizeof(expected));
}

static void nothing_can_be_read_from_nothing(void **state)
{
    (void)state;
    struct wc_reader r = wc_reader_of(NULL, 0);
    assert_int_equal(wc_get_u8(&r), 0);
    assert_true(r.failed);
    struct wc_writer w = wc_writer_of(NULL, 0);
    wc_put_u8(&w, 1);
    assert_true(w.failed);
}

static void a_count_of_any_size_is_checked(void **state)
{
    (void)state;
    static const uint8_t bytes[2];
    struct wc_reader r = wc_reader_of(bytes, sizeof(bytes));
    assert_null(wc_get_bytes(&r, SIZE_MAX));
    assert_true(r.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_big_endian),
        cmocka_unit_test(a_reader_that_ran_out_stays_failed),
        cmocka_unit_test(a_writer_that_ran_out_writes_nothing_more),
        cmocka_unit_test(nothing_can_be_read_from_nothing),
        cmocka_unit_test(a_count_of_any_size_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
