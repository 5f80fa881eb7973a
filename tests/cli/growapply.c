/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Applies an image of a WIM that grows under its eyes, out of order: of COPY, which is the WIM, all
 * data is made wrong first, then put right again block by block in an order that SEED makes, and
 * made wrong again as soon as the applier says that it has done with it. So whatever is read too
 * early or too late is damage. Of all data it has to be told once that nobody needs it any more.
 *
 * usage: growapply COPY IMAGE TARGET BLOCK_BYTES SEED */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/core/rng.h"
#include "receiver/shell/applier.h"
#include "receiver/shell/applychild.h"
#include "receiver/shell/applychoice.h"

#define WRONG    0xee
#define LINGER   64   /* so many blocks, then the applier has to have stopped for want of more */
#define WAIT_MAX 5000 /* milliseconds for that */

struct part {
    uint8_t *bytes; /* as they are right */
    uint8_t *ready; /* 1 for each that is there */
    uint8_t *gone;  /* how often each was given up */
    uint64_t byte_count;
    int fd; /* of the copy, for writing */
};

struct grow {
    pthread_mutex_t lock;
    struct part parts[WC_WIM_PARTS_MAX];
    struct wc_wim *wim;
    uint64_t block_bytes;
};

static bool is_ready(void *ctx, uint16_t part, uint64_t offset, uint64_t count)
{
    struct grow *g = ctx;
    const struct part *p = &g->parts[part - 1];
    pthread_mutex_lock(&g->lock);
    bool all = offset + count <= p->byte_count;
    for (uint64_t i = offset; all && i < offset + count; i++)
        all = p->ready[i];
    pthread_mutex_unlock(&g->lock);
    return all;
}

static void put(const struct part *p, const void *bytes, uint64_t offset, uint64_t count)
{
    if (pwrite(p->fd, bytes, count, (off_t)offset) != (ssize_t)count)
        abort();
}

static void spoil(const struct part *p, uint64_t offset, uint64_t count)
{
    uint8_t wrong[4096];
    memset(wrong, WRONG, sizeof wrong);
    while (count) {
        uint64_t step = count < sizeof wrong ? count : sizeof wrong;
        put(p, wrong, offset, step);
        offset += step;
        count -= step;
    }
}

static void on_consumed(void *ctx, uint16_t part, uint64_t offset, uint64_t count)
{
    struct grow *g = ctx;
    struct part *p = &g->parts[part - 1];
    pthread_mutex_lock(&g->lock);
    spoil(p, offset, count);
    for (uint64_t i = offset; i < offset + count; i++)
        p->gone[i]++;
    pthread_mutex_unlock(&g->lock);
}

/* --- the copy ------------------------------------------------------------------------------- */

static bool is_data(const struct wc_wim_resource *r)
{
    return r->area == WC_WIM_AREA_DATA;
}

/* A solid resource's head and table of chunks are with the structure, which comes first. */
static uint64_t head_bytes(const struct wc_wim_resource *r)
{
    struct wc_wim_layout layout;
    if (!r->form.solid || wc_wim_layout_init(&layout, &r->form))
        return 0;
    return layout.data_offset;
}

static void begin(struct grow *g)
{
    for (uint16_t i = 0; i < g->wim->part_count; i++) {
        struct part *p = &g->parts[i];
        p->byte_count = g->wim->parts[i].byte_count;
        p->bytes = malloc(p->byte_count);
        p->ready = malloc(p->byte_count);
        p->gone = calloc(p->byte_count, 1);
        p->fd = open(g->wim->parts[i].path, O_RDWR | O_CLOEXEC);
        if (!p->bytes || !p->ready || !p->gone || p->fd < 0 ||
            pread(p->fd, p->bytes, p->byte_count, 0) != (ssize_t)p->byte_count)
            abort();
        memset(p->ready, 1, p->byte_count);
    }
    for (uint32_t i = 0; i < wc_wimmap_resource_count(g->wim->map); i++) {
        const struct wc_wim_resource *r = wc_wimmap_resource(g->wim->map, i);
        if (!is_data(r))
            continue;
        struct part *p = &g->parts[r->part - 1];
        uint64_t from = r->offset - r->lead_bytes + head_bytes(r);
        uint64_t to = r->offset + r->form.stored_bytes;
        memset(p->ready + from, 0, to - from);
        spoil(p, from, to - from);
    }
}

