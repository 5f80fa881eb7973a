/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/rxloop.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/io/alloc.h"
#include "common/io/clock.h"
#include "common/io/seal.h"
#include "common/io/spsc.h"
#include "common/io/udp_rx.h"

#define COMMAND_RING   256u /* a few parts of each block that may be asked for */
#define NOTICE_RING    1024u
#define STATS_INTERVAL WC_MS(100)
#define SLOTS_MIN      4u
/* What came was not much: more comes soon, and is cheaper taken together. The socket's buffer holds
 * a multiple of what a 10 Gbit/s line brings meanwhile. */
#define GATHER WC_MS(1)

enum command_type {
    COMMAND_STATUS,
    COMMAND_UNICAST,
    COMMAND_OPEN,
    COMMAND_SYMBOLS,
};

struct command {
    enum command_type type;
    struct wc_status status;
    uint32_t sbn, block_count;
    struct wc_symbols symbols; /* bytes: the command's own */
};

struct wc_rxloop {
    struct wc_rxloop_config config;
    struct wc_receiver *core;
    struct wc_seal *seal;
    struct wc_udp_rx *rx;
    struct wc_storer *storer;
    struct wc_spsc *commands; /* struct command */
    struct wc_spsc *notices;
    struct wc_rx_stats stats;
    uint8_t *rows;    /* slots, each of slot_bytes */
    uint8_t *scratch; /* for symbols that are not needed */
    size_t slot_bytes;
    uint32_t symbol_bytes, datagram_bytes;
    struct wc_report report;
    wc_ns stats_due;
    bool unicast;
    bool ended; /* finished or failed: nothing more to do */
    pthread_t thread;
    bool thread_runs;
    atomic_bool stop;
};

/* A notice is never lost: the control thread empties the ring all the time. */
static void tell(struct wc_rxloop *r, const struct wc_rx_notice *notice)
{
    while (!wc_spsc_push(r->notices, notice) && !atomic_load(&r->stop)) {
        r->config.wake(r->config.ctx);
        poll(NULL, 0, 1);
    }
    r->config.wake(r->config.ctx);
}

static void tell_stats(struct wc_rxloop *r)
{
    struct wc_rx_notice notice = {.type = WC_RX_STATS};
    wc_receiver_stats(r->core, &r->stats.core);
    notice.stats = r->stats;
    tell(r, &notice);
}

static void forward_notices(struct wc_rxloop *r)
{
    struct wc_receiver_notice from;
    while (wc_receiver_notice(r->core, &from)) {
        struct wc_rx_notice notice = {.type = WC_RX_UNREACHED};
        struct wc_storer_job job = {.type = WC_STORER_BLOCK};
        switch (from.type) {
        case WC_RECEIVER_NOTICE_DECODE:
            job.sbn = from.sbn;
            job.rows = r->rows + from.slot * r->slot_bytes;
            job.esi = from.esi;
            wc_storer_post(r->storer, &job);
            break;
        case WC_RECEIVER_NOTICE_COMPLETE:
            job.type = WC_STORER_FINISH;
            wc_storer_post(r->storer, &job);
            break;
        case WC_RECEIVER_NOTICE_REACHED:
            notice.type = WC_RX_REACHED;
            notice.pn = from.pn;
            tell(r, &notice);
            break;
        case WC_RECEIVER_NOTICE_BEHIND:
            notice.type = WC_RX_BEHIND;
            tell(r, &notice);
            break;
        case WC_RECEIVER_NOTICE_FETCH:
            notice.type = WC_RX_FETCH;
            notice.sbn = from.sbn;
            tell(r, &notice);
            break;
        case WC_RECEIVER_NOTICE_DAMAGED:
            notice.type = WC_RX_DAMAGED;
            notice.sbn = from.sbn;
            tell(r, &notice);
            break;
        case WC_RECEIVER_NOTICE_SENDER_SILENT:
            notice.type = WC_RX_SENDER_SILENT;
            tell(r, &notice);
            break;
        case WC_RECEIVER_NOTICE_UNREACHED:
            tell_stats(r);
            tell(r, &notice);
            break;
        }
    }
}

