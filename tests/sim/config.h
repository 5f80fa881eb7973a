/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A world as it is described: what is sent, over which links, to which receivers, and what befalls
 * them. Everything is a plain value; times are virtual and relative to the world's beginning. */
#ifndef WC_SIM_CONFIG_H
#define WC_SIM_CONFIG_H

#include "common/core/types.h"
#include "sender/core/sender.h"

#define WC_BLACKOUTS_MAX 4

struct wc_interval {
    wc_ns from;
    wc_ns to;
};

/* A link is a datagram's way to one receiver; every fault of it is off when 0. */
struct wc_link_config {
    wc_ns delay;
    wc_ns jitter; /* up to so much is added: datagrams overtake each other */
    double loss;
    double burst_enter; /* Gilbert-Elliott: chance per datagram that a burst begins */
    double burst_leave; /* and that it ends */
    double burst_loss;  /* loss while it lasts */
    double duplicate;
    double corrupt;
    uint64_t rate_bps; /* of a switch port; what does not fit its queue is dropped */
    uint32_t queue_bytes;
    struct wc_interval slow; /* while it is at this rate instead */
    uint64_t slow_rate_bps;
    wc_ns receive_ns;      /* the host takes so long for each datagram; what does not fit */
    uint32_t buffer_count; /* its socket's buffer is dropped and told to the core */
    uint32_t blackout_count;
    struct wc_interval blackouts[WC_BLACKOUTS_MAX];
};

struct wc_disk_config {
    wc_ns decode_ns;      /* per block */
    uint64_t rate_bps;    /* bytes per second x 8; 0: no limit */
    double rot;           /* chance that a block's hash does not match what was received */
    uint32_t fails_after; /* that many blocks were stored, then writing fails; 0: never */
};

struct wc_node_config {
    struct wc_link_config link;
    struct wc_disk_config disk;
    wc_ns control_delay; /* one way */
    uint64_t
        control_rate_bps; /* of what the sender says to it, unicast symbols above all; 0: any */
    uint32_t slot_count;
    const uint64_t *have; /* blocks that it has from an earlier run; borrowed; NULL: none */
    uint32_t window;      /* blocks that may wait until they are taken away; 0: any (consumer.h) */
    wc_ns consume_ns;     /* taking one takes so long */
    wc_ns beacon_timeout;
    wc_ns silence_max;
    bool rejoins; /* dismissed by the sender, it comes back and keeps what it stored */
    bool is_deaf; /* multicast never reaches it */
};

enum wc_step_kind {
    WC_STEP_JOIN,    /* node */
    WC_STEP_KILL,    /* node: without a word, as when the power goes */
    WC_STEP_CLOSE,   /* node: the process ends, its connection closes */
    WC_STEP_DEAFEN,  /* node: multicast does not reach it any more */
    WC_STEP_START,   /* the sender's user does not want to wait any longer */
    WC_STEP_STOP,    /* the sender's user ends the session */
    WC_STEP_RATE,    /* value: bits per second */
    WC_STEP_CRASH,   /* the sender, without a word */
    WC_STEP_HEAL,    /* all faults of links and disks end */
    WC_STEP_REPLAY,  /* value: so many recorded datagrams come once more */
    WC_STEP_STALE,   /* value: so many datagrams of another session in the same group */
    WC_STEP_FORGE,   /* value: so many datagrams of this session that nobody sealed */
    WC_STEP_INSIDER, /* value: so many datagrams made by somebody who has the key; bytes only */
    WC_STEP_LIE,     /* value: so many reports of this node with anything in them */
};

struct wc_step {
    wc_ns at;
    enum wc_step_kind kind;
    uint32_t node;
    uint64_t value;
};

struct wc_world_config {
    uint64_t seed;
    wc_ns epoch; /* the cores' clock when the world begins */

    /* Bytes: real symbols, parity and bit flips. Otherwise symbols are only counted. */
    bool has_bytes;
    uint64_t object_bytes;
    uint32_t symbol_bytes;
    uint32_t block_symbols;
    const struct wc_manifest_run *first; /* blocks that go before others; borrowed */
    uint32_t first_count;

    uint32_t wire_bytes; /* as in wc_sender_config */
    uint64_t rate_max_bps;
    uint64_t rate_min_bps;
    uint32_t receivers_min;
    wc_ns wait_max;
    wc_ns silence_max;
    enum wc_slow_policy slow_policy;
    uint64_t slow_bps;
    bool multicast_only;
    bool tail_unicast;
    uint32_t batch_max;           /* headers asked for at once, 1..WC_FLIGHT_MAX */
    wc_ns status_interval;        /* of STATUS messages */
    wc_ns report_interval;        /* of a receiver before it hears of another */
    double refused;               /* chance that the kernel takes only a part of a batch */
    struct wc_link_config uplink; /* shared by all: loss, bursts and blackouts only */

    uint32_t node_count;
    const struct wc_node_config *nodes; /* borrowed */
    uint32_t step_count;
    const struct wc_step *steps; /* borrowed, any order */

    uint32_t trace_max;    /* records kept: the last ones */
    bool has_coarse_trace; /* of members, phases and the rate only */
};

/* A world without faults: 1 Gbit/s, no receivers yet. */
struct wc_world_config wc_world_config_default(void);

/* A receiver without faults. */
struct wc_node_config wc_node_config_default(void);

#endif
