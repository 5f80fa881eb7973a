/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/spans.h"

#include <string.h>

#include "tests/unit/common/core/support.h"

enum { BLOCKS_MAX = 120, SPANS_MAX = 300 };

static uint32_t below(struct wc_rng *rng, uint32_t n)
{
    return (uint32_t)wc_rng_below(rng, n);
}

static struct wc_alloc heap_of(struct test_heap *heap)
{
    memset(heap, 0, sizeof *heap);
    return test_heap_alloc(heap);
}

static void neighbours_and_overlaps(void **state)
{
    (void)state;
    static const struct wc_span spans[] = {{4, 6, 46}, {5, 5, 55}, {4, 4, 44}, {6, 9, 69}};
    struct test_heap heap;
    struct wc_alloc alloc = heap_of(&heap);
    struct wc_spans *s;
    uint32_t tag;
    assert_int_equal(wc_spans_new(&s, spans, 4, &alloc), WC_OK);
    wc_spans_mark(s, 3); /* of none */
    assert_false(wc_spans_next(s, &tag));
    wc_spans_mark(s, 6);
    assert_false(wc_spans_next(s, &tag));
    wc_spans_mark(s, 4);
    assert_true(wc_spans_next(s, &tag) && tag == 44);
    assert_false(wc_spans_next(s, &tag));
    wc_spans_mark(s, 5);
    assert_true(wc_spans_next(s, &tag) && tag == 46);
    assert_true(wc_spans_next(s, &tag) && tag == 55);
    assert_false(wc_spans_next(s, &tag));
    wc_spans_mark(s, 5); /* once more */
    assert_false(wc_spans_next(s, &tag));
    wc_spans_free(s);
    assert_int_equal(heap.live_count, 0);
}

static void none_at_all(void **state)
{
    (void)state;
    struct test_heap heap;
    struct wc_alloc alloc = heap_of(&heap);
    struct wc_spans *s;
    uint32_t tag;
    assert_int_equal(wc_spans_new(&s, NULL, 0, &alloc), WC_OK);
    wc_spans_mark(s, 0);
    wc_spans_mark(s, UINT32_MAX);
    assert_false(wc_spans_next(s, &tag));
    wc_spans_free(s);
    wc_spans_free(NULL);
}

static bool is_complete(const struct wc_span *span, const bool *in)
{
    for (uint32_t i = span->first; i <= span->last; i++)
        if (!in[i])
            return false;
    return true;
}

/* Blocks in any order: after each, exactly the spans that it completed were told. */
static void run_random(struct wc_rng *rng)
{
    struct test_heap heap;
    struct wc_alloc alloc = heap_of(&heap);
    struct wc_span spans[SPANS_MAX];
    bool in[BLOCKS_MAX] = {false}, told[SPANS_MAX] = {false};
    uint32_t blocks = 1 + below(rng, BLOCKS_MAX), count = below(rng, SPANS_MAX);
    uint32_t longest = 1 + below(rng, blocks);
    for (uint32_t i = 0; i < count; i++) {
        spans[i].first = below(rng, blocks);
        spans[i].last = spans[i].first + below(rng, longest);
        spans[i].last = spans[i].last < blocks ? spans[i].last : blocks - 1;
        spans[i].tag = i;
    }
    struct wc_spans *s;
    assert_int_equal(wc_spans_new(&s, spans, count, &alloc), WC_OK);
    for (uint32_t step = 0; step < 4 * blocks; step++) {
        uint32_t sbn = step < 3 * blocks ? below(rng, blocks) : step - 3 * blocks, tag;
        in[sbn] = true;
        wc_spans_mark(s, sbn);
        while (wc_spans_next(s, &tag)) {
            assert_false(told[tag]);
            told[tag] = true;
        }
        for (uint32_t i = 0; i < count; i++)
            assert_int_equal(told[i], is_complete(&spans[i], in));
    }
    for (uint32_t i = 0; i < count; i++)
        assert_true(told[i]);
    wc_spans_free(s);
    assert_int_equal(heap.live_count, 0);
}

static void random_spans(void **state)
{
    (void)state;
    struct wc_rng rng = test_rng("spans_test");
    for (int round = 0; round < 200; round++)
        run_random(&rng);
}

static void without_memory(void **state)
{
    (void)state;
    static const struct wc_span span = {1, 2, 3};
    for (size_t fail_at = 1; fail_at <= 5; fail_at++) {
        struct test_heap heap;
        struct wc_alloc alloc = heap_of(&heap);
        struct wc_spans *s;
        heap.fail_at = fail_at;
        assert_int_equal(wc_spans_new(&s, &span, 1, &alloc), WC_E_NOMEM);
        assert_int_equal(heap.live_count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_and_overlaps),
        cmocka_unit_test(none_at_all),
        cmocka_unit_test(random_spans),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
