/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Receiving datagrams in batches: recvmmsg, with UDP_GRO where the kernel has it, so that one
 * message holds many datagrams of one size. Memory is taken once. */
#ifndef WC_IO_UDP_RX_H
#define WC_IO_UDP_RX_H

#include "common/core/err.h"
#include "common/core/msg.h"
#include "common/core/types.h"

#define WC_UDP_RX_MESSAGES_MAX 16u

struct wc_udp_rx; /* one thread */

/* A message: datagrams of datagram_bytes each, one after the other; the last may be shorter. */
struct wc_udp_message {
    const uint8_t *bytes;
    uint32_t byte_count;
    uint32_t datagram_bytes;
    struct wc_addr from;
};

/* `fd`: the caller's, non-blocking. WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_udp_rx_new(struct wc_udp_rx **ret, int fd, bool offload);
void wc_udp_rx_free(struct wc_udp_rx *rx);

/* What is there now, without waiting: returns the number of messages, 0 = none. Borrowed until
 * the next call. */
size_t wc_udp_rx_receive(struct wc_udp_rx *rx, const struct wc_udp_message **ret_messages);

/* Datagrams that this socket's full buffer dropped, in all. */
uint64_t wc_udp_rx_overflow_count(const struct wc_udp_rx *rx);

#endif
