/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/console.h"

#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

bool wc_console_open(struct wc_console *ret, const struct wc_args_common *common)
{
    struct wc_term_config config = {.fd = STDERR_FILENO, .verbosity = common->verbosity};
    *ret = (struct wc_console){.term = wc_term_new(&config), .verbosity = common->verbosity};
    if (common->json)
        ret->events = wc_jsonl_new(stdout);
    return ret->term && (!common->json || ret->events);
}

void wc_console_close(struct wc_console *c)
{
    wc_jsonl_free(c->events);
    wc_term_free(c->term);
}

bool wc_console_is_text(const struct wc_console *c)
{
    return !c->events && c->verbosity >= 0;
}

int wc_console_end(struct wc_console *c, int exit_code)
{
    enum wc_err err = wc_jsonl_end(c->events, &c->why);
    if (!err && fflush(stdout))
        err = wc_why_set(&c->why, WC_E_IO, EX_IOERR, "cannot write to standard output");
    if (!err)
        return exit_code;
    wc_term_say(c->term, WC_TERM_ERROR, "%s", c->why.text);
    return EX_IOERR;
}

int wc_console_fail(struct wc_console *c)
{
    const struct wc_why *why = &c->why;
    char code[16] = "";
    if (why->hresult)
        snprintf(code, sizeof code, "0x%08X", why->hresult);
    wc_term_say(c->term, WC_TERM_ERROR, "%s%s%s", code, why->hresult ? ": " : "", why->text);
    wc_jsonl_begin(c->events, "error");
    wc_jsonl_str(c->events, "hresult", why->hresult ? code : NULL);
    wc_jsonl_str(c->events, "finding", why->finding[0] ? why->finding : NULL);
    wc_jsonl_str(c->events, "sentence", why->text);
    wc_jsonl_int(c->events, "exit_code", why->exit_code);
    return wc_console_end(c, why->exit_code);
}

static void finding_event(struct wc_console *c, const struct wc_finding *f)
{
    char code[16];
    snprintf(code, sizeof code, "0x%08X", f->kind->hresult);
    wc_jsonl_begin(c->events, "finding");
    wc_jsonl_str(c->events, "id", f->kind->id);
    wc_jsonl_str(c->events, "severity", wc_severity_text(f->kind->severity));
    wc_jsonl_str(c->events, "hresult", f->kind->hresult ? code : NULL);
    wc_jsonl_str(c->events, "sentence", f->sentence);
    wc_jsonl_str(c->events, "evidence", f->evidence);
    wc_jsonl_str(c->events, "fix", f->fix);
    (void)wc_console_end(c, EX_OK);
}

void wc_console_finding(struct wc_console *c, const struct wc_finding *f)
{
    if (c->events) {
        finding_event(c, f);
        return;
    }
    if (c->verbosity < 0 && f->kind->severity == WC_SEVERITY_NOTICE)
        return;
    printf("%s: ", wc_severity_text(f->kind->severity));
    if (f->kind->hresult)
        printf("0x%08X: ", f->kind->hresult);
    printf("%s [%s]\n  seen: %s\n  fix:  %s\n", f->sentence, f->kind->id, f->evidence, f->fix);
}

void wc_console_list(struct wc_console *c, const struct wc_findings *list,
                     struct wc_console_tally *tally)
{
    for (uint32_t i = 0; i < list->count; i++)
        wc_console_finding(c, &list->items[i]);
    const struct wc_finding *worst = wc_findings_worst(list);
    if (worst && (!tally->worst || worst->kind->severity > tally->worst->severity))
        tally->worst = worst->kind;
    tally->count += list->count;
}

int wc_console_sum(struct wc_console *c, const struct wc_console_tally *tally, const char *ok)
{
    bool is_error = tally->worst && tally->worst->severity == WC_SEVERITY_ERROR;
    if (!is_error && wc_console_is_text(c))
        printf("ok: %s\n", ok);
    wc_jsonl_begin(c->events, "summary");
    wc_jsonl_str(c->events, "result", is_error ? "failed" : "ok");
    wc_jsonl_uint(c->events, "findings", tally->count);
    return wc_console_end(c, is_error ? tally->worst->exit_code : EX_OK);
}

int wc_console_findings(struct wc_console *c, const struct wc_findings *list, const char *ok)
{
    struct wc_console_tally tally = {.count = 0};
    wc_console_list(c, list, &tally);
    return wc_console_sum(c, &tally, ok);
}
