/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/udp_tx.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

/* Kernels before 6.9 take no more. How many are sent together is the pacer's to say. */
#define SEGMENTS_MAX    64u
#define GROUP_BYTES_MAX 65000u

static bool is_lack_of_offload(int error)
{
    return error == EIO || error == EINVAL || error == EMSGSIZE || error == ENOPROTOOPT ||
           error == EOPNOTSUPP;
}

/* A kernel that does not know it would send a group as one large datagram. */
static bool has_offload(int fd)
{
    return setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &(int){0}, sizeof(int)) == 0 ||
           !is_lack_of_offload(errno);
}

void wc_udp_tx_init(struct wc_udp_tx *tx, int fd, uint32_t datagram_bytes, bool offload)
{
    uint32_t fitting = GROUP_BYTES_MAX / datagram_bytes;
    *tx = (struct wc_udp_tx){
        .fd = fd,
        .datagram_bytes = datagram_bytes,
        .group_max = fitting < SEGMENTS_MAX ? fitting : SEGMENTS_MAX,
        .offload = offload && has_offload(fd),
    };
}

/* An error left over from an earlier datagram (IP_RECVERR) is not this one's: the second try
 * tells. */
static bool send_bytes(struct wc_udp_tx *tx, const uint8_t *bytes, size_t count, uint16_t segment)
{
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof segment)] = {0};
    struct iovec iov = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = count};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    if (segment) {
        msg.msg_control = control;
        msg.msg_controllen = sizeof control;
        struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
        cmsg->cmsg_level = IPPROTO_UDP;
        cmsg->cmsg_type = UDP_SEGMENT;
        cmsg->cmsg_len = CMSG_LEN(sizeof segment);
        memcpy(CMSG_DATA(cmsg), &segment, sizeof segment);
    }
    for (int tries = 0; tries < 2;) {
        if (sendmsg(tx->fd, &msg, MSG_NOSIGNAL) >= 0)
            return true;
        tx->last_errno = errno;
        if (errno != EINTR)
            tries++;
    }
    return false;
}

static uint32_t send_each(struct wc_udp_tx *tx, const uint8_t *datagrams, uint32_t count)
{
    uint32_t refused = 0;
    for (uint32_t i = 0; i < count; i++)
        refused +=
            !send_bytes(tx, datagrams + (size_t)i * tx->datagram_bytes, tx->datagram_bytes, 0);
    return refused;
}

static uint32_t send_group(struct wc_udp_tx *tx, const uint8_t *datagrams, uint32_t count)
{
    if (!tx->offload || count == 1)
        return send_each(tx, datagrams, count);
    size_t bytes = (size_t)count * tx->datagram_bytes;
    if (send_bytes(tx, datagrams, bytes, (uint16_t)tx->datagram_bytes))
        return 0;
    if (!is_lack_of_offload(tx->last_errno))
        return count;
    tx->offload = false;
    return send_each(tx, datagrams, count);
}

uint32_t wc_udp_tx_send(struct wc_udp_tx *tx, const uint8_t *datagrams, uint32_t count)
{
    uint32_t refused = 0;
    for (uint32_t sent = 0; sent < count;) {
        uint32_t group = count - sent < tx->group_max ? count - sent : tx->group_max;
        refused += send_group(tx, datagrams + (size_t)sent * tx->datagram_bytes, group);
        sent += group;
    }
    tx->refused_count += refused;
    return refused;
}
