/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/verify_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/core/text.h"
#include "common/io/clock.h"
#include "common/io/format.h"

#define PATHS_SHOWN    20u /* of one finding, without --verbose */
#define SENTENCE_BYTES 200 /* of the path in a sentence */
#define BAR_WIDTH      30u
#define LINE_BYTES     200u

struct wc_verify_report *wc_verify_report_new(const struct wc_args_common *common)
{
    struct wc_verify_report *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    struct wc_term_config config = {.fd = STDERR_FILENO,
                                    .verbosity = common->verbosity,
                                    .live = !common->json || !isatty(STDOUT_FILENO),
                                    .file = "verify.c"};
    r->verbosity = common->verbosity;
    r->begin = wc_clock_now();
    r->term = wc_term_new(&config);
    if (common->json)
        r->events = wc_jsonl_new(stdout);
    if (r->term && (!common->json || r->events))
        return r;
    wc_verify_report_free(r);
    return NULL;
}

void wc_verify_report_free(struct wc_verify_report *r)
{
    if (!r)
        return;
    wc_term_free(r->term);
    wc_jsonl_free(r->events);
    free(r->marked);
    free(r);
}

enum wc_err wc_verify_report_map(struct wc_verify_report *r, const struct wc_wimmap *map)
{
    free(r->marked);
    r->map = map;
    r->marked = map ? calloc(wc_wimmap_name_count(map) / 8 + 1, 1) : NULL;
    return r->marked || !map ? WC_OK : WC_E_NOMEM;
}

/* Whoever reads the events may go away: the exit code still says what was found. */
static void end_event(struct wc_verify_report *r)
{
    (void)!wc_jsonl_end(r->events, NULL);
}

/* Names come from others: nothing in them may steer a terminal. */
static void print_clean(struct wc_verify_report *r, const char *text)
{
    struct wc_writer w = wc_writer_of(r->clean, sizeof r->clean);
    wc_text_put(&w, text, WC_WIMMAP_PATH_BYTES);
    fwrite(r->clean + 2, 1, (size_t)(w.at - r->clean) - 2, stdout);
}

/* --- findings ------------------------------------------------------------------------------- */

static void print_names(struct wc_verify_report *r, const struct wc_verify_names *names)
{
    uint32_t shown = r->verbosity > 0 || names->count < PATHS_SHOWN ? names->count : PATHS_SHOWN;
    for (uint32_t i = 0; i < shown; i++) {
        wc_wimmap_path(r->map, names->items[i], r->path, sizeof r->path);
        printf("  path: ");
        print_clean(r, r->path);
        printf(" (image %u)\n", wc_wimmap_name(r->map, names->items[i])->image);
    }
    if (shown < names->count)
        printf("  path: ... and %u more (all with --verbose)\n", names->count - shown);
}

static void print_finding(struct wc_verify_report *r, const struct wc_finding *f,
                          const struct wc_verify_names *names)
{
    if (r->verbosity < 0 && f->kind->severity == WC_SEVERITY_NOTICE)
        return;
    wc_term_hide(r->term);
    printf("%s: ", wc_severity_text(f->kind->severity));
    if (f->kind->hresult)
        printf("0x%08X: ", f->kind->hresult);
    print_clean(r, f->sentence);
    printf(" [%s]\n", f->kind->id);
    if (f->evidence[0]) {
        printf("  seen: ");
        print_clean(r, f->evidence);
        putchar('\n');
    }
    if (names)
        print_names(r, names);
    if (f->fix[0] && strcmp(f->fix, r->fix) != 0) {
        printf("  fix:  %s\n", f->fix);
        memcpy(r->fix, f->fix, sizeof r->fix);
    }
}

static void names_event(struct wc_verify_report *r, const struct wc_verify_names *names)
{
    wc_jsonl_list_begin(r->events, "paths");
    for (uint32_t i = 0; names && i < names->count; i++) {
        wc_wimmap_path(r->map, names->items[i], r->path, sizeof r->path);
        wc_jsonl_item_begin(r->events);
        wc_jsonl_uint(r->events, "image", wc_wimmap_name(r->map, names->items[i])->image);
        wc_jsonl_str(r->events, "path", r->path);
        wc_jsonl_item_end(r->events);
    }
    wc_jsonl_list_end(r->events);
}

static void sight_event(struct wc_verify_report *r, const struct wc_wim_sight *s)
{
    static const char *const agains[] = {
        [WC_WIM_AGAIN_NOT] = NULL,
        [WC_WIM_AGAIN_SAME] = "same",
        [WC_WIM_AGAIN_OTHER] = "other",
        [WC_WIM_AGAIN_GOOD] = "good",
    };
    wc_jsonl_str(r->events, "file", s->file);
    wc_jsonl_str(r->events, "area", s->area);
    wc_jsonl_uint(r->events, "offset", s->offset);
    wc_jsonl_uint(r->events, "bytes", s->byte_count);
    wc_jsonl_str(r->events, "digest", s->digest_name);
    if (s->expected)
        wc_jsonl_hex(r->events, "expected", s->expected, s->digest_bytes);
    if (s->actual)
        wc_jsonl_hex(r->events, "actual", s->actual, s->digest_bytes);
    if (s->fault == WC_WIM_FAULT_BLOCK)
        wc_jsonl_uint(r->events, "block", s->block);
    wc_jsonl_str(r->events, "again", agains[s->again]);
}

