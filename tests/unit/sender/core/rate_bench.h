/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A rate policy on the bench: epochs with so much loss, one after the other. */
#ifndef WC_TESTS_SENDER_CORE_RATE_BENCH_H
#define WC_TESTS_SENDER_CORE_RATE_BENCH_H

#include "sender/core/rate.h"

#include "common/core/limits.h"
#include "tests/unit/common/core/support.h"

#define MAX_BPS  1000000000ull
#define MIN_BPS  10000000ull
#define INTERVAL WC_MS(20)
#define EPOCH    WC_MS(50)
#define MARGIN   0.97 /* the rate stays this far below a limit */

/* The first hold below a limit: the longer, the further the rate could rise above it. */
static inline wc_ns first_hold(double limit)
{
    double span = 0.25e9 * (MAX_BPS / limit) * (MAX_BPS / limit);
    return span < 2e9 ? (wc_ns)span : WC_S(2);
}

struct bench {
    struct wc_rate r;
    wc_ns now;
    uint64_t pn; /* the next one */
};

static inline void bench_open(struct bench *b)
{
    *b = (struct bench){.now = WC_S(5), .pn = 1000};
    wc_rate_init(&b->r, MAX_BPS, MIN_BPS, b->now);
}

/* Of 10,000 datagrams; losses in hundredths of a percent. */
static inline void sample(struct bench *b, uint32_t member, uint32_t overflow, uint32_t network)
{
    struct wc_rate_sample s = {.member = member,
                               .from_pn = b->pn,
                               .received_count = 10000 - overflow - network,
                               .lost_count = overflow + network,
                               .overflow_count = overflow};
    wc_rate_sample(&b->r, &s);
}

static inline bool end_epoch(struct bench *b, uint64_t sent_bits)
{
    uint64_t before = b->r.bps;
    wc_rate_sent(&b->r, sent_bits);
    b->now += EPOCH;
    b->pn += 10000;
    bool changed = wc_rate_step(&b->r, b->now, INTERVAL, b->pn);
    assert_int_equal(changed, b->r.bps != before);
    uint64_t floor = b->r.min_bps < b->r.max_bps ? b->r.min_bps : b->r.max_bps;
    assert_true(b->r.bps >= floor && b->r.bps <= b->r.max_bps);
    return changed;
}

/* An epoch at full rate in which the worst receiver lost so much; true: the rate changed. */
static inline bool epoch(struct bench *b, uint32_t overflow, uint32_t network)
{
    sample(b, 0, overflow, network);
    return end_epoch(b, b->r.bps / (WC_S(1) / EPOCH));
}

static inline void quiet_until(struct bench *b, wc_ns end)
{
    while (b->now + EPOCH < end)
        assert_false(epoch(b, 0, 0));
}

static inline void assert_rate(const struct bench *b, double bps)
{
    double is = (double)b->r.bps;
    if (is < bps * 0.9999 - 1 || is > bps * 1.0001 + 1)
        fail_msg("%f instead of %f bit/s", is, bps);
}

/* Two lossy epochs at the present rate, and the probe begins. */
static inline void lose_until_probe(struct bench *b, uint32_t network)
{
    double before = (double)b->r.bps;
    assert_false(epoch(b, 0, network));
    assert_true(epoch(b, 0, network));
    assert_int_equal(b->r.mode, WC_RATE_PROBING);
    assert_rate(b, MARGIN * before * (1 - network / 10000.0));
}

#endif
