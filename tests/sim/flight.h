/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams that left the sender at one instant and are in the air. They are shared by all
 * receivers that they are still to reach. */
#ifndef WC_SIM_FLIGHT_H
#define WC_SIM_FLIGHT_H

#include "common/core/wire.h"

#define WC_FLIGHT_MAX 64

struct wc_flight {
    uint32_t reference_count;
    uint32_t count;
    bool is_forged; /* no seal of this session; where bytes are not modelled */
    uint64_t lost;  /* one bit each: lost for everybody */
    struct wc_header headers[WC_FLIGHT_MAX];
    uint8_t *datagrams; /* count x datagram bytes; NULL: bytes are not modelled */
};

/* All flights; an index stays valid while it is referred to. */
struct wc_flights {
    struct wc_flight **all;
    uint32_t count;
    uint32_t *unused;
    uint32_t unused_count;
    uint32_t datagram_bytes; /* 0: bytes are not modelled */
};

void wc_flights_deinit(struct wc_flights *f);

/* An empty flight, referred to once. */
uint32_t wc_flights_take(struct wc_flights *f);
void wc_flights_refer(struct wc_flights *f, uint32_t index);
void wc_flights_release(struct wc_flights *f, uint32_t index);

#endif
