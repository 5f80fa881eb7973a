/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Head and tail on cache lines of their own. The consumer raises `sleeping` before it polls and
 * looks once more; the producer looks at it after publishing: with sequential consistency one of
 * the two sees the other. */
#include "common/io/spsc.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define CACHE_LINE 64

struct wc_spsc {
    uint32_t mask;
    size_t item_bytes;
    int fd;
    uint8_t *items;
    _Alignas(CACHE_LINE) atomic_uint head; /* next to take; the consumer's */
    _Alignas(CACHE_LINE) atomic_uint tail; /* next to fill; the producer's */
    _Alignas(CACHE_LINE) atomic_bool sleeping;
};

enum wc_err wc_spsc_new(struct wc_spsc **ret, uint32_t capacity, size_t item_bytes)
{
    assert(capacity && (capacity & (capacity - 1)) == 0);
    struct wc_spsc *q = aligned_alloc(CACHE_LINE, sizeof *q);
    if (!q)
        return WC_E_NOMEM;
    memset(q, 0, sizeof *q);
    q->mask = capacity - 1;
    q->item_bytes = item_bytes;
    q->items = calloc(capacity, item_bytes);
    q->fd = q->items ? eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) : -1;
    if (q->fd < 0) {
        enum wc_err err = q->items ? WC_E_SYS : WC_E_NOMEM;
        free(q->items);
        free(q);
        return err;
    }
    *ret = q;
    return WC_OK;
}

void wc_spsc_free(struct wc_spsc *q)
{
    if (!q)
        return;
    close(q->fd);
    free(q->items);
    free(q);
}

bool wc_spsc_push(struct wc_spsc *q, const void *item)
{
    uint32_t tail = atomic_load_explicit(&q->tail, memory_order_relaxed);
    uint32_t head = atomic_load_explicit(&q->head, memory_order_acquire);
    if (tail - head > q->mask)
        return false;
    memcpy(q->items + (tail & q->mask) * q->item_bytes, item, q->item_bytes);
    atomic_store(&q->tail, tail + 1);
    if (atomic_exchange(&q->sleeping, false)) {
        ssize_t written = write(q->fd, &(uint64_t){1}, sizeof(uint64_t));
        (void)written; /* only a counter at its maximum refuses, and that wakes as well */
    }
    return true;
}

bool wc_spsc_pop(struct wc_spsc *q, void *ret_item)
{
    uint32_t head = atomic_load_explicit(&q->head, memory_order_relaxed);
    uint32_t tail = atomic_load_explicit(&q->tail, memory_order_acquire);
    if (head == tail)
        return false;
    memcpy(ret_item, q->items + (head & q->mask) * q->item_bytes, q->item_bytes);
    atomic_store_explicit(&q->head, head + 1, memory_order_release);
    return true;
}

int wc_spsc_fd(const struct wc_spsc *q)
{
    return q->fd;
}

bool wc_spsc_sleep(struct wc_spsc *q)
{
    atomic_store(&q->sleeping, true);
    return atomic_load(&q->tail) == atomic_load_explicit(&q->head, memory_order_relaxed);
}

void wc_spsc_awake(struct wc_spsc *q)
{
    atomic_store(&q->sleeping, false);
    uint64_t count;
    ssize_t got = read(q->fd, &count, sizeof count);
    (void)got; /* EAGAIN: nobody had woken us */
}
