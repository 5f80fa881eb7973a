/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results go to standard output, as text or JSON; what goes wrong to standard error. A password is
 * neither shown nor kept longer than it takes to hash it. */
#include "sender/shell/account.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/core/hresult.h"
#include "common/diag/access_rules.h"
#include "common/diag/phrase.h"
#include "common/io/accounts.h"
#include "common/io/clientcert.h"
#include "common/io/keyfile.h"
#include "common/io/secret.h"
#include "sender/shell/console.h"

struct account_run {
    const struct wc_account_options *o;
    struct wc_accounts *accounts;
    int lock; /* of the state directory, held by what changes accounts; -1: not */
    struct wc_console console;
};

static int fail(struct account_run *r)
{
    return wc_console_fail(&r->console);
}

/* --- what is shown --------------------------------------------------------------------------- */

static const char *kind_text(const struct wc_account *account)
{
    return account->by_certificate ? "certificate" : "password";
}

static void certificate_text(const struct wc_account *account, char ret[WC_PHRASE_DIGEST_BYTES])
{
    ret[0] = '\0';
    if (account->by_certificate)
        wc_phrase_digest(ret, account->certificate);
}

/* `deed`: what was done to it; NULL: nothing. */
static int tell(struct account_run *r, const struct wc_account *account, const char *deed)
{
    char certificate[WC_PHRASE_DIGEST_BYTES];
    certificate_text(account, certificate);
    if (wc_console_is_text(&r->console))
        printf("%s%saccount %s, by %s%s%s\n", deed ? deed : "", deed ? ": " : "", account->name,
               kind_text(account), certificate[0] ? " " : "", certificate);
    wc_jsonl_begin(r->console.events, "account");
    wc_jsonl_str(r->console.events, "name", account->name);
    wc_jsonl_str(r->console.events, "by", kind_text(account));
    wc_jsonl_str(r->console.events, "certificate", certificate[0] ? certificate : NULL);
    wc_jsonl_str(r->console.events, "result", deed);
    return wc_console_end(&r->console, EX_OK);
}

static int tell_anonymous(struct account_run *r)
{
    bool allowed = wc_accounts_anonymous(r->accounts);
    if (wc_console_is_text(&r->console))
        printf("anonymous connections: %s\n", allowed ? "allowed" : "refused");
    wc_jsonl_begin(r->console.events, "anonymous");
    wc_jsonl_bool(r->console.events, "allowed", allowed);
    return wc_console_end(&r->console, EX_OK);
}

static int run_list(struct account_run *r)
{
    int exit_code = tell_anonymous(r);
    for (uint32_t i = 0; !exit_code && i < wc_accounts_count(r->accounts); i++)
        exit_code = tell(r, wc_accounts_at(r->accounts, i), NULL);
    if (!exit_code && wc_accounts_count(r->accounts) == 0 && wc_console_is_text(&r->console))
        printf("no accounts; make one: wimcast-sender account add NAME\n");
    return exit_code;
}

/* --- what changes ---------------------------------------------------------------------------- */

/* The certificate, or a password that is read now, as `name`'s. */
static enum wc_err make_account(struct account_run *r, struct wc_account *ret)
{
    const struct wc_account_options *o = r->o;
    struct wc_why *why = &r->console.why;
    struct wc_secret_source source = {
        .file = o->password_file, .prompt = "Password of the account: ", .twice = true};
    char password[WC_SECRET_BYTES];
    snprintf(ret->name, sizeof ret->name, "%s", o->name);
    ret->by_certificate = o->certificate != NULL;
    if (o->certificate)
        return wc_clientcert_digest(o->certificate, ret->certificate, why);
    enum wc_err err = wc_secret_read(password, &source, why);
    if (err)
        return err;
    err = wc_password_make(&ret->password, password);
    explicit_bzero(password, sizeof password);
    if (err)
        (void)wc_why_set(why, err, EX_OSERR, "cannot hash the password: out of memory?");
    return err;
}

static enum wc_err open_accounts(struct account_run *r)
{
    return wc_accounts_open(&r->accounts, r->o->state_dir, &r->console.why);
}

/* Between reading and writing nobody else writes. */
static enum wc_err open_locked(struct account_run *r)
{
    enum wc_err err = wc_keyfile_make_directory(r->o->state_dir, &r->console.why);
    if (err)
        return err;
    r->lock = wc_keyfile_lock(r->o->state_dir, &r->console.why);
    return r->lock < 0 ? WC_E_IO : open_accounts(r);
}

static enum wc_err save(struct account_run *r)
{
    return wc_accounts_save(r->accounts, r->o->state_dir, &r->console.why);
}

