/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/voice.h"

#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#define CODE_BYTES 16

enum wc_err wc_voice_open(struct wc_voice *ret, const char *program,
                          const struct wc_args_common *common, const struct wc_cmtrace_options *log,
                          struct wc_why *why)
{
    struct wc_voice v = {.log = NULL};
    enum wc_err err = log->path ? wc_cmtrace_open(&v.log, log, program, why) : WC_OK;
    if (err)
        return err;
    struct wc_term_config config = {.fd = STDERR_FILENO,
                                    .verbosity = common->verbosity,
                                    .live = !common->json || !isatty(STDOUT_FILENO),
                                    .log = v.log,
                                    .file = program};
    v.term = wc_term_new(&config);
    if (common->json)
        v.events = wc_jsonl_new(stdout);
    if (!v.term || (common->json && !v.events)) {
        wc_voice_close(&v);
        return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
    }
    *ret = v;
    return WC_OK;
}

void wc_voice_close(struct wc_voice *v)
{
    wc_term_free(v->term);
    wc_jsonl_free(v->events);
    wc_cmtrace_close(v->log);
    *v = (struct wc_voice){.log = NULL};
}

void wc_voice_end(struct wc_voice *v)
{
    struct wc_why why;
    if (wc_jsonl_end(v->events, &why) == WC_OK)
        return;
    wc_term_say(v->term, WC_TERM_WARNING, "%s", why.text);
    wc_jsonl_free(v->events);
    v->events = NULL;
}

/* "0x80004005", or "": there is none. */
static const char *code_of(const struct wc_why *why, char ret[CODE_BYTES])
{
    ret[0] = '\0';
    if (why->hresult)
        snprintf(ret, CODE_BYTES, "0x%08X", why->hresult);
    return ret;
}

static void begin_event(struct wc_voice *v, const char *event, const struct wc_why *why)
{
    char code[CODE_BYTES];
    wc_jsonl_begin(v->events, event);
    wc_jsonl_str(v->events, "hresult", *code_of(why, code) ? code : NULL);
    wc_jsonl_str(v->events, "finding", why->finding[0] ? why->finding : NULL);
    wc_jsonl_str(v->events, "sentence", why->text);
}

void wc_voice_warning(struct wc_voice *v, const struct wc_why *why)
{
    wc_term_say(v->term, WC_TERM_WARNING, "%s", why->text);
    begin_event(v, "warning", why);
    wc_voice_end(v);
}

void wc_voice_error(struct wc_voice *v, const struct wc_why *why)
{
    char code[CODE_BYTES];
    const char *colon = *code_of(why, code) ? ": " : "";
    wc_term_finish(v->term, false);
    wc_term_say(v->term, WC_TERM_ERROR, "%s%s%s", code, colon, why->text);
    begin_event(v, "error", why);
    wc_jsonl_int(v->events, "exit_code", why->exit_code);
    wc_voice_end(v);
}
