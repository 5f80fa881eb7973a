/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/logcmd.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/core/text.h"
#include "common/diag/codes.h"
#include "common/diag/log_causes.h"
#include "common/diag/logtime.h"
#include "common/io/jsonl.h"
#include "receiver/shell/logfile.h"

#define NAMES_BYTES 160u

struct report {
    const struct wc_args_common *common;
    struct wc_jsonl *events; /* NULL: no --json */
    struct wc_logs *logs;
    uint32_t source_count;
    struct wc_log_rules rules;
    struct wc_findings findings;
};

static const char *const form_names[] = {
    [WC_LOG_PLAIN] = "plain lines",         [WC_LOG_CMTRACE] = "CMTrace",
    [WC_LOG_SERVER] = "ConfigMgr's server", [WC_LOG_PASTED] = "copied from CMTrace",
    [WC_LOG_EVENT] = "wimcast's events",
};
_Static_assert(sizeof form_names / sizeof form_names[0] == WC_LOG_FORM_COUNT, "a name for each");

/* Logs come from others: nothing in them may steer a terminal. */
static void print_clean(const char *text)
{
    uint8_t clean[2 + WC_FINDING_TEXT_BYTES];
    struct wc_writer w = wc_writer_of(clean, sizeof clean);
    wc_text_put(&w, text, WC_FINDING_TEXT_BYTES);
    fwrite(clean + 2, 1, (size_t)(w.at - clean) - 2, stdout);
}

/* One line of output for each line of `text`, the first behind `label`. */
static void print_lines(const char *label, char *text)
{
    for (char *line = text; line;) {
        char *end = strchr(line, '\n');
        if (end)
            *end = '\0';
        printf("  %-6s", line == text ? label : "");
        print_clean(line);
        putchar('\n');
        if (end)
            *end++ = '\n';
        line = end;
    }
}

static int end_output(struct wc_jsonl *events, int exit_code)
{
    wc_jsonl_free(events);
    if (fflush(stdout) == 0)
        return exit_code;
    fprintf(stderr, "wimcast-receiver: cannot write to standard output\n");
    return EX_IOERR;
}

/* Whoever reads the events may go away: the exit code still says what was found. */
static void end_event(struct wc_jsonl *events)
{
    (void)!wc_jsonl_end(events, NULL);
}

/* --- findings --------------------------------------------------------------------------------- */

static void finding_event(struct wc_jsonl *events, const struct wc_finding *f)
{
    char code[16];
    snprintf(code, sizeof code, "0x%08X", f->kind->hresult);
    wc_jsonl_begin(events, "finding");
    wc_jsonl_str(events, "id", f->kind->id);
    wc_jsonl_str(events, "severity", wc_severity_text(f->kind->severity));
    wc_jsonl_str(events, "hresult", f->kind->hresult ? code : NULL);
    wc_jsonl_str(events, "sentence", f->sentence);
    wc_jsonl_str(events, "evidence", f->evidence);
    wc_jsonl_str(events, "fix", f->fix);
    wc_jsonl_int(events, "exit_code", f->kind->exit_code);
    end_event(events);
}

static void print_finding(const struct report *r, struct wc_finding *f)
{
    if (r->common->verbosity < 0 && f->kind->severity == WC_SEVERITY_NOTICE)
        return;
    printf("%s: ", wc_severity_text(f->kind->severity));
    if (f->kind->hresult)
        printf("0x%08X: ", f->kind->hresult);
    print_clean(f->sentence);
    putchar('\n');
    print_lines("seen", f->evidence);
    print_lines("fix", f->fix);
    if (r->common->verbosity > 0)
        printf("  %-6s%s, exit code %d\n", "id", f->kind->id, f->kind->exit_code);
}

static void print_span(const struct wc_log_rules *rules)
{
    char first[WC_LOG_TIME_BYTES], last[WC_LOG_TIME_BYTES];
    if (rules->has_time)
        printf(", %s to %s", wc_log_time_format(first, rules->first_ms),
               wc_log_time_format(last, rules->last_ms));
}

static void print_overview(const struct report *r)
{
    const struct wc_log_rules *rules = &r->rules;
    if (r->common->verbosity < 0)
        return;
    printf("%" PRIu64 " entries", rules->entry_count);
    print_span(rules);
    printf(": %" PRIu64 " multicast session%s, %" PRIu64 " without trouble\n", rules->session_count,
           rules->session_count == 1 ? "" : "s", rules->good_count);
    if (r->common->verbosity < 1)
        return;
    for (size_t i = 0; i < WC_LOG_FORM_COUNT; i++) {
        if (rules->form_count[i])
            printf("  %" PRIu64 " entries: %s\n", rules->form_count[i], form_names[i]);
    }
    if (rules->torn_count)
        printf("  %" PRIu64 " entries are torn\n", rules->torn_count);
}

