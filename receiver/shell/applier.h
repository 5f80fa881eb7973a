/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Extract one image of a WIM that may still be growing. A thread of its own reads the WIM, writes
 * it anew in the form that libwim reads from a pipe (wimpipe.h), and feeds it to a child process
 * (applychild.h), in which libwim extracts. Blobs go out in any order, each once, and only those
 * of the image; so whatever is ready first goes first, and a resource that is complete may overtake
 * one that is not.
 *
 * The metadata, the tables of chunks of solid resources, and all else that wc_wim_open reads must
 * be there when it starts; data need not be. */
#ifndef WC_RECEIVER_SHELL_APPLIER_H
#define WC_RECEIVER_SHELL_APPLIER_H

#include "common/core/err.h"
#include "common/core/types.h"
#include "common/diag/finding.h"
#include "common/io/why.h"
#include "common/io/wim.h"
#include "receiver/shell/applytarget.h"

struct wc_applier;

struct wc_applier_config {
    const struct wc_wim *wim; /* borrowed until close; its descriptors are read with pread only */
    uint16_t image;           /* from 1 */
    const struct wc_apply_target *target; /* marked; borrowed until close */
    /* Are bytes [offset, offset + count) of part `part` (from 1) verified and stored? Called by
     * the applier's thread. NULL: all are there. */
    bool (*ready)(void *ctx, uint16_t part, uint64_t offset, uint64_t count);
    /* These bytes will not be read again (nor for the first time, if the image does not need them:
     * they need not be there). Called by the applier's thread; for what it read, some while after,
     * so that damage can still be named. NULL: nobody cares. */
    void (*consumed)(void *ctx, uint16_t part, uint64_t offset, uint64_t count);
    void *ctx;
};

struct wc_applier_progress {
    const char *phase;   /* what the child does: "making folders", "extracting", ...; static */
    uint64_t done_bytes; /* plain ones that were given to libwim, each blob counted once */
    uint64_t total_bytes;
    uint64_t done_files; /* names of files and streams whose data was given to it */
    uint64_t total_files;
    bool is_waiting; /* for bytes that are not there yet */
    bool is_starved; /* and the child has read all that it was given */
    bool is_over;    /* wc_applier_wait returns at once */
};

/* Start the thread and the child. WC_E_NOMEM, WC_E_SYS, WC_E_RANGE (no such image, or its metadata
 * cannot be read), with `why`. */
WC_MUST_USE enum wc_err wc_applier_start(struct wc_applier **ret,
                                         const struct wc_applier_config *config,
                                         struct wc_why *why);

/* More is ready; any thread. Cheap: it wakes the applier's thread if that waits. */
void wc_applier_advance(struct wc_applier *a);

/* What the image asks of its target, for the check before; from its metadata alone. */
WC_MUST_USE enum wc_err wc_applier_need(const struct wc_wim *wim, uint16_t image,
                                        struct wc_apply_need *ret, struct wc_why *why);

/* Any thread. */
void wc_applier_progress(struct wc_applier *a, struct wc_applier_progress *ret);

/* Until all is extracted and synced, or it failed; the thread has ended then. The caller takes the
 * mark away afterwards (wc_apply_target_unmark). On failure `why` has a finding with its exit code,
 * which names the damaged file, or what the target refused: WC_E_DIGEST (the image is damaged),
 * WC_E_IO, WC_E_FULL, WC_E_STATE (cancelled), WC_E_NOMEM, WC_E_SYS. Call once. */
WC_MUST_USE enum wc_err wc_applier_wait(struct wc_applier *a, struct wc_why *why);

/* What was found when it failed, after wait; NULL: nothing, `why` of wait is all. Until close. */
const struct wc_finding *wc_applier_finding(const struct wc_applier *a);

/* What libwim remarked, lines of text, also when all went well; after wait, until close. */
const char *wc_applier_words(const struct wc_applier *a);

/* A descriptor that becomes readable when it is over; it is the applier's. */
int wc_applier_fd(const struct wc_applier *a);

/* End it soon, from any thread: wait returns WC_E_STATE. */
void wc_applier_cancel(struct wc_applier *a);

/* Cancels, waits, frees; NULL is fine. */
void wc_applier_close(struct wc_applier *a);

#endif
