/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/wimcount.h"

#include <string.h>

#include "tests/unit/common/core/support.h"

enum { BLOBS = 60, PART_BYTES = 20000, BEFORE_BYTES = 777, CHUNK_BYTES = 500 };

struct world {
    struct test_heap heap;
    struct wc_alloc alloc;
    struct wc_wimmap *map;
    struct wc_wimcount_part parts[3];
    struct wc_partition partition;
};

static uint32_t below(struct wc_rng *rng, uint32_t n)
{
    return (uint32_t)wc_rng_below(rng, n);
}

static void add_resource(struct world *w, struct wc_rng *rng, uint16_t part)
{
    bool solid = below(rng, 4) == 0;
    struct wc_wim_resource r = {
        .part = part,
        .area = WC_WIM_AREA_DATA,
        .offset = 100 + below(rng, PART_BYTES),
        .lead_bytes = !solid && below(rng, 3) == 0 ? 40 : 0,
        .form = {.stored_bytes = 1 + below(rng, solid ? 6000 : 2000), .solid = solid},
    };
    uint32_t index, blob_count = solid ? 1 + below(rng, 9) : 1;
    r.form.plain_bytes = solid ? 3 * r.form.stored_bytes : r.form.stored_bytes;
    assert_int_equal(wc_wimmap_add_resource(w->map, &r, &index), WC_OK);
    for (uint32_t i = 0; i < blob_count; i++) {
        static uint8_t number;
        struct wc_wim_blob b = {.resource = index, .byte_count = r.form.plain_bytes / blob_count};
        b.offset = i * b.byte_count;
        b.sha1[0] = ++number;
        assert_int_equal(wc_wimmap_add_blob(w->map, &b), WC_OK);
    }
}

static void add_names(struct world *w, struct wc_rng *rng)
{
    static const uint8_t text[] = {'f', 0};
    uint32_t index;
    for (uint32_t i = 0; i < 2 * BLOBS; i++) {
        uint8_t sha1[WC_SHA1_BYTES] = {(uint8_t)below(rng, 256)};
        struct wc_wimmap_entry e = {
            .kind = WC_WIM_FILE,
            .image = 1,
            .parent = WC_WIMMAP_NONE,
            .sha1 = below(rng, 5) ? sha1 : NULL,
            .text = text,
            .text_bytes = sizeof text,
        };
        assert_int_equal(wc_wimmap_add_name(w->map, &e, &index), WC_OK);
    }
}

/* Chunks of a solid resource: as long stored as there are of them, all alike. */
static bool locate(void *ctx, uint32_t blob, uint64_t *ret_from, uint64_t *ret_to)
{
    const struct world *w = ctx;
    const struct wc_wim_blob *b = wc_wimmap_blob(w->map, blob);
    const struct wc_wim_resource *r = wc_wimmap_resource(w->map, b->resource);
    uint64_t from = b->offset / CHUNK_BYTES * CHUNK_BYTES / 3;
    uint64_t to = (b->offset + b->byte_count + CHUNK_BYTES - 1) / CHUNK_BYTES * CHUNK_BYTES / 3;
    *ret_from = from;
    *ret_to = to < r->form.stored_bytes ? to : r->form.stored_bytes;
    return b->offset % 7 != 0; /* not known: the whole */
}

static void make(struct world *w, struct wc_rng *rng)
{
    memset(w, 0, sizeof *w);
    w->alloc = test_heap_alloc(&w->heap);
    w->map = wc_wimmap_new(&w->alloc);
    for (uint32_t i = 0; i < BLOBS; i++)
        add_resource(w, rng, (uint16_t)(1 + below(rng, 4))); /* a fourth, which is not there */
    assert_int_equal(wc_wimmap_index(w->map), WC_OK);
    add_names(w, rng);
    assert_int_equal(wc_wimmap_seal(w->map), WC_OK);
    for (uint32_t i = 0; i < 3; i++)
        w->parts[i] = (struct wc_wimcount_part){BEFORE_BYTES + i * PART_BYTES, PART_BYTES};
    if (below(rng, 2))
        w->parts[1].byte_count = 0;
    assert_int_equal(wc_partition_init(&w->partition, BEFORE_BYTES + 3 * PART_BYTES + 50, 16,
                                       1 + below(rng, 40)),
                     WC_OK);
}

