/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of calls is the real shell's: place, open the seal, input, drain the notices; then the
 * reports that are due; then sleep until the deadline. */
#include "tests/sim/node.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/bitmap.h"

#define OUTPUT_CALLS_MAX 16
#define PNS_NODES_MAX    40         /* in larger worlds the memory for it would be large too */
#define RETRANSMIT_NS    WC_MS(200) /* that TCP waits before it tries a blacked out way again */

enum stream {
    STREAM_LINK = 100,
    STREAM_DISK,
    STREAM_CORE,
};

void wc_node_init(struct wc_node *n, struct wc_env *env, uint32_t index,
                  const struct wc_node_config *config)
{
    uint32_t block_count = env->object.partition.block_count;
    size_t words = wc_bitmap_words(block_count);
    *n = (struct wc_node){.index = index, .config = *config, .wake_at = WC_NEVER};
    n->heap.check = &env->check;
    wc_link_init(&n->link, &config->link, wc_seed_derive(env->config->seed, STREAM_LINK, index));
    wc_disk_init(&n->disk, &config->disk, config->slot_count,
                 wc_seed_derive(env->config->seed, STREAM_DISK, index));
    wc_consumer_init(&n->consumer, config, block_count);
    wc_pipe_init(&n->up, WC_DUE_CONTROL_UP, index);
    wc_pipe_init(&n->down, WC_DUE_CONTROL_DOWN, index);
    n->down.rate_bps = config->control_rate_bps;
    n->stored = calloc(words + 1, sizeof(*n->stored));
    assert(n->stored);
    if (config->have)
        memcpy(n->stored, config->have, words * sizeof(*n->stored));
}

static void release_process(struct wc_node *n)
{
    wc_receiver_free(n->core);
    n->core = NULL;
    free(n->rows);
    n->rows = NULL;
    free(n->scratch);
    n->scratch = NULL;
    wc_check_pns_deinit(&n->pns);
}

void wc_node_deinit(struct wc_node *n)
{
    release_process(n);
    wc_disk_deinit(&n->disk);
    wc_pipe_reset(&n->up);
    wc_pipe_reset(&n->down);
    free(n->stored);
}

void wc_node_heal(struct wc_node *n)
{
    wc_link_heal(&n->link);
    wc_disk_heal(&n->disk);
}

/* Send a message to the sender, or with NULL the end of the connection. */
static void send_up(struct wc_node *n, struct wc_env *env, const struct wc_msg *msg)
{
    wc_ns since = wc_env_since(env);
    wc_ns free_at = wc_link_blackout_end(&n->link, since);
    if (free_at != since)
        free_at += RETRANSMIT_NS;
    wc_pipe_send(&n->up, &env->agenda, env->config->epoch + free_at + n->config.control_delay, msg);
}

static void end(struct wc_node *n, struct wc_env *env, enum wc_node_state state)
{
    n->state = state;
    n->generation++;
    n->wake_at = WC_NEVER;
    n->ended_at = env->now;
}

static void fail(struct wc_node *n, struct wc_env *env, enum wc_node_failure failure,
                 enum wc_trace_kind kind)
{
    n->failure = failure;
    wc_env_trace(env, n->index, kind, 0, 0, 0);
    send_up(n, env, NULL);
    end(n, env, WC_NODE_FAILED);
}

/* What waited to be taken away ended with the process. */
static void forget_blocks(struct wc_node *n, const struct wc_env *env)
{
    uint32_t block_count = env->object.partition.block_count;
    wc_consumer_init(&n->consumer, &n->config, block_count);
    for (uint32_t sbn = 0; sbn < block_count; sbn++)
        wc_bitmap_clear(n->stored, sbn);
}

void wc_node_start(struct wc_node *n, struct wc_env *env)
{
    release_process(n);
    if (n->config.window)
        forget_blocks(n, env);
    wc_disk_reset(&n->disk);
    wc_pipe_reset(&n->up);
    wc_pipe_reset(&n->down);
    n->generation++;
    n->state = WC_NODE_JOINING;
    n->failure = WC_NODE_FAILURE_NONE;
    n->joined_at = env->now;
    n->accepted_count = 0;
    n->is_unicast = false;
    wc_env_trace(env, n->index, WC_TRACE_HELLO, 0, 0, 0);
    env->msg.type = WC_MSG_HELLO;
    env->msg.hello = (struct wc_hello){.version = WC_PROTOCOL_VERSION, .name = "node"};
    send_up(n, env, &env->msg);
}

