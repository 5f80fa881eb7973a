/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/session.h"

#include <stdio.h>
#include <string.h>

#include "common/io/netaddr.h"
#include "common/io/seal.h"

#define DATA_PORT_DEFAULT 9468u
#define MTU_ETHERNET      1500u
#define MTU_JUMBO         9000u
#define MTU_LOOPBACK      65535u
/* Ethernet: preamble 8, header 14, FCS 4, gap 12. */
#define LINE_OVERHEAD_BYTES 38u
#define SYMBOL_ALIGN        32u

static uint32_t ip_udp_bytes(uint8_t family)
{
    return family == 4 ? 28 : 48;
}

uint32_t wc_session_symbol_bytes_max(uint32_t mtu, uint8_t family)
{
    uint32_t overhead = ip_udp_bytes(family) + WC_HEADER_BYTES + WC_TAG_BYTES;
    return mtu > overhead ? mtu - overhead : 0;
}

uint32_t wc_session_symbol_bytes(uint32_t mtu, uint8_t family)
{
    /* The loopback's 64 KiB is no path: nothing is gained there by larger datagrams. */
    uint32_t path = mtu == 0 || mtu >= MTU_LOOPBACK ? MTU_ETHERNET : mtu;
    if (path > MTU_JUMBO)
        path = MTU_JUMBO;
    uint32_t overhead = ip_udp_bytes(family) + WC_HEADER_BYTES + WC_TAG_BYTES;
    if (path < overhead + SYMBOL_ALIGN)
        return SYMBOL_ALIGN;
    return (path - overhead) / SYMBOL_ALIGN * SYMBOL_ALIGN;
}

struct wc_addr wc_session_random_group(uint8_t family)
{
    struct wc_addr group = {.family = family, .port = DATA_PORT_DEFAULT};
    uint8_t random[14];
    wc_random_bytes(random, sizeof random);
    if (family == 4) {
        group.bytes[0] = 239;
        group.bytes[1] = (uint8_t)(1 + random[0] % 127);
        memcpy(group.bytes + 2, random + 1, 2);
    } else {
        group.bytes[0] = 0xff;
        group.bytes[1] = 0x15; /* transient, site-local */
        memcpy(group.bytes + 12, random, 4);
        group.bytes[12] |= 0x80; /* RFC 3307: dynamic group ids have the high bit set */
    }
    return group;
}

const char *wc_session_host(const struct wc_netif *netif, uint8_t family,
                            char ret[WC_SESSION_HOST_BYTES])
{
    const struct wc_addr *addr = family == 4 ? &netif->v4 : &netif->v6;
    char text[WC_NETADDR_TEXT_BYTES];
    bool link_local = family == 6 && addr->bytes[0] == 0xfe && (addr->bytes[1] & 0xc0) == 0x80;
    wc_netaddr_format(addr, false, text);
    snprintf(ret, WC_SESSION_HOST_BYTES, "%s%s%s", text, link_local ? "%" : "",
             link_local ? netif->name : "");
    return ret;
}

enum wc_err wc_session_init(struct wc_session *s, const struct wc_identity *identity,
                            const struct wc_addr *group, uint8_t ttl)
{
    const struct wc_publication *p = &s->publication;
    struct wc_welcome *w = &s->welcome;
    *w = (struct wc_welcome){
        .version = WC_PROTOCOL_VERSION,
        .group = *group,
        .source = group->family == 4 ? s->netif.v4 : s->netif.v6,
        .ttl = ttl,
        .manifest_bytes = (uint32_t)p->byte_count,
    };
    /* An any-source group is joined without naming the source. */
    if (!wc_netaddr_is_source_specific(group))
        w->source = (struct wc_addr){0};
    snprintf(w->package, sizeof w->package, "%s", p->manifest.id);
    memcpy(w->manifest_digest, p->digest, sizeof w->manifest_digest);
    wc_random_bytes(&w->instance, sizeof w->instance);
    wc_random_bytes(w->key, sizeof w->key);
    s->datagram_bytes = WC_HEADER_BYTES + p->manifest.partition.symbol_bytes + WC_TAG_BYTES;
    s->wire_bytes = s->datagram_bytes + ip_udp_bytes(group->family) + LINE_OVERHEAD_BYTES;
    wc_identity_pin(identity, s->key_digest);
    return wc_identity_sign(identity, p->bytes, p->byte_count, w->signature, &w->signature_bytes);
}

void wc_session_deinit(struct wc_session *s)
{
    explicit_bzero(s->welcome.key, sizeof s->welcome.key);
    wc_publish_deinit(&s->publication);
}
