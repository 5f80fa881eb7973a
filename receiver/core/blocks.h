/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where each block stands: shut (it may not come yet), absent (no symbol here), held (some symbols
 * in a slot), decoding (complete, at the shell), or done. A slot has a row for each source symbol
 * of a block; a repair symbol takes any free row, since any k symbols are enough. */
#ifndef WC_RECEIVER_CORE_BLOCKS_H
#define WC_RECEIVER_CORE_BLOCKS_H

#include "common/core/err.h"
#include "common/core/partition.h"
#include "common/core/types.h"

#define WC_SLOT_NONE UINT32_MAX

struct wc_slot {
    uint32_t sbn;
    uint32_t got_count; /* symbols here, 1..k */
    uint32_t k;
    bool decoding;
    uint64_t esi_seen[4];               /* bitmap of ESIs */
    uint64_t row_used[2];               /* bitmap of rows */
    uint8_t esi[WC_SOURCE_SYMBOLS_MAX]; /* of each row */
};

struct wc_blocks {
    struct wc_partition partition;
    struct wc_slot *slots;
    uint32_t *free_slots; /* stack */
    uint32_t slot_count, free_count;
    uint32_t *slot_of; /* block -> slot or WC_SLOT_NONE */
    uint64_t *absent;  /* bitmaps of blocks */
    uint64_t *held;
    uint64_t *done;
    uint64_t *shut;
    uint64_t *passed; /* shut while symbols of it came; once open, until a symbol of it is here */
    uint32_t done_count;
};

/* have, shut: bitmaps of blocks that are done already, and that may not come yet; NULL: none.
 * WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_blocks_init(struct wc_blocks *b, const struct wc_partition *partition,
                                       uint32_t slot_count, const uint64_t *have,
                                       const uint64_t *shut, const struct wc_alloc *alloc);
void wc_blocks_deinit(struct wc_blocks *b, const struct wc_alloc *alloc);

enum wc_need {
    WC_NEEDED,     /* goes to *ret_slot, *ret_row */
    WC_NOT_NEEDED, /* symbol or block is here already */
    WC_NO_SLOT,    /* needed, but memory is full */
    WC_SHUT,       /* not yet */
};

/* What becomes of this symbol (asserted: sbn and esi exist). Changes nothing. */
enum wc_need wc_blocks_place(const struct wc_blocks *b, uint32_t sbn, uint8_t esi,
                             uint32_t *ret_slot, uint32_t *ret_row);

/* Take a symbol for which place just said WC_NEEDED. True: the block is now complete and is
 * decoding. */
bool wc_blocks_take(struct wc_blocks *b, uint32_t sbn, uint8_t esi);

/* A symbol of a shut block came. */
void wc_blocks_pass(struct wc_blocks *b, uint32_t sbn);

/* These blocks (asserted: in range) may come from now on. With `hides` one that passed meanwhile
 * does not become absent: wc_blocks_unhide_passed does that. True: there is one such. */
bool wc_blocks_open(struct wc_blocks *b, uint32_t sbn, uint32_t block_count, bool hides);
void wc_blocks_unhide_passed(struct wc_blocks *b);

/* Reports no longer name this block, though it is not done: it is sought in another way. Until it
 * is void again, or a symbol of it opens a slot. */
void wc_blocks_hide(struct wc_blocks *b, uint32_t sbn);

/* Source symbols of a decoding block that repair symbols stand in for. */
uint32_t wc_blocks_erasures(const struct wc_blocks *b, uint32_t sbn);

/* A decoding block was stored (ok), or all its symbols are void. Its slot is free. WC_E_STATE:
 * not decoding. */
WC_MUST_USE enum wc_err wc_blocks_stored(struct wc_blocks *b, uint32_t sbn, bool ok);

#endif
