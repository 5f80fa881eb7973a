/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A package of a WIM and another file, block by block into a real store; `complete` without a deep
 * check waits until all is counted, so it serves as the point at which to look. */
#include "receiver/shell/filebook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "common/core/bitmap.h"
#include "common/core/hresult.h"
#include "common/io/jsonl.h"
#include "tests/support/wimmaker.h"
#include "tests/support/workdir.h"

enum { OTHER_BYTES = 50000, NAMES = WC_WIMMAKER_SMALL_COUNT + 1, BLOCK_SYMBOLS = 16 };

struct world {
    struct wc_workdir dir;
    struct wc_wimmaker maker;
    struct wc_manifest m;
    struct wc_file files[3];
    struct wc_manifest_wim wim;
    struct wc_manifest_run first[2];
    uint8_t *object;
    struct wc_store *store;
    struct wc_filebook *book;
    struct wc_job job;
    struct wc_why why;
};

static void add_file(struct world *w, const char *path, uint64_t byte_count)
{
    struct wc_file *last = w->m.file_count ? &w->files[w->m.file_count - 1] : NULL;
    w->files[w->m.file_count++] = (struct wc_file){
        .path = path,
        .byte_count = byte_count,
        .offset = last ? last->offset + last->byte_count : 0,
        .mode = 0644,
        .kind = WC_FILE_REGULAR,
    };
}

/* Header first, then metadata and all tables. */
static void set_first(struct world *w)
{
    uint32_t from = wc_partition_block_at(&w->m.partition, w->maker.metadata);
    uint32_t to = wc_partition_block_at(&w->m.partition, w->maker.count - 1);
    w->first[0] = (struct wc_manifest_run){0, 1};
    w->first[1] = (struct wc_manifest_run){from, to - from + 1};
    w->m.first = w->first;
    w->m.first_count = 2;
}

static void make(struct world *w)
{
    memset(w, 0, sizeof *w);
    wc_workdir_make(&w->dir);
    wc_wimmaker_make(&w->maker);
    snprintf(w->m.id, sizeof w->m.id, "pkg");
    w->m.files = w->files;
    add_file(w, "a.wim", w->maker.count);
    add_file(w, "empty", 0);
    add_file(w, "other", OTHER_BYTES);
    w->object = malloc(w->maker.count + OTHER_BYTES);
    assert_non_null(w->object);
    memcpy(w->object, w->maker.bytes, w->maker.count);
    wc_workdir_pattern(77, 0, w->object + w->maker.count, OTHER_BYTES);
    assert_int_equal(
        wc_partition_init(&w->m.partition, w->maker.count + OTHER_BYTES, 512, BLOCK_SYMBOLS),
        WC_OK);
    w->m.block_digests = calloc(w->m.partition.block_count, WC_DIGEST_BYTES);
    assert_non_null(w->m.block_digests);
    w->wim = (struct wc_manifest_wim){.file = 0, .image_count = 1, .name_count = NAMES};
    w->m.wims = &w->wim;
    w->m.wim_count = 1;
    set_first(w);
}

static void open_store(struct world *w)
{
    static const uint8_t digest[WC_DIGEST_BYTES];
    struct wc_store_options options = {.output = w->dir.path};
    if (wc_store_open(&w->store, &w->m, digest, &options, &w->why))
        fail_msg("%s", w->why.text);
}

static void open_book(struct world *w, bool is_deep)
{
    w->book = wc_filebook_new(is_deep);
    assert_non_null(w->book);
    w->job = wc_filebook_job(w->book);
    assert_int_equal(w->job.opened(w->job.ctx, w->store, &w->m, &w->why), WC_OK);
}

static void unmake(struct world *w)
{
    wc_filebook_free(w->book);
    wc_store_close(w->store);
    wc_wimmaker_free(&w->maker);
    free(w->m.block_digests);
    free(w->object);
    wc_workdir_remove(&w->dir);
}

static void write_block(struct world *w, uint32_t sbn)
{
    const uint8_t *bytes = w->object + wc_partition_offset(&w->m.partition, sbn);
    assert_int_equal(wc_store_write(w->store, sbn, bytes, &w->why), WC_OK);
    if (w->book)
        w->job.stored(w->job.ctx, sbn);
}

static struct wc_job_progress progress(struct world *w)
{
    struct wc_job_progress p = {0};
    w->job.progress(w->job.ctx, &p);
    return p;
}

static uint32_t verified(struct world *w)
{
    assert_int_equal(w->job.complete(w->job.ctx, &w->why), WC_OK);
    assert_int_equal(progress(w).files_total, NAMES + 1);
    return progress(w).files_verified;
}

/* --- the long way --- */

static bool has_bytes(struct world *w, uint64_t from, uint64_t byte_count)
{
    uint32_t last = wc_partition_block_at(&w->m.partition, from + byte_count - 1);
    for (uint32_t sbn = wc_partition_block_at(&w->m.partition, from); sbn <= last; sbn++)
        if (!wc_bitmap_get(wc_store_have(w->store), sbn))
            return false;
    return true;
}

