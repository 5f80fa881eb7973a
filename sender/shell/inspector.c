/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/inspector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/diag/damage_rules.h"
#include "common/io/digest.h"

enum stage {
    STAGE_WAITING,
    STAGE_READ, /* or being read */
    STAGE_JUDGED,
};

struct exhibit { /* a block that is said to be wrong */
    enum stage stage;
    struct wc_damage_sight sight;
};

struct wc_inspector {
    uv_loop_t *loop;
    const struct wc_content *published; /* the caller's */
    struct wc_content *content;         /* a clone of it: of the thread that reads */
    const struct wc_manifest *manifest;
    void (*warn)(void *ctx, const struct wc_finding *finding);
    void (*failed)(void *ctx, const struct wc_why *why);
    void *ctx;
    struct wc_digest *hash;
    struct exhibit *exhibits;
    uint32_t count;
    char told[4][WC_NAME_BYTES_MAX + 1]; /* ids of findings; damage_rules has fewer */
    uint32_t told_count;
    bool has_failed;
    bool is_hushed;
    /* The block that is being read, by the pool's thread until it is done. */
    uv_work_t work;
    struct exhibit *reading; /* NULL: none */
    uint8_t *rows;
    uint8_t digest[WC_DIGEST_BYTES];
    enum wc_err err;
    struct wc_why why;
};

static void read_next(struct wc_inspector *i);

struct wc_inspector *wc_inspector_new(uv_loop_t *loop, const struct wc_content *content,
                                      const struct wc_manifest *manifest,
                                      void (*warn)(void *ctx, const struct wc_finding *finding),
                                      void (*failed)(void *ctx, const struct wc_why *why),
                                      void *ctx)
{
    struct wc_inspector *i = calloc(1, sizeof *i);
    if (!i)
        return NULL;
    *i = (struct wc_inspector){.loop = loop,
                               .published = content,
                               .manifest = manifest,
                               .warn = warn,
                               .failed = failed,
                               .ctx = ctx};
    i->work.data = i;
    return i;
}

/* Most sessions never need what a look takes. */
static bool get_ready(struct wc_inspector *i)
{
    const struct wc_partition *p = &i->manifest->partition;
    if (!i->content)
        i->content = wc_content_clone(i->published);
    if (!i->exhibits)
        i->exhibits = calloc(WC_INSPECTOR_BLOCKS_MAX, sizeof *i->exhibits);
    if (!i->rows)
        i->rows = malloc((size_t)p->large_symbols * p->symbol_bytes);
    if (!i->hash && wc_digest_new(&i->hash))
        return false;
    return i->content && i->exhibits && i->rows;
}

/* The file on this machine that holds the block's first byte. */
static void name_source(const struct wc_inspector *i, struct wc_damage_sight *s)
{
    const struct wc_partition *p = &i->manifest->partition;
    uint64_t from = wc_partition_offset(p, s->sbn);
    uint64_t end = from + wc_partition_bytes(p, s->sbn);
    uint32_t source_count;
    const struct wc_source *sources = wc_content_sources(i->content, &source_count);
    for (uint32_t k = 0; k < source_count && sources[k].offset < end; k++) {
        const struct wc_source *source = &sources[k];
        uint64_t behind = source->offset + source->byte_count;
        if (!source->byte_count || behind <= from)
            continue;
        if (s->path[0]) {
            s->more_count++;
            continue;
        }
        wc_why_path(s->path, source->origin);
        s->offset = from - source->offset;
        s->end = (behind < end ? behind : end) - source->offset;
    }
}

static struct exhibit *find_or_add(struct wc_inspector *i, uint32_t sbn)
{
    for (uint32_t k = 0; k < i->count; k++)
        if (i->exhibits[k].sight.sbn == sbn)
            return &i->exhibits[k];
    if (i->count == WC_INSPECTOR_BLOCKS_MAX)
        return NULL;
    struct exhibit *e = &i->exhibits[i->count++];
    *e = (struct exhibit){.sight.sbn = sbn};
    memcpy(e->sight.due, i->manifest->block_digests + (size_t)sbn * WC_DIGEST_BYTES,
           WC_DIGEST_BYTES);
    name_source(i, &e->sight);
    return e;
}

