/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The calls of the core: which datagram counts, when to report, and what the shell is told.
 * Blocks and their memory are blocks.c. */
#include "receiver/core/receiver.h"

#include <assert.h>

#include "common/core/bitmap.h"
#include "common/core/replay.h"
#include "common/core/rng.h"
#include "receiver/core/blocks.h"
#include "receiver/core/report.h"
#include "receiver/core/voids.h"

/* With nothing new to say, a report still tells the sender that this receiver lives. */
#define KEEPALIVE_INTERVAL  WC_S(1)
#define REPORT_INTERVAL_MIN WC_MS(1)
#define REPORT_INTERVAL_MAX WC_S(5)
/* Blocks asked for by unicast at a time: the next one is on its way while one is decoded. */
#define FETCH_MAX 4u
/* Besides one DECODE per slot: REACHED, UNREACHED, COMPLETE, SENDER_SILENT, DAMAGED, BEHIND,
 * FETCHes. */
#define NOTICE_SLACK (6u + 2u * FETCH_MAX)

struct wc_receiver {
    struct wc_alloc alloc;
    struct wc_blocks blocks;
    struct wc_voids voids;
    struct wc_replay replay;
    struct wc_rng rng;
    uint32_t instance;
    wc_ns now;
    wc_ns report_interval;
    wc_ns report_due;  /* WC_NEVER: no datagram heard yet */
    wc_ns reported;    /* time of the last report */
    wc_ns regular_due; /* of the next report if there is news */
    bool news;         /* something changed since then */
    bool reached;
    wc_ns unreached_due; /* WC_NEVER: over */
    wc_ns silence_max;
    wc_ns heard; /* any sign of the sender */
    wc_ns heard_datagram;
    wc_ns beacon_timeout;
    bool stalled; /* said so: multicast stopped */
    bool silent;  /* said so */
    uint32_t void_max;
    bool multicast_only;
    bool damaged; /* said so */
    bool behind;  /* said so */
    bool unicast;
    uint32_t fetching[FETCH_MAX]; /* blocks asked for; WC_SLOT_NONE: free */
    uint64_t *first;              /* bitmap of blocks that go before others, until stored */
    uint64_t first_pn;
    uint64_t received_count, duplicate_count, refused_count, repaired_count, void_count;
    uint64_t overflow_count, shut_count;
    struct wc_receiver_notice *notices;
    uint32_t notice_capacity, notice_head, notice_count;
};

static void notice_push(struct wc_receiver *r, struct wc_receiver_notice notice)
{
    assert(r->notice_count < r->notice_capacity);
    r->notices[(r->notice_head + r->notice_count++) % r->notice_capacity] = notice;
}

bool wc_receiver_notice(struct wc_receiver *r, struct wc_receiver_notice *ret)
{
    if (r->notice_count == 0)
        return false;
    *ret = r->notices[r->notice_head];
    r->notice_head = (r->notice_head + 1) % r->notice_capacity;
    r->notice_count--;
    return true;
}

static bool is_complete(const struct wc_receiver *r)
{
    return r->blocks.done_count == r->blocks.partition.block_count;
}

static bool config_is_sane(const struct wc_receiver_config *c)
{
    uint32_t count = c->partition.block_count;
    for (uint32_t i = 0; i < c->first_count; i++) {
        if (c->first[i].sbn > count || c->first[i].block_count > count - c->first[i].sbn)
            return false;
    }
    return c->slot_count > 0 && count > 0;
}

static enum wc_err note_first(struct wc_receiver *r, const struct wc_receiver_config *c)
{
    size_t words = wc_bitmap_words(c->partition.block_count);
    r->first = r->alloc.zalloc(r->alloc.ctx, words, sizeof *r->first);
    if (!r->first)
        return WC_E_NOMEM;
    for (uint32_t i = 0; i < c->first_count; i++) {
        for (uint32_t n = 0; n < c->first[i].block_count; n++) {
            uint32_t sbn = c->first[i].sbn + n;
            if (!wc_bitmap_get(r->blocks.done, sbn))
                wc_bitmap_set(r->first, sbn);
        }
    }
    return WC_OK;
}