void wc_node_kill(struct wc_node *n, struct wc_env *env, bool closes)
{
    if (n->state != WC_NODE_JOINING && n->state != WC_NODE_ACTIVE)
        return;
    wc_env_trace(env, n->index, closes ? WC_TRACE_CLOSED : WC_TRACE_KILLED, 0, 0, 0);
    if (closes)
        send_up(n, env, NULL);
    end(n, env, WC_NODE_DEAD);
}

uint32_t wc_node_stored_count(const struct wc_node *n, const struct wc_env *env)
{
    return wc_bitmap_count(n->stored, env->object.partition.block_count);
}

static void start_core(struct wc_node *n, struct wc_env *env, const struct wc_welcome *welcome)
{
    const struct wc_partition *p = &env->object.partition;
    uint64_t *shut = calloc(wc_bitmap_words(p->block_count) + 1, sizeof *shut);
    assert(shut);
    for (uint32_t sbn = wc_consumer_end(&n->consumer); sbn < p->block_count; sbn++)
        wc_bitmap_set(shut, sbn);
    n->core_config = (struct wc_receiver_config){
        .instance = welcome->instance,
        .partition = *p,
        .first = env->config->first,
        .first_count = env->config->first_count,
        .slot_count = n->config.slot_count,
        .have = n->stored,
        .shut = shut,
        .multicast_only = env->config->multicast_only,
        .report_interval = WC_US(welcome->report_interval_us),
        .beacon_timeout = n->config.beacon_timeout,
        .silence_max = n->config.silence_max,
        .seed = wc_seed_derive(env->config->seed, STREAM_CORE, n->index),
    };
    n->heap.is_closed = false;
    n->heap.bytes = 0;
    struct wc_alloc alloc = wc_check_alloc(&n->heap);
    enum wc_err err = wc_receiver_new(&n->core, &n->core_config, &alloc, env->now);
    assert(!err);
    free(shut);
    n->core_config.shut = NULL;
    wc_check_heap_close(&n->heap, "receiver", n->index);
    n->link.overflow_count = 0;
    n->overflow_told = 0;
    if (env->config->has_bytes) {
        n->rows = calloc((size_t)n->config.slot_count * p->large_symbols, p->symbol_bytes);
        n->scratch = calloc(2 * (size_t)p->large_symbols, p->symbol_bytes);
        assert(n->rows && n->scratch);
    }
    n->state = WC_NODE_ACTIVE;
    wc_env_trace(env, n->index, WC_TRACE_WELCOME, 0, 0, 0);
}

/* --- notices --- */

static void check_window(struct wc_node *n, struct wc_env *env, uint32_t sbn)
{
    if (sbn >= wc_consumer_end(&n->consumer))
        wc_check_fail(&env->check, wc_env_since(env),
                      "receiver %" PRIu32 " takes block %" PRIu32 ", for which there is no room",
                      n->index, sbn);
}

static void start_decoding(struct wc_node *n, struct wc_env *env,
                           const struct wc_receiver_notice *notice)
{
    wc_check_decode(&env->check, wc_env_since(env), n->index, &n->core_config, notice);
    check_window(n, env, notice->sbn);
    if (env->check.failed)
        return;
    wc_env_trace(env, n->index, WC_TRACE_DECODE, notice->sbn, notice->slot, 0);
    struct wc_disk_job job = {.sbn = notice->sbn, .slot = notice->slot, .esi = notice->esi};
    wc_ns at;
    if (!wc_disk_add(&n->disk, env->now, &job,
                     wc_partition_bytes(&n->core_config.partition, job.sbn), &at)) {
        wc_check_fail(&env->check, wc_env_since(env),
                      "receiver %" PRIu32 " decodes more blocks than it has slots", n->index);
        return;
    }
    wc_agenda_add(&env->agenda, at, WC_DUE_NODE_STORED, n->index, n->generation);
}

