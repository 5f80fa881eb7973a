/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Causes before symptoms: without a record nothing else can be said, without a manifest nothing of
 * the content. A signature of an older key and a file that changed are faults of their own, and
 * both are named. */
#include "common/diag/package_rules.h"

#include "common/core/hresult.h"
#include "common/diag/phrase.h"

/* sysexits.h */
#define EXIT_DATA    65
#define EXIT_NOINPUT 66
#define EXIT_NOPERM  77
#define EXIT_CONFIG  78

#define KIND(variable, id, hresult, exit_code)                                              \
    static const struct wc_finding_kind variable = {id, WC_SEVERITY_ERROR, WC_HR_##hresult, \
                                                    exit_code}

KIND(unknown, "package.unknown", NOT_FOUND, EXIT_NOINPUT);
KIND(unreadable, "package.unreadable", ACCESS_DENIED, EXIT_NOPERM);
KIND(damaged, "package.damaged", HASH_VALUE, EXIT_DATA);
KIND(other_key, "key.manifest-other-key", FAIL, EXIT_CONFIG);
KIND(content_missing, "content.missing", NOT_FOUND, EXIT_NOINPUT);
KIND(content_unreadable, "content.unreadable", ACCESS_DENIED, EXIT_NOPERM);
KIND(content_empty, "content.empty", TIMEOUT, EXIT_DATA);
KIND(content_changed, "content.changed", HASH_VALUE, EXIT_DATA);

struct judge {
    const struct wc_package_sight *s;
    struct wc_findings *list;
    struct wc_finding spare; /* when the list is full */
};

static struct wc_finding *add(struct judge *j, const struct wc_finding_kind *kind)
{
    struct wc_finding *f = wc_findings_add(j->list, kind);
    return f ? f : &j->spare;
}

#define PUBLISH_AGAIN "wimcast-sender publish PATH... --id "

/* --- its own files --- */

static void say_unknown(struct judge *j)
{
    const struct wc_package_sight *s = j->s;
    struct wc_finding *f = add(j, &unknown);
    WC_PHRASE(f->sentence, "no package ", s->id, " is published here");
    WC_PHRASE(f->evidence, "there is no ", s->place, "/package.json",
              s->could_be_file ? ", and no file " : "", s->could_be_file ? s->id : "");
    WC_PHRASE(f->fix, "publish it: " PUBLISH_AGAIN, s->id,
              "; what there is: wimcast-sender packages list");
}

static void say_unreadable(struct judge *j)
{
    const struct wc_package_sight *s = j->s;
    struct wc_finding *f = add(j, &unreadable);
    WC_PHRASE(f->sentence, "package ", s->id, " cannot be read by this user");
    WC_PHRASE(f->evidence, "in ", s->place, ": ", s->detail);
    WC_PHRASE(f->fix, "run as the user who published it, or give the folder to this one (chown)");
}

static void say_damaged(struct judge *j)
{
    const struct wc_package_sight *s = j->s;
    struct wc_finding *f = add(j, &damaged);
    WC_PHRASE(f->sentence, "package ", s->id, " is damaged");
    WC_PHRASE(f->evidence, "in ", s->place, ": ", s->detail);
    WC_PHRASE(f->fix, "publish it again: " PUBLISH_AGAIN, s->id,
              s->record == WC_PACKAGE_FILE_GOOD ? ""
                                                : " --read WHO: who might read it is lost, too");
}

static bool judge_file(struct judge *j, enum wc_package_file file)
{
    switch (file) {
    case WC_PACKAGE_FILE_GOOD:
        return true;
    case WC_PACKAGE_FILE_UNREADABLE:
        say_unreadable(j);
        return false;
    case WC_PACKAGE_FILE_MISSING:
    case WC_PACKAGE_FILE_DAMAGED:
        say_damaged(j);
        return false;
    }
    return false;
}

/* --- the signature --- */

static void judge_signature(struct judge *j)
{
    const struct wc_package_sight *s = j->s;
    char old[WC_PHRASE_DIGEST_BYTES];
    char now[WC_PHRASE_DIGEST_BYTES];
    if (s->signature == WC_PACKAGE_SIGNATURE_WRONG)
        say_damaged(j);
    if (s->signature != WC_PACKAGE_SIGNATURE_OTHER_KEY)
        return;
    struct wc_finding *f = add(j, &other_key);
    WC_PHRASE(f->sentence, "package ", s->id, " is signed with another MCS key than this sender's");
    WC_PHRASE(f->evidence, "signed with ", wc_phrase_digest(old, s->signed_by), ", the key is now ",
              wc_phrase_digest(now, s->key_digest));
    WC_PHRASE(f->fix, "sign it with the key of now: wimcast-sender packages sign ", s->id);
}

/* --- the content --- */

