/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the numbers at hand to a finding: what was seen is put together here, what it means is said
 * by common/diag/download_rules.h. */
#ifndef WC_RECEIVER_SHELL_VERDICT_H
#define WC_RECEIVER_SHELL_VERDICT_H

#include "common/core/manifest.h"
#include "common/core/msg.h"
#include "common/diag/finding.h"
#include "common/io/why.h"
#include "receiver/shell/rxloop.h"
#include "receiver/shell/voidbook.h"

struct wc_verdict_path {
    const struct wc_rx_stats *stats;
    const struct wc_welcome *welcome;
    const struct wc_manifest *manifest;
    const struct wc_voidbook *voids;
    const char *netif;
    const char *sender;     /* HOST:PORT */
    uint64_t resumed_bytes; /* right from an earlier run */
    /* What is at issue. */
    bool is_unreached; /* no datagram came for `waited` */
    wc_ns waited;
    const struct wc_refusal *dismissal; /* the sender's BYE; NULL: none */
    bool is_damaged;                    /* block damaged_sbn is wrong each time */
    uint32_t damaged_sbn;
};

/* False: nothing is wrong, or what the sender said needs no addition. */
WC_MUST_USE bool wc_verdict_find(const struct wc_verdict_path *path, struct wc_finding *ret);

/* Why the sender ended the session is in `why`, as the client has it. With nothing here, it is why
 * the download is empty; the id of its finding and the exit code stay. */
void wc_verdict_dismissed(const struct wc_verdict_path *path, struct wc_why *why);

/* The package is older than this receiver takes. Returns the HRESULT. */
uint32_t wc_verdict_downgrade(const struct wc_manifest *manifest, uint32_t version_min,
                              struct wc_why *ret);

/* A finding as the reason of an end. Returns its HRESULT. */
uint32_t wc_verdict_why(const struct wc_finding *finding, struct wc_why *ret);

/* HRESULT of a failure of the store or before it. */
uint32_t wc_verdict_of_store(enum wc_err err);

#endif
