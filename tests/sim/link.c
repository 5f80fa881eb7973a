/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/link.h"

enum stream {
    STREAM_LOSS,
    STREAM_CORRUPT,
    STREAM_BURST_ENTER,
    STREAM_BURST_LEAVE,
    STREAM_BURST_LOSS,
    STREAM_DUPLICATE,
    STREAM_JITTER,
};

void wc_link_init(struct wc_link *l, const struct wc_link_config *config, uint64_t seed)
{
    *l = (struct wc_link){.config = *config, .has_bursts = config->burst_enter > 0.0};
    wc_dice_init(&l->loss, config->loss, wc_seed_derive(seed, STREAM_LOSS, 0));
    wc_dice_init(&l->corrupt, config->corrupt, wc_seed_derive(seed, STREAM_CORRUPT, 0));
    wc_dice_init(&l->burst_enter, config->burst_enter, wc_seed_derive(seed, STREAM_BURST_ENTER, 0));
    wc_dice_init(&l->burst_leave, config->burst_leave, wc_seed_derive(seed, STREAM_BURST_LEAVE, 0));
    wc_dice_init(&l->burst_loss, config->burst_loss, wc_seed_derive(seed, STREAM_BURST_LOSS, 0));
    wc_dice_init(&l->duplicate, config->duplicate, wc_seed_derive(seed, STREAM_DUPLICATE, 0));
    l->jitter.state = wc_seed_derive(seed, STREAM_JITTER, 0);
}

void wc_link_heal(struct wc_link *l)
{
    wc_dice_set(&l->loss, 0.0);
    wc_dice_set(&l->corrupt, 0.0);
    wc_dice_set(&l->duplicate, 0.0);
    l->has_bursts = false;
    l->config.jitter = 0;
    l->config.rate_bps = 0;
    l->config.slow.to = 0;
    l->config.receive_ns = 0;
    l->config.blackout_count = 0;
}

bool wc_link_is_even(const struct wc_link_config *config)
{
    return !config->jitter && !config->rate_bps && !config->slow.to && !config->receive_ns &&
           config->duplicate <= 0.0;
}

wc_ns wc_link_blackout_end(const struct wc_link *l, wc_ns since)
{
    wc_ns end = since;
    for (uint32_t i = 0; i < l->config.blackout_count; i++) {
        const struct wc_interval *blackout = &l->config.blackouts[i];
        if (blackout->from <= end && end < blackout->to)
            end = blackout->to;
    }
    return end;
}

static bool burst_loses(struct wc_link *l)
{
    bool turns = wc_dice_roll(l->is_in_burst ? &l->burst_leave : &l->burst_enter);
    if (turns)
        l->is_in_burst = !l->is_in_burst;
    return l->is_in_burst && wc_dice_roll(&l->burst_loss);
}

bool wc_link_loses(struct wc_link *l, wc_ns since)
{
    bool lost = wc_dice_roll(&l->loss);
    if (l->has_bursts)
        lost |= burst_loses(l);
    if (l->config.blackout_count)
        lost |= wc_link_blackout_end(l, since) != since;
    return lost;
}

uint32_t wc_link_corrupts(struct wc_link *l)
{
    if (!wc_dice_roll(&l->corrupt))
        return WC_BIT_NONE;
    return (uint32_t)wc_rng_below(&l->corrupt.rng, WC_BIT_NONE);
}

static uint64_t port_bps(const struct wc_link *l, wc_ns since)
{
    const struct wc_interval *slow = &l->config.slow;
    return slow->from <= since && since < slow->to ? l->config.slow_rate_bps : l->config.rate_bps;
}

/* Through the switch port's queue. False: it is full. */
static bool pass_port(struct wc_link *l, wc_ns *at, uint32_t wire_bytes)
{
    uint64_t rate_bps = port_bps(l, *at);
    if (!rate_bps)
        return true;
    wc_ns free_at = l->port_free_at > *at ? l->port_free_at : *at;
    uint64_t queued_bytes = (free_at - *at) * rate_bps / 8 / WC_S(1);
    if (queued_bytes + wire_bytes > l->config.queue_bytes)
        return false;
    l->port_free_at = free_at + (wc_ns)wire_bytes * 8 * WC_S(1) / rate_bps;
    *at = l->port_free_at;
    return true;
}

/* Through the socket's buffer into the process. False: it overflows. */
static bool pass_host(struct wc_link *l, wc_ns *at)
{
    if (!l->config.receive_ns)
        return true;
    wc_ns free_at = l->host_free_at > *at ? l->host_free_at : *at;
    if ((free_at - *at) / l->config.receive_ns >= l->config.buffer_count) {
        l->overflow_count++;
        return false;
    }
    l->host_free_at = free_at + l->config.receive_ns;
    *at = l->host_free_at;
    return true;
}

size_t wc_link_carry(struct wc_link *l, wc_ns since, uint32_t wire_bytes, struct wc_arrival ret[2])
{
    size_t copies = wc_dice_roll(&l->duplicate) ? 2 : 1;
    size_t count = 0;
    wc_ns sent_at = since;
    if (wc_link_loses(l, since) || !pass_port(l, &sent_at, wire_bytes))
        return 0;
    for (size_t i = 0; i < copies; i++) {
        wc_ns at = sent_at + l->config.delay;
        if (l->config.jitter)
            at += wc_rng_below(&l->jitter, l->config.jitter + 1);
        uint32_t bit = wc_link_corrupts(l);
        if (pass_host(l, &at))
            ret[count++] = (struct wc_arrival){.at = at, .corrupt_bit = bit};
    }
    return count;
}
