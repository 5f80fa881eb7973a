/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The roster: who joined, who is ready, done, failed or lost, and when each was last heard. */
#ifndef WC_SENDER_CORE_MEMBERS_H
#define WC_SENDER_CORE_MEMBERS_H

#include "sender/core/sender.h"

struct wc_member {
    enum wc_member_state state;
    wc_ns heard;
    uint64_t pn; /* of the last report */
    struct wc_member_figures figures;
    struct wc_member_figures sampled; /* at the last rate sample */
    uint64_t sampled_pn;
};

struct wc_members {
    struct wc_member *list;
    uint32_t max;
    uint32_t joined, ready, unicast, done,
        failed; /* now in each kind of state; joined: not yet ready */
};

WC_MUST_USE enum wc_err wc_members_init(struct wc_members *m, uint32_t max,
                                        const struct wc_alloc *alloc);
void wc_members_deinit(struct wc_members *m, const struct wc_alloc *alloc);

/* True if `from` -> `to` is allowed: NONE or any end state -> JOINED -> READY or UNICAST, READY
 * -> UNICAST, and from all that are at work into DONE, FAILED, LOST, SILENT, SLOW. */
bool wc_member_may_move(enum wc_member_state from, enum wc_member_state to);

/* Move a member (asserted: allowed). */
void wc_members_move(struct wc_members *m, uint32_t member, enum wc_member_state to);

/* Still at work: joined, ready or by unicast. */
bool wc_member_is_at_work(enum wc_member_state state);

#endif
