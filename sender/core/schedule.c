/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/core/schedule.h"

#include <assert.h>

#include "common/core/bitmap.h"

enum wc_err wc_schedule_init(struct wc_schedule *s, const struct wc_partition *partition,
                             const struct wc_alloc *alloc)
{
    *s = (struct wc_schedule){
        .partition = *partition,
        .active = WC_SCHEDULE_NONE,
        .repair_head = WC_SCHEDULE_NONE,
        .repair_tail = WC_SCHEDULE_NONE,
    };
    uint32_t count = partition->block_count;
    size_t words = wc_bitmap_words(count);
    s->blocks = alloc->zalloc(alloc->ctx, count, sizeof *s->blocks);
    s->whole.blocks = alloc->zalloc(alloc->ctx, words, sizeof *s->whole.blocks);
    s->first.blocks = alloc->zalloc(alloc->ctx, words, sizeof *s->first.blocks);
    if (!s->blocks || !s->whole.blocks || !s->first.blocks) {
        wc_schedule_deinit(s, alloc);
        return WC_E_NOMEM;
    }
    return WC_OK;
}

void wc_schedule_deinit(struct wc_schedule *s, const struct wc_alloc *alloc)
{
    alloc->free(alloc->ctx, s->blocks);
    alloc->free(alloc->ctx, s->whole.blocks);
    alloc->free(alloc->ctx, s->first.blocks);
    s->blocks = NULL;
    s->whole.blocks = NULL;
    s->first.blocks = NULL;
}

void wc_schedule_put_first(struct wc_schedule *s, uint32_t sbn, uint32_t block_count)
{
    assert(sbn <= s->partition.block_count && block_count <= s->partition.block_count - sbn);
    assert(!s->whole.count && !s->source_count);
    for (uint32_t i = 0; i < block_count; i++)
        s->blocks[sbn + i].goes_first = true;
}

static void round_add(struct wc_schedule_round *r, uint32_t sbn)
{
    wc_bitmap_set(r->blocks, sbn);
    r->count++;
}

static void round_remove(struct wc_schedule_round *r, uint32_t sbn)
{
    wc_bitmap_clear(r->blocks, sbn);
    r->count--;
}

/* The next one, of block_count blocks in all; r->count > 0. */
static uint32_t round_next(const struct wc_schedule_round *r, uint32_t block_count)
{
    uint32_t sbn = wc_bitmap_find_set(r->blocks, block_count, r->cursor);
    if (sbn == block_count)
        sbn = wc_bitmap_find_set(r->blocks, block_count, 0);
    assert(sbn < block_count);
    return sbn;
}

static void unqueue_whole(struct wc_schedule *s, uint32_t sbn)
{
    round_remove(&s->whole, sbn);
    if (s->blocks[sbn].goes_first)
        round_remove(&s->first, sbn);
}

static void want_whole(struct wc_schedule *s, uint32_t sbn, uint64_t pn)
{
    const struct wc_schedule_block *b = &s->blocks[sbn];
    bool in_flight = b->sent > 0 && pn < b->last_pn;
    if (in_flight || wc_bitmap_get(s->whole.blocks, sbn))
        return;
    round_add(&s->whole, sbn);
    if (b->goes_first)
        round_add(&s->first, sbn);
}

static void repair_push(struct wc_schedule *s, uint32_t sbn)
{
    struct wc_schedule_block *b = &s->blocks[sbn];
    b->repair_queued = true;
    b->repair_next = WC_SCHEDULE_NONE;
    if (s->repair_tail == WC_SCHEDULE_NONE)
        s->repair_head = sbn;
    else
        s->blocks[s->repair_tail].repair_next = sbn;
    s->repair_tail = sbn;
}

static void repair_pop(struct wc_schedule *s)
{
    struct wc_schedule_block *b = &s->blocks[s->repair_head];
    b->repair_queued = false;
    s->repair_head = b->repair_next;
    if (s->repair_head == WC_SCHEDULE_NONE)
        s->repair_tail = WC_SCHEDULE_NONE;
}

static void mark_base(struct wc_schedule_block *b)
{
    b->base_pn = b->last_pn;
    b->base_sent = b->sent;
}

static void aim_at(struct wc_schedule *s, uint32_t sbn, uint32_t target)
{
    s->blocks[sbn].target = target;
    if (!s->blocks[sbn].repair_queued)
        repair_push(s, sbn);
}

static void want_repair(struct wc_schedule *s, uint32_t sbn, uint32_t missing, uint64_t pn)
{
    struct wc_schedule_block *b = &s->blocks[sbn];
    if (pn < b->base_pn)
        return;
    bool looked_at_all = pn >= b->last_pn;
    uint32_t target = (looked_at_all ? b->sent : b->base_sent) + missing;
    if (target <= b->target || target <= b->sent)
        return;
    if (looked_at_all)
        mark_base(b);
    if (!b->parity_judged) {
        b->parity_judged = true;
        wc_parity_block_repaired(&s->parity, b->parity_mark);
    }
    aim_at(s, sbn, target);
}