static void say_ready(struct wc_node *n, struct wc_env *env, uint64_t pn)
{
    wc_env_trace(env, n->index, WC_TRACE_REACHED, pn, 0, 0);
    env->msg.type = WC_MSG_READY;
    env->msg.ready = (struct wc_ready){.pn = pn};
    send_up(n, env, &env->msg);
}

static void say_done(struct wc_node *n, struct wc_env *env, uint32_t hresult)
{
    env->msg.type = WC_MSG_DONE;
    env->msg.done = (struct wc_done){.hresult = hresult};
    send_up(n, env, &env->msg);
}

static void complete(struct wc_node *n, struct wc_env *env)
{
    wc_env_trace(env, n->index, WC_TRACE_COMPLETE, 0, 0, 0);
    if (wc_node_stored_count(n, env) != env->object.partition.block_count)
        wc_check_fail(&env->check, wc_env_since(env),
                      "receiver %" PRIu32 " is complete with %" PRIu32 " of %" PRIu32 " blocks",
                      n->index, wc_node_stored_count(n, env), env->object.partition.block_count);
    struct wc_receiver_stats stats;
    wc_receiver_stats(n->core, &stats);
    if (stats.received_count != n->accepted_count)
        wc_check_fail(&env->check, wc_env_since(env),
                      "receiver %" PRIu32 " counts %" PRIu64 " datagrams of %" PRIu64, n->index,
                      stats.received_count, n->accepted_count);
    say_done(n, env, 0);
    send_up(n, env, NULL);
    end(n, env, WC_NODE_DONE);
}

static void ask_for_unicast(struct wc_node *n, struct wc_env *env, enum wc_trace_kind reason)
{
    wc_env_trace(env, n->index, reason, 0, 0, 0);
    env->msg.type = WC_MSG_UNICAST;
    env->msg.unicast = (struct wc_unicast){.sentence = "Multicast does not serve me."};
    send_up(n, env, &env->msg);
}

/* Multicast does not reach it: it asks for unicast, or has to give up. */
static void take_unreached(struct wc_node *n, struct wc_env *env)
{
    if (env->config->multicast_only) {
        fail(n, env, WC_NODE_FAILURE_UNREACHED, WC_TRACE_UNREACHED);
        return;
    }
    ask_for_unicast(n, env, WC_TRACE_UNREACHED);
}

static void fetch(struct wc_node *n, struct wc_env *env, uint32_t sbn)
{
    if (!n->is_unicast || sbn >= n->core_config.partition.block_count ||
        wc_bitmap_get(n->stored, sbn))
        wc_check_fail(&env->check, wc_env_since(env),
                      "receiver %" PRIu32 " fetches block %" PRIu32 ", which it must not", n->index,
                      sbn);
    check_window(n, env, sbn);
    n->fetch_count++;
    wc_env_trace(env, n->index, WC_TRACE_FETCH, sbn, 0, 0);
    env->msg.type = WC_MSG_FETCH;
    env->msg.fetch = (struct wc_fetch){.sbn = sbn, .block_count = 1};
    send_up(n, env, &env->msg);
}

static void heed(struct wc_node *n, struct wc_env *env, const struct wc_receiver_notice *notice)
{
    switch (notice->type) {
    case WC_RECEIVER_NOTICE_REACHED:
        say_ready(n, env, notice->pn);
        break;
    case WC_RECEIVER_NOTICE_UNREACHED:
        take_unreached(n, env);
        break;
    case WC_RECEIVER_NOTICE_BEHIND:
        if (env->config->multicast_only || n->is_unicast)
            wc_check_fail(&env->check, wc_env_since(env), "receiver %" PRIu32 " is not behind",
                          n->index);
        ask_for_unicast(n, env, WC_TRACE_BEHIND);
        break;
    case WC_RECEIVER_NOTICE_FETCH:
        fetch(n, env, notice->sbn);
        break;
    case WC_RECEIVER_NOTICE_DECODE:
        start_decoding(n, env, notice);
        break;
    case WC_RECEIVER_NOTICE_COMPLETE:
        complete(n, env);
        break;
    case WC_RECEIVER_NOTICE_DAMAGED: /* asked for by void_max only */
        wc_check_fail(&env->check, wc_env_since(env), "receiver %" PRIu32 " gives block up",
                      n->index);
        break;
    case WC_RECEIVER_NOTICE_SENDER_SILENT:
        fail(n, env, WC_NODE_FAILURE_SENDER_SILENT, WC_TRACE_SENDER_SILENT);
        break;
    }
}

