/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/config.h"

struct wc_world_config wc_world_config_default(void)
{
    return (struct wc_world_config){
        .seed = 1,
        .epoch = WC_S(1),
        .object_bytes = 24 * 16 * 16,
        .symbol_bytes = 16,
        .block_symbols = 16,
        .wire_bytes = 1538,
        .rate_max_bps = 1000000000,
        .rate_min_bps = 50000000,
        .receivers_min = 1,
        .wait_max = WC_NEVER,
        .silence_max = WC_S(10),
        .batch_max = 64,
        .status_interval = WC_MS(500),
        .report_interval = WC_MS(100),
        .trace_max = 256,
    };
}

struct wc_node_config wc_node_config_default(void)
{
    return (struct wc_node_config){
        .link = {.delay = WC_US(100)},
        .control_delay = WC_US(150),
        .slot_count = 512,
        .beacon_timeout = WC_S(5),
        .silence_max = WC_S(10),
    };
}