static void summary_event(struct wc_jsonl *events, const struct wc_log_rules *rules,
                          const char *result, int exit_code)
{
    char first[WC_LOG_TIME_BYTES], last[WC_LOG_TIME_BYTES];
    wc_log_time_format(first, rules->first_ms);
    wc_log_time_format(last, rules->last_ms);
    wc_jsonl_begin(events, "summary");
    wc_jsonl_str(events, "result", result);
    wc_jsonl_uint(events, "entries", rules->entry_count);
    wc_jsonl_uint(events, "torn", rules->torn_count);
    wc_jsonl_str(events, "first", rules->has_time ? first : NULL);
    wc_jsonl_str(events, "last", rules->has_time ? last : NULL);
    wc_jsonl_uint(events, "sessions", rules->session_count);
    wc_jsonl_uint(events, "sessions_ok", rules->good_count);
    wc_jsonl_int(events, "exit_code", exit_code);
    end_event(events);
}

static int report_findings(struct report *r)
{
    wc_log_causes_report(&r->rules, wc_logs_names(r->logs), &r->findings);
    const struct wc_finding *worst = wc_findings_worst(&r->findings);
    int exit_code = worst ? worst->kind->exit_code : EX_OK;
    if (!r->events)
        print_overview(r);
    for (uint32_t i = 0; i < r->findings.count; i++) {
        if (r->events)
            finding_event(r->events, &r->findings.items[i]);
        else
            print_finding(r, &r->findings.items[i]);
    }
    if (!r->events && r->findings.dropped_count)
        printf("%u more findings are not shown\n", r->findings.dropped_count);
    if (!r->events && !r->findings.count && r->common->verbosity >= 0)
        printf("ok: nothing is wrong\n");
    if (r->events)
        summary_event(r->events, &r->rules, exit_code ? "failed" : "ok", exit_code);
    return exit_code;
}

/* --- no session, no log ----------------------------------------------------------------------- */

/* "smsts.log", or "smsts.log and 2 more". */
static const char *list_names(const struct report *r, char ret[NAMES_BYTES])
{
    const char *first = wc_logs_names(r->logs)[0];
    if (r->source_count > 1)
        snprintf(ret, NAMES_BYTES, "%.100s and %u more", first, r->source_count - 1);
    else
        snprintf(ret, NAMES_BYTES, "%.100s", first);
    return ret;
}

/* Nothing of `source` can be a log; NULL: it can. */
static const char *defect_of(const struct report *r, uint32_t source)
{
    const uint64_t *forms = r->rules.form_count;
    bool structured = forms[WC_LOG_CMTRACE] || forms[WC_LOG_SERVER] || forms[WC_LOG_PASTED];
    if (wc_logs_is_empty(r->logs, source))
        return "it is empty";
    if (wc_logs_is_binary(r->logs, source) && !structured)
        return "it is no text, but perhaps an image, a capture or an archive";
    return NULL;
}

/* What to say when there is nothing to find; false: there is. */
static bool say_nothing_there(const struct report *r, struct wc_why *why)
{
    const struct wc_log_rules *rules = &r->rules;
    char names[NAMES_BYTES];
    uint32_t defect_count = 0, last = 0;
    for (uint32_t i = 0; i < r->source_count; i++) {
        if (!defect_of(r, i))
            continue;
        defect_count++;
        last = i;
    }
    if (defect_count && (defect_count == r->source_count || !rules->session_count)) {
        (void)wc_why_set(why, WC_OK, EX_DATAERR, "no log: %.120s: %s", wc_logs_names(r->logs)[last],
                         defect_of(r, last));
        return true;
    }
    if (rules->session_count)
        return false;
    if (rules->first_code) {
        struct wc_code_text code;
        wc_code_describe(rules->first_code, &code);
        (void)wc_why_set(why, WC_OK, EX_DATAERR,
                         "no multicast session in %s (%" PRIu64 " entries); the first error in it "
                         "is %s%s%s, %s; for multicast give the smsts.log of the time of the "
                         "download",
                         list_names(r, names), rules->entry_count, code.hex,
                         *code.symbol ? " " : "", code.symbol, code.sentence);
        return true;
    }
    (void)wc_why_set(why, WC_OK, EX_DATAERR,
                     "no multicast session in %s (%" PRIu64 " entries); give the smsts.log of the "
                     "time of the download, or what wimcast wrote",
                     list_names(r, names), rules->entry_count);
    return true;
}

