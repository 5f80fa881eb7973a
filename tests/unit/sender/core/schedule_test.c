/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of PROTOCOL.md section 10. Packet numbers count from 1 here, as in schedule.h. */
#include "sender/core/schedule.h"

#include <string.h>

#include "tests/unit/common/core/support.h"

#define SYMBOL 16u

struct bench {
    struct wc_schedule s;
    struct test_heap heap;
    struct wc_alloc alloc;
    uint64_t pn; /* of the datagram sent last */
};

static void bench_open(struct bench *b, uint32_t block_count, uint32_t k)
{
    struct wc_partition p;
    *b = (struct bench){0};
    b->alloc = test_heap_alloc(&b->heap);
    assert_int_equal(wc_partition_init(&p, (uint64_t)block_count * k * SYMBOL, SYMBOL, k), WC_OK);
    assert_int_equal(p.block_count, block_count);
    assert_int_equal(wc_schedule_init(&b->s, &p, &b->alloc), WC_OK);
}

static void bench_close(struct bench *b)
{
    wc_schedule_deinit(&b->s, &b->alloc);
    assert_int_equal(b->heap.live_count, 0);
}

/* The next symbol is this one. */
static void expect(struct bench *b, uint32_t sbn, uint32_t esi)
{
    struct wc_symbol_ref ref;
    assert_false(wc_schedule_is_idle(&b->s));
    assert_true(wc_schedule_next(&b->s, ++b->pn, &ref));
    assert_int_equal(ref.sbn, sbn);
    assert_int_equal(ref.esi, esi);
}

static void expect_range(struct bench *b, uint32_t sbn, uint32_t first_esi, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        expect(b, sbn, first_esi + i);
}

static void expect_idle(struct bench *b)
{
    struct wc_symbol_ref ref;
    assert_false(wc_schedule_next(&b->s, b->pn + 1, &ref));
    assert_true(wc_schedule_is_idle(&b->s));
}

/* Block 0 was sent whole once, and nothing is queued. */
static void bench_open_sent(struct bench *b, uint32_t k)
{
    bench_open(b, 1, k);
    wc_schedule_want(&b->s, 0, k, 0);
    expect_range(b, 0, 0, k);
    expect_idle(b);
}

static void nothing_wanted_is_idle(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, 3, 4);
    expect_idle(&b);
    bench_close(&b);
}

static void a_whole_block_is_its_source_symbols_in_order(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, 2, 128);
    wc_schedule_want(&b.s, 1, 128, 0);
    expect_range(&b, 1, 0, 128);
    expect_idle(&b);
    assert_int_equal(b.s.source_count, 128);
    assert_int_equal(b.s.repair_count, 0);
    assert_int_equal(b.s.block_sent_count, 1);
    bench_close(&b);
}

static void the_cursor_goes_round_from_low_to_high(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, 4, 2);
    wc_schedule_want(&b.s, 2, 2, 0);
    wc_schedule_want(&b.s, 0, 2, 0);
    wc_schedule_want(&b.s, 3, 2, 0);
    expect_range(&b, 0, 0, 2);
    expect(&b, 2, 0);
    wc_schedule_want(&b.s, 0, 2, b.pn); /* behind the cursor: the next round */
    wc_schedule_want(&b.s, 1, 2, b.pn);
    expect(&b, 2, 1);
    expect_range(&b, 3, 0, 2);
    expect_range(&b, 0, 0, 2);
    expect_range(&b, 1, 0, 2);
    expect_idle(&b);
    bench_close(&b);
}

static void a_block_that_waits_is_not_queued_twice(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, 2, 4);
    for (int i = 0; i < 5; i++)
        wc_schedule_want(&b.s, 1, 4, 0);
    assert_int_equal(b.s.whole.count, 1);
    expect_range(&b, 1, 0, 4);
    expect_idle(&b);
    bench_close(&b);
}

static void what_is_on_its_way_is_not_sent_whole_again(void **state)
{
    (void)state;
    struct bench b;
    bench_open_sent(&b, 128);
    wc_schedule_want(&b.s, 0, 128, 0);
    wc_schedule_want(&b.s, 0, 128, b.pn - 1); /* its newest symbol was sent after that */
    wc_schedule_want(&b.s, 0, 65, b.pn - 1);
    expect_idle(&b);
    wc_schedule_want(&b.s, 0, 128, b.pn);
    expect_range(&b, 0, 0, 128);
    expect_idle(&b);
    assert_int_equal(b.s.source_count, 256);
    assert_int_equal(b.s.block_sent_count, 1); /* blocks, not passes */
    bench_close(&b);
}

