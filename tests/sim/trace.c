/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line is open as long as its actor says nothing else in the same lane, and no longer than a
 * pause: what other actors do meanwhile does not end it. It stands where its first record stands,
 * so lines are written when all records are seen. */
#include "tests/sim/trace.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sender/core/sender.h"

/* A line that nothing was added to for so long is closed. */
#define PAUSE_MAX        WC_MS(50)
#define PAUSE_MAX_BEACON WC_S(1)
#define PAUSE_MAX_FOLDED WC_MS(500)
/* How far back an open line is looked for. */
#define LOOK_BACK_MAX 256

/* What an actor does at the same time without one ending the other. */
enum lane {
    LANE_PROTOCOL,
    LANE_BEACON, /* where reports are folded */
    LANE_REPORT,
    LANE_LOST,
    LANE_DROPPED,
    LANE_UNOPENED,
    LANE_DECODE,
    LANE_STORAGE,
    LANE_TAKEN,
    LANE_FETCH,
};

enum form {
    FORM_PLAIN,   /* no fields */
    FORM_COUNT,   /* a; repeats add up */
    FORM_TALLY,   /* only how many */
    FORM_SYMBOLS, /* a.b; neighbours make a range */
    FORM_BLOCKS,  /* a; neighbours make a range */
    FORM_PNS,     /* a; repeats make a range */
    FORM_BEACON,
    FORM_NODE,
    FORM_REPORT,
    FORM_DONE,
    FORM_MEMBER,
    FORM_PHASE,
    FORM_RATE,
};

static const struct {
    const char *verb;
    enum form form;
} kinds[WC_TRACE_KIND_COUNT] = {
    [WC_TRACE_SOURCE] = {"> source", FORM_SYMBOLS},
    [WC_TRACE_REPAIR] = {"> repair", FORM_SYMBOLS},
    [WC_TRACE_BEACON] = {"> beacon", FORM_BEACON},
    [WC_TRACE_REFUSED] = {"! kernel refused", FORM_COUNT},
    [WC_TRACE_JOIN] = {"< hello of", FORM_NODE},
    [WC_TRACE_READY] = {"< ready of", FORM_NODE},
    [WC_TRACE_REPORT] = {"< report of", FORM_REPORT},
    [WC_TRACE_DONE] = {"< done of", FORM_DONE},
    [WC_TRACE_LEAVE] = {"< end of connection of", FORM_NODE},
    [WC_TRACE_UNICAST_ASKED] = {"< unicast wanted by", FORM_NODE},
    [WC_TRACE_MEMBER] = {"= member", FORM_MEMBER},
    [WC_TRACE_PHASE] = {"= phase", FORM_PHASE},
    [WC_TRACE_MAXIMUM] = {"= maximum", FORM_RATE},
    [WC_TRACE_RATE] = {"= rate", FORM_RATE},
    [WC_TRACE_CRASH] = {"! crash", FORM_PLAIN},
    [WC_TRACE_HEAL] = {"! all faults heal", FORM_PLAIN},
    [WC_TRACE_REPLAY] = {"! replayed datagrams:", FORM_COUNT},
    [WC_TRACE_STALE] = {"! datagrams of another session:", FORM_COUNT},
    [WC_TRACE_FORGE] = {"! forged datagrams:", FORM_COUNT},
    [WC_TRACE_INSIDER] = {"! datagrams of an insider:", FORM_COUNT},
    [WC_TRACE_LIE] = {"! lies of", FORM_NODE},
    [WC_TRACE_HELLO] = {"> hello", FORM_PLAIN},
    [WC_TRACE_WELCOME] = {"< welcome", FORM_PLAIN},
    [WC_TRACE_REACHED] = {"= reached by datagram", FORM_PNS},
    [WC_TRACE_LOST] = {"! lost datagram", FORM_PNS},
    [WC_TRACE_OVERFLOW] = {"! socket buffer overflowed by", FORM_COUNT},
    [WC_TRACE_DROPPED] = {"= dropped datagrams", FORM_TALLY},
    [WC_TRACE_UNOPENED] = {"= datagrams not authentic", FORM_TALLY},
    [WC_TRACE_DECODE] = {"= decode block", FORM_BLOCKS},
    [WC_TRACE_STORED] = {"= stored block", FORM_BLOCKS},
    [WC_TRACE_ROT] = {"! wrong hash of block", FORM_BLOCKS},
    [WC_TRACE_TAKEN] = {"= taken away block", FORM_BLOCKS},
    [WC_TRACE_COMPLETE] = {"= complete", FORM_PLAIN},
    [WC_TRACE_UNREACHED] = {"= unreached by multicast", FORM_PLAIN},
    [WC_TRACE_BEHIND] = {"= behind the group", FORM_PLAIN},
    [WC_TRACE_UNICAST] = {"< from now on by unicast", FORM_PLAIN},
    [WC_TRACE_FETCH] = {"> fetch block", FORM_BLOCKS},
    [WC_TRACE_SENDER_SILENT] = {"= sender is silent", FORM_PLAIN},
    [WC_TRACE_DISMISSED] = {"< dismissed by the sender", FORM_PLAIN},
    [WC_TRACE_DISK_FAILED] = {"! disk failed", FORM_PLAIN},
    [WC_TRACE_DEAFENED] = {"! multicast reaches it no more", FORM_PLAIN},
    [WC_TRACE_KILLED] = {"! killed", FORM_PLAIN},
    [WC_TRACE_CLOSED] = {"! closed", FORM_PLAIN},
};

