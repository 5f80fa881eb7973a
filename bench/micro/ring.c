/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ring between two threads: items a second, one thread pushing and one popping as fast as they
 * can, and both in one thread for what the calls themselves cost. */
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "bench/micro/micro.h"
#include "common/io/spsc.h"

#define CAPACITY   1024u
#define ITEM_BYTES 64u

struct bench {
    struct wc_spsc *ring;
    uint64_t count;
};

static void same_thread_work(void *ctx, uint64_t count)
{
    struct bench *b = ctx;
    uint8_t item[ITEM_BYTES] = {0};
    for (uint64_t i = 0; i < count; i++) {
        bool pushed = wc_spsc_push(b->ring, item);
        bool popped = wc_spsc_pop(b->ring, item);
        assert(pushed && popped);
    }
}

static void *produce(void *ctx)
{
    struct bench *b = ctx;
    uint8_t item[ITEM_BYTES] = {0};
    for (uint64_t i = 0; i < b->count; i++) {
        while (!wc_spsc_push(b->ring, item))
            sched_yield();
    }
    return NULL;
}

static void two_threads_work(void *ctx, uint64_t count)
{
    struct bench *b = ctx;
    uint8_t item[ITEM_BYTES];
    pthread_t producer;
    b->count = count;
    int error = pthread_create(&producer, NULL, produce, b);
    assert(error == 0);
    for (uint64_t i = 0; i < count;) {
        if (wc_spsc_pop(b->ring, item))
            i++;
        else
            sched_yield();
    }
    pthread_join(producer, NULL);
}

void wc_bench_ring(void)
{
    struct bench b = {0};
    enum wc_err err = wc_spsc_new(&b.ring, CAPACITY, ITEM_BYTES);
    assert(err == WC_OK);
    wc_bench_print("ring", "64 B, one thread", 1e-6 / wc_bench_seconds(same_thread_work, &b),
                   "M items/s");
    wc_bench_print("ring", "64 B, two threads", 1e-6 / wc_bench_seconds(two_threads_work, &b),
                   "M items/s");
    wc_spsc_free(b.ring);
}