static void more_than_the_limit_is_served_whole(void **state)
{
    (void)state;
    struct bench b;
    bench_open_sent(&b, 128);
    wc_schedule_want(&b.s, 0, WC_REPAIR_SYMBOLS_MAX, b.pn);
    expect_range(&b, 0, 128, WC_REPAIR_SYMBOLS_MAX);
    expect_idle(&b);
    wc_schedule_want(&b.s, 0, WC_REPAIR_SYMBOLS_MAX + 1, b.pn);
    expect_range(&b, 0, 0, 128);
    expect_idle(&b);
    bench_close(&b);
}

static void a_short_block_that_lacks_all_is_served_whole(void **state)
{
    (void)state;
    struct bench b;
    bench_open_sent(&b, 3);
    wc_schedule_want(&b.s, 0, 2, b.pn);
    expect_range(&b, 0, 3, 2);
    wc_schedule_want(&b.s, 0, 3, b.pn);
    expect_range(&b, 0, 0, 3);
    wc_schedule_want(&b.s, 0, 255, b.pn);
    /* nonsense means all */
    expect_range(&b, 0, 0, 3);
    expect_idle(&b);
    bench_close(&b);
}

static void a_block_never_sent_is_sent_whole(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, 1, 128);
    wc_schedule_want(&b.s, 0, 1, 77);
    expect_range(&b, 0, 0, 128);
    expect_idle(&b);
    bench_close(&b);
}

/* PROTOCOL.md section 17, "repair by count". */
static void the_worked_example(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, 1, 128);
    wc_schedule_want(&b.s, 0, 128, 0);
    b.pn = 1000;
    /* that is: packet numbers 0 .. 999 were others */
    expect_range(&b, 0, 0, 128);
    assert_int_equal(b.pn, 1127 + 1);

    wc_schedule_want(&b.s, 0, 3, 1200 + 1); /* A */
    assert_int_equal(b.s.blocks[0].target, 131);
    b.pn = 1300;
    expect_range(&b, 0, 128, 3);
    expect_idle(&b);

    wc_schedule_want(&b.s, 0, 2, 1250 + 1); /* B */
    assert_int_equal(b.s.blocks[0].target, 131);
    expect_idle(&b);

    wc_schedule_want(&b.s, 0, 1, 1400 + 1); /* A */
    assert_int_equal(b.s.blocks[0].target, 132);
    b.pn = 1400;
    expect(&b, 0, 131);
    expect_idle(&b);
    bench_close(&b);
}

static void repair_serves_the_worst_receiver_not_the_sum(void **state)
{
    (void)state;
    struct bench b;
    bench_open_sent(&b, 128);
    wc_schedule_want(&b.s, 0, 3, b.pn);
    wc_schedule_want(&b.s, 0, 7, b.pn);
    wc_schedule_want(&b.s, 0, 5, b.pn);
    expect_range(&b, 0, 128, 2);
    wc_schedule_want(&b.s, 0, 7, b.pn - 2); /* the same loss, seen by one more */
    expect_range(&b, 0, 130, 5);
    expect_idle(&b);
    assert_int_equal(b.s.repair_count, 7);
    bench_close(&b);
}

/* P between the marks: the count at `base` stands in for what was sent up to P. */
static void what_is_on_its_way_counts_as_repair(void **state)
{
    (void)state;
    struct bench b;
    bench_open_sent(&b, 128);
    uint64_t whole_pn = b.pn;
    wc_schedule_want(&b.s, 0, 4, whole_pn);
    expect_range(&b, 0, 128, 4);
    wc_schedule_want(&b.s, 0, 4, whole_pn);
    wc_schedule_want(&b.s, 0, 4, b.pn - 1);
    expect_idle(&b);
    wc_schedule_want(&b.s, 0, 6, whole_pn); /* two more than what is on its way */
    expect_range(&b, 0, 132, 2);
    expect_idle(&b);
    bench_close(&b);
}

static void a_report_older_than_the_base_is_not_believed(void **state)
{
    (void)state;
    struct bench b;
    bench_open_sent(&b, 128);
    uint64_t whole_pn = b.pn;
    wc_schedule_want(&b.s, 0, 4, whole_pn);
    expect_range(&b, 0, 128, 4);
    uint64_t repaired_pn = b.pn;
    wc_schedule_want(&b.s, 0, 2, repaired_pn);
    /* a new burst: base is repaired_pn */
    expect_range(&b, 0, 132, 2);
    wc_schedule_want(&b.s, 0, 60, repaired_pn - 1);
    wc_schedule_want(&b.s, 0, 60, whole_pn);
    wc_schedule_want(&b.s, 0, 60, 0);
    expect_idle(&b);
    wc_schedule_want(&b.s, 0, 3, repaired_pn);
    expect_range(&b, 0, 134, 1);
    expect_idle(&b);
    bench_close(&b);
}

