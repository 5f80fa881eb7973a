/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A question with a password waits in its member's place. Of those that wait, one is looked at for
 * each account and password; its result answers all that asked the same. One whose address has as
 * many under way as it may have wrong waits on, until those are known to be right or wrong. What
 * was right is kept as a digest with a key of this process, so that neither password nor anything
 * that could be tried against the file stays in memory. */
#include "sender/shell/access.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/diag/access_rules.h"
#include "common/io/accounts.h"
#include "common/io/digest.h"
#include "common/io/seal.h"
#include "sender/shell/lockout.h"

#define JOBS_MAX   2u
#define PROOFS_MAX 64u /* accounts: WC_ACCOUNTS_MAX, one password each */

struct question {
    bool is_waiting;
    bool begun; /* it is the one that is looked at; counted by the lockout */
    uint64_t order;
    struct wc_addr peer;
    struct wc_password record;
    bool is_dummy; /* no such account: no password is right */
    uint8_t proof[WC_PASSWORD_PROOF_BYTES];
    char account[WC_NAME_BYTES_MAX + 1];
    char password[WC_PASSWORD_BYTES_MAX + 1];
};

struct job {
    uv_work_t work;
    struct wc_access *a;
    bool is_used;
    struct wc_password record;
    bool is_dummy;
    uint8_t proof[WC_PASSWORD_PROOF_BYTES];
    char password[WC_PASSWORD_BYTES_MAX + 1];
    enum wc_err result;
};

struct wc_access {
    struct wc_access_config config;
    struct wc_accounts *accounts;
    bool has_warned; /* that they cannot be read as they are now */
    struct wc_lockout *lockout;
    struct question *questions; /* by member */
    uint64_t order;
    struct job jobs[JOBS_MAX];
    uint8_t key[WC_PASSWORD_PROOF_BYTES];
    uint8_t proofs[PROOFS_MAX][WC_PASSWORD_PROOF_BYTES]; /* that were right */
    uint32_t proof_count;
    uint32_t proof_next; /* the oldest, once all places are taken */
    struct wc_password dummy;
    uint32_t look_count;
};

static wc_ns now_of(const struct wc_access *a)
{
    return WC_MS(uv_now(a->config.loop));
}

static bool same_proof(const uint8_t *x, const uint8_t *y)
{
    _Static_assert(WC_PASSWORD_PROOF_BYTES == WC_DIGEST_BYTES, "compared as digests are");
    return wc_digest_equal(x, y);
}

/* --- what was right before ------------------------------------------------------------------- */

static bool is_known(const struct wc_access *a, const uint8_t *proof)
{
    bool found = false;
    for (uint32_t i = 0; i < a->proof_count; i++)
        found |= same_proof(a->proofs[i], proof);
    return found;
}

static void know(struct wc_access *a, const uint8_t *proof)
{
    if (is_known(a, proof))
        return;
    memcpy(a->proofs[a->proof_next], proof, WC_PASSWORD_PROOF_BYTES);
    a->proof_next = (a->proof_next + 1) % PROOFS_MAX;
    if (a->proof_count < PROOFS_MAX)
        a->proof_count++;
}

/* --- answers --------------------------------------------------------------------------------- */

static struct wc_access_sight sight_of(const struct wc_access *a, const char *account)
{
    const struct wc_access_config *c = &a->config;
    struct wc_access_sight sight = {
        .anonymous_allowed = wc_accounts_anonymous(a->accounts),
        .readers = c->readers,
        .due_bytes = c->due_bytes,
        .multicast_only = c->multicast_only,
    };
    snprintf(sight.account, sizeof sight.account, "%s", account);
    snprintf(sight.package, sizeof sight.package, "%s", c->package);
    return sight;
}

static void answer(struct wc_access *a, uint32_t member, const struct wc_access_sight *sight)
{
    struct wc_findings list = {.count = 0};
    bool may = wc_access_rules(sight, &list);
    a->config.answer(a->config.ctx, member, may ? NULL : &list.items[0]);
}

/* The same for right and wrong: what waits is wiped before anything else happens. */
static void answer_question(struct wc_access *a, uint32_t member, bool is_good)
{
    struct question *q = &a->questions[member];
    struct wc_access_sight sight = sight_of(a, q->account);
    sight.logon = is_good ? WC_ACCESS_LOGON_GOOD : WC_ACCESS_LOGON_FAILED;
    explicit_bzero(q, sizeof *q);
    answer(a, member, &sight);
}

/* --- looking at passwords -------------------------------------------------------------------- */

static void pump(struct wc_access *a);

static void look(uv_work_t *work)
{
    struct job *job = work->data;
    job->result = wc_password_verify(&job->record, job->password);
}

