/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SYMBOL_BYTES 1440u
#define SEALED_BYTES (SYMBOL_BYTES + WC_TAG_BYTES)

static void fill(uint8_t *bytes, size_t count, uint8_t seed)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(seed + i * 7);
}

static struct wc_seal *seal_of(uint8_t seed)
{
    uint8_t key[WC_SEAL_KEY_BYTES];
    fill(key, sizeof(key), seed);
    struct wc_seal *seal = NULL;
    assert_int_equal(wc_seal_new(&seal, key), WC_OK);
    return seal;
}

/* Key 80 81 .. 9f, header as below, symbol 00 01 .. 1f. The sealed bytes were computed from the
 * standards alone, by a program that shares no code with the libraries. */
static void golden(void **state)
{
    (void)state;
    static const uint8_t header[WC_HEADER_BYTES] = {0x11, 0x81, 0xde, 0xad, 0xbe, 0xef, 0x00, 0x01,
                                                    0xe2, 0x40, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06};
    static const uint8_t expected[32 + WC_TAG_BYTES] = {
        0x99, 0x4f, 0x1b, 0x7c, 0xa7, 0x5b, 0xda, 0x72, 0xf4, 0x2e, 0x10, 0xe4,
        0x11, 0x02, 0xa6, 0x71, 0x9b, 0xda, 0xed, 0x22, 0xb5, 0x97, 0xb4, 0xab,
        0xe4, 0x2a, 0xe5, 0x04, 0xbb, 0xdf, 0x7b, 0x59, 0x53, 0xbb, 0x97, 0x79,
        0xee, 0xdd, 0x4c, 0x3b, 0x90, 0xc1, 0x46, 0x08, 0x15, 0xc9, 0x56, 0x7e};
    uint8_t key[WC_SEAL_KEY_BYTES];
    uint8_t symbol[32];
    uint8_t sealed[32 + WC_TAG_BYTES];
    uint8_t opened[32];
    for (uint8_t i = 0; i < 32; i++) {
        key[i] = (uint8_t)(0x80 + i);
        symbol[i] = i;
    }
    struct wc_seal *seal = NULL;
    assert_int_equal(wc_seal_new(&seal, key), WC_OK);
    assert_int_equal(wc_seal_protect(seal, 0x010203040506, header, symbol, 32, sealed), WC_OK);
    assert_memory_equal(sealed, expected, sizeof(expected));
    assert_int_equal(wc_seal_open(seal, 0x010203040506, header, expected, 32, opened), WC_OK);
    assert_memory_equal(opened, symbol, sizeof(symbol));
    wc_seal_free(seal);
}

static void round_trip_of_all_sizes(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {16, 17, 63, 64, 65, 1408, 1440, WC_SYMBOL_BYTES_MAX};
    struct wc_seal *tx = seal_of(1);
    struct wc_seal *rx = seal_of(1);
    uint8_t *symbol = malloc(WC_SYMBOL_BYTES_MAX);
    uint8_t *sealed = malloc(WC_SYMBOL_BYTES_MAX + WC_TAG_BYTES);
    uint8_t header[WC_HEADER_BYTES];
    fill(header, sizeof(header), 9);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint64_t pn = i % 2 ? WC_PN_MAX - i : i;
        fill(symbol, sizes[i], (uint8_t)i);
        memcpy(sealed, symbol, sizes[i]);
        assert_int_equal(wc_seal_protect(tx, pn, header, sealed, sizes[i], sealed), WC_OK);
        assert_memory_not_equal(sealed, symbol, sizes[i]);
        assert_int_equal(wc_seal_open(rx, pn, header, sealed, sizes[i], sealed), WC_OK);
        assert_memory_equal(sealed, symbol, sizes[i]);
    }
    free(sealed);
    free(symbol);
    wc_seal_free(rx);
    wc_seal_free(tx);
}

/* One flipped bit anywhere, and the seal goes on to open what is whole. */
static void every_byte_is_protected(void **state)
{
    (void)state;
    struct wc_seal *seal = seal_of(1);
    uint8_t bytes[WC_HEADER_BYTES + SEALED_BYTES];
    uint8_t symbol[SYMBOL_BYTES];
    uint8_t opened[SYMBOL_BYTES];
    uint8_t *header = bytes;
    uint8_t *sealed = bytes + WC_HEADER_BYTES;
    fill(header, WC_HEADER_BYTES, 3);
    fill(symbol, SYMBOL_BYTES, 5);
    assert_int_equal(wc_seal_protect(seal, 77, header, symbol, SYMBOL_BYTES, sealed), WC_OK);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] ^= (uint8_t)(1u << (i % 8));
        assert_int_equal(wc_seal_open(seal, 77, header, sealed, SYMBOL_BYTES, opened), WC_E_AUTH);
        bytes[i] ^= (uint8_t)(1u << (i % 8));
    }
    assert_int_equal(wc_seal_open(seal, 77, header, sealed, SYMBOL_BYTES, opened), WC_OK);
    assert_memory_equal(opened, symbol, SYMBOL_BYTES);
    wc_seal_free(seal);
}

static void other_pn_key_and_length_do_not_open(void **state)
{
    (void)state;
    struct wc_seal *seal = seal_of(1);
    struct wc_seal *other = seal_of(2);
    uint8_t header[WC_HEADER_BYTES];
    uint8_t symbol[SYMBOL_BYTES];
    uint8_t sealed[SEALED_BYTES];
    fill(header, sizeof(header), 3);
    fill(symbol, sizeof(symbol), 5);
    assert_int_equal(wc_seal_protect(seal, 77, header, symbol, SYMBOL_BYTES, sealed), WC_OK);
    for (int bit = 0; bit < 48; bit++) {
        uint64_t pn = 77 ^ (1ull << bit);
        assert_int_equal(wc_seal_open(seal, pn, header, sealed, SYMBOL_BYTES, symbol), WC_E_AUTH);
    }
    assert_int_equal(wc_seal_open(other, 77, header, sealed, SYMBOL_BYTES, symbol), WC_E_AUTH);
    assert_int_equal(wc_seal_open(seal, 77, header, sealed, SYMBOL_BYTES - 1, symbol), WC_E_AUTH);
    assert_int_equal(wc_seal_open(seal, 77, header, sealed, SYMBOL_BYTES, symbol), WC_OK);
    wc_seal_free(other);
    wc_seal_free(seal);
    wc_seal_free(NULL);
}

static void random_bytes_differ(void **state)
{
    (void)state;
    uint8_t a[1024] = {0};
    uint8_t b[1024] = {0};
    wc_random_bytes(a, sizeof(a));
    wc_random_bytes(b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
    for (size_t i = 0; i + 16 <= sizeof(a); i += 16)
        assert_memory_not_equal(a + i, b + i, 16);
    wc_random_bytes(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),
        cmocka_unit_test(round_trip_of_all_sizes),
        cmocka_unit_test(every_byte_is_protected),
        cmocka_unit_test(other_pn_key_and_length_do_not_open),
        cmocka_unit_test(random_bytes_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
