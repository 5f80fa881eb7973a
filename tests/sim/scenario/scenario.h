/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A scenario: a small world, what is expected of it, and its timeline as text in a file beside the
 * test, that people read and that tells when behaviour changes. `--update` writes the file anew.
 *
 * Usage of each scenario: NAME FOLDER [--update] */
#ifndef WC_SIM_SCENARIO_H
#define WC_SIM_SCENARIO_H

#include "tests/sim/world.h"

#define WC_SCENARIO_NODES_MAX 8
#define WC_SCENARIO_STEPS_MAX 16

struct wc_scenario {
    struct wc_world_config config;
    struct wc_node_config nodes[WC_SCENARIO_NODES_MAX];
    struct wc_step steps[WC_SCENARIO_STEPS_MAX];
    wc_ns time_max;
    enum wc_trace_style style; /* of the timeline */
    uint32_t failure_count;
};

/* A receiver that joins at `join_at` (WC_NEVER: it does not); change its configuration as
 * needed. */
struct wc_node_config *wc_scenario_node(struct wc_scenario *s, wc_ns join_at);

void wc_scenario_step(struct wc_scenario *s, wc_ns at, enum wc_step_kind kind, uint32_t node,
                      uint64_t value);

/* Prints `text` if not `ok`. */
void wc_scenario_expect(struct wc_scenario *s, bool ok, const char *text);

/* The sender's view of a node: the state of the member that it was last. */
enum wc_member_state wc_scenario_member_state(const struct wc_world *w, uint32_t node);

/* Make it one of rates on a gigabit line: so many blocks of 128 symbols, counted and not made, a
 * timeline of the sender's rate, and three receivers with memory for 96 MiB of blocks. Returns the
 * last of them, for what is wrong with it. */
struct wc_node_config *wc_scenario_gigabit(struct wc_scenario *s, uint32_t block_count);

/* Seconds that the object takes once over the line. */
double wc_scenario_pass_s(const struct wc_world *w);

/* Seconds from the stream's beginning until node has everything. */
double wc_scenario_seconds(const struct wc_world *w, uint32_t node);

/* Build the world on top of the default one (bytes, 100 Mbit/s, 24 blocks of 16 symbols), run
 * it, let `expect` look at its end, and compare the timeline. The exit code of main. */
int wc_scenario_main(int argc, char **argv, const char *name, void (*build)(struct wc_scenario *),
                     void (*expect)(struct wc_scenario *, const struct wc_world *));

#endif
