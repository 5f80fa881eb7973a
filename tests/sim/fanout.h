/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The network: one uplink, a switch, and a link to each receiver that listens. Receivers behind
 * links of equal delay and without queues share one event per flight, which makes ten thousand of
 * them possible. */
#ifndef WC_SIM_FANOUT_H
#define WC_SIM_FANOUT_H

#include "tests/sim/node.h"

struct wc_fanout_group;

struct wc_fanout {
    struct wc_link uplink;
    struct wc_node *nodes;
    uint32_t node_count;
    uint32_t *group_of; /* per node; UINT32_MAX: a link of its own kind */
    struct wc_fanout_group *groups;
    uint32_t group_count;
    uint32_t *singles; /* nodes that listen and share no events */
    uint32_t single_count;
    bool *is_member; /* per node: in its group or among the singles */
};

/* `nodes` is borrowed. */
void wc_fanout_init(struct wc_fanout *f, struct wc_env *env, struct wc_node *nodes,
                    uint32_t node_count);
void wc_fanout_deinit(struct wc_fanout *f);

/* A node began to listen. Those that do no more are found when a flight arrives. */
void wc_fanout_join(struct wc_fanout *f, uint32_t node);

/* Put a flight on the uplink; the caller's reference passes to the network. */
void wc_fanout_send(struct wc_fanout *f, struct wc_env *env, uint32_t flight);

/* Events of the agenda. */
void wc_fanout_arrive_group(struct wc_fanout *f, struct wc_env *env, uint32_t group,
                            uint32_t flight);
void wc_fanout_arrive_datagram(struct wc_fanout *f, struct wc_env *env, uint32_t node,
                               uint64_t arg);

#endif
