/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each rule fits, does not, or may fit: what hangs on a counter, a mark, a table of addresses that
 * grows, cannot be told from here. So a walk ends in a set of possible fates, and only a set of one
 * is certain. Base chains are looked at one by one: a packet passes if it passes all of them. */
#include "common/diag/firewall_walk.h"

#include <string.h>

#define DEPTH_MAX 16u     /* of jumps; the kernel allows no more */
#define STEPS_MAX 200000u /* rules looked at in one walk */

/* What may come of a packet, as a set. */
enum {
    CAN_ACCEPT = 1,
    CAN_DROP = 2,
    CAN_CONTINUE = 4, /* behind the chain's last rule, or returned */
    CAN_ALL = 7,
};

enum fit { NO, MAYBE, YES };

struct walk {
    const struct wc_firewall *fw;
    const struct wc_fw_packet *packet;
    bool may_be_untracked; /* so its state is not known */
    bool untracks;         /* a rule that fits, or may, untracks it */
    uint32_t steps;
    const struct wc_fw_chain *chain; /* with the first rule that drops or may drop */
    const struct wc_fw_rule *rule;
};

/* --- one match -------------------------------------------------------------------------------- */

static void put_number(uint8_t ret[WC_FW_VALUE], uint16_t value)
{
    ret[WC_FW_VALUE - 2] = (uint8_t)(value >> 8);
    ret[WC_FW_VALUE - 1] = (uint8_t)value;
}

static enum fit put_address(uint8_t ret[WC_FW_VALUE], const struct wc_addr *addr)
{
    size_t bytes = addr->family == 4 ? 4 : 16;
    if (addr->family == 0)
        return MAYBE;
    memcpy(ret + WC_FW_VALUE - bytes, addr->bytes, bytes);
    return YES;
}

static enum fit put_name(uint8_t ret[WC_FW_VALUE], const struct wc_fw_packet *p, bool is_there)
{
    if (!is_there)
        return YES; /* a packet that comes in has no way out yet, and the reverse: no name */
    if (p->netif[0] == '\0')
        return MAYBE;
    memcpy(ret, p->netif, WC_FW_VALUE);
    return YES;
}

static enum fit put_port(uint8_t ret[WC_FW_VALUE], const struct wc_fw_packet *p, bool of_this)
{
    put_number(ret, p->dport);
    return of_this ? YES : NO;
}

/* The packet's value for `key`. NO: it has none, and a match fails, negated or not. */
static enum fit value_of(const struct wc_fw_packet *p, enum wc_fw_key key, uint8_t ret[WC_FW_VALUE])
{
    bool is_tcp = p->protocol == WC_FW_TCP;
    bool is_udp = p->protocol == WC_FW_UDP;
    memset(ret, 0, WC_FW_VALUE);
    switch (key) {
    case WC_FW_KEY_FAMILY:
        put_number(ret, p->family);
        return YES;
    case WC_FW_KEY_PROTOCOL:
        put_number(ret, p->protocol);
        return YES;
    case WC_FW_KEY_DPORT:
        return put_port(ret, p, is_tcp || is_udp);
    case WC_FW_KEY_TCP_DPORT:
        return put_port(ret, p, is_tcp);
    case WC_FW_KEY_UDP_DPORT:
        return put_port(ret, p, is_udp);
    case WC_FW_KEY_SADDR4:
        return p->family == 4 ? put_address(ret, &p->source) : NO;
    case WC_FW_KEY_SADDR6:
        return p->family == 6 ? put_address(ret, &p->source) : NO;
    case WC_FW_KEY_DADDR4:
        return p->family == 4 ? put_address(ret, &p->destination) : NO;
    case WC_FW_KEY_DADDR6:
        return p->family == 6 ? put_address(ret, &p->destination) : NO;
    case WC_FW_KEY_IIF:
        return put_name(ret, p, p->is_incoming);
    case WC_FW_KEY_OIF:
        return put_name(ret, p, !p->is_incoming);
    case WC_FW_KEY_CT_STATE:
        put_number(ret, WC_FW_CT_NEW);
        return YES;
    case WC_FW_KEY_CT_STATUS:
        return YES; /* 0: none of them */
    case WC_FW_KEY_PACKET:
        put_number(ret, p->is_multicast ? WC_FW_PACKET_MULTICAST : WC_FW_PACKET_HOST);
        return YES;
    case WC_FW_KEY_OF_IP4:
    case WC_FW_KEY_OF_IP6:
        return p->family == (key == WC_FW_KEY_OF_IP4 ? 4 : 6) ? MAYBE : NO;
    case WC_FW_KEY_OF_ICMP:
        return p->protocol == WC_FW_ICMP ? MAYBE : NO;
    case WC_FW_KEY_OF_IGMP:
        return p->protocol == WC_FW_IGMP ? MAYBE : NO;
    case WC_FW_KEY_OF_TCP:
        return is_tcp ? MAYBE : NO;
    case WC_FW_KEY_OF_UDP:
        return is_udp ? MAYBE : NO;
    case WC_FW_KEY_OF_ICMPV6:
        return p->protocol == WC_FW_ICMPV6 ? MAYBE : NO;
    case WC_FW_KEY_OF_OTHER:
        return NO;
    case WC_FW_KEY_UNKNOWN:
        break;
    }
    return MAYBE;
}

