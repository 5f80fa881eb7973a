/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sender: its core, and a model of the shell around it, with the socket and the ends of all
 * control channels. */
#ifndef WC_SIM_SENDER_NODE_H
#define WC_SIM_SENDER_NODE_H

#include "sender/core/sender.h"
#include "tests/sim/fanout.h"

#define WC_RECORDED_MAX      1024u /* headers kept for replays */
#define WC_MEMBER_INDEX_NONE UINT32_MAX

struct wc_sender_node {
    struct wc_sender *core;
    struct wc_fanout *fanout;
    struct wc_node *nodes;
    bool is_crashed;
    enum wc_phase phase;
    uint64_t rate_bps; /* the last that was traced */
    wc_ns wake_at;
    wc_ns ended_at;
    wc_ns started_at;
    uint32_t member_count; /* ever joined */
    uint32_t member_max;
    uint32_t *node_of;       /* by member */
    uint32_t *member_of;     /* by node; UINT32_MAX: none */
    uint32_t *connection_of; /* by member: the generation of its node's connection */
    struct wc_check_heap heap;
    struct wc_check_pace pace;
    struct wc_check_sender check;
    struct wc_dice refusal;
    struct wc_header *recorded; /* a ring of what was sent, for replays */
    uint64_t recorded_count;
    uint64_t source_count; /* datagrams sent, by kind */
    uint64_t repair_count;
    uint64_t beacon_count;
    uint64_t refused_count;
    uint64_t unicast_block_count;   /* served over control channels */
    uint64_t control_refused_count; /* messages that the core did not take */
    uint64_t report_count;          /* that came while streaming, and their bytes on the line */
    uint64_t report_line_bytes;
    struct wc_rng attack;
};

/* fanout and nodes are borrowed. */
void wc_sender_node_init(struct wc_sender_node *s, struct wc_env *env, struct wc_fanout *fanout,
                         struct wc_node *nodes);
void wc_sender_node_deinit(struct wc_sender_node *s);

/* A command of its user; value: as in the event. */
void wc_sender_node_command(struct wc_sender_node *s, struct wc_env *env,
                            enum wc_sender_event_type type, uint64_t value);

/* It stops, without a word to anybody. */
void wc_sender_node_crash(struct wc_sender_node *s, struct wc_env *env);

/* Put headers and their symbols into a flight, sealed with `key`. is_garbage: other symbols than
 * the object's. */
uint32_t wc_sender_node_materialize(struct wc_env *env, const struct wc_header *headers,
                                    uint32_t count, uint64_t key, bool is_garbage);

/* An event for the core, and what follows from it. */
void wc_sender_node_input(struct wc_sender_node *s, struct wc_env *env,
                          const struct wc_sender_event *event);

/* Events of the agenda. */
void wc_sender_node_wake(struct wc_sender_node *s, struct wc_env *env);
void wc_sender_node_status(struct wc_sender_node *s, struct wc_env *env);
void wc_sender_node_control(struct wc_sender_node *s, struct wc_env *env, uint32_t node,
                            uint32_t generation);

#endif
