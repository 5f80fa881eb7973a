/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/flight.h"

#include <assert.h>
#include <stdlib.h>

void wc_flights_deinit(struct wc_flights *f)
{
    for (uint32_t i = 0; i < f->count; i++) {
        free(f->all[i]->datagrams);
        free(f->all[i]);
    }
    free(f->all);
    free(f->unused);
    *f = (struct wc_flights){0};
}

static uint32_t grow(struct wc_flights *f)
{
    f->all = realloc(f->all, (f->count + 1) * sizeof(*f->all));
    f->unused = realloc(f->unused, (f->count + 1) * sizeof(*f->unused));
    assert(f->all && f->unused);
    struct wc_flight *flight = calloc(1, sizeof(*flight));
    assert(flight);
    if (f->datagram_bytes) {
        flight->datagrams = calloc(WC_FLIGHT_MAX, f->datagram_bytes);
        assert(flight->datagrams);
    }
    f->all[f->count] = flight;
    return f->count++;
}

uint32_t wc_flights_take(struct wc_flights *f)
{
    uint32_t index = f->unused_count ? f->unused[--f->unused_count] : grow(f);
    struct wc_flight *flight = f->all[index];
    flight->reference_count = 1;
    flight->count = 0;
    flight->lost = 0;
    flight->is_forged = false;
    return index;
}

void wc_flights_refer(struct wc_flights *f, uint32_t index)
{
    f->all[index]->reference_count++;
}

void wc_flights_release(struct wc_flights *f, uint32_t index)
{
    assert(f->all[index]->reference_count > 0);
    if (--f->all[index]->reference_count == 0)
        f->unused[f->unused_count++] = index;
}
