/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/core/rate.h"

#include <assert.h>

#define EPOCH_MIN WC_MS(50)
/* Losses below these are repaired, not obeyed. */
#define HOST_LOSS_LIMIT    0.005
#define NETWORK_LOSS_LIMIT 0.02
/* A host that is too slow loses nothing when it is sent a fifth less. Who loses so little at any
 * rate has another fault: the kernel also counts what it drops for a wrong checksum. */
#define HOST_FAULT_MAX   0.1
#define HOST_FAULT_SHARE 0.8
/* Less than this arrived: no slow path, but none. */
#define OUTAGE_SHARE 0.002
/* Under a limit that was found, stay this far below it. */
#define LIMIT_MARGIN 0.97
/* A probe waits until so many datagrams would have been lost if it did not help: they may be lost
 * by whole groups, and ten groups say something. No longer than this. */
#define PROBE_EVIDENCE 400.0
#define PROBE_MAX      WC_S(3)
#define HOLD_MIN       WC_MS(250)
#define HOLD_MAX       WC_S(16)
#define HOLD_FIRST_MAX WC_S(2)
/* Who was sent less than this share of the floor rate shows nothing about it. */
#define SLOW_EVIDENCE 0.9
/* Steps up: near a limit, and where none is known. */
#define TRIAL_STEP 1.02
#define RISE_STEP  1.25
/* So far above the old limit without loss, it is gone. */
#define LIMIT_GONE 1.1
/* A limit so near to the last one is that one, met again behind a deep queue. */
#define LIMIT_SAME_LOW  0.8
#define LIMIT_SAME_HIGH 1.25

static void begin_epoch(struct wc_rate *r, wc_ns now)
{
    r->epoch_start = now;
    r->has_sample = false;
    r->sent_bits = 0;
    r->was_idle = false;
    r->watched_sent = r->watched_lost = 0;
    r->host = (struct wc_rate_worst){.share = 1.0};
    r->network = (struct wc_rate_worst){.share = 1.0};
}

void wc_rate_init(struct wc_rate *r, uint64_t max_bps, uint64_t min_bps, wc_ns now)
{
    *r = (struct wc_rate){
        .max_bps = max_bps,
        .min_bps = min_bps,
        .bps = max_bps,
        .hold_span = HOLD_MIN,
    };
    begin_epoch(r, now);
}

void wc_rate_set_max(struct wc_rate *r, uint64_t max_bps)
{
    r->max_bps = max_bps;
    if (r->bps > max_bps)
        r->bps = max_bps;
}

static void note_worst(struct wc_rate_worst *worst, double share, uint32_t member)
{
    if (share < worst->share)
        *worst = (struct wc_rate_worst){.share = share, .member = member};
}

void wc_rate_sample(struct wc_rate *r, const struct wc_rate_sample *s)
{
    uint64_t sent = s->received_count + s->lost_count;
    if (sent < WC_RATE_SAMPLE_MIN || (double)s->received_count < OUTAGE_SHARE * (double)sent)
        return;
    if (s->from_pn < r->change_pn)
        return; /* deep queues show what was sent before for a long time */
    r->has_sample = true;
    uint64_t overflow = s->overflow_count < s->lost_count ? s->overflow_count : s->lost_count;
    uint64_t refused = s->refused_count < s->received_count ? s->refused_count : s->received_count;
    uint64_t by_host = overflow + refused; /* at most all: reports may lie */
    uint64_t by_network = s->lost_count - overflow;
    if (s->member == r->watched) {
        r->watched_sent += sent;
        r->watched_lost += by_network;
    }
    note_worst(&r->host, 1.0 - (double)by_host / (double)sent, s->member);
    note_worst(&r->network, 1.0 - (double)by_network / (double)sent, s->member);
}

void wc_rate_sent(struct wc_rate *r, uint64_t bits)
{
    r->sent_bits += bits;
}

void wc_rate_idle(struct wc_rate *r)
{
    r->was_idle = true;
}

