/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A right password does not clear the wrong ones before it: who has one account could guess at
 * another's for ever. */
#include "sender/shell/lockout.h"

#include <stdlib.h>
#include <string.h>

struct place {
    struct wc_addr addr; /* family 0: free */
    uint32_t failure_count;
    uint32_t pending_count; /* being looked at */
    wc_ns failed;           /* the last time */
    wc_ns used;
};

struct wc_lockout {
    struct place places[WC_LOCKOUT_PLACES];
};

struct wc_lockout *wc_lockout_new(void)
{
    return calloc(1, sizeof(struct wc_lockout));
}

void wc_lockout_free(struct wc_lockout *l)
{
    free(l);
}

/* What counts as one. */
static struct wc_addr source_of(const struct wc_addr *addr)
{
    struct wc_addr source = {.family = addr->family ? addr->family : 4};
    memcpy(source.bytes, addr->bytes, source.family == 6 ? 8 : 4);
    return source;
}

static struct place *find(struct wc_lockout *l, const struct wc_addr *addr, wc_ns now)
{
    struct wc_addr source = source_of(addr);
    for (uint32_t i = 0; i < WC_LOCKOUT_PLACES; i++) {
        struct place *p = &l->places[i];
        if (p->addr.family != source.family ||
            memcmp(p->addr.bytes, source.bytes, sizeof(source.bytes)) != 0)
            continue;
        if (now - p->failed >= WC_LOCKOUT_FORGET)
            p->failure_count = 0;
        return p;
    }
    return NULL;
}

static struct place *take(struct wc_lockout *l, const struct wc_addr *addr, wc_ns now)
{
    struct place *oldest = &l->places[0];
    struct place *found = find(l, addr, now);
    if (!found) {
        for (uint32_t i = 1; i < WC_LOCKOUT_PLACES && oldest->addr.family; i++)
            if (!l->places[i].addr.family || l->places[i].used < oldest->used)
                oldest = &l->places[i];
        *oldest = (struct place){.addr = source_of(addr), .failed = now};
        found = oldest;
    }
    found->used = now;
    return found;
}

static wc_ns wait_of(uint32_t failure_count)
{
    uint64_t seconds = 1;
    for (uint32_t i = WC_LOCKOUT_FREE; i < failure_count && seconds < WC_LOCKOUT_WAIT_MAX_S; i++)
        seconds *= 2;
    return failure_count < WC_LOCKOUT_FREE ? 0 : WC_S(seconds);
}

uint32_t wc_lockout_wait_s(struct wc_lockout *l, const struct wc_addr *addr, wc_ns now,
                           uint32_t *ret_failure_count)
{
    const struct place *p = find(l, addr, now);
    *ret_failure_count = p ? p->failure_count : 0;
    if (!p)
        return 0;
    wc_ns until = p->failed + wait_of(p->failure_count);
    return p->failure_count && until > now ? (uint32_t)((until - now + WC_S(1) - 1) / WC_S(1)) : 0;
}

bool wc_lockout_is_full(struct wc_lockout *l, const struct wc_addr *addr, wc_ns now)
{
    const struct place *p = find(l, addr, now);
    if (!p)
        return false;
    /* After a wait one try is free, not five at once. */
    uint32_t free_count =
        p->failure_count < WC_LOCKOUT_FREE ? WC_LOCKOUT_FREE - p->failure_count : 1;
    return p->pending_count >= free_count;
}

void wc_lockout_begin(struct wc_lockout *l, const struct wc_addr *addr, wc_ns now)
{
    take(l, addr, now)->pending_count++;
}

void wc_lockout_end(struct wc_lockout *l, const struct wc_addr *addr, bool is_wrong, wc_ns now)
{
    struct place *p = take(l, addr, now);
    if (p->pending_count)
        p->pending_count--; /* else its place was given away meanwhile */
    if (!is_wrong)
        return;
    if (p->failure_count < UINT32_MAX)
        p->failure_count++;
    p->failed = now;
}
