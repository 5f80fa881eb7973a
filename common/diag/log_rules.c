/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/log_rules.h"

#include <string.h>

#include "common/core/hresult.h"
#include "common/diag/remark.h"

/* Signs that stand in other parts of a log, too, belong to a session only so many entries behind
 * its last own sign. */
#define NEAR_ENTRIES 200u
/* A hole at the start of a file, as large as this, is no accident of its content. */
#define HOLE_BYTES (1u << 20)

#define BIT(sign) (1u << (sign))
/* They open a session by themselves, should its beginning be lost. */
#define OPENING (BIT(WC_SIGN_MULTICAST) | BIT(WC_SIGN_HASH_NOTHING) | BIT(WC_SIGN_WDS))
#define ROOTS                                                                                \
    (BIT(WC_SIGN_HTTP) | BIT(WC_SIGN_ACCESS) | BIT(WC_SIGN_ACCOUNT) | BIT(WC_SIGN_NETWORK) | \
     BIT(WC_SIGN_TLS))
#define VAGUE (ROOTS | BIT(WC_SIGN_TIMEOUT) | BIT(WC_SIGN_REQUEST_OK) | BIT(WC_SIGN_HASH))
#define NOT_OPENED                                                                     \
    (BIT(WC_SIGN_KEY_FAILED) | BIT(WC_SIGN_OPEN_FAILED) | BIT(WC_SIGN_STATUS_FAILED) | \
     BIT(WC_SIGN_REQUEST_FAILED))
#define KEY (BIT(WC_SIGN_EMPTY_REPLY) | BIT(WC_SIGN_KEY_FAILED) | BIT(WC_SIGN_KEY_UNSIGNED))
#define TRANSFER \
    (BIT(WC_SIGN_DOWNLOAD) | BIT(WC_SIGN_SPARSE) | BIT(WC_SIGN_CUT_SHORT) | BIT(WC_SIGN_SUCCEEDED))

/* How far into a session each sign belongs; 0: anywhere. */
static const uint8_t ranks[WC_SIGN_COUNT] = {
    [WC_SIGN_KEY_REQUEST] = 1,    [WC_SIGN_EMPTY_REPLY] = 2, [WC_SIGN_KEY_FAILED] = 3,
    [WC_SIGN_REQUEST_FAILED] = 4, [WC_SIGN_OPEN_FAILED] = 5, [WC_SIGN_DOWNLOAD] = 7,
    [WC_SIGN_SPARSE] = 8,         [WC_SIGN_CUT_SHORT] = 8,   [WC_SIGN_SUCCEEDED] = 9,
};

void wc_log_rules_init(struct wc_log_rules *r)
{
    memset(r, 0, sizeof *r);
}

static void copy_text(char *ret, size_t room, const char *text)
{
    struct wc_remark p = wc_remark_of(ret, room);
    wc_remark_put(&p, text);
}

/* With the message as quotation, or (NULL: all of it) what begins with `word` in it. */
static struct wc_log_place place_of(const struct wc_log_entry *entry, uint32_t source,
                                    const char *word)
{
    const char *from = word ? wc_remark_find(entry->message, word) : NULL;
    struct wc_log_place place = {.line = entry->line,
                                 .source = source,
                                 .has_time = entry->has_time,
                                 .time_ms = entry->time_ms};
    struct wc_remark p = wc_remark_of(place.quote, sizeof place.quote);
    wc_remark_quote(&p, from ? from : entry->message, sizeof place.quote - 4);
    return place;
}

/* --- distribution points ---------------------------------------------------------------------- */

static void count_server(struct wc_log_rules *r, const char *name, const struct wc_log_place *place)
{
    uint32_t i = 0;
    while (i < r->server_count && strcmp(r->servers[i].name, name) != 0)
        i++;
    if (i == WC_LOG_SERVERS_MAX)
        return;
    struct wc_log_server *server = &r->servers[i];
    if (i == r->server_count) {
        r->server_count++;
        copy_text(server->name, sizeof server->name, name);
        server->first = *place;
    }
    server->failure_count++;
    server->last = *place;
}