enum wc_err wc_receiver_new(struct wc_receiver **ret, const struct wc_receiver_config *config,
                            const struct wc_alloc *alloc, wc_ns now)
{
    if (!config_is_sane(config))
        return WC_E_RANGE;
    struct wc_receiver *r = alloc->zalloc(alloc->ctx, 1, sizeof *r);
    if (!r)
        return WC_E_NOMEM;
    r->alloc = *alloc;
    r->rng.state = config->seed;
    r->instance = config->instance;
    r->now = now;
    r->report_interval = config->report_interval;
    r->report_due = WC_NEVER;
    r->beacon_timeout = config->beacon_timeout;
    r->unreached_due = now + config->beacon_timeout;
    r->silence_max = config->silence_max;
    r->void_max = config->void_max;
    r->multicast_only = config->multicast_only;
    r->heard = now;
    for (uint32_t i = 0; i < FETCH_MAX; i++)
        r->fetching[i] = WC_SLOT_NONE;
    r->notice_capacity = config->slot_count + NOTICE_SLACK;
    r->notices = alloc->zalloc(alloc->ctx, r->notice_capacity, sizeof *r->notices);
    enum wc_err err = r->notices ? WC_OK : WC_E_NOMEM;
    if (!err)
        err = wc_blocks_init(&r->blocks, &config->partition, config->slot_count, config->have,
                             config->shut, alloc);
    if (!err)
        err = note_first(r, config);
    if (err) {
        wc_receiver_free(r);
        return err;
    }
    if (is_complete(r))
        notice_push(r, (struct wc_receiver_notice){.type = WC_RECEIVER_NOTICE_COMPLETE});
    *ret = r;
    return WC_OK;
}

void wc_receiver_free(struct wc_receiver *r)
{
    if (!r)
        return;
    struct wc_alloc alloc = r->alloc;
    wc_blocks_deinit(&r->blocks, &alloc);
    alloc.free(alloc.ctx, r->first);
    alloc.free(alloc.ctx, r->notices);
    alloc.free(alloc.ctx, r);
}

/* A data datagram whose block and symbol exist. */
static bool names_symbol(const struct wc_receiver *r, const struct wc_header *h)
{
    const struct wc_partition *p = &r->blocks.partition;
    return h->sbn < p->block_count && h->esi < wc_partition_symbols(p, h->sbn) +
                                                   WC_ENCODING_SYMBOLS_MAX - WC_SOURCE_SYMBOLS_MAX;
}

struct wc_place wc_receiver_place_symbol(const struct wc_receiver *r, uint32_t sbn, uint8_t esi)
{
    struct wc_place place = {.kind = WC_PLACE_DROP};
    bool source = sbn < r->blocks.partition.block_count &&
                  esi < wc_partition_symbols(&r->blocks.partition, sbn);
    bool may_come = r->unicast || wc_voids_is_wanted(&r->voids, sbn);
    if (may_come && source &&
        wc_blocks_place(&r->blocks, sbn, esi, &place.slot, &place.row) == WC_NEEDED)
        place.kind = WC_PLACE_ROW;
    return place;
}

struct wc_place wc_receiver_place(const struct wc_receiver *r, const struct wc_header *header)
{
    struct wc_place place = {.kind = WC_PLACE_DROP};
    if (header->instance != r->instance || !wc_replay_fresh(&r->replay, header->pn))
        return place;
    place.kind = WC_PLACE_SCRATCH;
    if (header->type != WC_DATAGRAM_DATA)
        return place;
    if (!names_symbol(r, header))
        return (struct wc_place){.kind = WC_PLACE_DROP};
    if (!wc_voids_is_apart(&r->voids, header->sbn) &&
        wc_blocks_place(&r->blocks, header->sbn, header->esi, &place.slot, &place.row) == WC_NEEDED)
        place.kind = WC_PLACE_ROW;
    return place;
}

/* Something is to be reported, but not before `earliest`. */
static void touch(struct wc_receiver *r, wc_ns earliest)
{
    wc_ns due = earliest > r->now ? earliest : r->now;
    r->news = true;
    if (due < r->report_due)
        r->report_due = due;
}

/* The sender has nothing queued: what is missing now is lost. All receivers hear this at once, so
 * answers are spread; and a beacon that only repeats another is not answered at once. */
static void answer_idle(struct wc_receiver *r)
{
    wc_ns spread = r->now + wc_rng_below(&r->rng, r->report_interval / 4 + 1);
    wc_ns earliest = r->reported + r->report_interval / 2;
    touch(r, r->news || spread > earliest ? spread : earliest);
}

static void reach(struct wc_receiver *r, uint64_t pn)
{
    r->reached = true;
    r->unreached_due = WC_NEVER;
    r->first_pn = pn;
    touch(r, r->now);
    notice_push(r, (struct wc_receiver_notice){.type = WC_RECEIVER_NOTICE_REACHED, .pn = pn});
}

