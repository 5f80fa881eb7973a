/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logs as deployment leaves them, entry by entry, whatever form they have: what CMTrace shows, what
 * ConfigMgr's server parts wrote before, what people copied out of CMTrace's window, and plain
 * lines, wimcast's own among them. The forms have no escapes, several processes write into one
 * file, and their entries tear each other: so a reader looks for the next beginning, always.
 *
 * Bytes come in as they are read, in pieces of any size; memory is fixed. Texts should be UTF-8
 * (common/diag/logtext.h makes them so), and nothing happens when they are not. */
#ifndef WC_DIAG_LOGLINE_H
#define WC_DIAG_LOGLINE_H

#include "common/core/types.h"

#define WC_LOG_MESSAGE_BYTES   4096u
#define WC_LOG_COMPONENT_BYTES 64u
#define WC_LOG_FILE_BYTES      128u
/* An entry of more bytes keeps its beginning and its end; one of more lines ends there, torn. */
#define WC_LOG_RAW_BYTES 8192u
#define WC_LOG_LINES_MAX 64u

enum wc_log_form {
    WC_LOG_PLAIN,   /* a line of text */
    WC_LOG_CMTRACE, /* <![LOG[message]LOG]!><time="..." ...> */
    WC_LOG_SERVER,  /* message  $$<COMPONENT><date><thread=1 (0x1)> */
    WC_LOG_PASTED,  /* message TAB component TAB date TAB 1 (0x1) */
    WC_LOG_EVENT,   /* one JSON object of wimcast's --json */
};
#define WC_LOG_FORM_COUNT 5u

enum wc_log_type {
    WC_LOG_TRACE, /* also: not said */
    WC_LOG_INFO,
    WC_LOG_WARNING,
    WC_LOG_ERROR,
};

struct wc_log_entry {
    enum wc_log_form form;
    enum wc_log_type type;
    bool torn;       /* its beginning or its end is lost */
    bool cut;        /* it was longer than there is room for */
    bool has_time;   /* else 0 */
    bool has_bias;   /* false: time is local where it was written, wherever that was */
    int64_t time_ms; /* since 1970-01-01, UTC */
    uint64_t line;   /* of its first byte, from 1 */
    uint32_t thread; /* 0: not said; of wimcast in a journal: the process */
    char component[WC_LOG_COMPONENT_BYTES]; /* "": not said */
    char file[WC_LOG_FILE_BYTES];           /* the source file, "name:line"; "": not said */
    char message[WC_LOG_MESSAGE_BYTES];     /* lines end in '\n', also where it was cut */
};

struct wc_log_reader {
    char raw[WC_LOG_RAW_BYTES + 1]; /* the entry under way */
    size_t raw_bytes;
    size_t closed_at;     /* behind the end mark of its message; 0: not seen yet */
    uint64_t line;        /* lines that ended so far */
    uint64_t first_line;  /* where the entry under way began */
    uint32_t break_count; /* in the entry under way */
    bool framed;          /* it began with CMTrace's mark */
    bool cut;
    bool after_cr;
};

void wc_log_reader_init(struct wc_log_reader *r);

/* Take bytes: *at and *count move on, to behind the last byte of an entry (true, *ret is filled) or
 * to the end (false). Every byte is looked at once. */
bool wc_log_reader_next(struct wc_log_reader *r, const char **at, size_t *count,
                        struct wc_log_entry *ret);

/* There are no more bytes: the entry under way, if there is one. */
bool wc_log_reader_end(struct wc_log_reader *r, struct wc_log_entry *ret);

#endif
