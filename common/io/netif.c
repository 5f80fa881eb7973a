/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/netif.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/io/netaddr.h"

#define NETIF_MAX 64

static uint64_t read_speed_bps(const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/sys/class/net/%s/speed", name);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    long mbps = 0;
    if (fscanf(file, "%ld", &mbps) != 1 || mbps < 0)
        mbps = 0;
    fclose(file);
    return (uint64_t)mbps * 1000000u;
}

static uint32_t read_mtu(const char *name)
{
    struct ifreq request = {0};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return 0;
    uint32_t mtu = ioctl(fd, SIOCGIFMTU, &request) == 0 ? (uint32_t)request.ifr_mtu : 0;
    close(fd);
    return mtu;
}

static struct wc_netif *entry(struct wc_netif *list, size_t *count, size_t capacity,
                              const struct ifaddrs *from)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(list[i].name, from->ifa_name) == 0)
            return &list[i];
    if (*count == capacity || strlen(from->ifa_name) >= WC_NETIF_NAME_BYTES)
        return NULL;
    struct wc_netif *netif = &list[(*count)++];
    *netif = (struct wc_netif){
        .index = if_nametoindex(from->ifa_name),
        .mtu = read_mtu(from->ifa_name),
        .speed_bps = read_speed_bps(from->ifa_name),
        .up = (from->ifa_flags & IFF_UP) && (from->ifa_flags & IFF_RUNNING),
        .multicast = from->ifa_flags & IFF_MULTICAST,
        .loopback = from->ifa_flags & IFF_LOOPBACK,
    };
    snprintf(netif->name, sizeof netif->name, "%s", from->ifa_name);
    return netif;
}

static bool is_link_local(const struct wc_addr *addr)
{
    return addr->family == 6 && addr->bytes[0] == 0xfe && (addr->bytes[1] & 0xc0) == 0x80;
}

static void add_address(struct wc_netif *netif, const struct sockaddr *sa)
{
    struct wc_addr addr;
    if (!sa || !wc_netaddr_from_sockaddr(sa, &addr))
        return;
    addr.port = 0;
    if (addr.family == 4 && netif->v4.family == 0)
        netif->v4 = addr;
    if (addr.family == 6 && (netif->v6.family == 0 || is_link_local(&netif->v6)))
        netif->v6 = addr;
}

static size_t list_all(struct wc_netif *ret, size_t capacity)
{
    struct ifaddrs *all;
    size_t count = 0;
    if (getifaddrs(&all) != 0)
        return 0;
    for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
        struct wc_netif *netif = entry(ret, &count, capacity, at);
        if (netif)
            add_address(netif, at->ifa_addr);
    }
    freeifaddrs(all);
    return count;
}

static bool has_family(const struct wc_netif *netif, uint8_t family)
{
    return (family == 4 ? netif->v4 : netif->v6).family != 0;
}

static enum wc_err check_named(const struct wc_netif *netif, uint8_t family, struct wc_why *why)
{
    if (!netif->up)
        return wc_why_set(
            why, WC_E_NOT_FOUND, EX_CONFIG,
            "interface %s is down; bring it up (ip link set %s up) or plug in its cable",
            netif->name, netif->name);
    if (!netif->multicast && !netif->loopback)
        return wc_why_set(
            why, WC_E_NOT_FOUND, EX_CONFIG,
            "interface %s has no multicast; enable it (ip link set %s multicast on) or "
            "choose another with --interface",
            netif->name, netif->name);
    if (!has_family(netif, family))
        return wc_why_set(why, WC_E_NOT_FOUND, EX_CONFIG,
                          "interface %s has no IPv%u address; give it one or choose another with "
                          "--interface",
                          netif->name, family);
    return WC_OK;
}