/* --- the cause -------------------------------------------------------------------------------- */

static bool saw(const struct wc_log_session *s, uint32_t signs)
{
    return (s->seen & signs) != 0;
}

/* The first of the signs that may be a cause of everything after; WC_SIGN_COUNT: none. */
static unsigned first_root(const struct wc_log_session *s)
{
    unsigned first = WC_SIGN_COUNT;
    for (unsigned sign = 0; sign < WC_SIGN_COUNT; sign++) {
        bool counts = saw(s, ROOTS & BIT(sign));
        if (counts && (first == WC_SIGN_COUNT || s->order[sign] < s->order[first]))
            first = sign;
    }
    return first;
}

static enum wc_log_cause cause_of_root(const struct wc_log_session *s, unsigned sign)
{
    switch (sign) {
    case WC_SIGN_HTTP:
        if (s->code[sign] == 0x80190191u || s->code[sign] == 0x80190197u)
            return WC_CAUSE_UNAUTHORISED;
        return s->code[sign] == 0x80190193u ? WC_CAUSE_ACCESS : WC_CAUSE_HTTP;
    case WC_SIGN_ACCOUNT:
        return WC_CAUSE_UNAUTHORISED;
    case WC_SIGN_ACCESS:
        return WC_CAUSE_ACCESS;
    case WC_SIGN_TLS:
        return WC_CAUSE_TLS;
    default:
        return WC_CAUSE_NETWORK;
    }
}

static enum wc_log_cause cause_of_transfer(const struct wc_log_session *s)
{
    bool succeeded = saw(s, BIT(WC_SIGN_SUCCEEDED));
    bool failed_open = saw(s, NOT_OPENED) && !saw(s, TRANSFER);
    if (saw(s, BIT(WC_SIGN_HASH_NOTHING)))
        return WC_CAUSE_EMPTY;
    if (!s->real_digest) {
        if (s->whole_sparse || s->wrote_nothing)
            return WC_CAUSE_EMPTY;
        if (saw(s, BIT(WC_SIGN_TIMEOUT)) && !failed_open)
            return WC_CAUSE_EMPTY;
        if (saw(s, BIT(WC_SIGN_CUT_SHORT)) && !succeeded)
            return WC_CAUSE_EMPTY;
    }
    if (saw(s, BIT(WC_SIGN_HASH))) {
        if (saw(s, BIT(WC_SIGN_SPARSE)))
            return WC_CAUSE_SPARSE;
        return saw(s, BIT(WC_SIGN_CUT_SHORT)) ? WC_CAUSE_INCOMPLETE : WC_CAUSE_DAMAGE;
    }
    if (saw(s, NOT_OPENED))
        return WC_CAUSE_OPEN;
    return succeeded ? WC_CAUSE_NONE : WC_CAUSE_UNFINISHED;
}

static enum wc_log_cause cause_of(const struct wc_log_session *s)
{
    if (s->own) {
        if (saw(s, BIT(WC_SIGN_OWN_ERROR)))
            return WC_CAUSE_OWN_ERROR;
        if (saw(s, BIT(WC_SIGN_OWN_MEMBER)))
            return WC_CAUSE_OWN_MEMBER;
        if (saw(s, BIT(WC_SIGN_OWN_EMPTY)))
            return WC_CAUSE_OWN_EMPTY;
        return saw(s, BIT(WC_SIGN_OWN_GOOD)) ? WC_CAUSE_NONE : WC_CAUSE_UNFINISHED;
    }
    unsigned root = first_root(s);
    if (root != WC_SIGN_COUNT && !saw(s, BIT(WC_SIGN_SUCCEEDED)))
        return cause_of_root(s, root);
    if (saw(s, KEY))
        return WC_CAUSE_KEY;
    if (saw(s, BIT(WC_SIGN_WDS)))
        return WC_CAUSE_WDS;
    return cause_of_transfer(s);
}

/* --- what was found --------------------------------------------------------------------------- */