static void drain(struct wc_node *n, struct wc_env *env)
{
    struct wc_receiver_notice notice;
    while (n->state == WC_NODE_ACTIVE && wc_receiver_notice(n->core, &notice))
        heed(n, env, &notice);
}

static void input(struct wc_node *n, struct wc_env *env, const struct wc_receiver_event *event)
{
    enum wc_err err = wc_receiver_input(n->core, env->now, event);
    if (err)
        wc_check_fail(&env->check, wc_env_since(env), "receiver %" PRIu32 " refuses event %u: %s",
                      n->index, (unsigned)event->type, wc_err_text(err));
    drain(n, env);
}

/* --- datagrams --- */

/* The datagram as it arrives; NULL: it is intact in the flight. */
static const uint8_t *damage(struct wc_env *env, const uint8_t *datagram, uint32_t bit)
{
    uint32_t byte_count = env->flights.datagram_bytes;
    bit %= 8 * byte_count;
    memcpy(env->datagram, datagram, byte_count);
    env->datagram[bit / 8] ^= (uint8_t)(1u << bit % 8);
    return env->datagram;
}

static bool open_seal(struct wc_node *n, const struct wc_env *env, const uint8_t *datagram,
                      const struct wc_place *place)
{
    const struct wc_partition *p = &n->core_config.partition;
    const uint8_t *symbol = wc_object_open(&env->object, datagram);
    if (place->kind == WC_PLACE_ROW) {
        /* As the real one, which opens in place: garbage when it is not authentic. */
        size_t row = (size_t)place->slot * p->large_symbols + place->row;
        memcpy(n->rows + row * p->symbol_bytes, datagram + WC_HEADER_BYTES, p->symbol_bytes);
    }
    return symbol != NULL;
}

static void tell_overflow(struct wc_node *n, struct wc_env *env)
{
    n->overflow_told = n->link.overflow_count;
    wc_env_trace(env, n->index, WC_TRACE_OVERFLOW, n->overflow_told, 0, 0);
    struct wc_receiver_event event = {.type = WC_RECEIVER_OVERFLOW, .count = n->overflow_told};
    input(n, env, &event);
}

static void unopened(struct wc_node *n, struct wc_env *env, uint64_t pn)
{
    n->unopened_count++;
    wc_env_trace(env, n->index, WC_TRACE_UNOPENED, pn, 0, 0);
}

void wc_node_datagram(struct wc_node *n, struct wc_env *env, const struct wc_flight *flight,
                      uint32_t i, uint32_t corrupt_bit)
{
    struct wc_header header = flight->headers[i];
    const uint8_t *datagram = NULL;
    if (n->rows) {
        datagram = flight->datagrams + (size_t)i * env->flights.datagram_bytes;
        if (corrupt_bit != WC_BIT_NONE)
            datagram = damage(env, datagram, corrupt_bit);
        if (wc_header_decode(datagram, env->flights.datagram_bytes, &header)) {
            unopened(n, env, header.pn);
            return;
        }
    }
    if (n->overflow_told != n->link.overflow_count)
        tell_overflow(n, env);
    struct wc_place place = wc_receiver_place(n->core, &header);
    if (place.kind == WC_PLACE_DROP) {
        n->dropped_count++;
        wc_env_trace(env, n->index, WC_TRACE_DROPPED, header.pn, 0, 0);
        return;
    }
    wc_check_place(&env->check, wc_env_since(env), n->index, env->instance, &n->core_config,
                   &header, &place);
    if (env->check.failed)
        return;
    bool authentic = datagram ? open_seal(n, env, datagram, &place)
                              : !flight->is_forged && corrupt_bit == WC_BIT_NONE;
    if (!authentic) {
        unopened(n, env, header.pn);
        return;
    }
    n->accepted_count++;
    if (env->config->node_count <= PNS_NODES_MAX)
        wc_check_pn(&env->check, &n->pns, wc_env_since(env), n->index, header.pn);
    struct wc_receiver_event event = {.type = WC_RECEIVER_DATAGRAM, .header = &header};
    input(n, env, &event);
}

