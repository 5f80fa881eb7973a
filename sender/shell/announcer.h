/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tells the link of this session once a second, so that receivers without a URL find it. */
#ifndef WC_SENDER_SHELL_ANNOUNCER_H
#define WC_SENDER_SHELL_ANNOUNCER_H

#include "common/core/announce.h"
#include "sender/shell/session.h"

struct wc_announcer;

/* Ready to announce `session` on its interface, for a control channel at `port`. WC_E_SYS,
 * WC_E_NOMEM with `why`. */
WC_MUST_USE enum wc_err wc_announcer_open(struct wc_announcer **ret,
                                          const struct wc_session *session, const char *name,
                                          uint16_t port, struct wc_why *why);
/* Send it once. Failures do not matter: the next one follows. */
void wc_announcer_send(struct wc_announcer *a, uint8_t phase);
void wc_announcer_close(struct wc_announcer *a);

#endif
