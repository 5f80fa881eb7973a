/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/core/report.h"

#include "common/core/bitmap.h"

static void add(struct wc_report *ret, uint32_t sbn, uint32_t block_count, uint32_t missing)
{
    if (ret->run_count > 0) {
        struct wc_run *last = &ret->runs[ret->run_count - 1];
        if (last->missing == missing && last->sbn + last->block_count == sbn) {
            last->block_count += block_count;
            return;
        }
    }
    if (ret->run_count == WC_REPORT_RUNS_MAX)
        return;
    ret->runs[ret->run_count++] =
        (struct wc_run){.sbn = sbn, .block_count = block_count, .missing = (uint8_t)missing};
}

static void add_absent(const struct wc_blocks *b, uint32_t from, uint32_t end,
                       struct wc_report *ret)
{
    uint32_t large_end = b->partition.large_count;
    if (from < large_end) {
        uint32_t cut = end < large_end ? end : large_end;
        add(ret, from, cut - from, b->partition.large_symbols);
        from = cut;
    }
    if (from < end)
        add(ret, from, end - from, b->partition.small_symbols);
}

/* At least so many runs are for absent blocks. */
#define ABSENT_RUNS_MIN 64u

/* Runs are in ascending order. When they are more than a report holds, blocks in memory come
 * before absent ones: they hold slots until they are mended, and without a free slot nothing absent
 * can come. */
void wc_report_runs(const struct wc_blocks *b, struct wc_report *ret)
{
    uint32_t count = b->partition.block_count;
    uint32_t held_count = wc_bitmap_count(b->held, count);
    uint32_t absent_left = held_count < WC_REPORT_RUNS_MAX - ABSENT_RUNS_MIN
                               ? WC_REPORT_RUNS_MAX - held_count
                               : ABSENT_RUNS_MIN;
    uint32_t absent = wc_bitmap_find_set(b->absent, count, 0);
    uint32_t held = wc_bitmap_find_set(b->held, count, 0);
    ret->run_count = 0;
    while ((absent < count || held < count) && ret->run_count < WC_REPORT_RUNS_MAX) {
        if (held < absent) {
            const struct wc_slot *slot = &b->slots[b->slot_of[held]];
            add(ret, held, 1, slot->k - slot->got_count);
            held = wc_bitmap_find_set(b->held, count, held + 1);
        } else {
            uint32_t end = wc_bitmap_find_clear(b->absent, count, absent);
            add_absent(b, absent, end, ret);
            absent = --absent_left ? wc_bitmap_find_set(b->absent, count, end) : count;
        }
    }
}
