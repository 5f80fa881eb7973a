/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One packet of each kind that a session needs is walked through the rules. Receivers are taken to
 * be neighbours of the sender: rules that let in one subnet alone usually mean theirs. A datagram
 * that the kernel itself passed or refused says more than rules do. */
#include "common/diag/firewall_rules.h"

#include <string.h>

#include "common/core/hresult.h"
#include "common/diag/firewall_walk.h"
#include "common/diag/phrase.h"

#define EXIT_CONFIG 78 /* sysexits.h */

#define KIND(variable, id, severity, hresult, exit_code)                                          \
    static const struct wc_finding_kind variable = {"check." id, WC_SEVERITY_##severity, hresult, \
                                                    exit_code}

KIND(unread, "firewall-unread", NOTICE, WC_HR_OK, 0);
KIND(unsure, "firewall-unsure", NOTICE, WC_HR_OK, 0);
KIND(in, "firewall-in", ERROR, WC_HR_CONNECTION, EXIT_CONFIG);
KIND(out, "firewall-out", ERROR, WC_HR_TIMEOUT, EXIT_CONFIG);
KIND(announce, "firewall-announce", WARNING, WC_HR_TIMEOUT, 0);
KIND(igmp, "firewall-igmp", NOTICE, WC_HR_TIMEOUT, 0);

struct judge {
    const struct wc_firewall_sight *s;
    struct wc_findings *list;
    struct wc_finding spare; /* when the list is full */
};

/* One kind of packet, and the words for it. */
struct traffic {
    const struct wc_finding_kind *kind; /* if it is dropped */
    const char *what;                   /* is dropped, or may be */
    const char *match;                  /* in nft's words, to let it pass */
};

static struct wc_finding *add(struct judge *j, const struct wc_finding_kind *kind)
{
    struct wc_finding *f = wc_findings_add(j->list, kind);
    return f ? f : &j->spare;
}

/* --- where it is dropped ---------------------------------------------------------------------- */

static const char *family_text(enum wc_fw_family family)
{
    static const char *const texts[] = {
        [WC_FW_INET] = "inet",
        [WC_FW_IP4] = "ip",
        [WC_FW_IP6] = "ip6",
        [WC_FW_NETDEV] = "netdev",
    };
    return texts[family];
}

static void say_where(struct wc_finding *f, const struct wc_fw_outcome *o)
{
    char handle[WC_PHRASE_NUMBER_BYTES];
    const struct wc_fw_chain *c = o->chain;
    const char *verb = o->fate == WC_FW_DROPS ? " drops it" : " may drop it";
    if (o->rule)
        WC_PHRASE(f->evidence, "nftables: rule with handle ",
                  wc_phrase_number(handle, o->rule->handle), " of table ", family_text(c->family),
                  " ", c->table, ", chain ", c->name, verb);
    else
        WC_PHRASE(f->evidence, "nftables: ", o->base->policy_drop ? "the policy" : "a rule",
                  " of table ", family_text(c->family), " ", c->table, ", chain ", c->name, verb);
}

static void say_fix(struct wc_finding *f, const struct wc_fw_outcome *o, const char *match)
{
    const struct wc_fw_chain *b = o->base;
    WC_PHRASE(f->fix, "now: nft insert rule ", family_text(b->family), " ", b->table, " ", b->name,
              " ", match,
              " accept; to keep it after a reboot, add it to /etc/nftables.conf, or to ",
              "what makes that table (firewalld, ufw)");
}

/* --- what a session needs --------------------------------------------------------------------- */

static void judge_traffic(struct judge *j, const struct wc_fw_packet *packet,
                          const struct traffic *t)
{
    struct wc_fw_outcome o = wc_firewall_walk(j->s->firewall, packet);
    if (o.fate == WC_FW_PASSES)
        return;
    bool drops = o.fate == WC_FW_DROPS;
    struct wc_finding *f = add(j, drops ? t->kind : &unsure);
    WC_PHRASE(f->sentence, "the firewall of this machine ", drops ? "drops " : "may drop ",
              t->what);
    say_where(f, &o);
    if (drops)
        say_fix(f, &o, t->match);
    else
        WC_PHRASE(f->fix, "look at that rule (nft -a list ruleset): what it matches cannot be told "
                          "from here; a test with one receiver can");
}

/* Somebody on the same link: the sender's address but for the last bit. */
static struct wc_addr neighbour(const struct wc_addr *own)
{
    struct wc_addr addr = *own;
    addr.bytes[own->family == 4 ? 3 : 15] ^= 1;
    return addr;
}

static struct wc_fw_packet packet_of(const struct wc_firewall_sight *s, bool is_incoming)
{
    struct wc_fw_packet p = {.is_incoming = is_incoming, .family = s->own.family == 6 ? 6 : 4};
    memcpy(p.netif, s->netif, sizeof(p.netif));
    if (s->own.family && is_incoming) {
        p.source = neighbour(&s->own);
        p.destination = s->own;
    } else if (s->own.family) {
        p.source = s->own;
    }
    return p;
}