static void take_datagram(struct wc_rxloop *r, wc_ns now, const uint8_t *bytes, uint32_t count)
{
    struct wc_header header;
    if (count != r->datagram_bytes || wc_header_decode(bytes, count, &header) ||
        header.instance != r->config.receiver.instance) {
        r->stats.foreign_count++;
        return;
    }
    struct wc_place place = wc_receiver_place(r->core, &header);
    if (place.kind == WC_PLACE_DROP) {
        r->stats.replayed_count++;
        return;
    }
    uint8_t *row = place.kind == WC_PLACE_ROW
                       ? r->rows + place.slot * r->slot_bytes + (size_t)place.row * r->symbol_bytes
                       : r->scratch;
    if (wc_seal_open(r->seal, header.pn, bytes, bytes + WC_HEADER_BYTES, r->symbol_bytes, row)) {
        r->stats.unopened_count++;
        return;
    }
    if (header.type == WC_DATAGRAM_DATA && r->stats.first_data == WC_NEVER)
        r->stats.first_data = now;
    struct wc_receiver_event event = {.type = WC_RECEIVER_DATAGRAM, .header = &header};
    (void)!wc_receiver_input(r->core, now, &event);
}

static size_t take_datagrams(struct wc_rxloop *r, wc_ns now)
{
    const struct wc_udp_message *messages;
    size_t count = wc_udp_rx_receive(r->rx, &messages);
    for (size_t i = 0; i < count; i++) {
        const struct wc_udp_message *m = &messages[i];
        for (uint32_t at = 0; at < m->byte_count; at += m->datagram_bytes) {
            uint32_t left = m->byte_count - at;
            take_datagram(r, now, m->bytes + at,
                          left < m->datagram_bytes ? left : m->datagram_bytes);
        }
    }
    uint64_t overflow = wc_udp_rx_overflow_count(r->rx);
    if (overflow != r->stats.overflow_count) {
        r->stats.overflow_count = overflow;
        struct wc_receiver_event event = {.type = WC_RECEIVER_OVERFLOW, .count = overflow};
        (void)!wc_receiver_input(r->core, now, &event);
    }
    return count;
}

static void tell_void(struct wc_rxloop *r, const struct wc_storer_result *result)
{
    struct wc_rx_notice notice = {.type = WC_RX_VOID,
                                  .void_block = {.sbn = result->sbn, .differs = result->differs}};
    memcpy(notice.void_block.digest, result->digest, sizeof notice.void_block.digest);
    tell(r, &notice);
}

static void take_result(struct wc_rxloop *r, wc_ns now, const struct wc_storer_result *result)
{
    bool void_block = result->err == WC_E_DIGEST && result->type == WC_STORER_BLOCK;
    if (result->err && !void_block) {
        struct wc_rx_notice notice = {.type = WC_RX_FAILED};
        notice.failed.err = result->err;
        notice.failed.why = result->why;
        tell_stats(r);
        tell(r, &notice);
        r->ended = true;
    } else if (result->type == WC_STORER_FINISH) {
        r->stats.finished = now;
        tell_stats(r);
        tell(r, &(struct wc_rx_notice){.type = WC_RX_FINISHED});
        r->ended = true;
    } else {
        struct wc_receiver_event event = {.type = WC_RECEIVER_STORED,
                                          .stored = {.sbn = result->sbn, .ok = !void_block}};
        if (void_block)
            tell_void(r, result);
        (void)!wc_receiver_input(r->core, now, &event);
    }
}

static void take_results(struct wc_rxloop *r, wc_ns now)
{
    struct wc_storer_result result;
    while (!r->ended && wc_storer_result(r->storer, &result))
        take_result(r, now, &result);
}

static void take_symbols(struct wc_rxloop *r, wc_ns now, const struct wc_symbols *symbols)
{
    uint32_t count = symbols->byte_count / r->symbol_bytes;
    if (r->stats.first_data == WC_NEVER)
        r->stats.first_data = now;
    for (uint32_t i = 0; i < count && symbols->first + i < WC_SOURCE_SYMBOLS_MAX; i++) {
        uint8_t esi = (uint8_t)(symbols->first + i);
        struct wc_place place = wc_receiver_place_symbol(r->core, symbols->sbn, esi);
        if (place.kind == WC_PLACE_ROW)
            memcpy(r->rows + place.slot * r->slot_bytes + (size_t)place.row * r->symbol_bytes,
                   symbols->bytes + (size_t)i * r->symbol_bytes, r->symbol_bytes);
        struct wc_receiver_event event = {
            .type = WC_RECEIVER_SYMBOL,
            .symbol = {.sbn = symbols->sbn, .esi = esi, .last = symbols->last && i + 1 == count}};
        (void)!wc_receiver_input(r->core, now, &event);
        r->stats.unicast_count++;
    }
}

