/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Three places can spoil a block: the sender's source, the way, and a receiver's memory. The source
 * is read again; a receiver that contradicts itself is at fault itself; what is left is the way,
 * on which only members of the group have the key, or this sender's memory. */
#include "common/diag/damage_rules.h"

#include <string.h>

#include "common/core/hresult.h"
#include "common/diag/log_signs.h"
#include "common/diag/phrase.h"

#define EXIT_DATAERR 65 /* sysexits.h */

static const struct wc_finding_kind source = {"damage.source", WC_SEVERITY_ERROR, WC_HR_HASH_VALUE,
                                              EXIT_DATAERR};
static const struct wc_finding_kind memory = {"damage.memory", WC_SEVERITY_WARNING,
                                              WC_HR_HASH_VALUE, EXIT_DATAERR};
static const struct wc_finding_kind forged = {"damage.forged", WC_SEVERITY_WARNING,
                                              WC_HR_HASH_VALUE, EXIT_DATAERR};

#define NUMBER(value) wc_phrase_number((char[WC_PHRASE_NUMBER_BYTES]){0}, value)

static void say_source(const struct wc_damage_sight *s, struct wc_findings *list)
{
    char now[WC_PHRASE_DIGEST_BYTES];
    char due[WC_PHRASE_DIGEST_BYTES];
    struct wc_finding *f = wc_findings_add(list, &source);
    if (!f)
        return;
    wc_phrase_digest(now, s->digest);
    WC_PHRASE(f->sentence, s->path,
              " is no longer what was published, though size and time are: ", "bytes ",
              NUMBER(s->offset), " to ", NUMBER(s->end), " of it",
              s->more_count ? " (or of files behind it)" : "", " have changed");
    WC_PHRASE(f->evidence, "block ", NUMBER(s->sbn), " was published as ",
              wc_phrase_digest(due, s->due), " and is now ", now,
              wc_log_names_nothing(now) ? " (of nothing)" : "");
    WC_PHRASE(f->fix, "restore the file or publish it again; if nobody wrote to it, test this "
                      "machine's disk and memory");
}

/* The first receiver that contradicts itself; NULL: none. */
static const struct wc_damage_report *unsteady(const struct wc_damage_sight *s)
{
    for (uint32_t i = 0; i < s->report_count && i < WC_DAMAGE_REPORTS_MAX; i++)
        if (s->reports[i].differs)
            return &s->reports[i];
    return NULL;
}

static void say_memory(const struct wc_damage_sight *s, const struct wc_damage_report *r,
                       struct wc_findings *list)
{
    struct wc_finding *f = wc_findings_add(list, &memory);
    if (!f)
        return;
    WC_PHRASE(f->sentence, "the receiver ", r->name,
              " computes different things of the same bytes: its memory (or processor) is bad");
    WC_PHRASE(f->evidence, "it hashed block ", NUMBER(s->sbn),
              " twice, to two digests; here the source is right");
    WC_PHRASE(f->fix, "test the memory of ", r->name, " before it is used for anything");
}

static bool is_alike(const struct wc_damage_sight *s)
{
    for (uint32_t i = 1; i < s->report_count && i < WC_DAMAGE_REPORTS_MAX; i++)
        if (memcmp(s->reports[i].digest, s->reports[0].digest, WC_DIGEST_BYTES) != 0)
            return false;
    return true;
}

static uint32_t member_count(const struct wc_damage_sight *s)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->report_count && i < WC_DAMAGE_REPORTS_MAX; i++) {
        bool is_new = true;
        for (uint32_t j = 0; j < i && is_new; j++)
            is_new = s->reports[j].member != s->reports[i].member;
        count += is_new;
    }
    return count;
}

static void say_forged(const struct wc_damage_sight *s, struct wc_findings *list)
{
    struct wc_finding *f = wc_findings_add(list, &forged);
    if (!f)
        return;
    WC_PHRASE(f->sentence, "receivers get something else than this sender's source: somebody in "
                           "the group forges datagrams, or this sender's own memory is bad");
    WC_PHRASE(f->evidence, "block ", NUMBER(s->sbn), " of ", s->path, " came wrong ",
              NUMBER(s->report_count), " times to ", NUMBER(member_count(s)), " of ",
              NUMBER(s->at_work_count), " receivers, ", is_alike(s) ? "alike" : "differently",
              ", first to ", s->reports[0].name, "; read again, it is right here");
    WC_PHRASE(f->fix, "let only machines join that you trust; if you trust all of them, test "
                      "this machine's memory");
}

void wc_damage_rules(const struct wc_damage_sight *s, struct wc_findings *list)
{
    if (!s->report_count)
        return;
    const struct wc_damage_report *r = unsteady(s);
    if (!s->is_right)
        say_source(s, list);
    else if (r)
        say_memory(s, r, list);
    else if (s->report_count > 1 || s->at_work_count <= 1)
        say_forged(s, list);
}
