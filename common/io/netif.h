/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Network interfaces: which one carries the session. */
#ifndef WC_IO_NETIF_H
#define WC_IO_NETIF_H

#include "common/core/msg.h"
#include "common/io/why.h"

#define WC_NETIF_NAME_BYTES 16

struct wc_netif {
    char name[WC_NETIF_NAME_BYTES];
    uint32_t index;
    uint32_t mtu;
    uint64_t speed_bps; /* of the link; 0: unknown */
    bool up, multicast, loopback;
    /* First address of each family, port 0; family 0: none. IPv6: global before link-local. */
    struct wc_addr v4, v6;
};

/* The interface named `choice` (a name, or an address that it has), for multicast of `family` (4
 * or 6); NULL: the only one that is up, has multicast and an address of that family, and is not
 * the loopback. The loopback serves only when named. WC_E_NOT_FOUND with `why`: no such
 * interface, none at all, several (they are listed), down, without multicast or address. */
WC_MUST_USE enum wc_err wc_netif_choose(struct wc_netif *ret, const char *choice, uint8_t family,
                                        struct wc_why *why);

/* The interface named `choice` (a name, or an address that it has), whatever its state.
 * WC_E_NOT_FOUND. */
WC_MUST_USE enum wc_err wc_netif_find(struct wc_netif *ret, const char *choice);

/* The interface that has this address (of a connected socket). WC_E_NOT_FOUND. */
WC_MUST_USE enum wc_err wc_netif_of_addr(struct wc_netif *ret, const struct wc_addr *addr);

/* All interfaces that could carry announcements: up, with multicast, or the loopback. Returns how
 * many of at most `capacity`. */
size_t wc_netif_list(struct wc_netif *ret, size_t capacity);

#endif
