/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks that are in form runs; each end of a run knows the other one. A block joins what is left
 * and right of it to one run [begin, end], and completes the spans that hold it and lie in there:
 * those that begin in [begin, sbn] and end by `end`, for the others of the run were complete
 * before. Spans are ordered by their first block, and a tree has the lowest last block of each
 * stretch of them, so that only spans that are complete are ever looked at; these leave it. */
#include "common/core/spans.h"

#include <assert.h>

#define NONE UINT32_MAX

struct wc_spans {
    const struct wc_alloc *alloc;
    uint32_t block_from, block_count;
    uint32_t *other_end; /* of each block, from block_from on: NONE: not in */
    uint32_t *order;     /* of each block: the place of the first span that begins at it or later */
    uint32_t *tags;      /* of each place */
    uint32_t *lowest;    /* the tree: leaves from leaf_count on; NONE: complete, or none */
    uint32_t leaf_count; /* a power of two */
    /* What the last block completes: spans at these places that end by it. */
    uint32_t place, place_end, end;
};

static void find_blocks(struct wc_spans *s, const struct wc_span *spans, uint32_t count)
{
    uint32_t lowest = count ? NONE : 0, highest = 0;
    for (uint32_t i = 0; i < count; i++) {
        assert(spans[i].first <= spans[i].last && spans[i].last != NONE);
        lowest = spans[i].first < lowest ? spans[i].first : lowest;
        highest = spans[i].last > highest ? spans[i].last : highest;
    }
    s->block_from = lowest;
    s->block_count = count ? highest - lowest + 1 : 0;
}

static enum wc_err reserve(struct wc_spans *s, uint32_t count)
{
    const struct wc_alloc *a = s->alloc;
    s->leaf_count = 1;
    while (s->leaf_count < count)
        s->leaf_count *= 2;
    s->other_end = a->zalloc(a->ctx, (size_t)s->block_count + 1, sizeof(uint32_t));
    s->order = a->zalloc(a->ctx, (size_t)s->block_count + 1, sizeof(uint32_t));
    s->tags = a->zalloc(a->ctx, (size_t)count + 1, sizeof(uint32_t));
    s->lowest = a->zalloc(a->ctx, 2 * (size_t)s->leaf_count, sizeof(uint32_t));
    return s->other_end && s->order && s->tags && s->lowest ? WC_OK : WC_E_NOMEM;
}

/* A counting sort: how many begin at each block, where the last of each goes, and then each. */
static void fill(struct wc_spans *s, const struct wc_span *spans, uint32_t count)
{
    for (uint32_t i = 0; i < s->block_count; i++)
        s->other_end[i] = NONE;
    for (uint32_t i = 0; i < 2 * s->leaf_count; i++)
        s->lowest[i] = NONE;
    for (uint32_t i = 0; i < count; i++)
        s->order[spans[i].first - s->block_from]++;
    uint32_t sum = 0;
    for (uint32_t i = 0; i <= s->block_count; i++) {
        sum += s->order[i];
        s->order[i] = sum;
    }
    for (uint32_t i = count; i > 0; i--) {
        const struct wc_span *span = &spans[i - 1];
        uint32_t place = --s->order[span->first - s->block_from];
        s->tags[place] = span->tag;
        s->lowest[s->leaf_count + place] = span->last - s->block_from;
    }
    for (uint32_t i = s->leaf_count - 1; i > 0; i--) {
        uint32_t left = s->lowest[2 * i], right = s->lowest[2 * i + 1];
        s->lowest[i] = left < right ? left : right;
    }
}

enum wc_err wc_spans_new(struct wc_spans **ret, const struct wc_span *spans, uint32_t count,
                         const struct wc_alloc *alloc)
{
    if (count > WC_SPANS_MAX)
        return WC_E_TOO_LARGE;
    struct wc_spans *s = alloc->zalloc(alloc->ctx, 1, sizeof *s);
    if (!s)
        return WC_E_NOMEM;
    s->alloc = alloc;
    find_blocks(s, spans, count);
    enum wc_err err = reserve(s, count);
    if (err) {
        wc_spans_free(s);
        return err;
    }
    fill(s, spans, count);
    *ret = s;
    return WC_OK;
}

void wc_spans_free(struct wc_spans *s)
{
    if (!s)
        return;
    const struct wc_alloc *alloc = s->alloc;
    void *const pieces[] = {s->other_end, s->order, s->tags, s->lowest, s};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        alloc->free(alloc->ctx, pieces[i]);
}

void wc_spans_mark(struct wc_spans *s, uint32_t sbn)
{
    assert(s->place == s->place_end);
    if (sbn < s->block_from || sbn - s->block_from >= s->block_count)
        return;
    uint32_t at = sbn - s->block_from, begin = at, end = at;
    if (s->other_end[at] != NONE)
        return;
    if (at > 0 && s->other_end[at - 1] != NONE)
        begin = s->other_end[at - 1];
    if (at + 1 < s->block_count && s->other_end[at + 1] != NONE)
        end = s->other_end[at + 1];
    s->other_end[at] = at; /* inside of a run: only that it is in */
    s->other_end[begin] = end;
    s->other_end[end] = begin;
    s->place = s->order[begin];
    s->place_end = s->order[at + 1];
    s->end = end;
}

/* The first place from `place` on whose span ends by `end`; NONE. */
static uint32_t find(const struct wc_spans *s, uint32_t place, uint32_t end)
{
    uint32_t node = s->leaf_count + place;
    while (s->lowest[node] > end) {
        while (node & 1) /* the right one of two: on to its parent's neighbour */
            node /= 2;
        if (!node)
            return NONE;
        node++;
    }
    while (node < s->leaf_count)
        node = s->lowest[2 * node] <= end ? 2 * node : 2 * node + 1;
    return node - s->leaf_count;
}

static void take(struct wc_spans *s, uint32_t place)
{
    uint32_t node = s->leaf_count + place;
    s->lowest[node] = NONE;
    for (node /= 2; node > 0; node /= 2) {
        uint32_t left = s->lowest[2 * node], right = s->lowest[2 * node + 1];
        s->lowest[node] = left < right ? left : right;
    }
}

bool wc_spans_next(struct wc_spans *s, uint32_t *ret_tag)
{
    if (s->place == s->place_end)
        return false;
    uint32_t place = find(s, s->place, s->end);
    if (place >= s->place_end) {
        s->place = s->place_end;
        return false;
    }
    take(s, place);
    s->place = place + 1;
    *ret_tag = s->tags[place];
    return true;
}
