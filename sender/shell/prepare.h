/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything that must be right before a session may begin: key, content, interface, group,
 * manifest, socket. Each failure has its sentence. */
#ifndef WC_SENDER_SHELL_PREPARE_H
#define WC_SENDER_SHELL_PREPARE_H

#include "common/core/readers.h"
#include "common/io/identity.h"
#include "sender/shell/display.h"
#include "sender/shell/options.h"
#include "sender/shell/session.h"

/* Of its socket: enough for a few groups on their way; more only hides how fast the link is. */
#define WC_PREPARE_SEND_BUFFER_BYTES (1u << 20)

struct wc_prepared {
    struct wc_identity *identity;
    struct wc_content *content;
    struct wc_session session;
    struct wc_readers readers; /* who may join */
    int fd;                    /* connected to the group */
    uint64_t rate_max_bps;
    bool multicast_only; /* by option, or by package */
};

/* signal_fd: a signal ends publishing. On failure `why` is set and everything is released. */
WC_MUST_USE enum wc_err wc_prepare(struct wc_prepared *ret, const struct wc_send_options *options,
                                   struct wc_display *display, int signal_fd, struct wc_why *why);
void wc_prepared_release(struct wc_prepared *p); /* zeroed, with fd -1, is fine */

#endif
