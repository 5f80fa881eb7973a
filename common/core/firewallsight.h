/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A packet filter as plain data, and what a sender needs of it. common/io/firewall.h reads it from
 * nftables; common/diag/firewall_walk.h says what becomes of a packet, firewall_rules.h makes
 * findings of that. What was not understood is kept as such, and never guessed. */
#ifndef WC_CORE_FIREWALLSIGHT_H
#define WC_CORE_FIREWALLSIGHT_H

#include "common/core/msg.h"
#include "common/core/types.h"

#define WC_FW_NONE       UINT32_MAX
#define WC_FW_NAME_BYTES 48u /* of tables and chains; longer ones are cut */
#define WC_FW_VALUE      16u

enum wc_fw_family {
    WC_FW_INET, /* IPv4 and IPv6 */
    WC_FW_IP4,
    WC_FW_IP6,
    WC_FW_NETDEV,
};

enum wc_fw_hook {
    WC_FW_NO_HOOK, /* a chain that others jump to, or one that a sender's packets do not meet */
    WC_FW_INGRESS,
    WC_FW_PREROUTING,
    WC_FW_INPUT,
    WC_FW_OUTPUT,
    WC_FW_POSTROUTING,
    WC_FW_EGRESS,
};

/* What a match looks at. Values are 16 bytes: numbers big-endian at the end, addresses too, names
 * from the beginning and filled with zeros. */
enum wc_fw_key {
    WC_FW_KEY_UNKNOWN,
    WC_FW_KEY_FAMILY,   /* 4 or 6 */
    WC_FW_KEY_PROTOCOL, /* of layer 4 */
    WC_FW_KEY_DPORT,    /* of any protocol */
    WC_FW_KEY_TCP_DPORT,
    WC_FW_KEY_UDP_DPORT,
    WC_FW_KEY_SADDR4,
    WC_FW_KEY_SADDR6,
    WC_FW_KEY_DADDR4,
    WC_FW_KEY_DADDR6,
    WC_FW_KEY_IIF,       /* a name; with a star at its end: all that begin so */
    WC_FW_KEY_OIF,       /* the same */
    WC_FW_KEY_CT_STATE,  /* enum wc_fw_ct */
    WC_FW_KEY_CT_STATUS, /* 1: any of them; a first packet has none */
    WC_FW_KEY_PACKET,    /* enum wc_fw_packet_type */
    /* Some other field of a header: what has no such header does not fit. */
    WC_FW_KEY_OF_IP4,
    WC_FW_KEY_OF_IP6,
    WC_FW_KEY_OF_ICMP,
    WC_FW_KEY_OF_IGMP,
    WC_FW_KEY_OF_TCP,
    WC_FW_KEY_OF_UDP,
    WC_FW_KEY_OF_ICMPV6,
    WC_FW_KEY_OF_OTHER, /* of a protocol that a sender does not speak */
};

enum wc_fw_ct { WC_FW_CT_OTHER = 1, WC_FW_CT_NEW };
enum wc_fw_packet_type { WC_FW_PACKET_OTHER = 1, WC_FW_PACKET_HOST, WC_FW_PACKET_MULTICAST };

struct wc_fw_range {
    uint8_t low[WC_FW_VALUE], high[WC_FW_VALUE]; /* both included */
};

/* A value of the packet lies in one of the ranges, or (negated) in none. */
struct wc_fw_match {
    enum wc_fw_key key;
    bool negated;
    bool is_whole; /* else there are values that were not understood */
    uint32_t range_first, range_count;
};

enum wc_fw_verdict {
    WC_FW_CONTINUE, /* none: counters and the like */
    WC_FW_ACCEPT,
    WC_FW_DROP, /* or reject */
    WC_FW_RETURN,
    WC_FW_JUMP,
    WC_FW_GOTO,
    WC_FW_UNSURE, /* a queue, another destination, what was not understood: drops or not */
};

struct wc_fw_rule {
    uint32_t match_first, match_count; /* all must fit */
    enum wc_fw_verdict verdict;
    bool untracks;   /* before that: what fits gets no state of a connection */
    uint32_t target; /* chain of a jump; WC_FW_NONE: not known */
    uint64_t handle; /* by which nft shows it (nft -a) */
    uint32_t next;   /* rule of the same chain; WC_FW_NONE: the last */
};

struct wc_fw_chain {
    enum wc_fw_family family;
    enum wc_fw_hook hook;
    bool policy_drop;
    bool may_sleep;           /* its table may be switched off */
    char device[WC_FW_VALUE]; /* of WC_FW_NETDEV; "": any */
    char table[WC_FW_NAME_BYTES], name[WC_FW_NAME_BYTES];
    uint32_t rule_first, rule_last; /* WC_FW_NONE: it is empty */
};

struct wc_firewall {
    struct wc_fw_chain *chains;
    struct wc_fw_rule *rules;
    struct wc_fw_match *matches;
    struct wc_fw_range *ranges;
    uint32_t chain_count, rule_count, match_count, range_count;
};

/* --- and the sender in it -------------------------------------------------------------------- */

enum wc_firewall_state {
    WC_FIREWALL_READ,
    WC_FIREWALL_NO_PROGRAM, /* there is no nft to ask */
    WC_FIREWALL_NO_RIGHT,   /* this user may not look */
    WC_FIREWALL_FAILED,     /* it failed, or its answer was not understood */
};

enum wc_firewall_send {
    WC_FIREWALL_SEND_NOT_TRIED,
    WC_FIREWALL_SEND_PASSED,
    WC_FIREWALL_SEND_REFUSED, /* the kernel refused a datagram to the group: EPERM */
};

#define WC_FIREWALL_DETAIL_BYTES  96u
#define WC_FIREWALL_ADDRESS_BYTES 64u

struct wc_firewall_sight {
    enum wc_firewall_state state;
    char detail[WC_FIREWALL_DETAIL_BYTES]; /* of a failure */
    bool has_legacy;                       /* rules of iptables-legacy, which nft does not show */
    struct wc_firewall *firewall;          /* of WC_FIREWALL_READ; else NULL */
    char netif[WC_FW_VALUE];               /* "": not known */
    struct wc_addr own;                    /* the sender's address there; family 0: not known */
    uint16_t port;                         /* of the control channel */
    struct wc_addr group;                  /* and port of the data; family 0: not known yet */
    char group_text[WC_FIREWALL_ADDRESS_BYTES];
    struct wc_addr announce_group; /* and port */
    enum wc_firewall_send send;
};

#endif
