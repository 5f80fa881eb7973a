/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session as receivers are told of it: made once, before anybody may join, and then only read. */
#ifndef WC_SENDER_SHELL_SESSION_H
#define WC_SENDER_SHELL_SESSION_H

#include "common/core/msg.h"
#include "common/io/identity.h"
#include "common/io/netif.h"
#include "sender/shell/publish.h"

struct wc_session {
    struct wc_welcome welcome; /* pn and report interval are filled in for each receiver */
    struct wc_publication publication;
    struct wc_netif netif;
    /* That receivers are told to trust: of the site's key that signed the MCS key, or of that. */
    uint8_t key_digest[WC_DIGEST_BYTES];
    uint32_t datagram_bytes; /* header, symbol, tag */
    uint32_t wire_bytes;     /* of one datagram on the line */
};

/* The symbol size for a path: the largest multiple of 32 that fits `mtu` unfragmented. */
uint32_t wc_session_symbol_bytes(uint32_t mtu, uint8_t family);

/* The largest symbol that fits `mtu` unfragmented, be it good or not. */
uint32_t wc_session_symbol_bytes_max(uint32_t mtu, uint8_t family);

/* A random group of the family that no switch floods, and the default data port. */
struct wc_addr wc_session_random_group(uint8_t family);

/* The host of the session's URL: the interface's address of the family, an IPv6 one of the link
 * with its zone. Returns `ret`. */
#define WC_SESSION_HOST_BYTES (64 + WC_NETIF_NAME_BYTES + 1)
const char *wc_session_host(const struct wc_netif *netif, uint8_t family,
                            char ret[WC_SESSION_HOST_BYTES]);

/* Complete a session whose publication and netif are set: fresh instance and key, signed
 * manifest. WC_E_CRYPTO. */
WC_MUST_USE enum wc_err wc_session_init(struct wc_session *s, const struct wc_identity *identity,
                                        const struct wc_addr *group, uint8_t ttl);
void wc_session_deinit(struct wc_session *s); /* wipes the key */

#endif
