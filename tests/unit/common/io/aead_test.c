/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/aead.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES_MAX 9000u
#define AAD_BYTES 16u

static const struct wc_aead_ops *const implementations[] = {
    &wc_aead_openssl,
#ifdef WC_HAVE_IPSEC_MB
    &wc_aead_ipsec_mb,
#endif
};
#define COUNT (sizeof implementations / sizeof *implementations)

static void fill(uint8_t *bytes, size_t count, uint8_t seed)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(seed + i * 7 + i / 251);
}

/* NULL: not on this machine. */
static struct wc_aead *new_of(const struct wc_aead_ops *ops)
{
    uint8_t key[WC_AEAD_KEY_BYTES];
    struct wc_aead *aead = NULL;
    fill(key, sizeof key, 1);
    enum wc_err err = ops->new (&aead, key);
    assert_true(err == WC_OK || err == WC_E_CRYPTO);
    return aead;
}

/* Test case 16 of "The Galois/Counter Mode of Operation" (McGrew, Viega). */
static void published_vector(void **state)
{
    (void)state;
    static const uint8_t key[] = {0xfe, 0xff, 0xe9, 0x92, 0x86, 0x65, 0x73, 0x1c, 0x6d, 0x6a, 0x8f,
                                  0x94, 0x67, 0x30, 0x83, 0x08, 0xfe, 0xff, 0xe9, 0x92, 0x86, 0x65,
                                  0x73, 0x1c, 0x6d, 0x6a, 0x8f, 0x94, 0x67, 0x30, 0x83, 0x08};
    static const uint8_t nonce[] = {0xca, 0xfe, 0xba, 0xbe, 0xfa, 0xce,
                                    0xdb, 0xad, 0xde, 0xca, 0xf8, 0x88};
    static const uint8_t aad[] = {0xfe, 0xed, 0xfa, 0xce, 0xde, 0xad, 0xbe, 0xef, 0xfe, 0xed,
                                  0xfa, 0xce, 0xde, 0xad, 0xbe, 0xef, 0xab, 0xad, 0xda, 0xd2};
    static const uint8_t plain[60] = {
        0xd9, 0x31, 0x32, 0x25, 0xf8, 0x84, 0x06, 0xe5, 0xa5, 0x59, 0x09, 0xc5, 0xaf, 0xf5, 0x26,
        0x9a, 0x86, 0xa7, 0xa9, 0x53, 0x15, 0x34, 0xf7, 0xda, 0x2e, 0x4c, 0x30, 0x3d, 0x8a, 0x31,
        0x8a, 0x72, 0x1c, 0x3c, 0x0c, 0x95, 0x95, 0x68, 0x09, 0x53, 0x2f, 0xcf, 0x0e, 0x24, 0x49,
        0xa6, 0xb5, 0x25, 0xb1, 0x6a, 0xed, 0xf5, 0xaa, 0x0d, 0xe6, 0x57, 0xba, 0x63, 0x7b, 0x39};
    static const uint8_t tag[WC_AEAD_TAG_BYTES] = {0x76, 0xfc, 0x6e, 0xce, 0x0f, 0x4e, 0x17, 0x68,
                                                   0xcd, 0xdf, 0x88, 0x53, 0xbb, 0x2d, 0x55, 0x1b};
    for (size_t i = 0; i < COUNT; i++) {
        struct wc_aead *aead = NULL;
        uint8_t sealed[sizeof plain + WC_AEAD_TAG_BYTES], opened[sizeof plain];
        if (implementations[i]->new (&aead, key))
            continue;
        assert_int_equal(
            implementations[i]->protect(aead, nonce, aad, sizeof aad, plain, sizeof plain, sealed),
            WC_OK);
        assert_memory_equal(sealed + sizeof plain, tag, sizeof tag);
        assert_int_equal(
            implementations[i]->open(aead, nonce, aad, sizeof aad, sealed, sizeof plain, opened),
            WC_OK);
        assert_memory_equal(opened, plain, sizeof plain);
        implementations[i]->free(aead);
    }
}

/* What one seals the other opens, byte for byte the same, at any length and alignment. */
static void implementations_agree(void **state)
{
    (void)state;
    struct wc_aead *one = new_of(implementations[0]), *other = new_of(implementations[COUNT - 1]);
    if (!one || !other || one == other)
        skip();
    static uint8_t plain[BYTES_MAX], a[BYTES_MAX + 32], b[BYTES_MAX + 32];
    uint8_t nonce[WC_AEAD_NONCE_BYTES] = {0}, aad[AAD_BYTES];
    fill(plain, sizeof plain, 3);
    fill(aad, sizeof aad, 4);
    for (uint32_t bytes = 0; bytes + 7 < BYTES_MAX; bytes += bytes < 300 ? 1 : 97) {
        uint8_t *at = a + bytes % 7;
        nonce[11]++;
        assert_int_equal(
            implementations[0]->protect(one, nonce, aad, sizeof aad, plain + bytes % 5, bytes, at),
            WC_OK);
        assert_int_equal(implementations[COUNT - 1]->protect(other, nonce, aad, sizeof aad,
                                                             plain + bytes % 5, bytes, b),
                         WC_OK);
        assert_memory_equal(at, b, bytes + WC_AEAD_TAG_BYTES);
        assert_int_equal(
            implementations[COUNT - 1]->open(other, nonce, aad, sizeof aad, at, bytes, at), WC_OK);
        assert_memory_equal(at, plain + bytes % 5, bytes);
        b[bytes] ^= 0x10;
        assert_int_equal(
            implementations[COUNT - 1]->open(other, nonce, aad, sizeof aad, b, bytes, a),
            WC_E_AUTH);
    }
    implementations[0]->free(one);
    implementations[COUNT - 1]->free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vector),
        cmocka_unit_test(implementations_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
