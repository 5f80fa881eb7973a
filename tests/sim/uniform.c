/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/uniform.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define SYMBOL_BYTES 1440u
#define TIME_MAX     WC_S(3600)

static bool run_world(const struct wc_world_config *config, struct wc_world_result *ret)
{
    struct wc_world *w = wc_world_new(config);
    bool over = wc_world_run(w, TIME_MAX);
    const char *violation = wc_world_violation(w);
    *ret = wc_world_result(w);
    bool ok = over && !violation && ret->done_count == config->node_count;
    if (!ok)
        fprintf(stderr, "%" PRIu32 " of %" PRIu32 " receivers are done: %s\n", ret->done_count,
                config->node_count, violation ? violation : "no violation");
    wc_world_free(w);
    return ok;
}

bool wc_uniform_run(const struct wc_uniform *u, struct wc_world_result *ret)
{
    struct wc_node_config *nodes = calloc(u->receiver_count, sizeof(*nodes));
    struct wc_step *steps = calloc(u->receiver_count, sizeof(*steps));
    assert(nodes && steps);
    for (uint32_t i = 0; i < u->receiver_count; i++) {
        nodes[i] = wc_node_config_default();
        nodes[i].link.loss = u->loss;
        steps[i] = (struct wc_step){
            .at = u->join_spread * i / u->receiver_count, .kind = WC_STEP_JOIN, .node = i};
    }
    struct wc_world_config config = wc_world_config_default();
    config.seed = u->seed;
    config.symbol_bytes = SYMBOL_BYTES;
    config.block_symbols = u->block_symbols;
    config.object_bytes = (uint64_t)u->block_count * u->block_symbols * SYMBOL_BYTES;
    config.rate_max_bps = u->rate_bps;
    config.receivers_min = u->receiver_count;
    config.node_count = u->receiver_count;
    config.nodes = nodes;
    config.step_count = u->receiver_count;
    config.steps = steps;
    config.trace_max = 0;
    bool ok = run_world(&config, ret);
    free(nodes);
    free(steps);
    return ok;
}
