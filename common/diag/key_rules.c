/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One table of kinds, one function for each step of a key's life. Sender and receiver see the same
 * faults with other eyes: the sentence names the place, and the exit code is that of the program
 * that ends. */
#include "common/diag/key_rules.h"

#include <string.h>

#include "common/core/hresult.h"
#include "common/core/text.h"
#include "common/diag/phrase.h"

#define KEY_NAME         "SerializedMCSKey"
#define CERTIFICATE_NAME "SignedSerializedMCSKey"
#define SITE_NAME        "SiteCertificate"
#define DAY_SECONDS      86400

/* sysexits.h */
#define EXIT_UNAVAILABLE 69
#define EXIT_TEMPFAIL    75
#define EXIT_PROTOCOL    76
#define EXIT_NOPERM      77
#define EXIT_CONFIG      78

/* [0]: at the sender, [1]: at a receiver. */
#define KIND(variable, id, severity, hresult, sender_exit, receiver_exit)    \
    static const struct wc_finding_kind variable[2] = {                      \
        {"key." id, WC_SEVERITY_##severity, WC_HR_##hresult, sender_exit},   \
        {"key." id, WC_SEVERITY_##severity, WC_HR_##hresult, receiver_exit}, \
    }

KIND(folder_open, "state-dir-open", ERROR, ACCESS_DENIED, EXIT_NOPERM, EXIT_NOPERM);
KIND(missing, "missing", ERROR, FAIL, EXIT_CONFIG, EXIT_NOPERM);
KIND(empty, "empty", ERROR, FAIL, EXIT_CONFIG, EXIT_NOPERM);
KIND(malformed, "malformed", ERROR, FAIL, EXIT_CONFIG, EXIT_NOPERM);
KIND(exposed, "exposed", ERROR, ACCESS_DENIED, EXIT_NOPERM, EXIT_NOPERM);
KIND(unreadable, "unreadable", ERROR, ACCESS_DENIED, EXIT_NOPERM, EXIT_NOPERM);
KIND(mismatch, "mismatch", ERROR, FAIL, EXIT_CONFIG, EXIT_NOPERM);
KIND(not_signed, "not-signed", ERROR, FAIL, EXIT_CONFIG, EXIT_NOPERM);
KIND(not_joined, "not-joined", WARNING, FAIL, 0, 0);
KIND(self_signed, "self-signed", NOTICE, OK, 0, 0);
KIND(next_waits, "next-waits", WARNING, FAIL, 0, 0);
KIND(other_key, "other-key", ERROR, FAIL, EXIT_CONFIG, EXIT_NOPERM);
KIND(other_site, "other-site", ERROR, FAIL, EXIT_CONFIG, EXIT_NOPERM);
KIND(false_signature, "false-signature", ERROR, FAIL, EXIT_CONFIG, EXIT_NOPERM);
KIND(expired, "expired", ERROR, FAIL, EXIT_CONFIG, EXIT_NOPERM);
KIND(expires_soon, "expires-soon", WARNING, FAIL, 0, 0);
KIND(not_yet_valid, "not-yet-valid", ERROR, FAIL, EXIT_CONFIG, EXIT_NOPERM);
KIND(wrong_name, "wrong-name", ERROR, FAIL, EXIT_CONFIG, EXIT_NOPERM);
KIND(reply_empty, "reply-empty", ERROR, FAIL, EXIT_PROTOCOL, EXIT_UNAVAILABLE);
KIND(reply_malformed, "reply-malformed", ERROR, FAIL, EXIT_PROTOCOL, EXIT_PROTOCOL);
KIND(reply_part, "reply-part", ERROR, FAIL, EXIT_PROTOCOL, EXIT_TEMPFAIL);
KIND(manifest_unsigned, "manifest-unsigned", ERROR, FAIL, EXIT_PROTOCOL, EXIT_PROTOCOL);
KIND(manifest_swapped, "manifest-swapped", ERROR, FAIL, EXIT_PROTOCOL, EXIT_PROTOCOL);
KIND(manifest_other_key, "manifest-other-key", ERROR, FAIL, EXIT_PROTOCOL, EXIT_PROTOCOL);

#define FIX_UNREADABLE "run as the user that it belongs to, or give it to this one (chown)"
#define FIX_CARRY \
    "carry a request to the site key, and the answer back: wimcast-sender key init says how"

struct judge {
    const struct wc_key_sight *s;
    struct wc_findings *list;
    char folder[2 * WC_KEY_PLACE_BYTES]; /* as a word of a command */
    struct wc_finding spare;             /* when the list is full */
};

static struct wc_finding *add(struct judge *j, const struct wc_finding_kind kind[2])
{
    struct wc_finding *f = wc_findings_add(j->list, &kind[j->s->by_receiver ? 1 : 0]);
    return f ? f : &j->spare;
}

/* "of HOST:PORT" or "in DIR". */
static const char *preposition(const struct wc_key_sight *s)
{
    return s->by_receiver ? " of " : " in ";
}

/* --- what mends it, and where --------------------------------------------------------------- */

/* The same fault is mended in other ways: in one command where the site key is, by a request that
 * is carried where it is not, and without it where there is no site. */
enum where {
    SITE_AT_HAND,
    SITE_AWAY,
    SITE_UNDECIDED, /* joining one was begun, or one is at hand, without its key */
    SITE_NONE,
};

static enum where where_is_site(const struct wc_key_sight *s)
{
    bool is_signed_by_some =
        s->is_pair && s->signer != WC_KEY_SIGNER_NONE && s->signer != WC_KEY_SIGNER_SELF;
    if (s->has_site_key)
        return SITE_AT_HAND;
    if (s->belongs_to_a_site)
        return SITE_AWAY;
    return s->has_pin || s->has_request || is_signed_by_some ? SITE_UNDECIDED : SITE_NONE;
}

#define RESET_AND_CARRY "wimcast-sender key reset, and carry its request as it says"
#define RESET_ALONE     "wimcast-sender key reset --self-signed"

/* A new key. */
static const char *reset(const struct wc_key_sight *s)
{
    static const char *const commands[] = {
        [SITE_AT_HAND] = "wimcast-sender key reset",
        [SITE_AWAY] = RESET_AND_CARRY,
        [SITE_UNDECIDED] = RESET_AND_CARRY "; without a site: " RESET_ALONE,
        [SITE_NONE] = RESET_ALONE " (there is a new URL then)",
    };
    return commands[where_is_site(s)];
}

/* The same key, signed by its site. */
static const char *sign(const struct wc_key_sight *s)
{
    return where_is_site(s) == SITE_AT_HAND
               ? "wimcast-sender key sign"
               : "wimcast-sender key init, and carry its request as it says";
}

/* --- files ---------------------------------------------------------------------------------- */

static struct wc_finding *say_file(struct judge *j, const struct wc_finding_kind kind[2],
                                   const char *what, const char *file, const char *seen,
                                   const char *fix)
{
    struct wc_finding *f = add(j, kind);
    WC_PHRASE(f->sentence, what);
    WC_PHRASE(f->evidence, j->s->place, "/", file, ": ", seen);
    WC_PHRASE(f->fix, fix);
    return f;
}

static void say_exposed(struct judge *j)
{
    const struct wc_key_sight *s = j->s;
    struct wc_finding *f =
        say_file(j, exposed, "the MCS key is open to other users", KEY_NAME, s->key_detail, "");
    WC_PHRASE(f->fix, "make it private: chmod 600 ", j->folder,
              "/" KEY_NAME "; if others could read it for long: ", reset(s));
}

static void judge_folder(struct judge *j)
{
    const struct wc_key_sight *s = j->s;
    char mode[] = "mode 0000";
    if (!s->folder_mode)
        return;
    for (unsigned i = 0; i < 4; i++)
        mode[sizeof(mode) - 2 - i] = (char)('0' + (s->folder_mode >> (3 * i) & 7));
    struct wc_finding *f = add(j, folder_open);
    WC_PHRASE(f->sentence, "other users may write to the folder of the MCS key, and put another "
                           "one in its place");
    WC_PHRASE(f->evidence, s->place, ": ", mode);
    WC_PHRASE(f->fix, "close it: chmod go-w ", j->folder);
}

/* Seen by root alone: no other user could read it. */
static void say_foreign(struct judge *j)
{
    const struct wc_key_sight *s = j->s;
    struct wc_finding *f =
        say_file(j, exposed, "the MCS key belongs to another user, who may change it", KEY_NAME,
                 s->key_detail, "");
    WC_PHRASE(f->fix, "take it: chown root ", j->folder,
              "/" KEY_NAME "; if that user is not to be trusted: ", reset(s));
}

/* A key of no use. */
static void say_useless(struct judge *j, const struct wc_finding_kind kind[2], const char *what,
                        const char *seen)
{
    struct wc_finding *f = say_file(j, kind, what, KEY_NAME, seen, "");
    WC_PHRASE(f->fix, "restore it from a backup, or make a new one: ", reset(j->s));
}

/* Is the key's own file good? */
static bool judge_key_file(struct judge *j)
{
    const struct wc_key_sight *s = j->s;
    switch (s->key) {
    case WC_KEY_FILE_GOOD:
        return true;
    case WC_KEY_FILE_MISSING:
        if (s->certificate == WC_KEY_FILE_MISSING)
            say_file(j, missing, "there is no MCS key", KEY_NAME, "no such file",
                     where_is_site(s) == SITE_NONE
                         ? "the first send makes one; if a site is to sign it: wimcast-sender key "
                           "init"
                         : "make one: wimcast-sender key init");
        else
            say_useless(j, missing, "there is no MCS key",
                        "no such file, but its certificate is there");
        return false;
    case WC_KEY_FILE_EMPTY:
        say_useless(j, empty, "the MCS key is empty", "0 bytes");
        return false;
    case WC_KEY_FILE_MALFORMED:
        say_useless(j, malformed, "the MCS key is malformed", s->key_detail);
        return false;
    case WC_KEY_FILE_EXPOSED:
        say_exposed(j);
        return false;
    case WC_KEY_FILE_FOREIGN:
        say_foreign(j);
        return false;
    case WC_KEY_FILE_UNREADABLE:
        say_file(j, unreadable, "the MCS key cannot be read by this user", KEY_NAME, s->key_detail,
                 FIX_UNREADABLE);
        return false;
    }
    return false;
}

/* A certificate of no use, of a key that is good. */
static void say_uncertified(struct judge *j, const struct wc_finding_kind kind[2], const char *what,
                            const char *seen)
{
    const struct wc_key_sight *s = j->s;
    struct wc_finding *f = say_file(j, kind, what, CERTIFICATE_NAME, seen, "");
    switch (where_is_site(s)) {
    case SITE_AT_HAND:
        WC_PHRASE(f->fix, "sign the key: wimcast-sender key sign; or make a new one: "
                          "wimcast-sender key reset");
        return;
    case SITE_AWAY:
        WC_PHRASE(f->fix, FIX_CARRY);
        return;
    case SITE_UNDECIDED:
        WC_PHRASE(f->fix, FIX_CARRY "; without a site: " RESET_ALONE);
        return;
    case SITE_NONE:
        WC_PHRASE(f->fix, "remove it, and the next send makes it: rm ", j->folder,
                  "/" CERTIFICATE_NAME);
        return;
    }
}

static bool judge_certificate_file(struct judge *j)
{
    const struct wc_key_sight *s = j->s;
    bool has_site = where_is_site(s) != SITE_NONE;
    static const char unsigned_yet[] = "the MCS key is there, but not signed yet";
    switch (s->certificate) {
    case WC_KEY_FILE_GOOD:
    case WC_KEY_FILE_EXPOSED: /* it is no secret */
    case WC_KEY_FILE_FOREIGN:
        return true;
    case WC_KEY_FILE_MISSING:
        if (s->has_request || s->belongs_to_a_site)
            say_uncertified(j, not_signed, unsigned_yet,
                            s->has_request ? "no such file; " KEY_NAME ".csr waits for a signature"
                                           : "no such file");
        return false; /* the next send signs the key with itself: nothing is wrong */
    case WC_KEY_FILE_EMPTY:
        say_uncertified(j, not_signed,
                        has_site ? unsigned_yet : "the certificate of the MCS key is empty",
                        "0 bytes");
        return false;
    case WC_KEY_FILE_MALFORMED:
        say_uncertified(j, malformed, "the certificate of the MCS key is malformed",
                        s->certificate_detail);
        return false;
    case WC_KEY_FILE_UNREADABLE:
        say_file(j, unreadable, "the certificate of the MCS key cannot be read by this user",
                 CERTIFICATE_NAME, s->certificate_detail, FIX_UNREADABLE);
        return false;
    }
    return false;
}

static bool judge_pair(struct judge *j)
{
    const struct wc_key_sight *s = j->s;
    if (s->is_pair)
        return true;
    struct wc_finding *f =
        say_file(j, mismatch, "certificate and private key of the MCS key do not match",
                 CERTIFICATE_NAME, "its public key is not that of " KEY_NAME, "");
    if (where_is_site(s) == SITE_NONE)
        WC_PHRASE(f->fix,
                  "if the key is the right one, remove the certificate, and the next send "
                  "makes it: rm ",
                  j->folder, "/" CERTIFICATE_NAME "; else make a new pair: ", reset(s));
    else
        WC_PHRASE(f->fix, "if the key is the right one, have it signed: ", sign(s),
                  "; else make a new pair: ", reset(s));
    return false;
}

/* Is it known which site this sender belongs to, if to any? */
static bool judge_site_file(struct judge *j)
{
    const struct wc_key_sight *s = j->s;
    struct wc_finding *f;
    if (!s->belongs_to_a_site || s->site_certificate == WC_KEY_FILE_GOOD)
        return true;
    if (s->site_certificate == WC_KEY_FILE_UNREADABLE) {
        say_file(j, unreadable, "the certificate of this sender's site cannot be read by this user",
                 SITE_NAME, s->site_detail, FIX_UNREADABLE);
        return false;
    }
    f = say_file(j, malformed, "the certificate of this sender's site is damaged", SITE_NAME,
                 s->site_certificate == WC_KEY_FILE_EMPTY ? "0 bytes" : s->site_detail, "");
    if (s->has_site_key)
        WC_PHRASE(f->fix, "write it anew: wimcast-sender key export --output ", j->folder,
                  "/" SITE_NAME);
    else
        WC_PHRASE(f->fix,
                  "write it where the site key is: wimcast-sender key export --output "
                  "FILE; and put FILE here: ",
                  j->folder, "/" SITE_NAME);
    return false;
}

/* Who made a new key, perhaps because the old one was stolen, has to know that it is not used. */
static void judge_next(struct judge *j)
{
    const struct wc_key_sight *s = j->s;
    if (!s->has_next)
        return;
    struct wc_finding *f =
        say_file(j, next_waits,
                 "a new MCS key waits for its certificate, and the old one is still "
                 "in use",
                 KEY_NAME ".next", "it is there", "");
    WC_PHRASE(f->fix, "have it signed: ", sign(s), "; to give it up: rm ", j->folder,
              "/" KEY_NAME ".next ", j->folder, "/" KEY_NAME ".csr");
}

/* --- whose signature ------------------------------------------------------------------------- */

static void say_self_signed(struct judge *j)
{
    const struct wc_key_sight *s = j->s;
    char own[WC_PHRASE_DIGEST_BYTES];
    char site[WC_PHRASE_DIGEST_BYTES];
    wc_phrase_digest(own, s->key_digest);
    wc_phrase_digest(site, s->pin);
    bool is_error = s->by_receiver || s->belongs_to_a_site;
    struct wc_finding *f = add(j, is_error ? not_signed : s->has_pin ? not_joined : self_signed);
    if (!is_error && !s->has_pin) {
        WC_PHRASE(f->sentence, "the MCS key in ", s->place, " is signed by no site but itself");
        WC_PHRASE(f->evidence, "it is ", own);
        WC_PHRASE(f->fix, "nothing to do, as long as receivers get the URL with this key");
        return;
    }
    WC_PHRASE(f->sentence, "the MCS key", preposition(s), s->place,
              " is there, but not signed by the site");
    WC_PHRASE(f->evidence, "it is signed by itself, ", own, "; the site key is ", site);
    if (s->by_receiver)
        WC_PHRASE(f->fix, "on the sender run wimcast-sender key reset (or key sign), and start it "
                          "again");
    else
        WC_PHRASE(f->fix, "have it signed: ", sign(s));
}

static void say_other_key(struct judge *j)
{
    const struct wc_key_sight *s = j->s;
    char own[WC_PHRASE_DIGEST_BYTES];
    char pin[WC_PHRASE_DIGEST_BYTES];
    struct wc_finding *f = add(j, other_key);
    WC_PHRASE(f->sentence, s->place, " has another key than the URL says");
    WC_PHRASE(f->evidence, "its key is ", wc_phrase_digest(own, s->key_digest), ", expected was ",
              wc_phrase_digest(pin, s->pin));
    WC_PHRASE(f->fix, "use the URL that the sender prints now; if the URL names a site key, the "
                      "sender's is not signed: run wimcast-sender key reset there");
}

static void say_other_signer(struct judge *j)
{
    const struct wc_key_sight *s = j->s;
    bool is_false = s->signer == WC_KEY_SIGNER_FALSE;
    char signer[WC_PHRASE_DIGEST_BYTES];
    char pin[WC_PHRASE_DIGEST_BYTES];
    wc_phrase_digest(signer, s->signer_digest);
    wc_phrase_digest(pin, s->pin);
    struct wc_finding *f = add(j, is_false ? false_signature : other_site);
    if (is_false) {
        WC_PHRASE(f->sentence, "the certificate of the MCS key", preposition(s), s->place,
                  " names the site, but the signature is not its");
        WC_PHRASE(f->evidence, "the site key is ", pin);
    } else {
        WC_PHRASE(f->sentence, "the MCS key", preposition(s), s->place,
                  " is signed by another site");
        WC_PHRASE(f->evidence, "signed by ", s->has_signer_digest ? signer : "an unknown key",
                  ", expected was ", s->has_pin ? pin : "a site that is known here");
    }
    if (!s->by_receiver)
        WC_PHRASE(f->fix, "have it signed by this site: ", sign(s),
                  "; if the sender is to change its site: wimcast-sender key reset --site-dir DIR");
    else if (s->pin_is_site)
        WC_PHRASE(f->fix, "name the certificate of the sender's own site with --site-key, or sign "
                          "its key with yours: wimcast-sender key reset --site-dir DIR there");
    else
        WC_PHRASE(f->fix, "use the URL that the sender prints now, if that is the site meant");
}

static bool judge_signer(struct judge *j)
{
    const struct wc_key_sight *s = j->s;
    if (s->by_receiver) {
        bool is_pinned_itself =
            !s->pin_is_site && memcmp(s->key_digest, s->pin, WC_DIGEST_BYTES) == 0;
        if (!s->has_pin || is_pinned_itself)
            return false; /* any, or the very one: what its certificate says does not matter */
    }
    switch (s->signer) {
    case WC_KEY_SIGNER_SITE:
        return true;
    case WC_KEY_SIGNER_OTHER:
    case WC_KEY_SIGNER_FALSE:
        say_other_signer(j);
        return false;
    case WC_KEY_SIGNER_NONE:
    case WC_KEY_SIGNER_SELF:
        break;
    }
    if (s->by_receiver && !s->pin_is_site)
        say_other_key(j);
    else
        say_self_signed(j);
    return false;
}

/* --- what the certificate says ---------------------------------------------------------------- */

static void say_date(struct judge *j, const struct wc_finding_kind kind[2], const char *is,
                     const char *holds, int64_t bound_s)
{
    const struct wc_key_sight *s = j->s;
    char bound[WC_PHRASE_TIME_BYTES];
    char now[WC_PHRASE_TIME_BYTES];
    char span[WC_PHRASE_TIME_BYTES];
    bool is_past = s->now_s > bound_s;
    uint64_t apart =
        is_past ? (uint64_t)s->now_s - (uint64_t)bound_s : (uint64_t)bound_s - (uint64_t)s->now_s;
    struct wc_finding *f = add(j, kind);
    WC_PHRASE(f->sentence, "the certificate of the MCS key", preposition(s), s->place, is);
    WC_PHRASE(f->evidence, holds, wc_phrase_time(bound, bound_s), ", the clock here says ",
              wc_phrase_time(now, s->now_s), ": ", wc_phrase_span(span, apart),
              is_past ? " later" : " earlier");
    if (kind == not_yet_valid)
        WC_PHRASE(f->fix,
                  "set the clock of this machine, or of the one that signed: they differ "
                  "by ",
                  span, " at least; then, if the other was wrong: ",
                  s->by_receiver ? "wimcast-sender key sign" : sign(s));
    else if (s->by_receiver)
        WC_PHRASE(f->fix, "on the sender run wimcast-sender key reset, and start it again; if the "
                          "clock here is wrong, set it");
    else
        WC_PHRASE(f->fix, "have it signed again: ", sign(s));
}

static void judge_dates(struct judge *j)
{
    const struct wc_key_sight *s = j->s;
    if (s->now_s < s->not_before_s)
        say_date(j, not_yet_valid, " is not yet valid", "it holds from ", s->not_before_s);
    else if (s->now_s > s->not_after_s)
        say_date(j, expired, " has expired", "it held until ", s->not_after_s);
    else if (!s->by_receiver &&
             s->not_after_s - s->now_s < (int64_t)WC_KEY_EXPIRY_DAYS * DAY_SECONDS)
        say_date(j, expires_soon, " expires soon", "it holds until ", s->not_after_s);
}

static void judge_name(struct judge *j)
{
    const struct wc_key_sight *s = j->s;
    if (s->name[0] == '\0' || s->name_fits)
        return;
    struct wc_finding *f = add(j, wrong_name);
    WC_PHRASE(f->sentence, "the certificate of the MCS key", preposition(s), s->place,
              " is not made out to ", s->name);
    WC_PHRASE(f->evidence, "its names are: ", s->names[0] ? s->names : "none");
    if (s->by_receiver)
        WC_PHRASE(f->fix,
                  "use one of its names in the URL, or on the sender run wimcast-sender "
                  "key sign --name ",
                  s->name, " (and --name for each other name)");
    else if (where_is_site(s) == SITE_AT_HAND)
        WC_PHRASE(f->fix, "wimcast-sender key sign --name ", s->name,
                  " (and --name for each other name)");
    else
        WC_PHRASE(f->fix, "wimcast-sender key init --name ", s->name,
                  " (and --name for each other name), and carry its request as it says");
}

/* --- what came after the handshake ----------------------------------------------------------- */

static void say_reply(struct judge *j, const struct wc_finding_kind kind[2], const char *sentence,
                      const char *evidence, const char *fix)
{
    struct wc_finding *f = add(j, kind);
    WC_PHRASE(f->sentence, sentence, " (", j->s->place, ")");
    WC_PHRASE(f->evidence, evidence);
    WC_PHRASE(f->fix, fix);
}

static void judge_reply(struct judge *j)
{
    static const char look[] = "look at the sender: wimcast-sender key verify, and start it again";
    static const char again[] = "publish the package again: start the sender anew";
    const struct wc_key_sight *s = j->s;
    char got[WC_PHRASE_NUMBER_BYTES];
    char due[WC_PHRASE_NUMBER_BYTES];
    char key[WC_PHRASE_DIGEST_BYTES];
    char evidence[WC_FINDING_TEXT_BYTES];
    switch (s->reply) {
    case WC_KEY_REPLY_GOOD:
        return;
    case WC_KEY_REPLY_EMPTY:
        say_reply(j, reply_empty, "the sender's key reply is empty",
                  "it closed the connection without a session descriptor", look);
        return;
    case WC_KEY_REPLY_CUT:
        say_reply(j, reply_malformed, "the sender's key reply is truncated",
                  "its session descriptor ends too early",
                  "install the same version of wimcast on both sides");
        return;
    case WC_KEY_REPLY_NO_CONTENT:
        say_reply(j, reply_malformed,
                  "the sender's session descriptor is malformed: an empty manifest, or another "
                  "value that is out of range",
                  "its reader refused it", again);
        return;
    case WC_KEY_REPLY_PART:
        WC_PHRASE(evidence, wc_phrase_number(got, s->got_bytes), " of ",
                  wc_phrase_number(due, s->due_bytes), " bytes came");
        say_reply(j, reply_part, "lost the sender: its manifest is truncated", evidence,
                  "look at the sender, and run this again");
        return;
    case WC_KEY_REPLY_UNSIGNED:
        WC_PHRASE(evidence, "its signature has ", wc_phrase_number(got, s->got_bytes), " of ",
                  wc_phrase_number(due, s->due_bytes), " bytes");
        say_reply(j, manifest_unsigned, "the manifest is not signed", evidence, again);
        return;
    case WC_KEY_REPLY_SWAPPED:
        say_reply(j, manifest_swapped,
                  "the manifest is not the one that the session descriptor names",
                  "its digest, or the package that it names, is another",
                  "publish the package again, and look who may write to the sender's state "
                  "directory");
        return;
    case WC_KEY_REPLY_OTHER_KEY:
        WC_PHRASE(evidence, "the sender's key is ", wc_phrase_digest(key, s->key_digest),
                  ", the signature is of another, such as the one before a reset");
        say_reply(j, manifest_other_key, "the manifest is not signed by the sender's MCS key",
                  evidence, again);
        return;
    }
}

void wc_key_rules(const struct wc_key_sight *sight, struct wc_findings *list)
{
    struct judge j = {.s = sight, .list = list};
    wc_text_shell(j.folder, sizeof(j.folder), sight->place);
    judge_folder(&j);
    bool is_whole = sight->by_receiver || (judge_key_file(&j) && judge_certificate_file(&j) &&
                                           judge_pair(&j) && judge_site_file(&j));
    judge_next(&j);
    if (is_whole && judge_signer(&j)) {
        judge_dates(&j);
        judge_name(&j);
    }
    judge_reply(&j);
}