static enum wc_err choose_named(struct wc_netif *ret, const char *choice, uint8_t family,
                                const struct wc_netif *list, size_t count, struct wc_why *why)
{
    struct wc_addr addr;
    struct wc_netif owner = {0};
    if (wc_netaddr_parse(choice, &addr) && wc_netif_of_addr(&owner, &addr) == WC_OK)
        choice = owner.name;
    char names[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].name, choice) == 0) {
            enum wc_err err = check_named(&list[i], family, why);
            if (!err)
                *ret = list[i];
            return err;
        }
        int n = snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", list[i].name);
        if (n > 0 && used + (size_t)n < sizeof names)
            used += (size_t)n;
    }
    return wc_why_set(why, WC_E_NOT_FOUND, EX_USAGE,
                      "no interface is called or has the address %s; there are: %s", choice, names);
}

static enum wc_err choose_only(struct wc_netif *ret, uint8_t family, const struct wc_netif *list,
                               size_t count, struct wc_why *why)
{
    const struct wc_netif *only = NULL;
    char names[256] = "";
    size_t used = 0, found = 0;
    for (size_t i = 0; i < count; i++) {
        const struct wc_netif *netif = &list[i];
        if (!netif->up || !netif->multicast || netif->loopback || !has_family(netif, family))
            continue;
        only = netif;
        char text[WC_NETADDR_TEXT_BYTES];
        wc_netaddr_format(family == 4 ? &netif->v4 : &netif->v6, false, text);
        int n = snprintf(names + used, sizeof names - used, "%s%s (%s)", found ? ", " : "",
                         netif->name, text);
        if (n > 0 && used + (size_t)n < sizeof names)
            used += (size_t)n;
        found++;
    }
    if (found == 0)
        return wc_why_set(
            why, WC_E_NOT_FOUND, EX_CONFIG,
            "no interface is up with multicast and an IPv%u address; bring one up, or "
            "name one with --interface (lo for this machine alone)",
            family);
    if (found > 1)
        return wc_why_set(
            why, WC_E_NOT_FOUND, EX_USAGE,
            "several interfaces could carry the session: %s; choose one with --interface", names);
    *ret = *only;
    return WC_OK;
}

enum wc_err wc_netif_choose(struct wc_netif *ret, const char *choice, uint8_t family,
                            struct wc_why *why)
{
    struct wc_netif list[NETIF_MAX];
    size_t count = list_all(list, NETIF_MAX);
    return choice ? choose_named(ret, choice, family, list, count, why)
                  : choose_only(ret, family, list, count, why);
}

/* Every address counts here, not only the first of an interface. */
enum wc_err wc_netif_of_addr(struct wc_netif *ret, const struct wc_addr *addr)
{
    struct ifaddrs *all;
    char name[WC_NETIF_NAME_BYTES] = "";
    if (getifaddrs(&all) != 0)
        return WC_E_NOT_FOUND;
    for (const struct ifaddrs *at = all; at && !name[0]; at = at->ifa_next) {
        struct wc_addr own;
        if (at->ifa_addr && wc_netaddr_from_sockaddr(at->ifa_addr, &own) &&
            own.family == addr->family && wc_netaddr_same_host(&own, addr))
            snprintf(name, sizeof name, "%s", at->ifa_name);
    }
    freeifaddrs(all);
    struct wc_netif list[NETIF_MAX];
    size_t count = list_all(list, NETIF_MAX);
    for (size_t i = 0; i < count; i++)
        if (name[0] && strcmp(list[i].name, name) == 0) {
            *ret = list[i];
            return WC_OK;
        }
    return WC_E_NOT_FOUND;
}

size_t wc_netif_list(struct wc_netif *ret, size_t capacity)
{
    struct wc_netif list[NETIF_MAX];
    size_t count = list_all(list, NETIF_MAX), used = 0;
    for (size_t i = 0; i < count && used < capacity; i++)
        if (list[i].up && (list[i].multicast || list[i].loopback))
            ret[used++] = list[i];
    return used;
}

enum wc_err wc_netif_find(struct wc_netif *ret, const char *choice)
{
    struct wc_addr addr;
    struct wc_netif list[NETIF_MAX];
    if (wc_netaddr_parse(choice, &addr) && wc_netif_of_addr(ret, &addr) == WC_OK)
        return WC_OK;
    size_t count = list_all(list, NETIF_MAX);
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, choice) == 0) {
            *ret = list[i];
            return WC_OK;
        }
    return WC_E_NOT_FOUND;
}
