/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both shells in one process, without their displays: roster and clients in one loop, data threads
 * that talk by multicast on the loopback, stores on disk. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/core/hresult.h"
#include "common/io/mcast.h"
#include "common/io/netaddr.h"
#include "receiver/shell/client.h"
#include "receiver/shell/rxloop.h"
#include "sender/shell/roster.h"
#include "tests/unit/sender/shell/stage.h"

#define OBJECT_BYTES  300001u
#define RECEIVERS_MAX 3u
#define WAIT          WC_S(60) /* a bound, never a wait */

struct receiver {
    uint32_t index;
    struct wc_url url;
    struct wc_client *client;
    const struct wc_welcome *welcome;
    const struct wc_manifest *manifest;
    struct wc_store *store;
    struct wc_rxloop *rxloop;
    int fd;
    bool is_deaf; /* joins a group to which nobody sends */
    bool complete, by_unicast;
    struct wc_rx_stats stats;
    unsigned end_count;
    struct wc_client_end end;
};

struct bench {
    uv_loop_t loop;
    uv_timer_t tick; /* ends each turn of the loop */
    struct wc_tls_context *tls;
    struct stage stage;
    struct wc_netif lo;
    struct wc_roster *roster;
    struct wc_sender_stats stats;
    bool ended;
    struct receiver receivers[RECEIVERS_MAX];
    uint32_t receiver_count;
};

static struct bench b;

/* libuv closes by a raw system call, which ThreadSanitizer does not see: a descriptor's number that
 * another thread gets next looks like a race with what libuv did to it before. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race:epoll_ctl\nrace:^close$";
}

/* --- the sender's control thread --- */

static void on_change(void *ctx, const struct wc_roster_entry *entry)
{
    (void)ctx;
    (void)entry;
}

static void on_failure(void *ctx, const struct wc_why *why)
{
    (void)ctx;
    fail_msg("%s", why->text);
}

static void take_tx_notices(void)
{
    static struct wc_tx_notice notice;
    while (wc_txloop_notice(b.stage.txloop, &notice)) {
        if (notice.type == WC_TX_STATS) {
            b.stats = notice.stats.core;
            wc_roster_status(b.roster, &b.stats);
        } else if (notice.type == WC_TX_CORE && notice.core.type == WC_SENDER_NOTICE_MEMBER) {
            wc_roster_member(b.roster, notice.core.member, notice.core.state);
        } else if (notice.type == WC_TX_FAILED) {
            fail_msg("%s", notice.why.text);
        }
        b.ended |= notice.type == WC_TX_ENDED;
    }
}

/* --- the receivers' control threads --- */

static void wake(void *ctx)
{
    (void)ctx; /* the loop turns every millisecond anyway */
}

static struct wc_addr group_of(bool is_deaf)
{
    struct wc_addr group;
    uint32_t unique = (uint32_t)getpid();
    assert_true(wc_netaddr_parse("239.80.0.0", &group));
    group.bytes[1] += is_deaf;
    group.bytes[2] = (uint8_t)(unique >> 8);
    group.bytes[3] = (uint8_t)unique;
    group.port = (uint16_t)(20000 + unique % 20000);
    return group;
}

static void on_package(void *ctx, const struct wc_welcome *welcome,
                       const struct wc_manifest *manifest)
{
    struct receiver *r = ctx;
    char name[32];
    struct wc_why why;
    snprintf(name, sizeof(name), "out%u/", r->index);
    struct wc_store_options options = {.output = wc_workdir_at(&b.stage.dir, name)};
    r->welcome = welcome;
    r->manifest = manifest;
    if (wc_store_open(&r->store, manifest, welcome->manifest_digest, &options, &why))
        fail_msg("%s", why.text);
    struct wc_addr group = r->is_deaf ? group_of(true) : welcome->group;
    r->fd = wc_mcast_open_rx(&group, &welcome->source, &b.lo, 8 << 20, &why);
    assert_true(r->fd >= 0);
    struct wc_rxloop_config config = {
        .receiver = {.instance = welcome->instance,
                     .partition = manifest->partition,
                     .report_interval = WC_US(welcome->report_interval_us),
                     .beacon_timeout = r->is_deaf ? WC_MS(300) : WC_S(30),
                     .silence_max = WC_S(30),
                     .seed = r->index},
        .manifest = manifest,
        .store = r->store,
        .memory_bytes = 1 << 20,
        .fd = r->fd,
        .offload = true,
        .wake = wake,
    };
    memcpy(config.key, welcome->key, sizeof(config.key));
    assert_int_equal(wc_rxloop_start(&r->rxloop, &config), WC_OK);
}