/* "", or " (and 3 others)". */
static const char *others(const struct wc_package_sight *s, char ret[WC_FINDING_TEXT_BYTES])
{
    char number[WC_PHRASE_NUMBER_BYTES];
    ret[0] = '\0';
    if (s->fault_count > 1)
        WC_PHRASE(ret, " (and ", wc_phrase_number(number, s->fault_count - 1), " more)");
    return ret;
}

static void say_missing(struct judge *j)
{
    const struct wc_package_sight *s = j->s;
    char more[WC_FINDING_TEXT_BYTES];
    struct wc_finding *f = add(j, &content_missing);
    WC_PHRASE(f->sentence, "the content of package ", s->id, " is missing");
    WC_PHRASE(f->evidence, s->path, ": ", s->content_detail, others(s, more));
    WC_PHRASE(f->fix, "bring it back, or publish it from where it is now: " PUBLISH_AGAIN, s->id);
}

static void say_content_unreadable(struct judge *j)
{
    const struct wc_package_sight *s = j->s;
    char more[WC_FINDING_TEXT_BYTES];
    struct wc_finding *f = add(j, &content_unreadable);
    WC_PHRASE(f->sentence, "the content of package ", s->id, " cannot be read");
    WC_PHRASE(f->evidence, s->path, ": ", s->content_detail, others(s, more));
    WC_PHRASE(f->fix, "give that user the right to read it, and to enter each folder above it");
}

static void say_empty(struct judge *j)
{
    const struct wc_package_sight *s = j->s;
    char bytes[WC_PHRASE_NUMBER_BYTES];
    char more[WC_FINDING_TEXT_BYTES];
    struct wc_finding *f = add(j, &content_empty);
    WC_PHRASE(f->sentence, "the content of package ", s->id,
              " is empty: receivers would see an empty download");
    WC_PHRASE(f->evidence, s->path, " had ", wc_phrase_number(bytes, s->published_bytes),
              " bytes when it was published, and has 0 now", others(s, more));
    WC_PHRASE(f->fix, "capture or copy it again, and publish it: " PUBLISH_AGAIN, s->id);
}

/* "12 bytes of 2026-11-23 08:30:00 UTC". */
static const char *version_text(char ret[WC_FINDING_TEXT_BYTES], uint64_t bytes, int64_t mtime_s)
{
    char number[WC_PHRASE_NUMBER_BYTES];
    char time[WC_PHRASE_TIME_BYTES];
    WC_PHRASE(ret, wc_phrase_number(number, bytes), " bytes of ", wc_phrase_time(time, mtime_s));
    return ret;
}

static void say_changed(struct judge *j)
{
    const struct wc_package_sight *s = j->s;
    char more[WC_FINDING_TEXT_BYTES];
    char before[WC_FINDING_TEXT_BYTES];
    char now[WC_FINDING_TEXT_BYTES];
    struct wc_finding *f = add(j, &content_changed);
    WC_PHRASE(f->sentence, "the content of package ", s->id, " has changed since it was published");
    WC_PHRASE(f->fix, "publish it again: " PUBLISH_AGAIN, s->id);
    if (s->content == WC_PACKAGE_CONTENT_ADDED)
        WC_PHRASE(f->evidence, s->path, " was not there", others(s, more));
    else if (s->content == WC_PACKAGE_CONTENT_REFUSED)
        WC_PHRASE(f->evidence, s->content_detail);
    else if (s->is_other_kind)
        WC_PHRASE(f->evidence, s->path, " is not the file or folder that it was", others(s, more));
    else
        WC_PHRASE(f->evidence, s->path, ": published were ",
                  version_text(before, s->published_bytes, s->published_mtime_s), ", there are ",
                  version_text(now, s->found_bytes, s->found_mtime_s), others(s, more));
}

static void judge_content(struct judge *j)
{
    switch (j->s->content) {
    case WC_PACKAGE_CONTENT_UNSEEN:
    case WC_PACKAGE_CONTENT_GOOD:
        return;
    case WC_PACKAGE_CONTENT_MISSING:
        say_missing(j);
        return;
    case WC_PACKAGE_CONTENT_UNREADABLE:
        say_content_unreadable(j);
        return;
    case WC_PACKAGE_CONTENT_EMPTY:
        say_empty(j);
        return;
    case WC_PACKAGE_CONTENT_CHANGED:
    case WC_PACKAGE_CONTENT_ADDED:
    case WC_PACKAGE_CONTENT_REFUSED:
        say_changed(j);
        return;
    }
}

void wc_package_rules(const struct wc_package_sight *sight, struct wc_findings *list)
{
    struct judge j = {.s = sight, .list = list};
    if (sight->record == WC_PACKAGE_FILE_MISSING) {
        say_unknown(&j);
        return;
    }
    if (!judge_file(&j, sight->record) || !judge_file(&j, sight->manifest))
        return;
    judge_signature(&j);
    judge_content(&j);
}