/* Which signs prove a cause, in the order in which they happen. */
static const uint8_t proofs[][6] = {
    [WC_CAUSE_UNFINISHED] = {WC_SIGN_KEY_REQUEST, WC_SIGN_DOWNLOAD, WC_SIGN_OWN_BEGIN,
                             WC_SIGN_OWN_WORK},
    [WC_CAUSE_KEY] = {WC_SIGN_KEY_REQUEST, WC_SIGN_EMPTY_REPLY, WC_SIGN_KEY_UNSIGNED,
                      WC_SIGN_KEY_FAILED, WC_SIGN_OPEN_FAILED},
    [WC_CAUSE_UNAUTHORISED] = {WC_SIGN_HTTP, WC_SIGN_ACCOUNT, WC_SIGN_KEY_FAILED,
                               WC_SIGN_OPEN_FAILED, WC_SIGN_HASH_NOTHING, WC_SIGN_HASH},
    [WC_CAUSE_ACCESS] = {WC_SIGN_HTTP, WC_SIGN_ACCESS, WC_SIGN_KEY_FAILED, WC_SIGN_OPEN_FAILED,
                         WC_SIGN_HASH_NOTHING, WC_SIGN_HASH},
    [WC_CAUSE_HTTP] = {WC_SIGN_HTTP, WC_SIGN_KEY_FAILED, WC_SIGN_REQUEST_FAILED,
                       WC_SIGN_OPEN_FAILED, WC_SIGN_HASH},
    [WC_CAUSE_NETWORK] = {WC_SIGN_NETWORK, WC_SIGN_KEY_FAILED, WC_SIGN_REQUEST_FAILED,
                          WC_SIGN_OPEN_FAILED, WC_SIGN_HASH},
    [WC_CAUSE_TLS] = {WC_SIGN_TLS, WC_SIGN_KEY_FAILED, WC_SIGN_REQUEST_FAILED, WC_SIGN_OPEN_FAILED,
                      WC_SIGN_HASH},
    [WC_CAUSE_WDS] = {WC_SIGN_WDS, WC_SIGN_DOWNLOAD, WC_SIGN_HASH},
    [WC_CAUSE_OPEN] = {WC_SIGN_REQUEST_FAILED, WC_SIGN_OPEN_FAILED, WC_SIGN_STATUS_FAILED},
    [WC_CAUSE_EMPTY] = {WC_SIGN_SPARSE, WC_SIGN_CUT_SHORT, WC_SIGN_WRITTEN, WC_SIGN_TIMEOUT,
                        WC_SIGN_HASH_NOTHING, WC_SIGN_HASH},
    [WC_CAUSE_SPARSE] = {WC_SIGN_SPARSE, WC_SIGN_CUT_SHORT, WC_SIGN_SUCCEEDED, WC_SIGN_HASH},
    [WC_CAUSE_INCOMPLETE] = {WC_SIGN_CUT_SHORT, WC_SIGN_SUCCEEDED, WC_SIGN_HASH},
    [WC_CAUSE_DAMAGE] = {WC_SIGN_SUCCEEDED, WC_SIGN_HASH},
    [WC_CAUSE_OWN_ERROR] = {WC_SIGN_OWN_EMPTY, WC_SIGN_OWN_ERROR},
    [WC_CAUSE_OWN_MEMBER] = {WC_SIGN_OWN_MEMBER},
    [WC_CAUSE_OWN_EMPTY] = {WC_SIGN_OWN_EMPTY},
};

static void add_place(struct wc_log_found *found, const struct wc_log_place *place)
{
    for (uint32_t i = 0; i < found->evidence_count; i++) {
        if (found->evidence[i].line == place->line && found->evidence[i].source == place->source)
            return;
    }
    if (found->evidence_count < WC_LOG_EVIDENCE_MAX)
        found->evidence[found->evidence_count++] = *place;
}