static void warn_once(struct wc_inspector *i, const struct wc_finding *f)
{
    for (uint32_t k = 0; k < i->told_count; k++)
        if (strcmp(i->told[k], f->kind->id) == 0)
            return;
    if (i->told_count == sizeof i->told / sizeof i->told[0])
        return;
    snprintf(i->told[i->told_count], sizeof i->told[0], "%s", f->kind->id);
    i->told_count++;
    if (i->warn)
        i->warn(i->ctx, f);
}

static void fail(struct wc_inspector *i, const struct wc_why *why)
{
    if (i->has_failed)
        return;
    i->has_failed = true;
    i->failed(i->ctx, why);
}

static void judge(struct wc_inspector *i, const struct exhibit *e)
{
    struct wc_findings findings = {.count = 0};
    char line[WC_SENTENCE_BYTES_MAX + 1];
    if (i->is_hushed)
        return;
    wc_damage_rules(&e->sight, &findings);
    const struct wc_finding *f = wc_findings_worst(&findings);
    if (!f)
        return;
    if (f->kind->severity != WC_SEVERITY_ERROR) {
        warn_once(i, f);
        return;
    }
    struct wc_why why;
    wc_finding_line(f, line, sizeof line);
    (void)wc_why_finding(&why, WC_E_DIGEST, f->kind->id, f->kind->hresult, f->kind->exit_code,
                         line);
    fail(i, &why);
}

static void on_read(uv_work_t *work)
{
    struct wc_inspector *i = work->data;
    const struct wc_partition *p = &i->manifest->partition;
    uint32_t sbn = i->reading->sight.sbn;
    i->err = wc_content_read_block(i->content, p, sbn, i->rows, &i->why);
    if (!i->err)
        wc_digest_of(i->hash, i->rows, wc_partition_bytes(p, sbn), i->digest);
}

static void on_read_done(uv_work_t *work, int status)
{
    struct wc_inspector *i = work->data;
    struct exhibit *e = i->reading;
    i->reading = NULL;
    if (status < 0)
        return;
    if (i->err) {
        if (!i->is_hushed)
            fail(i, &i->why);
        return;
    }
    e->stage = STAGE_JUDGED;
    memcpy(e->sight.digest, i->digest, sizeof e->sight.digest);
    e->sight.is_right = wc_digest_equal(i->digest, e->sight.due);
    judge(i, e);
    read_next(i);
}

static void read_next(struct wc_inspector *i)
{
    for (uint32_t k = 0; k < i->count && !i->reading && !i->is_hushed && !i->has_failed; k++) {
        if (i->exhibits[k].stage != STAGE_WAITING)
            continue;
        i->reading = &i->exhibits[k];
        i->reading->stage = STAGE_READ;
        uv_queue_work(i->loop, &i->work, on_read, on_read_done);
    }
}

enum wc_err wc_inspector_void(struct wc_inspector *i, uint32_t member, const char *name,
                              uint32_t at_work_count, const struct wc_void *said)
{
    if (!i || i->is_hushed)
        return WC_OK;
    if (said->sbn >= i->manifest->partition.block_count)
        return WC_E_RANGE;
    struct exhibit *e = get_ready(i) ? find_or_add(i, said->sbn) : NULL;
    if (!e)
        return WC_OK;
    struct wc_damage_sight *s = &e->sight;
    s->at_work_count = at_work_count;
    if (s->report_count < WC_DAMAGE_REPORTS_MAX) {
        struct wc_damage_report *r = &s->reports[s->report_count++];
        *r = (struct wc_damage_report){.member = member, .differs = said->differs};
        snprintf(r->name, sizeof r->name, "%s", name);
        memcpy(r->digest, said->digest, sizeof r->digest);
    }
    if (e->stage == STAGE_JUDGED)
        judge(i, e);
    read_next(i);
    return WC_OK;
}

void wc_inspector_hush(struct wc_inspector *i)
{
    if (i)
        i->is_hushed = true;
}

void wc_inspector_free(struct wc_inspector *i)
{
    if (!i)
        return;
    wc_content_close(i->content);
    wc_digest_free(i->hash);
    free(i->exhibits);
    free(i->rows);
    free(i);
}
