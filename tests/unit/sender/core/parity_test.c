/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/core/parity.h"

#include "tests/unit/common/core/support.h"

#define EPOCH    WC_MS(50)
#define INTERVAL WC_MS(20)
#define BLOCKS   100u

struct bench {
    struct wc_parity p;
    wc_ns now;
    uint8_t marks[WC_PARITY_EPOCHS][BLOCKS]; /* of the epochs so far, a ring */
    uint32_t epoch;
};

static void bench_open(struct bench *b)
{
    *b = (struct bench){.now = WC_S(3)};
    wc_parity_init(&b->p, b->now);
}

static void end_epoch(struct bench *b)
{
    b->now += EPOCH;
    b->epoch++;
    wc_parity_step(&b->p, b->now, INTERVAL);
}

/* An epoch in which `count` blocks are sent; then reports ask for `repaired` of those of the epoch
 * before. */
static void epoch(struct bench *b, uint32_t count, uint32_t repaired)
{
    for (uint32_t i = 0; i < count; i++)
        b->marks[b->epoch % WC_PARITY_EPOCHS][i] = wc_parity_block_sent(&b->p);
    for (uint32_t i = 0; i < repaired && b->epoch; i++)
        wc_parity_block_repaired(&b->p, b->marks[(b->epoch - 1) % WC_PARITY_EPOCHS][i]);
    end_epoch(b);
}

static void a_clean_network_gets_none(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    for (int i = 0; i < 100; i++) {
        epoch(&b, BLOCKS, 0);
        assert_int_equal(b.p.ahead, 0);
    }
}

static void one_more_when_most_blocks_needed_repair(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    epoch(&b, BLOCKS, 0);
    epoch(&b, BLOCKS, 51);
    assert_int_equal(b.p.ahead, 1);
    epoch(&b, BLOCKS, 50); /* half is not most */
    assert_int_equal(b.p.ahead, 1);
    for (uint32_t i = 0; i < 2 * WC_PARITY_MAX; i++)
        epoch(&b, BLOCKS, BLOCKS);
    assert_int_equal(b.p.ahead, WC_PARITY_MAX);
}

static void one_less_when_hardly_any_did(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    b.p.ahead = 3;
    epoch(&b, BLOCKS, 0);
    epoch(&b, BLOCKS, 10);
    assert_int_equal(b.p.ahead, 3);
    epoch(&b, BLOCKS, 9);
    assert_int_equal(b.p.ahead, 2);
    for (int i = 0; i < 10; i++)
        epoch(&b, BLOCKS, 0);
    assert_int_equal(b.p.ahead, 0);
}

static void few_blocks_say_nothing(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    for (int i = 0; i < 10; i++)
        epoch(&b, 15, 15);
    assert_int_equal(b.p.ahead, 0);
    epoch(&b, 16, 15);
    epoch(&b, 16, 16);
    assert_int_equal(b.p.ahead, 1);
}

/* Somebody who comes late asks for blocks of long ago: those epochs were judged. */
static void late_reports_do_not_count(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    epoch(&b, BLOCKS, 0);
    uint8_t mark = b.marks[0][0];
    for (int i = 0; i < 250; i++) {
        for (uint32_t n = 0; i > 3 && n < 10 * BLOCKS; n++)
            wc_parity_block_repaired(&b.p, mark);
        epoch(&b, BLOCKS, 0);
        assert_int_equal(b.p.ahead, 0);
    }
}

static void an_epoch_lasts_as_long_as_reports_take(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    wc_parity_step(&b.p, b.now + EPOCH - 1, INTERVAL);
    assert_int_equal(b.p.epoch, 0);
    wc_parity_step(&b.p, b.now + EPOCH, INTERVAL);
    assert_int_equal(b.p.epoch, 1);
    wc_parity_step(&b.p, b.now + EPOCH + WC_S(4) - 1, WC_S(2));
    assert_int_equal(b.p.epoch, 1);
    wc_parity_step(&b.p, b.now + EPOCH + WC_S(4), WC_S(2));
    assert_int_equal(b.p.epoch, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_network_gets_none),
        cmocka_unit_test(one_more_when_most_blocks_needed_repair),
        cmocka_unit_test(one_less_when_hardly_any_did),
        cmocka_unit_test(few_blocks_say_nothing),
        cmocka_unit_test(late_reports_do_not_count),
        cmocka_unit_test(an_epoch_lasts_as_long_as_reports_take),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