/* A line of text in the making. */
struct line {
    struct wc_trace_record first;
    struct wc_trace_record last;
    uint64_t count;
};

/* A text in the making. */
struct text {
    enum wc_trace_style style;
    struct line *lines;
    size_t line_count;
};

void wc_trace_init(struct wc_trace *t, size_t capacity, bool is_coarse)
{
    *t = (struct wc_trace){.capacity = capacity, .is_coarse = is_coarse};
    if (!capacity)
        return;
    t->records = calloc(capacity, sizeof(*t->records));
    assert(t->records);
}

void wc_trace_deinit(struct wc_trace *t)
{
    free(t->records);
    *t = (struct wc_trace){0};
}

static struct wc_trace_record *next_record(struct wc_trace *t)
{
    return &t->records[t->count++ % t->capacity];
}

static bool belongs_to_coarse(enum wc_trace_kind kind)
{
    switch (kind) {
    case WC_TRACE_MEMBER:
    case WC_TRACE_PHASE:
    case WC_TRACE_MAXIMUM:
    case WC_TRACE_RATE:
    case WC_TRACE_COMPLETE:
    case WC_TRACE_UNICAST:
    case WC_TRACE_UNREACHED:
    case WC_TRACE_BEHIND:
        return true;
    default:
        return false;
    }
}

void wc_trace_add(struct wc_trace *t, wc_ns since, uint32_t actor, enum wc_trace_kind kind,
                  uint64_t a, uint64_t b, uint64_t c)
{
    if (!t->capacity || (t->is_coarse && !belongs_to_coarse(kind)))
        return;
    *next_record(t) = (struct wc_trace_record){
        .since = since, .actor = actor, .kind = kind, .a = a, .b = b, .c = c};
}

void wc_trace_report(struct wc_trace *t, wc_ns since, uint32_t node, const struct wc_report *report)
{
    if (!t->capacity || t->is_coarse)
        return;
    struct wc_trace_record *record = next_record(t);
    *record = (struct wc_trace_record){.since = since,
                                       .actor = WC_TRACE_SENDER,
                                       .kind = WC_TRACE_REPORT,
                                       .a = node,
                                       .b = report->pn,
                                       .c = report->block_done_count,
                                       .run_count = report->run_count};
    for (uint32_t i = 0; i < report->run_count && i < WC_TRACE_RUNS_MAX; i++)
        record->runs[i] = report->runs[i];
}

