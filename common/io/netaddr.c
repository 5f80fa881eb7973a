/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/netaddr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

bool wc_netaddr_from_sockaddr(const struct sockaddr *sa, struct wc_addr *ret)
{
    *ret = (struct wc_addr){0};
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof in);
        ret->family = 4;
        ret->port = ntohs(in.sin_port);
        memcpy(ret->bytes, &in.sin_addr, 4);
        return true;
    }
    if (sa->sa_family != AF_INET6)
        return false;
    struct sockaddr_in6 in6;
    memcpy(&in6, sa, sizeof in6);
    ret->port = ntohs(in6.sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
        ret->family = 4;
        memcpy(ret->bytes, in6.sin6_addr.s6_addr + 12, 4);
    } else {
        ret->family = 6;
        memcpy(ret->bytes, &in6.sin6_addr, 16);
    }
    return true;
}

socklen_t wc_netaddr_to_sockaddr(const struct wc_addr *addr, uint32_t scope,
                                 struct sockaddr_storage *ret)
{
    memset(ret, 0, sizeof *ret);
    if (addr->family == 4) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(addr->port)};
        memcpy(&in.sin_addr, addr->bytes, 4);
        memcpy(ret, &in, sizeof in);
        return sizeof in;
    }
    struct sockaddr_in6 in6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(addr->port), .sin6_scope_id = scope};
    memcpy(&in6.sin6_addr, addr->bytes, 16);
    memcpy(ret, &in6, sizeof in6);
    return sizeof in6;
}

bool wc_netaddr_parse(const char *text, struct wc_addr *ret)
{
    *ret = (struct wc_addr){0};
    if (inet_pton(AF_INET, text, ret->bytes) == 1)
        ret->family = 4;
    else if (inet_pton(AF_INET6, text, ret->bytes) == 1)
        ret->family = 6;
    return ret->family != 0;
}

static bool parse_port(const char *text, uint16_t *ret)
{
    char *end;
    unsigned long port = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || port == 0 || port > UINT16_MAX)
        return false;
    *ret = (uint16_t)port;
    return true;
}

bool wc_netaddr_parse_port(const char *text, struct wc_addr *ret, bool *ret_port_given)
{
    char host[WC_NETADDR_TEXT_BYTES];
    const char *port = NULL;
    const char *colon = strrchr(text, ':');
    const char *bracket = text[0] == '[' ? strchr(text, ']') : NULL;
    const char *from = bracket ? text + 1 : text;
    const char *end = text + strlen(text);
    if (bracket) {
        end = bracket;
        if (bracket[1] == ':')
            port = bracket + 2;
        else if (bracket[1])
            return false;
    } else if (colon && strchr(text, ':') == colon) {
        end = colon;
        port = colon + 1;
    }
    size_t n = (size_t)(end - from);
    if (n >= sizeof host)
        return false;
    memcpy(host, from, n);
    host[n] = '\0';
    *ret_port_given = port != NULL;
    uint16_t number = 0;
    if (!wc_netaddr_parse(host, ret) || (port && !parse_port(port, &number)))
        return false;
    ret->port = number;
    return true;
}

const char *wc_netaddr_format(const struct wc_addr *addr, bool with_port,
                              char ret[WC_NETADDR_TEXT_BYTES])
{
    char host[INET6_ADDRSTRLEN] = "?";
    bool v6 = addr->family == 6;
    inet_ntop(v6 ? AF_INET6 : AF_INET, addr->bytes, host, sizeof host);
    if (!with_port)
        snprintf(ret, WC_NETADDR_TEXT_BYTES, "%s", host);
    else
        snprintf(ret, WC_NETADDR_TEXT_BYTES, v6 ? "[%s]:%u" : "%s:%u", host, addr->port);
    return ret;
}

bool wc_netaddr_same_host(const struct wc_addr *a, const struct wc_addr *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, a->family == 4 ? 4 : 16) == 0;
}

bool wc_netaddr_is_multicast(const struct wc_addr *addr)
{
    return addr->family == 4 ? (addr->bytes[0] & 0xf0) == 0xe0 : addr->bytes[0] == 0xff;
}

bool wc_netaddr_is_source_specific(const struct wc_addr *addr)
{
    if (addr->family == 4)
        return addr->bytes[0] == 232;
    return addr->bytes[0] == 0xff && (addr->bytes[1] & 0xf0) == 0x30 && addr->bytes[2] == 0 &&
           addr->bytes[3] == 0;
}

enum wc_err wc_netaddr_check_group(const struct wc_addr *group, struct wc_why *why)
{
    char text[WC_NETADDR_TEXT_BYTES];
    wc_netaddr_format(group, false, text);
    if (!wc_netaddr_is_multicast(group))
        return wc_why_set(why, WC_E_RANGE, EX_USAGE,
                          "%s is no multicast address; use one of 239.1.0.0 to 239.127.255.255, or "
                          "ff15::/16",
                          text);
    bool flooded = group->family == 4 && (group->bytes[1] & 0x7f) == 0 && group->bytes[2] == 0;
    bool flooded_v6 =
        group->family == 6 && !group->bytes[12] && !group->bytes[13] && !group->bytes[14];
    if (flooded_v6)
        return wc_why_set(why, WC_E_RANGE, EX_USAGE,
                          "%s has the MAC address of a group that the link's own protocols use; "
                          "choose one whose last 32 bits are larger, such as ff15::%x",
                          text, 0x9467u);
    if (flooded)
        return wc_why_set(
            why, WC_E_RANGE, EX_USAGE,
            "%s has the same MAC address as 224.0.0.%u, which switches flood to every "
            "port; choose a group whose second number is neither 0 nor 128",
            text, group->bytes[3]);
    bool reserved = group->family == 6 && (group->bytes[1] & 0x0f) <= 1;
    if (reserved)
        return wc_why_set(why, WC_E_RANGE, EX_USAGE,
                          "%s never leaves this machine; use a group such as ff15::%x", text,
                          0x9467u);
    return WC_OK;
}
