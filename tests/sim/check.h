/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What must hold after every step of every run. The first violation is kept and ends the run. */
#ifndef WC_SIM_CHECK_H
#define WC_SIM_CHECK_H

#include "common/core/partition.h"
#include "common/core/wire.h"
#include "receiver/core/receiver.h"

struct wc_check {
    bool failed;
    wc_ns since; /* of the violation */
    char text[256];
};

/* Note a violation, unless there was one already. */
void wc_check_fail(struct wc_check *c, wc_ns since, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One core's heap: all that it takes, it takes in X_new. */
struct wc_check_heap {
    struct wc_check *check;
    bool is_closed;
    uint64_t bytes;
};

/* A core took all that it will ever take: from now on nothing, and not too much. */
void wc_check_heap_close(struct wc_check_heap *h, const char *who, uint32_t index);

/* The allocator to give to a core; `h` must outlive it. */
struct wc_alloc wc_check_alloc(struct wc_check_heap *h);

/* One core's calls: time goes on between them, sooner or later. */
struct wc_check_pace {
    wc_ns at;
    uint32_t calls;
};

/* A call of a core's output at `now`; at most calls_max at one instant. */
void wc_check_call(struct wc_check *c, struct wc_check_pace *p, wc_ns since, wc_ns now,
                   uint32_t calls_max, const char *who, uint32_t index);

/* What the sender sends. */
struct wc_check_sender {
    struct wc_check *check;
    const struct wc_partition *partition;
    uint32_t instance;
    uint64_t pn_next;
    uint64_t datagram_ps; /* time that one takes on the line at the maximum rate */
    uint64_t line_free_ps;
    uint32_t wire_bytes;
};

void wc_check_sender_rate(struct wc_check_sender *s, uint64_t rate_bps);

/* A datagram leaves now. */
void wc_check_sender_datagram(struct wc_check_sender *s, wc_ns since,
                              const struct wc_header *header);

/* The packet numbers that a receiver's core took: none twice. Only for small worlds. */
struct wc_check_pns {
    uint64_t *taken; /* bitmap */
    uint64_t capacity;
};

void wc_check_pns_deinit(struct wc_check_pns *p);

/* The core takes an authentic datagram. */
void wc_check_pn(struct wc_check *c, struct wc_check_pns *p, wc_ns since, uint32_t node,
                 uint64_t pn);

/* What a receiver's core says about a datagram's place. */
void wc_check_place(struct wc_check *c, wc_ns since, uint32_t node, uint32_t instance,
                    const struct wc_receiver_config *config, const struct wc_header *header,
                    const struct wc_place *place);

/* The ESIs of a block that is said to be complete: k different ones that exist. */
void wc_check_decode(struct wc_check *c, wc_ns since, uint32_t node,
                     const struct wc_receiver_config *config,
                     const struct wc_receiver_notice *notice);

#endif
