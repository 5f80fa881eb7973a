/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spans of consecutive blocks that wait to be complete: which of them are, once one more block is
 * in. Spans may overlap as they like, and blocks come in any order: a block costs O(log) of their
 * number, and as much again for each span that it completes. */
#ifndef WC_CORE_SPANS_H
#define WC_CORE_SPANS_H

#include "common/core/err.h"
#include "common/core/types.h"

#define WC_SPANS_MAX (1u << 23)

struct wc_span {
    uint32_t first, last; /* blocks */
    uint32_t tag;         /* the caller's */
};

struct wc_spans;

/* Watch `count` spans, which are copied; first <= last (asserted). Memory: 12..16 bytes for each,
 * and 8 for each block between the lowest and the highest. WC_E_NOMEM; WC_E_TOO_LARGE: more than
 * WC_SPANS_MAX. `alloc` is borrowed until free. */
WC_MUST_USE enum wc_err wc_spans_new(struct wc_spans **ret, const struct wc_span *spans,
                                     uint32_t count, const struct wc_alloc *alloc);
void wc_spans_free(struct wc_spans *s);

/* Block `sbn` is in. Once more, or one of no span: nothing happens. The spans that it completes are
 * told by wc_spans_next, which has to be called until it returns false (asserted). */
void wc_spans_mark(struct wc_spans *s, uint32_t sbn);
WC_MUST_USE bool wc_spans_next(struct wc_spans *s, uint32_t *ret_tag);

#endif
