/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks that came whole, authentic, and wrong. One that is void again and again is set apart: what
 * comes for it from the group no longer counts, since any member of the group could forge it, and
 * it is asked for by unicast, which only the sender can answer. Wrong even then, or where unicast
 * is not allowed too often, it is lost. */
#ifndef WC_RECEIVER_CORE_VOIDS_H
#define WC_RECEIVER_CORE_VOIDS_H

#include "common/core/types.h"

/* Blocks that are kept in mind at a time; of others each void result counts as the first one. */
#define WC_VOIDS_MAX 64u

struct wc_void_block {
    uint32_t sbn;
    uint32_t count; /* void results */
    bool is_apart;
    bool is_lost;
};

struct wc_voids {
    struct wc_void_block list[WC_VOIDS_MAX];
    uint32_t count;
    uint32_t apart_count;
    uint64_t mended_count; /* blocks that were void, and then right */
};

enum wc_void_fate {
    WC_VOID_AGAIN, /* it may come as before */
    WC_VOID_APART, /* by unicast only, from now on */
    WC_VOID_LOST,  /* never right: said of a block once */
};

/* A block was void: what becomes of it. `max`: results before something else is tried, 0: never;
 * `may_fetch`: by unicast; else twice as many as `max` are borne when `is_group_only`. */
enum wc_void_fate wc_voids_add(struct wc_voids *v, uint32_t sbn, uint32_t max, bool may_fetch,
                               bool is_group_only);

/* A block was right. */
void wc_voids_mend(struct wc_voids *v, uint32_t sbn);

/* Set apart, or lost: what the group sends of it does not count. */
bool wc_voids_is_apart(const struct wc_voids *v, uint32_t sbn);
/* Set apart and not lost: it is to be asked for by unicast. */
bool wc_voids_is_wanted(const struct wc_voids *v, uint32_t sbn);

#endif
