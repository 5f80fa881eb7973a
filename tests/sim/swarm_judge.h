/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a swarm's world came to the end that it should. */
#ifndef WC_SIM_SWARM_JUDGE_H
#define WC_SIM_SWARM_JUDGE_H

#include "tests/sim/swarm_options.h"
#include "tests/sim/world.h"

/* Notes what is wrong as a violation of the world's checks. */
void wc_swarm_judge(struct wc_world *w, const struct wc_swarm_options *o, bool is_over);

#endif
