/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/consumer.h"

#include "common/core/bitmap.h"

void wc_consumer_init(struct wc_consumer *c, const struct wc_node_config *config,
                      uint32_t block_count)
{
    *c = (struct wc_consumer){
        .window = config->window, .block_ns = config->consume_ns, .block_count = block_count};
}

uint32_t wc_consumer_end(const struct wc_consumer *c)
{
    uint32_t left = c->block_count - c->next;
    return c->window && c->window < left ? c->next + c->window : c->block_count;
}

bool wc_consumer_start(struct wc_consumer *c, const uint64_t *stored)
{
    if (!c->window || c->is_busy || c->next == c->block_count || !wc_bitmap_get(stored, c->next))
        return false;
    c->is_busy = true;
    return true;
}

bool wc_consumer_finish(struct wc_consumer *c)
{
    uint32_t end = wc_consumer_end(c);
    c->next++;
    c->is_busy = false;
    return wc_consumer_end(c) > end;
}