static bool lies_in(const struct wc_fw_range *range, const uint8_t value[WC_FW_VALUE], bool is_name)
{
    size_t bytes = is_name ? strnlen((const char *)range->low, WC_FW_VALUE) : 0;
    if (bytes && range->low[bytes - 1] == '*')
        return memcmp(range->low, value, bytes - 1) == 0;
    return memcmp(range->low, value, WC_FW_VALUE) <= 0 &&
           memcmp(value, range->high, WC_FW_VALUE) <= 0;
}

static enum fit fits_match(const struct walk *w, const struct wc_fw_match *m)
{
    uint8_t value[WC_FW_VALUE];
    enum fit has = value_of(w->packet, m->key, value);
    if (m->key == WC_FW_KEY_CT_STATE && w->may_be_untracked)
        has = MAYBE;
    if (has != YES)
        return has;
    bool is_name = m->key == WC_FW_KEY_IIF || m->key == WC_FW_KEY_OIF;
    for (uint32_t i = 0; i < m->range_count; i++)
        if (lies_in(&w->fw->ranges[m->range_first + i], value, is_name))
            return m->negated ? NO : YES;
    if (!m->is_whole)
        return MAYBE;
    return m->negated ? YES : NO;
}

static enum fit fits_rule(const struct walk *w, const struct wc_fw_rule *rule)
{
    enum fit all = YES;
    for (uint32_t i = 0; i < rule->match_count; i++) {
        enum fit one = fits_match(w, &w->fw->matches[rule->match_first + i]);
        if (one < all)
            all = one;
        if (all == NO)
            break;
    }
    return all;
}

/* --- chains ----------------------------------------------------------------------------------- */

static unsigned walk_chain(struct walk *w, uint32_t index, unsigned depth);

static void note(struct walk *w, const struct wc_fw_chain *chain, const struct wc_fw_rule *rule)
{
    if (w->rule)
        return;
    w->chain = chain;
    w->rule = rule;
}

/* What a rule that fits may do, as a set. */
static unsigned act(struct walk *w, const struct wc_fw_chain *chain, const struct wc_fw_rule *rule,
                    unsigned depth)
{
    switch (rule->verdict) {
    case WC_FW_ACCEPT:
        return CAN_ACCEPT;
    case WC_FW_DROP:
        note(w, chain, rule);
        return CAN_DROP;
    case WC_FW_UNSURE:
        note(w, chain, rule);
        return CAN_ACCEPT | CAN_DROP;
    case WC_FW_JUMP:
    case WC_FW_GOTO:
        return walk_chain(w, rule->target, depth + 1);
    case WC_FW_CONTINUE:
    case WC_FW_RETURN:
        break;
    }
    return CAN_CONTINUE;
}

