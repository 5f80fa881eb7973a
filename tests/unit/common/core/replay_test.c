/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/replay.h"

#include <stdlib.h>

#include "tests/unit/common/core/support.h"

#define W ((uint64_t)WC_REPLAY_WINDOW)

/* Offer a packet number; true if it was taken, which then happens only once. */
static bool offer(struct wc_replay *r, uint64_t pn)
{
    if (!wc_replay_fresh(r, pn))
        return false;
    wc_replay_accept(r, pn);
    assert_false(wc_replay_fresh(r, pn));
    return true;
}

static void each_number_counts_once(void **state)
{
    (void)state;
    struct wc_replay r = {0};
    for (uint64_t pn = 0; pn < 3 * W; pn++)
        assert_true(offer(&r, pn));
    for (uint64_t pn = 0; pn < 3 * W; pn++)
        assert_false(offer(&r, pn));
    assert_true(r.next == 3 * W);
}

static void reordered_numbers_are_taken(void **state)
{
    (void)state;
    struct wc_replay r = {0};
    assert_true(offer(&r, 5));
    assert_true(offer(&r, 3));
    assert_true(offer(&r, 4));
    assert_false(offer(&r, 3));
    assert_true(offer(&r, 0));
    assert_true(r.next == 6);
}

static void what_is_older_than_the_window_is_not(void **state)
{
    (void)state;
    struct wc_replay r = {0};
    assert_true(offer(&r, 10 * W));
    assert_true(offer(&r, 10 * W - (W - 1))); /* the oldest inside */
    assert_false(offer(&r, 10 * W - W));
    assert_false(offer(&r, 0));
    assert_true(offer(&r, 10 * W + 1)); /* the window moved by one */
    assert_false(wc_replay_fresh(&r, 10 * W - (W - 1)));
}

static void a_jump_clears_what_it_leaves_behind(void **state)
{
    (void)state;
    static const uint64_t jumps[] = {1,     2, 63,    64,        65,        1000,
                                     W - 1, W, W + 1, 5 * W + 7, 1ull << 40};
    for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
        struct wc_replay r = {0};
        for (uint64_t pn = 0; pn < 2 * W; pn++)
            wc_replay_accept(&r, pn);
        uint64_t to = 2 * W - 1 + jumps[i];
        assert_true(offer(&r, to));
        for (uint64_t age = 1; age < W; age++)
            assert_int_equal(wc_replay_fresh(&r, to - age), age < jumps[i]);
    }
}

static void numbers_end_at_the_maximum(void **state)
{
    (void)state;
    struct wc_replay r = {0};
    assert_false(wc_replay_fresh(&r, WC_PN_MAX + 1));
    assert_false(wc_replay_fresh(&r, UINT64_MAX));
    assert_true(offer(&r, WC_PN_MAX - 1));
    assert_true(offer(&r, WC_PN_MAX));
    assert_true(offer(&r, WC_PN_MAX - W + 1));
    assert_false(offer(&r, WC_PN_MAX - W));
    assert_false(wc_replay_fresh(&r, WC_PN_MAX + 1));
    assert_false(offer(&r, WC_PN_MAX));
}

#define MODEL_NUMBERS 200000u

/* Against the plain rule: taken if never taken before and less than W below the highest taken. */
static void it_behaves_like_the_rule(void **state)
{
    (void)state;
    struct wc_rng rng = test_rng(__func__);
    bool *taken = calloc(MODEL_NUMBERS, sizeof(*taken));
    assert_non_null(taken);
    struct wc_replay r = {0};
    uint64_t highest = 0;
    uint64_t head = 0;
    while (head < MODEL_NUMBERS - 3 * W) {
        head += wc_rng_below(&rng, 1000) ? wc_rng_below(&rng, 3) : wc_rng_below(&rng, 2 * W);
        uint64_t back = wc_rng_below(&rng, wc_rng_below(&rng, 8) ? 40 : W + 100);
        uint64_t pn = head > back ? head - back : 0;
        bool expected = !taken[pn] && (pn > highest || highest - pn < W);
        assert_int_equal(offer(&r, pn), expected);
        taken[pn] = taken[pn] || expected;
        highest = expected && pn > highest ? pn : highest;
    }
    free(taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_number_counts_once),
        cmocka_unit_test(reordered_numbers_are_taken),
        cmocka_unit_test(what_is_older_than_the_window_is_not),
        cmocka_unit_test(a_jump_clears_what_it_leaves_behind),
        cmocka_unit_test(numbers_end_at_the_maximum),
        cmocka_unit_test(it_behaves_like_the_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
