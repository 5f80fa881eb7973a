/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/core/voids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct wc_voids v;

static enum wc_void_fate add(uint32_t sbn, uint32_t max, bool may_fetch)
{
    return wc_voids_add(&v, sbn, max, may_fetch, false);
}

static int setup(void **state)
{
    (void)state;
    v = (struct wc_voids){0};
    return 0;
}

static void a_block_that_is_void_twice_is_set_apart(void **state)
{
    (void)state;
    assert_int_equal(add(7, 2, true), WC_VOID_AGAIN);
    assert_false(wc_voids_is_apart(&v, 7));
    assert_int_equal(add(8, 2, true), WC_VOID_AGAIN);
    assert_int_equal(add(7, 2, true), WC_VOID_APART);
    assert_true(wc_voids_is_apart(&v, 7) && wc_voids_is_wanted(&v, 7));
    assert_false(wc_voids_is_apart(&v, 8) || wc_voids_is_wanted(&v, 8));
    wc_voids_mend(&v, 7);
    assert_false(wc_voids_is_apart(&v, 7));
    wc_voids_mend(&v, 8);
    wc_voids_mend(&v, 9); /* was never void */
    assert_int_equal(v.mended_count, 2);
    assert_int_equal(v.count + v.apart_count, 0);
}

static void wrong_by_unicast_too_it_is_lost(void **state)
{
    (void)state;
    (void)add(7, 1, true);
    assert_int_equal(add(7, 1, true), WC_VOID_LOST);
    assert_true(wc_voids_is_apart(&v, 7));
    assert_false(wc_voids_is_wanted(&v, 7));
    assert_int_equal(v.apart_count, 1);
}

static void without_unicast_it_may_be_void_longer(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(wc_voids_add(&v, 7, 2, false, true), WC_VOID_AGAIN);
    assert_int_equal(wc_voids_add(&v, 7, 2, false, true), WC_VOID_LOST);
    assert_int_equal(add(8, 2, false), WC_VOID_AGAIN); /* everything comes by unicast */
    assert_int_equal(add(8, 2, false), WC_VOID_LOST);
}

static void nobody_asked_for_it(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        assert_int_equal(add(7, 0, true), WC_VOID_AGAIN);
    assert_int_equal(v.count, 0);
}

static void what_is_kept_in_mind_is_bounded(void **state)
{
    (void)state;
    for (uint32_t sbn = 0; sbn < 2 * WC_VOIDS_MAX; sbn++)
        assert_int_equal(add(sbn, 1, true), sbn < WC_VOIDS_MAX ? WC_VOID_APART : WC_VOID_AGAIN);
    assert_int_equal(v.count, WC_VOIDS_MAX);
    wc_voids_mend(&v, 3);
    assert_int_equal(add(1000, 1, true), WC_VOID_APART);
    for (uint32_t sbn = 0; sbn < WC_VOIDS_MAX; sbn++)
        assert_int_equal(wc_voids_is_apart(&v, sbn), sbn != 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_block_that_is_void_twice_is_set_apart, setup),
        cmocka_unit_test_setup(wrong_by_unicast_too_it_is_lost, setup),
        cmocka_unit_test_setup(without_unicast_it_may_be_void_longer, setup),
        cmocka_unit_test_setup(nobody_asked_for_it, setup),
        cmocka_unit_test_setup(what_is_kept_in_mind_is_bounded, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