static void on_status(void *ctx, const struct wc_status *status)
{
    struct receiver *r = ctx;
    wc_rxloop_status(r->rxloop, status);
}

static void on_unicast(void *ctx, const char *sentence)
{
    struct receiver *r = ctx;
    (void)sentence;
    r->by_unicast = true;
    wc_rxloop_unicast(r->rxloop);
}

static void on_symbols(void *ctx, const struct wc_symbols *symbols)
{
    struct receiver *r = ctx;
    wc_rxloop_symbols(r->rxloop, symbols);
}

static void on_end(void *ctx, const struct wc_client_end *end)
{
    struct receiver *r = ctx;
    r->end = *end;
    r->end_count++;
}

static const struct wc_client_ops client_ops = {.on_package = on_package,
                                                .on_status = on_status,
                                                .on_unicast = on_unicast,
                                                .on_symbols = on_symbols,
                                                .on_end = on_end};

static void take_rx_notice(struct receiver *r, struct wc_rx_notice *notice)
{
    switch (notice->type) {
    case WC_RX_REACHED:
        wc_client_ready(r->client, notice->pn);
        break;
    case WC_RX_UNREACHED:
        wc_client_unicast(r->client, "no multicast came");
        break;
    case WC_RX_BEHIND:
        fail_msg("there is no window");
        break;
    case WC_RX_FETCH:
        wc_client_fetch(r->client, notice->sbn);
        break;
    case WC_RX_VOID:
    case WC_RX_DAMAGED:
        fail_msg("a block is wrong");
        break;
    case WC_RX_REPORT:
        wc_client_report(r->client, notice->report);
        free(notice->report);
        break;
    case WC_RX_STATS:
        r->stats = notice->stats;
        break;
    case WC_RX_FINISHED:
        r->complete = true;
        wc_client_done(r->client, 0, r->manifest->partition.object_bytes, "");
        break;
    case WC_RX_FAILED:
        fail_msg("%s", notice->failed.why.text);
        break;
    case WC_RX_SENDER_SILENT:
        fail_msg("the sender is silent");
        break;
    }
}

static void step(void)
{
    struct wc_rx_notice notice;
    take_tx_notices();
    for (uint32_t i = 0; i < b.receiver_count; i++)
        while (b.receivers[i].rxloop && wc_rxloop_notice(b.receivers[i].rxloop, &notice))
            take_rx_notice(&b.receivers[i], &notice);
    uv_run(&b.loop, UV_RUN_ONCE);
}

