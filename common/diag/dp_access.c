/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "common/core/hresult.h"
#include "common/diag/dp_rules.h"
#include "common/diag/phrase.h"

#define EXIT_CONFIG 78 /* sysexits.h */

#define KIND(variable, id, severity, exit_code)                                          \
    static const struct wc_finding_kind variable = {"check." id, WC_SEVERITY_##severity, \
                                                    WC_HR_ACCESS_DENIED, exit_code}

KIND(no_accounts, "no-accounts", ERROR, EXIT_CONFIG);
KIND(reader_unknown, "reader-unknown", WARNING, 0);
KIND(nobody_reads, "reader-unknown", ERROR, EXIT_CONFIG);
KIND(anonymous_unneeded, "anonymous-unneeded", WARNING, 0);
KIND(anonymous_fatal, "anonymous-unneeded", ERROR, EXIT_CONFIG);

struct judge {
    const struct wc_dp_access *a;
    struct wc_findings *list;
    struct wc_finding spare; /* when the list is full */
};

static struct wc_finding *add(struct judge *j, const struct wc_finding_kind *kind)
{
    struct wc_finding *f = wc_findings_add(j->list, kind);
    return f ? f : &j->spare;
}

static bool exists(const struct wc_dp_access *a, const char *name)
{
    for (uint32_t i = 0; i < a->account_count; i++)
        if (strcmp(a->accounts[i], name) == 0)
            return true;
    return false;
}

static void say_no_accounts(struct judge *j)
{
    struct wc_finding *f = add(j, &no_accounts);
    WC_PHRASE(f->sentence, "package ", j->a->package,
              " may only be read by accounts, and this sender has none");
    WC_PHRASE(f->evidence, "0 accounts");
    WC_PHRASE(f->fix, "make one: wimcast-sender account add NAME; or publish the package with "
                      "--read everyone");
}

/* Returns how many of the readers exist. */
static uint32_t judge_readers(struct judge *j)
{
    const struct wc_dp_access *a = j->a;
    const struct wc_readers *readers = a->readers;
    char names[WC_FINDING_TEXT_BYTES] = "";
    uint32_t known = 0;
    for (uint32_t i = 0; i < readers->listed_count; i++) {
        char before[WC_FINDING_TEXT_BYTES];
        if (exists(a, readers->listed[i])) {
            known++;
            continue;
        }
        memcpy(before, names, sizeof(before));
        WC_PHRASE(names, before, before[0] ? ", " : "", readers->listed[i]);
    }
    if (known == readers->listed_count)
        return known;
    struct wc_finding *f = add(j, known ? &reader_unknown : &nobody_reads);
    WC_PHRASE(f->sentence, "package ", a->package,
              known ? " names readers that have no account"
                    : " can be read by nobody: none of its "
                      "readers has an account");
    WC_PHRASE(f->evidence, "without account: ", names);
    WC_PHRASE(f->fix, "make them: wimcast-sender account add NAME; or publish the package with "
                      "other names (--read)");
    return known;
}

/* Who allows anonymous connections never asks for an account, so that a receiver without one comes
 * as far as the package and is refused there. Without unicast nothing else can reach it. */
static void say_anonymous(struct judge *j)
{
    const struct wc_dp_access *a = j->a;
    struct wc_finding *f = add(j, a->multicast_only ? &anonymous_fatal : &anonymous_unneeded);
    WC_PHRASE(f->sentence,
              "this sender allows anonymous connections, so nobody is asked for an account, but "
              "package ",
              a->package, " may only be read by accounts",
              a->multicast_only ? ", and goes only via multicast: receivers without one would end "
                                  "with an empty download"
                                : "");
    WC_PHRASE(f->evidence, "anonymous: allowed; readers: ",
              a->readers->set == WC_READERS_ACCOUNTS ? "all accounts" : "listed accounts",
              a->multicast_only ? "; transfer only via multicast" : "");
    WC_PHRASE(f->fix, "wimcast-sender account anonymous refuse, or publish the package with --read "
                      "everyone; receivers take their account from --account");
}

void wc_dp_access_rules(const struct wc_dp_access *access, struct wc_findings *list)
{
    struct judge j = {.a = access, .list = list};
    if (access->readers->set == WC_READERS_EVERYONE)
        return;
    if (access->account_count == 0) {
        say_no_accounts(&j);
        return;
    }
    if (access->readers->set == WC_READERS_LISTED && judge_readers(&j) == 0)
        return;
    if (access->is_anonymous_allowed)
        say_anonymous(&j);
}
