/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers separate the causes: what came to the group, what of it opened, what was right, and what
 * was right when it came another way. */
#include "common/diag/download_rules.h"

#include "common/core/hresult.h"
#include "common/diag/log_signs.h"
#include "common/diag/phrase.h"
#include "common/diag/remark.h"

/* sysexits.h */
#define EXIT_DATAERR  65
#define EXIT_TEMPFAIL 75
#define EXIT_PROTOCOL 76

/* [0]: the end of a download; [1]: it goes on in another way. */
#define KIND(variable, id, hresult, exit_code)                 \
    static const struct wc_finding_kind variable[2] = {        \
        {id, WC_SEVERITY_ERROR, WC_HR_##hresult, exit_code},   \
        {id, WC_SEVERITY_WARNING, WC_HR_##hresult, exit_code}, \
    }

KIND(no_multicast, "empty.no-multicast", TIMEOUT, EXIT_TEMPFAIL);
KIND(stopped, "empty.multicast-stopped", TIMEOUT, EXIT_TEMPFAIL);
KIND(wrong_key, "empty.wrong-key", FAIL, EXIT_TEMPFAIL);
KIND(other_session, "empty.other-session", TIMEOUT, EXIT_TEMPFAIL);
KIND(sender_failed, "empty.sender-failed", TIMEOUT, EXIT_TEMPFAIL);
KIND(memory, "damage.memory", HASH_VALUE, EXIT_DATAERR);
KIND(forged, "damage.forged", HASH_VALUE, EXIT_DATAERR);
KIND(source, "damage.source", HASH_VALUE, EXIT_DATAERR);
KIND(downgrade, "package.downgrade", FAIL, EXIT_PROTOCOL);

#define NUMBER(value) wc_phrase_number((char[WC_PHRASE_NUMBER_BYTES]){0}, value)

struct judge {
    const struct wc_download_sight *s;
    struct wc_findings *list;
    char lead[WC_FINDING_TEXT_BYTES]; /* "empty download: 0 of N bytes of ID: " */
    struct wc_finding spare;          /* written to when the list is full */
};

static void write_lead(struct judge *j)
{
    const struct wc_download_sight *s = j->s;
    WC_PHRASE(j->lead,
              s->got_bytes ? "incomplete download: " : "empty download: ", NUMBER(s->got_bytes),
              " of ", NUMBER(s->due_bytes), " bytes of ", s->package, ": ");
}

static struct wc_finding *add(struct judge *j, const struct wc_finding_kind kind[2], bool goes_on)
{
    struct wc_finding *f = wc_findings_add(j->list, &kind[goes_on ? 1 : 0]);
    return f ? f : &j->spare;
}

/* --- the sender's last word ------------------------------------------------------------------- */

static void judge_dismissal(struct judge *j)
{
    const struct wc_download_sight *s = j->s;
    char code[16];
    struct wc_remark hex = wc_remark_of(code, sizeof(code));
    wc_remark_hex(&hex, s->sender_hresult);
    struct wc_finding *f = add(j, sender_failed, false);
    WC_PHRASE(f->sentence, j->lead, "the sender ended the session (", code, ")");
    WC_PHRASE(f->evidence, s->sender_sentence[0] ? s->sender_sentence : "it said no reason");
    WC_PHRASE(f->fix, s->sender_fix[0] ? s->sender_fix : "look at the sender, and run this again");
}

/* --- damage ----------------------------------------------------------------------------------- */

static void say_memory(struct judge *j, bool goes_on)
{
    const struct wc_download_sight *s = j->s;
    struct wc_finding *f = add(j, memory, goes_on);
    WC_PHRASE(f->sentence, "this machine computes different things of the same bytes: its memory "
                           "(or processor) is bad");
    WC_PHRASE(f->evidence, NUMBER(s->differs_count), " of ", NUMBER(s->void_count),
              " wrong blocks had another SHA-256 when the same bytes in memory were hashed once "
              "more, though every datagram was authentic");
    WC_PHRASE(f->fix, goes_on ? "what was wrong comes again; " : "",
              "test this machine's memory "
              "(memtest86+) before it is used for anything");
}

static void write_digests(const struct wc_download_damage *d, char ret[WC_FINDING_TEXT_BYTES])
{
    char came[WC_PHRASE_DIGEST_BYTES];
    char due[WC_PHRASE_DIGEST_BYTES];
    wc_phrase_digest(came, d->digest);
    WC_PHRASE(ret, "block ", NUMBER(d->sbn), " came ", NUMBER(d->count), " times, ",
              d->is_alike ? "alike" : "each time different", ", last as ", came,
              wc_log_names_nothing(came) ? " (of nothing)" : "", ", due is ",
              wc_phrase_digest(due, d->due));
}

/* What comes from the sender itself nobody else has made. */
static void judge_lost_block(struct judge *j)
{
    const struct wc_download_damage *d = &j->s->damage;
    bool is_source = d->from_sender;
    struct wc_finding *f = add(j, is_source ? source : forged, false);
    WC_PHRASE(f->sentence, d->path, " (bytes ", NUMBER(d->offset), " to ", NUMBER(d->end),
              is_source ? ") is not what was published, though it comes as the sender sends it"
                        : ") is replaced on its way by somebody who has the session's key");
    write_digests(d, f->evidence);
    WC_PHRASE(f->fix, is_source
                          ? "publish it again: start the sender anew; wrong once more: its memory "
                            "or disk"
                          : "let only machines join that you trust; without --only-multicast "
                            "such blocks come by unicast");
}

static void judge_mended(struct judge *j)
{
    const struct wc_download_sight *s = j->s;
    struct wc_finding *f = add(j, forged, true);
    WC_PHRASE(f->sentence, "blocks came authentic and yet wrong, and right when they came again: "
                           "somebody with the session's key forges datagrams, or the sender's "
                           "memory is bad");
    WC_PHRASE(f->evidence, NUMBER(s->mended_count), " blocks, wrong ", NUMBER(s->void_count),
              " times; nothing wrong was stored");
    WC_PHRASE(f->fix, "see what the sender says of it; let only machines join that you trust");
}

static bool judge_damage(struct judge *j)
{
    const struct wc_download_sight *s = j->s;
    bool goes_on = s->differs_count < WC_DOWNLOAD_DIFFERS_MAX && !s->damage.is_given_up;
    if (goes_on && s->is_unreached) /* nothing of this is why it ends */
        return false;
    if (s->differs_count)
        say_memory(j, goes_on);
    else if (s->damage.is_given_up)
        judge_lost_block(j);
    else if (s->mended_count)
        judge_mended(j);
    else
        return false;
    return true;
}

/* --- the path of multicast -------------------------------------------------------------------- */

static void say_stopped(struct judge *j)
{
    const struct wc_download_sight *s = j->s;
    struct wc_finding *f = add(j, stopped, !s->multicast_only);
    WC_PHRASE(f->sentence, j->lead, "multicast stopped: nothing came from ", s->sender, " to ",
              s->group, " on ", s->netif, " for ", s->waited, ", though the control channel works");
    WC_PHRASE(f->evidence, NUMBER(s->received_count), " datagrams had come before");
    WC_PHRASE(f->fix, "likeliest cause: IGMP snooping without a querier (the switch forgets this "
                      "machine), or a firewall or cable that changed");
}

static void say_wrong_key(struct judge *j)
{
    const struct wc_download_sight *s = j->s;
    struct wc_finding *f = add(j, wrong_key, !s->multicast_only);
    WC_PHRASE(f->sentence, j->lead, NUMBER(s->unopened_count),
              " datagrams of this session came to ", s->group, " on ", s->netif,
              ", but none opened with the session's key");
    WC_PHRASE(f->evidence, "in ", s->waited, ", and ", NUMBER(s->foreign_count),
              " foreign datagrams");
    WC_PHRASE(f->fix, "something on the way changes them, or another sender forges them: compare a "
                      "capture here with one at the sender");
}

static void say_other_session(struct judge *j)
{
    const struct wc_download_sight *s = j->s;
    struct wc_finding *f = add(j, other_session, !s->multicast_only);
    WC_PHRASE(f->sentence, j->lead, "within ", s->waited, " only ", NUMBER(s->foreign_count),
              " foreign datagrams came to ", s->group, " on ", s->netif, ", none of this session");
    WC_PHRASE(f->evidence, "0 datagrams from ", s->sender);
    WC_PHRASE(f->fix, "another session uses this group: give one of them another with "
                      "--mcast-data-address");
}

static void say_no_multicast(struct judge *j)
{
    const struct wc_download_sight *s = j->s;
    struct wc_finding *f = add(j, no_multicast, !s->multicast_only);
    WC_PHRASE(f->sentence, j->lead, "no multicast from ", s->sender, " to ", s->group, " reached ",
              s->netif, " within ", s->waited, ", though the control channel works");
    WC_PHRASE(f->evidence, "not one datagram came to the group");
    WC_PHRASE(f->fix, "likeliest causes: a firewall here drops UDP port ", NUMBER(s->port),
              ", the switch filters the group (IGMP snooping without a querier, VLAN), the TTL of ",
              NUMBER(s->ttl), " ends before this subnet, or ", s->netif,
              " is the wrong interface (--interface)");
}

static void judge_path(struct judge *j)
{
    const struct wc_download_sight *s = j->s;
    if (s->received_count)
        say_stopped(j);
    else if (s->unopened_count)
        say_wrong_key(j);
    else if (s->foreign_count)
        say_other_session(j);
    else
        say_no_multicast(j);
}

void wc_download_rules(const struct wc_download_sight *sight, struct wc_findings *list)
{
    struct judge j = {.s = sight, .list = list};
    write_lead(&j);
    if (sight->is_dismissed) {
        if (!sight->got_bytes)
            judge_dismissal(&j);
        return; /* with some of it here, the sender's own sentence says all */
    }
    if (!judge_damage(&j) && sight->is_unreached)
        judge_path(&j);
}

void wc_download_downgrade(const char *package, uint32_t version, uint32_t version_min,
                           struct wc_findings *list)
{
    struct wc_finding *f = wc_findings_add(list, &downgrade[0]);
    if (!f)
        return;
    WC_PHRASE(f->sentence, "the sender offers an older version of package ", package,
              " than is wanted");
    WC_PHRASE(f->evidence, "version ", NUMBER(version), ", wanted is ", NUMBER(version_min),
              " or later (--package-version)");
    WC_PHRASE(f->fix, "publish the newer one on the sender; if it was, somebody plays back an old "
                      "package");
}