static enum lane lane_of(const struct text *text, enum wc_trace_kind kind)
{
    bool is_folded = text->style == WC_TRACE_FOLDED;
    switch (kind) {
    case WC_TRACE_BEACON:
        return is_folded ? LANE_BEACON : LANE_PROTOCOL;
    case WC_TRACE_REPORT:
        return is_folded ? LANE_REPORT : LANE_PROTOCOL;
    case WC_TRACE_LOST:
    case WC_TRACE_OVERFLOW:
        return LANE_LOST;
    case WC_TRACE_DROPPED:
        return LANE_DROPPED;
    case WC_TRACE_UNOPENED:
        return LANE_UNOPENED;
    case WC_TRACE_DECODE:
        return LANE_DECODE;
    case WC_TRACE_STORED:
    case WC_TRACE_ROT:
        return LANE_STORAGE;
    case WC_TRACE_TAKEN:
        return LANE_TAKEN;
    case WC_TRACE_FETCH:
        return LANE_FETCH;
    default:
        return LANE_PROTOCOL;
    }
}

static wc_ns pause_max(const struct text *text, enum wc_trace_kind kind)
{
    if (kind == WC_TRACE_BEACON)
        return PAUSE_MAX_BEACON;
    return text->style == WC_TRACE_FOLDED ? PAUSE_MAX_FOLDED : PAUSE_MAX;
}

/* Whether `record` goes on where the line stopped. */
static bool continues(const struct text *text, const struct line *line,
                      const struct wc_trace_record *record)
{
    if (line->last.kind != record->kind ||
        record->since - line->last.since > pause_max(text, record->kind))
        return false;
    switch (kinds[record->kind].form) {
    case FORM_SYMBOLS:
        if (record->a == line->last.a)
            return record->b == line->last.b + 1;
        return record->kind == WC_TRACE_SOURCE && record->a == line->last.a + 1 && !record->b;
    case FORM_BLOCKS:
        return record->a == line->last.a + 1;
    case FORM_BEACON:
        return record->a == line->last.a && record->b == line->last.b;
    case FORM_REPORT:
        return text->style == WC_TRACE_FOLDED;
    case FORM_COUNT:
    case FORM_TALLY:
    case FORM_PNS:
        return true;
    default:
        return false;
    }
}

static void print_report(FILE *out, const struct wc_trace_record *r)
{
    fprintf(out, " %" PRIu64 ": pn %" PRIu64 ", done %" PRIu64, r->a, r->b, r->c);
    fprintf(out, "%s", r->run_count ? ", lacks" : "");
    for (uint32_t i = 0; i < r->run_count && i < WC_TRACE_RUNS_MAX; i++) {
        const struct wc_run *run = &r->runs[i];
        fprintf(out, "%s %u", i ? "," : "", run->sbn);
        if (run->block_count > 1)
            fprintf(out, "..%u", run->sbn + run->block_count - 1);
        fprintf(out, ":%u", run->missing);
    }
    fprintf(out, "%s", r->run_count > WC_TRACE_RUNS_MAX ? ", ..." : "");
}

static const char *member_text(uint64_t state)
{
    static const char *const texts[] = {
        [WC_MEMBER_NONE] = "none",     [WC_MEMBER_JOINED] = "joined",
        [WC_MEMBER_READY] = "ready",   [WC_MEMBER_DONE] = "done",
        [WC_MEMBER_FAILED] = "failed", [WC_MEMBER_LOST] = "lost",
        [WC_MEMBER_SILENT] = "silent", [WC_MEMBER_UNICAST] = "served by unicast",
        [WC_MEMBER_SLOW] = "too slow",
    };
    return texts[state];
}

static const char *phase_text(uint64_t phase)
{
    static const char *const texts[] = {
        [WC_PHASE_WAITING] = "waiting",
        [WC_PHASE_STREAMING] = "streaming",
        [WC_PHASE_ENDED] = "ended",
    };
    return texts[phase];
}

static void print_range(FILE *out, const struct line *line)
{
    fprintf(out, " %" PRIu64, line->first.a);
    if (line->count > 1)
        fprintf(out, " .. %" PRIu64, line->last.a);
}

static void print_symbols(FILE *out, const struct line *line)
{
    fprintf(out, " %" PRIu64 ".%" PRIu64, line->first.a, line->first.b);
    if (line->count > 1)
        fprintf(out, " .. %" PRIu64 ".%" PRIu64, line->last.a, line->last.b);
}