void wc_schedule_want(struct wc_schedule *s, uint32_t sbn, uint32_t missing, uint64_t pn)
{
    assert(sbn < s->partition.block_count && missing > 0);
    if (sbn == s->active)
        return;
    bool whole = missing >= wc_partition_symbols(&s->partition, sbn) ||
                 missing > WC_REPAIR_SYMBOLS_MAX || s->blocks[sbn].sent == 0;
    if (whole)
        want_whole(s, sbn, pn);
    else
        want_repair(s, sbn, missing, pn);
}

/* Take a block out of those that wait; s->whole.count > 0. */
static uint32_t take_whole(struct wc_schedule *s)
{
    uint32_t count = s->partition.block_count;
    struct wc_schedule_round *round = &s->first;
    uint32_t sbn = round->count ? round_next(round, count) : WC_SCHEDULE_NONE;
    bool is_repeat = round->count && s->blocks[sbn].sent > 0;
    bool yields = is_repeat && s->first_repeated && s->whole.count > round->count;
    if (!round->count || yields) {
        round = &s->whole;
        sbn = round_next(round, count);
        is_repeat = false;
    }
    s->first_repeated = is_repeat;
    round->cursor = sbn + 1 < count ? sbn + 1 : 0;
    unqueue_whole(s, sbn);
    return sbn;
}

static bool activate(struct wc_schedule *s)
{
    if (s->whole.count == 0)
        return false;
    uint32_t sbn = take_whole(s);
    struct wc_schedule_block *b = &s->blocks[sbn];
    if (b->sent == 0)
        s->block_sent_count++;
    mark_base(b);
    s->active = sbn;
    s->active_esi = 0;
    return true;
}

static void count_sent(struct wc_schedule_block *b, uint64_t pn)
{
    b->sent++;
    b->last_pn = pn;
}

static bool next_repair(struct wc_schedule *s, uint64_t pn, struct wc_symbol_ref *ret)
{
    while (s->repair_head != WC_SCHEDULE_NONE) {
        uint32_t sbn = s->repair_head;
        struct wc_schedule_block *b = &s->blocks[sbn];
        if (b->sent >= b->target) {
            repair_pop(s);
            continue;
        }
        uint32_t k = wc_partition_symbols(&s->partition, sbn);
        bool is_parity = b->parity < WC_SCHEDULE_PARITY_COUNT;
        uint32_t esi = is_parity ? k + b->parity : (uint32_t)b->parity - WC_SCHEDULE_PARITY_COUNT;
        *ret = (struct wc_symbol_ref){.sbn = sbn, .esi = (uint8_t)esi};
        b->parity = (uint8_t)((b->parity + 1u) % (WC_SCHEDULE_PARITY_COUNT + k));
        count_sent(b, pn);
        if (is_parity)
            s->repair_count++;
        else
            s->source_count++;
        return true;
    }
    return false;
}

void wc_schedule_want_run(struct wc_schedule *s, uint32_t sbn, uint32_t block_count,
                          uint32_t missing, uint64_t pn)
{
    uint32_t end = sbn + block_count;
    /* Large blocks come first: what is whole for the first is whole for all. */
    bool whole =
        missing >= wc_partition_symbols(&s->partition, sbn) || missing > WC_REPAIR_SYMBOLS_MAX;
    for (; sbn < end; sbn++) {
        if (whole) /* in a first pass nearly all wait already */
            sbn = wc_bitmap_find_clear(s->whole.blocks, end, sbn);
        if (sbn < end)
            wc_schedule_want(s, sbn, missing, pn);
    }
}

/* All source symbols are out: repair symbols follow that most likely will be asked for. */
static void finish_active(struct wc_schedule *s)
{
    uint32_t sbn = s->active;
    struct wc_schedule_block *b = &s->blocks[sbn];
    s->active = WC_SCHEDULE_NONE;
    b->parity_mark = wc_parity_block_sent(&s->parity);
    b->parity_judged = false;
    uint32_t target = b->sent + s->parity.ahead;
    if (target > b->target && target > b->sent)
        aim_at(s, sbn, target);
}

bool wc_schedule_next(struct wc_schedule *s, uint64_t pn, struct wc_symbol_ref *ret)
{
    if (next_repair(s, pn, ret))
        return true;
    if (s->active == WC_SCHEDULE_NONE && !activate(s))
        return false;
    *ret = (struct wc_symbol_ref){.sbn = s->active, .esi = (uint8_t)s->active_esi};
    count_sent(&s->blocks[s->active], pn);
    s->source_count++;
    s->active_esi++;
    if (s->active_esi == wc_partition_symbols(&s->partition, s->active))
        finish_active(s);
    return true;
}

void wc_schedule_forget_repeats(struct wc_schedule *s)
{
    uint32_t count = s->partition.block_count;
    const uint64_t *whole = s->whole.blocks;
    for (uint32_t sbn = wc_bitmap_find_set(whole, count, 0); sbn < count;
         sbn = wc_bitmap_find_set(whole, count, sbn + 1)) {
        if (s->blocks[sbn].sent > 0)
            unqueue_whole(s, sbn);
    }
}

bool wc_schedule_is_idle(const struct wc_schedule *s)
{
    return s->whole.count == 0 && s->active == WC_SCHEDULE_NONE &&
           s->repair_head == WC_SCHEDULE_NONE;
}
