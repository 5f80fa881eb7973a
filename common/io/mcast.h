/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Multicast sockets: joined and sent by interface index, never by address or routing table; TTL
 * on every socket; only the groups that this socket joined (IP_MULTICAST_ALL=0). */
#ifndef WC_IO_MCAST_H
#define WC_IO_MCAST_H

#include "common/io/netif.h"

/* The TTL that a group needs by default: stays on the link. */
#define WC_MCAST_TTL_DEFAULT 1u

/* A socket that sends to multicast on `netif`, from its address of the group's family, with
 * SO_SNDBUF of send_buffer_bytes (0: the system's). Local drops are reported (IP_RECVERR), local
 * receivers get a copy. Returns the descriptor, or -1 with `why`. */
int wc_mcast_open_tx(const struct wc_addr *group, const struct wc_netif *netif, uint32_t ttl,
                     uint32_t send_buffer_bytes, struct wc_why *why);

/* A socket bound to group and port, joined on `netif`; source: join (S,G) where family is not 0.
 * Datagrams the kernel drops are counted (SO_RXQ_OVFL). Returns the descriptor (non-blocking), or
 * -1 with `why`. */
int wc_mcast_open_rx(const struct wc_addr *group, const struct wc_addr *source,
                     const struct wc_netif *netif, uint32_t receive_buffer_bytes,
                     struct wc_why *why);

/* What the system gave of the receive buffer that was asked for, in bytes. */
uint32_t wc_mcast_receive_buffer(int fd);

/* Join one more group on another interface with the same socket. WC_E_SYS. */
WC_MUST_USE enum wc_err wc_mcast_join(int fd, const struct wc_addr *group,
                                      const struct wc_addr *source, uint32_t netif_index);

#endif