/* A second pass is a burst as well: nothing that was reported before it is mended after it. */
static void a_whole_block_begins_a_burst(void **state)
{
    (void)state;
    struct bench b;
    bench_open_sent(&b, 128);
    uint64_t first_pn = b.pn;
    wc_schedule_want(&b.s, 0, 128, first_pn);
    expect_range(&b, 0, 0, 128);
    wc_schedule_want(&b.s, 0, 5, first_pn - 1);
    wc_schedule_want(&b.s, 0, 64, first_pn); /* 128 are on their way */
    expect_idle(&b);
    wc_schedule_want(&b.s, 0, 5, b.pn);
    expect_range(&b, 0, 128, 5);
    expect_idle(&b);
    bench_close(&b);
}

/* Repair symbols first, then the source symbols, and round again: each other symbol of the block
 * comes before one comes twice. */
static void repair_goes_round_over_all_symbols(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {128, 65, 3};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint32_t k = sizes[i], all = k + WC_SCHEDULE_PARITY_COUNT;
        struct bench b;
        bench_open_sent(&b, k);
        for (uint32_t n = 0; n < 3 * all; n++) {
            wc_schedule_want(&b.s, 0, 1, b.pn);
            expect(&b, 0, (k + n) % all);
        }
        expect_idle(&b);
        assert_int_equal(b.s.repair_count, 3 * WC_SCHEDULE_PARITY_COUNT);
        assert_int_equal(b.s.source_count, 4 * k);
        bench_close(&b);
    }
}

static void the_block_under_the_cursor_is_left_alone(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, 2, 4);
    wc_schedule_want(&b.s, 0, 4, 0);
    expect_range(&b, 0, 0, 2);
    wc_schedule_want(&b.s, 0, 4, b.pn);
    wc_schedule_want(&b.s, 0, 1, b.pn);
    wc_schedule_want(&b.s, 0, 1, 0);
    expect_range(&b, 0, 2, 2);
    expect_idle(&b);
    bench_close(&b);
}

static void repairs_go_first_in_the_order_they_were_asked_for(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, 4, 4);
    for (uint32_t sbn = 0; sbn < 4; sbn++)
        wc_schedule_want(&b.s, sbn, 4, 0);
    expect_range(&b, 0, 0, 4);
    expect_range(&b, 1, 0, 4);
    expect(&b, 2, 0);
    wc_schedule_want(&b.s, 1, 2, b.pn);
    wc_schedule_want(&b.s, 0, 1, b.pn);
    wc_schedule_want(&b.s, 1, 3, b.pn); /* one queue entry for a block */
    expect_range(&b, 1, 4, 3);
    expect(&b, 0, 4);
    expect_range(&b, 2, 1, 3);
    expect_range(&b, 3, 0, 4);
    expect_idle(&b);
    bench_close(&b);
}

/* Somebody comes when half is sent: the others' first pass goes on, then comes what he lacks. */
static void a_late_joiner_is_served_in_the_next_round(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, 6, 2);
    for (uint32_t sbn = 0; sbn < 6; sbn++)
        wc_schedule_want(&b.s, sbn, 2, 0);
    expect_range(&b, 0, 0, 2);
    expect_range(&b, 1, 0, 2);
    expect_range(&b, 2, 0, 2);
    expect(&b, 3, 0);
    uint64_t heard_pn = b.pn;
    for (uint32_t sbn = 0; sbn < 6; sbn++)
        wc_schedule_want(&b.s, sbn, 2, heard_pn);
    expect(&b, 3, 1);
    expect_range(&b, 4, 0, 2);
    expect_range(&b, 5, 0, 2);
    expect_range(&b, 0, 0, 2);
    expect_range(&b, 1, 0, 2);
    expect_range(&b, 2, 0, 2);
    expect_idle(&b);
    wc_schedule_want(&b.s, 3, 1, b.pn); /* of the block under way he lacks the beginning */
    expect(&b, 3, 2);
    expect_idle(&b);
    assert_int_equal(b.s.block_sent_count, 6);
    bench_close(&b);
}

