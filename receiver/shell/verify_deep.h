/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All data of a WIM against its own digests. */
#ifndef WC_RECEIVER_SHELL_VERIFY_DEEP_H
#define WC_RECEIVER_SHELL_VERIFY_DEEP_H

#include "common/io/wimdeep.h"
#include "receiver/shell/verify_report.h"

/* What the structure alone says: defects, resources that cannot be, names without data. The last
 * two are left to the deep check if there will be one. WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_verify_structure(struct wc_verify_report *report, const struct wc_wim *w,
                                            bool will_be_deep);

/* What is to be said of a fault, but for the paths; texts and digests are those of `w` and
 * `fault`. */
struct wc_wim_sight wc_verify_sight(const struct wc_wim *w, const struct wc_wimdeep_fault *fault);
/* The same of a defect. */
struct wc_wim_sight wc_verify_defect(const struct wc_wim *w, const struct wc_wim_defect *d);

/* Every blob that is wanted, and, if all are, the integrity tables; names without data, too. Errors
 * as wc_wimdeep_run. ret->faults is not set. */
WC_MUST_USE enum wc_err wc_verify_deep(struct wc_verify_report *report, const struct wc_wim *w,
                                       const struct wc_verify_wish *wish, uint32_t worker_count,
                                       struct wc_wimdeep_result *ret);

#endif
