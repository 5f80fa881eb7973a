/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/feeder.h"

#include <stdlib.h>
#include <string.h>

/* Blocks in memory at a time, whatever the number of receivers. */
#define BLOCKS_MAX  64u
#define MEMBER_NONE UINT32_MAX

struct meal {
    uint32_t wants[WC_FETCH_BLOCKS_MAX]; /* ring */
    uint32_t first, count;
    uint8_t *block; /* being sent; NULL: none */
    uint32_t sbn;   /* of it */
    uint32_t sent;  /* symbols of it */
};

struct wc_feeder {
    uv_loop_t *loop;
    struct wc_content *content;
    struct wc_partition partition;
    const struct wc_feeder_ops *ops;
    void *ctx;
    struct meal *meals;
    uint32_t member_max;
    uint32_t block_count; /* in memory */
    uint64_t sent_count;
    uv_work_t work;
    uint32_t reading; /* member whose block is being read; MEMBER_NONE: none */
    bool dropped;     /* it went away meanwhile */
    uint32_t turn;    /* whose block is read next, round and round */
    uint8_t *rows;
    uint32_t rows_sbn;
    enum wc_err rows_err;
    struct wc_why why;
};

static void read_next(struct wc_feeder *f);

enum wc_err wc_feeder_new(struct wc_feeder **ret, uv_loop_t *loop, struct wc_content *content,
                          const struct wc_partition *partition, uint32_t member_max,
                          const struct wc_feeder_ops *ops, void *ctx)
{
    struct wc_feeder *f = calloc(1, sizeof *f);
    struct meal *meals = calloc(member_max, sizeof *meals);
    if (!f || !meals) {
        free(f);
        free(meals);
        wc_content_close(content);
        return WC_E_NOMEM;
    }
    f->loop = loop;
    f->content = content;
    f->partition = *partition;
    f->ops = ops;
    f->ctx = ctx;
    f->meals = meals;
    f->member_max = member_max;
    f->reading = MEMBER_NONE;
    f->work.data = f;
    *ret = f;
    return WC_OK;
}

static void release_block(struct wc_feeder *f, struct meal *m)
{
    if (!m->block)
        return;
    free(m->block);
    m->block = NULL;
    f->block_count--;
}

/* Send what the control channel takes; the block is over when all its symbols are out. */
static void serve(struct wc_feeder *f, uint32_t member)
{
    struct meal *m = &f->meals[member];
    uint32_t symbol_bytes = f->partition.symbol_bytes;
    uint32_t step = WC_SYMBOLS_BYTES_MAX / symbol_bytes;
    while (m->block) {
        uint32_t k = wc_partition_symbols(&f->partition, m->sbn);
        uint32_t count = k - m->sent < step ? k - m->sent : step;
        struct wc_msg msg = {
            .type = WC_MSG_SYMBOLS,
            .symbols = {.sbn = m->sbn,
                        .first = (uint8_t)m->sent,
                        .last = m->sent + count == k,
                        .byte_count = count * symbol_bytes,
                        .bytes = m->block + (size_t)m->sent * symbol_bytes},
        };
        if (f->ops->send(f->ctx, member, &msg))
            return;
        m->sent += count;
        if (m->sent == k) {
            f->sent_count++;
            release_block(f, m);
        }
    }
}

static void on_read(uv_work_t *work)
{
    struct wc_feeder *f = work->data;
    f->rows_err = wc_content_read_block(f->content, &f->partition, f->rows_sbn, f->rows, &f->why);
}

static void on_read_done(uv_work_t *work, int status)
{
    struct wc_feeder *f = work->data;
    uint32_t member = f->reading;
    f->reading = MEMBER_NONE;
    if (status < 0 || f->dropped || f->rows_err) {
        free(f->rows);
        f->block_count--;
        if (f->rows_err && status == 0)
            f->ops->failed(f->ctx, &f->why);
        else
            read_next(f);
        return;
    }
    struct meal *m = &f->meals[member];
    m->block = f->rows;
    m->sbn = f->rows_sbn;
    m->sent = 0;
    serve(f, member);
    read_next(f);
}

static uint32_t whose_turn(const struct wc_feeder *f)
{
    for (uint32_t i = 0; i < f->member_max; i++) {
        uint32_t member = (f->turn + i) % f->member_max;
        if (f->meals[member].count && !f->meals[member].block)
            return member;
    }
    return MEMBER_NONE;
}

static void read_next(struct wc_feeder *f)
{
    if (f->reading != MEMBER_NONE || f->block_count == BLOCKS_MAX)
        return;
    uint32_t member = whose_turn(f);
    if (member == MEMBER_NONE)
        return;
    f->rows = malloc((size_t)f->partition.large_symbols * f->partition.symbol_bytes);
    if (!f->rows)
        return; /* the receiver asks again */
    struct meal *m = &f->meals[member];
    f->rows_sbn = m->wants[m->first];
    m->first = (m->first + 1) % WC_FETCH_BLOCKS_MAX;
    m->count--;
    f->block_count++;
    f->reading = member;
    f->dropped = false;
    f->turn = (member + 1) % f->member_max;
    uv_queue_work(f->loop, &f->work, on_read, on_read_done);
}

enum wc_err wc_feeder_want(struct wc_feeder *f, uint32_t member, const struct wc_fetch *fetch)
{
    uint32_t blocks = f->partition.block_count;
    if (member >= f->member_max || fetch->sbn >= blocks || fetch->block_count > blocks - fetch->sbn)
        return WC_E_RANGE;
    struct meal *m = &f->meals[member];
    for (uint32_t i = 0; i < fetch->block_count && m->count < WC_FETCH_BLOCKS_MAX; i++)
        m->wants[(m->first + m->count++) % WC_FETCH_BLOCKS_MAX] = fetch->sbn + i;
    read_next(f);
    return WC_OK;
}

void wc_feeder_drained(struct wc_feeder *f, uint32_t member)
{
    serve(f, member);
    read_next(f);
}

void wc_feeder_drop(struct wc_feeder *f, uint32_t member)
{
    release_block(f, &f->meals[member]);
    f->meals[member] = (struct meal){0};
    if (f->reading == member)
        f->dropped = true;
    read_next(f);
}

uint64_t wc_feeder_block_count(const struct wc_feeder *f)
{
    return f->sent_count;
}

void wc_feeder_free(struct wc_feeder *f)
{
    if (!f)
        return;
    for (uint32_t i = 0; i < f->member_max; i++)
        release_block(f, &f->meals[i]);
    wc_content_close(f->content);
    free(f->meals);
    free(f);
}
