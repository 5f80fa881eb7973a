/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/receiver/shell/rxbench.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/io/fec.h"

struct rxbench rx;

static const struct wc_package_file files[] = {
    {"d/", 0, 0, 0},
    {"d/a", 9000, 0, 0},
    {"d/b", 5003, 0, 0},
};
enum { FILE_COUNT = sizeof(files) / sizeof(files[0]) };

static const uint8_t key[32] = {1, 2, 3};

/* A connected pair over the loopback; multicast is other tests' business. */
static void open_sockets(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(to);
    rx.rx_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    rx.tx_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    rx.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    assert_true(rx.rx_fd >= 0 && rx.tx_fd >= 0 && rx.wake_fd >= 0);
    assert_int_equal(bind(rx.rx_fd, (struct sockaddr *)&to, sizeof(to)), 0);
    assert_int_equal(getsockname(rx.rx_fd, (struct sockaddr *)&to, &size), 0);
    assert_int_equal(connect(rx.tx_fd, (struct sockaddr *)&to, sizeof(to)), 0);
}

static void wake(void *ctx)
{
    (void)ctx;
    ssize_t written = write(rx.wake_fd, &(uint64_t){1}, sizeof(uint64_t));
    (void)written;
}

void rxbench_open(void **state)
{
    rx = (struct rxbench){.f = *state, .pn = 1000, .rng.state = 1};
    wc_fixture_pack(rx.f, files, FILE_COUNT);
    wc_fixture_open(rx.f, "out/");
    rx.p = &rx.f->package.m.partition;
    assert_true(rx.p->symbol_bytes == RXBENCH_SYMBOL && rx.p->large_symbols <= 16);
    open_sockets();
    assert_int_equal(wc_seal_new(&rx.seal, key), WC_OK);
    rx.config = (struct wc_rxloop_config){
        .receiver = {.instance = RXBENCH_INSTANCE,
                     .partition = *rx.p,
                     .report_interval = WC_MS(20),
                     .beacon_timeout = WC_S(60),
                     .silence_max = WC_S(60),
                     .seed = 1},
        .manifest = &rx.f->package.m,
        .store = rx.f->store,
        .memory_bytes = 1 << 20,
        .fd = rx.rx_fd,
        .offload = true,
        .wake = wake,
    };
    memcpy(rx.config.key, key, sizeof(key));
}

void rxbench_start(void)
{
    assert_int_equal(wc_rxloop_start(&rx.rxloop, &rx.config), WC_OK);
}

void rxbench_close(void)
{
    wc_rxloop_stop(rx.rxloop);
    wc_seal_free(rx.seal);
    close(rx.rx_fd);
    close(rx.tx_fd);
    close(rx.wake_fd);
    wc_fixture_close(rx.f);
}

static void take_notice(struct wc_rx_notice *notice)
{
    switch (notice->type) {
    case WC_RX_REACHED:
        assert_false(rx.reached);
        rx.reached = true;
        rx.reached_pn = notice->pn;
        break;
    case WC_RX_UNREACHED:
        rx.unreached = true;
        break;
    case WC_RX_SENDER_SILENT:
        rx.silent = true;
        break;
    case WC_RX_REPORT:
        rx.report_before_reached |= !rx.reached;
        rx.report = *notice->report;
        rx.report_count++;
        free(notice->report);
        break;
    case WC_RX_BEHIND:
        rx.behind_count++;
        break;
    case WC_RX_FETCH:
        assert_true(rx.fetch_count < sizeof(rx.fetches) / sizeof(rx.fetches[0]));
        rx.fetches[rx.fetch_count++] = notice->sbn;
        break;
    case WC_RX_VOID:
        rx.void_block = notice->void_block;
        rx.void_count++;
        break;
    case WC_RX_DAMAGED:
        rx.damaged_sbn = notice->sbn;
        rx.is_damaged = true;
        break;
    case WC_RX_STATS:
        rx.stats = notice->stats;
        rx.stats_count++;
        break;
    case WC_RX_FINISHED:
        rx.finished = true;
        break;
    case WC_RX_FAILED:
        rx.failed = true;
        rx.err = notice->failed.err;
        rx.why = notice->failed.why;
        break;
    }
}

void rxbench_step(void)
{
    struct pollfd pfd = {.fd = rx.wake_fd, .events = POLLIN};
    uint64_t count;
    struct wc_rx_notice notice;
    (void)poll(&pfd, 1, 20);
    ssize_t got = read(rx.wake_fd, &count, sizeof(count));
    (void)got;
    while (wc_rxloop_notice(rx.rxloop, &notice))
        take_notice(&notice);
}

uint32_t rxbench_k(uint32_t sbn)
{
    return wc_partition_symbols(rx.p, sbn);
}

void rxbench_encode(uint32_t sbn, uint32_t esi, uint8_t *ret)
{
    uint8_t rows[16 * RXBENCH_SYMBOL] = {0};
    uint32_t k = rxbench_k(sbn);
    memcpy(rows, wc_package_block(&rx.f->package, sbn), wc_partition_bytes(rx.p, sbn));
    if (esi < k) {
        memcpy(ret, rows + (size_t)esi * RXBENCH_SYMBOL, RXBENCH_SYMBOL);
        return;
    }
    struct wc_fec *fec = NULL;
    assert_int_equal(wc_fec_new(&fec, k), WC_OK);
    wc_fec_encode(fec, rows, RXBENCH_SYMBOL, esi - k, 1, ret);
    wc_fec_free(fec);
}

void rxbench_seal(const struct wc_header *header, const uint8_t *symbol, uint8_t *ret)
{
    wc_header_encode(header, ret);
    assert_int_equal(
        wc_seal_protect(rx.seal, header->pn, ret, symbol, RXBENCH_SYMBOL, ret + WC_HEADER_BYTES),
        WC_OK);
}

void rxbench_send_bytes(const void *bytes, size_t count)
{
    assert_int_equal(send(rx.tx_fd, bytes, count, 0), count);
}

void rxbench_data(uint32_t sbn, uint32_t esi)
{
    uint8_t symbol[RXBENCH_SYMBOL], datagram[RXBENCH_DATAGRAM];
    struct wc_header header = {.type = WC_DATAGRAM_DATA,
                               .esi = (uint8_t)esi,
                               .instance = RXBENCH_INSTANCE,
                               .sbn = sbn,
                               .pn = rx.pn++};
    rxbench_encode(sbn, esi, symbol);
    rxbench_seal(&header, symbol, datagram);
    rxbench_send_bytes(datagram, sizeof(datagram));
}

void rxbench_beacon(uint8_t flags)
{
    static const uint8_t zeros[RXBENCH_SYMBOL];
    uint8_t datagram[RXBENCH_DATAGRAM];
    struct wc_header header = {
        .type = WC_DATAGRAM_BEACON, .esi = flags, .instance = RXBENCH_INSTANCE, .pn = rx.pn++};
    rxbench_seal(&header, zeros, datagram);
    rxbench_send_bytes(datagram, sizeof(datagram));
}