/* The long way: is each byte of the blob in a block that is in? */
static bool is_in(struct world *w, uint32_t index, const bool *in)
{
    const struct wc_wim_blob *b = wc_wimmap_blob(w->map, index);
    const struct wc_wim_resource *r = wc_wimmap_resource(w->map, b->resource);
    if (r->part > 3 || r->offset + r->form.stored_bytes > w->parts[r->part - 1].byte_count)
        return false;
    uint64_t from = r->offset - r->lead_bytes, to = r->offset + r->form.stored_bytes, begin, end;
    if (r->form.solid && locate(w, index, &begin, &end)) {
        from = r->offset + begin;
        to = r->offset + end;
    }
    for (uint64_t at = from; at < to; at++)
        if (!in[wc_partition_block_at(&w->partition, w->parts[r->part - 1].offset + at)])
            return false;
    return true;
}

static uint32_t names_in(struct world *w, const bool *in)
{
    uint32_t sum = 0, count;
    for (uint32_t i = 0; i < wc_wimmap_blob_count(w->map); i++) {
        (void)wc_wimmap_names(w->map, i, &count);
        if (count && is_in(w, i, in))
            sum += count;
    }
    return sum;
}

static void run_random(struct wc_rng *rng)
{
    struct world w;
    struct wc_wimcount *c;
    static bool in[8192];
    make(&w, rng);
    struct wc_wimcount_config config = {
        .map = w.map,
        .partition = w.partition,
        .parts = w.parts,
        .part_count = 3,
        .locate = locate,
        .ctx = &w,
    };
    memset(in, 0, sizeof in);
    assert_in_range(w.partition.block_count, 1, sizeof in);
    assert_int_equal(wc_wimcount_new(&c, &config, &w.alloc), WC_OK);
    uint32_t blocks = w.partition.block_count, step = blocks / 15 + 1, blob;
    for (uint32_t i = 0; i < 3 * blocks; i++) {
        uint32_t sbn = i < 2 * blocks ? below(rng, blocks) : i - 2 * blocks;
        in[sbn] = true;
        wc_wimcount_block(c, sbn);
        while (wc_wimcount_next(c, &blob))
            assert_true(is_in(&w, blob, in));
        if (i % step == 0)
            assert_int_equal(wc_wimcount_verified(c), names_in(&w, in));
    }
    assert_int_equal(wc_wimcount_verified(c), names_in(&w, in));
    assert_int_equal(wc_wimcount_verified(c), wc_wimcount_total(c));
    assert_in_range(wc_wimcount_total(c), 1, wc_wimmap_countable(w.map));
    wc_wimcount_free(c);
    wc_wimmap_free(w.map);
    assert_int_equal(w.heap.live_count, 0);
}

static void random_maps(void **state)
{
    (void)state;
    struct wc_rng rng = test_rng("wimcount_test");
    for (int round = 0; round < 40; round++)
        run_random(&rng);
}

static void without_memory(void **state)
{
    (void)state;
    struct wc_rng rng = test_rng("wimcount_test");
    struct world w;
    make(&w, &rng);
    struct wc_wimcount_config config = {
        .map = w.map, .partition = w.partition, .parts = w.parts, .part_count = 3};
    struct wc_wimcount *c;
    size_t live_count = w.heap.live_count, before = w.heap.asked_count;
    for (size_t i = 1; i <= 7; i++) {
        w.heap.fail_at = w.heap.asked_count + i;
        assert_int_equal(wc_wimcount_new(&c, &config, &w.alloc), WC_E_NOMEM);
        assert_int_equal(w.heap.live_count, live_count);
    }
    assert_true(w.heap.asked_count > before);
    wc_wimcount_free(NULL);
    wc_wimmap_free(w.map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_maps),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
