/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A world drawn from a seed: any object, any links, receivers that come, fall silent, die and
 * come back at any time, while faults last; then everything heals. */
#ifndef WC_SIM_SWARM_OPTIONS_H
#define WC_SIM_SWARM_OPTIONS_H

#include "tests/sim/config.h"

#define WC_SWARM_NODES_MAX 40
#define WC_SWARM_STEPS_MAX 200
#define WC_SWARM_FIRST_MAX 3

enum wc_swarm_end {
    WC_SWARM_HEALS,   /* and every receiver that is still there completes */
    WC_SWARM_CRASHES, /* the sender dies: every receiver notices */
    WC_SWARM_STOPS,   /* the sender's user ends the session: every receiver is told */
};

struct wc_swarm_options {
    struct wc_world_config config; /* borrows from here */
    struct wc_node_config nodes[WC_SWARM_NODES_MAX];
    struct wc_step steps[WC_SWARM_STEPS_MAX];
    uint64_t have[WC_SWARM_NODES_MAX][2];
    struct wc_manifest_run first[WC_SWARM_FIRST_MAX];
    uint32_t block_count;
    wc_ns pass_ns; /* that the object takes on the line at full rate */
    wc_ns fault_end;
    enum wc_swarm_end end;
};

void wc_swarm_draw(struct wc_swarm_options *o, uint64_t seed);

/* How long after fault_end everything must have come to its end. */
wc_ns wc_swarm_patience(const struct wc_swarm_options *o);

#endif
