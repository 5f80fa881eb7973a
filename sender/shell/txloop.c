/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/txloop.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "common/io/alloc.h"
#include "common/io/clock.h"
#include "common/io/seal.h"
#include "common/io/spsc.h"
#include "common/io/udp_tx.h"
#include "sender/shell/payload.h"

#define COMMAND_RING   16384u
#define NOTICE_RING    4096u
#define BATCH_MAX      88u
#define STATS_INTERVAL WC_MS(100)

struct command {
    struct wc_sender_event event;
    struct wc_report *report; /* the command's own; event.report */
};

struct wc_txloop {
    struct wc_txloop_config config;
    struct wc_sender *core;
    struct wc_payload *payload;
    struct wc_seal *seal;
    struct wc_udp_tx tx;
    struct wc_spsc *commands;
    struct wc_spsc *notices;
    uint8_t *datagrams;
    uint32_t symbol_bytes, datagram_bytes;
    wc_ns stats_due;
    wc_ns ended;
    pthread_t thread;
    bool thread_runs;
    atomic_bool stop;
    _Atomic uint64_t pn;
};

/* A notice is never lost: the control thread empties the ring all the time. */
static void tell(struct wc_txloop *t, const struct wc_tx_notice *notice)
{
    while (!wc_spsc_push(t->notices, notice) && !atomic_load(&t->stop)) {
        t->config.wake(t->config.ctx);
        poll(NULL, 0, 1);
    }
    t->config.wake(t->config.ctx);
}

static void tell_stats(struct wc_txloop *t)
{
    struct wc_tx_notice notice = {.type = WC_TX_STATS};
    wc_sender_stats(t->core, &notice.stats.core);
    notice.stats.refused_count = t->tx.refused_count;
    notice.stats.offload = t->tx.offload;
    notice.stats.ended = t->ended;
    tell(t, &notice);
}

static void forward_notices(struct wc_txloop *t, wc_ns now)
{
    struct wc_tx_notice notice = {.type = WC_TX_CORE};
    while (wc_sender_notice(t->core, &notice.core)) {
        bool over =
            notice.core.type == WC_SENDER_NOTICE_PHASE && notice.core.phase == WC_PHASE_ENDED;
        if (over)
            t->ended = now;
        tell(t, &notice);
    }
}

static void take_commands(struct wc_txloop *t, wc_ns now)
{
    struct command command;
    while (wc_spsc_pop(t->commands, &command)) {
        command.event.report = command.report ? command.report : command.event.report;
        /* What does not fit the member's state is late news of a receiver that already ended. */
        (void)!wc_sender_input(t->core, now, &command.event);
        free(command.report);
        forward_notices(t, now);
    }
}

static enum wc_err fill(struct wc_txloop *t, const struct wc_header *header, uint8_t *datagram,
                        struct wc_why *why)
{
    const uint8_t *symbol;
    enum wc_err err = wc_payload_symbol(t->payload, header, &symbol, why);
    if (err)
        return err;
    wc_header_encode(header, datagram);
    return wc_seal_protect(t->seal, header->pn, datagram, symbol, t->symbol_bytes,
                           datagram + WC_HEADER_BYTES);
}

static enum wc_err send_batch(struct wc_txloop *t, const struct wc_header *headers, size_t count,
                              wc_ns now, struct wc_why *why)
{
    for (size_t i = 0; i < count; i++) {
        enum wc_err err = fill(t, &headers[i], t->datagrams + i * t->datagram_bytes, why);
        if (err)
            return err;
    }
    uint32_t refused = wc_udp_tx_send(&t->tx, t->datagrams, (uint32_t)count);
    if (refused) {
        struct wc_sender_event event = {.type = WC_SENDER_REFUSED, .count = refused};
        (void)!wc_sender_input(t->core, now, &event);
    }
    atomic_store_explicit(&t->pn, headers[count - 1].pn + 1, memory_order_relaxed);
    return WC_OK;
}

static void wait_until(struct wc_txloop *t, wc_ns deadline)
{
    if (wc_spsc_sleep(t->commands)) {
        wc_ns now = wc_clock_now();
        wc_ns left = deadline > now ? deadline - now : 0;
        struct timespec timeout = {.tv_sec = (time_t)(left / WC_S(1)),
                                   .tv_nsec = (long)(left % WC_S(1))};
        struct pollfd pfd = {.fd = wc_spsc_fd(t->commands), .events = POLLIN};
        ppoll(&pfd, 1, &timeout, NULL);
    }
    wc_spsc_awake(t->commands);
}

