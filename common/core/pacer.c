/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/pacer.h"

#include <assert.h>

#define PS_PER_S  1000000000000ull
#define PS_PER_NS 1000u
/* A group is what the rate brings in this time: timers are no finer, and slow links get no
 * bursts. */
#define GROUP_PS (250000ull * PS_PER_NS)
/* Credit that a late wake-up may still use. */
#define CATCH_UP_PS (300000ull * PS_PER_NS)

static uint64_t since_origin_ps(const struct wc_pacer *p, wc_ns now)
{
    return (now - p->origin) * PS_PER_NS;
}

void wc_pacer_init(struct wc_pacer *p, uint32_t wire_bytes, uint64_t rate_bps, wc_ns now)
{
    *p = (struct wc_pacer){.origin = now};
    wc_pacer_set_rate(p, wire_bytes, rate_bps);
}

void wc_pacer_set_rate(struct wc_pacer *p, uint32_t wire_bytes, uint64_t rate_bps)
{
    assert(wire_bytes > 0 && rate_bps > 0);
    uint64_t cost_ps = (uint64_t)wire_bytes * 8u * PS_PER_S / rate_bps;
    p->cost_ps = cost_ps ? cost_ps : 1;
    uint64_t group = GROUP_PS / p->cost_ps;
    p->group = group > WC_PACER_GROUP_MAX ? WC_PACER_GROUP_MAX : group ? (uint32_t)group : 1;
}

uint32_t wc_pacer_credit(struct wc_pacer *p, wc_ns now)
{
    uint64_t now_ps = since_origin_ps(p, now);
    uint64_t reach_ps = CATCH_UP_PS + p->group * p->cost_ps;
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
