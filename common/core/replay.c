/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window is a ring of bits: packet number `pn` has bit pn % WC_REPLAY_WINDOW. The ring holds
 * the window's packet numbers below `next`; moving forward clears the bits that take a new
 * meaning. */
#include "common/core/replay.h"

#include <assert.h>
#include <string.h>

#include "common/core/bitmap.h"

_Static_assert(WC_REPLAY_WINDOW % 64 == 0, "the ring is made of whole words");

static uint32_t ring_bit(uint64_t pn)
{
    return (uint32_t)(pn % WC_REPLAY_WINDOW);
}

/* Forget what the bits of the packet numbers next .. pn meant before. */
static void advance(struct wc_replay *r, uint64_t pn)
{
    if (pn - r->next >= WC_REPLAY_WINDOW) {
        memset(r->seen, 0, sizeof(r->seen));
    } else {
        for (uint64_t n = r->next; n <= pn; n++)
            wc_bitmap_clear(r->seen, ring_bit(n));
    }
    r->next = pn + 1;
}

bool wc_replay_fresh(const struct wc_replay *r, uint64_t pn)
{
    if (pn > WC_PN_MAX)
        return false;
    if (pn >= r->next)
        return true;
    if (r->next - pn > WC_REPLAY_WINDOW)
        return false;
    return !wc_bitmap_get(r->seen, ring_bit(pn));
}

void wc_replay_accept(struct wc_replay *r, uint64_t pn)
{
    assert(wc_replay_fresh(r, pn));
    if (pn >= r->next)
        advance(r, pn);
    wc_bitmap_set(r->seen, ring_bit(pn));
}
