/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sender's core on a bench: events in, notices and datagrams counted, time by hand. What must
 * hold always is asserted at each step. */
#ifndef WC_TESTS_UNIT_SENDER_CORE_BENCH_H
#define WC_TESTS_UNIT_SENDER_CORE_BENCH_H

#include "sender/core/sender.h"
#include "tests/unit/common/core/support.h"

#define BENCH_INSTANCE 0xdeadbeefu
#define BENCH_WIRE     1538u
#define BENCH_START    WC_S(77)
#define BENCH_MEMBERS  4u
#define BENCH_BLOCKS   8u
#define BENCH_K        16u
#define BENCH_SEEN_MAX 4096u
#define BENCH_CAPACITY 32u
#define BENCH_SILENCE  WC_S(10)

struct bench_seen { /* a datagram */
    struct wc_header header;
    wc_ns at;
};

struct bench {
    struct wc_sender *s;
    struct wc_sender_config config;
    struct test_heap heap;
    wc_ns now;
    uint64_t pn; /* that the next datagram must have */
    uint64_t data_count, beacon_count;
    uint32_t refuse;                        /* of each batch, so many are refused by the kernel */
    struct bench_seen seen[BENCH_SEEN_MAX]; /* the last ones; a ring */
    uint64_t seen_count;
    struct wc_sender_notice notices[64]; /* since bench_forget; all of them */
    uint32_t notice_count;
};

/* BENCH_BLOCKS blocks of BENCH_K symbols at 100 Mbit/s, started by command only. */
struct wc_sender_config bench_config(void);
void bench_open(struct bench *b, const struct wc_sender_config *config);
void bench_close(struct bench *b);

/* An event, and its notices. */
enum wc_err bench_input(struct bench *b, struct wc_sender_event event);
enum wc_err bench_member(struct bench *b, enum wc_sender_event_type type, uint32_t member);
void bench_join(struct bench *b, uint32_t member);  /* asserted: ok */
void bench_ready(struct bench *b, uint32_t member); /* joins too */
void bench_done(struct bench *b, uint32_t member, bool ok);
void bench_start(struct bench *b);

/* What the member lacks: `count` blocks from `sbn`, `missing` symbols each, as seen at packet
 * number pn. */
struct wc_report *bench_report(struct bench *b, uint64_t pn, uint32_t sbn, uint32_t count,
                               uint8_t missing);
enum wc_err bench_send(struct bench *b, uint32_t member, const struct wc_report *report);

/* One call of output at `now`, or all until `until`: the shell's loop in virtual time. */
size_t bench_output(struct bench *b);
void bench_run(struct bench *b, wc_ns until);

/* The n-th last datagram, 0 the last. */
const struct bench_seen *bench_last(const struct bench *b, uint64_t n);

struct wc_sender_stats bench_stats(const struct bench *b);
bool bench_has_phase(const struct bench *b, enum wc_phase phase);
bool bench_has_member(const struct bench *b, uint32_t member, enum wc_member_state state);
void bench_forget(struct bench *b); /* notices and datagrams so far */

#endif
