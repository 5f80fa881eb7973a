/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One sender core and any number of receiver cores, the very objects that the programs run, in
 * virtual time: the same configuration gives the same run. */
#ifndef WC_SIM_WORLD_H
#define WC_SIM_WORLD_H

#include "tests/sim/config.h"
#include "tests/sim/sender_node.h"

struct wc_world {
    struct wc_world_config config;
    struct wc_env env;
    struct wc_fanout fanout;
    struct wc_node *nodes;
    struct wc_sender_node sender;
    uint64_t event_count;
    uint64_t event_count_max; /* more are a violation; 0: any number */
};

/* How a run went, for tables and expectations. */
struct wc_world_result {
    bool is_over;          /* everybody came to an end */
    uint32_t done_count;   /* receivers that have everything */
    wc_ns streaming_ns;    /* from the start to the sender's end, or to now */
    uint64_t data_count;   /* source and repair symbols sent */
    double wire_ratio;     /* those, per source symbol of the object */
    uint64_t report_count; /* while streaming */
    uint64_t report_bytes; /* those, on the line */
    double feedback_share; /* those, of the capacity of the line in that time */
};

/* The world at its beginning. `config` is copied; what it borrows must outlive the world. */
struct wc_world *wc_world_new(const struct wc_world_config *config);
void wc_world_free(struct wc_world *w);

/* Go on until everybody came to an end, or `until` (since the beginning), or a violation. True if
 * everybody came to an end. */
bool wc_world_run(struct wc_world *w, wc_ns until);

/* The first violation; NULL: there is none. */
const char *wc_world_violation(const struct wc_world *w);

struct wc_world_result wc_world_result(const struct wc_world *w);

#endif
