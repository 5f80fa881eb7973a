/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/storer.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/core/bitmap.h"
#include "common/core/rng.h"
#include "common/io/fec.h"
#include "common/io/spsc.h"
#include "tests/unit/receiver/shell/store_fixture.h"

#define RESULT_MS_MAX 20000 /* a bound, never a wait */
#define JOBS          8u

static const struct wc_package_file files[] = {
    {"d/", 0, 0, 0},
    {"d/a", 9000, 0, 0},
    {"d/b", 5003, 0, 0},
};
enum { FILE_COUNT = sizeof(files) / sizeof(files[0]), BLOCKS_MAX = 32 };

/* A job's own memory. */
struct slot {
    uint8_t rows[WC_SOURCE_SYMBOLS_MAX * 64];
    uint8_t esi[WC_SOURCE_SYMBOLS_MAX];
};

struct bench {
    struct wc_fixture *f;
    const struct wc_partition *p;
    struct wc_storer *storer;
    struct slot slots[BLOCKS_MAX];
    struct wc_rng rng;
};

static struct bench b;

static void bench_open_for(void **state, const struct wc_jobs *jobs)
{
    b = (struct bench){.f = *state, .rng.state = 1};
    wc_fixture_pack(b.f, files, FILE_COUNT);
    wc_fixture_open(b.f, "out/");
    b.p = &b.f->package.m.partition;
    assert_true(b.p->block_count <= BLOCKS_MAX && b.p->symbol_bytes == 64);
    assert_int_equal(wc_storer_start(&b.storer, &b.f->package.m, b.f->store, jobs, JOBS), WC_OK);
}

static void bench_open(void **state)
{
    bench_open_for(state, NULL);
}

static void bench_close(void)
{
    wc_storer_stop(b.storer);
    wc_fixture_close(b.f);
}

/* The encoding symbol (sbn, esi) into `ret`. */
static void encode(uint32_t sbn, uint32_t esi, uint8_t *ret)
{
    uint8_t rows[WC_SOURCE_SYMBOLS_MAX * 64] = {0};
    uint32_t k = wc_partition_symbols(b.p, sbn);
    memcpy(rows, wc_package_block(&b.f->package, sbn), wc_partition_bytes(b.p, sbn));
    if (esi < k) {
        memcpy(ret, rows + (size_t)esi * 64, 64);
        return;
    }
    struct wc_fec *fec = NULL;
    assert_int_equal(wc_fec_new(&fec, k), WC_OK);
    wc_fec_encode(fec, rows, 64, esi - k, 1, ret);
    wc_fec_free(fec);
}

/* Fill the block's slot with `repaired` repair symbols and source symbols for the rest, in any
 * order. */
static struct wc_storer_job block_job(uint32_t sbn, uint32_t repaired)
{
    struct slot *slot = &b.slots[sbn];
    uint32_t k = wc_partition_symbols(b.p, sbn);
    for (uint32_t i = 0; i < k; i++)
        slot->esi[i] = (uint8_t)(i < repaired ? k + 3 * i : i);
    for (uint32_t i = k; i > 1 && repaired; i--) {
        uint32_t j = (uint32_t)wc_rng_below(&b.rng, i);
        uint8_t esi = slot->esi[i - 1];
        slot->esi[i - 1] = slot->esi[j];
        slot->esi[j] = esi;
    }
    for (uint32_t i = 0; i < k; i++)
        encode(sbn, slot->esi[i], slot->rows + (size_t)i * 64);
    return (struct wc_storer_job){
        .type = WC_STORER_BLOCK, .sbn = sbn, .rows = slot->rows, .esi = slot->esi};
}

static struct wc_storer_result next_result(void)
{
    struct wc_storer_result result;
    struct wc_spsc *results = wc_storer_results(b.storer);
    while (!wc_storer_result(b.storer, &result)) {
        if (wc_spsc_sleep(results)) {
            struct pollfd pfd = {.fd = wc_spsc_fd(results), .events = POLLIN};
            if (poll(&pfd, 1, RESULT_MS_MAX) == 0)
                fail_msg("no result came");
        }
        wc_spsc_awake(results);
    }
    return result;
}

