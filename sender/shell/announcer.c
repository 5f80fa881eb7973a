/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/announcer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/io/mcast.h"
#include "common/io/netaddr.h"

struct wc_announcer {
    int fd;
    struct wc_announce announce;
};

enum wc_err wc_announcer_open(struct wc_announcer **ret, const struct wc_session *session,
                              const char *name, uint16_t port, struct wc_why *why)
{
    struct wc_announcer *a = calloc(1, sizeof *a);
    if (!a)
        return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
    struct wc_addr group;
    bool v4 = session->welcome.group.family == 4;
    bool known = wc_netaddr_parse(v4 ? WC_ANNOUNCE_GROUP_V4 : WC_ANNOUNCE_GROUP_V6, &group);
    group.port = WC_ANNOUNCE_PORT;
    a->fd = known ? wc_mcast_open_tx(&group, &session->netif, session->welcome.ttl, 0, why) : -1;
    if (a->fd < 0) {
        free(a);
        return WC_E_SYS;
    }
    a->announce = (struct wc_announce){
        .instance = session->welcome.instance,
        .port = port,
        .object_bytes = session->publication.manifest.partition.object_bytes,
    };
    memcpy(a->announce.key, session->key_digest, sizeof a->announce.key);
    snprintf(a->announce.package, sizeof a->announce.package, "%s", session->welcome.package);
    snprintf(a->announce.name, sizeof a->announce.name, "%s", name);
    *ret = a;
    return WC_OK;
}

void wc_announcer_send(struct wc_announcer *a, uint8_t phase)
{
    uint8_t bytes[WC_ANNOUNCE_BYTES_MAX];
    size_t count;
    a->announce.phase = phase;
    if (wc_announce_encode(&a->announce, bytes, sizeof bytes, &count) == WC_OK)
        (void)!send(a->fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void wc_announcer_close(struct wc_announcer *a)
{
    if (!a)
        return;
    close(a->fd);
    free(a);
}
