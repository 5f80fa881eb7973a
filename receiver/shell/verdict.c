/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/verdict.h"

#include <sysexits.h>

#include "common/core/hresult.h"
#include "common/io/format.h"
#include "common/io/netaddr.h"

uint32_t wc_verdict_unreached(const struct wc_verdict_path *path, struct wc_why *why)
{
    char group[WC_NETADDR_TEXT_BYTES], waited[WC_FORMAT_BYTES];
    wc_netaddr_format(&path->welcome->group, true, group);
    wc_format_seconds(waited, path->waited);
    const struct wc_rx_stats *s = path->stats;
    if (s->core.received_count) {
        (void)wc_why_set(
            why, WC_OK, EX_TEMPFAIL,
            "multicast stopped: after %llu datagrams nothing came from %s to %s on %s for "
            "%s, though the control channel works; likeliest cause: IGMP snooping without "
            "a querier (the switch forgets this machine), or a firewall or cable that "
            "changed",
            (unsigned long long)s->core.received_count, path->sender, group, path->netif, waited);
        return WC_HR_TIMEOUT;
    }
    if (s->unopened_count) {
        (void)wc_why_set(
            why, WC_OK, EX_TEMPFAIL,
            "empty download: %llu datagrams of this session came to %s on %s, but none "
            "opened with the session's key; something on the way changes them, or "
            "another sender forges them",
            (unsigned long long)s->unopened_count, group, path->netif);
        return WC_HR_FAIL;
    }
    if (s->foreign_count) {
        (void)wc_why_set(why, WC_OK, EX_TEMPFAIL,
                         "empty download: within %s only %llu foreign datagrams came to %s on %s, "
                         "none of this session; another session uses this group: give one of them "
                         "another with --mcast-data-address",
                         waited, (unsigned long long)s->foreign_count, group, path->netif);
        return WC_HR_TIMEOUT;
    }
    (void)wc_why_set(
        why, WC_OK, EX_TEMPFAIL,
        "empty download: no multicast from %s to %s reached %s within %s, though the "
        "control channel works; likeliest causes: a firewall here drops UDP port %u, "
        "the switch filters the group (IGMP snooping without a querier, VLAN), the "
        "TTL of %u ends before this subnet, or %s is the wrong interface (--interface)",
        path->sender, group, path->netif, waited, path->welcome->group.port, path->welcome->ttl,
        path->netif);
    return WC_HR_TIMEOUT;
}

uint32_t wc_verdict_of_store(enum wc_err err)
{
    switch (err) {
    case WC_E_FULL:
        return WC_HR_DISK_FULL;
    case WC_E_PATH:
    case WC_E_STATE:
        return WC_HR_ACCESS_DENIED;
    case WC_E_CLOSED:
        return WC_HR_CANCELLED;
    default:
        return WC_HR_WRITE_FAULT;
    }
}
