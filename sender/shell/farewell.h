/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sender's last word to a receiver: REFUSE, or BYE; with its finding, the fix, and how much the
 * receiver does not get because of it. */
#ifndef WC_SENDER_SHELL_FAREWELL_H
#define WC_SENDER_SHELL_FAREWELL_H

#include "common/io/ctrl.h"

struct wc_farewell {
    uint32_t hresult; /* 0: all is well */
    const char *finding, *sentence, *fix;
};

extern const struct wc_farewell wc_farewell_done;
extern const struct wc_farewell wc_farewell_full;
extern const struct wc_farewell wc_farewell_no_hello;
extern const struct wc_farewell wc_farewell_no_block; /* it names one that does not exist */
extern const struct wc_farewell wc_farewell_multicast_only;
extern const struct wc_farewell wc_farewell_silent;
extern const struct wc_farewell wc_farewell_slow;

/* Says it, and closes. `due_bytes`: of the package. */
void wc_farewell_say(struct wc_ctrl *c, uint8_t type, const struct wc_farewell *farewell,
                     uint64_t due_bytes);

#endif
