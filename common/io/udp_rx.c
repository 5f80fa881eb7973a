/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/udp_rx.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/io/netaddr.h"

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

#define MESSAGE_BYTES_MAX 65536u
#define CONTROL_BYTES     (CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(uint32_t)))

struct wc_udp_rx {
    int fd;
    uint32_t overflow_last; /* as the kernel counts, modulo 2^32 */
    uint64_t overflow_count;
    uint32_t group_x16; /* datagrams in a message, smoothed */
    uint8_t *buffers;
    struct wc_udp_message messages[WC_UDP_RX_MESSAGES_MAX];
    struct mmsghdr headers[WC_UDP_RX_MESSAGES_MAX];
    struct iovec iovs[WC_UDP_RX_MESSAGES_MAX];
    struct sockaddr_storage from[WC_UDP_RX_MESSAGES_MAX];
    _Alignas(struct cmsghdr) uint8_t controls[WC_UDP_RX_MESSAGES_MAX][CONTROL_BYTES];
};

enum wc_err wc_udp_rx_new(struct wc_udp_rx **ret, int fd, bool offload)
{
    struct wc_udp_rx *rx = calloc(1, sizeof *rx);
    if (!rx)
        return WC_E_NOMEM;
    rx->fd = fd;
    rx->group_x16 = 16;
    rx->buffers = malloc((size_t)WC_UDP_RX_MESSAGES_MAX * MESSAGE_BYTES_MAX);
    if (!rx->buffers) {
        free(rx);
        return WC_E_NOMEM;
    }
    if (offload)
        (void)setsockopt(fd, IPPROTO_UDP, UDP_GRO, &(int){1}, sizeof(int));
    for (size_t i = 0; i < WC_UDP_RX_MESSAGES_MAX; i++)
        rx->iovs[i] = (struct iovec){.iov_base = rx->buffers + i * MESSAGE_BYTES_MAX,
                                     .iov_len = MESSAGE_BYTES_MAX};
    *ret = rx;
    return WC_OK;
}

void wc_udp_rx_free(struct wc_udp_rx *rx)
{
    if (!rx)
        return;
    free(rx->buffers);
    free(rx);
}

static void read_control(struct wc_udp_rx *rx, struct msghdr *msg, struct wc_udp_message *ret)
{
    uint32_t dropped = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
            uint32_t count;
            memcpy(&count, CMSG_DATA(c), sizeof count);
            dropped = count - rx->overflow_last;
            rx->overflow_last = count;
        } else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            int segment;
            memcpy(&segment, CMSG_DATA(c), sizeof segment);
            if (segment > 0 && (uint32_t)segment < ret->byte_count)
                ret->datagram_bytes = (uint32_t)segment;
        }
    }
    /* The kernel counts buffers, and with GRO one holds many datagrams: about as many as those that
     * came. */
    uint32_t datagrams = 1;
    if (ret->datagram_bytes)
        datagrams = (ret->byte_count + ret->datagram_bytes - 1) / ret->datagram_bytes;
    rx->group_x16 += datagrams - rx->group_x16 / 16;
    rx->overflow_count += (uint64_t)dropped * rx->group_x16 / 16;
}

size_t wc_udp_rx_receive(struct wc_udp_rx *rx, const struct wc_udp_message **ret_messages)
{
    for (size_t i = 0; i < WC_UDP_RX_MESSAGES_MAX; i++)
        rx->headers[i].msg_hdr = (struct msghdr){
            .msg_name = &rx->from[i],
            .msg_namelen = sizeof rx->from[i],
            .msg_iov = &rx->iovs[i],
            .msg_iovlen = 1,
            .msg_control = rx->controls[i],
            .msg_controllen = CONTROL_BYTES,
        };
    int got = recvmmsg(rx->fd, rx->headers, WC_UDP_RX_MESSAGES_MAX, MSG_DONTWAIT, NULL);
    if (got <= 0)
        return 0;
    for (int i = 0; i < got; i++) {
        struct wc_udp_message *message = &rx->messages[i];
        *message = (struct wc_udp_message){
            .bytes = rx->iovs[i].iov_base,
            .byte_count = rx->headers[i].msg_len,
            .datagram_bytes = rx->headers[i].msg_len,
        };
        (void)wc_netaddr_from_sockaddr((struct sockaddr *)&rx->from[i], &message->from);
        read_control(rx, &rx->headers[i].msg_hdr, message);
    }
    *ret_messages = rx->messages;
    return (size_t)got;
}

uint64_t wc_udp_rx_overflow_count(const struct wc_udp_rx *rx)
{
    return rx->overflow_count;
}
