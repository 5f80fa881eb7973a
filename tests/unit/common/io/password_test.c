/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/password.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

static struct wc_password made(const char *password)
{
    struct wc_password p;
    assert_int_equal(wc_password_make(&p, password), WC_OK);
    return p;
}

static void the_right_one_and_no_other(void **state)
{
    (void)state;
    struct wc_password p = made("Grüße 123");
    assert_true(wc_password_is_sane(&p));
    assert_int_equal(p.n, WC_PASSWORD_N);
    assert_int_equal(wc_password_verify(&p, "Grüße 123"), WC_OK);
    assert_int_equal(wc_password_verify(&p, "Grüße 124"), WC_E_AUTH);
    assert_int_equal(wc_password_verify(&p, "Grüße 123 "), WC_E_AUTH);
    assert_int_equal(wc_password_verify(&p, ""), WC_E_AUTH);
    struct wc_password q = made("Grüße 123");
    assert_memory_not_equal(p.salt, q.salt, sizeof(p.salt));
    assert_memory_not_equal(p.hash, q.hash, sizeof(p.hash));
    wc_password_make_dummy(&q);
    assert_true(wc_password_is_sane(&q));
    assert_int_equal(wc_password_verify(&q, "Grüße 123"), WC_E_AUTH);
}

/* RFC 7914 section 12 has salts of other lengths; this is the same by another implementation
 * (hashlib.scrypt of Python), so that files stay readable for ever. */
static void a_known_record(void **state)
{
    (void)state;
    struct wc_password p = {.n = 1024, .r = 8, .p = 1};
    static const uint8_t hash[] = {0x31, 0xd7, 0x3f, 0x8d, 0x30, 0x8f, 0xcb, 0xeb, 0x94, 0xf1, 0xa4,
                                   0x8b, 0x6c, 0xcf, 0x85, 0x18, 0x14, 0x02, 0xfc, 0x05, 0xd2, 0xcd,
                                   0xf5, 0x82, 0xb0, 0x05, 0x24, 0x17, 0xf5, 0x58, 0x0a, 0x09};
    for (uint8_t i = 0; i < sizeof(p.salt); i++)
        p.salt[i] = i;
    memcpy(p.hash, hash, sizeof(p.hash));
    assert_int_equal(wc_password_verify(&p, "secret"), WC_OK);
    p.n = 2048;
    assert_int_equal(wc_password_verify(&p, "secret"), WC_E_AUTH);
}

static void insane_records_are_not_computed(void **state)
{
    (void)state;
    static const struct wc_password bad[] = {
        {.n = 0, .r = 8, .p = 1},      {.n = 512, .r = 8, .p = 1},
        {.n = 16385, .r = 8, .p = 1},  {.n = 1u << 31, .r = 8, .p = 1},
        {.n = 16384, .r = 0, .p = 1},  {.n = 16384, .r = 17, .p = 1},
        {.n = 16384, .r = 8, .p = 0},  {.n = 16384, .r = 8, .p = 5},
        {.n = 131072, .r = 8, .p = 1}, {.n = 16384, .r = UINT32_MAX, .p = UINT32_MAX},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(wc_password_is_sane(&bad[i]));
        assert_int_equal(wc_password_verify(&bad[i], "x"), WC_E_CRYPTO);
    }
}

static void what_can_be_one(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "a\tb", "a\x1b[0m", "a\x7f", "\xff\xfe", "\xc2\x85"};
    char longest[WC_PASSWORD_BYTES_MAX + 2];
    struct wc_why why = {0};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(wc_password_check(bad[i], &why), WC_E_FORMAT);
        assert_int_equal(why.exit_code, EX_DATAERR);
    }
    memset(longest, 'x', sizeof(longest));
    longest[WC_PASSWORD_BYTES_MAX + 1] = '\0';
    assert_int_equal(wc_password_check(longest, &why), WC_E_FORMAT);
    assert_null(strstr(why.text, "xx")); /* it is not said again */
    longest[WC_PASSWORD_BYTES_MAX] = '\0';
    assert_int_equal(wc_password_check(longest, &why), WC_OK);
    assert_int_equal(wc_password_check("x", &why), WC_OK);
    assert_int_equal(wc_password_check("Grüße ☃", &why), WC_OK);
}

static void proofs_depend_on_all_of_it(void **state)
{
    (void)state;
    uint8_t key[WC_PASSWORD_PROOF_BYTES] = {1};
    uint8_t a[WC_PASSWORD_PROOF_BYTES], b[WC_PASSWORD_PROOF_BYTES];
    struct wc_password p, q;
    wc_password_make_dummy(&p);
    wc_password_make_dummy(&q);
    wc_password_proof(key, "lab", "secret", &p, a);
    wc_password_proof(key, "lab", "secret", &p, b);
    assert_memory_equal(a, b, sizeof(a));
    wc_password_proof(key, "lab", "secres", &p, b);
    assert_memory_not_equal(a, b, sizeof(a));
    wc_password_proof(key, "labs", "ecret", &p, b);
    assert_memory_not_equal(a, b, sizeof(a));
    wc_password_proof(key, "lab", "secret", &q, b);
    assert_memory_not_equal(a, b, sizeof(a));
    key[0] = 2;
    wc_password_proof(key, "lab", "secret", &p, b);
    assert_memory_not_equal(a, b, sizeof(a));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_right_one_and_no_other),      cmocka_unit_test(a_known_record),
        cmocka_unit_test(insane_records_are_not_computed), cmocka_unit_test(what_can_be_one),
        cmocka_unit_test(proofs_depend_on_all_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
