/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a packet filter does with one packet, as far as its rules tell. */
#ifndef WC_DIAG_FIREWALL_WALK_H
#define WC_DIAG_FIREWALL_WALK_H

#include "common/core/firewallsight.h"

/* The first packet of its kind: no connection tracks it yet. */
struct wc_fw_packet {
    bool is_incoming;
    uint8_t family;   /* 4 or 6 */
    uint8_t protocol; /* IPPROTO_...; see WC_FW_TCP and so on */
    uint16_t dport;   /* of TCP and UDP */
    bool is_multicast;
    struct wc_addr source, destination; /* family 0: not known */
    char netif[WC_FW_VALUE];            /* "": not known */
    bool output_passed;                 /* a real one passed the hook `output` just now */
};

#define WC_FW_ICMP   1u
#define WC_FW_IGMP   2u
#define WC_FW_TCP    6u
#define WC_FW_UDP    17u
#define WC_FW_ICMPV6 58u

enum wc_fw_fate {
    WC_FW_PASSES,
    WC_FW_MAY_DROP, /* it hangs on what cannot be told from here */
    WC_FW_DROPS,
};

struct wc_fw_outcome {
    enum wc_fw_fate fate;
    /* Where it is, or may be, dropped; NULL if it passes. */
    const struct wc_fw_chain *base; /* where the walk began */
    const struct wc_fw_chain *chain;
    const struct wc_fw_rule *rule; /* NULL: the policy of `base` */
};

struct wc_fw_outcome wc_firewall_walk(const struct wc_firewall *firewall,
                                      const struct wc_fw_packet *packet);

#endif
