/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/log_causes.h"

#include <string.h>

#include "common/core/hresult.h"
#include "common/diag/codes.h"
#include "common/diag/remark.h"

/* So often, for so long: then the client holds on to a distribution point that is down. */
#define SAME_SERVER_COUNT 3u
#define SAME_SERVER_MS    (10 * 60 * 1000)

#define EXIT_NOT_FOUND   66 /* the numbers are those of sysexits.h */
#define EXIT_UNAVAILABLE 69
#define EXIT_CREATE      73
#define EXIT_DAMAGE      74 /* not 65: that says that there was no log */
#define EXIT_AGAIN       75
#define EXIT_PROTOCOL    76
#define EXIT_ACCESS      77
#define EXIT_CONFIG      78

#define ERROR WC_SEVERITY_ERROR

/* "0x800705B4: ". */
#define CODE_BYTES 12u
/* Of a file's name, in a line of evidence. */
#define NAME_BYTES 40u

static const struct wc_finding_kind kinds[] = {
    [WC_CAUSE_UNFINISHED] = {"log.unfinished", WC_SEVERITY_NOTICE, WC_HR_OK, 0},
    [WC_CAUSE_KEY] = {"log.key-not-signed", ERROR, WC_HR_FAIL, EXIT_CONFIG},
    [WC_CAUSE_UNAUTHORISED] = {"log.unauthorised", ERROR, 0x80190191u, EXIT_ACCESS},
    [WC_CAUSE_ACCESS] = {"log.access-denied", ERROR, WC_HR_ACCESS_DENIED, EXIT_ACCESS},
    [WC_CAUSE_HTTP] = {"log.http-error", ERROR, 0x801901f4u, EXIT_UNAVAILABLE},
    [WC_CAUSE_NETWORK] = {"log.unreachable", ERROR, WC_HR_CONNECTION, EXIT_UNAVAILABLE},
    [WC_CAUSE_TLS] = {"log.certificate", ERROR, 0x80072f8fu, EXIT_CONFIG},
    [WC_CAUSE_WDS] = {"log.wds-refused", ERROR, 0xc1210103u, EXIT_UNAVAILABLE},
    [WC_CAUSE_OPEN] = {"log.session-failed", ERROR, WC_HR_FAIL, EXIT_UNAVAILABLE},
    [WC_CAUSE_EMPTY] = {"log.empty-download", ERROR, WC_HR_TIMEOUT, EXIT_AGAIN},
    [WC_CAUSE_SPARSE] = {"log.sparse-skipped", ERROR, WC_HR_HASH_VALUE, EXIT_DAMAGE},
    [WC_CAUSE_INCOMPLETE] = {"log.incomplete-download", ERROR, WC_HR_HASH_VALUE, EXIT_DAMAGE},
    [WC_CAUSE_DAMAGE] = {"log.hash-mismatch", ERROR, WC_HR_HASH_VALUE, EXIT_DAMAGE},
    [WC_CAUSE_OWN_ERROR] = {"log.wimcast-error", ERROR, WC_HR_OK, EXIT_UNAVAILABLE},
    [WC_CAUSE_OWN_MEMBER] = {"log.receivers-failed", ERROR, WC_HR_CONNECTION, EXIT_AGAIN},
    [WC_CAUSE_OWN_EMPTY] = {"log.went-by-unicast", WC_SEVERITY_WARNING, WC_HR_TIMEOUT, EXIT_AGAIN},
};

