/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A receiver's core on a bench: datagrams and results in, notices and reports out, time by hand.
 * What must hold always is asserted at each step. One bench at a time: `b`. */
#ifndef WC_TESTS_UNIT_RECEIVER_CORE_BENCH_H
#define WC_TESTS_UNIT_RECEIVER_CORE_BENCH_H

#include "receiver/core/receiver.h"
#include "tests/unit/common/core/support.h"

#define INSTANCE 0xdeadbeefu
#define BLOCKS   20u
#define K        4u
#define START    WC_S(1000)
#define INTERVAL WC_MS(20)
#define TIMEOUT  WC_S(10)
#define SILENCE  WC_S(12)

struct bench {
    struct wc_receiver *r;
    struct wc_receiver_config config;
    struct test_heap heap;
    wc_ns now;
    uint64_t pn; /* of the next datagram */
    struct wc_report report;
    uint32_t report_count;
    wc_ns reported, gap_min, gap_max; /* between reports */
};

extern struct bench b;

/* BLOCKS blocks of K symbols, 8 slots. */
struct wc_receiver_config bench_default_config(void);
void bench_open_with(const struct wc_receiver_config *config);
void bench_open_default(void);

/* The first datagram (packet number 100) and its report are history, everything is lacking. */
void bench_open_reached(void);
void bench_close(void);

/* Events. */
enum wc_err bench_input(struct wc_receiver_event event);
struct wc_header bench_data_header(uint64_t pn, uint32_t sbn, uint32_t esi);
enum wc_err bench_take(struct wc_header header);
void bench_data(uint32_t sbn, uint32_t esi); /* with the next packet number; asserted: ok */
void bench_data_block(uint32_t sbn);         /* all its source symbols */
void bench_beacon(uint8_t flags);
enum wc_err bench_stored(uint32_t sbn, bool ok);
void bench_status(uint32_t report_interval_us);

/* One call of output; true: b.report is new. */
bool bench_output(void);

/* As the shell does: sleep until the deadline, then ask. */
void bench_run(wc_ns until);
void bench_forget_reports(void);

struct wc_receiver_stats bench_stats(void);

/* The only notice that waits. */
struct wc_receiver_notice bench_expect_notice(enum wc_receiver_notice_type type);
void bench_expect_no_notice(void);

#endif
