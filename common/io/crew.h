/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several threads that do one piece of work together, while the caller looks on. */
#ifndef WC_IO_CREW_H
#define WC_IO_CREW_H

#include "common/core/err.h"
#include "common/core/types.h"

#define WC_CREW_MAX 64u

/* Processors of this machine, 1..WC_CREW_MAX. */
uint32_t wc_crew_size(void);

/* Call work(ctx, 0..count-1), each on a thread of its own, and look(ctx) on this one every 100 ms
 * until all have returned. Fewer threads are fine when there are no more; WC_E_SYS: not one. */
WC_MUST_USE enum wc_err wc_crew_run(uint32_t count, void (*work)(void *ctx, uint32_t index),
                                    void (*look)(void *ctx), void *ctx);

#endif