/* Where the code says more than the cause: the same finding, with the code that the log shows. */
static const struct wc_finding_kind kinds_by_code[] = {
    {"log.unauthorised", ERROR, 0x8007052eu, EXIT_ACCESS},
    {"log.unauthorised", ERROR, 0x80190197u, EXIT_ACCESS},
    {"log.access-denied", ERROR, 0x80190193u, EXIT_ACCESS},
    {"log.http-error", ERROR, 0x80190194u, EXIT_UNAVAILABLE},
    {"log.http-error", ERROR, 0x801901f7u, EXIT_UNAVAILABLE},
    {"log.unreachable", ERROR, 0x80072ee2u, EXIT_UNAVAILABLE},
    {"log.unreachable", ERROR, 0x80072ee7u, EXIT_UNAVAILABLE},
    {"log.unreachable", ERROR, 0x80072efdu, EXIT_UNAVAILABLE},
    {"log.unreachable", ERROR, 0x8007274cu, EXIT_UNAVAILABLE},
    {"log.unreachable", ERROR, 0x8007274du, EXIT_UNAVAILABLE},
    {"log.certificate", ERROR, 0x80072f05u, EXIT_CONFIG},
    {"log.certificate", ERROR, 0x80072f06u, EXIT_CONFIG},
    {"log.certificate", ERROR, 0x80072f0du, EXIT_CONFIG},
    {"log.wds-refused", ERROR, 0xc1210105u, EXIT_UNAVAILABLE},
    {"log.wds-refused", ERROR, 0xc121010au, EXIT_UNAVAILABLE},
    {"log.wds-refused", ERROR, 0xc121010cu, EXIT_UNAVAILABLE},
    {"log.wds-refused", ERROR, 0xc121010du, EXIT_UNAVAILABLE},
    {"log.wds-refused", ERROR, 0xc121010fu, EXIT_UNAVAILABLE},
    {"log.wds-refused", ERROR, 0xc1210110u, EXIT_UNAVAILABLE},
    {"log.session-failed", ERROR, WC_HR_TIMEOUT, EXIT_AGAIN},
    {"log.session-failed", ERROR, WC_HR_NOT_FOUND, EXIT_NOT_FOUND},
    {"log.wimcast-error", ERROR, WC_HR_FAIL, EXIT_CONFIG},
    {"log.wimcast-error", ERROR, WC_HR_ACCESS_DENIED, EXIT_ACCESS},
    {"log.wimcast-error", ERROR, WC_HR_LOGON_FAILURE, EXIT_ACCESS},
    {"log.wimcast-error", ERROR, WC_HR_LOCKED_OUT, EXIT_AGAIN},
    {"log.wimcast-error", ERROR, WC_HR_NOT_FOUND, EXIT_NOT_FOUND},
    {"log.wimcast-error", ERROR, WC_HR_TIMEOUT, EXIT_AGAIN},
    {"log.wimcast-error", ERROR, WC_HR_HASH_VALUE, EXIT_DAMAGE},
    {"log.wimcast-error", ERROR, WC_HR_DISK_FULL, EXIT_CREATE},
    {"log.wimcast-error", ERROR, WC_HR_WRITE_FAULT, EXIT_CREATE},
    {"log.wimcast-error", ERROR, WC_HR_READ_FAULT, EXIT_AGAIN},
    {"log.wimcast-error", ERROR, WC_HR_CANCELLED, EXIT_AGAIN},
    {"log.wimcast-error", ERROR, WC_HR_CONNECTION, EXIT_UNAVAILABLE},
    {"log.wimcast-error", ERROR, WC_HR_BUSY, EXIT_AGAIN},
    {"log.wimcast-error", ERROR, WC_HR_PROTOCOL, EXIT_PROTOCOL},
};

static const struct wc_finding_kind same_server = {"log.same-distribution-point",
                                                   WC_SEVERITY_WARNING, WC_HR_TIMEOUT, EXIT_AGAIN};

/* Of wimcast: only when it said none. A fix of NULL is that of the code. */
static const struct {
    const char *sentence;
    const char *fix;
} texts[] = {
    [WC_CAUSE_UNFINISHED] = {"a multicast session began, and the log does not say how it ended",
                             "give the log that follows this one, too (smsts.log after "
                             "smsts.lo_), or wait until the session is over"},
    [WC_CAUSE_KEY] =
        {"the distribution point has no MCS key that it can give, or the key is not signed: it "
         "answers the request for the key with nothing; everything after that is only an echo",
         NULL},
    [WC_CAUSE_UNAUTHORISED] =
        {"the distribution point does not know who asks, and serves nothing",
         "check the network access account and the multicast connection account (name, password, "
         "not locked), and the clock of the client; do not allow anonymous connections instead: "
         "then the session is opened without an account"},
    [WC_CAUSE_ACCESS] =
        {"the distribution point knows who asks, and denies access",
         "give the network access account, or the multicast connection account, the right to read "
         "the content of the package on the distribution point"},
    [WC_CAUSE_HTTP] =
        {"the distribution point was reached, and its web server failed",
         "read the logs of IIS and mcsisapi.log on the distribution point at this time; see that "
         "its services run, and that its firewall lets WMI through"},
    [WC_CAUSE_NETWORK] = {"the distribution point is not reached, or the connection broke", NULL},
    [WC_CAUSE_TLS] = {"no secure connection with the distribution point", NULL},
    [WC_CAUSE_WDS] = {"the multicast server of WDS refused", NULL},
    [WC_CAUSE_OPEN] = {"no multicast session could be opened", NULL},
    [WC_CAUSE_EMPTY] =
        {"empty download: the session was joined, and nothing was downloaded; what is said of the "
         "hash afterwards is the hash of nothing, and no damage",
         "likeliest: the distribution point allows anonymous connections, so that the session is "
         "opened without an account and is not served: switch that off. Else multicast does not "
         "reach the client: IGMP snooping without a querier, the VLAN, the TTL, UDP ports "
         "63000-64000 in a firewall"},
    [WC_CAUSE_SPARSE] =
        {"the transfer left out runs of zeros (a sparse file), and what was written then has "
         "another hash; nothing was lost on the wire",
         "install the update for this on the distribution point and in the boot image "
         "(KB2709963), or let wdsmcast write whole files: /UseSparseFile:no"},
    [WC_CAUSE_INCOMPLETE] =
        {"a part of the package was not written, and yet the transfer was called complete; the "
         "wrong hash is its consequence",
         "is there room on the client's disk, and is the disk well? If all clients have it: "
         "publish the package anew on the distribution point"},
    [WC_CAUSE_DAMAGE] =
        {"the package came in full, and differs from what was published (hash mismatch)",
         "the same wrong hash on all clients: the source changed after its hash was taken: update "
         "the distribution points. One client only: test its memory and disk. Only files above 4 "
         "GB: the servers lack updates (KB2000470)"},
    [WC_CAUSE_OWN_ERROR] =
        {"wimcast ended with an error, and the log has no words for it",
         "do what the message says; docs/DIAGNOSTICS.md has every message of wimcast, with "
         "its causes"},
    [WC_CAUSE_OWN_MEMBER] =
        {"not all receivers have everything",
         "read the reason of each receiver that failed, in this log and in its own"},
    [WC_CAUSE_OWN_EMPTY] =
        {"no multicast came",
         "the package came by unicast: look at the way of multicast that the warning names"},
};

