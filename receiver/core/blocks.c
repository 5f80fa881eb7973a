/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/core/blocks.h"

#include <assert.h>

#include "common/core/bitmap.h"

static void mark(struct wc_blocks *b, const uint64_t *have, const uint64_t *shut)
{
    for (uint32_t sbn = 0; sbn < b->partition.block_count; sbn++) {
        b->slot_of[sbn] = WC_SLOT_NONE;
        if (have && wc_bitmap_get(have, sbn)) {
            wc_bitmap_set(b->done, sbn);
            b->done_count++;
        } else if (shut && wc_bitmap_get(shut, sbn)) {
            wc_bitmap_set(b->shut, sbn);
        } else {
            wc_bitmap_set(b->absent, sbn);
        }
    }
}

enum wc_err wc_blocks_init(struct wc_blocks *b, const struct wc_partition *partition,
                           uint32_t slot_count, const uint64_t *have, const uint64_t *shut,
                           const struct wc_alloc *alloc)
{
    size_t words = wc_bitmap_words(partition->block_count);
    *b = (struct wc_blocks){
        .partition = *partition,
        .slot_count = slot_count,
        .free_count = slot_count,
        .slots = alloc->zalloc(alloc->ctx, slot_count, sizeof *b->slots),
        .free_slots = alloc->zalloc(alloc->ctx, slot_count, sizeof *b->free_slots),
        .slot_of = alloc->zalloc(alloc->ctx, partition->block_count, sizeof *b->slot_of),
        .absent = alloc->zalloc(alloc->ctx, words, sizeof *b->absent),
        .held = alloc->zalloc(alloc->ctx, words, sizeof *b->held),
        .done = alloc->zalloc(alloc->ctx, words, sizeof *b->done),
        .shut = alloc->zalloc(alloc->ctx, words, sizeof *b->shut),
        .passed = alloc->zalloc(alloc->ctx, words, sizeof *b->passed),
    };
    if (!b->slots || !b->free_slots || !b->slot_of || !b->absent || !b->held || !b->done ||
        !b->shut || !b->passed) {
        wc_blocks_deinit(b, alloc);
        return WC_E_NOMEM;
    }
    for (uint32_t i = 0; i < slot_count; i++)
        b->free_slots[i] = slot_count - 1 - i;
    mark(b, have, shut);
    return WC_OK;
}

void wc_blocks_deinit(struct wc_blocks *b, const struct wc_alloc *alloc)
{
    alloc->free(alloc->ctx, b->slots);
    alloc->free(alloc->ctx, b->free_slots);
    alloc->free(alloc->ctx, b->slot_of);
    alloc->free(alloc->ctx, b->absent);
    alloc->free(alloc->ctx, b->held);
    alloc->free(alloc->ctx, b->done);
    alloc->free(alloc->ctx, b->shut);
    alloc->free(alloc->ctx, b->passed);
    *b = (struct wc_blocks){0};
}

static uint32_t row_for(const struct wc_slot *slot, uint8_t esi)
{
    if (esi < slot->k && !(slot->row_used[esi / 64] >> (esi % 64) & 1))
        return esi;
    uint64_t low = ~slot->row_used[0];
    uint32_t row =
        low ? (uint32_t)__builtin_ctzll(low) : 64 + (uint32_t)__builtin_ctzll(~slot->row_used[1]);
    assert(row < slot->k);
    return row;
}

/* Whether a block whose first symbol here is `esi` can be completed without being sent whole once
 * more: else its slot would be taken until the carousel comes round. */
static bool is_worth_a_slot(uint32_t k, uint8_t esi)
{
    uint32_t missing = esi < k ? esi : k - 1;
    return missing <= WC_REPAIR_SYMBOLS_MAX;
}

