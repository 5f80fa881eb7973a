/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/sender/shell/roster_bench.h"

#include <stdio.h>
#include <stdlib.h>

struct bench b;
uint32_t bench_hello_max_ms;
const struct wc_readers *bench_readers;

/* libuv closes by a raw system call, which ThreadSanitizer does not see: a descriptor's number that
 * another thread gets next looks like a race with what libuv did to it before. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race:epoll_ctl";
}

static void on_change(void *ctx, const struct wc_roster_entry *entry)
{
    (void)ctx;
    assert_true(b.told_count < 64);
    b.whose[b.told_count] = entry;
    b.told[b.told_count++] = *entry;
}

static void on_failure(void *ctx, const struct wc_why *why)
{
    (void)ctx;
    b.failure = *why;
    b.failure_count++;
}

static void on_refusal(void *ctx, const char *sentence)
{
    (void)ctx;
    snprintf(b.warning, sizeof(b.warning), "%s", sentence);
    b.warning_count++;
}

static void on_finding(void *ctx, const struct wc_finding *finding)
{
    (void)ctx;
    b.finding = finding->kind->id;
    b.finding_count++;
}

static void keep(uint8_t **bytes, size_t *count, const uint8_t *more, size_t more_count)
{
    uint8_t *grown = realloc(*bytes, *count + more_count);
    assert_non_null(grown);
    memcpy(grown + *count, more, more_count);
    *bytes = grown;
    *count += more_count;
}

static void on_peer_msg(struct side *side, struct wc_ctrl *c, const struct wc_msg *msg)
{
    struct peer *p = (struct peer *)side;
    (void)c;
    switch (msg->type) {
    case WC_MSG_WELCOME:
        p->welcome = msg->welcome;
        break;
    case WC_MSG_MANIFEST:
        assert_int_equal(msg->manifest_part.offset, p->manifest_bytes);
        keep(&p->manifest, &p->manifest_bytes, msg->manifest_part.bytes,
             msg->manifest_part.byte_count);
        break;
    case WC_MSG_STATUS:
        p->status = msg->status;
        p->status_count++;
        break;
    case WC_MSG_UNICAST:
        p->unicast = msg->unicast;
        p->unicast_count++;
        break;
    case WC_MSG_SYMBOLS:
        assert_int_equal(msg->symbols.first * STAGE_SYMBOL, p->symbols_bytes);
        keep(&p->symbols, &p->symbols_bytes, msg->symbols.bytes, msg->symbols.byte_count);
        p->is_last = msg->symbols.last;
        break;
    case WC_MSG_REFUSE:
    case WC_MSG_BYE:
        p->refusal = msg->refusal;
        break;
    default:
        fail_msg("message %d", msg->type);
    }
}

void bench_step(void)
{
    static struct wc_tx_notice notice;
    while (wc_txloop_notice(b.stage.txloop, &notice)) {
        if (notice.type == WC_TX_STATS)
            b.stats = notice.stats.core;
        else if (notice.type == WC_TX_CORE && notice.core.type == WC_SENDER_NOTICE_MEMBER)
            wc_roster_member(b.roster, notice.core.member, notice.core.state);
        else if (notice.type == WC_TX_CORE)
            b.phase = notice.core.phase;
    }
    world_step(&b.w);
}

struct wc_roster_config bench_config(void)
{
    return (struct wc_roster_config){
        .loop = &b.w.loop,
        .tls = b.w.server_tls,
        .session = &b.stage.session,
        .content = b.stage.content,
        .txloop = b.stage.txloop,
        .readers = bench_readers,
        .state_dir = b.w.dir.path,
        .member_max = SEATS,
        .hello_max_ms = bench_hello_max_ms,
        .on_change = on_change,
        .on_failure = on_failure,
        .on_refusal = on_refusal,
        .on_finding = on_finding,
    };
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
    b.w.tick_count++;
}

static void open_world(struct world *w)
{
    char why[WC_SENTENCE_BYTES_MAX + 1];
    uint8_t digest[WC_DIGEST_BYTES];
    assert_int_equal(uv_loop_init(&w->loop), 0);
    wc_workdir_make(&w->dir);
    uv_timer_init(&w->loop, &w->tick);
    uv_timer_start(&w->tick, on_tick, 1, 1);
    uv_unref((uv_handle_t *)&w->tick);
    assert_int_equal(wc_identity_open(&w->id, w->dir.path, why), WC_OK);
    assert_int_equal(wc_tls_server_new(&w->server_tls, w->id), WC_OK);
    wc_identity_key_digest(w->id, digest);
    assert_int_equal(wc_tls_client_new(&w->client_tls, digest), WC_OK);
}

static void close_world(struct world *w)
{
    uv_close((uv_handle_t *)&w->tick, NULL);
    uv_run(&w->loop, UV_RUN_NOWAIT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    wc_tls_context_free(w->client_tls);
    wc_tls_context_free(w->server_tls);
    wc_identity_free(w->id);
    wc_workdir_remove(&w->dir);
}

void bench_open(size_t object_bytes, bool multicast_only)
{
    struct wc_why why = {0};
    memset(&b, 0, sizeof(b));
    open_world(&b.w);
    stage_open(&b.stage, object_bytes);
    b.stage.session.welcome.multicast_only = multicast_only;
    b.stage.config.multicast_only = multicast_only;
    b.stage.config.member_max = SEATS;
    stage_start(&b.stage, false);
    struct wc_roster_config config = bench_config();
    assert_int_equal(wc_roster_open(&b.roster, &config, 29467, false, &why), WC_OK);
}

void bench_close(void)
{
    wc_roster_close(b.roster, 0, "");
    UNTIL(!uv_loop_alive(&b.w.loop));
    assert_true(wc_roster_is_empty(b.roster));
    wc_roster_free(b.roster);
    stage_close(&b.stage);
    close_world(&b.w);
}

void peer_connect(struct peer *p)
{
    *p = (struct peer){.side.on_msg = on_peer_msg};
    world_connect_to(&b.w, &p->side, "127.0.0.1", wc_roster_port(b.roster));
    UNTIL(p->side.c || p->side.close_count);
}

void peer_send(struct peer *p, const struct wc_msg *msg)
{
    assert_int_equal(wc_ctrl_send(p->side.c, msg), WC_OK);
}

void peer_send_type(struct peer *p, uint8_t type)
{
    peer_send(p, &(struct wc_msg){.type = type});
}

void peer_join(struct peer *p, const char *name)
{
    peer_connect(p);
    struct wc_msg hello = hello_named(name);
    peer_send(p, &hello);
    UNTIL(p->manifest_bytes == b.stage.session.publication.byte_count);
}

uint32_t bench_told(enum wc_member_state state)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < b.told_count; i++)
        count += b.told[i].state == state;
    return count;
}

const struct wc_roster_entry *bench_last_told(void)
{
    assert_true(b.told_count > 0);
    return &b.told[b.told_count - 1];
}

void peer_leave(struct peer *p)
{
    if (p->side.c)
        wc_ctrl_close(p->side.c);
    UNTIL(!p->side.c);
    free(p->manifest);
    free(p->symbols);
    p->manifest = p->symbols = NULL;
}

void peer_assert_refused(struct peer *p, uint8_t type, uint32_t hresult, const char *word)
{
    UNTIL(p->side.close_count);
    assert_int_equal(p->side.type, type);
    assert_int_equal(p->refusal.hresult, hresult);
    if (!strstr(p->refusal.sentence, word))
        fail_msg("no \"%s\" in: %s", word, p->refusal.sentence);
    peer_leave(p);
}

void peer_say_done(struct peer *p, uint32_t hresult, const char *sentence)
{
    struct wc_msg msg = {.type = WC_MSG_DONE, .done = {.hresult = hresult, .bytes = 4711}};
    snprintf(msg.done.sentence, sizeof(msg.done.sentence), "%s", sentence);
    peer_send(p, &msg);
}

void peer_ask_for_unicast(struct peer *p)
{
    struct wc_msg msg = {.type = WC_MSG_UNICAST};
    snprintf(msg.unicast.sentence, sizeof(msg.unicast.sentence), "no multicast here");
    peer_send(p, &msg);
}

void peer_fetch(struct peer *p, uint32_t sbn, uint32_t block_count)
{
    struct wc_msg msg = {.type = WC_MSG_FETCH, .fetch = {.sbn = sbn, .block_count = block_count}};
    free(p->symbols);
    p->symbols = NULL;
    p->symbols_bytes = 0;
    p->is_last = false;
    peer_send(p, &msg);
}