static void collect_proofs(struct wc_log_found *found, const struct wc_log_session *s)
{
    const uint8_t *signs = proofs[found->cause];
    for (size_t i = 0; i < sizeof proofs[0] && signs[i] != WC_SIGN_MULTICAST; i++) {
        /* A length that is not 0 proves nothing. */
        bool proves = signs[i] != WC_SIGN_WRITTEN || s->wrote_nothing;
        if (proves && saw(s, BIT(signs[i])))
            add_place(found, &s->place[signs[i]]);
        /* Of what came first; what followed has the codes of echoes. */
        bool first = found->evidence_count <= 1 || found->cause == WC_CAUSE_OPEN;
        if (!found->code && first && saw(s, BIT(signs[i])))
            found->code = s->code[signs[i]];
    }
    if (!found->evidence_count)
        add_place(found, &s->place[WC_SIGN_MULTICAST]);
}

static bool is_same(const struct wc_log_found *a, const struct wc_log_found *b)
{
    return a->cause == b->cause && a->code == b->code && strcmp(a->server, b->server) == 0 &&
           strcmp(a->package, b->package) == 0 && strcmp(a->sentence, b->sentence) == 0;
}

static void add_found(struct wc_log_rules *r, const struct wc_log_found *found)
{
    for (uint32_t i = 0; i < r->found_count; i++) {
        if (!is_same(&r->found[i], found))
            continue;
        r->found[i].session_count++;
        return;
    }
    if (r->found_count < WC_LOG_FOUND_MAX)
        r->found[r->found_count++] = *found;
    else
        r->found_dropped++;
}

static void close_session(struct wc_log_rules *r, struct wc_log_session *s)
{
    if (!s->open)
        return;
    s->open = false;
    struct wc_log_found found = {.cause = cause_of(s), .session_count = 1};
    if (found.cause == WC_CAUSE_NONE) {
        r->good_count++;
        return;
    }
    collect_proofs(&found, s);
    copy_text(found.server, sizeof found.server, s->server);
    copy_text(found.package, sizeof found.package, s->package);
    copy_text(found.sentence, sizeof found.sentence, s->sentence);
    if (*s->server && !s->server_counted && found.cause != WC_CAUSE_UNFINISHED)
        count_server(r, s->server, &found.evidence[found.evidence_count - 1]);
    add_found(r, &found);
}

/* --- sessions --------------------------------------------------------------------------------- */

/* A session that could not be opened, or is complete, is no longer to blame for what follows. */
static bool is_over(const struct wc_log_session *s)
{
    if (s->own)
        return saw(s, BIT(WC_SIGN_OWN_ERROR) | BIT(WC_SIGN_OWN_GOOD));
    return saw(s, BIT(WC_SIGN_OPEN_FAILED) | BIT(WC_SIGN_STATUS_FAILED)) ||
           saw(s, BIT(WC_SIGN_SUCCEEDED) | BIT(WC_SIGN_HASH));
}

/* The session under way that entries of this program, thread and file tell of; with `goes_on` also
 * one that another file began: a log that was full goes on in the next. NULL: none. */
static struct wc_log_session *find_session(struct wc_log_rules *r, bool own, uint32_t thread,
                                           uint32_t source, bool goes_on)
{
    struct wc_log_session *last = NULL;
    for (uint32_t i = 0; i < r->place_count; i++) {
        struct wc_log_session *s = &r->sessions[i];
        if (!s->open || s->own != own || s->thread != thread)
            continue;
        if (s->source == source)
            return s;
        if (goes_on && !is_over(s) && (!last || s->used > last->used))
            last = s;
    }
    if (last)
        last->source = source;
    return last;
}

/* A free place, else that of the session that was silent for longest. */
static struct wc_log_session *free_place(struct wc_log_rules *r)
{
    struct wc_log_session *oldest = &r->sessions[0];
    for (uint32_t i = 0; i < r->place_count; i++) {
        if (!r->sessions[i].open)
            return &r->sessions[i];
        if (r->sessions[i].used < oldest->used)
            oldest = &r->sessions[i];
    }
    if (r->place_count < WC_LOG_SESSIONS_MAX)
        return &r->sessions[r->place_count++];
    return oldest;
}

/* In the place of `s`, which ends; NULL: in another. */
static struct wc_log_session *open_session(struct wc_log_rules *r, struct wc_log_session *s,
                                           bool own, uint32_t thread, uint32_t source)
{
    if (!s)
        s = free_place(r);
    close_session(r, s);
    *s = (struct wc_log_session){
        .open = true, .own = own, .thread = thread, .source = source, .used = r->entry_count};
    r->session_count++;
    return s;
}