static void finding_event(struct wc_verify_report *r, const struct wc_finding *f,
                          const struct wc_wim_sight *s, const struct wc_verify_names *names)
{
    char code[16];
    snprintf(code, sizeof code, "0x%08X", f->kind->hresult);
    wc_jsonl_begin(r->events, "finding");
    wc_jsonl_str(r->events, "id", f->kind->id);
    wc_jsonl_str(r->events, "severity", wc_severity_text(f->kind->severity));
    wc_jsonl_str(r->events, "hresult", f->kind->hresult ? code : NULL);
    wc_jsonl_str(r->events, "sentence", f->sentence);
    wc_jsonl_str(r->events, "evidence", f->evidence);
    wc_jsonl_str(r->events, "fix", f->fix);
    wc_jsonl_int(r->events, "exit_code", f->kind->exit_code);
    if (s) {
        sight_event(r, s);
        names_event(r, names);
    }
    end_event(r);
}

static void count_finding(struct wc_verify_report *r, const struct wc_finding *f)
{
    if (f->kind->severity == WC_SEVERITY_NOTICE)
        return;
    r->finding_count++;
    r->is_damaged |= f->kind->exit_code == EX_DATAERR;
    r->is_unreadable |= f->kind->exit_code == EX_NOINPUT;
}

static void mark(struct wc_verify_report *r, const struct wc_verify_names *names)
{
    for (uint32_t i = 0; i < names->count; i++) {
        uint8_t *byte = &r->marked[names->items[i] / 8];
        uint8_t bit = (uint8_t)(1u << (names->items[i] % 8));
        r->damaged_count += !(*byte & bit);
        *byte |= bit;
    }
}

void wc_verify_report_finding(struct wc_verify_report *r, const struct wc_finding *f)
{
    count_finding(r, f);
    if (r->events)
        finding_event(r, f, NULL, NULL);
    else
        print_finding(r, f, NULL);
}

void wc_verify_report_fault(struct wc_verify_report *r, struct wc_wim_sight *sight,
                            const struct wc_verify_names *names)
{
    char first[SENTENCE_BYTES];
    struct wc_finding f;
    if (names && names->count) {
        sight->path = wc_wimmap_path(r->map, names->items[0], first, sizeof first);
        sight->path_count = names->count;
        mark(r, names);
    }
    wc_wim_rules(sight, &f);
    count_finding(r, &f);
    if (r->events)
        finding_event(r, &f, sight, names);
    else
        print_finding(r, &f, names);
}

void wc_verify_report_error(struct wc_verify_report *r, const struct wc_why *why)
{
    char code[16];
    wc_term_finish(r->term, false);
    wc_term_say(r->term, WC_TERM_ERROR, "%s", why->text);
    snprintf(code, sizeof code, "0x%08X", why->hresult);
    wc_jsonl_begin(r->events, "error");
    wc_jsonl_str(r->events, "hresult", why->hresult ? code : NULL);
    wc_jsonl_str(r->events, "finding", why->finding[0] ? why->finding : NULL);
    wc_jsonl_str(r->events, "sentence", why->text);
    wc_jsonl_int(r->events, "exit_code", why->exit_code);
    end_event(r);
}

/* --- progress ------------------------------------------------------------------------------- */

void wc_verify_report_progress(void *ctx, uint64_t done_bytes, uint64_t whole_bytes)
{
    struct wc_verify_report *r = ctx;
    wc_ns now = wc_clock_now();
    if (!wc_term_is_due(r->term, now))
        return;
    char bar[BAR_WIDTH + 1], line[LINE_BYTES], percent[WC_FORMAT_BYTES], size[WC_FORMAT_BYTES];
    snprintf(line, sizeof line, "%s %s %s of %s", r->activity,
             wc_term_bar(bar, BAR_WIDTH, done_bytes, whole_bytes),
             wc_format_percent(percent, done_bytes, whole_bytes),
             wc_format_bytes(size, whole_bytes));
    wc_term_draw(r->term, now, (const char *const[]){line}, 1);
}

/* --- small ones ----------------------------------------------------------------------------- */

enum wc_wim_again wc_verify_again(enum wc_again again)
{
    switch (again) {
    case WC_AGAIN_SAME:
        return WC_WIM_AGAIN_SAME;
    case WC_AGAIN_OTHER:
        return WC_WIM_AGAIN_OTHER;
    case WC_AGAIN_GOOD:
        return WC_WIM_AGAIN_GOOD;
    case WC_AGAIN_NOT:
        break;
    }
    return WC_WIM_AGAIN_NOT;
}

const char *wc_verify_last(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

const char *wc_verify_count(char ret[WC_VERIFY_COUNT_BYTES], uint64_t count)
{
    char digits[WC_VERIFY_COUNT_BYTES];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
    char *at = ret;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            *at++ = ',';
        *at++ = digits[i];
    }
    *at = '\0';
    return ret;
}

int wc_verify_report_exit(const struct wc_verify_report *r)
{
    if (r->is_damaged)
        return EX_DATAERR;
    return r->is_unreadable ? EX_NOINPUT : EX_OK;
}