static void post(struct wc_storer_job job)
{
    wc_storer_post(b.storer, &job);
}

static void expect(enum wc_storer_job_type type, uint32_t sbn, enum wc_err err)
{
    struct wc_storer_result result = next_result();
    assert_int_equal(result.type, type);
    if (type == WC_STORER_BLOCK)
        assert_int_equal(result.sbn, sbn);
    assert_int_equal(result.err, err);
}

static void post_finish(void)
{
    post((struct wc_storer_job){.type = WC_STORER_FINISH});
}

/* --- tests --- */

static void blocks_are_rebuilt_verified_and_stored(void **state)
{
    bench_open(state);
    for (uint32_t sbn = 0; sbn < b.p->block_count; sbn++) {
        uint32_t k = wc_partition_symbols(b.p, sbn);
        post(block_job(sbn, sbn * 5 % (k + 1)));
        expect(WC_STORER_BLOCK, sbn, WC_OK);
        assert_true(wc_bitmap_get(wc_store_have(b.f->store), sbn));
    }
    post_finish();
    expect(WC_STORER_FINISH, 0, WC_OK);
    bench_close();
    wc_fixture_assert_complete(b.f, "out");
}

/* As many jobs as there may be at once; their results come in any order, each once. */
static void jobs_queue_up(void **state)
{
    bench_open(state);
    uint32_t posted = 0;
    bool came[64] = {false};
    assert_true(b.p->block_count <= 64);
    for (uint32_t done = 0; done < b.p->block_count; done++) {
        for (; posted < b.p->block_count && posted - done < JOBS; posted++)
            post(block_job(b.p->block_count - 1 - posted, 1));
        struct wc_storer_result result = next_result();
        assert_int_equal(result.err, WC_OK);
        assert_false(came[result.sbn]);
        came[result.sbn] = true;
    }
    post_finish();
    expect(WC_STORER_FINISH, 0, WC_OK);
    bench_close();
    wc_fixture_assert_complete(b.f, "out");
}

static void wrong_bytes_are_not_stored(void **state)
{
    bench_open(state);
    for (uint32_t repaired = 0; repaired < 2; repaired++) {
        for (uint32_t at = 0; at < 3; at++) {
            struct wc_storer_job job = block_job(2, repaired);
            job.rows[at * 333] ^= 0x10;
            post(job);
            struct wc_storer_result result = next_result();
            assert_int_equal(result.err, WC_E_DIGEST);
            assert_false(result.differs); /* this machine can be relied on */
            assert_memory_not_equal(result.digest, b.f->package.m.block_digests + 64,
                                    WC_DIGEST_BYTES);
            assert_false(wc_bitmap_get(wc_store_have(b.f->store), 2));
        }
    }
    post(block_job(2, 1));
    expect(WC_STORER_BLOCK, 2, WC_OK);
    bench_close();
}

/* The padding of the last symbol is no part of the block: who changes it changes nothing. */
static void the_padding_does_not_count(void **state)
{
    bench_open(state);
    uint32_t last = b.p->block_count - 1;
    uint32_t bytes = wc_partition_bytes(b.p, last);
    assert_true(bytes % 64 != 0);
    struct wc_storer_job job = block_job(last, 0);
    job.rows[bytes] ^= 1;
    post(job);
    expect(WC_STORER_BLOCK, last, WC_OK);
    bench_close();
}

static void symbols_that_cannot_be_are_void(void **state)
{
    bench_open(state);
    struct wc_storer_job job = block_job(1, 2);
    b.slots[1].esi[3] = b.slots[1].esi[4]; /* the same twice */
    post(job);
    expect(WC_STORER_BLOCK, 1, WC_E_DIGEST);
    job = block_job(1, 0);
    b.slots[1].esi[0] = 255;
    post(job);
    expect(WC_STORER_BLOCK, 1, WC_E_DIGEST);
    bench_close();
}

