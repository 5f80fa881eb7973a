/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/refusals.h"

#include <stdio.h>

#include "common/core/limits.h"

#define MINUTE_MS 60000u

void wc_refusals_tell(struct wc_refusals *r, uint64_t now_ms, const char *sentence)
{
    if (r->told_count && now_ms - r->told_ms >= MINUTE_MS)
        r->told_count = 0;
    if (r->told_count < WC_REFUSALS_PER_MINUTE) {
        if (r->told_count++ == 0)
            r->told_ms = now_ms;
        r->tell(r->ctx, sentence);
        return;
    }
    if (r->left_out_count == 0)
        r->left_out_ms = now_ms;
    if (r->left_out_count < UINT32_MAX)
        r->left_out_count++;
}

void wc_refusals_sum(struct wc_refusals *r, uint64_t now_ms, bool at_once)
{
    char text[WC_SENTENCE_BYTES_MAX + 1];
    if (!r->left_out_count || (!at_once && now_ms - r->left_out_ms < MINUTE_MS))
        return;
    snprintf(text, sizeof text,
             "%u more receivers were refused, or refused this sender, and no warning was said",
             r->left_out_count);
    r->left_out_count = 0;
    r->tell(r->ctx, text);
}
