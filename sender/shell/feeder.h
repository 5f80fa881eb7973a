/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks by unicast: for receivers that multicast does not reach, or that are slower than the
 * group. Reads what they ask for in another thread, one block at a time, and hands it to their
 * control channels as these drain. */
#ifndef WC_SENDER_SHELL_FEEDER_H
#define WC_SENDER_SHELL_FEEDER_H

#include <uv.h>

#include "common/core/msg.h"
#include "sender/shell/content.h"

struct wc_feeder;

struct wc_feeder_ops {
    /* Send to this member; WC_E_FULL: not now, wc_feeder_drained comes. Others: it is gone. */
    enum wc_err (*send)(void *ctx, uint32_t member, const struct wc_msg *msg);
    /* The content can no longer be read: nobody can be served. */
    void (*failed)(void *ctx, const struct wc_why *why);
};

/* Takes over `content`, a clone of its own. WC_E_NOMEM; `content` is closed then. */
WC_MUST_USE enum wc_err wc_feeder_new(struct wc_feeder **ret, uv_loop_t *loop,
                                      struct wc_content *content,
                                      const struct wc_partition *partition, uint32_t member_max,
                                      const struct wc_feeder_ops *ops, void *ctx);

/* Blocks that a member asks for; more than WC_FETCH_BLOCKS_MAX at a time are forgotten.
 * WC_E_RANGE. */
WC_MUST_USE enum wc_err wc_feeder_want(struct wc_feeder *f, uint32_t member,
                                       const struct wc_fetch *fetch);
void wc_feeder_drained(struct wc_feeder *f, uint32_t member);
void wc_feeder_drop(struct wc_feeder *f, uint32_t member); /* it is gone */

/* Blocks sent, in all. */
uint64_t wc_feeder_block_count(const struct wc_feeder *f);

/* After the loop ran empty. NULL is fine. */
void wc_feeder_free(struct wc_feeder *f);

#endif
