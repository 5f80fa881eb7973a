/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The deep check of WIMs while they are being received: behind the reception, a thread of low
 * priority decompresses every blob whose bytes are all in, and compares it with its SHA-1. What is
 * left at the end is done by all processors. A block is right when it is what was published, so
 * what is found here was published damaged, unless this machine cannot read it twice alike. */
#ifndef WC_RECEIVER_SHELL_DEEPCHECK_H
#define WC_RECEIVER_SHELL_DEEPCHECK_H

#include "common/io/wimdeep.h"

#define WC_DEEPCHECK_FAULTS_MAX 65536u /* that are kept; all are counted */

struct wc_deepcheck;

/* For so many WIMs at most. WC_E_NOMEM, WC_E_SYS: no thread. */
WC_MUST_USE enum wc_err wc_deepcheck_new(struct wc_deepcheck **ret, uint32_t wim_max);
/* Ends the thread, also amid its work. */
void wc_deepcheck_free(struct wc_deepcheck *d);

/* One more WIM to look into (asserted: no more than wim_max), borrowed until free; *ret is its
 * number, from 0 on. One thread adds, and says that a blob's bytes are all in (each once).
 * WC_E_NOMEM, WC_E_CRYPTO. */
WC_MUST_USE enum wc_err wc_deepcheck_add(struct wc_deepcheck *d, const struct wc_wim *w,
                                         uint32_t *ret);
void wc_deepcheck_blob(struct wc_deepcheck *d, uint32_t wim, uint32_t blob);

/* All bytes are in: look at what is left, and return when that is done. Faults are no error:
 * WC_E_NOMEM, WC_E_CRYPTO, WC_E_SYS, WC_E_CLOSED: cancelled. */
WC_MUST_USE enum wc_err wc_deepcheck_finish(struct wc_deepcheck *d);
/* Any thread, any number of times. */
void wc_deepcheck_cancel(struct wc_deepcheck *d);

/* Names whose data was looked at. Any thread. */
uint32_t wc_deepcheck_names(struct wc_deepcheck *d);

/* WIM `index`; NULL: there are no more. After finish. */
const struct wc_wim *wc_deepcheck_wim(const struct wc_deepcheck *d, uint32_t index);

struct wc_deepcheck_fault {
    const struct wc_wim *wim;
    struct wc_wimdeep_fault fault;
};
/* Fault `index`, from 0 on in the order of finding; false: there is none yet. Any thread. */
WC_MUST_USE bool wc_deepcheck_fault(struct wc_deepcheck *d, uint32_t index,
                                    struct wc_deepcheck_fault *ret);

#endif
