/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A manifest from the disk, and who signed it. */
#ifndef WC_RECEIVER_SHELL_VERIFY_SIGNED_H
#define WC_RECEIVER_SHELL_VERIFY_SIGNED_H

#include "common/core/manifest.h"
#include "common/io/why.h"
#include "receiver/shell/verify_options.h"
#include "receiver/shell/verify_report.h"

struct wc_verify_signed {
    struct wc_manifest manifest; /* wc_manifest_deinit with wc_alloc_libc */
    bool is_signed;              /* by key_digest */
    bool has_site;               /* which site_digest signed, and was asked for */
    uint8_t key_digest[WC_DIGEST_BYTES];
    uint8_t site_digest[WC_DIGEST_BYTES];
};

/* Read the manifest that the options name, and verify its signature, if that and the key's
 * certificate are at hand: must be, when the options name one of them, or a site. What could not be
 * verified is a notice in the report. `why` names the file, or is the finding of a signature that
 * is wrong, or not to be trusted. */
WC_MUST_USE enum wc_err wc_verify_signed_read(struct wc_verify_signed *ret,
                                              const struct wc_verify_options *options,
                                              struct wc_verify_report *report, struct wc_why *why);

#endif
