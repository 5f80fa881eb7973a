/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The part of `check` that is about packages and who may read them. */
#ifndef WC_SENDER_SHELL_CHECKDP_H
#define WC_SENDER_SHELL_CHECKDP_H

#include "common/diag/finding.h"
#include "common/io/identity.h"
#include "sender/shell/checkfix.h"

struct wc_checkdp {
    const char *state_dir;
    const char *id;                     /* NULL: all that are published */
    const struct wc_identity *identity; /* NULL: signatures are not looked at */
    const char *owner;                  /* of the state directory; NULL: this user's own */
    /* Called with the findings of one package, or those about all; borrowed until return. */
    void (*tell)(void *ctx, const struct wc_findings *findings);
    /* Called for what was mended; NULL: nothing is to be mended. */
    wc_checkfix_tell *tell_fix;
    void *ctx;
};

/* Look at accounts and packages. */
void wc_checkdp_run(const struct wc_checkdp *what);

#endif
