/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What takes a receiver's blocks away again, in order, one after the other: only so many may wait
 * for it, and those beyond may not come yet. */
#ifndef WC_SIM_CONSUMER_H
#define WC_SIM_CONSUMER_H

#include "tests/sim/config.h"

struct wc_consumer {
    uint32_t window; /* 0: there is none, all blocks may come */
    wc_ns block_ns;
    uint32_t block_count;
    uint32_t next; /* blocks below it are taken */
    bool is_busy;  /* with block `next` */
};

/* From the first block, as a new process begins. */
void wc_consumer_init(struct wc_consumer *c, const struct wc_node_config *config,
                      uint32_t block_count);

/* Blocks below this may come. */
uint32_t wc_consumer_end(const struct wc_consumer *c);

/* `stored` has changed: true, if it takes a block now, which it has taken after block_ns. */
bool wc_consumer_start(struct wc_consumer *c, const uint64_t *stored);

/* It has taken its block: true, if another one may come for it, whose number is the end before. */
bool wc_consumer_finish(struct wc_consumer *c);

#endif
