/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/sender/shell/stage.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/io/netaddr.h"

/* A connected pair over the loopback; multicast is other tests' business. */
static void open_sockets(struct stage *s)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(to);
    s->rx_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    s->tx_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    s->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    assert_true(s->rx_fd >= 0 && s->tx_fd >= 0 && s->wake_fd >= 0);
    (void)setsockopt(s->rx_fd, SOL_SOCKET, SO_RCVBUFFORCE, &(int){8 << 20}, sizeof(int));
    assert_int_equal(bind(s->rx_fd, (struct sockaddr *)&to, sizeof(to)), 0);
    assert_int_equal(getsockname(s->rx_fd, (struct sockaddr *)&to, &size), 0);
    assert_int_equal(connect(s->tx_fd, (struct sockaddr *)&to, sizeof(to)), 0);
    assert_int_equal(wc_udp_rx_new(&s->rx, s->rx_fd, true), WC_OK);
}

static void publish(struct stage *s, size_t byte_count)
{
    struct wc_addr group;
    char reason[WC_SENTENCE_BYTES_MAX + 1];
    const struct wc_publish_config config = {
        .id = "stage", .version = 1, .symbol_bytes = STAGE_SYMBOL, .block_symbols = STAGE_K};
    s->path = wc_workdir_fill(&s->dir, "a.img", 5, byte_count);
    s->object = calloc(1, byte_count + STAGE_SYMBOL);
    assert_non_null(s->object);
    wc_workdir_pattern(5, 0, s->object, byte_count);
    assert_int_equal(wc_content_open(&s->content, &s->path, 1, NULL, &s->why), WC_OK);
    assert_int_equal(wc_publish_run(&s->session.publication, s->content, &config, &s->why), WC_OK);
    assert_int_equal(wc_identity_open(&s->identity, s->dir.path, reason), WC_OK);
    assert_true(wc_netaddr_parse("239.77.0.1", &group));
    group.port = 9468;
    assert_int_equal(wc_session_init(&s->session, s->identity, &group, 1), WC_OK);
    assert_int_equal(wc_seal_new(&s->seal, s->session.welcome.key), WC_OK);
}

void stage_open(struct stage *s, size_t byte_count)
{
    memset(s, 0, sizeof(*s));
    wc_workdir_make(&s->dir);
    open_sockets(s);
    publish(s, byte_count);
    const struct wc_partition *p = &s->session.publication.manifest.partition;
    s->symbols = calloc((size_t)p->block_count * 256, sizeof(*s->symbols));
    assert_non_null(s->symbols);
    s->config = (struct wc_sender_config){
        .instance = s->session.welcome.instance,
        .partition = *p,
        .wire_bytes = s->session.wire_bytes,
        .rate_max_bps = 200000000,
        .rate_min_bps = 1000000,
        .member_max = STAGE_MEMBERS,
        .wait_max = WC_NEVER,
        .silence_max = WC_S(60),
    };
}

static void wake(void *ctx)
{
    struct stage *s = ctx;
    ssize_t written = write(s->wake_fd, &(uint64_t){1}, sizeof(uint64_t));
    (void)written;
}

void stage_start(struct stage *s, bool offload)
{
    struct wc_txloop_config config = {
        .sender = s->config,
        .content = s->content,
        .fd = s->tx_fd,
        .offload = offload,
        .wake = wake,
        .ctx = s,
    };
    memcpy(config.key, s->session.welcome.key, sizeof(config.key));
    assert_int_equal(wc_txloop_start(&s->txloop, &config), WC_OK);
}

void stage_close(struct stage *s)
{
    wc_txloop_stop(s->txloop);
    for (size_t i = 0; i < (size_t)s->config.partition.block_count * 256; i++)
        free(s->symbols[i]);
    free(s->symbols);
    wc_seal_free(s->seal);
    wc_session_deinit(&s->session);
    wc_identity_free(s->identity);
    wc_content_close(s->content);
    wc_udp_rx_free(s->rx);
    close(s->rx_fd);
    close(s->tx_fd);
    close(s->wake_fd);
    free(s->object);
    wc_workdir_remove(&s->dir);
}

