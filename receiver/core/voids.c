/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/core/voids.h"

#include <stddef.h>

static const struct wc_void_block *find(const struct wc_voids *v, uint32_t sbn)
{
    for (uint32_t i = 0; i < v->count; i++)
        if (v->list[i].sbn == sbn)
            return &v->list[i];
    return NULL;
}

/* NULL: there is no room. */
static struct wc_void_block *find_or_add(struct wc_voids *v, uint32_t sbn)
{
    const struct wc_void_block *known = find(v, sbn);
    if (known)
        return &v->list[known - v->list];
    if (v->count == WC_VOIDS_MAX)
        return NULL;
    v->list[v->count] = (struct wc_void_block){.sbn = sbn};
    return &v->list[v->count++];
}

static enum wc_void_fate set_apart(struct wc_voids *v, struct wc_void_block *b, bool is_lost)
{
    v->apart_count += !b->is_apart;
    b->is_apart = true;
    b->is_lost = is_lost;
    return is_lost ? WC_VOID_LOST : WC_VOID_APART;
}

enum wc_void_fate wc_voids_add(struct wc_voids *v, uint32_t sbn, uint32_t max, bool may_fetch,
                               bool is_group_only)
{
    struct wc_void_block *b = max ? find_or_add(v, sbn) : NULL;
    if (!b)
        return WC_VOID_AGAIN;
    b->count++;
    if (b->is_apart)
        return set_apart(v, b, true);
    if (b->count < (is_group_only ? 2 * max : max))
        return WC_VOID_AGAIN;
    return set_apart(v, b, !may_fetch);
}

void wc_voids_mend(struct wc_voids *v, uint32_t sbn)
{
    const struct wc_void_block *b = find(v, sbn);
    if (!b)
        return;
    v->apart_count -= b->is_apart;
    v->mended_count++;
    v->list[b - v->list] = v->list[--v->count];
}

bool wc_voids_is_apart(const struct wc_voids *v, uint32_t sbn)
{
    const struct wc_void_block *b = v->apart_count ? find(v, sbn) : NULL;
    return b && b->is_apart;
}

bool wc_voids_is_wanted(const struct wc_voids *v, uint32_t sbn)
{
    const struct wc_void_block *b = v->apart_count ? find(v, sbn) : NULL;
    return b && b->is_apart && !b->is_lost;
}
