/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/wimcount.h"

#include <assert.h>

#include "common/core/spans.h"

struct wc_wimcount {
    const struct wc_alloc *alloc;
    const struct wc_wimmap *map;
    struct wc_spans *spans; /* of blobs */
    uint32_t verified, total;
};

static uint32_t names_of(const struct wc_wimcount *c, uint32_t blob)
{
    uint32_t count;
    (void)wc_wimmap_names(c->map, blob, &count);
    return count;
}

/* The bytes of its part that hold a blob; false: there are none. */
static bool bytes_of(const struct wc_wimcount_config *config, uint32_t index, uint64_t part_bytes,
                     uint64_t *ret_from, uint64_t *ret_to)
{
    const struct wc_wim_blob *blob = wc_wimmap_blob(config->map, index);
    const struct wc_wim_resource *r = wc_wimmap_resource(config->map, blob->resource);
    if (r->offset < r->lead_bytes || !r->form.stored_bytes ||
        !wc_wim_fits(r->offset, r->form.stored_bytes, part_bytes))
        return false;
    uint64_t from = 0, to = r->form.stored_bytes;
    *ret_from = r->offset - r->lead_bytes;
    *ret_to = r->offset + r->form.stored_bytes;
    if (r->form.solid && config->locate && config->locate(config->ctx, index, &from, &to) &&
        from < to && to <= r->form.stored_bytes) {
        *ret_from = r->offset + from;
        *ret_to = r->offset + to;
    }
    return true;
}

static bool span_of(const struct wc_wimcount_config *config, uint32_t blob, struct wc_span *ret)
{
    uint16_t number =
        wc_wimmap_resource(config->map, wc_wimmap_blob(config->map, blob)->resource)->part;
    if (!number || number > config->part_count)
        return false;
    const struct wc_wimcount_part *part = &config->parts[number - 1];
    uint64_t from, to;
    if (!bytes_of(config, blob, part->byte_count, &from, &to))
        return false;
    assert(wc_wim_fits(part->offset, part->byte_count, config->partition.object_bytes));
    *ret = (struct wc_span){
        .first = wc_partition_block_at(&config->partition, part->offset + from),
        .last = wc_partition_block_at(&config->partition, part->offset + to - 1),
        .tag = blob,
    };
    return true;
}

enum wc_err wc_wimcount_new(struct wc_wimcount **ret, const struct wc_wimcount_config *config,
                            const struct wc_alloc *alloc)
{
    uint32_t blob_count = wc_wimmap_blob_count(config->map), count = 0;
    struct wc_wimcount *c = alloc->zalloc(alloc->ctx, 1, sizeof *c);
    struct wc_span *spans = alloc->zalloc(alloc->ctx, (size_t)blob_count + 1, sizeof *spans);
    enum wc_err err = c && spans ? WC_OK : WC_E_NOMEM;
    if (!err) {
        c->alloc = alloc;
        c->map = config->map;
        for (uint32_t blob = 0; blob < blob_count; blob++)
            if (span_of(config, blob, &spans[count])) {
                c->total += names_of(c, blob);
                count++;
            }
        err = wc_spans_new(&c->spans, spans, count, alloc);
    }
    alloc->free(alloc->ctx, spans);
    if (err)
        alloc->free(alloc->ctx, c);
    else
        *ret = c;
    return err;
}

void wc_wimcount_free(struct wc_wimcount *c)
{
    if (!c)
        return;
    wc_spans_free(c->spans);
    c->alloc->free(c->alloc->ctx, c);
}

void wc_wimcount_block(struct wc_wimcount *c, uint32_t sbn)
{
    wc_spans_mark(c->spans, sbn);
}

bool wc_wimcount_next(struct wc_wimcount *c, uint32_t *ret_blob)
{
    if (!wc_spans_next(c->spans, ret_blob))
        return false;
    c->verified += names_of(c, *ret_blob);
    return true;
}

uint32_t wc_wimcount_verified(const struct wc_wimcount *c)
{
    return c->verified;
}

uint32_t wc_wimcount_total(const struct wc_wimcount *c)
{
    return c->total;
}