enum wc_need wc_blocks_place(const struct wc_blocks *b, uint32_t sbn, uint8_t esi,
                             uint32_t *ret_slot, uint32_t *ret_row)
{
    uint32_t index = b->slot_of[sbn];
    if (index == WC_SLOT_NONE) {
        if (wc_bitmap_get(b->done, sbn))
            return WC_NOT_NEEDED;
        if (wc_bitmap_get(b->shut, sbn))
            return WC_SHUT;
        if (!is_worth_a_slot(wc_partition_symbols(&b->partition, sbn), esi))
            return WC_NOT_NEEDED;
        if (b->free_count == 0)
            return WC_NO_SLOT;
        *ret_slot = b->free_slots[b->free_count - 1];
        *ret_row = esi < wc_partition_symbols(&b->partition, sbn) ? esi : 0;
        return WC_NEEDED;
    }
    const struct wc_slot *slot = &b->slots[index];
    if (slot->decoding || (slot->esi_seen[esi / 64] >> (esi % 64) & 1))
        return WC_NOT_NEEDED;
    *ret_slot = index;
    *ret_row = row_for(slot, esi);
    return WC_NEEDED;
}

static struct wc_slot *open_slot(struct wc_blocks *b, uint32_t sbn)
{
    assert(b->free_count > 0);
    uint32_t index = b->free_slots[--b->free_count];
    b->slot_of[sbn] = index;
    b->slots[index] = (struct wc_slot){.sbn = sbn, .k = wc_partition_symbols(&b->partition, sbn)};
    wc_bitmap_clear(b->absent, sbn);
    wc_bitmap_clear(b->passed, sbn);
    wc_bitmap_set(b->held, sbn);
    return &b->slots[index];
}

bool wc_blocks_take(struct wc_blocks *b, uint32_t sbn, uint8_t esi)
{
    uint32_t index = b->slot_of[sbn];
    struct wc_slot *slot = index == WC_SLOT_NONE ? open_slot(b, sbn) : &b->slots[index];
    assert(!slot->decoding);
    uint32_t row = row_for(slot, esi);
    slot->row_used[row / 64] |= 1ull << (row % 64);
    slot->esi_seen[esi / 64] |= 1ull << (esi % 64);
    slot->esi[row] = esi;
    slot->got_count++;
    if (slot->got_count < slot->k)
        return false;
    slot->decoding = true;
    wc_bitmap_clear(b->held, sbn);
    return true;
}

void wc_blocks_pass(struct wc_blocks *b, uint32_t sbn)
{
    assert(wc_bitmap_get(b->shut, sbn));
    wc_bitmap_set(b->passed, sbn);
}

bool wc_blocks_open(struct wc_blocks *b, uint32_t sbn, uint32_t block_count, bool hides)
{
    uint32_t end = sbn + block_count;
    bool has_passed = false;
    assert(end <= b->partition.block_count);
    for (sbn = wc_bitmap_find_set(b->shut, end, sbn); sbn < end;
         sbn = wc_bitmap_find_set(b->shut, end, sbn + 1)) {
        wc_bitmap_clear(b->shut, sbn);
        if (hides && wc_bitmap_get(b->passed, sbn)) {
            has_passed = true;
            continue;
        }
        wc_bitmap_clear(b->passed, sbn);
        wc_bitmap_set(b->absent, sbn);
    }
    return has_passed;
}

void wc_blocks_unhide_passed(struct wc_blocks *b)
{
    for (size_t i = 0; i < wc_bitmap_words(b->partition.block_count); i++) {
        uint64_t open = b->passed[i] & ~b->shut[i];
        b->absent[i] |= open;
        b->passed[i] &= ~open;
    }
}

void wc_blocks_hide(struct wc_blocks *b, uint32_t sbn)
{
    wc_bitmap_clear(b->absent, sbn);
    wc_bitmap_clear(b->held, sbn);
}

uint32_t wc_blocks_erasures(const struct wc_blocks *b, uint32_t sbn)
{
    const struct wc_slot *slot = &b->slots[b->slot_of[sbn]];
    uint32_t count = 0;
    for (uint32_t row = 0; row < slot->k; row++)
        count += slot->esi[row] >= slot->k;
    return count;
}

enum wc_err wc_blocks_stored(struct wc_blocks *b, uint32_t sbn, bool ok)
{
    uint32_t index = b->slot_of[sbn];
    if (index == WC_SLOT_NONE || !b->slots[index].decoding)
        return WC_E_STATE;
    b->slot_of[sbn] = WC_SLOT_NONE;
    b->free_slots[b->free_count++] = index;
    if (ok) {
        wc_bitmap_set(b->done, sbn);
        b->done_count++;
    } else {
        wc_bitmap_set(b->absent, sbn);
    }
    return WC_OK;
}