/* A run is its blocks, whatever each of them is at. */
static void a_run_is_its_blocks(void **state)
{
    (void)state;
    struct wc_rng rng = test_rng(__func__);
    for (int round = 0; round < 200; round++) {
        struct bench one, run;
        uint32_t k = 1 + (uint32_t)wc_rng_below(&rng, 70);
        bench_open(&one, 200, k);
        bench_open(&run, 200, k);
        for (int step = 0; step < 30; step++) {
            uint32_t sbn = (uint32_t)wc_rng_below(&rng, 200);
            uint32_t count = 1 + (uint32_t)wc_rng_below(&rng, 200 - sbn);
            uint32_t missing = 1 + (uint32_t)wc_rng_below(&rng, k + 2);
            uint64_t pn = wc_rng_below(&rng, one.pn + 1);
            for (uint32_t i = 0; i < count; i++)
                wc_schedule_want(&one.s, sbn + i, missing, pn);
            wc_schedule_want_run(&run.s, sbn, count, missing, pn);
            for (uint64_t n = wc_rng_below(&rng, 300); n > 0; n--) {
                struct wc_symbol_ref ref;
                if (!wc_schedule_next(&one.s, one.pn + 1, &ref)) {
                    expect_idle(&run);
                    break;
                }
                one.pn++;
                expect(&run, ref.sbn, ref.esi);
            }
        }
        assert_memory_equal(one.s.blocks, run.s.blocks, 200 * sizeof(one.s.blocks[0]));
        bench_close(&one);
        bench_close(&run);
    }
}

static void repeats_may_be_forgotten(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, 4, 2);
    wc_schedule_want_run(&b.s, 0, 4, 2, 0);
    expect_range(&b, 0, 0, 2);
    expect_range(&b, 1, 0, 2);
    expect(&b, 2, 0);
    wc_schedule_want(&b.s, 0, 2, b.pn);
    wc_schedule_want(&b.s, 1, 1, b.pn);
    wc_schedule_forget_repeats(&b.s);
    expect(&b, 1, 2);          /* repairs stay */
    expect(&b, 2, 1);          /* and what is under way */
    expect_range(&b, 3, 0, 2); /* and what never was sent */
    expect_idle(&b);
    wc_schedule_want(&b.s, 0, 2, b.pn);
    expect_range(&b, 0, 0, 2); /* whoever lacks it says so again */
    expect_idle(&b);
    bench_close(&b);
}

/* Repair symbols sent ahead count as on their way, like all others. */
static void what_is_sent_ahead_counts_as_repair(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, 2, 8);
    b.s.parity.ahead = 3;
    wc_schedule_want_run(&b.s, 0, 2, 8, 0);
    expect_range(&b, 0, 0, 8 + 3);
    uint64_t pn = b.pn;
    expect_range(&b, 1, 0, 8 + 3);
    expect_idle(&b);
    wc_schedule_want(&b.s, 0, 3, pn - 3); /* asked before they came: on their way */
    expect_idle(&b);
    wc_schedule_want(&b.s, 0, 2, pn);
    expect_range(&b, 0, 11, 2);
    expect_idle(&b);
    bench_close(&b);
}

/* --- any order of reports, against the plain rule --- */

#define MODEL_BLOCKS 5u
#define MODEL_K      8u
#define MODEL_SENT   200000u
#define MODEL_ROUNDS 20000u

struct model {
    struct bench bench;
    uint32_t sent_block[MODEL_SENT]; /* by packet number */
};

/* sent(P) by counting. */
static uint32_t sent_up_to(const struct model *m, uint32_t sbn, uint64_t pn)
{
    uint32_t count = 0;
    for (uint64_t n = 1; n <= pn; n++)
        count += m->sent_block[n] == sbn;
    return count;
}

static bool is_whole_waiting(const struct wc_schedule *s, uint32_t sbn)
{
    return s->whole.blocks[sbn / 64] >> (sbn % 64) & 1;
}