static unsigned rank_of(uint32_t signs)
{
    unsigned rank = 0;
    for (unsigned sign = 0; sign < WC_SIGN_COUNT; sign++) {
        if ((signs & BIT(sign)) && ranks[sign] > rank)
            rank = ranks[sign];
    }
    return rank;
}

/* These signs belong to another session than the one under way. */
static bool begins_anew(const struct wc_log_session *s, uint32_t signs)
{
    unsigned rank = rank_of(signs);
    if (!rank)
        return false;
    if (signs & TRANSFER && saw(s, NOT_OPENED))
        return true;
    if (signs & BIT(WC_SIGN_DOWNLOAD) && saw(s, BIT(WC_SIGN_DOWNLOAD)))
        return true;
    return rank + 1 < s->rank || (rank < s->rank && saw(s, BIT(WC_SIGN_HASH)));
}

static void record(struct wc_log_session *s, unsigned sign, const struct wc_log_place *place,
                   uint32_t code, uint64_t order)
{
    if (saw(s, BIT(sign))) {
        if (!s->code[sign])
            s->code[sign] = code;
        return;
    }
    s->seen |= BIT(sign);
    s->code[sign] = code;
    s->order[sign] = order;
    s->place[sign] = *place;
}

static uint32_t vague_signs(const struct wc_log_rules *r, const struct wc_log_session *s,
                            uint32_t signs)
{
    if (r->entry_count - s->used > NEAR_ENTRIES)
        return 0;
    if (!is_over(s))
        return signs;
    if (saw(s, NOT_OPENED) && !saw(s, TRANSFER))
        return 0;
    return signs & (BIT(WC_SIGN_HASH) | BIT(WC_SIGN_TIMEOUT));
}

static void take_sizes(struct wc_log_session *s, const struct wc_log_entry *entry,
                       const struct wc_log_signs *signs)
{
    if (wc_log_has(signs->signs, WC_SIGN_SPARSE) && signs->sparse_from == 0 &&
        signs->sparse_bytes >= HOLE_BYTES)
        s->whole_sparse = true;
    if (wc_log_has(signs->signs, WC_SIGN_WRITTEN) && signs->written_bytes == 0)
        s->wrote_nothing = true;
    if (wc_log_has(signs->signs, WC_SIGN_HASH) && !wc_log_has(signs->signs, WC_SIGN_HASH_NOTHING) &&
        (wc_remark_find(entry->message, "ContentHash") || wc_remark_find(entry->message, "actual")))
        s->real_digest = true;
}

static void take_names(struct wc_log_session *s, const struct wc_log_signs *signs)
{
    if (*signs->server && !*s->server)
        copy_text(s->server, sizeof s->server, signs->server);
    if (*signs->package && !*s->package)
        copy_text(s->package, sizeof s->package, signs->package);
}

static void take_client(struct wc_log_rules *r, const struct wc_log_entry *entry,
                        const struct wc_log_signs *signs, const struct wc_log_place *place)
{
    const uint32_t starts = BIT(WC_SIGN_KEY_REQUEST) | BIT(WC_SIGN_DOWNLOAD);
    uint32_t sure = signs->signs & ~VAGUE;
    struct wc_log_session *s =
        find_session(r, false, 0, place->source, sure && !(signs->signs & starts));
    bool timed_out =
        wc_log_has(signs->signs, WC_SIGN_TIMEOUT) && wc_log_has(signs->signs, WC_SIGN_HASH);
    bool opens = signs->signs & OPENING || timed_out;
    if (s ? begins_anew(s, signs->signs) : opens)
        s = open_session(r, s, false, 0, place->source);
    if (!s)
        return;
    uint32_t taken = sure | vague_signs(r, s, signs->signs & VAGUE);
    if (sure)
        taken = signs->signs;
    if (taken & BIT(WC_SIGN_REQUEST_OK) && !saw(s, NOT_OPENED | TRANSFER))
        s->seen &= ~ROOTS; /* refused first, and let in then: as HTTP authentication goes */
    for (unsigned sign = 0; sign < WC_SIGN_COUNT; sign++) {
        if (taken & BIT(sign))
            record(s, sign, place, signs->code, r->entry_count);
    }
    if (taken & BIT(WC_SIGN_HASH_NOTHING)) /* the digest of what came stands at the end */
        s->place[WC_SIGN_HASH_NOTHING] = place_of(entry, place->source, "Downloaded ContentHash");
    unsigned rank = rank_of(taken);
    if (rank > s->rank)
        s->rank = rank;
    if (taken & ~BIT(WC_SIGN_REQUEST_OK)) {
        take_sizes(s, entry, signs);
        s->used = r->entry_count;
    }
    if (sure)
        take_names(s, signs);
    if (*signs->server && signs->failed)
        s->server_counted = true;
}