static void print_beacon(FILE *out, const struct line *line)
{
    fprintf(out, "%s%s, at work: %" PRIu64,
            line->first.a & WC_BEACON_STREAMING ? " streaming" : " waiting",
            line->first.a & WC_BEACON_IDLE ? " idle" : "", line->first.b);
}

static void print_fields(FILE *out, const struct line *line)
{
    const struct wc_trace_record *r = &line->first;
    switch (kinds[r->kind].form) {
    case FORM_PLAIN:
    case FORM_TALLY:
        break;
    case FORM_COUNT:
        fprintf(out, " %" PRIu64, r->a);
        break;
    case FORM_SYMBOLS:
        print_symbols(out, line);
        break;
    case FORM_BLOCKS:
    case FORM_PNS:
        print_range(out, line);
        break;
    case FORM_BEACON:
        print_beacon(out, line);
        break;
    case FORM_NODE:
        fprintf(out, " %" PRIu64, r->a);
        break;
    case FORM_REPORT:
        print_report(out, &line->last);
        break;
    case FORM_DONE:
        fprintf(out, " %" PRIu64 ": %s", r->a, r->b ? "all verified" : "failed");
        break;
    case FORM_MEMBER:
        fprintf(out, " %" PRIu64 " is %s", r->a, member_text(r->b));
        break;
    case FORM_PHASE:
        fprintf(out, " %s", phase_text(r->a));
        break;
    case FORM_RATE:
        fprintf(out, " %" PRIu64 " bit/s", r->a);
        break;
    }
}

static void print_line(FILE *out, const struct line *line)
{
    const struct wc_trace_record *r = &line->first;
    fprintf(out, "[%9" PRIu64 ".%03" PRIu64 " ms] ", r->since / WC_MS(1),
            r->since % WC_MS(1) / WC_US(1));
    if (r->actor == WC_TRACE_SENDER)
        fprintf(out, "s %s", kinds[r->kind].verb);
    else
        fprintf(out, "%" PRIu32 " %s", r->actor, kinds[r->kind].verb);
    print_fields(out, line);
    wc_ns duration = line->last.since - r->since;
    if (line->count > 1)
        fprintf(out, " (%" PRIu64 " in %" PRIu64 ".%03" PRIu64 " ms)", line->count,
                duration / WC_MS(1), duration % WC_MS(1) / WC_US(1));
    fputc('\n', out);
}

/* Lines of the sender's node about different receivers are apart. */
static bool is_same_series(const struct text *text, const struct wc_trace_record *a,
                           const struct wc_trace_record *b)
{
    enum lane lane = lane_of(text, b->kind);
    if (a->actor != b->actor || lane_of(text, a->kind) != lane)
        return false;
    return lane != LANE_REPORT || a->a == b->a;
}

/* The last line of the record's series among the last few: it is the open one if it is there. */
static struct line *open_line(struct text *text, const struct wc_trace_record *record)
{
    for (size_t i = text->line_count; i > 0 && text->line_count - i < LOOK_BACK_MAX; i--) {
        struct line *line = &text->lines[i - 1];
        if (is_same_series(text, &line->first, record))
            return line;
    }
    return NULL;
}

static void append(struct text *text, const struct wc_trace_record *record)
{
    struct line *line = open_line(text, record);
    if (!line || !continues(text, line, record)) {
        text->lines[text->line_count++] =
            (struct line){.first = *record, .last = *record, .count = 1};
        return;
    }
    if (kinds[record->kind].form == FORM_COUNT)
        line->first.a += record->a;
    line->last = *record;
    line->count++;
}

void wc_trace_print(const struct wc_trace *t, FILE *out, enum wc_trace_style style)
{
    uint64_t kept = t->count < t->capacity ? t->count : t->capacity;
    struct text text = {.style = style, .lines = calloc(kept + 1, sizeof(*text.lines))};
    assert(text.lines);
    for (uint64_t i = t->count - kept; i < t->count; i++) {
        const struct wc_trace_record *record = &t->records[i % t->capacity];
        if (style == WC_TRACE_FULL || record->kind != WC_TRACE_DECODE)
            append(&text, record);
    }
    for (size_t i = 0; i < text.line_count; i++)
        print_line(out, &text.lines[i]);
    free(text.lines);
}