static void take_notices(struct stage *s)
{
    static struct wc_tx_notice notice;
    while (s->txloop && wc_txloop_notice(s->txloop, &notice)) {
        assert_false(s->ended); /* which is the last one */
        switch (notice.type) {
        case WC_TX_CORE:
            if (notice.core.type == WC_SENDER_NOTICE_PHASE)
                s->has_phase[notice.core.phase] = true;
            else
                s->member[notice.core.member] = notice.core.state;
            break;
        case WC_TX_STATS:
            s->stats = notice.stats;
            s->stats_count++;
            break;
        case WC_TX_FAILED:
            s->failed = true;
            s->why = notice.why;
            break;
        case WC_TX_ENDED:
            s->ended = true;
            break;
        }
    }
}

static void take_symbol(struct stage *s, const struct wc_header *h, const uint8_t *symbol)
{
    assert_true(h->sbn < s->config.partition.block_count);
    uint8_t **at = &s->symbols[(size_t)h->sbn * 256 + h->esi];
    if (*at)
        assert_memory_equal(*at, symbol, STAGE_SYMBOL);
    else
        *at = malloc(STAGE_SYMBOL);
    assert_non_null(*at);
    memcpy(*at, symbol, STAGE_SYMBOL);
    s->data_count++;
}

static void take_datagram(struct stage *s, const uint8_t *bytes, uint32_t byte_count)
{
    static const uint8_t zeros[STAGE_SYMBOL];
    uint8_t symbol[STAGE_SYMBOL];
    struct wc_header h;
    assert_int_equal(byte_count, s->session.datagram_bytes);
    assert_int_equal(wc_header_decode(bytes, byte_count, &h), WC_OK);
    assert_int_equal(h.instance, s->session.welcome.instance);
    assert_true(h.pn >= s->next_pn);
    s->next_pn = h.pn + 1;
    assert_int_equal(
        wc_seal_open(s->seal, h.pn, bytes, bytes + WC_HEADER_BYTES, STAGE_SYMBOL, symbol), WC_OK);
    if (h.type == WC_DATAGRAM_DATA) {
        take_symbol(s, &h, symbol);
        return;
    }
    assert_memory_equal(symbol, zeros, STAGE_SYMBOL);
    s->beacon_flags = h.esi;
    s->beacon_count++;
}

static void take_datagrams(struct stage *s)
{
    const struct wc_udp_message *messages;
    for (size_t n; (n = wc_udp_rx_receive(s->rx, &messages)) > 0;)
        for (size_t i = 0; i < n; i++)
            for (uint32_t at = 0; at < messages[i].byte_count; at += messages[i].datagram_bytes)
                take_datagram(s, messages[i].bytes + at, messages[i].datagram_bytes);
}

void stage_step(struct stage *s)
{
    struct pollfd pfds[] = {{.fd = s->rx_fd, .events = POLLIN},
                            {.fd = s->wake_fd, .events = POLLIN}};
    uint64_t count;
    (void)poll(pfds, 2, 20);
    ssize_t got = read(s->wake_fd, &count, sizeof(count));
    (void)got;
    take_datagrams(s);
    take_notices(s);
}

void stage_post(struct stage *s, enum wc_sender_event_type type, uint32_t member)
{
    struct wc_sender_event event = {.type = type, .member = member};
    assert_true(wc_txloop_post(s->txloop, &event));
}

void stage_report(struct stage *s, uint32_t member, uint32_t sbn, uint32_t count, uint8_t missing)
{
    static struct wc_report report;
    report = (struct wc_report){.pn = s->next_pn - 1, .run_count = count ? 1 : 0};
    report.runs[0] = (struct wc_run){.sbn = sbn, .block_count = count, .missing = missing};
    struct wc_sender_event event = {.type = WC_SENDER_REPORT, .member = member, .report = &report};
    assert_true(wc_txloop_post(s->txloop, &event));
    memset(&report, 0xff, sizeof(report)); /* it was copied */
}

uint32_t stage_k(const struct stage *s, uint32_t sbn)
{
    return wc_partition_symbols(&s->config.partition, sbn);
}

bool stage_has_symbol(const struct stage *s, uint32_t sbn, uint32_t esi)
{
    return s->symbols[(size_t)sbn * 256 + esi] != NULL;
}

bool stage_has_object(const struct stage *s)
{
    for (uint32_t sbn = 0; sbn < s->config.partition.block_count; sbn++)
        for (uint32_t esi = 0; esi < stage_k(s, sbn); esi++) {
            if (!stage_has_symbol(s, sbn, esi))
                return false;
            uint64_t at = wc_partition_offset(&s->config.partition, sbn) + esi * STAGE_SYMBOL;
            assert_memory_equal(s->symbols[(size_t)sbn * 256 + esi], s->object + at, STAGE_SYMBOL);
        }
    return true;
}
