/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `verify` says: findings with all their paths, as text or as events; progress; the end. */
#ifndef WC_RECEIVER_SHELL_VERIFY_REPORT_H
#define WC_RECEIVER_SHELL_VERIFY_REPORT_H

#include "common/diag/wim_rules.h"
#include "common/io/args.h"
#include "common/io/jsonl.h"
#include "common/io/rangecheck.h"
#include "common/io/term.h"
#include "common/io/wim.h"
#include "receiver/shell/verify_names.h"

struct wc_verify_report {
    struct wc_term *term;
    struct wc_jsonl *events; /* NULL: no --json */
    int verbosity;
    const struct wc_wimmap *map; /* borrowed; NULL: none */
    uint8_t *marked;             /* a bit for each name that has a finding */
    uint64_t damaged_count;      /* paths */
    uint32_t finding_count;      /* but notices */
    bool is_damaged;
    bool is_unreadable;
    char fix[WC_FINDING_TEXT_BYTES]; /* that was printed last */
    const char *activity;            /* of the progress line */
    wc_ns begin;
    char path[WC_WIMMAP_PATH_BYTES];
    uint8_t clean[WC_WIMMAP_PATH_BYTES + 2];
};

/* NULL: no memory. */
struct wc_verify_report *wc_verify_report_new(const struct wc_args_common *common);
void wc_verify_report_free(struct wc_verify_report *r);

/* From here on names are those of this map; NULL: there are none. WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_verify_report_map(struct wc_verify_report *r,
                                             const struct wc_wimmap *map);

/* A fault, with the names that it concerns (NULL: none), whose first is put into the sentence. */
void wc_verify_report_fault(struct wc_verify_report *r, struct wc_wim_sight *sight,
                            const struct wc_verify_names *names);
void wc_verify_report_finding(struct wc_verify_report *r, const struct wc_finding *f);

/* What ended it before its time. */
void wc_verify_report_error(struct wc_verify_report *r, const struct wc_why *why);

/* For wc_rangecheck_run and wc_wimdeep_run; ctx: the report. */
void wc_verify_report_progress(void *ctx, uint64_t done_bytes, uint64_t whole_bytes);

enum wc_wim_again wc_verify_again(enum wc_again again);

/* The last part of a path: what a file is called in sentences. */
const char *wc_verify_last(const char *path);

/* "62,850". Returns `ret`. */
#define WC_VERIFY_COUNT_BYTES 32
const char *wc_verify_count(char ret[WC_VERIFY_COUNT_BYTES], uint64_t count);

/* By what was found: EX_OK, EX_DATAERR, EX_NOINPUT. */
int wc_verify_report_exit(const struct wc_verify_report *r);

#endif
