/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of one world share: its clock, its agenda, its object, and who watches. */
#ifndef WC_SIM_ENV_H
#define WC_SIM_ENV_H

#include "tests/sim/agenda.h"
#include "tests/sim/check.h"
#include "tests/sim/config.h"
#include "tests/sim/flight.h"
#include "tests/sim/object.h"
#include "tests/sim/trace.h"

struct wc_env {
    const struct wc_world_config *config;
    wc_ns now; /* as the cores see it */
    uint32_t instance;
    struct wc_agenda agenda;
    struct wc_flights flights;
    struct wc_object object;
    struct wc_trace trace;
    struct wc_check check;
    bool has_insider;  /* wrong bytes may come with a right seal: only the hash tells */
    struct wc_msg msg; /* for one step's use: messages are large */
    uint8_t *datagram; /* the same, for a damaged copy */
};

/* Time since the world's beginning. */
static inline wc_ns wc_env_since(const struct wc_env *env)
{
    return env->now - env->config->epoch;
}

static inline void wc_env_trace(struct wc_env *env, uint32_t actor, enum wc_trace_kind kind,
                                uint64_t a, uint64_t b, uint64_t c)
{
    wc_trace_add(&env->trace, wc_env_since(env), actor, kind, a, b, c);
}

#endif
