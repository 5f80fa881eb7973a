/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One raw entry of a log, taken apart by the form that it has. For logline.c, which finds where
 * entries begin and end. */
#ifndef WC_DIAG_LOGFORM_H
#define WC_DIAG_LOGFORM_H

#include "common/diag/logline.h"

#define WC_LOG_OPEN  "<![LOG["
#define WC_LOG_CLOSE "]LOG]!>"

struct wc_log_raw {
    const char *text; /* NUL-terminated */
    size_t bytes;
    size_t closed_at; /* behind WC_LOG_CLOSE; 0: there is none */
    uint64_t line;
    bool framed; /* begins with WC_LOG_OPEN */
    bool cut;
};

/* false: nothing but blanks; *ret is unspecified. Never fails otherwise: what has no form is
 * plain. */
bool wc_log_form_parse(const struct wc_log_raw *raw, struct wc_log_entry *ret);

#endif
