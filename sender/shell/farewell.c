/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/farewell.h"

#include <stdio.h>

#include "common/core/hresult.h"

#define SAME_VERSION "install the same version of wimcast on both sides"

const struct wc_farewell wc_farewell_done = {WC_HR_OK, "", "", ""};
const struct wc_farewell wc_farewell_full = {
    WC_HR_BUSY, "session.full", "the session is full",
    "wait until receivers are done, or use another distribution point"};
const struct wc_farewell wc_farewell_no_hello = {WC_HR_PROTOCOL, "session.protocol",
                                                 "the first message must be HELLO",
                                                 "use a wimcast-receiver of this version"};
const struct wc_farewell wc_farewell_no_block = {
    WC_HR_PROTOCOL, "session.protocol", "you ask for blocks that do not exist", SAME_VERSION};
const struct wc_farewell wc_farewell_multicast_only = {
    WC_HR_TIMEOUT, "session.multicast-only",
    "this package is transferred only via multicast, which does not reach you",
    "mend the path of multicast, or allow unicast at the sender"};
const struct wc_farewell wc_farewell_silent = {WC_HR_TIMEOUT, "session.silent",
                                               "the sender heard nothing from you for 10 s",
                                               "look at this machine's network"};
const struct wc_farewell wc_farewell_slow = {
    WC_HR_TIMEOUT, "session.slow", "this machine takes less than the session's floor rate",
    "look at its port speed, cable and disk, or join with --slow-policy unicast"};

void wc_farewell_say(struct wc_ctrl *c, uint8_t type, const struct wc_farewell *farewell,
                     uint64_t due_bytes)
{
    struct wc_msg msg = {.type = type, .refusal.hresult = farewell->hresult};
    if (farewell->hresult)
        msg.refusal.due_bytes = due_bytes;
    snprintf(msg.refusal.finding, sizeof msg.refusal.finding, "%s", farewell->finding);
    snprintf(msg.refusal.sentence, sizeof msg.refusal.sentence, "%s", farewell->sentence);
    snprintf(msg.refusal.fix, sizeof msg.refusal.fix, "%s", farewell->fix);
    (void)!wc_ctrl_send(c, &msg);
    wc_ctrl_close(c);
}
