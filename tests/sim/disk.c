/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/disk.h"

#include <assert.h>
#include <stdlib.h>

void wc_disk_init(struct wc_disk *d, const struct wc_disk_config *config, uint32_t slot_count,
                  uint64_t seed)
{
    *d = (struct wc_disk){.config = *config, .slot_count = slot_count};
    wc_dice_init(&d->rot, config->rot, seed);
    d->jobs = calloc(slot_count, sizeof(*d->jobs));
    assert(d->jobs);
}

void wc_disk_deinit(struct wc_disk *d)
{
    free(d->jobs);
    *d = (struct wc_disk){0};
}

void wc_disk_heal(struct wc_disk *d)
{
    wc_dice_set(&d->rot, 0.0);
    d->config.fails_after = 0;
}

void wc_disk_reset(struct wc_disk *d)
{
    d->job_count = 0;
    d->free_at = 0;
}

bool wc_disk_add(struct wc_disk *d, wc_ns now, const struct wc_disk_job *job, uint32_t byte_count,
                 wc_ns *ret_at)
{
    if (d->job_count == d->slot_count)
        return false;
    d->jobs[(d->first + d->job_count++) % d->slot_count] = *job;
    if (d->free_at < now)
        d->free_at = now;
    d->free_at += d->config.decode_ns;
    if (d->config.rate_bps)
        d->free_at += (wc_ns)byte_count * 8 * WC_S(1) / d->config.rate_bps;
    *ret_at = d->free_at;
    return true;
}

enum wc_disk_result wc_disk_finish(struct wc_disk *d, struct wc_disk_job *ret_job)
{
    assert(d->job_count > 0);
    *ret_job = d->jobs[d->first];
    d->first = (d->first + 1) % d->slot_count;
    d->job_count--;
    if (d->config.fails_after && d->stored_count >= d->config.fails_after)
        return WC_DISK_FAILED;
    if (wc_dice_roll(&d->rot))
        return WC_DISK_ROT;
    d->stored_count++;
    return WC_DISK_STORED;
}
