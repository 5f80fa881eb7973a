/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What blocks that came wrong have shown: how often, and whether alike. */
#ifndef WC_RECEIVER_SHELL_VOIDBOOK_H
#define WC_RECEIVER_SHELL_VOIDBOOK_H

#include "common/core/msg.h"

#define WC_VOIDBOOK_PAGES 64u

struct wc_voidbook_page {
    uint32_t sbn;
    uint32_t count;                  /* results; 0: the page is empty */
    bool is_alike;                   /* the same digest each time */
    uint8_t digest[WC_DIGEST_BYTES]; /* the last one */
};

/* Zeroed: nothing was wrong yet. */
struct wc_voidbook {
    uint32_t void_count;    /* results, in all */
    uint32_t differs_count; /* of them: hashing the same bytes again gave another digest */
    struct wc_voidbook_page pages[WC_VOIDBOOK_PAGES]; /* the oldest is forgotten first */
    uint32_t next;
};

void wc_voidbook_add(struct wc_voidbook *book, const struct wc_void *result);
/* NULL: nothing is known of this block. */
const struct wc_voidbook_page *wc_voidbook_find(const struct wc_voidbook *book, uint32_t sbn);

#endif
