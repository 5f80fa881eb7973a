/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/core/members.h"

#include "tests/unit/common/core/support.h"

#define STATE_COUNT (WC_MEMBER_SLOW + 1)

/* Row: from; column: to; in the order of enum wc_member_state. */
static const bool allowed[STATE_COUNT][STATE_COUNT] = {
    /*             none  join   ready  unic   done   failed lost   silent slow */
    /* none    */ {false, true, false, false, false, false, false, false, false},
    /* joined  */ {false, false, true, true, true, true, true, true, true},
    /* ready   */ {false, false, false, true, true, true, true, true, true},
    /* unicast */ {false, false, false, false, true, true, true, true, true},
    /* done    */ {false, true, false, false, false, false, false, false, false},
    /* failed  */ {false, true, false, false, false, false, false, false, false},
    /* lost    */ {false, true, false, false, false, false, false, false, false},
    /* silent  */ {false, true, false, false, false, false, false, false, false},
    /* slow    */ {false, true, false, false, false, false, false, false, false},
};

static void every_transition(void **state)
{
    (void)state;
    for (int from = 0; from < STATE_COUNT; from++)
        for (int to = 0; to < STATE_COUNT; to++)
            if (wc_member_may_move((enum wc_member_state)from, (enum wc_member_state)to) !=
                allowed[from][to])
                fail_msg("%d -> %d", from, to);
    assert_false(wc_member_may_move(WC_MEMBER_JOINED, (enum wc_member_state)STATE_COUNT));
}

static void at_work_is_joined_ready_or_unicast(void **state)
{
    (void)state;
    for (int s = 0; s < STATE_COUNT; s++)
        assert_int_equal(wc_member_is_at_work((enum wc_member_state)s),
                         s == WC_MEMBER_JOINED || s == WC_MEMBER_READY || s == WC_MEMBER_UNICAST);
}

static void check_counts(const struct wc_members *m)
{
    uint32_t counts[STATE_COUNT] = {0};
    for (uint32_t i = 0; i < m->max; i++)
        counts[m->list[i].state]++;
    assert_int_equal(m->joined, counts[WC_MEMBER_JOINED]);
    assert_int_equal(m->ready, counts[WC_MEMBER_READY]);
    assert_int_equal(m->done, counts[WC_MEMBER_DONE]);
    assert_int_equal(m->unicast, counts[WC_MEMBER_UNICAST]);
    assert_int_equal(m->failed, counts[WC_MEMBER_FAILED] + counts[WC_MEMBER_LOST] +
                                    counts[WC_MEMBER_SILENT] + counts[WC_MEMBER_SLOW]);
}

/* Random walks through all that is allowed: the counters follow. */
static void counters_follow_every_walk(void **state)
{
    (void)state;
    struct test_heap heap = {0};
    struct wc_alloc alloc = test_heap_alloc(&heap);
    struct wc_rng rng = test_rng(__func__);
    struct wc_members m;
    bool seen[STATE_COUNT][STATE_COUNT] = {{false}};
    assert_int_equal(wc_members_init(&m, 9, &alloc), WC_OK);
    for (int step = 0; step < 20000; step++) {
        uint32_t who = (uint32_t)wc_rng_below(&rng, m.max);
        enum wc_member_state from = m.list[who].state;
        enum wc_member_state to = (enum wc_member_state)wc_rng_below(&rng, STATE_COUNT);
        if (!wc_member_may_move(from, to))
            continue;
        wc_members_move(&m, who, to);
        assert_int_equal(m.list[who].state, to);
        seen[from][to] = true;
        check_counts(&m);
    }
    assert_memory_equal(seen, allowed, sizeof(seen));
    wc_members_deinit(&m, &alloc);
    assert_int_equal(heap.live_count, 0);
}

static void memory_that_runs_out(void **state)
{
    (void)state;
    struct test_heap heap = {.fail_at = 1};
    struct wc_alloc alloc = test_heap_alloc(&heap);
    struct wc_members m;
    assert_int_equal(wc_members_init(&m, 4, &alloc), WC_E_NOMEM);
    wc_members_deinit(&m, &alloc);
    assert_int_equal(heap.live_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_transition),
        cmocka_unit_test(at_work_is_joined_ready_or_unicast),
        cmocka_unit_test(counters_follow_every_walk),
        cmocka_unit_test(memory_that_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
