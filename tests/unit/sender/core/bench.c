/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/sender/core/bench.h"

struct wc_sender_config bench_config(void)
{
    struct wc_sender_config config = {
        .instance = BENCH_INSTANCE,
        .wire_bytes = BENCH_WIRE,
        .rate_max_bps = 100000000,
        .rate_min_bps = 1000000,
        .member_max = BENCH_MEMBERS,
        .wait_max = WC_NEVER,
        .silence_max = BENCH_SILENCE,
    };
    assert_int_equal(wc_partition_init(&config.partition, BENCH_BLOCKS * BENCH_K * 16, 16, BENCH_K),
                     WC_OK);
    return config;
}

void bench_open(struct bench *b, const struct wc_sender_config *config)
{
    *b = (struct bench){.config = *config, .now = BENCH_START};
    struct wc_alloc alloc = test_heap_alloc(&b->heap);
    assert_int_equal(wc_sender_new(&b->s, config, &alloc, b->now), WC_OK);
}

void bench_close(struct bench *b)
{
    size_t asked_count = b->heap.asked_count;
    wc_sender_free(b->s);
    assert_int_equal(b->heap.live_count, 0);
    assert_int_equal(b->heap.asked_count, asked_count);
}

static void take_notices(struct bench *b)
{
    struct wc_sender_notice notice;
    while (wc_sender_notice(b->s, &notice)) {
        assert_true(b->notice_count < sizeof(b->notices) / sizeof(b->notices[0]));
        b->notices[b->notice_count++] = notice;
    }
}

enum wc_err bench_input(struct bench *b, struct wc_sender_event event)
{
    size_t asked_count = b->heap.asked_count;
    uint32_t notice_count = b->notice_count;
    enum wc_err err = wc_sender_input(b->s, b->now, &event);
    take_notices(b);
    assert_true(!err || b->notice_count == notice_count);
    assert_int_equal(b->heap.asked_count, asked_count);
    return err;
}

enum wc_err bench_member(struct bench *b, enum wc_sender_event_type type, uint32_t member)
{
    return bench_input(b, (struct wc_sender_event){.type = type, .member = member});
}

void bench_join(struct bench *b, uint32_t member)
{
    assert_int_equal(bench_member(b, WC_SENDER_JOIN, member), WC_OK);
}

void bench_ready(struct bench *b, uint32_t member)
{
    bench_join(b, member);
    assert_int_equal(bench_member(b, WC_SENDER_READY, member), WC_OK);
}

void bench_done(struct bench *b, uint32_t member, bool ok)
{
    struct wc_sender_event event = {.type = WC_SENDER_DONE, .member = member, .ok = ok};
    assert_int_equal(bench_input(b, event), WC_OK);
}

void bench_start(struct bench *b)
{
    assert_int_equal(bench_input(b, (struct wc_sender_event){.type = WC_SENDER_START}), WC_OK);
}

struct wc_report *bench_report(struct bench *b, uint64_t pn, uint32_t sbn, uint32_t count,
                               uint8_t missing)
{
    static struct wc_report report;
    (void)b;
    report = (struct wc_report){.pn = pn, .run_count = count ? 1 : 0};
    report.runs[0] = (struct wc_run){.sbn = sbn, .block_count = count, .missing = missing};
    return &report;
}

enum wc_err bench_send(struct bench *b, uint32_t member, const struct wc_report *report)
{
    return bench_input(
        b, (struct wc_sender_event){.type = WC_SENDER_REPORT, .member = member, .report = report});
}

static void take_datagram(struct bench *b, const struct wc_header *h)
{
    assert_true(h->pn == b->pn);
    b->pn++;
    assert_int_equal(h->instance, BENCH_INSTANCE);
    assert_true(h->esi != WC_ESI_NONE);
    if (h->type == WC_DATAGRAM_DATA) {
        assert_true(h->sbn < b->config.partition.block_count);
        b->data_count++;
    } else {
        assert_int_equal(h->type, WC_DATAGRAM_BEACON);
        b->beacon_count++;
    }
    b->seen[b->seen_count++ % BENCH_SEEN_MAX] = (struct bench_seen){.header = *h, .at = b->now};
}

size_t bench_output(struct bench *b)
{
    struct wc_header headers[BENCH_CAPACITY];
    size_t count = wc_sender_output(b->s, b->now, headers, BENCH_CAPACITY);
    take_notices(b);
    assert_true(count <= BENCH_CAPACITY);
    for (size_t i = 0; i < count; i++)
        take_datagram(b, &headers[i]);
    uint32_t refused = b->refuse < count ? b->refuse : (uint32_t)count;
    if (refused) {
        struct wc_sender_event event = {.type = WC_SENDER_REFUSED, .count = refused};
        assert_int_equal(bench_input(b, event), WC_OK);
    }
    return count;
}

void bench_run(struct bench *b, wc_ns until)
{
    for (;;) {
        while (bench_output(b))
            ;
        wc_ns due = wc_sender_deadline(b->s);
        assert_true(due > b->now);
        if (due > until)
            break;
        b->now = due;
    }
    b->now = until;
}

const struct bench_seen *bench_last(const struct bench *b, uint64_t n)
{
    assert_true(n < b->seen_count && n < BENCH_SEEN_MAX);
    return &b->seen[(b->seen_count - 1 - n) % BENCH_SEEN_MAX];
}

struct wc_sender_stats bench_stats(const struct bench *b)
{
    struct wc_sender_stats stats;
    wc_sender_stats(b->s, &stats);
    assert_true(stats.datagram_count == b->pn);
    assert_true(stats.source_count + stats.repair_count == b->data_count);
    assert_true(stats.beacon_count == b->beacon_count);
    return stats;
}

bool bench_has_phase(const struct bench *b, enum wc_phase phase)
{
    for (uint32_t i = 0; i < b->notice_count; i++)
        if (b->notices[i].type == WC_SENDER_NOTICE_PHASE && b->notices[i].phase == phase)
            return true;
    return false;
}

bool bench_has_member(const struct bench *b, uint32_t member, enum wc_member_state state)
{
    for (uint32_t i = 0; i < b->notice_count; i++)
        if (b->notices[i].type == WC_SENDER_NOTICE_MEMBER && b->notices[i].member == member &&
            b->notices[i].state == state)
            return true;
    return false;
}

void bench_forget(struct bench *b)
{
    b->notice_count = 0;
    b->seen_count = 0;
}