/* --- storage --- */

static bool is_decoded_right(struct wc_node *n, struct wc_env *env, const struct wc_disk_job *job)
{
    const struct wc_partition *p = &n->core_config.partition;
    if (!n->rows)
        return true;
    uint8_t *rows = n->rows + (size_t)job->slot * p->large_symbols * p->symbol_bytes;
    return wc_object_decode(&env->object, job->sbn, job->esi, rows, n->scratch);
}

static void consume(struct wc_node *n, struct wc_env *env)
{
    if (n->state == WC_NODE_ACTIVE && wc_consumer_start(&n->consumer, n->stored))
        wc_agenda_add(&env->agenda, env->now + n->consumer.block_ns, WC_DUE_NODE_TAKEN, n->index,
                      n->generation);
}

void wc_node_taken(struct wc_node *n, struct wc_env *env, uint32_t generation)
{
    if (generation != n->generation)
        return;
    uint32_t end = wc_consumer_end(&n->consumer);
    wc_env_trace(env, n->index, WC_TRACE_TAKEN, n->consumer.next, 0, 0);
    if (wc_consumer_finish(&n->consumer)) {
        struct wc_receiver_event event = {.type = WC_RECEIVER_OPEN,
                                          .open = {.sbn = end, .block_count = 1}};
        input(n, env, &event);
    }
    consume(n, env);
    wc_node_settle(n, env);
}

void wc_node_stored(struct wc_node *n, struct wc_env *env, uint32_t generation)
{
    if (generation != n->generation)
        return;
    struct wc_disk_job job;
    enum wc_disk_result result = wc_disk_finish(&n->disk, &job);
    if (result == WC_DISK_FAILED) {
        say_done(n, env, 0x80070070u);
        fail(n, env, WC_NODE_FAILURE_DISK, WC_TRACE_DISK_FAILED);
        return;
    }
    bool is_right = is_decoded_right(n, env, &job);
    if (!is_right && !env->has_insider) {
        wc_check_fail(&env->check, wc_env_since(env),
                      "receiver %" PRIu32 ": block %" PRIu32 " is not what was sent", n->index,
                      job.sbn);
        return;
    }
    bool ok = is_right && result == WC_DISK_STORED;
    wc_env_trace(env, n->index, ok ? WC_TRACE_STORED : WC_TRACE_ROT, job.sbn, 0, 0);
    if (ok && wc_bitmap_get(n->stored, job.sbn))
        wc_check_fail(&env->check, wc_env_since(env),
                      "receiver %" PRIu32 " stores block %" PRIu32 " again", n->index, job.sbn);
    if (ok)
        wc_bitmap_set(n->stored, job.sbn);
    struct wc_receiver_event event = {.type = WC_RECEIVER_STORED,
                                      .stored = {.sbn = job.sbn, .ok = ok}};
    input(n, env, &event);
    consume(n, env);
    wc_node_settle(n, env);
}

/* --- time and control --- */

static void send_report(struct wc_node *n, struct wc_env *env)
{
    env->msg.type = WC_MSG_REPORT;
    n->report_count++;
    send_up(n, env, &env->msg);
}

/* The core's figures stay inside its limits. */
static void check_stats(struct wc_node *n, struct wc_env *env)
{
    struct wc_receiver_stats stats;
    wc_receiver_stats(n->core, &stats);
    if (stats.slot_used_count > n->config.slot_count)
        wc_check_fail(&env->check, wc_env_since(env),
                      "receiver %" PRIu32 " uses %" PRIu32 " slots of %" PRIu32, n->index,
                      stats.slot_used_count, n->config.slot_count);
    if (stats.slot_used_count < n->disk.job_count)
        wc_check_fail(&env->check, wc_env_since(env),
                      "receiver %" PRIu32 " gave %" PRIu32 " slots away while they are decoded",
                      n->index, n->disk.job_count - stats.slot_used_count);
}