static enum wc_err put(struct account_run *r, const struct wc_account *account)
{
    enum wc_err err = wc_accounts_put(r->accounts, account);
    if (err == WC_E_FULL)
        return wc_why_set(&r->console.why, err, EX_DATAERR,
                          "there are %u accounts, and no place for another; one account can serve "
                          "any number of machines",
                          WC_ACCOUNTS_MAX);
    if (err)
        return wc_why_set(&r->console.why, err, EX_DATAERR, "account %s has this certificate",
                          wc_accounts_find_certificate(r->accounts, account->certificate)->name);
    return save(r);
}

static int run_add(struct account_run *r)
{
    struct wc_account account = {0};
    if (make_account(r, &account) || open_locked(r))
        return fail(r);
    bool is_there = wc_accounts_find(r->accounts, r->o->name) != NULL;
    return put(r, &account) ? fail(r) : tell(r, &account, is_there ? "changed" : "added");
}

static enum wc_err find(struct account_run *r, struct wc_account *ret)
{
    const struct wc_account *found = wc_accounts_find(r->accounts, r->o->name);
    if (!found)
        return wc_why_set(&r->console.why, WC_E_NOT_FOUND, EX_NOINPUT,
                          "there is no account %s; see wimcast-sender account list", r->o->name);
    *ret = *found;
    return WC_OK;
}

static int run_remove(struct account_run *r)
{
    struct wc_account account;
    if (open_locked(r) || find(r, &account))
        return fail(r);
    wc_accounts_remove(r->accounts, r->o->name);
    return save(r) ? fail(r) : tell(r, &account, "removed");
}

static int run_anonymous(struct account_run *r)
{
    if (open_locked(r))
        return fail(r);
    wc_accounts_set_anonymous(r->accounts, r->o->allow);
    return save(r) ? fail(r) : tell_anonymous(r);
}

/* --- what is tried --------------------------------------------------------------------------- */

static enum wc_err try_certificate(struct account_run *r, const struct wc_account *account,
                                   bool *ret_is_good)
{
    uint8_t digest[WC_DIGEST_BYTES];
    enum wc_err err = wc_clientcert_digest(r->o->certificate, digest, &r->console.why);
    *ret_is_good =
        !err && account->by_certificate && memcmp(digest, account->certificate, sizeof digest) == 0;
    return err;
}

static enum wc_err try_password(struct account_run *r, const struct wc_account *account,
                                bool *ret_is_good)
{
    struct wc_secret_source source = {.file = r->o->password_file,
                                      .prompt = "Password of the account: "};
    char password[WC_SECRET_BYTES];
    enum wc_err err = wc_secret_read(password, &source, &r->console.why);
    *ret_is_good = !err && !account->by_certificate &&
                   wc_password_verify(&account->password, password) == WC_OK;
    explicit_bzero(password, sizeof password);
    return err;
}

static int run_test(struct account_run *r)
{
    static const struct wc_readers everyone = {.set = WC_READERS_EVERYONE};
    struct wc_access_sight sight = {.readers = &everyone, .by_certificate = r->o->certificate};
    struct wc_findings list = {.count = 0};
    struct wc_account account;
    bool is_good = false;
    if (find(r, &account))
        return fail(r);
    enum wc_err err = r->o->certificate ? try_certificate(r, &account, &is_good)
                                        : try_password(r, &account, &is_good);
    if (err)
        return fail(r);
    snprintf(sight.account, sizeof sight.account, "%s", account.name);
    sight.logon = is_good ? WC_ACCESS_LOGON_GOOD : WC_ACCESS_LOGON_FAILED;
    (void)wc_access_rules(&sight, &list);
    return wc_console_findings(&r->console, &list, "the account may log on");
}

int wc_account_run(const struct wc_account_options *options, const struct wc_args_common *common)
{
    static int (*const actions[])(struct account_run *) = {
        [WC_ACCOUNT_ADD] = run_add,   [WC_ACCOUNT_REMOVE] = run_remove,
        [WC_ACCOUNT_TEST] = run_test, [WC_ACCOUNT_ANONYMOUS] = run_anonymous,
        [WC_ACCOUNT_LIST] = run_list,
    };
    struct account_run r = {.o = options, .lock = -1};
    int exit_code = EX_OSERR;
    bool is_open = wc_console_open(&r.console, common);
    bool reads_first = options->action == WC_ACCOUNT_LIST || options->action == WC_ACCOUNT_TEST;
    if (is_open && reads_first && open_accounts(&r))
        exit_code = fail(&r);
    else if (is_open)
        exit_code = actions[options->action](&r);
    wc_accounts_close(r.accounts);
    if (r.lock >= 0)
        close(r.lock);
    wc_console_close(&r.console);
    return exit_code;
}
