/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Monotonic time for the shells: CLOCK_MONOTONIC, read once per turn of a loop. */
#ifndef WC_IO_CLOCK_H
#define WC_IO_CLOCK_H

#include <time.h>

#include "common/core/types.h"

static inline wc_ns wc_clock_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (wc_ns)ts.tv_sec * 1000000000u + (wc_ns)ts.tv_nsec;
}

#endif