static unsigned walk_chain(struct walk *w, uint32_t index, unsigned depth)
{
    if (index >= w->fw->chain_count || depth > DEPTH_MAX)
        return CAN_ALL;
    const struct wc_fw_chain *chain = &w->fw->chains[index];
    unsigned seen = 0;
    for (uint32_t at = chain->rule_first; at < w->fw->rule_count; at = w->fw->rules[at].next) {
        const struct wc_fw_rule *rule = &w->fw->rules[at];
        if (w->steps++ >= STEPS_MAX)
            return CAN_ALL;
        enum fit fit = fits_rule(w, rule);
        if (fit == NO)
            continue;
        w->untracks |= rule->untracks;
        bool leaves = rule->verdict == WC_FW_RETURN || rule->verdict == WC_FW_GOTO;
        unsigned can = act(w, chain, rule, depth);
        seen |= leaves ? can : can & ~(unsigned)CAN_CONTINUE;
        if (fit == YES && (leaves || !(can & CAN_CONTINUE)))
            return seen;
    }
    return seen | CAN_CONTINUE;
}

/* --- hooks ------------------------------------------------------------------------------------ */

static bool meets(const struct wc_fw_packet *p, const struct wc_fw_chain *chain)
{
    if ((chain->family == WC_FW_IP4 && p->family != 4) ||
        (chain->family == WC_FW_IP6 && p->family != 6))
        return false;
    switch (chain->hook) {
    case WC_FW_INGRESS:
    case WC_FW_EGRESS:
        return p->is_incoming == (chain->hook == WC_FW_INGRESS) &&
               (chain->device[0] == '\0' || strcmp(chain->device, p->netif) == 0);
    case WC_FW_PREROUTING:
    case WC_FW_INPUT:
        return p->is_incoming;
    case WC_FW_OUTPUT:
        return !p->is_incoming && !p->output_passed;
    case WC_FW_POSTROUTING:
        return !p->is_incoming;
    case WC_FW_NO_HOOK:
        break;
    }
    return false;
}

/* Of a packet that a rule untracks on its way nobody knows what `ct state` says of it: chains are
 * not ordered here. */
static bool may_be_untracked(const struct wc_firewall *fw, const struct wc_fw_packet *p)
{
    struct walk w = {.fw = fw, .packet = p};
    for (uint32_t i = 0; i < fw->chain_count && !w.untracks; i++) {
        w.steps = 0;
        if (meets(p, &fw->chains[i]))
            (void)walk_chain(&w, i, 0);
    }
    return w.untracks;
}

static struct wc_fw_outcome walk_base(const struct wc_firewall *fw, const struct wc_fw_packet *p,
                                      uint32_t index, bool untracked)
{
    const struct wc_fw_chain *base = &fw->chains[index];
    struct walk w = {.fw = fw, .packet = p, .may_be_untracked = untracked, .chain = base};
    unsigned can = walk_chain(&w, index, 0);
    bool by_policy = (can & CAN_CONTINUE) && base->policy_drop;
    if (can & CAN_CONTINUE)
        can |= base->policy_drop ? CAN_DROP : CAN_ACCEPT;
    can &= ~(unsigned)CAN_CONTINUE;
    if (!(can & CAN_DROP))
        return (struct wc_fw_outcome){.fate = WC_FW_PASSES};
    return (struct wc_fw_outcome){
        .fate = can == CAN_DROP && !base->may_sleep ? WC_FW_DROPS : WC_FW_MAY_DROP,
        .base = base,
        .chain = by_policy ? base : w.chain,
        .rule = by_policy ? NULL : w.rule,
    };
}

struct wc_fw_outcome wc_firewall_walk(const struct wc_firewall *firewall,
                                      const struct wc_fw_packet *packet)
{
    struct wc_fw_outcome worst = {.fate = WC_FW_PASSES};
    bool untracked = may_be_untracked(firewall, packet);
    for (uint32_t i = 0; i < firewall->chain_count; i++) {
        if (!meets(packet, &firewall->chains[i]))
            continue;
        struct wc_fw_outcome one = walk_base(firewall, packet, i, untracked);
        if (one.fate > worst.fate)
            worst = one;
    }
    return worst;
}