static void take_symbol(struct wc_receiver *r, const struct wc_header *h)
{
    uint32_t slot, row;
    switch (wc_blocks_place(&r->blocks, h->sbn, h->esi, &slot, &row)) {
    case WC_NO_SLOT:
        r->refused_count++;
        return;
    case WC_NOT_NEEDED:
        r->duplicate_count++;
        return;
    case WC_SHUT:
        r->shut_count++;
        wc_blocks_pass(&r->blocks, h->sbn);
        return;
    case WC_NEEDED:
        break;
    }
    bool is_whole = wc_blocks_take(&r->blocks, h->sbn, h->esi);
    if (wc_voids_is_apart(&r->voids, h->sbn))
        wc_blocks_hide(&r->blocks, h->sbn);
    if (!is_whole)
        return;
    r->repaired_count += wc_blocks_erasures(&r->blocks, h->sbn);
    notice_push(r, (struct wc_receiver_notice){.type = WC_RECEIVER_NOTICE_DECODE,
                                               .sbn = h->sbn,
                                               .slot = slot,
                                               .esi = r->blocks.slots[slot].esi});
}

static enum wc_err take_datagram(struct wc_receiver *r, const struct wc_header *h)
{
    if (h->instance != r->instance || !wc_replay_fresh(&r->replay, h->pn))
        return WC_E_STATE;
    bool data = h->type == WC_DATAGRAM_DATA;
    if (data && !names_symbol(r, h))
        return WC_E_RANGE;
    wc_replay_accept(&r->replay, h->pn);
    r->received_count++;
    r->heard = r->now;
    r->heard_datagram = r->now;
    r->stalled = false;
    if (!r->reached)
        reach(r, h->pn);
    else if (h->pn < r->first_pn)
        r->first_pn = h->pn;
    if (data) {
        touch(r, r->regular_due);
        if (wc_voids_is_apart(&r->voids, h->sbn))
            r->duplicate_count++;
        else
            take_symbol(r, h);
    } else if ((h->esi & WC_BEACON_IDLE) && !is_complete(r)) {
        answer_idle(r);
    }
    return WC_OK;
}

static bool is_fetching(const struct wc_receiver *r, uint32_t sbn)
{
    for (uint32_t i = 0; i < FETCH_MAX; i++)
        if (r->fetching[i] == sbn)
            return true;
    return false;
}

/* Memory for blocks that were asked for, of which nothing came yet. */
static uint32_t promised_slots(const struct wc_receiver *r)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < FETCH_MAX; i++)
        count +=
            r->fetching[i] != WC_SLOT_NONE && r->blocks.slot_of[r->fetching[i]] == WC_SLOT_NONE;
    return count;
}

/* A block that was set apart may be asked for: there is memory for it, and it is not complete. */
static bool has_room(const struct wc_receiver *r, uint32_t sbn)
{
    uint32_t slot = r->blocks.slot_of[sbn];
    if (slot == WC_SLOT_NONE)
        return r->blocks.free_count > promised_slots(r);
    return !r->blocks.slots[slot].decoding;
}

/* A block that was set apart, is not yet asked for, and for which there is memory. */
static uint32_t next_apart(const struct wc_receiver *r)
{
    const struct wc_voids *v = &r->voids;
    for (uint32_t i = 0; v->apart_count && i < v->count; i++) {
        uint32_t sbn = v->list[i].sbn;
        if (wc_voids_is_wanted(v, sbn) && !is_fetching(r, sbn) && has_room(r, sbn))
            return sbn;
    }
    return r->blocks.partition.block_count;
}

/* An absent block that goes before others and is not yet asked for. */
static uint32_t next_first(const struct wc_receiver *r)
{
    uint32_t count = r->blocks.partition.block_count;
    uint32_t sbn = wc_bitmap_find_set(r->first, count, 0);
    while (sbn < count && (!wc_bitmap_get(r->blocks.absent, sbn) || is_fetching(r, sbn)))
        sbn = wc_bitmap_find_set(r->first, count, sbn + 1);
    return sbn;
}

/* Blocks that hold memory first, then, while there is memory, the absent ones that go before
 * others, and the lowest of the rest; while these come by multicast, only those that were set
 * apart. */
static uint32_t next_fetch(const struct wc_receiver *r)
{
    const struct wc_blocks *b = &r->blocks;
    uint32_t count = b->partition.block_count;
    uint32_t sbn = next_apart(r);
    if (sbn < count || !r->unicast)
        return sbn;
    sbn = wc_bitmap_find_set(b->held, count, 0);
    while (sbn < count && is_fetching(r, sbn))
        sbn = wc_bitmap_find_set(b->held, count, sbn + 1);
    if (sbn < count)
        return sbn;
    if (b->free_count <= promised_slots(r))
        return count;
    sbn = next_first(r);
    if (sbn < count)
        return sbn;
    sbn = wc_bitmap_find_set(b->absent, count, 0);
    while (sbn < count && is_fetching(r, sbn))
        sbn = wc_bitmap_find_set(b->absent, count, sbn + 1);
    return sbn;
}

