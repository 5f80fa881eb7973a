/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The MCS key before it is used: looked at, and only then opened. */
#ifndef WC_SENDER_SHELL_KEYGATE_H
#define WC_SENDER_SHELL_KEYGATE_H

#include "common/diag/finding.h"
#include "common/io/identity.h"
#include "common/io/keycheck.h"
#include "common/io/why.h"

/* Who is told of warnings; `finding` is borrowed until return. NULL: nobody. */
struct wc_keygate_listener {
    void (*warn)(void *ctx, const struct wc_finding *finding);
    void *ctx;
};

/* All that can be wrong with the key: the first error refuses, as a finding in `why`; warnings are
 * told. A key that does not exist yet is fine: opening it makes it. WC_E_AUTH. */
WC_MUST_USE enum wc_err wc_keygate_check(const struct wc_keycheck_place *place,
                                         const struct wc_keygate_listener *listener,
                                         struct wc_why *why);

/* As wc_identity_open, with exit codes. */
WC_MUST_USE enum wc_err wc_keygate_open(struct wc_identity **ret, const char *state_dir,
                                        struct wc_why *why);

#endif
