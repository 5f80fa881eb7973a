/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sending and receiving datagrams through the kernel, nothing else: as fast as it goes, with
 * segments in groups (GSO, GRO) or each on its own. The sender does not pace, so a slower receiver
 * loses some: its figure is what it took.
 * Usage: bench_micro_udp tx|rx GROUP:PORT INTERFACE offload|plain
 * tx sends for two seconds; rx ends half a second after the last datagram. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "bench/micro/micro.h"
#include "common/core/limits.h"
#include "common/io/clock.h"
#include "common/io/mcast.h"
#include "common/io/netaddr.h"
#include "common/io/udp_rx.h"
#include "common/io/udp_tx.h"

#define DATAGRAM_BYTES (WC_HEADER_BYTES + WC_BENCH_SYMBOL_BYTES + WC_TAG_BYTES)
#define GROUP          16u
#define SEND_NS        WC_S(2)
#define BUFFER_BYTES   (4u << 20)
#define FIRST_MS       10000 /* for the first datagram */
#define SILENCE_MS     500

struct flow {
    struct wc_addr group;
    struct wc_netif netif;
    bool offload;
};

static double cpu_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void print(const char *bench, const struct flow *f, uint64_t datagrams, wc_ns took)
{
    const char *name = f->offload ? "offload" : "plain";
    double bytes = (double)datagrams * DATAGRAM_BYTES;
    wc_bench_print(bench, name, took ? bytes * 8.0 / (double)took : 0.0, "Gbit/s");
    wc_bench_print(bench, name, datagrams ? cpu_seconds() / bytes * 1e9 : 0.0, "CPU s/GB");
}

static int send_all(const struct flow *f, struct wc_why *why)
{
    int fd = wc_mcast_open_tx(&f->group, &f->netif, WC_MCAST_TTL_DEFAULT, BUFFER_BYTES, why);
    if (fd < 0)
        return why->exit_code;
    uint8_t *datagrams = wc_bench_bytes((uint64_t)GROUP * DATAGRAM_BYTES, 9);
    struct wc_udp_tx tx;
    wc_udp_tx_init(&tx, fd, DATAGRAM_BYTES, f->offload);
    wc_ns start = wc_clock_now(), now = start;
    uint64_t sent = 0;
    for (; now - start < SEND_NS; now = wc_clock_now())
        sent += GROUP - wc_udp_tx_send(&tx, datagrams, GROUP);
    print("udp send", f, sent, now - start);
    free(datagrams);
    close(fd);
    return EXIT_SUCCESS;
}

static int receive_all(const struct flow *f, struct wc_why *why)
{
    struct wc_addr any = {0};
    int fd = wc_mcast_open_rx(&f->group, &any, &f->netif, BUFFER_BYTES, why);
    if (fd < 0)
        return why->exit_code;
    struct wc_udp_rx *rx;
    if (wc_udp_rx_new(&rx, fd, f->offload) != WC_OK)
        return EX_OSERR;
    fprintf(stderr, "ready\n");
    struct pollfd p = {.fd = fd, .events = POLLIN};
    wc_ns first = 0, last = 0;
    uint64_t bytes = 0;
    while (poll(&p, 1, first ? SILENCE_MS : FIRST_MS) > 0) {
        const struct wc_udp_message *messages;
        size_t count = wc_udp_rx_receive(rx, &messages);
        last = wc_clock_now();
        first = first ? first : last;
        for (size_t i = 0; i < count; i++)
            bytes += messages[i].byte_count;
    }
    print("udp receive", f, bytes / DATAGRAM_BYTES, last - first);
    wc_udp_rx_free(rx);
    close(fd);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct flow f = {0};
    struct wc_why why = {0};
    bool port_given;
    if (argc != 5 || !wc_netaddr_parse_port(argv[2], &f.group, &port_given) || !port_given) {
        fprintf(stderr, "usage: bench_micro_udp tx|rx GROUP:PORT INTERFACE offload|plain\n");
        return EX_USAGE;
    }
    f.offload = strcmp(argv[4], "offload") == 0;
    int rc = EX_UNAVAILABLE;
    if (wc_netif_choose(&f.netif, argv[3], f.group.family, &why) == WC_OK)
        rc = strcmp(argv[1], "tx") == 0 ? send_all(&f, &why) : receive_all(&f, &why);
    if (why.text[0])
        fprintf(stderr, "bench_micro_udp: %s\n", why.text);
    return rc;
}