void wc_node_settle(struct wc_node *n, struct wc_env *env)
{
    if (n->state != WC_NODE_ACTIVE)
        return;
    wc_ns deadline = wc_receiver_deadline(n->core);
    while (deadline <= env->now && !env->check.failed) {
        wc_check_call(&env->check, &n->pace, wc_env_since(env), env->now, OUTPUT_CALLS_MAX,
                      "receiver", n->index);
        if (wc_receiver_output(n->core, env->now, &env->msg.report))
            send_report(n, env);
        drain(n, env);
        if (n->state != WC_NODE_ACTIVE)
            return;
        check_stats(n, env);
        deadline = wc_receiver_deadline(n->core);
    }
    if (deadline < n->wake_at) {
        n->wake_at = deadline;
        wc_agenda_add(&env->agenda, deadline, WC_DUE_NODE_WAKE, n->index, n->generation);
    }
}

void wc_node_wake(struct wc_node *n, struct wc_env *env, uint32_t generation)
{
    /* An entry that an earlier one overtook counts no more. */
    if (generation != n->generation || n->wake_at != env->now)
        return;
    n->wake_at = WC_NEVER;
    wc_node_settle(n, env);
}

static void dismissed(struct wc_node *n, struct wc_env *env, uint8_t type)
{
    bool is_refused = type == WC_MSG_REFUSE;
    fail(n, env, is_refused ? WC_NODE_FAILURE_REFUSED : WC_NODE_FAILURE_DISMISSED,
         WC_TRACE_DISMISSED);
    if (n->config.rejoins && !is_refused)
        wc_node_start(n, env);
}

static void begin_unicast(struct wc_node *n, struct wc_env *env)
{
    wc_env_trace(env, n->index, WC_TRACE_UNICAST, 0, 0, 0);
    n->is_unicast = true;
    struct wc_receiver_event event = {.type = WC_RECEIVER_UNICAST};
    input(n, env, &event);
}

static void take_symbols(struct wc_node *n, struct wc_env *env, const struct wc_symbols *symbols)
{
    const struct wc_partition *p = &n->core_config.partition;
    uint32_t count = symbols->byte_count / p->symbol_bytes;
    for (uint32_t i = 0; i < count && n->state == WC_NODE_ACTIVE; i++) {
        uint8_t esi = (uint8_t)(symbols->first + i);
        struct wc_place place = wc_receiver_place_symbol(n->core, symbols->sbn, esi);
        if (place.kind == WC_PLACE_ROW && n->rows) {
            size_t row = (size_t)place.slot * p->large_symbols + place.row;
            memcpy(n->rows + row * p->symbol_bytes, symbols->bytes + (size_t)i * p->symbol_bytes,
                   p->symbol_bytes);
        }
        struct wc_receiver_event event = {
            .type = WC_RECEIVER_SYMBOL,
            .symbol = {.sbn = symbols->sbn, .esi = esi, .last = symbols->last && i + 1 == count}};
        input(n, env, &event);
    }
}

static void take_msg(struct wc_node *n, struct wc_env *env, uint8_t type)
{
    if (type == WC_MSG_STATUS) {
        struct wc_status status = env->msg.status;
        struct wc_receiver_event event = {.type = WC_RECEIVER_STATUS, .status = &status};
        input(n, env, &event);
    } else if (type == WC_MSG_UNICAST) {
        begin_unicast(n, env);
    } else if (type == WC_MSG_SYMBOLS) {
        struct wc_symbols symbols = env->msg.symbols;
        take_symbols(n, env, &symbols);
    }
    wc_node_settle(n, env);
}

void wc_node_control(struct wc_node *n, struct wc_env *env, uint32_t generation)
{
    if (generation != n->down.generation)
        return;
    uint8_t type = wc_pipe_receive(&n->down, &env->msg);
    if (n->state == WC_NODE_JOINING && type == WC_MSG_WELCOME) {
        struct wc_welcome welcome = env->msg.welcome;
        start_core(n, env, &welcome);
        drain(n, env);
        wc_node_settle(n, env);
        return;
    }
    if (n->state != WC_NODE_ACTIVE && n->state != WC_NODE_JOINING)
        return;
    if (type == WC_MSG_BYE || type == WC_MSG_REFUSE || type == WC_MSG_CLOSED) {
        dismissed(n, env, type);
        return;
    }
    if (n->state == WC_NODE_ACTIVE)
        take_msg(n, env, type);
}
