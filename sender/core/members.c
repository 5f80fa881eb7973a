/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/core/members.h"

#include <assert.h>

enum wc_err wc_members_init(struct wc_members *m, uint32_t max, const struct wc_alloc *alloc)
{
    *m = (struct wc_members){.max = max};
    m->list = alloc->zalloc(alloc->ctx, max, sizeof *m->list);
    return m->list ? WC_OK : WC_E_NOMEM;
}

void wc_members_deinit(struct wc_members *m, const struct wc_alloc *alloc)
{
    alloc->free(alloc->ctx, m->list);
    m->list = NULL;
}

bool wc_member_is_at_work(enum wc_member_state state)
{
    return state == WC_MEMBER_JOINED || state == WC_MEMBER_READY || state == WC_MEMBER_UNICAST;
}

bool wc_member_may_move(enum wc_member_state from, enum wc_member_state to)
{
    switch (to) {
    case WC_MEMBER_NONE:
        return false;
    case WC_MEMBER_JOINED:
        return !wc_member_is_at_work(from);
    case WC_MEMBER_READY:
        return from == WC_MEMBER_JOINED;
    case WC_MEMBER_UNICAST:
        return from == WC_MEMBER_JOINED || from == WC_MEMBER_READY;
    case WC_MEMBER_DONE:
    case WC_MEMBER_FAILED:
    case WC_MEMBER_LOST:
    case WC_MEMBER_SILENT:
    case WC_MEMBER_SLOW:
        return wc_member_is_at_work(from);
    }
    return false;
}

static uint32_t *counter(struct wc_members *m, enum wc_member_state state)
{
    switch (state) {
    case WC_MEMBER_NONE:
        return NULL;
    case WC_MEMBER_JOINED:
        return &m->joined;
    case WC_MEMBER_READY:
        return &m->ready;
    case WC_MEMBER_UNICAST:
        return &m->unicast;
    case WC_MEMBER_DONE:
        return &m->done;
    case WC_MEMBER_FAILED:
    case WC_MEMBER_LOST:
    case WC_MEMBER_SILENT:
    case WC_MEMBER_SLOW:
        return &m->failed;
    }
    return NULL;
}

void wc_members_move(struct wc_members *m, uint32_t member, enum wc_member_state to)
{
    assert(member < m->max);
    struct wc_member *who = &m->list[member];
    assert(wc_member_may_move(who->state, to));
    uint32_t *left = counter(m, who->state);
    if (left)
        --*left;
    who->state = to;
    ++*counter(m, to);
}
