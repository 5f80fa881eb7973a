/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is still to happen, ordered by time; what was entered first happens first at one instant, so
 * that a run is a function of its seed. */
#ifndef WC_SIM_AGENDA_H
#define WC_SIM_AGENDA_H

#include "common/core/types.h"

enum wc_due_kind {
    WC_DUE_STEP,         /* index: of the script's step */
    WC_DUE_GROUP,        /* index: group; arg: flight */
    WC_DUE_DATAGRAM,     /* index: node; arg: see fanout.c */
    WC_DUE_SENDER_WAKE,  /* the sender core's deadline */
    WC_DUE_STATUS,       /* the sender's shell tells everybody how it goes */
    WC_DUE_NODE_WAKE,    /* index: node; arg: generation */
    WC_DUE_NODE_STORED,  /* index: node; arg: generation */
    WC_DUE_NODE_TAKEN,   /* index: node; arg: generation */
    WC_DUE_CONTROL_UP,   /* index: node; arg: generation of the connection */
    WC_DUE_CONTROL_DOWN, /* the same, towards the receiver */
};

struct wc_due {
    wc_ns at;
    uint64_t seq;
    uint64_t arg;
    uint32_t index;
    enum wc_due_kind kind;
};

struct wc_agenda {
    struct wc_due *heap;
    size_t count;
    size_t capacity;
    uint64_t seq_next;
};

void wc_agenda_deinit(struct wc_agenda *a);
void wc_agenda_add(struct wc_agenda *a, wc_ns at, enum wc_due_kind kind, uint32_t index,
                   uint64_t arg);

/* When the next one is due; WC_NEVER: nothing is. */
wc_ns wc_agenda_next(const struct wc_agenda *a);

/* Take the next one off; false: nothing is left. */
bool wc_agenda_take(struct wc_agenda *a, struct wc_due *ret);

#endif
