/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The receiver's core under any order of datagrams, results and times. The first bytes are its
 * configuration; then each step is a command and its arguments. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "receiver/core/receiver.h"
#include "tests/fuzz/tape.h"

#define BLOCKS_MAX 40u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct rig {
    struct tape tape;
    struct wc_receiver *r;
    struct wc_receiver_config config;
    uint64_t have;
    uint64_t shut; /* may not come yet */
    wc_ns now;
    uint64_t pn; /* the sender's */
    bool decoding[BLOCKS_MAX], done[BLOCKS_MAX];
    uint32_t decoding_count, done_count;
    wc_ns heard; /* the last datagram, or the start */
    bool reached, unreached, complete, silent, unicast, damaged, behind; /* were said */
    bool is_closed; /* the heap: after the start nothing is allocated */
    struct wc_msg msg;
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

static uint32_t k_of(const struct rig *rig, uint32_t sbn)
{
    return wc_partition_symbols(&rig->config.partition, sbn);
}

static void configure(struct rig *rig)
{
    struct tape *t = &rig->tape;
    struct wc_receiver_config *c = &rig->config;
    uint32_t k = 1 + tape_below(t, 128), blocks = 1 + tape_below(t, BLOCKS_MAX);
    *c = (struct wc_receiver_config){
        .instance = 7,
        .slot_count = 1 + tape_below(t, 8),
        .report_interval = WC_US(1 + tape_scaled(t) % 5000000),
        .beacon_timeout = WC_MS(1 + tape_scaled(t) % 20000),
        .silence_max = WC_MS(1 + tape_scaled(t) % 20000),
        .seed = tape_u8(t),
    };
    c->void_max = c->seed & 3;
    c->multicast_only = c->seed & 4;
    for (int i = 0; i < 5; i++)
        rig->have = rig->have << 8 | (tape_u8(t) & tape_u8(t));
    c->have = rig->have & 1 ? &rig->have : NULL;
    rig->shut = c->seed & 8 ? rig->have * 0x9e3779b97f4a7c15u : 0;
    c->shut = rig->shut ? &rig->shut : NULL;
    uint64_t symbols = (uint64_t)blocks * k - (k > 1 ? tape_below(t, k) : 0);
    enum wc_err err = wc_partition_init(&c->partition, symbols * 16, 16, k);
    assert(!err);
    for (uint32_t sbn = 0; c->have && sbn < c->partition.block_count; sbn++) {
        rig->done[sbn] = rig->have >> sbn & 1;
        rig->done_count += rig->done[sbn];
    }
}

static void said_once(bool *said)
{
    assert(!*said);
    *said = true;
}

/* Any k different symbols. */
static void check_decode(struct rig *rig, const struct wc_receiver_notice *notice)
{
    bool seen[256] = {false};
    assert(notice->sbn < rig->config.partition.block_count);
    assert(notice->slot < rig->config.slot_count);
    assert(!rig->decoding[notice->sbn] && !rig->done[notice->sbn]);
    assert(!(rig->shut >> notice->sbn & 1));
    uint32_t k = k_of(rig, notice->sbn);
    for (uint32_t row = 0; row < k; row++) {
        uint8_t esi = notice->esi[row];
        assert(esi < k + 127 && !seen[esi]);
        assert(esi >= k || esi == row || notice->esi[esi] != esi);
        seen[esi] = true;
    }
    rig->decoding[notice->sbn] = true;
    rig->decoding_count++;
    assert(rig->decoding_count <= rig->config.slot_count);
}

