/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A receiver: its core, and a model of the shell around it, with link, socket, disk and control
 * channel. */
#ifndef WC_SIM_NODE_H
#define WC_SIM_NODE_H

#include "receiver/core/receiver.h"
#include "tests/sim/consumer.h"
#include "tests/sim/control.h"
#include "tests/sim/disk.h"
#include "tests/sim/env.h"
#include "tests/sim/link.h"

enum wc_node_state {
    WC_NODE_OFF,     /* not started yet */
    WC_NODE_JOINING, /* HELLO is on its way */
    WC_NODE_ACTIVE,
    WC_NODE_DONE,
    WC_NODE_FAILED, /* it ended and knows why */
    WC_NODE_DEAD,   /* killed or closed from outside */
};

enum wc_node_failure {
    WC_NODE_FAILURE_NONE,
    WC_NODE_FAILURE_UNREACHED,
    WC_NODE_FAILURE_SENDER_SILENT,
    WC_NODE_FAILURE_DISMISSED,
    WC_NODE_FAILURE_REFUSED, /* the session was full or over when it asked */
    WC_NODE_FAILURE_DISK,
};

struct wc_node {
    /* What each datagram touches comes first. */
    struct wc_receiver *core;
    enum wc_node_state state;
    bool is_unicast; /* served by unicast: it has left the group */
    uint32_t index;
    wc_ns wake_at; /* the agenda's entry that counts; WC_NEVER: none */
    uint64_t accepted_count;
    uint64_t dropped_count;
    uint64_t unopened_count;
    uint64_t overflow_told;
    uint8_t *rows; /* slot_count blocks; NULL: bytes are not modelled */
    struct wc_link link;

    struct wc_node_config config;
    struct wc_receiver_config core_config;
    struct wc_check_heap heap;
    struct wc_check_pace pace;
    struct wc_check_pns pns;
    struct wc_disk disk;
    struct wc_consumer consumer;
    struct wc_pipe up;
    struct wc_pipe down;
    uint32_t generation; /* of the process: older events are void */
    uint64_t *stored;    /* blocks on disk: they outlive the process */
    uint8_t *scratch;
    enum wc_node_failure failure;
    uint64_t report_count;
    uint64_t fetch_count;
    wc_ns joined_at;
    wc_ns ended_at;
};

void wc_node_init(struct wc_node *n, struct wc_env *env, uint32_t index,
                  const struct wc_node_config *config);
void wc_node_deinit(struct wc_node *n);

/* The process starts and says HELLO. What an earlier process stored is there. */
void wc_node_start(struct wc_node *n, struct wc_env *env);

/* It ends, without a word or with the end of its connection. */
void wc_node_kill(struct wc_node *n, struct wc_env *env, bool closes);

void wc_node_heal(struct wc_node *n);

/* Whether datagrams of the group reach the process. */
static inline bool wc_node_listens(const struct wc_node *n)
{
    return n->state == WC_NODE_ACTIVE && !n->is_unicast && !n->config.is_deaf;
}

/* Datagram i of a flight arrives; afterwards, or after several, wc_node_settle. */
void wc_node_datagram(struct wc_node *n, struct wc_env *env, const struct wc_flight *flight,
                      uint32_t i, uint32_t corrupt_bit);

/* Let the core send what is due, and wake it when it asks for it. */
void wc_node_settle(struct wc_node *n, struct wc_env *env);

/* Events of the agenda. */
void wc_node_wake(struct wc_node *n, struct wc_env *env, uint32_t generation);
void wc_node_taken(struct wc_node *n, struct wc_env *env, uint32_t generation);
void wc_node_stored(struct wc_node *n, struct wc_env *env, uint32_t generation);
void wc_node_control(struct wc_node *n, struct wc_env *env, uint32_t generation);

uint32_t wc_node_stored_count(const struct wc_node *n, const struct wc_env *env);

#endif
