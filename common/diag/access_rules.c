/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A refusal is read twice: at the receiver by who wants the image, at the sender by who can change
 * the setting. So each names the one change that is needed on either side. That an account does
 * not exist and that its password is wrong is the same finding with the same words: names of
 * accounts are not to be found out. */
#include "common/diag/access_rules.h"

#include <string.h>

#include "common/core/hresult.h"
#include "common/core/text.h"
#include "common/diag/phrase.h"

/* sysexits.h */
#define EXIT_TEMPFAIL 75
#define EXIT_NOPERM   77

static const struct wc_finding_kind account_needed = {"access.account-needed", WC_SEVERITY_ERROR,
                                                      WC_HR_ACCESS_DENIED, EXIT_NOPERM};
static const struct wc_finding_kind logon_failed = {"access.logon-failed", WC_SEVERITY_ERROR,
                                                    WC_HR_LOGON_FAILURE, EXIT_NOPERM};
static const struct wc_finding_kind denied = {"access.denied", WC_SEVERITY_ERROR,
                                              WC_HR_ACCESS_DENIED, EXIT_NOPERM};
static const struct wc_finding_kind locked_out = {"access.locked-out", WC_SEVERITY_ERROR,
                                                  WC_HR_LOCKED_OUT, EXIT_TEMPFAIL};

static bool is_reader(const struct wc_readers *readers, const char *account)
{
    if (readers->set != WC_READERS_LISTED)
        return true;
    for (uint32_t i = 0; i < readers->listed_count; i++)
        if (strcmp(readers->listed[i], account) == 0)
            return true;
    return false;
}

static void say_locked_out(const struct wc_access_sight *s, struct wc_finding *f)
{
    char count[WC_PHRASE_NUMBER_BYTES];
    char span[WC_PHRASE_TIME_BYTES];
    WC_PHRASE(f->sentence, "too many wrong passwords came from this ",
              s->by_network ? "network: its machines are locked out together" : "address");
    WC_PHRASE(f->evidence, wc_phrase_number(count, s->failure_count), " failed, the sender waits ",
              wc_phrase_span(span, s->wait_s), " until it looks at the next");
    WC_PHRASE(f->fix, s->by_network
                          ? "find who guesses (the sender says whom it refuses), and wait; "
                            "who has a client certificate (--client-certificate) need not"
                          : "wait, and try again with the right --account and password");
}

static void say_logon_failed(const struct wc_access_sight *s, struct wc_finding *f)
{
    if (s->by_certificate) {
        WC_PHRASE(f->sentence, "the client certificate belongs to no account of the sender");
        WC_PHRASE(f->evidence, s->account[0] ? "it is not that of account " : "its key is unknown",
                  s->account);
        WC_PHRASE(f->fix, "show another (--client-certificate), or at the sender: wimcast-sender "
                          "account add NAME --certificate FILE");
        return;
    }
    char account[WC_TEXT_SHELL_BYTES];
    WC_PHRASE(f->sentence, "account or password is wrong");
    WC_PHRASE(f->evidence, "account ", s->account);
    WC_PHRASE(f->fix,
              "look at --account and its password here; at the sender: wimcast-sender "
              "account list, account test ",
              wc_text_shell(account, sizeof(account), s->account));
}

/* The field's riddle: anonymous connections are allowed, so nobody asks for an account, and nothing
 * comes. */
static void say_account_needed(const struct wc_access_sight *s, struct wc_finding *f)
{
    bool for_package = s->readers->set != WC_READERS_EVERYONE;
    if (!for_package) {
        WC_PHRASE(f->sentence, "this sender refuses anonymous connections");
        WC_PHRASE(f->evidence, "this receiver showed no account");
        WC_PHRASE(f->fix, "name one: --account NAME; or at the sender: wimcast-sender account "
                          "anonymous allow");
        return;
    }
    WC_PHRASE(f->sentence, "package ", s->package,
              " may only be read by accounts, and this "
              "receiver showed none");
    WC_PHRASE(f->evidence,
              s->anonymous_allowed
                  ? "the sender allows anonymous connections, so nobody asked this "
                    "receiver for its account"
                  : "the sender refuses anonymous connections",
              s->multicast_only ? "; the package goes only via multicast" : "");
    WC_PHRASE(f->fix, "here: --account NAME; or at the sender: ",
              s->anonymous_allowed ? "wimcast-sender account anonymous refuse, so that this shows "
                                     "at once, or publish with --read everyone"
                                   : "publish with --read everyone, and account anonymous allow");
}

static void say_denied(const struct wc_access_sight *s, struct wc_finding *f)
{
    WC_PHRASE(f->sentence, "account ", s->account, " may not read package ", s->package);
    WC_PHRASE(f->evidence, "account and ", s->by_certificate ? "certificate" : "password",
              " are right, but it is not one of the package's readers");
    WC_PHRASE(f->fix, "use another account, or publish with it among --read");
}

struct verdict {
    const struct wc_finding_kind *kind; /* NULL: it may */
    void (*say)(const struct wc_access_sight *s, struct wc_finding *f);
};

static struct verdict judge(const struct wc_access_sight *s)
{
    if (s->wait_s)
        return (struct verdict){&locked_out, say_locked_out};
    switch (s->logon) {
    case WC_ACCESS_LOGON_FAILED:
        return (struct verdict){&logon_failed, say_logon_failed};
    case WC_ACCESS_LOGON_GOOD:
        if (is_reader(s->readers, s->account))
            return (struct verdict){NULL, NULL};
        return (struct verdict){&denied, say_denied};
    case WC_ACCESS_LOGON_NONE:
        break;
    }
    if (s->anonymous_allowed && s->readers->set == WC_READERS_EVERYONE)
        return (struct verdict){NULL, NULL};
    return (struct verdict){&account_needed, say_account_needed};
}

bool wc_access_rules(const struct wc_access_sight *sight, struct wc_findings *list)
{
    struct verdict v = judge(sight);
    if (!v.kind)
        return true;
    struct wc_finding *f = wc_findings_add(list, v.kind);
    if (f)
        v.say(sight, f);
    return false;
}
