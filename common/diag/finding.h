/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A finding: something that is wrong, or soon will be, said so that a person can mend it. Rules
 * make findings from observations; this is what they all make. */
#ifndef WC_DIAG_FINDING_H
#define WC_DIAG_FINDING_H

#include "common/core/types.h"

#define WC_FINDING_TEXT_BYTES 512
#define WC_FINDINGS_MAX       64u

enum wc_severity {
    WC_SEVERITY_NOTICE,  /* worth knowing */
    WC_SEVERITY_WARNING, /* works, but not as it should, or not for long */
    WC_SEVERITY_ERROR,   /* a session would fail, or failed */
};

/* What is known of a kind of finding before it is found. */
struct wc_finding_kind {
    const char *id; /* stable, for programs: "key.not-signed" */
    enum wc_severity severity;
    uint32_t hresult; /* as Windows shows it (common/core/hresult.h) */
    int exit_code;    /* sysexits.h, of a program that ends because of it */
};

struct wc_finding {
    const struct wc_finding_kind *kind; /* static */
    char sentence[WC_FINDING_TEXT_BYTES];
    char evidence[WC_FINDING_TEXT_BYTES]; /* what was seen, with numbers that can be checked */
    char fix[WC_FINDING_TEXT_BYTES];      /* what to do */
};

/* In the order in which they were found; causes before symptoms is the rules' duty. */
struct wc_findings {
    struct wc_finding items[WC_FINDINGS_MAX];
    uint32_t count;
    uint32_t dropped_count; /* found when the list was full */
};

/* A new one at the end, with empty texts to be filled; NULL: the list is full. */
struct wc_finding *wc_findings_add(struct wc_findings *list, const struct wc_finding_kind *kind);

/* The worst, the first of its severity; NULL: none. */
const struct wc_finding *wc_findings_worst(const struct wc_findings *list);

/* The finding as one line, cut at `capacity` (>= 1): "SENTENCE: EVIDENCE; FIX". */
void wc_finding_line(const struct wc_finding *finding, char *ret, size_t capacity);

/* "error", "warning", "notice": static. */
const char *wc_severity_text(enum wc_severity severity);

#endif