static void judge_control(struct judge *j)
{
    char port[WC_PHRASE_NUMBER_BYTES];
    char what[WC_FINDING_TEXT_BYTES];
    char match[WC_FINDING_TEXT_BYTES];
    struct wc_fw_packet p = packet_of(j->s, true);
    p.protocol = WC_FW_TCP;
    p.dport = j->s->port;
    wc_phrase_number(port, p.dport);
    WC_PHRASE(what, "receivers' connections to TCP port ", port);
    WC_PHRASE(match, "tcp dport ", port);
    judge_traffic(j, &p, &(struct traffic){&in, what, match});
}

static void say_refused(struct judge *j)
{
    struct wc_finding *f = add(j, &out);
    WC_PHRASE(f->sentence, "the firewall of this machine drops data to the group");
    WC_PHRASE(f->evidence, "the kernel refused a datagram to ", j->s->group_text,
              ": Operation not permitted");
    WC_PHRASE(f->fix, "let UDP to the group out, also after a reboot (nft list ruleset, or "
                      "iptables-legacy -S OUTPUT, shows what drops it)");
}

static void judge_data(struct judge *j)
{
    char port[WC_PHRASE_NUMBER_BYTES];
    char what[WC_FINDING_TEXT_BYTES];
    char match[WC_FINDING_TEXT_BYTES];
    const struct wc_firewall_sight *s = j->s;
    bool is_refused = s->send == WC_FIREWALL_SEND_REFUSED;
    struct wc_fw_packet p = packet_of(s, false);
    if (s->group.family && s->firewall) {
        p.protocol = WC_FW_UDP;
        p.is_multicast = true;
        p.destination = s->group;
        p.dport = s->group.port;
        p.output_passed = s->send == WC_FIREWALL_SEND_PASSED;
        if (is_refused && wc_firewall_walk(s->firewall, &p).fate != WC_FW_DROPS) {
            say_refused(j);
            return;
        }
        WC_PHRASE(what, "data to the group ", s->group_text);
        WC_PHRASE(match, "udp dport ", wc_phrase_number(port, p.dport));
        judge_traffic(j, &p, &(struct traffic){&out, what, match});
    } else if (is_refused) {
        say_refused(j);
    }
}

static void judge_announcements(struct judge *j)
{
    char port[WC_PHRASE_NUMBER_BYTES];
    char match[WC_FINDING_TEXT_BYTES];
    struct wc_fw_packet p = packet_of(j->s, false);
    if (j->s->announce_group.family == 0)
        return;
    p.protocol = WC_FW_UDP;
    p.is_multicast = true;
    p.destination = j->s->announce_group;
    p.dport = j->s->announce_group.port;
    WC_PHRASE(match, "udp dport ", wc_phrase_number(port, p.dport));
    judge_traffic(j, &p,
                  &(struct traffic){&announce,
                                    "announcements: receivers find the session by its URL alone",
                                    match});
}

/* Queries of the switch; who does not answer them is forgotten. IPv6 has MLD, in ICMPv6, which
 * nobody can do without. */
static void judge_igmp(struct judge *j)
{
    struct wc_fw_packet p = packet_of(j->s, true);
    if (p.family != 4)
        return;
    p.protocol = WC_FW_IGMP;
    p.is_multicast = true;
    p.destination = (struct wc_addr){.family = 4, .bytes = {224, 0, 0, 1}};
    struct wc_fw_outcome o = wc_firewall_walk(j->s->firewall, &p);
    if (o.fate != WC_FW_DROPS)
        return;
    struct wc_finding *f = add(j, &igmp);
    WC_PHRASE(f->sentence, "the firewall of this machine drops IGMP: a sender does without, but a "
                           "receiver on this machine would fall silent after some minutes");
    say_where(f, &o);
    say_fix(f, &o, "meta l4proto igmp");
}

static void judge_unread(struct judge *j)
{
    const struct wc_firewall_sight *s = j->s;
    static const char *const reasons[] = {
        [WC_FIREWALL_READ] = "",
        [WC_FIREWALL_NO_PROGRAM] = "the program nft is not installed",
        [WC_FIREWALL_NO_RIGHT] = "only root may look at it",
        [WC_FIREWALL_FAILED] = "nft -j list ruleset failed",
    };
    bool is_read = s->state == WC_FIREWALL_READ;
    if (is_read && !s->has_legacy)
        return;
    struct wc_finding *f = add(j, &unread);
    WC_PHRASE(f->sentence, "the firewall of this machine was not looked at",
              is_read ? " as a whole" : "");
    WC_PHRASE(f->evidence, is_read ? "there are rules of iptables-legacy" : reasons[s->state],
              s->detail[0] ? ": " : "", s->detail);
    WC_PHRASE(f->fix, is_read ? "look yourself: iptables-legacy-save; receivers need the TCP port "
                                "of the control channel, data goes out by UDP"
                              : "run this as root, with nftables installed; or look yourself: "
                                "receivers need the TCP port of the control channel, data goes out "
                                "by UDP");
}

void wc_firewall_rules(const struct wc_firewall_sight *sight, struct wc_findings *list)
{
    struct judge j = {.s = sight, .list = list};
    judge_unread(&j);
    if (sight->firewall)
        judge_control(&j);
    judge_data(&j);
    if (sight->firewall) {
        judge_announcements(&j);
        judge_igmp(&j);
    }
}