static void what_is_not_complete_cannot_be_finished(void **state)
{
    bench_open(state);
    post(block_job(0, 0));
    expect(WC_STORER_BLOCK, 0, WC_OK);
    post_finish();
    expect(WC_STORER_FINISH, 0, WC_E_STATE);
    bench_close();
}

/* --- jobs --- */

static struct {
    uint32_t stored_count;
    uint32_t complete_count;
    uint32_t cancel_count;
    enum wc_err err; /* of complete */
} told;

static void on_stored(void *ctx, uint32_t sbn)
{
    assert_ptr_equal(ctx, &told);
    assert_true(wc_bitmap_get(wc_store_have(b.f->store), sbn));
    told.stored_count++;
    assert_int_equal(told.stored_count, wc_store_have_count(b.f->store));
}

static enum wc_err on_complete(void *ctx, struct wc_why *why)
{
    assert_ptr_equal(ctx, &told);
    assert_int_equal(told.stored_count, b.p->block_count);
    told.complete_count++;
    return told.err ? wc_why_set(why, told.err, 65, "the image is damaged") : WC_OK;
}

static void on_cancel(void *ctx)
{
    assert_ptr_equal(ctx, &told);
    told.cancel_count++;
}

/* Two jobs hear of each block; what the first says against the whole is said, and what is not
 * whole gets no name. */
static void jobs_are_told(void **state)
{
    struct wc_job job = {
        .stored = on_stored, .complete = on_complete, .cancel = on_cancel, .ctx = &told};
    for (uint32_t bad = 0; bad < 2; bad++) {
        struct wc_jobs jobs = {.count = 0};
        memset(&told, 0, sizeof told);
        told.err = bad ? WC_E_DIGEST : WC_OK;
        wc_jobs_add(&jobs, &(struct wc_job){.ctx = NULL}); /* all hooks may be missing */
        wc_jobs_add(&jobs, &job);
        bench_open_for(state, &jobs);
        for (uint32_t sbn = 0; sbn < b.p->block_count; sbn++) {
            post(block_job(sbn, 0));
            expect(WC_STORER_BLOCK, sbn, WC_OK);
        }
        post_finish();
        expect(WC_STORER_FINISH, 0, bad ? WC_E_DIGEST : WC_OK);
        bench_close();
        assert_int_equal(told.complete_count, 1);
        assert_int_equal(told.cancel_count, 1);
        if (!bad)
            wc_fixture_assert_complete(b.f, "out");
    }
}

static atomic_bool is_full;

static ssize_t pwrite_while_there_is_room(int fd, const void *bytes, size_t count, off_t offset)
{
    if (!atomic_load(&is_full))
        return pwrite(fd, bytes, count, offset);
    errno = ENOSPC;
    return -1;
}

static void a_full_disk_is_named(void **state)
{
    struct wc_fixture *f = *state;
    struct wc_file_ops ops = wc_file_ops_system;
    ops.pwrite = pwrite_while_there_is_room;
    f->options.ops = &ops;
    bench_open(state);
    atomic_store(&is_full, true);
    post(block_job(0, 3));
    struct wc_storer_result result = next_result();
    assert_int_equal(result.err, WC_E_FULL);
    assert_true(result.why.exit_code != 0);
    assert_non_null(strstr(result.why.text, "out"));
    atomic_store(&is_full, false);
    bench_close();
    f->options.ops = NULL;
}

static void a_stop_drops_what_waits(void **state)
{
    for (uint32_t jobs = 0; jobs <= JOBS; jobs++) {
        bench_open(state);
        for (uint32_t sbn = 0; sbn < jobs; sbn++)
            post(block_job(sbn, 1));
        bench_close();
    }
    wc_storer_stop(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, wc_fixture_make, wc_fixture_clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(blocks_are_rebuilt_verified_and_stored),
        TEST(jobs_queue_up),
        TEST(wrong_bytes_are_not_stored),
        TEST(the_padding_does_not_count),
        TEST(symbols_that_cannot_be_are_void),
        TEST(what_is_not_complete_cannot_be_finished),
        TEST(jobs_are_told),
        TEST(a_full_disk_is_named),
        TEST(a_stop_drops_what_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