static bool has_first(struct world *w)
{
    for (int run = 0; run < 2; run++)
        for (uint32_t i = 0; i < w->first[run].block_count; i++)
            if (!wc_bitmap_get(wc_store_have(w->store), w->first[run].sbn + i))
                return false;
    return true;
}

static uint32_t due(struct world *w)
{
    uint32_t count = has_bytes(w, w->maker.count, OTHER_BYTES);
    uint64_t at = WC_WIM_HEADER_BYTES;
    if (!has_first(w))
        return count;
    for (int i = 0; i < NAMES; i++) {
        uint64_t byte_count =
            i == WC_WIMMAKER_SMALL_COUNT / 2 ? WC_WIMMAKER_LARGE_BYTES : WC_WIMMAKER_SMALL_BYTES;
        count += has_bytes(w, at, byte_count);
        at += byte_count;
    }
    return count;
}

/* --- tests --- */

static uint32_t shuffled(uint32_t i, uint32_t count)
{
    return (uint32_t)((uint64_t)i * 7919 % count); /* a prime, and no divisor */
}

static void as_blocks_come(void **state)
{
    (void)state;
    struct world w;
    uint32_t last = 0;
    make(&w);
    open_store(&w);
    open_book(&w, false);
    uint32_t count = w.m.partition.block_count;
    for (uint32_t i = 0; i < count; i++) {
        write_block(&w, shuffled(i, count));
        if (i % 16 && i + 1 < count)
            continue;
        uint32_t now = verified(&w);
        assert_int_equal(now, due(&w));
        assert_true(now >= last);
        last = now;
    }
    assert_int_equal(last, NAMES + 1);
    unmake(&w);
}

static void tables_first(void **state)
{
    (void)state;
    struct world w;
    uint32_t last = 0, seen = 0;
    make(&w);
    open_store(&w);
    open_book(&w, false);
    for (int run = 0; run < 2; run++)
        for (uint32_t i = 0; i < w.first[run].block_count; i++)
            write_block(&w, w.first[run].sbn + i);
    assert_int_equal(verified(&w), due(&w));
    for (uint32_t sbn = 0; sbn < w.m.partition.block_count; sbn++) {
        if (wc_bitmap_get(wc_store_have(w.store), sbn))
            continue;
        write_block(&w, sbn);
        if (sbn % 8)
            continue;
        assert_int_equal(verified(&w), due(&w));
        seen += verified(&w) > last;
        last = verified(&w);
    }
    assert_int_equal(verified(&w), NAMES + 1);
    assert_true(seen > 8); /* they came one by one */
    unmake(&w);
}

static void what_an_earlier_run_left(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    open_store(&w);
    for (uint32_t sbn = 0; sbn < w.m.partition.block_count; sbn++)
        if (sbn % 5)
            write_block(&w, sbn);
    for (uint32_t sbn = 0; sbn < w.m.partition.block_count; sbn++)
        if (sbn >= w.first[1].sbn || !sbn)
            write_block(&w, sbn);
    open_book(&w, false);
    uint32_t count = verified(&w);
    assert_int_equal(count, due(&w));
    assert_in_range(count, 2, NAMES);
    unmake(&w);
}

static void without_a_map(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    w.object[0] = 'm'; /* no WIM */
    open_store(&w);
    open_book(&w, false);
    for (uint32_t sbn = w.m.partition.block_count - 1; sbn > 0; sbn--)
        write_block(&w, sbn);
    assert_int_equal(verified(&w), 1); /* the other file */
    write_block(&w, 0);
    assert_int_equal(verified(&w), NAMES + 1);
    unmake(&w);
    /* A deep check cannot be done without. */
    make(&w);
    w.object[0] = 'm';
    open_store(&w);
    open_book(&w, true);
    for (uint32_t sbn = 0; sbn < w.m.partition.block_count; sbn++)
        write_block(&w, sbn);
    assert_int_equal(w.job.complete(w.job.ctx, &w.why), WC_E_DIGEST);
    assert_non_null(strstr(w.why.text, "a.wim"));
    assert_int_equal(w.why.hresult, WC_HR_HASH_VALUE);
    unmake(&w);
}