static void on_looked(uv_work_t *work, int status)
{
    struct job *job = work->data;
    struct wc_access *a = job->a;
    uint8_t proof[WC_PASSWORD_PROOF_BYTES];
    bool is_good = !status && !job->is_dummy && job->result == WC_OK;
    memcpy(proof, job->proof, sizeof proof);
    explicit_bzero(job, sizeof *job);
    if (is_good)
        know(a, proof);
    for (uint32_t i = 0; i < a->config.member_max; i++) {
        struct question *q = &a->questions[i];
        if (!q->is_waiting || !same_proof(q->proof, proof))
            continue;
        if (q->begun)
            wc_lockout_end(a->lockout, &q->peer, !is_good, now_of(a));
        answer_question(a, i, is_good);
    }
    pump(a);
}

static struct job *free_job(struct wc_access *a)
{
    for (uint32_t i = 0; i < JOBS_MAX; i++)
        if (!a->jobs[i].is_used)
            return &a->jobs[i];
    return NULL;
}

static bool is_looked_at(const struct wc_access *a, const struct question *q)
{
    for (uint32_t i = 0; i < JOBS_MAX; i++)
        if (a->jobs[i].is_used && same_proof(a->jobs[i].proof, q->proof))
            return true;
    return false;
}

/* The one that waits for longest, is not being looked at and need not wait for others. */
static struct question *next_question(struct wc_access *a)
{
    struct question *next = NULL;
    for (uint32_t i = 0; i < a->config.member_max; i++) {
        struct question *q = &a->questions[i];
        if (q->is_waiting && (!next || q->order < next->order) && !is_looked_at(a, q) &&
            !wc_lockout_is_full(a->lockout, &q->peer, now_of(a)))
            next = q;
    }
    return next;
}

static bool is_locked_out(struct wc_access *a, const struct wc_addr *peer,
                          struct wc_access_sight *sight)
{
    struct wc_lockout_wait wait = wc_lockout_wait(a->lockout, peer, now_of(a));
    sight->wait_s = wait.seconds;
    sight->failure_count = wait.failure_count;
    sight->by_network = wait.by_network;
    return wait.seconds > 0;
}

/* While it waited others from its address were wrong, too often? */
static bool is_refused_late(struct wc_access *a, struct question *q)
{
    struct wc_access_sight sight = sight_of(a, q->account);
    if (!is_locked_out(a, &q->peer, &sight))
        return false;
    explicit_bzero(q, sizeof *q);
    answer(a, (uint32_t)(q - a->questions), &sight);
    return true;
}

static void begin(struct wc_access *a, struct job *job, struct question *q)
{
    wc_lockout_begin(a->lockout, &q->peer, now_of(a));
    q->begun = true;
    *job = (struct job){.a = a, .is_used = true, .record = q->record, .is_dummy = q->is_dummy};
    memcpy(job->proof, q->proof, sizeof job->proof);
    memcpy(job->password, q->password, sizeof job->password);
    job->work.data = job;
    a->look_count++;
    int err = uv_queue_work(a->config.loop, &job->work, look, on_looked);
    assert(!err);
}

static void pump(struct wc_access *a)
{
    struct job *job;
    struct question *q;
    while ((job = free_job(a)) && (q = next_question(a)))
        if (!is_refused_late(a, q))
            begin(a, job, q);
}

static void ask_password(struct wc_access *a, uint32_t member, const struct wc_access_request *r)
{
    const struct wc_hello *hello = r->hello;
    const struct wc_account *account = wc_accounts_find(a->accounts, hello->account);
    bool has_password = account && !account->by_certificate;
    struct question *q = &a->questions[member];
    *q = (struct question){.peer = r->peer, .is_dummy = !has_password};
    q->record = has_password ? account->password : a->dummy;
    memcpy(q->account, hello->account, sizeof q->account);
    memcpy(q->password, hello->password, sizeof q->password);
    wc_password_proof(a->key, q->account, q->password, &q->record, q->proof);
    if (is_known(a, q->proof)) {
        answer_question(a, member, true);
        return;
    }
    q->is_waiting = true;
    q->order = ++a->order;
    pump(a);
}

/* --- questions ------------------------------------------------------------------------------- */

static void warn(struct wc_access *a, const char *reason)
{
    char text[WC_SENTENCE_BYTES_MAX + 1];
    if (a->has_warned)
        return;
    a->has_warned = true;
    snprintf(text, sizeof text,
             "the accounts have changed and cannot be read, so those of before count on, removed "
             "ones too: %.380s",
             reason);
    a->config.warn(a->config.ctx, text);
}

/* A file that became unreadable, malformed or was removed changes nothing: the accounts known last
 * count on. Without a file everybody would be let in. */
static void refresh(struct wc_access *a)
{
    struct wc_accounts *fresh;
    struct wc_why why;
    if (!wc_accounts_have_changed(a->accounts, a->config.state_dir))
        return;
    if (wc_accounts_open(&fresh, a->config.state_dir, &why)) {
        warn(a, why.text);
    } else if (wc_accounts_are_there(a->accounts) && !wc_accounts_are_there(fresh)) {
        wc_accounts_close(fresh);
        warn(a, WC_ACCOUNTS_FILE_NAME " is gone; restore it, or make it anew: wimcast-sender "
                                      "account anonymous refuse");
    } else {
        wc_accounts_close(a->accounts);
        a->accounts = fresh;
        a->has_warned = false;
    }
}

