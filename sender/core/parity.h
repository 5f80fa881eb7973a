/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many repair symbols follow a block before anybody asks. Feedback on what was enough
 * decides: when most blocks of an epoch had to be repaired still, one more; when hardly any had,
 * one less. So most of what is sent ahead would have been asked for anyhow, whatever the pattern
 * of loss; and a clean network gets none. */
#ifndef WC_SENDER_CORE_PARITY_H
#define WC_SENDER_CORE_PARITY_H

#include "common/core/types.h"

/* An epoch is judged when reports on its blocks have had their time: two epochs later. */
#define WC_PARITY_EPOCHS 4u
#define WC_PARITY_MAX    24u

struct wc_parity {
    uint32_t ahead; /* repair symbols per block */
    uint32_t epoch; /* running number */
    wc_ns epoch_start;
    struct wc_parity_epoch {
        uint32_t block_count;    /* sent whole */
        uint32_t repaired_count; /* of those, asked for more */
    } epochs[WC_PARITY_EPOCHS];
};

void wc_parity_init(struct wc_parity *p, wc_ns now);

/* A block was sent whole; returns the mark to keep with it. */
uint8_t wc_parity_block_sent(struct wc_parity *p);

/* A receiver asks for more of a block with this mark, the first time since it was sent. */
void wc_parity_block_repaired(struct wc_parity *p, uint8_t mark);

/* At the end of an epoch, at least twice the time that reports take: decide. */
void wc_parity_step(struct wc_parity *p, wc_ns now, wc_ns report_interval);

#endif
