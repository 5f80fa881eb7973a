/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/discover.h"

#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/io/clock.h"
#include "common/io/mcast.h"
#include "common/io/netaddr.h"

#define FOUND_MAX 8u
#define NETIF_MAX 32u
/* Announcements come every second: after the first, the others have had their turn. */
#define LINGER WC_MS(1300)

struct search {
    const struct wc_discover_options *options;
    int fds[2]; /* IPv4, IPv6; -1: none */
    struct wc_discovery found[FOUND_MAX];
    size_t count;
};

/* One socket a family, joined on every interface that can. */
static int listen_on(const char *group_text, const struct wc_netif *list, size_t count)
{
    struct wc_addr group;
    int fd = -1;
    if (!wc_netaddr_parse(group_text, &group))
        return -1;
    group.port = WC_ANNOUNCE_PORT;
    for (size_t i = 0; i < count; i++) {
        const struct wc_addr *own = group.family == 4 ? &list[i].v4 : &list[i].v6;
        if (own->family == 0)
            continue;
        if (fd < 0)
            fd = wc_mcast_open_rx(&group, NULL, &list[i], 0, NULL);
        else
            (void)!wc_mcast_join(fd, &group, NULL, list[i].index);
    }
    return fd;
}

static enum wc_err open_sockets(struct search *s, struct wc_why *why)
{
    struct wc_netif list[NETIF_MAX];
    size_t count = wc_netif_list(list, NETIF_MAX);
    if (s->options->interface) {
        struct wc_netif chosen;
        enum wc_err err = wc_netif_choose(&chosen, s->options->interface, 4, why);
        if (err)
            err = wc_netif_choose(&chosen, s->options->interface, 6, why);
        if (err)
            return err;
        list[0] = chosen;
        count = 1;
    }
    s->fds[0] = listen_on(WC_ANNOUNCE_GROUP_V4, list, count);
    s->fds[1] = listen_on(WC_ANNOUNCE_GROUP_V6, list, count);
    if (s->fds[0] < 0 && s->fds[1] < 0)
        return wc_why_set(
            why, WC_E_SYS, EX_UNAVAILABLE,
            "cannot listen for announced sessions on any interface; give the URL that "
            "the sender printed");
    return WC_OK;
}

static void add(struct search *s, const struct wc_announce *announce, const struct sockaddr *from)
{
    const char *package = s->options->package;
    if (package && package[0] && strcmp(package, announce->package) != 0)
        return;
    for (size_t i = 0; i < s->count; i++)
        if (s->found[i].announce.instance == announce->instance)
            return;
    struct wc_addr addr;
    if (s->count == FOUND_MAX || !wc_netaddr_from_sockaddr(from, &addr))
        return;
    struct wc_discovery *d = &s->found[s->count++];
    *d = (struct wc_discovery){.announce = *announce};
    d->url.port = announce->port;
    d->url.has_key = true;
    memcpy(d->url.key, announce->key, sizeof d->url.key);
    snprintf(d->url.package, sizeof d->url.package, "%s", announce->package);
    wc_netaddr_format(&addr, false, d->url.host);
    struct sockaddr_in6 in6;
    memcpy(&in6, from, sizeof in6);
    char zone[IF_NAMESIZE];
    bool link_local = addr.family == 6 && addr.bytes[0] == 0xfe && (addr.bytes[1] & 0xc0) == 0x80;
    if (link_local && if_indextoname(in6.sin6_scope_id, zone)) {
        size_t used = strlen(d->url.host);
        snprintf(d->url.host + used, sizeof d->url.host - used, "%%%s", zone);
    }
}

static void take(struct search *s, int fd)
{
    uint8_t bytes[WC_ANNOUNCE_BYTES_MAX];
    struct sockaddr_storage from = {0};
    socklen_t from_bytes = sizeof from;
    struct wc_announce announce;
    ssize_t count =
        recvfrom(fd, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&from, &from_bytes);
    if (count > 0 && wc_announce_decode(bytes, (size_t)count, &announce) == WC_OK)
        add(s, &announce, (const struct sockaddr *)&from);
}

static enum wc_err wait_for_sessions(struct search *s, struct wc_why *why)
{
    wc_ns deadline = wc_clock_now() + s->options->timeout;
    bool lingering = false;
    for (wc_ns now = wc_clock_now(); now < deadline; now = wc_clock_now()) {
        struct pollfd pfds[] = {{.fd = s->fds[0], .events = POLLIN},
                                {.fd = s->fds[1], .events = POLLIN},
                                {.fd = s->options->cancel_fd, .events = POLLIN}};
        poll(pfds, 3, (int)((deadline - now) / WC_MS(1)) + 1);
        if (pfds[2].revents & POLLIN)
            return wc_why_set(why, WC_E_CLOSED, EX_TEMPFAIL, "cancelled");
        for (size_t i = 0; i < 2; i++)
            if (pfds[i].revents & POLLIN)
                take(s, s->fds[i]);
        if (s->count && !lingering) {
            lingering = true;
            deadline = wc_clock_now() + LINGER;
        }
    }
    return WC_OK;
}

static enum wc_err choose(struct search *s, struct wc_discovery *ret, struct wc_why *why)
{
    if (s->count == 1) {
        *ret = s->found[0];
        return WC_OK;
    }
    if (s->count == 0)
        return wc_why_set(
            why, WC_E_NOT_FOUND, EX_TEMPFAIL,
            "no session was announced on this link within %llu s; start the sender, or "
            "give the URL that it printed (announcements do not cross routers, and a "
            "switch or firewall may drop UDP port %u)",
            (unsigned long long)(s->options->timeout / WC_S(1)), WC_ANNOUNCE_PORT);
    char names[WC_SENTENCE_BYTES_MAX] = "";
    size_t used = 0;
    for (size_t i = 0; i < s->count; i++) {
        int n = snprintf(names + used, sizeof names - used, "%s%s from %s", i ? ", " : "",
                         s->found[i].url.package, s->found[i].url.host);
        if (n > 0 && used + (size_t)n < sizeof names)
            used += (size_t)n;
    }
    return wc_why_set(why, WC_E_RANGE, EX_USAGE,
                      "several sessions are announced: %s; choose one with --id, or give its URL",
                      names);
}

enum wc_err wc_discover(struct wc_discovery *ret, const struct wc_discover_options *options,
                        struct wc_why *why)
{
    struct search s = {.options = options, .fds = {-1, -1}};
    enum wc_err err = open_sockets(&s, why);
    if (!err)
        err = wait_for_sessions(&s, why);
    if (!err)
        err = choose(&s, ret, why);
    for (size_t i = 0; i < 2; i++)
        if (s.fds[i] >= 0)
            close(s.fds[i]);
    return err;
}
