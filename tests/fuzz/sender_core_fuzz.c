/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sender's core under any order of events, times and reports. The first bytes are its
 * configuration; then each step is a command and its arguments. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sender/core/sender.h"
#include "tests/fuzz/tape.h"

#define MEMBERS_MAX  5u
#define CAPACITY_MAX 64u
#define OUTPUTS_MAX  50u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct rig {
    struct tape tape;
    struct wc_sender *s;
    struct wc_sender_config config;
    wc_ns now;
    uint64_t pn; /* of the next datagram */
    enum wc_phase phase;
    struct wc_report reports[MEMBERS_MAX]; /* the last honest one of each */
    bool is_closed;                        /* the heap: after the start nothing is allocated */
};

static void *rig_zalloc(void *ctx, size_t count, size_t size)
{
    const struct rig *rig = ctx;
    assert(!rig->is_closed);
    return calloc(count, size);
}

static void rig_free(void *ctx, void *mem)
{
    (void)ctx;
    free(mem);
}

static void configure(struct rig *rig)
{
    struct tape *t = &rig->tape;
    struct wc_sender_config *c = &rig->config;
    uint32_t k = 1 + tape_below(t, 128), blocks = 1 + tape_below(t, 40);
    *c = (struct wc_sender_config){
        .instance = 7,
        .wire_bytes = 100 + 10u * tape_u8(t),
        .rate_max_bps = 1 + tape_scaled(t),
        .rate_min_bps = tape_scaled(t),
        .slow_policy = (enum wc_slow_policy)tape_below(t, 3),
        .slow_bps = tape_scaled(t),
        .member_max = 1 + tape_below(t, MEMBERS_MAX),
        .receivers_min = tape_below(t, 4),
        .silence_max = WC_S(1 + tape_below(t, 12)),
    };
    uint8_t flags = tape_u8(t);
    c->multicast_only = flags & 1;
    c->tail_unicast = flags & 2;
    c->wait_max = flags & 4 ? WC_MS(100) * (flags >> 3) : WC_NEVER;
    uint64_t symbols = (uint64_t)blocks * k - (k > 1 ? tape_below(t, k) : 0);
    enum wc_err err = wc_partition_init(&c->partition, symbols * 16, 16, k);
    assert(!err);
}

static void check_notice(struct rig *rig, const struct wc_sender_notice *notice)
{
    if (notice->type == WC_SENDER_NOTICE_PHASE) {
        assert(notice->phase > rig->phase && notice->phase <= WC_PHASE_ENDED);
        rig->phase = notice->phase;
        return;
    }
    assert(notice->type == WC_SENDER_NOTICE_MEMBER && notice->member < rig->config.member_max);
    assert(notice->state != WC_MEMBER_NONE);
}

static uint32_t drain(struct rig *rig)
{
    struct wc_sender_notice notice;
    uint32_t count = 0;
    while (wc_sender_notice(rig->s, &notice)) {
        check_notice(rig, &notice);
        count++;
    }
    assert(count <= rig->config.member_max + 2);
    return count;
}

static void check_stats(const struct rig *rig)
{
    struct wc_sender_stats s;
    wc_sender_stats(rig->s, &s);
    assert(s.phase == rig->phase);
    assert(s.datagram_count == rig->pn);
    assert(s.source_count + s.repair_count + s.beacon_count == rig->pn);
    assert(s.joined <= rig->config.member_max);
    assert(s.ready + s.unicast + s.done + s.failed <= s.joined);
    assert(s.rate_bps > 0);
    assert(s.report_interval_us >= 20000 && s.report_interval_us <= 2000000);
    assert(s.block_sent_count <= s.block_count);
    assert((s.phase == WC_PHASE_WAITING) <= (s.started == WC_NEVER));
}

static void input(struct rig *rig, const struct wc_sender_event *event)
{
    enum wc_err err = wc_sender_input(rig->s, rig->now, event);
    assert(!err || err == WC_E_RANGE || err == WC_E_STATE);
    uint32_t notice_count = drain(rig);
    assert(!err || notice_count == 0);
}

static void check_header(struct rig *rig, const struct wc_header *h)
{
    assert(h->pn == rig->pn && h->instance == rig->config.instance);
    rig->pn++;
    if (h->type == WC_DATAGRAM_DATA) {
        assert(rig->phase == WC_PHASE_STREAMING);
        assert(h->sbn < rig->config.partition.block_count);
        assert(h->esi < wc_partition_symbols(&rig->config.partition, h->sbn) + 127);
        return;
    }
    assert(h->type == WC_DATAGRAM_BEACON && h->sbn <= rig->config.member_max);
    assert((h->esi & ~(WC_BEACON_STREAMING | WC_BEACON_IDLE)) == 0);
    assert(!(h->esi & WC_BEACON_STREAMING) == (rig->phase == WC_PHASE_WAITING));
}