static const char fix_key[] =
    "on wimcast: wimcast-sender key verify, then wimcast-sender key sign. On ConfigMgr: in "
    "HKLM\\SOFTWARE\\Microsoft\\SMS\\MCS of the distribution point SignedSerializedMCSKey must be "
    "filled, the management point signs it; if it is empty, disable multicast there, enable it "
    "again, and wait until it is filled (this may take hours)";

static const struct wc_finding_kind *kind_of(const struct wc_log_found *found)
{
    const struct wc_finding_kind *kind = &kinds[found->cause];
    for (size_t i = 0; i < sizeof kinds_by_code / sizeof kinds_by_code[0]; i++) {
        const struct wc_finding_kind *row = &kinds_by_code[i];
        if (row->hresult == found->code && strcmp(row->id, kind->id) == 0)
            return row;
    }
    return kind;
}

/* Numbers are shown with the unit that fits: "25 minutes", "8 h 05 min". */
static void put_duration(struct wc_remark *p, int64_t ms)
{
    uint64_t minutes = ms > 0 ? (uint64_t)ms / 60000 : 0;
    if (minutes < 120) {
        wc_remark_uint(p, minutes);
        wc_remark_put(p, " minutes");
        return;
    }
    wc_remark_uint(p, minutes / 60);
    wc_remark_put(p, " h ");
    wc_remark_digits(p, minutes % 60, 2);
    wc_remark_put(p, " min");
}

/* One of `count` lines of evidence: each gets its part of the room. */
static void put_place(struct wc_remark *p, const struct wc_log_place *place,
                      const char *const *names, uint32_t count)
{
    char head[NAME_BYTES + 24];
    struct wc_remark h = wc_remark_of(head, NAME_BYTES);
    wc_remark_put(&h, names[place->source]);
    h = wc_remark_after(head, sizeof head);
    wc_remark_put(&h, ":");
    wc_remark_uint(&h, place->line);
    wc_remark_put(p, head);
    wc_remark_put(p, ": \"");
    size_t frame_bytes = strlen(head) + sizeof ": \"...\"\n";
    wc_remark_quote(p, place->quote, WC_FINDING_TEXT_BYTES / count - frame_bytes);
    wc_remark_put(p, "\"");
}

/* The causes whose sentence gains by the code's own. */
static bool shows_code(enum wc_log_cause cause)
{
    return cause == WC_CAUSE_UNAUTHORISED || cause == WC_CAUSE_ACCESS || cause == WC_CAUSE_HTTP ||
           cause == WC_CAUSE_NETWORK || cause == WC_CAUSE_TLS || cause == WC_CAUSE_WDS ||
           cause == WC_CAUSE_OPEN;
}

