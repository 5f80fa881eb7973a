/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the micro benches share: running a piece of work long enough to time it, and one comparable
 * line for each figure, a JSON object. */
#ifndef WC_BENCH_MICRO_H
#define WC_BENCH_MICRO_H

#include <stdint.h>

#define WC_BENCH_SYMBOL_BYTES  1440u
#define WC_BENCH_BLOCK_SYMBOLS 128u

/* Does its piece of work `count` times. */
typedef void wc_bench_work(void *ctx, uint64_t count);

/* Seconds that one piece takes: the median of several rounds of about 100 ms each. */
double wc_bench_seconds(wc_bench_work *work, void *ctx);

/* One line: which bench, which case of it, the figure and its unit. */
void wc_bench_print(const char *bench, const char *name, double value, const char *unit);

/* Memory for `count` bytes filled from `seed`; ends the program when there is none. */
uint8_t *wc_bench_bytes(uint64_t count, uint64_t seed);

/* The benches. `label`: what the processor may use, for the names of the cases. */
void wc_bench_aead(const char *label);
void wc_bench_digest(const char *label);
void wc_bench_fec(void);
void wc_bench_ring(void);

#endif
