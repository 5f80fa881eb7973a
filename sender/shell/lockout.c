/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A right password does not clear the wrong ones before it: who has one account could guess at
 * another's for ever. */
#include "sender/shell/lockout.h"

#include <stdlib.h>
#include <string.h>

struct place {
    struct wc_addr addr; /* family 0: free */
    uint32_t scope;
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

/* What is counted for an address: itself, and its network if that is counted, too. */
enum { HOST, NETWORK, SCOPES };

static const uint32_t free_counts[SCOPES] = {
    [HOST] = WC_LOCKOUT_FREE, [NETWORK] = WC_LOCKOUT_FREE_NETWORK};

static uint32_t scope_count(const struct wc_addr *addr)
{
    return addr->family == 6 ? SCOPES : 1;
}

static struct wc_addr source_of(const struct wc_addr *addr, uint32_t scope)
{
    struct wc_addr source = {.family = addr->family ? addr->family : 4};
    memcpy(source.bytes, addr->bytes, source.family == 4 ? 4 : scope == HOST ? 16 : 8);
    return source;
}

static struct place *find(struct wc_lockout *l, const struct wc_addr *addr, uint32_t scope,
                          wc_ns now)
{
    struct wc_addr source = source_of(addr, scope);
    for (uint32_t i = 0; i < WC_LOCKOUT_PLACES; i++) {
        struct place *p = &l->places[i];
        if (p->addr.family != source.family || p->scope != scope ||
            memcmp(p->addr.bytes, source.bytes, sizeof(source.bytes)) != 0)
            continue;
        if (now - p->failed >= WC_LOCKOUT_FORGET)
            p->failure_count = 0;
        return p;
    }
    return NULL;
}

static struct place *take(struct wc_lockout *l, const struct wc_addr *addr, uint32_t scope,
                          wc_ns now)
{
    struct place *oldest = &l->places[0];
    struct place *found = find(l, addr, scope, now);
    if (!found) {
        for (uint32_t i = 1; i < WC_LOCKOUT_PLACES && oldest->addr.family; i++)
            if (!l->places[i].addr.family || l->places[i].used < oldest->used)
                oldest = &l->places[i];
        *oldest = (struct place){.addr = source_of(addr, scope), .scope = scope, .failed = now};
        found = oldest;
    }
    found->used = now;
    return found;
}

static wc_ns wait_of(uint32_t failure_count, uint32_t free_count)
{
    uint64_t seconds = 1;
    for (uint32_t i = free_count; i < failure_count && seconds < WC_LOCKOUT_WAIT_MAX_S; i++)
        seconds *= 2;
    return failure_count < free_count ? 0 : WC_S(seconds);
}

struct wc_lockout_wait wc_lockout_wait(struct wc_lockout *l, const struct wc_addr *addr, wc_ns now)
{
    struct wc_lockout_wait wait = {.seconds = 0};
    for (uint32_t scope = 0; scope < scope_count(addr) && !wait.seconds; scope++) {
        const struct place *p = find(l, addr, scope, now);
        wc_ns until = p ? p->failed + wait_of(p->failure_count, free_counts[scope]) : 0;
        if (scope == HOST)
            wait.failure_count = p ? p->failure_count : 0;
        if (!p || !p->failure_count || until <= now)
            continue;
        wait =
            (struct wc_lockout_wait){.seconds = (uint32_t)((until - now + WC_S(1) - 1) / WC_S(1)),
                                     .failure_count = p->failure_count,
                                     .by_network = scope == NETWORK};
    }
    return wait;
}

bool wc_lockout_is_full(struct wc_lockout *l, const struct wc_addr *addr, wc_ns now)
{
    for (uint32_t scope = 0; scope < scope_count(addr); scope++) {
        const struct place *p = find(l, addr, scope, now);
        uint32_t failure_count = p ? p->failure_count : 0;
        uint32_t pending_count = p ? p->pending_count : 0;
        /* After a wait one try is free, not five at once. */
        uint32_t free_count =
            failure_count < free_counts[scope] ? free_counts[scope] - failure_count : 1;
        if (pending_count >= free_count)
            return true;
    }
    return false;
}

void wc_lockout_begin(struct wc_lockout *l, const struct wc_addr *addr, wc_ns now)
{
    for (uint32_t scope = 0; scope < scope_count(addr); scope++)
        take(l, addr, scope, now)->pending_count++;
}

void wc_lockout_end(struct wc_lockout *l, const struct wc_addr *addr, bool is_wrong, wc_ns now)
{
    for (uint32_t scope = 0; scope < scope_count(addr); scope++) {
        struct place *p = take(l, addr, scope, now);
        if (p->pending_count)
            p->pending_count--; /* else its place was given away meanwhile */
        if (!is_wrong)
            continue;
        if (p->failure_count < UINT32_MAX)
            p->failure_count++;
        p->failed = now;
    }
}