/* What really left in this epoch, in bit/s: the local link may be slower than the rate. */
static double sent_bps(const struct wc_rate *r, wc_ns now)
{
    double bps = (double)r->sent_bits * 1e9 / (double)(now - r->epoch_start);
    return r->was_idle || bps > (double)r->bps ? (double)r->bps : bps;
}

static void move_to(struct wc_rate *r, double bps)
{
    assert(bps >= 0);
    uint64_t to = bps > (double)r->max_bps ? r->max_bps : (uint64_t)bps;
    uint64_t floor = r->min_bps < r->max_bps ? r->min_bps : r->max_bps;
    r->bps = to < floor ? floor : to;
}

/* What a trial that is wrong costs grows with how far the rate can rise above the limit. */
static wc_ns first_hold(const struct wc_rate *r, double bps)
{
    double reach = bps < (double)r->max_bps ? (double)r->max_bps / (bps > 1.0 ? bps : 1.0) : 1.0;
    double span = (double)HOLD_MIN * reach * reach;
    return span < (double)HOLD_FIRST_MAX ? (wc_ns)span : HOLD_FIRST_MAX;
}

/* The slowest took `share` of what was sent: stay below, and find out later whether that is still
 * so. Who was sent less than the floor, for the sender had no more time, is not too slow for it. */
static void hold_below(struct wc_rate *r, double share, double sent, uint32_t member, wc_ns now)
{
    double bps = share * sent;
    if (sent < SLOW_EVIDENCE * (double)r->slow_bps)
        bps = (double)r->slow_bps;
    if (bps < (double)r->slow_bps) {
        r->has_too_slow = true;
        r->too_slow = member;
        r->mode = r->limit_bps ? WC_RATE_HOLDING : WC_RATE_RISING;
        return;
    }
    double last = (double)r->last_limit_bps;
    bool again = bps > LIMIT_SAME_LOW * last && bps < LIMIT_SAME_HIGH * last;
    wc_ns span = again ? 2 * r->hold_span : first_hold(r, bps);
    r->hold_span = span < HOLD_MAX ? span : HOLD_MAX;
    r->limit_bps = bps > 1.0 ? (uint64_t)bps : 1;
    r->last_limit_bps = r->limit_bps;
    r->slowest = member;
    r->mode = WC_RATE_HOLDING;
    r->hold_until = now + r->hold_span;
    move_to(r, LIMIT_MARGIN * bps);
}

static void rise(struct wc_rate *r, wc_ns now)
{
    if (r->mode == WC_RATE_HOLDING && now < r->hold_until)
        return;
    if (r->mode == WC_RATE_HOLDING && (double)r->bps > LIMIT_GONE * (double)r->limit_bps) {
        r->mode = WC_RATE_RISING;
        r->limit_bps = 0;
    }
    move_to(r, (double)r->bps * (r->mode == WC_RATE_HOLDING ? TRIAL_STEP : RISE_STEP));
}

/* Of what was sent to the watched one in this epoch, the network's part. */
static double watched_share(const struct wc_rate *r)
{
    return r->watched_sent ? 1.0 - (double)r->watched_lost / (double)r->watched_sent : 1.0;
}

static void begin_probe(struct wc_rate *r, wc_ns now)
{
    double sent = sent_bps(r, now);
    r->before_bps = r->bps;
    r->before_sent_bps = sent;
    r->before_share = watched_share(r);
    r->mode = WC_RATE_PROBING;
    r->probe_start = now;
    move_to(r, LIMIT_MARGIN * r->before_share * sent);
}

/* The probe sends no more than arrived before: through a full network that passes nearly whole,
 * while random loss takes its share again. */
static void judge_probe(struct wc_rate *r, wc_ns now)
{
    r->mode = r->limit_bps ? WC_RATE_HOLDING : WC_RATE_RISING;
    uint64_t before = r->before_bps < r->max_bps ? r->before_bps : r->max_bps;
    double share = watched_share(r);
    bool full = r->watched_sent && 1.0 - share < 0.5 * (1.0 - r->before_share);
    if (full)
        hold_below(r, r->before_share, r->before_sent_bps, r->watched, now);
    else if (r->watched_sent)
        r->floor = 1.0 - share;
    if (!full || r->has_too_slow)
        r->bps = before;
}

