/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/voidbook.h"

#include <string.h>

const struct wc_voidbook_page *wc_voidbook_find(const struct wc_voidbook *book, uint32_t sbn)
{
    for (uint32_t i = 0; i < WC_VOIDBOOK_PAGES; i++)
        if (book->pages[i].count && book->pages[i].sbn == sbn)
            return &book->pages[i];
    return NULL;
}

void wc_voidbook_add(struct wc_voidbook *book, const struct wc_void *result)
{
    const struct wc_voidbook_page *known = wc_voidbook_find(book, result->sbn);
    size_t at = known ? (size_t)(known - book->pages) : book->next;
    struct wc_voidbook_page *page = &book->pages[at];
    if (!known) {
        *page = (struct wc_voidbook_page){.sbn = result->sbn, .is_alike = true};
        book->next = (book->next + 1) % WC_VOIDBOOK_PAGES;
    }
    if (page->count && memcmp(page->digest, result->digest, WC_DIGEST_BYTES) != 0)
        page->is_alike = false;
    memcpy(page->digest, result->digest, WC_DIGEST_BYTES);
    page->count++;
    book->void_count++;
    book->differs_count += result->differs;
}