static bool turn(struct wc_txloop *t)
{
    struct wc_header headers[BATCH_MAX];
    wc_ns now = wc_clock_now();
    take_commands(t, now);
    size_t count = wc_sender_output(t->core, now, headers, BATCH_MAX);
    forward_notices(t, now);
    struct wc_tx_notice failed = {.type = WC_TX_FAILED};
    if (count && send_batch(t, headers, count, now, &failed.why)) {
        tell(t, &failed);
        return false;
    }
    if (now >= t->stats_due) {
        t->stats_due = now + STATS_INTERVAL;
        tell_stats(t);
    }
    if (t->ended != WC_NEVER)
        return false;
    if (count == 0) {
        wc_ns deadline = wc_sender_deadline(t->core);
        wait_until(t, deadline < t->stats_due ? deadline : t->stats_due);
    }
    return true;
}

static void *run(void *arg)
{
    struct wc_txloop *t = arg;
    prctl(PR_SET_NAME, "wimcast-tx");
    prctl(PR_SET_TIMERSLACK, 1000UL);
    while (!atomic_load(&t->stop) && turn(t))
        ;
    tell_stats(t);
    tell(t, &(struct wc_tx_notice){.type = WC_TX_ENDED});
    return NULL;
}

static enum wc_err prepare(struct wc_txloop *t, const struct wc_txloop_config *config)
{
    const struct wc_partition *p = &config->sender.partition;
    t->config = *config;
    t->symbol_bytes = p->symbol_bytes;
    t->datagram_bytes = WC_HEADER_BYTES + p->symbol_bytes + WC_TAG_BYTES;
    t->ended = WC_NEVER;
    t->datagrams = malloc((size_t)BATCH_MAX * t->datagram_bytes);
    enum wc_err err = t->datagrams ? WC_OK : WC_E_NOMEM;
    if (!err)
        err = wc_sender_new(&t->core, &config->sender, &wc_alloc_libc, wc_clock_now());
    if (!err)
        err = wc_payload_new(&t->payload, config->content, p);
    if (!err)
        err = wc_seal_new(&t->seal, config->key);
    if (!err)
        err = wc_spsc_new(&t->commands, COMMAND_RING, sizeof(struct command));
    if (!err)
        err = wc_spsc_new(&t->notices, NOTICE_RING, sizeof(struct wc_tx_notice));
    wc_udp_tx_init(&t->tx, config->fd, t->datagram_bytes, config->offload);
    return err;
}

enum wc_err wc_txloop_start(struct wc_txloop **ret, const struct wc_txloop_config *config)
{
    struct wc_txloop *t = calloc(1, sizeof *t);
    if (!t)
        return WC_E_NOMEM;
    enum wc_err err = prepare(t, config);
    if (!err && pthread_create(&t->thread, NULL, run, t) != 0)
        err = WC_E_SYS;
    t->thread_runs = !err;
    if (err) {
        wc_txloop_stop(t);
        return err;
    }
    *ret = t;
    return WC_OK;
}

void wc_txloop_stop(struct wc_txloop *t)
{
    if (!t)
        return;
    atomic_store(&t->stop, true);
    struct command command = {.event.type = WC_SENDER_STOP};
    if (t->thread_runs) {
        (void)!wc_spsc_push(t->commands, &command); /* wakes it */
        pthread_join(t->thread, NULL);
    }
    while (t->commands && wc_spsc_pop(t->commands, &command))
        free(command.report);
    wc_sender_free(t->core);
    wc_payload_free(t->payload);
    wc_seal_free(t->seal);
    wc_spsc_free(t->commands);
    wc_spsc_free(t->notices);
    free(t->datagrams);
    free(t);
}

bool wc_txloop_post(struct wc_txloop *t, const struct wc_sender_event *event)
{
    struct command command = {.event = *event};
    if (event->type == WC_SENDER_REPORT) {
        command.report = malloc(sizeof *command.report);
        if (!command.report)
            return false;
        *command.report = *event->report;
    }
    if (wc_spsc_push(t->commands, &command))
        return true;
    free(command.report);
    return false;
}

bool wc_txloop_notice(struct wc_txloop *t, struct wc_tx_notice *ret)
{
    return wc_spsc_pop(t->notices, ret);
}

uint64_t wc_txloop_pn(const struct wc_txloop *t)
{
    return atomic_load_explicit(&t->pn, memory_order_relaxed);
}
