/* SPDX-License-Identifier: GPL-3.0-or-later */
/* usage: insider URL INTERFACE SBN
 * A member of the group that nobody should have let in: it joins by the URL like a receiver, and
 * with the group key it forges a symbol of block SBN each time that the sender begins to send that
 * block: authentic for everybody, and wrong. Packet numbers are those that were sent before anybody
 * listened, so that nothing of the sender's is taken for a replay. Says "ready", then "forged N";
 * ends on SIGTERM. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/core/url.h"
#include "common/core/wire.h"
#include "common/io/ctrl.h"
#include "common/io/mcast.h"
#include "common/io/seal.h"

/* Of the forged symbol: comes late in the block, so that the genuine one is a duplicate. */
#define FORGED_ESI 100u
#define ALIVE_MS   1000u

static struct wc_url url;
static struct wc_ctrl *ctrl;
static struct wc_welcome welcome;
static struct wc_seal *seal;
static int rx_fd = -1, tx_fd = -1;
static uint32_t target;
static uint64_t pn; /* of the next forged datagram */
static uint32_t forged_count;
static uint8_t datagram[WC_DATAGRAM_BYTES_MAX];

static void die(const char *what)
{
    fprintf(stderr, "insider: %s\n", what);
    exit(1);
}

static void on_open(void *ctx, struct wc_ctrl *c)
{
    struct wc_msg msg = {.type = WC_MSG_HELLO, .hello.version = WC_PROTOCOL_VERSION};
    (void)ctx;
    snprintf(msg.hello.name, sizeof(msg.hello.name), "insider");
    snprintf(msg.hello.package, sizeof(msg.hello.package), "%s", url.package);
    if (wc_ctrl_send(c, &msg))
        die("cannot send HELLO");
}

static void on_msg(void *ctx, struct wc_ctrl *c, const struct wc_msg *msg)
{
    (void)ctx;
    (void)c;
    if (msg->type == WC_MSG_REFUSE || msg->type == WC_MSG_BYE)
        die(msg->refusal.sentence);
    if (msg->type == WC_MSG_WELCOME)
        welcome = msg->welcome;
}

static void on_drain(void *ctx, struct wc_ctrl *c)
{
    (void)ctx;
    (void)c;
}

static void on_close(void *ctx, struct wc_ctrl *c, enum wc_err err, const char *why)
{
    (void)ctx;
    (void)c;
    (void)err;
    die(why);
}

static const struct wc_ctrl_ops ops = {
    .on_open = on_open, .on_msg = on_msg, .on_drain = on_drain, .on_close = on_close};

static void on_alive(uv_timer_t *timer)
{
    (void)timer;
    (void)!wc_ctrl_send(ctrl, &(struct wc_msg){.type = WC_MSG_ALIVE});
}

static void forge(uint32_t symbol_bytes)
{
    struct wc_header header = {.type = WC_DATAGRAM_DATA,
                               .esi = FORGED_ESI,
                               .instance = welcome.instance,
                               .sbn = target,
                               .pn = pn++};
    uint8_t symbol[WC_SYMBOL_BYTES_MAX];
    wc_random_bytes(symbol, symbol_bytes);
    wc_header_encode(&header, datagram);
    if (wc_seal_protect(seal, header.pn, datagram, symbol, symbol_bytes,
                        datagram + WC_HEADER_BYTES))
        die("cannot seal");
    size_t count = WC_HEADER_BYTES + symbol_bytes + WC_TAG_BYTES;
    if (send(tx_fd, datagram, count, 0) != (ssize_t)count)
        die("cannot send");
    printf("forged %u\n", ++forged_count);
}

static void on_datagram(uv_poll_t *handle, int status, int events)
{
    struct wc_header header;
    (void)handle;
    (void)status;
    (void)events;
    for (;;) {
        ssize_t count = recv(rx_fd, datagram, sizeof(datagram), MSG_DONTWAIT);
        if (count < 0)
            return;
        if (wc_header_decode(datagram, (size_t)count, &header) ||
            header.instance != welcome.instance || header.type != WC_DATAGRAM_DATA)
            continue;
        if (header.sbn == target && header.esi == 0)
            forge((uint32_t)count - WC_HEADER_BYTES - WC_TAG_BYTES);
    }
}

static void join_group(const char *interface)
{
    struct wc_netif netif;
    struct wc_why why;
    if (wc_netif_choose(&netif, interface, welcome.group.family, &why))
        die(why.text);
    rx_fd = wc_mcast_open_rx(&welcome.group, &welcome.source, &netif, 1 << 20, &why);
    tx_fd = wc_mcast_open_tx(&welcome.group, &netif, 1, 0, &why);
    if (rx_fd < 0 || tx_fd < 0)
        die(why.text);
    if (setsockopt(tx_fd, IPPROTO_IP, IP_MULTICAST_LOOP, &(int){0}, sizeof(int)))
        die("cannot leave out its own datagrams");
    if (wc_seal_new(&seal, welcome.key))
        die("cannot seal");
}

int main(int argc, char **argv)
{
    static uv_loop_t loop;
    static uv_timer_t alive;
    static uv_poll_t datagrams;
    struct wc_tls_context *tls;
    const char *why;
    if (argc != 4 || wc_url_parse(argv[1], &url, &why))
        die("usage: insider URL INTERFACE SBN");
    target = (uint32_t)strtoul(argv[3], NULL, 10);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (uv_loop_init(&loop) || wc_tls_client_new(&tls, url.key) ||
        wc_ctrl_connect(&ctrl, &loop, tls, url.host, url.port, &ops, NULL))
        die("cannot connect");
    while (!welcome.version)
        uv_run(&loop, UV_RUN_ONCE);
    join_group(argv[2]);
    uv_timer_init(&loop, &alive);
    uv_timer_start(&alive, on_alive, ALIVE_MS, ALIVE_MS);
    uv_poll_init(&loop, &datagrams, rx_fd);
    uv_poll_start(&datagrams, UV_READABLE, on_datagram);
    puts("ready");
    return uv_run(&loop, UV_RUN_DEFAULT);
}
