/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A receiver's way from a complete block to a stored one: decoding and writing, one block after the
 * other, in order. A slot stays in use until its block is stored. */
#ifndef WC_SIM_DISK_H
#define WC_SIM_DISK_H

#include "tests/sim/config.h"
#include "tests/sim/dice.h"

struct wc_disk_job {
    uint32_t sbn;
    uint32_t slot;
    const uint8_t *esi; /* the core's */
};

struct wc_disk {
    struct wc_disk_config config;
    struct wc_dice rot;
    struct wc_disk_job *jobs; /* a ring of slot_count */
    uint32_t slot_count;
    uint32_t first;
    uint32_t job_count;
    uint32_t stored_count;
    wc_ns free_at;
};

enum wc_disk_result {
    WC_DISK_STORED,
    WC_DISK_ROT,    /* what was read from memory is not what was received */
    WC_DISK_FAILED, /* nothing can be written any more */
};

void wc_disk_init(struct wc_disk *d, const struct wc_disk_config *config, uint32_t slot_count,
                  uint64_t seed);
void wc_disk_deinit(struct wc_disk *d);

/* No more damage or failure; the rate stays what it is. */
void wc_disk_heal(struct wc_disk *d);

/* Start over with nothing under way: the process was started again. */
void wc_disk_reset(struct wc_disk *d);

/* Take a block's job; when it will be through. False: more jobs than slots. */
bool wc_disk_add(struct wc_disk *d, wc_ns now, const struct wc_disk_job *job, uint32_t byte_count,
                 wc_ns *ret_at);

/* The first job is through: what became of it. */
enum wc_disk_result wc_disk_finish(struct wc_disk *d, struct wc_disk_job *ret_job);

#endif
