/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/core/parity.h"

#define EPOCH_MIN WC_MS(50)
/* Fewer blocks say nothing about the next. */
#define BLOCK_COUNT_MIN 16u
/* At 1 % loss and five receivers this settles at 2 or 3 of 128, which wastes less than 0.5 %. */
#define MORE_PERCENT 50u
#define LESS_PERCENT 10u

void wc_parity_init(struct wc_parity *p, wc_ns now)
{
    *p = (struct wc_parity){.epoch_start = now};
}

uint8_t wc_parity_block_sent(struct wc_parity *p)
{
    p->epochs[p->epoch % WC_PARITY_EPOCHS].block_count++;
    return (uint8_t)p->epoch;
}

void wc_parity_block_repaired(struct wc_parity *p, uint8_t mark)
{
    if ((uint8_t)(p->epoch - mark) < WC_PARITY_EPOCHS - 1) /* older ones were judged */
        p->epochs[mark % WC_PARITY_EPOCHS].repaired_count++;
}

static void judge(struct wc_parity *p, const struct wc_parity_epoch *e)
{
    if (e->block_count < BLOCK_COUNT_MIN)
        return;
    uint32_t percent = (uint32_t)(100ull * e->repaired_count / e->block_count);
    if (percent > MORE_PERCENT && p->ahead < WC_PARITY_MAX)
        p->ahead++;
    else if (percent < LESS_PERCENT && p->ahead > 0)
        p->ahead--;
}

void wc_parity_step(struct wc_parity *p, wc_ns now, wc_ns report_interval)
{
    wc_ns epoch = 2 * report_interval > EPOCH_MIN ? 2 * report_interval : EPOCH_MIN;
    if (now - p->epoch_start < epoch)
        return;
    p->epoch_start = now;
    p->epoch++;
    judge(p, &p->epochs[(p->epoch + WC_PARITY_EPOCHS - 2) % WC_PARITY_EPOCHS]);
    p->epochs[p->epoch % WC_PARITY_EPOCHS] = (struct wc_parity_epoch){0};
}
