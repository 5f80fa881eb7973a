/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bounded ring between one producing and one consuming thread; items are copied. The consumer
 * may sleep on a descriptor that becomes readable when items come. A full ring is a counted event
 * for the producer, never a wait. */
#ifndef WC_IO_SPSC_H
#define WC_IO_SPSC_H

#include "common/core/err.h"
#include "common/core/types.h"

struct wc_spsc;

/* capacity: a power of two (asserted). WC_E_NOMEM, WC_E_SYS. */
WC_MUST_USE enum wc_err wc_spsc_new(struct wc_spsc **ret, uint32_t capacity, size_t item_bytes);
void wc_spsc_free(struct wc_spsc *q);

/* Producer: add an item; false: full. Wakes a consumer that sleeps. */
WC_MUST_USE bool wc_spsc_push(struct wc_spsc *q, const void *item);

/* Consumer: take an item; false: empty. */
WC_MUST_USE bool wc_spsc_pop(struct wc_spsc *q, void *ret_item);

/* Consumer: the descriptor to poll for reading, and what to call around it:
 *     if (wc_spsc_sleep(q)) { poll(fd); } wc_spsc_awake(q);
 * wc_spsc_sleep is false when items are there already. */
int wc_spsc_fd(const struct wc_spsc *q);
bool wc_spsc_sleep(struct wc_spsc *q);
void wc_spsc_awake(struct wc_spsc *q);

#endif
