/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/core/rate.h"

#define EPOCH_MIN WC_MS(50)
/* Samples with fewer datagrams say nothing about a share. */
#define SAMPLE_COUNT_MIN 64u
/* Losses below these are repaired, not obeyed. */
#define HOST_LOSS_LIMIT    0.005
#define NETWORK_LOSS_LIMIT 0.02

void wc_rate_init(struct wc_rate *r, uint64_t max_bps, uint64_t min_bps, wc_ns now)
{
    *r = (struct wc_rate){
        .max_bps = max_bps,
        .min_bps = min_bps < max_bps ? min_bps : max_bps,
        .bps = max_bps,
        .epoch_start = now,
    };
}

void wc_rate_set_max(struct wc_rate *r, uint64_t max_bps)
{
    r->max_bps = max_bps;
    if (r->min_bps > max_bps)
        r->min_bps = max_bps;
    if (r->bps > max_bps)
        r->bps = max_bps;
}

void wc_rate_sample(struct wc_rate *r, const struct wc_rate_sample *s)
{
    uint64_t sent = s->received_count + s->lost_count;
    if (sent < SAMPLE_COUNT_MIN)
        return;
    uint64_t overflow = s->overflow_count < s->lost_count ? s->overflow_count : s->lost_count;
    double host = (double)(overflow + s->refused_count) / (double)sent;
    double network = (double)(s->lost_count - overflow) / (double)sent;
    if (host > r->host_loss)
        r->host_loss = host;
    if (network > r->network_loss)
        r->network_loss = network;
}

static void move_to(struct wc_rate *r, double bps)
{
    uint64_t to = bps > (double)r->max_bps ? r->max_bps : (uint64_t)bps;
    r->bps = to < r->min_bps ? r->min_bps : to;
}

static void rise(struct wc_rate *r)
{
    bool near = r->ceiling_bps && (double)r->bps > 0.95 * (double)r->ceiling_bps;
    if (near && r->bps > r->ceiling_bps)
        r->ceiling_bps = 0; /* it holds: the old ceiling is gone */
    move_to(r, (double)r->bps * (near ? 1.01 : 1.10));
}

static void yield_to_host(struct wc_rate *r)
{
    r->ceiling_bps = r->bps;
    double keep = 1.0 - 1.1 * r->host_loss;
    move_to(r, (double)r->bps * (keep > 0.5 ? keep : 0.5));
    r->mode = WC_RATE_STEADY;
}

static void begin_probe(struct wc_rate *r)
{
    r->before_bps = r->bps;
    r->network_before = r->network_loss;
    double keep = 1.0 - 1.02 * r->network_loss;
    move_to(r, (double)r->bps * (keep > 0.5 ? keep : 0.5));
    r->mode = WC_RATE_PROBING;
}

static void judge_probe(struct wc_rate *r)
{
    r->mode = WC_RATE_STEADY;
    if (r->network_loss < 0.6 * r->network_before) {
        r->ceiling_bps = r->before_bps;
        return;
    }
    r->network_floor = r->network_loss;
    r->bps = r->before_bps < r->max_bps ? r->before_bps : r->max_bps;
}

/* One lossy epoch may be a receiver's outage; congestion comes again. */
static void decide(struct wc_rate *r)
{
    bool lossy = r->network_loss > 1.5 * r->network_floor + NETWORK_LOSS_LIMIT;
    bool again = lossy && r->was_lossy;
    r->was_lossy = lossy;
    if (r->host_loss > HOST_LOSS_LIMIT)
        yield_to_host(r);
    else if (r->mode == WC_RATE_PROBING)
        judge_probe(r);
    else if (again)
        begin_probe(r);
    else if (!lossy)
        rise(r);
}

bool wc_rate_step(struct wc_rate *r, wc_ns now, wc_ns report_interval)
{
    wc_ns epoch = 2 * report_interval > EPOCH_MIN ? 2 * report_interval : EPOCH_MIN;
    if (now - r->epoch_start < epoch)
        return false;
    uint64_t before = r->bps;
    if (r->epoch_settled)
        decide(r);
    r->epoch_settled = r->bps == before;
    r->epoch_start = now;
    r->host_loss = 0;
    r->network_loss = 0;
    return r->bps != before;
}
