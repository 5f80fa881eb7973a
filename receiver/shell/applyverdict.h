/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an extraction ended with, made a finding: of a damaged file its paths, where it lies, and
 * both digests. */
#ifndef WC_RECEIVER_SHELL_APPLYVERDICT_H
#define WC_RECEIVER_SHELL_APPLYVERDICT_H

#include "common/diag/finding.h"
#include "common/io/why.h"
#include "common/io/wim.h"
#include "common/io/wimextract.h"
#include "receiver/shell/applytarget.h"

struct wc_apply_end {
    enum wc_err err; /* ours: the WIM is damaged or cannot be read, no memory; WC_OK: none */
    int error;       /* errno of WC_E_IO */
    int status;      /* of the child, as waitpid says it */
    bool has_end;    /* the child said how it ended */
    enum wc_wimextract_end end;
    char text[120];   /* libwim's name for it */
    char words[2048]; /* what it complained about first */
    uint32_t blob;    /* at which it ended; WC_WIMMAP_NONE: not known */
    bool is_kept;     /* its bytes are still there */
};

/* Not of one that succeeded. Fills both; ret->kind is NULL when it is no finding. Returns the error
 * for wc_applier_wait. Reads a damaged blob once more. */
WC_MUST_USE enum wc_err wc_apply_verdict(const struct wc_apply_end *end, const struct wc_wim *wim,
                                         uint16_t image, const struct wc_apply_target *target,
                                         struct wc_finding *ret, struct wc_why *why);

#endif