static void take_own(struct wc_log_rules *r, const struct wc_log_entry *entry, uint32_t signs,
                     uint32_t code, const struct wc_log_place *place)
{
    const uint32_t ends = BIT(WC_SIGN_OWN_ERROR) | BIT(WC_SIGN_OWN_GOOD);
    bool goes_on = entry->thread && !(signs & BIT(WC_SIGN_OWN_BEGIN));
    struct wc_log_session *s = find_session(r, true, entry->thread, place->source, goes_on);
    bool over = s && saw(s, ends) && signs & (BIT(WC_SIGN_OWN_BEGIN) | BIT(WC_SIGN_OWN_WORK));
    if (!s || over || signs & BIT(WC_SIGN_OWN_BEGIN))
        s = open_session(r, s, true, entry->thread, place->source);
    bool first_error = signs & BIT(WC_SIGN_OWN_ERROR) && !saw(s, BIT(WC_SIGN_OWN_ERROR));
    for (unsigned sign = 0; sign < WC_SIGN_COUNT; sign++) {
        if (signs & BIT(sign))
            record(s, sign, place, code, r->entry_count);
    }
    bool speaks = signs & (BIT(WC_SIGN_OWN_MEMBER) | BIT(WC_SIGN_OWN_EMPTY));
    if (first_error || (speaks && !*s->sentence))
        copy_text(s->sentence, sizeof s->sentence, entry->message);
    s->used = r->entry_count;
}

static void count_entry(struct wc_log_rules *r, const struct wc_log_entry *entry)
{
    r->entry_count++;
    r->form_count[entry->form]++;
    r->torn_count += entry->torn;
    if (!entry->has_time)
        return;
    if (!r->has_time || entry->time_ms < r->first_ms)
        r->first_ms = entry->time_ms;
    if (!r->has_time || entry->time_ms > r->last_ms)
        r->last_ms = entry->time_ms;
    r->has_time = true;
}

void wc_log_rules_take(struct wc_log_rules *r, const struct wc_log_entry *entry, uint32_t source)
{
    struct wc_log_signs signs;
    count_entry(r, entry);
    wc_log_signs_of(entry, &signs);
    if (!r->first_code)
        r->first_code = signs.code;
    struct wc_log_place place = place_of(entry, source, NULL);
    /* Not every error of wimcast's has a code: what stands between its lines is its own. */
    bool plain_error = entry->form == WC_LOG_PLAIN && entry->type == WC_LOG_ERROR;
    if (plain_error && !wc_log_has(signs.signs, WC_SIGN_OWN) &&
        find_session(r, true, 0, source, false))
        signs.signs = BIT(WC_SIGN_OWN) | BIT(WC_SIGN_OWN_ERROR);
    if (wc_log_has(signs.signs, WC_SIGN_OWN)) {
        take_own(r, entry, signs.signs, signs.code, &place);
        return;
    }
    take_client(r, entry, &signs, &place);
    if (*signs.server && signs.failed)
        count_server(r, signs.server, &place);
}

void wc_log_rules_end(struct wc_log_rules *r)
{
    for (uint32_t i = 0; i < r->place_count; i++)
        close_session(r, &r->sessions[i]);
}
