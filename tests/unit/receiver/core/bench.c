/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/receiver/core/bench.h"

struct bench b;

struct wc_receiver_config bench_default_config(void)
{
    struct wc_receiver_config config = {.instance = INSTANCE,
                                        .slot_count = 8,
                                        .report_interval = INTERVAL,
                                        .beacon_timeout = TIMEOUT,
                                        .silence_max = SILENCE,
                                        .seed = 5};
    assert_int_equal(wc_partition_init(&config.partition, BLOCKS * K * 16, 16, K), WC_OK);
    return config;
}

void bench_open_with(const struct wc_receiver_config *config)
{
    b = (struct bench){.config = *config, .now = START, .gap_min = WC_NEVER};
    struct wc_alloc alloc = test_heap_alloc(&b.heap);
    assert_int_equal(wc_receiver_new(&b.r, config, &alloc, b.now), WC_OK);
}

void bench_open_default(void)
{
    struct wc_receiver_config config = bench_default_config();
    bench_open_with(&config);
}

void bench_close(void)
{
    size_t asked_count = b.heap.asked_count;
    wc_receiver_free(b.r);
    assert_int_equal(b.heap.live_count, 0);
    assert_int_equal(b.heap.asked_count, asked_count);
}

enum wc_err bench_input(struct wc_receiver_event event)
{
    size_t asked_count = b.heap.asked_count;
    enum wc_err err = wc_receiver_input(b.r, b.now, &event);
    assert_int_equal(b.heap.asked_count, asked_count);
    return err;
}

struct wc_header bench_data_header(uint64_t pn, uint32_t sbn, uint32_t esi)
{
    return (struct wc_header){
        .type = WC_DATAGRAM_DATA, .instance = INSTANCE, .pn = pn, .sbn = sbn, .esi = (uint8_t)esi};
}

enum wc_err bench_take(struct wc_header header)
{
    return bench_input((struct wc_receiver_event){.type = WC_RECEIVER_DATAGRAM, .header = &header});
}

void bench_data(uint32_t sbn, uint32_t esi)
{
    assert_int_equal(bench_take(bench_data_header(b.pn++, sbn, esi)), WC_OK);
}

void bench_beacon(uint8_t flags)
{
    struct wc_header header = {
        .type = WC_DATAGRAM_BEACON, .esi = flags, .instance = INSTANCE, .pn = b.pn++};
    assert_int_equal(bench_take(header), WC_OK);
}

enum wc_err bench_stored(uint32_t sbn, bool ok)
{
    return bench_input(
        (struct wc_receiver_event){.type = WC_RECEIVER_STORED, .stored = {.sbn = sbn, .ok = ok}});
}

void bench_status(uint32_t report_interval_us)
{
    struct wc_status s = {.report_interval_us = report_interval_us};
    assert_int_equal(
        bench_input((struct wc_receiver_event){.type = WC_RECEIVER_STATUS, .status = &s}), WC_OK);
}

struct wc_receiver_stats bench_stats(void)
{
    struct wc_receiver_stats s;
    wc_receiver_stats(b.r, &s);
    return s;
}

bool bench_output(void)
{
    if (!wc_receiver_output(b.r, b.now, &b.report)) {
        assert_true(wc_receiver_deadline(b.r) > b.now);
        return false;
    }
    if (b.report_count++) {
        wc_ns gap = b.now - b.reported;
        b.gap_min = gap < b.gap_min ? gap : b.gap_min;
        b.gap_max = gap > b.gap_max ? gap : b.gap_max;
    }
    b.reported = b.now;
    return true;
}

void bench_run(wc_ns until)
{
    for (;;) {
        (void)bench_output();
        wc_ns due = wc_receiver_deadline(b.r);
        if (due > until)
            break;
        b.now = due > b.now ? due : b.now;
    }
    b.now = until;
}

void bench_forget_reports(void)
{
    b.report_count = 0;
    b.gap_min = WC_NEVER;
    b.gap_max = 0;
}

struct wc_receiver_notice bench_expect_notice(enum wc_receiver_notice_type type)
{
    struct wc_receiver_notice notice, next;
    assert_true(wc_receiver_notice(b.r, &notice));
    assert_int_equal(notice.type, type);
    if (wc_receiver_notice(b.r, &next))
        fail_msg("one more notice: %d", next.type);
    return notice;
}

void bench_expect_no_notice(void)
{
    struct wc_receiver_notice notice;
    if (wc_receiver_notice(b.r, &notice))
        fail_msg("notice %d", notice.type);
}

void bench_open_reached(void)
{
    bench_open_default();
    b.pn = 100;
    bench_beacon(0);
    bench_expect_notice(WC_RECEIVER_NOTICE_REACHED);
    assert_true(bench_output());
    bench_forget_reports();
}

void bench_data_block(uint32_t sbn)
{
    for (uint32_t esi = 0; esi < K; esi++)
        bench_data(sbn, esi);
}
