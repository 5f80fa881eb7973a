/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_hex(const uint8_t digest[WC_DIGEST_BYTES], const char *expected)
{
    char hex[2 * WC_DIGEST_BYTES + 1];
    wc_digest_hex(digest, hex);
    assert_string_equal(hex, expected);
}

/* FIPS 180-4 examples, and the digest of nothing. */
static void known_answers(void **state)
{
    (void)state;
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    struct wc_digest *d = NULL;
    uint8_t digest[WC_DIGEST_BYTES];
    assert_int_equal(wc_digest_new(&d), WC_OK);
    wc_digest_of(d, "", 0, digest);
    assert_hex(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    wc_digest_of(d, "abc", 3, digest);
    assert_hex(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    wc_digest_of(d, two_blocks, strlen(two_blocks), digest);
    assert_hex(digest, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    wc_digest_free(d);
    wc_digest_free(NULL);
}

/* In parts or at once, and again after finish: the same. */
static void parts_make_the_whole(void **state)
{
    (void)state;
    enum { BYTES = 10000 };
    uint8_t bytes[BYTES];
    uint8_t whole[WC_DIGEST_BYTES];
    uint8_t parts[WC_DIGEST_BYTES];
    struct wc_digest *d = NULL;
    assert_int_equal(wc_digest_new(&d), WC_OK);
    for (size_t i = 0; i < BYTES; i++)
        bytes[i] = (uint8_t)(i * i);
    wc_digest_of(d, bytes, BYTES, whole);
    for (size_t step = 1; step < 300; step += 37) {
        for (size_t at = 0; at < BYTES; at += step)
            wc_digest_update(d, bytes + at, step < BYTES - at ? step : BYTES - at);
        wc_digest_finish(d, parts);
        assert_true(wc_digest_equal(whole, parts));
    }
    wc_digest_free(d);
}

static void equal_sees_every_bit(void **state)
{
    (void)state;
    uint8_t a[WC_DIGEST_BYTES] = {1, 2, 3};
    uint8_t b[WC_DIGEST_BYTES] = {1, 2, 3};
    assert_true(wc_digest_equal(a, b));
    for (int bit = 0; bit < 8 * WC_DIGEST_BYTES; bit++) {
        b[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_false(wc_digest_equal(a, b));
        b[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(parts_make_the_whole),
        cmocka_unit_test(equal_sees_every_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
