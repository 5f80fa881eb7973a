/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happened, as records that cost little to write and become readable text when somebody
 * wants to read: the tail of a failed run, or a scenario's timeline. Consecutive records of one
 * actor that say the same of neighbouring symbols or blocks make one line. */
#ifndef WC_SIM_TRACE_H
#define WC_SIM_TRACE_H

#include <stdio.h>

#include "common/core/msg.h"
#include "common/core/wire.h"

#define WC_TRACE_SENDER   UINT32_MAX /* the actor that is no receiver */
#define WC_TRACE_RUNS_MAX 4

enum wc_trace_kind {
    /* the sender's node */
    WC_TRACE_SOURCE,        /* sbn.esi */
    WC_TRACE_REPAIR,        /* sbn.esi */
    WC_TRACE_BEACON,        /* a: flags, b: receivers at work */
    WC_TRACE_REFUSED,       /* a: count */
    WC_TRACE_JOIN,          /* a: node, b: member */
    WC_TRACE_READY,         /* a: node */
    WC_TRACE_REPORT,        /* a: node, b: packet number, c: blocks done, runs */
    WC_TRACE_DONE,          /* a: node, b: ok */
    WC_TRACE_LEAVE,         /* a: node */
    WC_TRACE_UNICAST_ASKED, /* a: node */
    WC_TRACE_MEMBER,        /* a: node, b: enum wc_member_state */
    WC_TRACE_PHASE,         /* a: enum wc_phase */
    WC_TRACE_MAXIMUM,       /* a: bits per second, from the user */
    WC_TRACE_RATE,          /* a: bits per second, from now on */
    WC_TRACE_CRASH,
    WC_TRACE_HEAL,
    WC_TRACE_REPLAY,  /* a: count */
    WC_TRACE_STALE,   /* a: count */
    WC_TRACE_FORGE,   /* a: count */
    WC_TRACE_INSIDER, /* a: count */
    WC_TRACE_LIE,     /* a: node */
    /* a receiver's node */
    WC_TRACE_HELLO,
    WC_TRACE_WELCOME,
    WC_TRACE_REACHED,  /* a: packet number */
    WC_TRACE_LOST,     /* a: packet number */
    WC_TRACE_OVERFLOW, /* a: count */
    WC_TRACE_DROPPED,  /* a: packet number; not even opened */
    WC_TRACE_UNOPENED, /* a: packet number; the seal is not right */
    WC_TRACE_DECODE,   /* a: sbn, b: slot */
    WC_TRACE_STORED,   /* a: sbn */
    WC_TRACE_ROT,      /* a: sbn */
    WC_TRACE_TAKEN,    /* a: sbn */
    WC_TRACE_COMPLETE,
    WC_TRACE_UNREACHED,
    WC_TRACE_BEHIND,
    WC_TRACE_UNICAST,
    WC_TRACE_FETCH, /* a: sbn */
    WC_TRACE_SENDER_SILENT,
    WC_TRACE_DISMISSED,
    WC_TRACE_DISK_FAILED,
    WC_TRACE_DEAFENED,
    WC_TRACE_KILLED,
    WC_TRACE_CLOSED,
    WC_TRACE_KIND_COUNT,
};

struct wc_trace_record {
    wc_ns since; /* the world's beginning */
    uint32_t actor;
    enum wc_trace_kind kind;
    uint64_t a, b, c;
    uint32_t run_count;
    struct wc_run runs[WC_TRACE_RUNS_MAX];
};

struct wc_trace {
    struct wc_trace_record *records; /* a ring */
    size_t capacity;
    uint64_t count; /* ever written */
    bool is_coarse;
};

/* capacity 0: nothing is kept. Coarse: of what happens to single symbols and blocks, nothing. */
void wc_trace_init(struct wc_trace *t, size_t capacity, bool is_coarse);
void wc_trace_deinit(struct wc_trace *t);

void wc_trace_add(struct wc_trace *t, wc_ns since, uint32_t actor, enum wc_trace_kind kind,
                  uint64_t a, uint64_t b, uint64_t c);

/* The same with what a report says. */
void wc_trace_report(struct wc_trace *t, wc_ns since, uint32_t node,
                     const struct wc_report *report);

enum wc_trace_style {
    WC_TRACE_FULL,     /* everything */
    WC_TRACE_TIMELINE, /* without the beginnings of decoding */
    WC_TRACE_FOLDED,   /* and a receiver's reports in one line, for long runs */
};

/* Write the records that are kept as lines of text. */
void wc_trace_print(const struct wc_trace *t, FILE *out, enum wc_trace_style style);

#endif
