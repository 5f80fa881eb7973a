/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/wire.h"

#include <string.h>

#include "tests/unit/common/core/support.h"

#define DATAGRAM_BYTES_MIN (WC_HEADER_BYTES + WC_TAG_BYTES)

static const struct wc_header data_header = {
    .type = WC_DATAGRAM_DATA,
    .esi = 130,
    .instance = 0xa1b2c3d4,
    .sbn = 70000,
    .pn = 0x0123456789ab,
};

static void assert_same(const struct wc_header *a, const struct wc_header *b)
{
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->esi, b->esi);
    assert_int_equal(a->instance, b->instance);
    assert_int_equal(a->sbn, b->sbn);
    assert_true(a->pn == b->pn);
}

static enum wc_err decode(const uint8_t *bytes, struct wc_header *ret)
{
    uint8_t datagram[DATAGRAM_BYTES_MIN] = {0};
    memcpy(datagram, bytes, WC_HEADER_BYTES);
    return wc_header_decode(datagram, sizeof(datagram), ret);
}

static void check_vector(const char *name, const struct wc_header *header)
{
    uint8_t bytes[WC_HEADER_BYTES];
    wc_header_encode(header, bytes);
    assert_vector(name, bytes, sizeof(bytes));
    struct wc_header back;
    assert_int_equal(decode(bytes, &back), WC_OK);
    assert_same(&back, header);
}

static void headers_are_as_specified(void **state)
{
    (void)state;
    static const struct wc_header beacon = {
        .type = WC_DATAGRAM_BEACON,
        .esi = WC_BEACON_STREAMING | WC_BEACON_IDLE,
        .instance = 0xa1b2c3d4,
        .sbn = 3,
        .pn = WC_PN_MAX,
    };
    check_vector("header_data", &data_header);
    check_vector("header_beacon", &beacon);
}

static void any_header_comes_back(void **state)
{
    (void)state;
    struct wc_rng rng = test_rng(__func__);
    for (int round = 0; round < 10000; round++) {
        struct wc_header header = {
            .type = wc_rng_below(&rng, 2) ? WC_DATAGRAM_DATA : WC_DATAGRAM_BEACON,
            .esi = (uint8_t)wc_rng_below(&rng, WC_ESI_NONE),
            .instance = (uint32_t)wc_rng_next(&rng),
            .sbn = (uint32_t)wc_rng_next(&rng),
            .pn = wc_rng_next(&rng) & WC_PN_MAX,
        };
        uint8_t bytes[WC_HEADER_BYTES];
        wc_header_encode(&header, bytes);
        struct wc_header back;
        assert_int_equal(decode(bytes, &back), WC_OK);
        assert_same(&back, &header);
    }
}

static void short_datagrams_are_refused(void **state)
{
    (void)state;
    uint8_t datagram[DATAGRAM_BYTES_MIN] = {0x11};
    struct wc_header header;
    for (size_t n = 0; n < sizeof(datagram); n++)
        assert_int_equal(wc_header_decode(datagram, n, &header), WC_E_SHORT);
    assert_int_equal(wc_header_decode(datagram, sizeof(datagram), &header), WC_OK);
}

static void other_versions_and_types_are_refused(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        uint8_t bytes[WC_HEADER_BYTES] = {(uint8_t)first};
        struct wc_header header;
        enum wc_err expected = first >> 4 != 1                          ? WC_E_VERSION
                               : (first & 15) == 1 || (first & 15) == 2 ? WC_OK
                                                                        : WC_E_TYPE;
        assert_int_equal(decode(bytes, &header), expected);
    }
}

static void esi_255_is_refused_and_ret_untouched(void **state)
{
    (void)state;
    uint8_t bytes[WC_HEADER_BYTES] = {0x11, 255};
    struct wc_header header = data_header;
    assert_int_equal(decode(bytes, &header), WC_E_RANGE);
    assert_same(&header, &data_header);
    bytes[0] = 0x12; /* of a beacon it is flags of later versions */
    assert_int_equal(decode(bytes, &header), WC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_as_specified),
        cmocka_unit_test(any_header_comes_back),
        cmocka_unit_test(short_datagrams_are_refused),
        cmocka_unit_test(other_versions_and_types_are_refused),
        cmocka_unit_test(esi_255_is_refused_and_ret_untouched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
