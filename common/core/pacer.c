/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/pacer.h"

#include <assert.h>

#define PS_PER_S  1000000000000ull
#define PS_PER_NS 1000u
/* A group is what the rate brings in this time: timers are no finer, and slow links get no
 * bursts. */
#define GROUP_PS (250000ull * PS_PER_NS)
/* To wake up more often costs more than it is worth. */
#define GROUP_MIN_PS    (50000ull * PS_PER_NS)
#define CATCH_UP_MIN_PS (300000ull * PS_PER_NS)
#define CATCH_UP_MAX_PS (WC_PACER_CATCH_UP_MAX * PS_PER_NS)

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint32_t group_of(uint64_t cost_ps)
{
    uint64_t group = smaller(GROUP_PS / cost_ps, WC_PACER_GROUP);
    group = larger(group, smaller(GROUP_MIN_PS / cost_ps, WC_PACER_GROUP_MAX));
    return (uint32_t)larger(group, 1);
}

/* Of n datagrams at the speed of the line, n * (1 - rate / line) pile up. */
static uint64_t catch_up_of(const struct wc_pacer *p, uint64_t rate_bps)
{
    uint64_t ps = WC_PACER_BURST * p->cost_ps;
    if (p->line_bps > 0)
        ps = rate_bps < p->line_bps
                 ? (uint64_t)((double)ps / (1.0 - (double)rate_bps / (double)p->line_bps))
                 : CATCH_UP_MAX_PS;
    ps = larger(ps, CATCH_UP_MIN_PS);
    return smaller(ps, larger(CATCH_UP_MAX_PS, WC_PACER_BURST * p->cost_ps));
}

static uint64_t since_origin_ps(const struct wc_pacer *p, wc_ns now)
{
    return (now - p->origin) * PS_PER_NS;
}

void wc_pacer_init(struct wc_pacer *p, uint32_t wire_bytes, uint64_t rate_bps, uint64_t line_bps,
                   wc_ns now)
{
    *p = (struct wc_pacer){.origin = now, .line_bps = line_bps};
    wc_pacer_set_rate(p, wire_bytes, rate_bps);
}

void wc_pacer_set_rate(struct wc_pacer *p, uint32_t wire_bytes, uint64_t rate_bps)
{
    assert(wire_bytes > 0 && rate_bps > 0);
    uint64_t cost_ps = (uint64_t)wire_bytes * 8u * PS_PER_S / rate_bps;
    p->cost_ps = cost_ps ? cost_ps : 1;
    p->group = group_of(p->cost_ps);
    p->catch_up_ps = catch_up_of(p, rate_bps);
}

uint32_t wc_pacer_credit(struct wc_pacer *p, wc_ns now)
{
    uint64_t now_ps = since_origin_ps(p, now);
    uint64_t reach_ps = p->catch_up_ps + p->group * p->cost_ps;
    if (now_ps > reach_ps && p->next_ps < now_ps - reach_ps)
        p->next_ps = now_ps - reach_ps;
    if (now_ps < p->next_ps)
        return 0;
    uint64_t credit = (now_ps - p->next_ps) / p->cost_ps;
    if (credit < p->group)
        return 0;
    return credit > UINT32_MAX ? UINT32_MAX : (uint32_t)credit;
}

void wc_pacer_spend(struct wc_pacer *p, uint32_t count)
{
    p->next_ps += count * p->cost_ps;
}

wc_ns wc_pacer_deadline(const struct wc_pacer *p)
{
    return p->origin + (p->next_ps + p->group * p->cost_ps + PS_PER_NS - 1) / PS_PER_NS;
}
