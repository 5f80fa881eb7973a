/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses: text, struct wc_addr and sockaddr. */
#ifndef WC_IO_NETADDR_H
#define WC_IO_NETADDR_H

#include <sys/socket.h>

#include "common/core/msg.h"
#include "common/io/why.h"

#define WC_NETADDR_TEXT_BYTES 64

/* IPv4 and IPv6 (v4-mapped ones become IPv4); false: another family. */
bool wc_netaddr_from_sockaddr(const struct sockaddr *sa, struct wc_addr *ret);

/* scope: interface index for link-local and multicast IPv6 addresses, else 0. Returns the
 * length. */
socklen_t wc_netaddr_to_sockaddr(const struct wc_addr *addr, uint32_t scope,
                                 struct sockaddr_storage *ret);

/* "10.0.0.1" or "fe80::1" without port; false: neither. */
bool wc_netaddr_parse(const char *text, struct wc_addr *ret);

/* "A", "A:PORT", "[V6]", "[V6]:PORT" or "V6". *ret_port_given: the port was there. false:
 * malformed. */
bool wc_netaddr_parse_port(const char *text, struct wc_addr *ret, bool *ret_port_given);

/* Text with or without port. Returns `ret`. */
const char *wc_netaddr_format(const struct wc_addr *addr, bool with_port,
                              char ret[WC_NETADDR_TEXT_BYTES]);

bool wc_netaddr_same_host(const struct wc_addr *a, const struct wc_addr *b);
bool wc_netaddr_is_multicast(const struct wc_addr *addr);
/* 232/8 (RFC 4607) and ff3x::/32: joined with their source. */
bool wc_netaddr_is_source_specific(const struct wc_addr *addr);

/* A group that a session may use: multicast, not reserved for the link's own protocols, and whose
 * MAC address no switch confuses with 224.0.0.x (RFC 1112 section 6.4, RFC 4541 section 2.1.2).
 * WC_E_RANGE with `why`. */
WC_MUST_USE enum wc_err wc_netaddr_check_group(const struct wc_addr *group, struct wc_why *why);

#endif