static void fetch_more(struct wc_receiver *r)
{
    for (uint32_t i = 0; i < FETCH_MAX; i++) {
        if (r->fetching[i] != WC_SLOT_NONE)
            continue;
        uint32_t sbn = next_fetch(r);
        if (sbn >= r->blocks.partition.block_count)
            return;
        r->fetching[i] = sbn;
        notice_push(r, (struct wc_receiver_notice){.type = WC_RECEIVER_NOTICE_FETCH, .sbn = sbn});
    }
}

static void fetch_over(struct wc_receiver *r, uint32_t sbn)
{
    for (uint32_t i = 0; i < FETCH_MAX; i++)
        if (r->fetching[i] == sbn)
            r->fetching[i] = WC_SLOT_NONE;
}

static enum wc_err begin_unicast(struct wc_receiver *r)
{
    if (r->unicast)
        return WC_E_STATE;
    r->unicast = true;
    r->unreached_due = WC_NEVER;
    wc_blocks_unhide_passed(&r->blocks);
    if (!r->reached)
        r->report_due = r->now; /* reports tell that this receiver lives */
    fetch_more(r);
    return WC_OK;
}

static enum wc_err take_unicast_symbol(struct wc_receiver *r, uint32_t sbn, uint8_t esi, bool last)
{
    if (wc_receiver_place_symbol(r, sbn, esi).kind == WC_PLACE_ROW)
        take_symbol(r, &(struct wc_header){.sbn = sbn, .esi = esi});
    else if (sbn >= r->blocks.partition.block_count ||
             (!r->unicast && !wc_voids_is_wanted(&r->voids, sbn)))
        return WC_E_RANGE;
    r->heard = r->now;
    uint32_t slot = r->blocks.slot_of[sbn];
    bool decoding = slot != WC_SLOT_NONE && r->blocks.slots[slot].decoding;
    if (last && !decoding) {
        fetch_over(r, sbn);
        fetch_more(r);
    }
    return WC_OK;
}

/* Authentic, and wrong. */
static void take_void(struct wc_receiver *r, uint32_t sbn)
{
    bool may_fetch = !r->multicast_only && !r->unicast;
    r->void_count++;
    switch (wc_voids_add(&r->voids, sbn, r->void_max, may_fetch, r->multicast_only)) {
    case WC_VOID_AGAIN:
        return;
    case WC_VOID_APART:
        break;
    case WC_VOID_LOST:
        if (!r->damaged)
            notice_push(
                r, (struct wc_receiver_notice){.type = WC_RECEIVER_NOTICE_DAMAGED, .sbn = sbn});
        r->damaged = true;
        break;
    }
    wc_blocks_hide(&r->blocks, sbn);
}

static enum wc_err take_stored(struct wc_receiver *r, uint32_t sbn, bool ok)
{
    if (sbn >= r->blocks.partition.block_count)
        return WC_E_RANGE;
    enum wc_err err = wc_blocks_stored(&r->blocks, sbn, ok);
    if (err)
        return err;
    fetch_over(r, sbn);
    if (ok) {
        wc_voids_mend(&r->voids, sbn);
        wc_bitmap_clear(r->first, sbn);
    } else {
        take_void(r, sbn);
    }
    fetch_more(r);
    if (r->reached || r->unicast)
        touch(r, r->regular_due);
    if (ok && is_complete(r))
        notice_push(r, (struct wc_receiver_notice){.type = WC_RECEIVER_NOTICE_COMPLETE});
    return WC_OK;
}

/* What passed while it was shut would have to be sent to the group once more for this receiver
 * alone: it is not reported, but sought by unicast. */
static enum wc_err take_open(struct wc_receiver *r, uint32_t sbn, uint32_t block_count)
{
    uint32_t count = r->blocks.partition.block_count;
    if (sbn >= count || block_count > count - sbn)
        return WC_E_RANGE;
    bool hides = !r->unicast && !r->multicast_only;
    if (wc_blocks_open(&r->blocks, sbn, block_count, hides) && !r->behind) {
        r->behind = true;
        notice_push(r, (struct wc_receiver_notice){.type = WC_RECEIVER_NOTICE_BEHIND});
    }
    fetch_more(r);
    if (r->reached || r->unicast)
        touch(r, r->regular_due);
    return WC_OK;
}

