/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which packet numbers were already processed: a sliding window as in RFC 4303 section 3.4.3, so
 * that a datagram counts once. Also the receiver's source of its loss figure. */
#ifndef WC_CORE_REPLAY_H
#define WC_CORE_REPLAY_H

#include "common/core/limits.h"
#include "common/core/types.h"

struct wc_replay {
    uint64_t next; /* highest packet number accepted + 1; 0 = none yet */
    uint64_t seen[WC_REPLAY_WINDOW / 64];
};

/* True if `pn` was not accepted before and is inside the window. Changes nothing: call before the
 * seal is opened, and wc_replay_accept after. */
bool wc_replay_fresh(const struct wc_replay *r, uint64_t pn);

/* Record `pn`, which must be fresh (asserted). */
void wc_replay_accept(struct wc_replay *r, uint64_t pn);

#endif