/* The stream no longer loads this machine's port. */
static void leave_group(struct wc_rxloop *r)
{
    if (r->unicast)
        return;
    r->unicast = true;
    close(r->config.fd);
    r->config.fd = -1;
}

static void take_commands(struct wc_rxloop *r, wc_ns now)
{
    struct command command;
    struct wc_receiver_event event;
    while (wc_spsc_pop(r->commands, &command)) {
        switch (command.type) {
        case COMMAND_STATUS:
            event =
                (struct wc_receiver_event){.type = WC_RECEIVER_STATUS, .status = &command.status};
            (void)!wc_receiver_input(r->core, now, &event);
            break;
        case COMMAND_UNICAST:
            event = (struct wc_receiver_event){.type = WC_RECEIVER_UNICAST};
            leave_group(r);
            (void)!wc_receiver_input(r->core, now, &event);
            break;
        case COMMAND_OPEN:
            event = (struct wc_receiver_event){
                .type = WC_RECEIVER_OPEN,
                .open = {.sbn = command.sbn, .block_count = command.block_count}};
            (void)!wc_receiver_input(r->core, now, &event);
            break;
        case COMMAND_SYMBOLS:
            take_symbols(r, now, &command.symbols);
            free((void *)(uintptr_t)command.symbols.bytes);
            break;
        }
    }
}

static void report(struct wc_rxloop *r, wc_ns now)
{
    if (!wc_receiver_output(r->core, now, &r->report))
        return;
    struct wc_rx_notice notice = {.type = WC_RX_REPORT, .report = malloc(sizeof r->report)};
    if (!notice.report)
        return; /* the next one says the same */
    *notice.report = r->report;
    tell(r, &notice);
}

/* `socket`: also until a datagram comes. */
static void wait_until(struct wc_rxloop *r, wc_ns deadline, bool socket)
{
    struct wc_spsc *results = wc_storer_results(r->storer);
    bool sleep = wc_spsc_sleep(results);
    sleep = wc_spsc_sleep(r->commands) && sleep;
    if (sleep) {
        wc_ns now = wc_clock_now();
        wc_ns left = deadline > now ? deadline - now : 0;
        struct timespec timeout = {.tv_sec = (time_t)(left / WC_S(1)),
                                   .tv_nsec = (long)(left % WC_S(1))};
        struct pollfd pfds[] = {
            {.fd = wc_spsc_fd(results), .events = POLLIN},
            {.fd = wc_spsc_fd(r->commands), .events = POLLIN},
            {.fd = r->config.fd, .events = POLLIN}, /* -1 is passed over */
        };
        ppoll(pfds, socket ? 3 : 2, &timeout, NULL);
    }
    wc_spsc_awake(results);
    wc_spsc_awake(r->commands);
}

static void turn(struct wc_rxloop *r)
{
    wc_ns now = wc_clock_now();
    size_t count = r->unicast ? 0 : take_datagrams(r, now);
    take_results(r, now);
    take_commands(r, now);
    forward_notices(r); /* READY goes before the first report */
    report(r, now);
    forward_notices(r);
    if (now >= r->stats_due) {
        r->stats_due = now + STATS_INTERVAL;
        tell_stats(r);
    }
    if (count == WC_UDP_RX_MESSAGES_MAX || r->ended)
        return;
    wc_ns deadline = wc_receiver_deadline(r->core);
    if (r->stats_due < deadline)
        deadline = r->stats_due;
    if (count > 0 && now + GATHER < deadline)
        deadline = now + GATHER;
    wait_until(r, deadline, count == 0);
}

static void *run(void *arg)
{
    struct wc_rxloop *r = arg;
    prctl(PR_SET_NAME, "wimcast-rx");
    prctl(PR_SET_TIMERSLACK, 1000UL);
    while (!atomic_load(&r->stop) && !r->ended)
        turn(r);
    return NULL;
}

static enum wc_err take_memory(struct wc_rxloop *r)
{
    const struct wc_partition *p = &r->config.manifest->partition;
    r->slot_bytes = (size_t)p->large_symbols * p->symbol_bytes;
    uint64_t slots = r->config.memory_bytes / r->slot_bytes;
    if (slots < SLOTS_MIN)
        slots = SLOTS_MIN;
    if (slots > p->block_count)
        slots = p->block_count;
    r->config.receiver.slot_count = (uint32_t)slots;
    r->rows = malloc(slots * r->slot_bytes);
    r->scratch = malloc(p->symbol_bytes);
    return r->rows && r->scratch ? WC_OK : WC_E_NOMEM;
}