/* All that may leave now; bounded, as a high rate has no end. */
static void output(struct rig *rig, size_t capacity)
{
    struct wc_header headers[CAPACITY_MAX];
    for (uint32_t calls = 0; calls < OUTPUTS_MAX; calls++) {
        size_t count = wc_sender_output(rig->s, rig->now, headers, capacity);
        assert(count <= capacity);
        drain(rig);
        for (size_t i = 0; i < count; i++)
            check_header(rig, &headers[i]);
        if (count)
            continue;
        wc_ns due = wc_sender_deadline(rig->s);
        assert(due > rig->now);
        assert((due == WC_NEVER) == (rig->phase == WC_PHASE_ENDED));
        return;
    }
}

static void sleep_until_deadline(struct rig *rig)
{
    wc_ns due = wc_sender_deadline(rig->s);
    if (due != WC_NEVER && due > rig->now)
        rig->now = due;
    output(rig, CAPACITY_MAX);
}

/* Runs of a report, in any state of decay. */
static void take_runs(struct rig *rig, struct wc_report *report)
{
    struct tape *t = &rig->tape;
    report->run_count = tape_below(t, 5);
    if (report->run_count == 4)
        report->run_count = (uint32_t)tape_scaled(t);
    for (uint32_t i = 0; i < report->run_count && i < 8; i++)
        report->runs[i] =
            (struct wc_run){.sbn = tape_u8(t), .block_count = tape_u8(t), .missing = tape_u8(t)};
}

static void send_wild_report(struct rig *rig)
{
    static struct wc_report report;
    struct tape *t = &rig->tape;
    struct wc_sender_event event = {.type = WC_SENDER_REPORT, .report = &report};
    event.member = tape_below(t, MEMBERS_MAX + 1);
    report.pn = rig->pn - tape_scaled(t);
    report.received_count = tape_scaled(t);
    report.lost_count = tape_scaled(t);
    report.overflow_count = tape_scaled(t);
    report.refused_count = tape_scaled(t);
    report.block_done_count = tape_u8(t);
    take_runs(rig, &report);
    input(rig, &event);
}

/* Of what was sent since the last one, so many 256ths were lost, and so many of those by the host:
 * counters that the rate may believe. Lacks every block, or a few symbols of some. */
static void send_honest_report(struct rig *rig)
{
    struct tape *t = &rig->tape;
    uint32_t member = tape_below(t, MEMBERS_MAX);
    struct wc_report *report = &rig->reports[member];
    struct wc_sender_event event = {.type = WC_SENDER_REPORT, .member = member, .report = report};
    uint64_t sent = rig->pn > report->pn + 1 ? rig->pn - 1 - report->pn : 0;
    uint64_t lost = sent * tape_u8(t) / 256;
    report->pn += sent;
    report->received_count += sent - lost;
    report->lost_count += lost;
    report->overflow_count += lost * tape_u8(t) / 256;
    report->run_count = 1;
    uint8_t missing = tape_u8(t);
    uint32_t blocks = rig->config.partition.block_count;
    report->runs[0] = (struct wc_run){.block_count = blocks, .missing = missing ? missing : 128};
    if (missing > 128)
        report->runs[0] = (struct wc_run){
            .sbn = tape_below(t, blocks), .block_count = 1, .missing = missing - 128};
    input(rig, &event);
}

static void step(struct rig *rig)
{
    static const enum wc_sender_event_type of_members[] = {WC_SENDER_JOIN,    WC_SENDER_READY,
                                                           WC_SENDER_ALIVE,   WC_SENDER_DONE,
                                                           WC_SENDER_UNICAST, WC_SENDER_LEAVE};
    struct tape *t = &rig->tape;
    struct wc_sender_event event = {.type = WC_SENDER_START};
    uint8_t command = tape_u8(t);
    if (command % 16 < 6) {
        event.type = of_members[command % 16];
        event.member = tape_below(t, MEMBERS_MAX + 1);
        event.ok = command & 16;
        input(rig, &event);
        return;
    }
    switch (command % 16) {
    case 6:
        input(rig, &event);
        return;
    case 7:
        event.type = command & 128 ? WC_SENDER_STOP : (enum wc_sender_event_type)(command >> 4);
        if (event.type != WC_SENDER_REPORT)
            input(rig, &event);
        return;
    case 8:
        event.type = WC_SENDER_RATE;
        event.rate_bps = tape_scaled(t);
        input(rig, &event);
        return;
    case 9:
        event.type = WC_SENDER_REFUSED;
        event.count = tape_u8(t);
        input(rig, &event);
        return;
    case 10:
        rig->now += WC_US(tape_scaled(t) % 4000000);
        output(rig, 1 + (command >> 4));
        return;
    case 11:
    case 12:
        sleep_until_deadline(rig);
        return;
    case 13:
    case 14:
        send_honest_report(rig);
        return;
    default:
        send_wild_report(rig);
        return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct rig rig;
    rig = (struct rig){.tape = {.at = data, .end = data + size}, .now = WC_S(1)};
    struct wc_alloc alloc = {.zalloc = rig_zalloc, .free = rig_free, .ctx = &rig};
    configure(&rig);
    enum wc_err err = wc_sender_new(&rig.s, &rig.config, &alloc, rig.now);
    assert(!err);
    rig.is_closed = true;
    while (!tape_is_over(&rig.tape)) {
        step(&rig);
        check_stats(&rig);
    }
    wc_sender_free(rig.s);
    return 0;
}
