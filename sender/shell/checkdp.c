/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/checkdp.h"

#include <stdlib.h>
#include <sysexits.h>

#include "common/core/hresult.h"
#include "common/diag/dp_rules.h"
#include "common/diag/package_rules.h"
#include "common/diag/phrase.h"
#include "common/io/accounts.h"
#include "sender/shell/package.h"
#include "sender/shell/packagelook.h"

static const struct wc_finding_kind accounts_unreadable = {"check.accounts", WC_SEVERITY_ERROR,
                                                           WC_HR_ACCESS_DENIED, EX_CONFIG};

static const struct wc_finding_kind packages_unreadable = {"check.packages", WC_SEVERITY_ERROR,
                                                           WC_HR_ACCESS_DENIED, EX_NOPERM};

struct look {
    const struct wc_checkdp *what;
    bool has_accounts; /* they could be read */
    bool is_anonymous_allowed;
    const char *names[WC_ACCOUNTS_MAX];
    uint32_t account_count;
    struct wc_findings findings; /* of the package at hand */
};

static void tell(struct look *l)
{
    l->what->tell(l->what->ctx, &l->findings);
    l->findings.count = 0;
}

static void say(struct look *l, const struct wc_finding_kind *kind, const char *sentence,
                const struct wc_why *why, const char *fix)
{
    struct wc_finding *f = wc_findings_add(&l->findings, kind);
    if (!f)
        return;
    WC_PHRASE(f->sentence, sentence);
    WC_PHRASE(f->evidence, why->text);
    WC_PHRASE(f->fix, fix);
}

/* --- accounts -------------------------------------------------------------------------------- */

static void take_accounts(struct look *l, const struct wc_accounts *accounts)
{
    l->is_anonymous_allowed = wc_accounts_anonymous(accounts);
    l->has_accounts = true;
    l->account_count = wc_accounts_count(accounts);
    for (uint32_t i = 0; i < l->account_count && i < WC_ACCOUNTS_MAX; i++)
        l->names[i] = wc_accounts_name(accounts, i);
}

/* --- packages -------------------------------------------------------------------------------- */

static bool is_of_older_key(const struct wc_package_sight *s)
{
    return s->signature == WC_PACKAGE_SIGNATURE_OTHER_KEY;
}

/* Signing goes by paths, and an owner who means harm could lead them out of his folder. */
static void sign(const struct look *l, const char *id)
{
    struct wc_why why;
    if (l->what->owner) {
        (void)wc_why_set(&why, WC_OK, EX_OK,
                         "package %s is for %s to sign, whose folder this is: wimcast-sender check "
                         "--fix --user %s",
                         id, l->what->owner, l->what->owner);
        l->what->tell_fix(l->what->ctx, false, why.text);
        return;
    }
    if (wc_package_sign(l->what->state_dir, id, l->what->identity, &why)) {
        l->what->tell_fix(l->what->ctx, false, why.text);
        return;
    }
    (void)wc_why_set(&why, WC_OK, EX_OK, "package %s is signed with the MCS key of today", id);
    l->what->tell_fix(l->what->ctx, true, why.text);
}

static enum wc_err look_once(struct look *l, const char *id, struct wc_package_sight *ret,
                             struct wc_why *why)
{
    return wc_package_look(ret, l->what->state_dir, id, l->what->identity, why);
}

static enum wc_err look_at_package(struct look *l, const char *id, struct wc_why *why)
{
    static struct wc_package_sight sight; /* large, and used by one thread */
    enum wc_err err = look_once(l, id, &sight, why);
    if (!err && l->what->tell_fix && l->what->identity && is_of_older_key(&sight)) {
        sign(l, id);
        err = look_once(l, id, &sight, why);
    }
    if (err)
        return err;
    wc_package_rules(&sight, &l->findings);
    if (l->has_accounts && sight.record == WC_PACKAGE_FILE_GOOD) {
        struct wc_dp_access access = {.package = id,
                                      .readers = &sight.readers,
                                      .multicast_only = sight.multicast_only,
                                      .is_anonymous_allowed = l->is_anonymous_allowed,
                                      .accounts = l->names,
                                      .account_count = l->account_count};
        wc_dp_access_rules(&access, &l->findings);
    }
    tell(l);
    return WC_OK;
}

static enum wc_err look_at_all(struct look *l, struct wc_why *why)
{
    char(*ids)[WC_NAME_BYTES_MAX + 1] = NULL;
    uint32_t count = 0;
    enum wc_err err = wc_package_list(l->what->state_dir, &ids, &count, why);
    for (uint32_t i = 0; i < count && !err; i++)
        err = look_at_package(l, ids[i], why);
    free(ids);
    return err;
}

void wc_checkdp_run(const struct wc_checkdp *what)
{
    static struct look l; /* large, and used by one thread */
    struct wc_accounts *accounts = NULL;
    struct wc_why why;
    l = (struct look){.what = what};
    if (wc_accounts_open(&accounts, what->state_dir, &why))
        say(&l, &accounts_unreadable,
            "the accounts of this sender cannot be read, so it would let nobody in", &why,
            "mend that file, or restore it from a backup");
    else
        take_accounts(&l, accounts);
    tell(&l);
    if (what->id ? look_at_package(&l, what->id, &why) : look_at_all(&l, &why))
        say(&l, &packages_unreadable, "the packages of this sender cannot be looked at", &why,
            "run this as the user who published, or choose another --state-dir");
    tell(&l);
    wc_accounts_close(accounts);
}