/* The sender lives, for its status comes; but its multicast, heard before, does not. */
static void look_for_stall(struct wc_receiver *r)
{
    bool waits = r->reached && !r->unicast && !r->stalled && !is_complete(r);
    if (!waits || r->now - r->heard_datagram < r->beacon_timeout)
        return;
    r->stalled = true;
    notice_push(r, (struct wc_receiver_notice){.type = WC_RECEIVER_NOTICE_UNREACHED});
}

static void take_status(struct wc_receiver *r, const struct wc_status *status)
{
    wc_ns interval = WC_US(status->report_interval_us);
    if (interval < REPORT_INTERVAL_MIN)
        interval = REPORT_INTERVAL_MIN;
    r->report_interval = interval > REPORT_INTERVAL_MAX ? REPORT_INTERVAL_MAX : interval;
    r->heard = r->now;
    look_for_stall(r);
}

enum wc_err wc_receiver_input(struct wc_receiver *r, wc_ns now,
                              const struct wc_receiver_event *event)
{
    assert(now >= r->now);
    r->now = now;
    switch (event->type) {
    case WC_RECEIVER_DATAGRAM:
        return take_datagram(r, event->header);
    case WC_RECEIVER_STORED:
        return take_stored(r, event->stored.sbn, event->stored.ok);
    case WC_RECEIVER_STATUS:
        take_status(r, event->status);
        return WC_OK;
    case WC_RECEIVER_UNICAST:
        return begin_unicast(r);
    case WC_RECEIVER_SYMBOL:
        return take_unicast_symbol(r, event->symbol.sbn, event->symbol.esi, event->symbol.last);
    case WC_RECEIVER_OPEN:
        return take_open(r, event->open.sbn, event->open.block_count);
    case WC_RECEIVER_OVERFLOW:
        r->overflow_count = event->count;
        return WC_OK;
    }
    return WC_E_RANGE;
}

static void look_at_clock(struct wc_receiver *r)
{
    if (r->now >= r->unreached_due) {
        r->unreached_due = WC_NEVER;
        notice_push(r, (struct wc_receiver_notice){.type = WC_RECEIVER_NOTICE_UNREACHED});
    }
    if (!r->silent && r->now - r->heard >= r->silence_max) {
        r->silent = true;
        notice_push(r, (struct wc_receiver_notice){.type = WC_RECEIVER_NOTICE_SENDER_SILENT});
    }
}

static uint64_t lost_count(const struct wc_receiver *r)
{
    if (!r->reached)
        return 0;
    uint64_t span = r->replay.next - r->first_pn;
    return span > r->received_count ? span - r->received_count : 0;
}

/* Around the interval, so that receivers do not report in step. */
static wc_ns jittered(struct wc_receiver *r, wc_ns interval)
{
    return interval - interval / 8 + wc_rng_below(&r->rng, interval / 4 + 1);
}

bool wc_receiver_output(struct wc_receiver *r, wc_ns now, struct wc_report *ret)
{
    assert(now >= r->now);
    r->now = now;
    look_at_clock(r);
    if (now < r->report_due)
        return false;
    if (!r->news && now - r->reported < KEEPALIVE_INTERVAL) {
        r->report_due = r->reported + KEEPALIVE_INTERVAL;
        return false;
    }
    ret->pn = r->replay.next ? r->replay.next - 1 : 0;
    ret->received_count = r->received_count;
    ret->lost_count = lost_count(r);
    ret->overflow_count = r->overflow_count;
    ret->refused_count = r->refused_count;
    ret->block_done_count = r->blocks.done_count;
    wc_report_runs(&r->blocks, ret);
    r->news = false;
    r->reported = now;
    r->regular_due = now + jittered(r, r->report_interval);
    r->report_due = r->regular_due;
    return true;
}

wc_ns wc_receiver_deadline(const struct wc_receiver *r)
{
    wc_ns due = r->report_due < r->unreached_due ? r->report_due : r->unreached_due;
    wc_ns silent_due = r->silent ? WC_NEVER : r->heard + r->silence_max;
    return silent_due < due ? silent_due : due;
}

void wc_receiver_stats(const struct wc_receiver *r, struct wc_receiver_stats *ret)
{
    *ret = (struct wc_receiver_stats){
        .received_count = r->received_count,
        .lost_count = lost_count(r),
        .duplicate_count = r->duplicate_count,
        .refused_count = r->refused_count,
        .shut_count = r->shut_count,
        .repaired_count = r->repaired_count,
        .void_count = r->void_count,
        .mended_count = r->voids.mended_count,
        .block_done_count = r->blocks.done_count,
        .block_count = r->blocks.partition.block_count,
        .slot_used_count = r->blocks.slot_count - r->blocks.free_count,
    };
}