/* What was given up stays wrong. */
static void deliver(struct grow *g, uint16_t part, uint64_t block)
{
    struct part *p = &g->parts[part];
    pthread_mutex_lock(&g->lock);
    uint64_t from = block * g->block_bytes, to = from + g->block_bytes;
    to = to < p->byte_count ? to : p->byte_count;
    for (uint64_t i = from; i < to; i++) {
        p->ready[i] = 1;
        if (p->gone[i])
            p->bytes[i] = WRONG;
    }
    put(p, p->bytes + from, from, to - from);
    pthread_mutex_unlock(&g->lock);
}

/* Until it waits for more, or is over. */
static void linger(struct wc_applier *a)
{
    struct wc_applier_progress progress;
    for (int i = 0; i < WAIT_MAX; i++) {
        wc_applier_progress(a, &progress);
        if (progress.is_waiting || progress.is_over)
            return;
        (void)poll(NULL, 0, 1);
    }
}

static void deliver_all(struct grow *g, struct wc_applier *a, uint64_t seed)
{
    struct wc_rng rng = {.state = seed};
    uint64_t count = 0;
    struct {
        uint64_t block;
        uint16_t part;
    } * order, swapped;
    for (uint16_t i = 0; i < g->wim->part_count; i++)
        count += g->parts[i].byte_count / g->block_bytes + 1;
    order = calloc(count, sizeof *order);
    if (!order)
        abort();
    count = 0;
    for (uint16_t i = 0; i < g->wim->part_count; i++)
        for (uint64_t b = 0; b * g->block_bytes < g->parts[i].byte_count; b++) {
            order[count].block = b;
            order[count++].part = i;
        }
    for (uint64_t i = count; i > 1; i--) {
        uint64_t other = wc_rng_below(&rng, i);
        swapped = order[i - 1];
        order[i - 1] = order[other];
        order[other] = swapped;
    }
    for (uint64_t i = 0; i < count; i++) {
        deliver(g, order[i].part, order[i].block);
        wc_applier_advance(a);
        if (i % LINGER == 0)
            linger(a);
    }
    free(order);
}

/* Each byte of data once; not more, not less. */
static int check(const struct grow *g)
{
    for (uint32_t i = 0; i < wc_wimmap_resource_count(g->wim->map); i++) {
        const struct wc_wim_resource *r = wc_wimmap_resource(g->wim->map, i);
        for (uint64_t b = r->offset - r->lead_bytes; b < r->offset + r->form.stored_bytes; b++) {
            unsigned count = g->parts[r->part - 1].gone[b];
            if (count == (is_data(r) ? 1u : 0u))
                continue;
            fprintf(stderr, "byte %llu of part %u was given up %u times\n", (unsigned long long)b,
                    r->part, count);
            return EX_SOFTWARE;
        }
    }
    return EX_OK;
}

/* --- all of it ------------------------------------------------------------------------------ */

static int apply(struct grow *g, char **argv, struct wc_why *why)
{
    struct wc_apply_choice choice;
    struct wc_apply_target target;
    struct wc_applier *a;
    if (wc_wim_open(&g->wim, argv[1], why) || wc_apply_choose(&choice, g->wim, argv[2], why) ||
        wc_apply_target_check(&target, argv[3], false, &choice.need, why))
        return why->exit_code;
    begin(g);
    const struct wc_applier_config config = {
        .wim = g->wim,
        .image = choice.image,
        .target = &target,
        .ready = is_ready,
        .consumed = on_consumed,
        .ctx = g,
    };
    if (wc_apply_target_mark(&target, "a test", why) || wc_applier_start(&a, &config, why))
        return why->exit_code;
    deliver_all(g, a, strtoull(argv[5], NULL, 10));
    int exit_code = EX_OK;
    if (wc_applier_wait(a, why) || wc_apply_target_unmark(&target, why))
        exit_code = why->exit_code;
    wc_applier_close(a);
    return exit_code ? exit_code : check(g);
}

int main(int argc, char **argv)
{
    static struct grow g = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct wc_why why = {.exit_code = 0};
    if (argc > 1 && strcmp(argv[1], WC_APPLY_CHILD_COMMAND) == 0)
        return wc_apply_child_main(argc, argv);
    if (argc != 6)
        return EX_USAGE;
    g.block_bytes = strtoull(argv[4], NULL, 10);
    int exit_code = apply(&g, argv, &why);
    if (exit_code)
        fprintf(stderr, "%s: image %s, seed %s: %s\n", argv[1], argv[2], argv[5], why.text);
    else
        puts("applied");
    wc_wim_close(g.wim);
    return exit_code;
}