static int refuse(struct report *r, const char *result, const struct wc_why *why)
{
    fprintf(stderr, "error: %s\n", why->text);
    if (!r->events)
        return why->exit_code;
    wc_jsonl_begin(r->events, "error");
    wc_jsonl_str(r->events, "hresult", NULL);
    wc_jsonl_str(r->events, "sentence", why->text);
    wc_jsonl_int(r->events, "exit_code", why->exit_code);
    end_event(r->events);
    summary_event(r->events, &r->rules, result, why->exit_code);
    return why->exit_code;
}

static int read_logs(struct report *r, const struct wc_log_options *options)
{
    struct wc_why why = {0};
    r->source_count = options->path_count;
    wc_log_rules_init(&r->rules);
    if (wc_logs_open(&r->logs, options->paths, options->path_count, &why))
        return refuse(r, "error", &why);
    uint32_t source;
    for (const struct wc_log_entry *e; (e = wc_logs_next(r->logs, &source)) != NULL;)
        wc_log_rules_take(&r->rules, e, source);
    wc_log_rules_end(&r->rules);
    if (wc_logs_error(r->logs, &why))
        return refuse(r, "error", &why);
    if (say_nothing_there(r, &why))
        return refuse(r, r->rules.entry_count ? "no-session" : "no-log", &why);
    return report_findings(r);
}

/* --- a code ----------------------------------------------------------------------------------- */

/* What the number may mean besides; "": nothing. */
static void other_meaning(const char *text, char *ret, size_t room)
{
    static const char *const exits[] = {
        [0] = "wrong usage",           [1] = "wrong data",
        [2] = "a file cannot be read", [4] = "the host is unknown",
        [5] = "unavailable",           [6] = "internal error",
        [7] = "operating system",      [9] = "cannot create",
        [10] = "input/output error",   [11] = "try again",
        [12] = "protocol error",       [13] = "permission denied",
        [14] = "configuration or key",
    };
    const size_t exit_count = sizeof exits / sizeof exits[0];
    unsigned long number = strtoul(text, NULL, 10);
    ret[0] = '\0';
    if (text[strspn(text, "0123456789")] || strlen(text) > 3)
        return;
    if (number >= EX_USAGE && number < EX_USAGE + exit_count && exits[number - EX_USAGE])
        snprintf(ret, room, "as an exit code of wimcast: %s", exits[number - EX_USAGE]);
    if (number >= 400 && number < 600) {
        struct wc_code_text http;
        wc_code_describe(0x80190000u | (uint32_t)number, &http);
        snprintf(ret, room, "as an HTTP status: %s: %.120s", http.hex, http.sentence);
    }
}

static void say_code(const struct wc_log_options *options, struct wc_jsonl *events)
{
    struct wc_code_text text;
    char other[200];
    wc_code_describe(options->code, &text);
    other_meaning(options->code_text, other, sizeof other);
    if (!events) {
        printf("%s%s%s: %s\n", text.hex, *text.symbol ? " " : "", text.symbol, text.sentence);
        printf("  %-6s%s\n  %-6s%s\n", "here", text.meaning, "fix", text.fix);
        if (*other)
            printf("  %-6s%s\n", "or", other);
        return;
    }
    wc_jsonl_begin(events, "code");
    wc_jsonl_str(events, "hresult", text.hex);
    wc_jsonl_str(events, "symbol", *text.symbol ? text.symbol : NULL);
    wc_jsonl_str(events, "sentence", text.sentence);
    wc_jsonl_str(events, "meaning", text.meaning);
    wc_jsonl_str(events, "fix", text.fix);
    wc_jsonl_str(events, "other", *other ? other : NULL);
    end_event(events);
}

int wc_log_run(const struct wc_log_options *options, const struct wc_args_common *common)
{
    struct wc_jsonl *events = common->json ? wc_jsonl_new(stdout) : NULL;
    struct report *r = calloc(1, sizeof *r);
    int exit_code = EX_OSERR;
    if (!r || (common->json && !events)) {
        fprintf(stderr, "wimcast-receiver: out of memory\n");
    } else if (options->has_code) {
        say_code(options, events);
        exit_code = EX_OK;
    } else {
        r->common = common;
        r->events = events;
        exit_code = read_logs(r, options);
        wc_logs_close(r->logs);
    }
    free(r);
    return end_output(events, exit_code);
}