#define UNTIL(condition)                                \
    do {                                                \
        wc_ns deadline = wc_clock_now() + WAIT;         \
        while (!(condition)) {                          \
            if (wc_clock_now() > deadline)              \
                fail_msg("never came: %s", #condition); \
            step();                                     \
        }                                               \
    } while (0)

/* --- the bench --- */

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

/* The stage's data thread sends to a multicast group instead of the stage's own socket. */
static void open_multicast(void)
{
    struct wc_why why = {0};
    struct wc_addr group = group_of(false);
    int fd = -1;
    if (wc_netif_choose(&b.lo, "lo", 4, &why) == WC_OK)
        fd = wc_mcast_open_tx(&group, &b.lo, 1, 0, &why);
    if (fd < 0) {
        print_message("no multicast on the loopback: %s\n", why.text);
        skip();
    }
    close(b.stage.tx_fd);
    b.stage.tx_fd = fd;
    b.stage.session.welcome.group = group;
    b.stage.session.netif = b.lo;
}

static void bench_open(uint32_t receivers_min)
{
    struct wc_why why;
    memset(&b, 0, sizeof(b));
    stage_open(&b.stage, OBJECT_BYTES);
    open_multicast();
    assert_int_equal(uv_loop_init(&b.loop), 0);
    uv_timer_init(&b.loop, &b.tick);
    uv_timer_start(&b.tick, on_tick, 1, 1);
    uv_unref((uv_handle_t *)&b.tick);
    b.stage.config.receivers_min = receivers_min;
    b.stage.config.rate_max_bps = 5000000; /* two thirds of a second for one pass */
    stage_start(&b.stage, true);
    assert_int_equal(wc_tls_server_new(&b.tls, b.stage.identity), WC_OK);
    struct wc_roster_config config = {.loop = &b.loop,
                                      .tls = b.tls,
                                      .session = &b.stage.session,
                                      .content = b.stage.content,
                                      .txloop = b.stage.txloop,
                                      .member_max = STAGE_MEMBERS,
                                      .on_change = on_change,
                                      .on_failure = on_failure};
    if (wc_roster_open(&b.roster, &config, 29567, false, &why))
        fail_msg("%s", why.text);
}

static struct receiver *join(bool is_deaf)
{
    struct receiver *r = &b.receivers[b.receiver_count];
    char name[16];
    *r = (struct receiver){.index = b.receiver_count++, .fd = -1, .is_deaf = is_deaf};
    snprintf(name, sizeof(name), "r%u", r->index);
    snprintf(r->url.host, sizeof(r->url.host), "127.0.0.1");
    r->url.port = wc_roster_port(b.roster);
    r->url.has_key = true;
    memcpy(r->url.key, b.stage.session.key_digest, sizeof(r->url.key));
    assert_int_equal(wc_client_open(&r->client, &b.loop, &r->url, NULL, name, &client_ops, r),
                     WC_OK);
    return r;
}

/* Each has the file, and each side knows that all went well. */
static void assert_all_done(void)
{
    UNTIL(b.ended);
    for (uint32_t i = 0; i < b.receiver_count; i++) {
        struct receiver *r = &b.receivers[i];
        UNTIL(r->end_count == 1);
        assert_true(r->complete);
        assert_int_equal(r->end.hresult, 0);
        char name[32];
        snprintf(name, sizeof(name), "out%u/a.img", r->index);
        assert_true(
            wc_workdir_holds(wc_workdir_at(&b.stage.dir, name), b.stage.object, OBJECT_BYTES));
    }
    assert_int_equal(b.stats.done, b.receiver_count);
    assert_int_equal(b.stats.failed, 0);
}

static void bench_close(void)
{
    for (uint32_t i = 0; i < b.receiver_count; i++) {
        wc_rxloop_stop(b.receivers[i].rxloop);
        b.receivers[i].rxloop = NULL;
        wc_store_close(b.receivers[i].store);
        wc_client_close(b.receivers[i].client);
        close(b.receivers[i].fd);
    }
    wc_roster_close(b.roster, 0, "");
    UNTIL(!uv_loop_alive(&b.loop));
    for (uint32_t i = 0; i < b.receiver_count; i++)
        wc_client_free(b.receivers[i].client);
    wc_roster_free(b.roster);
    wc_tls_context_free(b.tls);
    uv_close((uv_handle_t *)&b.tick, NULL);
    uv_run(&b.loop, UV_RUN_NOWAIT);
    assert_int_equal(uv_loop_close(&b.loop), 0);
    stage_close(&b.stage);
}

static void three_receivers_by_multicast(void **state)
{
    (void)state;
    bench_open(3);
    for (int i = 0; i < 3; i++)
        join(false);
    assert_all_done();
    assert_true(b.stats.source_count >= b.stage.config.partition.symbol_count);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(b.receivers[i].stats.core.void_count == 0);
        assert_false(b.receivers[i].by_unicast);
    }
    bench_close();
}

static void one_joins_when_half_is_sent(void **state)
{
    (void)state;
    bench_open(1);
    struct receiver *first = join(false);
    UNTIL(first->stats.core.block_done_count > b.stage.config.partition.block_count / 2 ||
          first->complete);
    if (first->complete) { /* the machine is busy: the session may be over */
        assert_all_done();
        bench_close();
        skip();
    }
    join(false);
    assert_all_done();
    bench_close();
}

static void one_that_multicast_does_not_reach(void **state)
{
    (void)state;
    bench_open(2);
    struct receiver *deaf = join(true);
    join(false);
    assert_all_done();
    assert_true(deaf->by_unicast);
    assert_true(deaf->stats.unicast_count >= b.stage.config.partition.symbol_count);
    bench_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_receivers_by_multicast),
        cmocka_unit_test(one_joins_when_half_is_sent),
        cmocka_unit_test(one_that_multicast_does_not_reach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
