/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One direction of a control channel: reliable and ordered, with a delay. Messages travel as the
 * real frames. While the way is blacked out they wait, as TCP's retransmissions would. */
#ifndef WC_SIM_CONTROL_H
#define WC_SIM_CONTROL_H

#include "common/core/msg.h"
#include "tests/sim/agenda.h"

#define WC_MSG_CLOSED 0 /* what receive gives when the other side closed the connection */

struct wc_frame;

struct wc_pipe {
    struct wc_frame *first;
    struct wc_frame *last;
    struct wc_frame *taken; /* the message received last may borrow from it */
    wc_ns arrival_last;
    uint64_t rate_bps;   /* of the connection; 0: any */
    uint32_t generation; /* of the connection; older events are void */
    enum wc_due_kind due_kind;
    uint32_t index;            /* for the agenda */
    uint64_t line_bytes;       /* sent so far, with what TLS, TCP, IP and Ethernet add */
    uint64_t taken_line_bytes; /* of the message that was received last */
};

void wc_pipe_init(struct wc_pipe *p, enum wc_due_kind due_kind, uint32_t index);

/* A new connection: what was on its way is gone. Also releases everything. */
void wc_pipe_reset(struct wc_pipe *p);

/* Send a message, or with NULL the end of the connection, to arrive at `arrival` or right after
 * what was sent before. */
void wc_pipe_send(struct wc_pipe *p, struct wc_agenda *agenda, wc_ns arrival,
                  const struct wc_msg *msg);

/* Take the first message, which has arrived. Gives its type; asserts that it decodes. *ret is set
 * for anything but WC_MSG_CLOSED, and may borrow until the next call. */
uint8_t wc_pipe_receive(struct wc_pipe *p, struct wc_msg *ret);

#endif