/* The host's loss is the same though it was sent less and less: it is no matter of the rate. */
static bool is_host_fault(const struct wc_rate *r, double loss)
{
    return r->host_before_bps && loss < HOST_FAULT_MAX && loss > 0.5 * r->host_before_loss &&
           (double)r->bps < HOST_FAULT_SHARE * (double)r->host_before_bps;
}

static void follow_host(struct wc_rate *r, wc_ns now)
{
    double loss = 1.0 - r->host.share;
    if (is_host_fault(r, loss)) {
        r->host_floor = loss;
        r->mode = WC_RATE_RISING;
        r->limit_bps = 0;
        move_to(r, (double)r->host_before_bps);
        r->host_before_bps = 0;
        return;
    }
    if (!r->host_before_bps) {
        r->host_before_bps = r->bps;
        r->host_before_loss = loss;
    }
    hold_below(r, r->host.share, sent_bps(r, now), r->host.member, now);
}

static bool is_lossy(const struct wc_rate *r, double loss)
{
    return loss > 1.5 * r->floor + NETWORK_LOSS_LIMIT;
}

/* One lossy epoch may be a moment's outage; congestion comes again, to the same receiver. */
static void decide(struct wc_rate *r, wc_ns now)
{
    double network_loss = 1.0 - r->network.share;
    bool lossy = is_lossy(r, network_loss);
    bool again = lossy && r->was_lossy && is_lossy(r, 1.0 - watched_share(r));
    r->was_lossy = lossy;
    if (network_loss < r->floor)
        r->floor = 0.5 * (r->floor + network_loss);
    double host_loss = 1.0 - r->host.share;
    bool host_lossy = host_loss > 1.5 * r->host_floor + HOST_LOSS_LIMIT;
    if (host_loss < r->host_floor)
        r->host_floor = 0.5 * (r->host_floor + host_loss);
    if (!host_lossy)
        r->host_before_bps = 0;
    if (host_lossy)
        follow_host(r, now);
    else if (r->mode == WC_RATE_PROBING)
        judge_probe(r, now);
    else if (again)
        begin_probe(r, now);
    else if (!lossy)
        rise(r, now);
    if (r->mode != WC_RATE_PROBING)
        r->watched = r->network.member;
}

/* Nothing is decided without evidence; a probe waits for the answer of the receiver that it is
 * for, whose queue may be deep. */
static bool is_ripe(const struct wc_rate *r, wc_ns now, wc_ns report_interval)
{
    wc_ns epoch = 2 * report_interval > EPOCH_MIN ? 2 * report_interval : EPOCH_MIN;
    if (now - r->epoch_start < epoch)
        return false;
    if (r->mode == WC_RATE_PROBING && now - r->probe_start >= PROBE_MAX)
        return true;
    double expected = (double)r->watched_sent * (1.0 - r->before_share);
    return r->mode == WC_RATE_PROBING ? expected >= PROBE_EVIDENCE : r->has_sample;
}

bool wc_rate_step(struct wc_rate *r, wc_ns now, wc_ns report_interval, uint64_t pn)
{
    if (!is_ripe(r, now, report_interval))
        return false;
    uint64_t before = r->bps;
    decide(r, now);
    if (r->bps != before)
        r->change_pn = pn;
    begin_epoch(r, now);
    return r->bps != before;
}

bool wc_rate_too_slow(struct wc_rate *r, uint32_t *ret_member)
{
    bool has = r->has_too_slow;
    r->has_too_slow = false;
    *ret_member = r->too_slow;
    return has;
}

void wc_rate_forget(struct wc_rate *r, uint32_t member)
{
    if (r->limit_bps == 0 || r->slowest != member)
        return;
    r->limit_bps = 0;
    r->last_limit_bps = 0;
    r->hold_span = HOLD_MIN;
    r->mode = WC_RATE_RISING;
}