static void model_want(struct model *m, struct wc_rng *rng)
{
    struct wc_schedule *s = &m->bench.s;
    uint32_t sbn = (uint32_t)wc_rng_below(rng, MODEL_BLOCKS);
    uint32_t missing = 1 + (uint32_t)wc_rng_below(rng, MODEL_K);
    uint64_t back = wc_rng_below(rng, 3) ? 0 : wc_rng_below(rng, 40);
    uint64_t pn = m->bench.pn > back ? m->bench.pn - back : 0;
    struct wc_schedule_block before = s->blocks[sbn];
    bool was_waiting = is_whole_waiting(s, sbn);
    bool whole = missing == MODEL_K || before.sent == 0;
    bool in_flight = before.sent && pn < before.last_pn;
    uint32_t exact = sent_up_to(m, sbn, pn) + missing;

    wc_schedule_want(s, sbn, missing, pn);

    const struct wc_schedule_block *b = &s->blocks[sbn];
    bool active = sbn == s->active;
    assert_int_equal(is_whole_waiting(s, sbn), was_waiting || (whole && !active && !in_flight));
    if (active || whole) {
        assert_int_equal(b->target, before.target);
        return;
    }
    uint32_t most = exact > before.target ? exact : before.target;
    assert_true(b->target >= before.target && b->target <= most);
    if (!in_flight)
        assert_true(b->target >= b->sent + missing);
    assert_true(b->repair_queued == (b->target > b->sent) || before.repair_queued);
}

static void model_send(struct model *m)
{
    struct wc_schedule *s = &m->bench.s;
    struct wc_symbol_ref ref;
    if (!wc_schedule_next(s, m->bench.pn + 1, &ref))
        return;
    m->sent_block[++m->bench.pn] = ref.sbn;
    assert_true(ref.sbn < MODEL_BLOCKS && ref.esi < MODEL_K + WC_SCHEDULE_PARITY_COUNT);
    assert_int_equal(s->source_count + s->repair_count, m->bench.pn);
}

static void it_behaves_like_the_rule(void **state)
{
    (void)state;
    static struct model m;
    struct wc_rng rng = test_rng(__func__);
    memset(&m, 0xff, sizeof(m));
    bench_open(&m.bench, MODEL_BLOCKS, MODEL_K);
    for (uint32_t round = 0; round < MODEL_ROUNDS; round++) {
        if (wc_rng_below(&rng, 4) == 0)
            model_want(&m, &rng);
        else
            model_send(&m);
    }
    uint64_t left = 0;
    while (!wc_schedule_is_idle(&m.bench.s) && left++ < MODEL_BLOCKS * 4u * MODEL_K)
        model_send(&m);
    expect_idle(&m.bench);
    for (uint32_t sbn = 0; sbn < MODEL_BLOCKS; sbn++)
        assert_int_equal(m.bench.s.blocks[sbn].sent, sent_up_to(&m, sbn, m.bench.pn));
    bench_close(&m.bench);
}

static void memory_that_runs_out(void **state)
{
    (void)state;
    struct wc_partition p;
    assert_int_equal(wc_partition_init(&p, 1000, SYMBOL, 8), WC_OK);
    for (size_t n = 1; n <= 2; n++) {
        struct test_heap heap = {.fail_at = n};
        struct wc_alloc alloc = test_heap_alloc(&heap);
        struct wc_schedule s;
        assert_int_equal(wc_schedule_init(&s, &p, &alloc), WC_E_NOMEM);
        assert_int_equal(heap.live_count, 0);
        wc_schedule_deinit(&s, &alloc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_wanted_is_idle),
        cmocka_unit_test(a_whole_block_is_its_source_symbols_in_order),
        cmocka_unit_test(the_cursor_goes_round_from_low_to_high),
        cmocka_unit_test(a_block_that_waits_is_not_queued_twice),
        cmocka_unit_test(what_is_on_its_way_is_not_sent_whole_again),
        cmocka_unit_test(more_than_the_limit_is_served_whole),
        cmocka_unit_test(a_short_block_that_lacks_all_is_served_whole),
        cmocka_unit_test(a_block_never_sent_is_sent_whole),
        cmocka_unit_test(the_worked_example),
        cmocka_unit_test(repair_serves_the_worst_receiver_not_the_sum),
        cmocka_unit_test(what_is_on_its_way_counts_as_repair),
        cmocka_unit_test(a_report_older_than_the_base_is_not_believed),
        cmocka_unit_test(a_whole_block_begins_a_burst),
        cmocka_unit_test(repair_goes_round_over_all_symbols),
        cmocka_unit_test(the_block_under_the_cursor_is_left_alone),
        cmocka_unit_test(repairs_go_first_in_the_order_they_were_asked_for),
        cmocka_unit_test(a_late_joiner_is_served_in_the_next_round),
        cmocka_unit_test(a_run_is_its_blocks),
        cmocka_unit_test(repeats_may_be_forgotten),
        cmocka_unit_test(what_is_sent_ahead_counts_as_repair),
        cmocka_unit_test(it_behaves_like_the_rule),
        cmocka_unit_test(memory_that_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
