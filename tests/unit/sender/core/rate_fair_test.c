/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two sessions on one link: each has its own policy and knows nothing of the other. */
#include "tests/unit/sender/core/rate_bench.h"

#define LINK_BPS ((double)MAX_BPS)
#define SETTLED  400 /* epochs: 20 s */
#define WATCHED  600

struct session {
    struct bench b;
    double sum;
};

/* The link takes from both the same share of what they send, of single samples a bit more or
 * less. */
static void share_link(struct session s[2], struct wc_rng *rng, int who)
{
    double offered = (double)s[0].b.r.bps + (double)s[1].b.r.bps;
    double loss = offered > LINK_BPS ? 1.0 - LINK_BPS / offered : 0.0;
    uint32_t lost = (uint32_t)(loss * 10000.0);
    if (lost > 0 && lost < 9900)
        lost += (uint32_t)wc_rng_below(rng, 100);
    (void)epoch(&s[who].b, 0, lost);
}

/* The second one comes `after` epochs later; their epochs alternate, or sometimes do not. */
static void run(struct session s[2], struct wc_rng *rng, int after)
{
    bench_open(&s[0].b);
    for (int i = 0; i < after; i++)
        (void)epoch(&s[0].b, 0, 0);
    bench_open(&s[1].b);
    s[0].sum = s[1].sum = 0;
    for (int i = 0; i < SETTLED + WATCHED; i++) {
        int first = (int)wc_rng_below(rng, 2);
        share_link(s, rng, first);
        share_link(s, rng, 1 - first);
        if (i < SETTLED)
            continue;
        double offered = (double)s[0].b.r.bps + (double)s[1].b.r.bps;
        double carried = offered > LINK_BPS ? LINK_BPS / offered : 1.0;
        for (int k = 0; k < 2; k++)
            s[k].sum += carried * (double)s[k].b.r.bps / WATCHED / LINK_BPS;
    }
}

static void two_sessions_share_a_link(void **state)
{
    (void)state;
    struct wc_rng rng = test_rng(__func__);
    for (int after = 0; after < 100; after += 7) {
        struct session s[2];
        run(s, &rng, after);
        double less = s[0].sum < s[1].sum ? s[0].sum : s[1].sum;
        if (less < 0.3 || s[0].sum + s[1].sum < 0.85)
            fail_msg("after %d epochs: %.2f and %.2f of the link", after, s[0].sum, s[1].sum);
    }
}

/* When both have settled, the link is not flooded: what is lost is little. */
static void two_sessions_do_not_flood_a_link(void **state)
{
    (void)state;
    struct wc_rng rng = test_rng(__func__);
    for (int after = 0; after < 100; after += 7) {
        struct session s[2];
        run(s, &rng, after);
        double offered = ((double)s[0].b.r.bps + (double)s[1].b.r.bps) / LINK_BPS;
        if (offered > 1.15)
            fail_msg("after %d epochs: %.2f of the link is sent", after, offered);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_sessions_share_a_link),
        cmocka_unit_test(two_sessions_do_not_flood_a_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
