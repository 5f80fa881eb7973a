/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One table of kinds, one function for each step of a key's life. Sender and receiver see the same
 * faults with other eyes: the sentence names the place, and the exit code is that of the program
 * that ends. */
#include "common/diag/key_rules.h"

#include <string.h>

#include "common/core/hresult.h"
#include "common/diag/phrase.h"

#define KEY_NAME         "SerializedMCSKey"
#define CERTIFICATE_NAME "SignedSerializedMCSKey"
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

KIND(missing, "missing", ERROR, FAIL, EXIT_CONFIG, EXIT_NOPERM);
KIND(empty, "empty", ERROR, FAIL, EXIT_CONFIG, EXIT_NOPERM);
KIND(malformed, "malformed", ERROR, FAIL, EXIT_CONFIG, EXIT_NOPERM);
KIND(exposed, "exposed", ERROR, ACCESS_DENIED, EXIT_NOPERM, EXIT_NOPERM);
KIND(unreadable, "unreadable", ERROR, ACCESS_DENIED, EXIT_NOPERM, EXIT_NOPERM);
KIND(mismatch, "mismatch", ERROR, FAIL, EXIT_CONFIG, EXIT_NOPERM);
KIND(not_signed, "not-signed", ERROR, FAIL, EXIT_CONFIG, EXIT_NOPERM);
KIND(not_joined, "not-joined", WARNING, FAIL, 0, 0);
KIND(self_signed, "self-signed", NOTICE, OK, 0, 0);
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

struct judge {
    const struct wc_key_sight *s;
    struct wc_findings *list;
    struct wc_finding spare; /* when the list is full */
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
    WC_PHRASE(f->fix, "make it private: chmod 600 ", s->place,
              "/" KEY_NAME "; if others could read it for long: wimcast-sender key reset");
}

/* Is the key's own file good? */
static bool judge_key_file(struct judge *j)
{
    const struct wc_key_sight *s = j->s;
    bool alone = s->certificate == WC_KEY_FILE_MISSING;
    switch (s->key) {
    case WC_KEY_FILE_GOOD:
        return true;
    case WC_KEY_FILE_MISSING:
        say_file(j, missing, "there is no MCS key", KEY_NAME,
                 alone ? "no such file" : "no such file, but its certificate is there",
                 alone ? "make one: wimcast-sender key init (the first send makes one, too)"
                       : "restore it from a backup, or make a new one: wimcast-sender key reset");
        return false;
    case WC_KEY_FILE_EMPTY:
        say_file(j, empty, "the MCS key is empty", KEY_NAME, "0 bytes",
                 "restore it from a backup, or make a new one: wimcast-sender key reset");
        return false;
    case WC_KEY_FILE_MALFORMED:
        say_file(j, malformed, "the MCS key is malformed", KEY_NAME, s->key_detail,
                 "restore it from a backup, or make a new one: wimcast-sender key reset");
        return false;
    case WC_KEY_FILE_EXPOSED:
        say_exposed(j);
        return false;
    case WC_KEY_FILE_UNREADABLE:
        say_file(j, unreadable, "the MCS key cannot be read by this user", KEY_NAME, s->key_detail,
                 "run as the user that it belongs to, or give it to this one (chown)");
        return false;
    }
    return false;
}

#define FIX_NOT_SIGNED                                                          \
    "where the site key is, run wimcast-sender key reset; else carry " KEY_NAME \
    ".csr to it, and the answer back (wimcast-sender key init says how)"

static bool judge_certificate_file(struct judge *j)
{
    const struct wc_key_sight *s = j->s;
    static const char unsigned_yet[] = "the MCS key is there, but not signed yet";
    switch (s->certificate) {
    case WC_KEY_FILE_GOOD:
    case WC_KEY_FILE_EXPOSED: /* it is no secret */
        return true;
    case WC_KEY_FILE_MISSING:
        if (s->has_request || s->belongs_to_a_site)
            say_file(j, not_signed, unsigned_yet, CERTIFICATE_NAME,
                     s->has_request ? "no such file; " KEY_NAME ".csr waits for a signature"
                                    : "no such file",
                     FIX_NOT_SIGNED);
        return false; /* the next send signs the key with itself: nothing is wrong */
    case WC_KEY_FILE_EMPTY:
        say_file(j, not_signed, unsigned_yet, CERTIFICATE_NAME, "0 bytes", FIX_NOT_SIGNED);
        return false;
    case WC_KEY_FILE_MALFORMED:
        say_file(j, malformed, "the certificate of the MCS key is malformed", CERTIFICATE_NAME,
                 s->certificate_detail,
                 "sign the key again: wimcast-sender key sign; without a site remove the file, "
                 "and the next send makes it");
        return false;
    case WC_KEY_FILE_UNREADABLE:
        say_file(j, unreadable, "the certificate of the MCS key cannot be read by this user",
                 CERTIFICATE_NAME, s->certificate_detail,
                 "run as the user that it belongs to, or give it to this one (chown)");
        return false;
    }
    return false;
}

static bool judge_pair(struct judge *j)
{
    if (j->s->is_pair)
        return true;
    say_file(j, mismatch, "certificate and private key of the MCS key do not match",
             CERTIFICATE_NAME, "its public key is not that of " KEY_NAME,
             "if the key is the right one, sign it: wimcast-sender key sign; else make a new "
             "pair: wimcast-sender key reset");
    return false;
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
        WC_PHRASE(f->fix, FIX_NOT_SIGNED);
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
        WC_PHRASE(f->fix, "sign it with this site's key: wimcast-sender key sign; if the sender "
                          "has changed its site: wimcast-sender key reset --site-dir DIR");
    else if (s->pin_is_site)
        WC_PHRASE(f->fix, "name the certificate of the sender's own site with --site-key, or sign "
                          "its key with yours: wimcast-sender key reset there");
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
                  span, " at least; then, if the other was wrong, wimcast-sender key sign");
    else if (s->by_receiver)
        WC_PHRASE(f->fix, "on the sender run wimcast-sender key reset, and start it again; if the "
                          "clock here is wrong, set it");
    else
        WC_PHRASE(f->fix, "sign it again: wimcast-sender key sign, or key reset for a new key");
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
    WC_PHRASE(f->fix,
              s->by_receiver ? "use one of its names in the URL, or on the sender run " : "",
              "wimcast-sender key sign --name ", s->name, " (and --name for each other name)");
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
    bool is_whole =
        sight->by_receiver || (judge_key_file(&j) && judge_certificate_file(&j) && judge_pair(&j));
    if (is_whole && judge_signer(&j)) {
        judge_dates(&j);
        judge_name(&j);
    }
    judge_reply(&j);
}