static void drain(struct rig *rig)
{
    struct wc_receiver_notice notice;
    uint32_t count = 0;
    while (wc_receiver_notice(rig->r, &notice)) {
        assert(++count <= rig->config.slot_count + 12);
        switch (notice.type) {
        case WC_RECEIVER_NOTICE_REACHED:
            said_once(&rig->reached);
            break;
        case WC_RECEIVER_NOTICE_UNREACHED:
            said_once(&rig->unreached); /* since the last datagram */
            assert(!rig->unicast && rig->now - rig->heard >= rig->config.beacon_timeout);
            break;
        case WC_RECEIVER_NOTICE_DECODE:
            check_decode(rig, &notice);
            break;
        case WC_RECEIVER_NOTICE_COMPLETE:
            said_once(&rig->complete);
            assert(rig->done_count == rig->config.partition.block_count);
            break;
        case WC_RECEIVER_NOTICE_FETCH:
            assert(rig->unicast || (rig->config.void_max && !rig->config.multicast_only));
            assert(notice.sbn < rig->config.partition.block_count);
            assert(!rig->done[notice.sbn] && !rig->decoding[notice.sbn]);
            assert(!(rig->shut >> notice.sbn & 1));
            break;
        case WC_RECEIVER_NOTICE_BEHIND:
            said_once(&rig->behind);
            assert(!rig->unicast && !rig->config.multicast_only);
            break;
        case WC_RECEIVER_NOTICE_DAMAGED:
            said_once(&rig->damaged);
            assert(rig->config.void_max && !rig->done[notice.sbn]);
            break;
        case WC_RECEIVER_NOTICE_SENDER_SILENT:
            said_once(&rig->silent);
            break;
        }
    }
}

static enum wc_err input(struct rig *rig, const struct wc_receiver_event *event)
{
    enum wc_err err = wc_receiver_input(rig->r, rig->now, event);
    assert(!err || err == WC_E_RANGE || err == WC_E_STATE);
    return err;
}

static void take_datagram(struct rig *rig, uint8_t command)
{
    struct tape *t = &rig->tape;
    struct wc_header h = {.type = command & 64 ? WC_DATAGRAM_BEACON : WC_DATAGRAM_DATA,
                          .instance = command & 128 ? 8 : 7};
    h.esi = (uint8_t)(tape_u8(t) % 255);
    h.sbn = tape_u8(t);
    h.pn = rig->pn++;
    if (command & 32)
        h.pn -= tape_scaled(t) < h.pn ? tape_scaled(t) : 0;
    if (command & 16)
        rig->pn += tape_scaled(t) % 100000;
    struct wc_place place = wc_receiver_place(rig->r, &h);
    if (place.kind == WC_PLACE_ROW)
        assert(place.slot < rig->config.slot_count && place.row < k_of(rig, h.sbn) &&
               !(rig->shut >> h.sbn & 1));
    enum wc_err err =
        input(rig, &(struct wc_receiver_event){.type = WC_RECEIVER_DATAGRAM, .header = &h});
    assert((err == WC_OK) == (place.kind != WC_PLACE_DROP));
    if (err)
        return;
    rig->heard = rig->now;
    rig->unreached = false;
}

static void take_symbol(struct rig *rig)
{
    struct tape *t = &rig->tape;
    struct wc_receiver_event event = {.type = WC_RECEIVER_SYMBOL};
    event.symbol.sbn = tape_u8(t);
    event.symbol.esi = tape_u8(t);
    event.symbol.last = tape_u8(t) & 1;
    struct wc_place place = wc_receiver_place_symbol(rig->r, event.symbol.sbn, event.symbol.esi);
    if (place.kind == WC_PLACE_ROW)
        assert(place.slot < rig->config.slot_count && place.row < k_of(rig, event.symbol.sbn));
    enum wc_err err = input(rig, &event);
    assert(rig->unicast || rig->config.void_max || err);
}

static void take_stored(struct rig *rig)
{
    uint8_t sbn = tape_u8(&rig->tape);
    bool ok = tape_u8(&rig->tape) & 3;
    struct wc_receiver_event event = {.type = WC_RECEIVER_STORED, .stored = {.sbn = sbn, .ok = ok}};
    bool can = sbn < rig->config.partition.block_count && rig->decoding[sbn];
    enum wc_err err = input(rig, &event);
    assert((err == WC_OK) == can);
    if (err)
        return;
    rig->decoding[sbn] = false;
    rig->decoding_count--;
    rig->done[sbn] = ok;
    rig->done_count += ok;
}