/* Did the certificate decide? It proves itself in TLS, so there is nothing to guess at. */
static bool answer_certificate(struct wc_access *a, uint32_t member,
                               const struct wc_access_request *r)
{
    const struct wc_hello *hello = r->hello;
    const struct wc_account *account =
        r->certificate ? wc_accounts_find_certificate(a->accounts, r->certificate) : NULL;
    bool is_good = account && (!hello->account[0] || strcmp(hello->account, account->name) == 0);
    if (!is_good && (!r->certificate || hello->password[0]))
        return false;
    struct wc_access_sight sight = sight_of(a, is_good ? account->name : hello->account);
    sight.logon = is_good ? WC_ACCESS_LOGON_GOOD : WC_ACCESS_LOGON_FAILED;
    sight.by_certificate = true;
    answer(a, member, &sight);
    return true;
}

void wc_access_ask(struct wc_access *a, uint32_t member, const struct wc_access_request *r)
{
    assert(member < a->config.member_max && !a->questions[member].is_waiting);
    refresh(a);
    if (answer_certificate(a, member, r))
        return;
    struct wc_access_sight sight = sight_of(a, r->hello->account);
    if (r->hello->account[0] && !is_locked_out(a, &r->peer, &sight))
        ask_password(a, member, r);
    else
        answer(a, member, &sight);
}

void wc_access_forget(struct wc_access *a, uint32_t member)
{
    struct question *q = &a->questions[member];
    if (q->is_waiting && q->begun) /* who leaves before the answer has guessed, too */
        wc_lockout_end(a->lockout, &q->peer, true, now_of(a));
    explicit_bzero(q, sizeof *q);
}

bool wc_access_doubt(const struct wc_access *a, char ret[WC_SENTENCE_BYTES_MAX + 1])
{
    const struct wc_access_config *c = &a->config;
    bool anonymous = wc_accounts_anonymous(a->accounts);
    bool for_accounts = c->readers->set != WC_READERS_EVERYONE || !anonymous;
    int count = 0;
    if (for_accounts && wc_accounts_count(a->accounts) == 0)
        count = snprintf(ret, WC_SENTENCE_BYTES_MAX + 1,
                         "package %s may only be read by accounts, and this sender has none: "
                         "nobody can join; make one: wimcast-sender account add NAME",
                         c->package);
    else if (c->readers->set != WC_READERS_EVERYONE && anonymous)
        count = snprintf(ret, WC_SENTENCE_BYTES_MAX + 1,
                         "package %s may only be read by accounts, but this sender allows "
                         "anonymous connections, so that receivers without --account come in vain; "
                         "if no package is for everyone: wimcast-sender account anonymous refuse",
                         c->package);
    return count > 0;
}

void wc_access_refusal(const struct wc_access *a, const struct wc_finding *f,
                       struct wc_refusal *ret)
{
    *ret = (struct wc_refusal){.hresult = f->kind->hresult, .due_bytes = a->config.due_bytes};
    snprintf(ret->finding, sizeof ret->finding, "%s", f->kind->id);
    snprintf(ret->sentence, sizeof ret->sentence, "%.250s: %.250s", f->sentence, f->evidence);
    snprintf(ret->fix, sizeof ret->fix, "%s", f->fix);
}

uint32_t wc_access_look_count(const struct wc_access *a)
{
    return a->look_count;
}

/* --- life ------------------------------------------------------------------------------------ */

enum wc_err wc_access_open(struct wc_access **ret, const struct wc_access_config *config,
                           struct wc_why *why)
{
    struct wc_access *a = calloc(1, sizeof *a);
    if (a) {
        a->config = *config;
        a->questions = calloc(config->member_max, sizeof *a->questions);
        a->lockout = wc_lockout_new();
    }
    if (!a || !a->questions || !a->lockout) {
        wc_access_free(a);
        return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory for %u receivers",
                          config->member_max);
    }
    wc_random_bytes(a->key, sizeof a->key);
    wc_password_make_dummy(&a->dummy);
    enum wc_err err = wc_accounts_open(&a->accounts, config->state_dir, why);
    if (err) {
        wc_access_free(a);
        return err;
    }
    *ret = a;
    return WC_OK;
}

void wc_access_free(struct wc_access *a)
{
    if (!a)
        return;
    wc_accounts_close(a->accounts);
    wc_lockout_free(a->lockout);
    if (a->questions)
        explicit_bzero(a->questions, a->config.member_max * sizeof *a->questions);
    free(a->questions);
    explicit_bzero(a, sizeof *a);
    free(a);
}
