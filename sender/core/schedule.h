/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which symbol goes next. Two queues: blocks that lack a few symbols at some receiver get fresh
 * repair symbols first (they hold memory there), then a cursor goes round over the blocks that
 * some receiver lacks as a whole and sends their source symbols. Blocks that go first have a cursor
 * of their own, which is served before the other; but when they are repeated, every other block is
 * one of the others, so that no receiver can hold up all.
 *
 * The rule that nothing is sent twice while it is on its way: a report says up to which packet
 * number its receiver has looked. A block's target becomes what was sent of it up to then plus
 * what is missing; fresh symbols go out until `sent` reaches the target. Two marks per block
 * (base: when its last burst began; last: its newest symbol) tell what was sent up to a packet
 * number. A report older than the base is not believed for this block; its receiver's next one
 * will be. */
#ifndef WC_SENDER_CORE_SCHEDULE_H
#define WC_SENDER_CORE_SCHEDULE_H

#include "common/core/err.h"
#include "common/core/partition.h"
#include "common/core/types.h"
#include "sender/core/parity.h"

struct wc_schedule_block {
    uint64_t base_pn; /* newest symbol before the last burst; 0: none */
    uint64_t last_pn; /* newest symbol; 0: none */
    uint32_t base_sent;
    uint32_t sent;        /* symbols of this block so far, of any kind */
    uint32_t target;      /* repair until sent reaches it */
    uint32_t repair_next; /* in the repair queue; WC_SCHEDULE_NONE: last, or not queued */
    uint8_t parity;       /* next repair symbol: the parities, then the source symbols */
    bool repair_queued;
    uint8_t parity_mark; /* of the epoch in which it was sent whole; see parity.h */
    bool parity_judged;  /* a repair since then was counted */
    bool goes_first;     /* before others, whenever it is sent whole */
};

/* Blocks that wait to be sent whole, and where the round over them goes on. */
struct wc_schedule_round {
    uint64_t *blocks; /* bitmap */
    uint32_t count;
    uint32_t cursor;
};

#define WC_SCHEDULE_NONE         UINT32_MAX
#define WC_SCHEDULE_PARITY_COUNT (WC_ENCODING_SYMBOLS_MAX - WC_SOURCE_SYMBOLS_MAX)

struct wc_schedule {
    struct wc_partition partition;
    struct wc_schedule_block *blocks;
    struct wc_schedule_round whole; /* all of them */
    struct wc_schedule_round first; /* those of them that go first */
    bool first_repeated;            /* the last one sent whole was a repeat of such a block */
    uint32_t active;                /* block being sent whole; WC_SCHEDULE_NONE: none */
    uint32_t active_esi;            /* its next source symbol */
    struct wc_parity parity;
    uint32_t repair_head;
    uint32_t repair_tail;
    uint32_t block_sent_count; /* blocks sent whole at least once */
    uint64_t source_count;
    uint64_t repair_count;
};

struct wc_symbol_ref {
    uint32_t sbn;
    uint8_t esi;
};

WC_MUST_USE enum wc_err wc_schedule_init(struct wc_schedule *s,
                                         const struct wc_partition *partition,
                                         const struct wc_alloc *alloc);
void wc_schedule_deinit(struct wc_schedule *s, const struct wc_alloc *alloc);

/* block_count blocks from sbn (asserted: in range) go before others. Before the first symbol. */
void wc_schedule_put_first(struct wc_schedule *s, uint32_t sbn, uint32_t block_count);

/* A receiver that has looked at all packets up to `pn` lacks `missing` symbols (1..) of block `sbn`
 * (asserted: in range). pn counts from 1 here: packet numbers + 1. */
void wc_schedule_want(struct wc_schedule *s, uint32_t sbn, uint32_t missing, uint64_t pn);

/* The same for block_count blocks from sbn, in time that does not grow with those that wait
 * already. */
void wc_schedule_want_run(struct wc_schedule *s, uint32_t sbn, uint32_t block_count,
                          uint32_t missing, uint64_t pn);

/* Take the next symbol, to be sent with packet number + 1 = `pn`; false: nothing is wanted. */
bool wc_schedule_next(struct wc_schedule *s, uint64_t pn, struct wc_symbol_ref *ret);

/* Nobody may want what a receiver that was set aside had asked for: forget the blocks that wait
 * to be sent whole once more. Whoever still lacks one says so in the next report. */
void wc_schedule_forget_repeats(struct wc_schedule *s);

bool wc_schedule_is_idle(const struct wc_schedule *s);

#endif
