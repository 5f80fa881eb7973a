/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/spsc.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "tests/unit/common/core/support.h"

/* A bound on waiting for a wake-up, never a wait: a lost one shows as a test that fails. */
#define WAKE_MS_MAX 20000

struct item {
    uint64_t number;
    uint32_t check[5]; /* an item of odd size, torn copies show */
};

static struct item make(uint64_t number)
{
    struct item item = {.number = number};
    for (uint32_t i = 0; i < 5; i++)
        item.check[i] = (uint32_t)(number * (i + 3));
    return item;
}

static void assert_item(const struct item *item, uint64_t number)
{
    struct item expected = make(number);
    assert_true(item->number == number);
    assert_memory_equal(item->check, expected.check, sizeof(expected.check));
}

static struct wc_spsc *new_ring(uint32_t capacity)
{
    struct wc_spsc *q = NULL;
    assert_int_equal(wc_spsc_new(&q, capacity, sizeof(struct item)), WC_OK);
    return q;
}

static bool is_readable(const struct wc_spsc *q)
{
    struct pollfd pfd = {.fd = wc_spsc_fd(q), .events = POLLIN};
    return poll(&pfd, 1, 0) == 1;
}

static void items_come_in_order(void **state)
{
    (void)state;
    struct wc_spsc *q = new_ring(8);
    struct item item;
    uint64_t pushed = 0, popped = 0;
    assert_false(wc_spsc_pop(q, &item));
    for (int round = 0; round < 1000; round++) {
        for (int n = round % 9; n > 0; n--) {
            item = make(pushed);
            pushed += wc_spsc_push(q, &item);
        }
        for (int n = round % 7; n > 0 && wc_spsc_pop(q, &item); n--)
            assert_item(&item, popped++);
    }
    while (wc_spsc_pop(q, &item))
        assert_item(&item, popped++);
    assert_true(popped == pushed);
    wc_spsc_free(q);
}

static void a_full_ring_refuses(void **state)
{
    (void)state;
    static const uint32_t capacities[] = {1, 2, 64};
    for (size_t i = 0; i < 3; i++) {
        struct wc_spsc *q = new_ring(capacities[i]);
        struct item item;
        for (uint32_t n = 0; n < capacities[i]; n++) {
            item = make(n);
            assert_true(wc_spsc_push(q, &item));
        }
        item = make(999);
        assert_false(wc_spsc_push(q, &item));
        assert_true(wc_spsc_pop(q, &item));
        assert_item(&item, 0);
        item = make(capacities[i]);
        assert_true(wc_spsc_push(q, &item)); /* room for one again */
        assert_false(wc_spsc_push(q, &item));
        for (uint32_t n = 1; n <= capacities[i]; n++) {
            assert_true(wc_spsc_pop(q, &item));
            assert_item(&item, n);
        }
        assert_false(wc_spsc_pop(q, &item));
        wc_spsc_free(q);
    }
    wc_spsc_free(NULL);
}

/* Nobody is woken who does not sleep: a system call is spent on sleepers alone. */
static void only_a_sleeper_is_woken(void **state)
{
    (void)state;
    struct wc_spsc *q = new_ring(4);
    struct item item = make(1);
    assert_true(wc_spsc_push(q, &item));
    assert_false(is_readable(q));
    assert_false(wc_spsc_sleep(q)); /* there is something to take */
    wc_spsc_awake(q);
    assert_true(wc_spsc_pop(q, &item));
    assert_true(wc_spsc_sleep(q));
    assert_false(is_readable(q));
    assert_true(wc_spsc_push(q, &item));
    assert_true(is_readable(q));
    assert_true(wc_spsc_push(q, &item));
    wc_spsc_awake(q);
    assert_false(is_readable(q));
    assert_true(wc_spsc_push(q, &item));
    assert_false(is_readable(q));
    wc_spsc_free(q);
}

/* --- two threads --- */

struct pair {
    struct wc_spsc *there, *back;
    uint64_t count;
    /* the producer waits for each item to be taken: the ring is empty most of the time */
    bool is_yielding;
    atomic_ullong taken;
};

/* As the data threads do it. */
static void wait_for_item(struct wc_spsc *q, struct item *ret)
{
    while (!wc_spsc_pop(q, ret)) {
        if (wc_spsc_sleep(q)) {
            struct pollfd pfd = {.fd = wc_spsc_fd(q), .events = POLLIN};
            int ready = poll(&pfd, 1, WAKE_MS_MAX);
            if (ready == 0 || (ready < 0 && errno != EINTR))
                fail_msg("a wake-up was lost");
        }
        wc_spsc_awake(q);
    }
}

static void *produce(void *arg)
{
    struct pair *p = arg;
    for (uint64_t n = 0; n < p->count; n++) {
        struct item item = make(n);
        while (!wc_spsc_push(p->there, &item))
            sched_yield();
        while (p->is_yielding && atomic_load(&p->taken) <= n)
            sched_yield();
    }
    return NULL;
}

static void consume_all(uint32_t capacity, uint64_t count, bool is_yielding)
{
    struct pair p = {.there = new_ring(capacity), .count = count, .is_yielding = is_yielding};
    pthread_t producer;
    assert_int_equal(pthread_create(&producer, NULL, produce, &p), 0);
    for (uint64_t n = 0; n < count; n++) {
        struct item item;
        wait_for_item(p.there, &item);
        assert_item(&item, n);
        atomic_store(&p.taken, n + 1);
    }
    pthread_join(producer, NULL);
    struct item item;
    assert_false(wc_spsc_pop(p.there, &item));
    wc_spsc_free(p.there);
}

static void a_stream_between_threads(void **state)
{
    (void)state;
    consume_all(1024, 300000, false);
    consume_all(1, 20000, false);
}

/* Empty after each item: the consumer falls asleep again and again just as the next one comes. */
static void no_wake_up_is_lost(void **state)
{
    (void)state;
    consume_all(4, 50000, true);
}

static void *echo(void *arg)
{
    struct pair *p = arg;
    for (uint64_t n = 0; n < p->count; n++) {
        struct item item;
        wait_for_item(p->there, &item);
        while (!wc_spsc_push(p->back, &item))
            sched_yield();
    }
    return NULL;
}

/* Two rings, each thread sleeps until the other answers. */
static void question_and_answer(void **state)
{
    (void)state;
    struct pair p = {.there = new_ring(2), .back = new_ring(2), .count = 20000};
    pthread_t other;
    assert_int_equal(pthread_create(&other, NULL, echo, &p), 0);
    for (uint64_t n = 0; n < p.count; n++) {
        struct item item = make(n);
        assert_true(wc_spsc_push(p.there, &item));
        wait_for_item(p.back, &item);
        assert_item(&item, n);
    }
    pthread_join(other, NULL);
    wc_spsc_free(p.there);
    wc_spsc_free(p.back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_in_order),     cmocka_unit_test(a_full_ring_refuses),
        cmocka_unit_test(only_a_sleeper_is_woken), cmocka_unit_test(a_stream_between_threads),
        cmocka_unit_test(no_wake_up_is_lost),      cmocka_unit_test(question_and_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
