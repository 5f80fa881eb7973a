/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/bitmap.h"

#include <string.h>

#include "tests/unit/common/core/support.h"

#define BITS_MAX 300u

static void an_empty_set_has_nothing(void **state)
{
    (void)state;
    uint64_t word = UINT64_MAX;
    assert_int_equal(wc_bitmap_words(0), 0);
    assert_int_equal(wc_bitmap_count(&word, 0), 0);
    assert_int_equal(wc_bitmap_find_set(&word, 0, 0), 0);
    assert_int_equal(wc_bitmap_find_clear(&word, 0, 0), 0);
}

static void words_round_up(void **state)
{
    (void)state;
    assert_int_equal(wc_bitmap_words(1), 1);
    assert_int_equal(wc_bitmap_words(64), 1);
    assert_int_equal(wc_bitmap_words(65), 2);
    assert_int_equal(wc_bitmap_words(UINT32_MAX), 1u << 26);
}

static void bits_behind_the_end_do_not_count(void **state)
{
    (void)state;
    uint64_t words[2] = {0, UINT64_MAX << 6};
    assert_int_equal(wc_bitmap_find_set(words, 70, 0), 70);
    assert_int_equal(wc_bitmap_count(words, 70), 0);
    words[0] = UINT64_MAX;
    words[1] = 0x3f;
    assert_int_equal(wc_bitmap_find_clear(words, 70, 0), 70);
    assert_int_equal(wc_bitmap_count(words, 70), 70);
    assert_int_equal(wc_bitmap_find_set(words, 70, 70), 70);
    assert_int_equal(wc_bitmap_find_set(words, 70, 99), 70);
}

static uint32_t model_find(const bool *model, uint32_t bit_count, uint32_t from, bool value)
{
    while (from < bit_count && model[from] != value)
        from++;
    return from < bit_count ? from : bit_count;
}

static void assert_same(const uint64_t *words, const bool *model, uint32_t bit_count)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < bit_count; i++) {
        count += model[i];
        assert_int_equal(wc_bitmap_get(words, i), model[i]);
        assert_int_equal(wc_bitmap_find_set(words, bit_count, i),
                         model_find(model, bit_count, i, true));
        assert_int_equal(wc_bitmap_find_clear(words, bit_count, i),
                         model_find(model, bit_count, i, false));
    }
    assert_int_equal(wc_bitmap_count(words, bit_count), count);
}

static void it_behaves_like_an_array_of_booleans(void **state)
{
    (void)state;
    struct wc_rng rng = test_rng(__func__);
    for (int round = 0; round < 200; round++) {
        uint32_t bit_count = 1 + (uint32_t)wc_rng_below(&rng, BITS_MAX);
        uint32_t change_count = (uint32_t)wc_rng_below(&rng, 2 * (uint64_t)bit_count);
        bool mostly_set = wc_rng_below(&rng, 2);
        bool model[BITS_MAX];
        uint64_t words[(BITS_MAX + 63) / 64];
        memset(words, mostly_set ? 0xff : 0, sizeof(words));
        memset(model, mostly_set, sizeof(model));
        for (uint32_t i = 0; i < change_count; i++) {
            uint32_t bit = (uint32_t)wc_rng_below(&rng, bit_count);
            model[bit] = wc_rng_below(&rng, 4) ? !mostly_set : mostly_set;
            if (model[bit])
                wc_bitmap_set(words, bit);
            else
                wc_bitmap_clear(words, bit);
        }
        assert_same(words, model, bit_count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_set_has_nothing),
        cmocka_unit_test(words_round_up),
        cmocka_unit_test(bits_behind_the_end_do_not_count),
        cmocka_unit_test(it_behaves_like_an_array_of_booleans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