static enum wc_err prepare(struct wc_rxloop *r, const struct wc_rxloop_config *config)
{
    r->config = *config;
    r->config.receiver.have = wc_store_have(config->store);
    r->symbol_bytes = config->manifest->partition.symbol_bytes;
    r->datagram_bytes = WC_HEADER_BYTES + r->symbol_bytes + WC_TAG_BYTES;
    r->stats.first_data = WC_NEVER;
    r->stats.finished = WC_NEVER;
    enum wc_err err = take_memory(r);
    if (!err)
        err = wc_receiver_new(&r->core, &r->config.receiver, &wc_alloc_libc, wc_clock_now());
    if (!err)
        err = wc_seal_new(&r->seal, config->key);
    if (!err)
        err = wc_udp_rx_new(&r->rx, config->fd, config->offload);
    if (!err)
        err = wc_spsc_new(&r->commands, COMMAND_RING, sizeof(struct command));
    if (!err)
        err = wc_spsc_new(&r->notices, NOTICE_RING, sizeof(struct wc_rx_notice));
    if (!err)
        err = wc_storer_start(&r->storer, config->manifest, config->store, config->jobs,
                              r->config.receiver.slot_count + 1);
    return err;
}

enum wc_err wc_rxloop_start(struct wc_rxloop **ret, const struct wc_rxloop_config *config)
{
    struct wc_rxloop *r = calloc(1, sizeof *r);
    if (!r) {
        close(config->fd);
        return WC_E_NOMEM;
    }
    enum wc_err err = prepare(r, config);
    if (!err && pthread_create(&r->thread, NULL, run, r) != 0)
        err = WC_E_SYS;
    r->thread_runs = !err;
    if (err) {
        wc_rxloop_stop(r);
        return err;
    }
    *ret = r;
    return WC_OK;
}

void wc_rxloop_stop(struct wc_rxloop *r)
{
    if (!r)
        return;
    atomic_store(&r->stop, true);
    if (r->thread_runs) {
        (void)!wc_spsc_push(r->commands, &(struct command){.type = COMMAND_STATUS}); /* wakes it */
        pthread_join(r->thread, NULL);
    }
    wc_storer_stop(r->storer);
    struct command command;
    while (r->commands && wc_spsc_pop(r->commands, &command))
        if (command.type == COMMAND_SYMBOLS)
            free((void *)(uintptr_t)command.symbols.bytes);
    struct wc_rx_notice notice;
    while (r->notices && wc_spsc_pop(r->notices, &notice))
        if (notice.type == WC_RX_REPORT)
            free(notice.report);
    if (r->config.fd >= 0)
        close(r->config.fd);
    wc_receiver_free(r->core);
    wc_seal_free(r->seal);
    wc_udp_rx_free(r->rx);
    wc_spsc_free(r->commands);
    wc_spsc_free(r->notices);
    free(r->rows);
    free(r->scratch);
    free(r);
}

void wc_rxloop_status(struct wc_rxloop *r, const struct wc_status *status)
{
    struct command command = {.type = COMMAND_STATUS, .status = *status};
    (void)!wc_spsc_push(r->commands, &command); /* full: the next one comes within a second */
}

void wc_rxloop_unicast(struct wc_rxloop *r)
{
    struct command command = {.type = COMMAND_UNICAST};
    while (!wc_spsc_push(r->commands, &command)) /* statuses of minutes: the data thread is busy */
        poll(NULL, 0, 1);
}

bool wc_rxloop_open(struct wc_rxloop *r, uint32_t sbn, uint32_t block_count)
{
    struct command command = {.type = COMMAND_OPEN, .sbn = sbn, .block_count = block_count};
    return wc_spsc_push(r->commands, &command);
}

void wc_rxloop_symbols(struct wc_rxloop *r, const struct wc_symbols *symbols)
{
    struct command command = {.type = COMMAND_SYMBOLS, .symbols = *symbols};
    uint8_t *bytes = malloc(symbols->byte_count);
    if (!bytes)
        return; /* asked for again when the last part comes */
    memcpy(bytes, symbols->bytes, symbols->byte_count);
    command.symbols.bytes = bytes;
    if (!wc_spsc_push(r->commands, &command))
        free(bytes);
}

bool wc_rxloop_notice(struct wc_rxloop *r, struct wc_rx_notice *ret)
{
    return wc_spsc_pop(r->notices, ret);
}
