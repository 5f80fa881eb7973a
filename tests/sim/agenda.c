/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/agenda.h"

#include <assert.h>
#include <stdlib.h>

static bool is_before(const struct wc_due *a, const struct wc_due *b)
{
    return a->at < b->at || (a->at == b->at && a->seq < b->seq);
}

void wc_agenda_deinit(struct wc_agenda *a)
{
    free(a->heap);
    *a = (struct wc_agenda){0};
}

static void grow(struct wc_agenda *a)
{
    a->capacity = a->capacity ? 2 * a->capacity : 1024;
    a->heap = realloc(a->heap, a->capacity * sizeof(*a->heap));
    assert(a->heap);
}

void wc_agenda_add(struct wc_agenda *a, wc_ns at, enum wc_due_kind kind, uint32_t index,
                   uint64_t arg)
{
    if (a->count == a->capacity)
        grow(a);
    struct wc_due due = {.at = at, .seq = a->seq_next++, .arg = arg, .index = index, .kind = kind};
    size_t i = a->count++;
    while (i > 0 && is_before(&due, &a->heap[(i - 1) / 2])) {
        a->heap[i] = a->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    a->heap[i] = due;
}

wc_ns wc_agenda_next(const struct wc_agenda *a)
{
    return a->count ? a->heap[0].at : WC_NEVER;
}

bool wc_agenda_take(struct wc_agenda *a, struct wc_due *ret)
{
    if (!a->count)
        return false;
    *ret = a->heap[0];
    struct wc_due last = a->heap[--a->count];
    size_t i = 0;
    for (size_t child = 1; child < a->count; child = 2 * i + 1) {
        if (child + 1 < a->count && is_before(&a->heap[child + 1], &a->heap[child]))
            child++;
        if (!is_before(&a->heap[child], &last))
            break;
        a->heap[i] = a->heap[child];
        i = child;
    }
    if (a->count)
        a->heap[i] = last;
    return true;
}