/* 64 of them are opened, and are none; the others count as files. */
static void too_many_wims(void **state)
{
    (void)state;
    enum { COUNT = 70, BYTES = 100 };
    static struct wc_file files[COUNT];
    static struct wc_manifest_wim wims[COUNT];
    static char paths[COUNT][16];
    struct world w;
    make(&w);
    for (uint32_t i = 0; i < COUNT; i++) {
        snprintf(paths[i], sizeof paths[i], "%02u.wim", i);
        files[i] = (struct wc_file){.path = paths[i],
                                    .byte_count = BYTES,
                                    .offset = i * BYTES,
                                    .mode = 0644,
                                    .kind = WC_FILE_REGULAR};
        wims[i] = (struct wc_manifest_wim){.file = i, .image_count = 1, .name_count = 2};
    }
    w.m.files = files;
    w.m.file_count = w.m.wim_count = COUNT;
    w.m.wims = wims;
    w.m.first_count = 0;
    assert_int_equal(wc_partition_init(&w.m.partition, COUNT * BYTES, 512, BLOCK_SYMBOLS), WC_OK);
    open_store(&w);
    open_book(&w, false);
    for (uint32_t sbn = 0; sbn < w.m.partition.block_count; sbn++)
        write_block(&w, sbn);
    assert_int_equal(w.job.complete(w.job.ctx, &w.why), WC_OK);
    uint32_t total = 2 * WC_FILEBOOK_WIMS_MAX + COUNT - WC_FILEBOOK_WIMS_MAX;
    assert_int_equal(progress(&w).files_verified, total);
    assert_int_equal(progress(&w).files_total, total);
    unmake(&w);
}

static void no_wim_at_all(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    w.m.wim_count = 0;
    w.m.first_count = 0;
    open_store(&w);
    open_book(&w, true);
    for (uint32_t sbn = 0; sbn < w.m.partition.block_count; sbn++)
        write_block(&w, sbn);
    assert_int_equal(w.job.complete(w.job.ctx, &w.why), WC_OK);
    assert_int_equal(progress(&w).files_verified, 2);
    assert_int_equal(progress(&w).files_total, 2);
    assert_false(progress(&w).is_deep);
    unmake(&w);
}

static void looked_into(void **state)
{
    (void)state;
    struct world w;
    make(&w);
    open_store(&w);
    open_book(&w, true);
    uint32_t count = w.m.partition.block_count;
    for (uint32_t i = 0; i < count; i++)
        write_block(&w, shuffled(i, count));
    if (w.job.complete(w.job.ctx, &w.why))
        fail_msg("%s", w.why.text);
    assert_int_equal(progress(&w).files_verified, NAMES + 1);
    assert_true(progress(&w).is_deep);
    assert_int_equal(progress(&w).files_checked, NAMES);
    unmake(&w);
}

static void published_damaged(void **state)
{
    (void)state;
    struct world w;
    char *text = NULL;
    size_t byte_count;
    make(&w);
    w.object[WC_WIM_HEADER_BYTES + 3 * WC_WIMMAKER_SMALL_BYTES] ^= 1; /* of f3 */
    w.object[WC_WIM_HEADER_BYTES + 100 * WC_WIMMAKER_SMALL_BYTES + 3000000] ^= 1;
    open_store(&w);
    open_book(&w, true);
    for (uint32_t sbn = w.m.partition.block_count; sbn > 0; sbn--)
        write_block(&w, sbn - 1);
    assert_int_equal(w.job.complete(w.job.ctx, &w.why), WC_E_DIGEST);
    assert_string_equal(w.why.finding, "damage.file");
    assert_int_equal(w.why.hresult, WC_HR_HASH_VALUE);
    assert_int_equal(w.why.exit_code, EX_DATAERR);
    assert_non_null(strstr(w.why.text, "a.wim was published damaged"));
    assert_non_null(strstr(w.why.text, "2 files: "));
    assert_non_null(strstr(w.why.text, "/f3"));
    assert_non_null(strstr(w.why.text, "/large"));
    FILE *out = open_memstream(&text, &byte_count);
    struct wc_jsonl *events = wc_jsonl_new(out);
    assert_non_null(events);
    wc_jsonl_begin(events, "summary");
    w.job.members(w.job.ctx, events);
    assert_int_equal(wc_jsonl_end(events, NULL), WC_OK);
    wc_jsonl_free(events);
    fclose(out);
    assert_non_null(strstr(text, "\"file\":\"a.wim\",\"image\":1,\"path\":\"/f3\""));
    assert_non_null(strstr(text, "\"path\":\"/large\""));
    assert_null(strstr(text, "/f4"));
    free(text);
    unmake(&w);
}

static void cancelled(void **state)
{
    (void)state;
    for (int deep = 0; deep < 2; deep++) {
        struct world w;
        make(&w);
        open_store(&w);
        open_book(&w, deep);
        for (uint32_t sbn = 0; sbn < w.m.partition.block_count; sbn++)
            write_block(&w, sbn);
        w.job.cancel(w.job.ctx);
        w.job.cancel(w.job.ctx);
        assert_int_equal(w.job.complete(w.job.ctx, &w.why), WC_E_CLOSED);
        unmake(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_blocks_come),
        cmocka_unit_test(tables_first),
        cmocka_unit_test(what_an_earlier_run_left),
        cmocka_unit_test(without_a_map),
        cmocka_unit_test(too_many_wims),
        cmocka_unit_test(no_wim_at_all),
        cmocka_unit_test(looked_into),
        cmocka_unit_test(published_damaged),
        cmocka_unit_test(cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
