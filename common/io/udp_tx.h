/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sending datagrams of one size: a group of them in one system call by UDP segmentation offload
 * (UDP_SEGMENT), or one by one where kernel or device do not have it. Tried at the first send and
 * latched off on failure. */
#ifndef WC_IO_UDP_TX_H
#define WC_IO_UDP_TX_H

#include "common/core/err.h"
#include "common/core/types.h"

struct wc_udp_tx {
    int fd; /* connected; the caller's */
    uint32_t datagram_bytes;
    uint32_t group_max; /* datagrams in one system call */
    bool offload;
    uint64_t refused_count; /* datagrams that the kernel did not take, in all */
    int last_errno;         /* of those */
};

/* offload false: never try it. */
void wc_udp_tx_init(struct wc_udp_tx *tx, int fd, uint32_t datagram_bytes, bool offload);

/* Send `count` datagrams that lie one after the other. Blocks while the socket's buffer is full.
 * Returns how many the kernel refused (they are lost; counted in refused_count): ENOBUFS when its
 * queue is full, or the network went away. */
uint32_t wc_udp_tx_send(struct wc_udp_tx *tx, const uint8_t *datagrams, uint32_t count);

#endif