/* A report is one that may be sent, and tells the truth about blocks that are stored. */
static void check_report(struct rig *rig)
{
    static uint8_t frame[WC_FRAME_HEADER_BYTES + WC_FRAME_BODY_MAX];
    const struct wc_report *report = &rig->msg.report;
    size_t byte_count;
    assert(rig->reached || rig->unicast);
    assert(report->received_count <= report->pn + 1);
    assert(report->lost_count <= report->pn + 1 - report->received_count);
    assert(report->refused_count <= report->received_count);
    assert(report->block_done_count == rig->done_count);
    rig->msg.type = WC_MSG_REPORT;
    enum wc_err err = wc_msg_encode(&rig->msg, frame, sizeof(frame), &byte_count);
    assert(!err);
    for (uint32_t i = 0; i < report->run_count; i++) {
        const struct wc_run *run = &report->runs[i];
        for (uint32_t sbn = run->sbn; sbn < run->sbn + run->block_count; sbn++) {
            assert(sbn < rig->config.partition.block_count);
            assert(!rig->done[sbn] && !rig->decoding[sbn] && !(rig->shut >> sbn & 1));
            assert(run->missing <= k_of(rig, sbn));
        }
    }
}

static void output(struct rig *rig)
{
    while (wc_receiver_output(rig->r, rig->now, &rig->msg.report)) {
        check_report(rig);
        drain(rig);
    }
    drain(rig);
    assert(wc_receiver_deadline(rig->r) > rig->now);
}

static void sleep_until_deadline(struct rig *rig)
{
    wc_ns due = wc_receiver_deadline(rig->r);
    if (due != WC_NEVER && due > rig->now)
        rig->now = due;
    output(rig);
}

static void begin_unicast(struct rig *rig)
{
    bool was = rig->unicast;
    rig->unicast = true;
    enum wc_err err = input(rig, &(struct wc_receiver_event){.type = WC_RECEIVER_UNICAST});
    assert((err == WC_OK) == !was);
}

static void open_blocks(struct rig *rig)
{
    struct wc_receiver_event event = {.type = WC_RECEIVER_OPEN};
    event.open.sbn = tape_u8(&rig->tape);
    event.open.block_count = tape_u8(&rig->tape);
    uint32_t end = event.open.sbn + event.open.block_count;
    bool can = event.open.sbn < rig->config.partition.block_count &&
               end <= rig->config.partition.block_count;
    for (uint32_t sbn = event.open.sbn; can && sbn < end; sbn++)
        rig->shut &= ~(1ull << sbn);
    enum wc_err err = input(rig, &event);
    assert((err == WC_OK) == can);
}

static void step(struct rig *rig)
{
    struct tape *t = &rig->tape;
    struct wc_status status = {0};
    uint8_t command = tape_u8(t);
    switch (command % 16) {
    case 7:
    case 8:
        take_stored(rig);
        break;
    case 9:
        status.report_interval_us = (uint32_t)tape_scaled(t);
        (void)!input(rig,
                     &(struct wc_receiver_event){.type = WC_RECEIVER_STATUS, .status = &status});
        break;
    case 10:
        (void)!input(rig, &(struct wc_receiver_event){.type = WC_RECEIVER_OVERFLOW,
                                                      .count = tape_scaled(t)});
        break;
    case 11:
        if (command >> 4 == 0)
            begin_unicast(rig);
        else if (command >> 4 >= 8)
            open_blocks(rig);
        break;
    case 12:
    case 13:
        take_symbol(rig);
        break;
    case 14:
        rig->now += WC_US(tape_scaled(t) % 4000000);
        output(rig);
        break;
    case 15:
        sleep_until_deadline(rig);
        break;
    default:
        take_datagram(rig, command);
        break;
    }
    drain(rig);
}

static void check_stats(const struct rig *rig)
{
    struct wc_receiver_stats s;
    wc_receiver_stats(rig->r, &s);
    assert(s.block_done_count == rig->done_count);
    assert(s.slot_used_count >= rig->decoding_count);
    assert(s.slot_used_count <= rig->config.slot_count);
    assert(s.refused_count + s.duplicate_count <= s.received_count || rig->unicast);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct rig rig;
    rig = (struct rig){
        .tape = {.at = data, .end = data + size}, .now = WC_S(100), .heard = WC_S(100)};
    struct wc_alloc alloc = {.zalloc = rig_zalloc, .free = rig_free, .ctx = &rig};
    configure(&rig);
    enum wc_err err = wc_receiver_new(&rig.r, &rig.config, &alloc, rig.now);
    assert(!err);
    rig.is_closed = true;
    drain(&rig);
    while (!tape_is_over(&rig.tape)) {
        step(&rig);
        check_stats(&rig);
    }
    wc_receiver_free(rig.r);
    return 0;
}
