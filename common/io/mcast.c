/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/mcast.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/io/netaddr.h"

#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29
#endif

static bool set_int(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

/* Beyond the administrator's limit where we may, up to it where not. */
static void set_buffer(int fd, int forced, int plain, uint32_t bytes)
{
    if (bytes && !set_int(fd, SOL_SOCKET, forced, (int)bytes))
        (void)set_int(fd, SOL_SOCKET, plain, (int)bytes);
}

static int fail(int fd, struct wc_why *why, const char *what, const struct wc_addr *group,
                const struct wc_netif *netif)
{
    int error = errno;
    char text[WC_NETADDR_TEXT_BYTES];
    wc_netaddr_format(group, true, text);
    const char *fix = "look at the interface (ip addr) and the firewall (nft list ruleset)";
    if (error == ENOBUFS)
        fix = "raise net.ipv4.igmp_max_memberships";
    if (error == EADDRINUSE)
        fix = "another program uses this port; choose another with --mcast-data-address";
    (void)wc_why_set(why, WC_E_SYS, EX_OSERR, "cannot %s %s on %s: %s; %s", what, text, netif->name,
                     strerror(error), fix);
    if (fd >= 0)
        close(fd);
    return -1;
}

static int family_of(const struct wc_addr *addr)
{
    return addr->family == 4 ? AF_INET : AF_INET6;
}

static bool set_tx_v4(int fd, const struct wc_netif *netif, int ttl)
{
    struct ip_mreqn where = {.imr_ifindex = (int)netif->index};
    memcpy(&where.imr_address, netif->v4.bytes, 4);
    return setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &where, sizeof where) == 0 &&
           set_int(fd, IPPROTO_IP, IP_MULTICAST_TTL, ttl) &&
           set_int(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 1) &&
           set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE) &&
           set_int(fd, IPPROTO_IP, IP_RECVERR, 1);
}

static bool set_tx_v6(int fd, const struct wc_netif *netif, int ttl)
{
    return set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)netif->index) &&
           set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, ttl) &&
           set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1) &&
           set_int(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE) &&
           set_int(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
}

int wc_mcast_open_tx(const struct wc_addr *group, const struct wc_netif *netif, uint32_t ttl,
                     uint32_t send_buffer_bytes, struct wc_why *why)
{
    bool v4 = group->family == 4;
    int fd = socket(family_of(group), SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail(fd, why, "open a socket for", group, netif);
    set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, send_buffer_bytes);
    if (!(v4 ? set_tx_v4(fd, netif, (int)ttl) : set_tx_v6(fd, netif, (int)ttl)))
        return fail(fd, why, "prepare to send to", group, netif);
    struct sockaddr_storage sa;
    struct wc_addr from = v4 ? netif->v4 : netif->v6;
    socklen_t len = wc_netaddr_to_sockaddr(&from, netif->index, &sa);
    if (bind(fd, (struct sockaddr *)&sa, len) != 0)
        return fail(fd, why, "take a port to send to", group, netif);
    len = wc_netaddr_to_sockaddr(group, netif->index, &sa);
    if (connect(fd, (struct sockaddr *)&sa, len) != 0)
        return fail(fd, why, "send to", group, netif);
    return fd;
}

enum wc_err wc_mcast_join(int fd, const struct wc_addr *group, const struct wc_addr *source,
                          uint32_t netif_index)
{
    int level = group->family == 4 ? IPPROTO_IP : IPPROTO_IPV6;
    struct sockaddr_storage to;
    wc_netaddr_to_sockaddr(group, netif_index, &to);
    int result;
    if (source && source->family) {
        struct group_source_req request = {.gsr_interface = netif_index, .gsr_group = to};
        wc_netaddr_to_sockaddr(source, netif_index, &request.gsr_source);
        result = setsockopt(fd, level, MCAST_JOIN_SOURCE_GROUP, &request, sizeof request);
    } else {
        struct group_req request = {.gr_interface = netif_index, .gr_group = to};
        result = setsockopt(fd, level, MCAST_JOIN_GROUP, &request, sizeof request);
    }
    return result == 0 ? WC_OK : WC_E_SYS;
}

int wc_mcast_open_rx(const struct wc_addr *group, const struct wc_addr *source,
                     const struct wc_netif *netif, uint32_t receive_buffer_bytes,
                     struct wc_why *why)
{
    int fd = socket(family_of(group), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || !set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1))
        return fail(fd, why, "open a socket for", group, netif);
    set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, receive_buffer_bytes);
    (void)set_int(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
    if (group->family == 4)
        (void)set_int(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
    else
        (void)set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
    struct sockaddr_storage sa;
    socklen_t len = wc_netaddr_to_sockaddr(group, netif->index, &sa);
    if (bind(fd, (struct sockaddr *)&sa, len) != 0)
        return fail(fd, why, "listen on", group, netif);
    if (wc_mcast_join(fd, group, source, netif->index))
        return fail(fd, why, "join", group, netif);
    return fd;
}

/* The kernel tells twice what was asked for: its own bookkeeping included. */
uint32_t wc_mcast_receive_buffer(int fd)
{
    int bytes = 0;
    socklen_t len = sizeof bytes;
    (void)getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &len);
    return (uint32_t)bytes / 2;
}
