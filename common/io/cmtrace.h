/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A log file in the form that CMTrace shows: what deployment people read their logs with.
 *
 *   <![LOG[message]LOG]!><time="10:35:33.230-60" date="09-07-2022" component="wimcast-receiver"
 *   context="" type="1" thread="1988" file="display.c:74">          (one line)
 *
 * Each entry is one line, and one write(2) to a descriptor with O_APPEND: several programs may
 * write into one file, and none tears the entry of another. A file that is full is renamed, from
 * NAME.log to NAME.lo_ as ConfigMgr does (any other NAME to NAME.lo_), over an older one.
 *
 * One thread. */
#ifndef WC_IO_CMTRACE_H
#define WC_IO_CMTRACE_H

#include "common/core/err.h"
#include "common/core/types.h"
#include "common/io/why.h"

struct wc_cmtrace;

enum wc_cmtrace_type {
    WC_CMTRACE_INFO = 1,
    WC_CMTRACE_WARNING = 2, /* yellow */
    WC_CMTRACE_ERROR = 3,   /* red */
};

/* What a program is told about its log. */
struct wc_cmtrace_options {
    const char *path;   /* NULL: no log */
    uint64_t bytes_max; /* of the file, before it is renamed */
};
#define WC_CMTRACE_BYTES_MIN     (16ull << 10)
#define WC_CMTRACE_BYTES_MAX     (1ull << 30)
#define WC_CMTRACE_BYTES_DEFAULT (2ull << 20)

/* Open, or make, the file, and say that the program begins. `component` is borrowed until close.
 * `why` names the file and the fix (exit codes of wc_why_output_exit); WC_E_NOMEM, else as
 * wc_why_errno. */
WC_MUST_USE enum wc_err wc_cmtrace_open(struct wc_cmtrace **ret,
                                        const struct wc_cmtrace_options *options,
                                        const char *component, struct wc_why *why);
/* NULL is fine. */
void wc_cmtrace_close(struct wc_cmtrace *log);

/* An entry, now. `file` is the source file, with or without ":LINE". A message longer than
 * WC_CMTRACE_MESSAGE_BYTES_MAX is cut. NULL as log: nothing happens. A failure (no space) ends the
 * log, and is told once: WC_E_IO, `why` says so; everything after does nothing. */
#define WC_CMTRACE_MESSAGE_BYTES_MAX 2048u
WC_MUST_USE enum wc_err wc_cmtrace_write(struct wc_cmtrace *log, enum wc_cmtrace_type type,
                                         const char *file, const char *message, struct wc_why *why);

/* The line of an entry, without the world: for wc_cmtrace_write, and for tests. */
struct wc_cmtrace_entry {
    const char *message, *component, *file;
    enum wc_cmtrace_type type;
    int64_t time_ms;  /* since 1970-01-01, UTC */
    int bias_minutes; /* UTC = local + bias */
    uint32_t thread;
};
/* Into `ret`, with newline and NUL; returns the bytes without NUL. Room for
 * WC_CMTRACE_LINE_BYTES. */
#define WC_CMTRACE_LINE_BYTES (WC_CMTRACE_MESSAGE_BYTES_MAX + 512u)
size_t wc_cmtrace_format(char *ret, const struct wc_cmtrace_entry *entry);

#endif