/* What wimcast said, without the code in front that the finding shows by itself. */
static const char *own_words(const struct wc_log_found *found)
{
    char code[CODE_BYTES + 1];
    struct wc_remark p = wc_remark_of(code, sizeof code);
    wc_remark_hex(&p, kind_of(found)->hresult);
    wc_remark_put(&p, ": ");
    return found->sentence + (wc_remark_begins(found->sentence, code) ? CODE_BYTES : 0);
}

static void put_sentence(struct wc_remark *p, const struct wc_log_found *found)
{
    if (*own_words(found))
        wc_remark_put(p, own_words(found));
    else if (texts[found->cause].sentence)
        wc_remark_put(p, texts[found->cause].sentence);
    if (shows_code(found->cause) && found->code) {
        struct wc_code_text text;
        wc_code_describe(found->code, &text);
        wc_remark_put(p, " (");
        wc_remark_put(p, text.hex);
        wc_remark_put(p, *text.symbol ? " " : "");
        wc_remark_put(p, text.symbol);
        wc_remark_put(p, ": ");
        wc_remark_put(p, text.sentence);
        wc_remark_put(p, ")");
    }
    if (*found->server) {
        wc_remark_put(p, "; distribution point ");
        wc_remark_put(p, found->server);
    }
    if (*found->package) {
        wc_remark_put(p, "; package ");
        wc_remark_put(p, found->package);
    }
    if (found->session_count > 1) {
        wc_remark_put(p, "; ");
        wc_remark_uint(p, found->session_count);
        wc_remark_put(p, " sessions ended like this");
    }
}

static void put_fix(struct wc_remark *p, const struct wc_log_found *found)
{
    const char *fix = texts[found->cause].fix;
    if (found->cause == WC_CAUSE_KEY)
        fix = fix_key;
    if (!fix)
        fix = wc_code_fix(wc_code_topic_of(found->code ? found->code : WC_HR_FAIL));
    wc_remark_put(p, fix);
}

static void report_found(const struct wc_log_found *found, const char *const *names,
                         struct wc_findings *ret)
{
    struct wc_finding *finding = wc_findings_add(ret, kind_of(found));
    if (!finding)
        return;
    struct wc_remark sentence = wc_remark_of(finding->sentence, sizeof finding->sentence);
    struct wc_remark evidence = wc_remark_of(finding->evidence, sizeof finding->evidence);
    struct wc_remark fix = wc_remark_of(finding->fix, sizeof finding->fix);
    put_sentence(&sentence, found);
    for (uint32_t i = 0; i < found->evidence_count; i++) {
        wc_remark_put(&evidence, i ? "\n" : "");
        put_place(&evidence, &found->evidence[i], names, found->evidence_count);
    }
    put_fix(&fix, found);
}

/* The client calls a distribution point that is down a thing that mends itself, and comes back to
 * it for up to eight hours before it tries the next. */
static void report_server(const struct wc_log_server *server, const char *const *names,
                          struct wc_findings *ret)
{
    int64_t span_ms = server->last.time_ms - server->first.time_ms;
    bool lasts = server->first.has_time && server->last.has_time && span_ms >= SAME_SERVER_MS;
    if (server->failure_count < SAME_SERVER_COUNT || !lasts)
        return;
    struct wc_finding *finding = wc_findings_add(ret, &same_server);
    if (!finding)
        return;
    struct wc_remark sentence = wc_remark_of(finding->sentence, sizeof finding->sentence);
    struct wc_remark evidence = wc_remark_of(finding->evidence, sizeof finding->evidence);
    struct wc_remark fix = wc_remark_of(finding->fix, sizeof finding->fix);
    wc_remark_put(&sentence, "the distribution point ");
    wc_remark_put(&sentence, server->name);
    wc_remark_put(&sentence, " failed ");
    wc_remark_uint(&sentence, server->failure_count);
    wc_remark_put(&sentence, " times within ");
    put_duration(&sentence, span_ms);
    wc_remark_put(&sentence, ", and the client stayed with it: older clients try the same one for "
                             "up to 8 hours before the next");
    put_place(&evidence, &server->first, names, 2);
    wc_remark_put(&evidence, "\n");
    put_place(&evidence, &server->last, names, 2);
    wc_remark_put(&fix,
                  "mend this distribution point, or take it out of the client's boundary group; at "
                  "once: let its name have no address in DNS, then the client goes on to the next");
}

void wc_log_causes_report(const struct wc_log_rules *rules, const char *const *names,
                          struct wc_findings *ret)
{
    for (uint32_t i = 0; i < rules->found_count; i++)
        report_found(&rules->found[i], names, ret);
    for (uint32_t i = 0; i < rules->server_count; i++)
        report_server(&rules->servers[i], names, ret);
    ret->dropped_count += rules->found_dropped;
}
