/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/announce.h"

#include <string.h>

#include "common/core/msg.h"
#include "tests/unit/common/core/support.h"

/* Where fields of the vector begin. */
enum { AT_VERSION = 4, AT_PORT = 9, AT_PACKAGE = 43, AT_NAME = 53, AT_PHASE = 58, END = 67 };

static struct wc_announce example(void)
{
    struct wc_announce a = {
        .instance = 0xa1b2c3d4,
        .port = 9467,
        .package = "XYZ00012",
        .name = "dp1",
        .phase = WC_PHASE_WAITING,
        .object_bytes = 5368709120,
    };
    for (size_t i = 0; i < sizeof(a.key); i++)
        a.key[i] = (uint8_t)(0x20 + i);
    return a;
}

static void assert_same(const struct wc_announce *a, const struct wc_announce *b)
{
    assert_int_equal(a->instance, b->instance);
    assert_int_equal(a->port, b->port);
    assert_memory_equal(a->key, b->key, sizeof(a->key));
    assert_string_equal(a->package, b->package);
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->phase, b->phase);
    assert_true(a->object_bytes == b->object_bytes);
}

static void it_is_as_specified(void **state)
{
    (void)state;
    struct wc_announce a = example();
    uint8_t bytes[WC_ANNOUNCE_BYTES_MAX];
    size_t byte_count = 0;
    assert_int_equal(wc_announce_encode(&a, bytes, sizeof(bytes), &byte_count), WC_OK);
    assert_vector("announce", bytes, byte_count);
    assert_int_equal(byte_count, END);
    struct wc_announce back;
    assert_int_equal(wc_announce_decode(bytes, byte_count, &back), WC_OK);
    assert_same(&back, &a);
}

static void the_longest_fits_the_limit(void **state)
{
    (void)state;
    struct wc_announce a = example();
    memset(a.package, 'p', sizeof(a.package) - 1);
    memset(a.name, 'n', sizeof(a.name) - 1);
    a.phase = WC_PHASE_ENDED;
    uint8_t bytes[WC_ANNOUNCE_BYTES_MAX];
    size_t byte_count = 0;
    assert_int_equal(wc_announce_encode(&a, bytes, sizeof(bytes), &byte_count), WC_OK);
    struct wc_announce back;
    assert_int_equal(wc_announce_decode(bytes, byte_count, &back), WC_OK);
    assert_same(&back, &a);
    for (size_t capacity = 0; capacity < byte_count; capacity++)
        assert_int_equal(wc_announce_encode(&a, bytes, capacity, &byte_count), WC_E_SHORT);
}

static void input_that_ends_too_early_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[VECTOR_BYTES_MAX];
    size_t byte_count = vector_read("announce", bytes);
    struct wc_announce back;
    for (size_t n = 0; n < byte_count; n++)
        assert_int_equal(wc_announce_decode(bytes, n, &back), WC_E_SHORT);
    bytes[byte_count] = 1; /* a field of a later version */
    assert_int_equal(wc_announce_decode(bytes, byte_count + 1, &back), WC_OK);
}

/* Decode the vector with one byte changed; ret must stay as it was on error. */
static enum wc_err decode_changed(size_t at, uint8_t value)
{
    uint8_t bytes[VECTOR_BYTES_MAX];
    size_t byte_count = vector_read("announce", bytes);
    assert_true(at < byte_count);
    bytes[at] = value;
    struct wc_announce back = {.instance = 7};
    enum wc_err err = wc_announce_decode(bytes, byte_count, &back);
    assert_true(!err || back.instance == 7);
    return err;
}

static void malformed_input_is_refused(void **state)
{
    (void)state;
    assert_int_equal(decode_changed(0, 'X'), WC_E_FORMAT);
    assert_int_equal(decode_changed(AT_VERSION, 0), WC_E_VERSION);
    assert_int_equal(decode_changed(AT_VERSION, 2), WC_E_VERSION);
    assert_int_equal(decode_changed(AT_PACKAGE + 2, '/'), WC_E_FORMAT);
    assert_int_equal(decode_changed(AT_PACKAGE + 2, '.'), WC_E_FORMAT);
    assert_int_equal(decode_changed(AT_PACKAGE, 0xff), WC_E_SHORT);
    assert_int_equal(decode_changed(AT_NAME + 2, 0x1b), WC_E_FORMAT);
    assert_int_equal(decode_changed(AT_NAME + 2, 0xff), WC_E_FORMAT);
    assert_int_equal(decode_changed(AT_PHASE, WC_PHASE_ENDED), WC_OK);
    assert_int_equal(decode_changed(AT_PHASE, WC_PHASE_ENDED + 1), WC_E_RANGE);
}

static void port_0_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[VECTOR_BYTES_MAX];
    size_t byte_count = vector_read("announce", bytes);
    bytes[AT_PORT] = 0;
    bytes[AT_PORT + 1] = 0;
    struct wc_announce back;
    assert_int_equal(wc_announce_decode(bytes, byte_count, &back), WC_E_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_as_specified),
        cmocka_unit_test(the_longest_fits_the_limit),
        cmocka_unit_test(input_that_ends_too_early_is_refused),
        cmocka_unit_test(malformed_input_is_refused),
        cmocka_unit_test(port_0_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
