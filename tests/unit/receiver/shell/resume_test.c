/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A second run goes on where the first one stopped, whatever the first one left. Blocks are of some
 * 1000 bytes. */
#include "receiver/shell/resume.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/core/bitmap.h"
#include "tests/unit/receiver/shell/store_fixture.h"

/* 46 blocks, of them 10 zero ones. */
static const struct wc_package_file files[] = {
    {"a.wim", 30001, 5000, 12000},
    {"b/c", 10, 0, 0},
    {"b/d", 0, 0, 0},
    {"b/e", 17000, 1000, 5000},
};
enum { FILE_COUNT = sizeof(files) / sizeof(files[0]) };

static uint64_t zero_blocks(const struct wc_fixture *f)
{
    uint64_t zero = 0;
    for (uint32_t sbn = 0; sbn < f->package.m.partition.block_count; sbn++) {
        if (wc_file_is_zero(wc_package_block(&f->package, sbn),
                            wc_partition_bytes(&f->package.m.partition, sbn)))
            wc_bitmap_set(&zero, sbn);
    }
    return zero;
}

/* Change bytes of a file in place. */
static void scribble(struct wc_fixture *f, const char *name, off_t offset, size_t count)
{
    uint8_t bytes[4096];
    assert_true(count <= sizeof(bytes));
    memset(bytes, 0xcc, count);
    int fd = open(wc_workdir_at(&f->work, name), O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, count, offset), count);
    close(fd);
}

static void finish_the_rest(struct wc_fixture *f)
{
    wc_fixture_write_rest(f, 1);
    wc_fixture_finish(f);
    wc_fixture_assert_complete(f, "out");
}

static void after_a_kill(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, files, FILE_COUNT);
    uint64_t zero = zero_blocks(f);
    for (uint32_t seed = 0; seed < 10; seed++) {
        uint64_t first = 0;
        uint64_t second = 0;
        wc_fixture_killed_run(f, "out", 2 * seed, true, &first);
        wc_fixture_killed_run(f, "out", 2 * seed + 1, true, &second);
        wc_fixture_open(f, "out");
        assert_true(*wc_store_have(f->store) == (first | second | zero));
        assert_int_equal(wc_store_have_count(f->store),
                         wc_bitmap_count(&(uint64_t){first | second | zero}, 64));
        assert_true(wc_store_resumed_bytes(f->store) > 0);
        assert_int_equal(f->warning_count, 0);
        finish_the_rest(f);
    }
}

/* What the journal does not know is fetched again; what it knows of is enough. */
static void after_a_kill_without_news(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, files, FILE_COUNT);
    uint64_t first = 0;
    uint64_t second = 0;
    wc_fixture_killed_run(f, "out", 1, true, &first);
    wc_fixture_killed_run(f, "out", 2, false, &second);
    wc_fixture_open(f, "out");
    assert_true(*wc_store_have(f->store) == (first | zero_blocks(f)));
    finish_the_rest(f);
}

static void after_close(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, files, 1);
    wc_fixture_open(f, "out/");
    wc_fixture_write(f, 0);
    wc_fixture_write(f, 29);
    wc_fixture_close(f);
    wc_fixture_open(f, "out/");
    assert_true(*wc_store_have(f->store) == (zero_blocks(f) | 1 | 1ull << 29));
    assert_int_equal(wc_store_resumed_bytes(f->store),
                     wc_partition_bytes(&f->package.m.partition, 0) +
                         wc_partition_bytes(&f->package.m.partition, 29));
    finish_the_rest(f);
}

/* --- damage --- */

static void damaged_bytes(void **state)
{
    struct wc_fixture *f = *state;
    uint64_t written = 0;
    wc_fixture_pack(f, files, FILE_COUNT);
    wc_fixture_open(f, "out");
    wc_fixture_write_rest(f, 0);
    wc_fixture_close(f);
    scribble(f, "out/a.wim.part", 3 * 1024 + 1000, 30); /* blocks 3 and 4 */
    scribble(f, "out/b/c.part", 9, 1);                  /* block 29 */
    wc_fixture_open(f, "out");
    written = ~*wc_store_have(f->store) & ((1ull << f->package.m.partition.block_count) - 1);
    assert_true(written == (1ull << 3 | 1ull << 4 | 1ull << 29));
    assert_int_equal(f->warning_count, 1);
    assert_non_null(strstr(f->warning, "was damaged since an earlier run"));
    finish_the_rest(f);
}

static void damaged_zeros(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, files, FILE_COUNT);
    wc_fixture_open(f, "out");
    wc_fixture_write_rest(f, 0);
    wc_fixture_close(f);
    scribble(f, "out/a.wim.part", 8000, 100);
    wc_fixture_open(f, "out");
    assert_int_equal(wc_store_have_count(f->store), f->package.m.partition.block_count);
    finish_the_rest(f);
}

/* Rubbish where a block will come that has zeros in it: they must be written, not left out. */
static void rubbish_under_zeros(void **state)
{
    static const struct wc_package_file half[] = {{"half", 9000, 4096, 8500}};
    struct wc_fixture *f = *state;
    wc_package_make(&f->package, half, 1, 1024, 9);
    assert_int_equal(f->package.m.partition.block_count, 1);
    wc_fixture_open(f, "out/");
    wc_fixture_close(f);
    scribble(f, "out/half.part", 4000, 4096);
    wc_fixture_open(f, "out/");
    finish_the_rest(f);
}

static void parts_cut_or_gone(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, files, FILE_COUNT);
    wc_fixture_open(f, "out");
    wc_fixture_write_rest(f, 0);
    wc_fixture_close(f);
    assert_int_equal(truncate(wc_workdir_at(&f->work, "out/a.wim.part"), 1024), 0);
    assert_int_equal(unlink(wc_workdir_at(&f->work, "out/b/e.part")), 0);
    wc_fixture_open(f, "out");
    assert_true(wc_bitmap_get(wc_store_have(f->store), 0));
    assert_false(wc_bitmap_get(wc_store_have(f->store), 1));
    finish_the_rest(f);
}

/* --- journals that do not help --- */

static void a_newer_version(void **state)
{
    struct wc_fixture *f = *state;
    static const struct wc_package_file other[] = {{"a.wim", 5000, 0, 0}, {"b/c", 10, 0, 0}};
    wc_fixture_pack(f, files, FILE_COUNT);
    wc_fixture_open(f, "out");
    wc_fixture_write_rest(f, 0);
    wc_fixture_close(f);
    wc_fixture_pack(f, other, 2);
    wc_fixture_open(f, "out");
    assert_int_equal(f->warning_count, 1);
    assert_non_null(strstr(f->warning, "pkg.part.journal belongs to another package or version"));
    assert_int_equal(wc_store_have_count(f->store), 0);
    assert_int_equal(wc_store_resumed_bytes(f->store), 0);
    finish_the_rest(f);
}

static void a_damaged_journal(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, files, FILE_COUNT);
    wc_fixture_open(f, "out");
    wc_fixture_write_rest(f, 0);
    wc_fixture_close(f);
    scribble(f, "out/pkg.part.journal", 0, 1);
    scribble(f, "out/pkg.part.journal", 4096, 1);
    wc_fixture_open(f, "out");
    assert_int_equal(f->warning_count, 1);
    assert_non_null(strstr(f->warning, "pkg.part.journal is damaged; beginning anew"));
    assert_true(*wc_store_have(f->store) == zero_blocks(f));
    finish_the_rest(f);
}

static void a_lost_journal(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, files, FILE_COUNT);
    wc_fixture_open(f, "out");
    wc_fixture_write_rest(f, 0);
    wc_fixture_close(f);
    assert_int_equal(unlink(wc_workdir_at(&f->work, "out/pkg.part.journal")), 0);
    wc_fixture_open(f, "out");
    assert_int_equal(f->warning_count, 1);
    assert_non_null(strstr(f->warning, "is missing beside unfinished files"));
    assert_true(*wc_store_have(f->store) == zero_blocks(f));
    finish_the_rest(f);
}

/* One slot torn: the claims of the other. */
static void half_a_journal(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, files, FILE_COUNT);
    wc_fixture_open(f, "out"); /* both slots */
    wc_fixture_write(f, 0);
    assert_int_equal(wc_store_checkpoint(f->store, WC_S(1), &f->why), WC_OK); /* slot 1 */
    wc_fixture_write(f, 1);
    wc_fixture_close(f); /* slot 0 */
    scribble(f, "out/pkg.part.journal", 50, 1);
    wc_fixture_open(f, "out");
    assert_true(*wc_store_have(f->store) == (zero_blocks(f) | 1));
    assert_int_equal(f->warning_count, 0);
    finish_the_rest(f);
}

/* --- when the journal is written --- */

static unsigned pwrite_count;

static ssize_t counting_pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    pwrite_count++;
    return pwrite(fd, bytes, count, offset);
}

static void checkpoint_at(struct wc_fixture *f, wc_ns now, unsigned expected_count)
{
    pwrite_count = 0;
    assert_int_equal(wc_store_checkpoint(f->store, now, &f->why), WC_OK);
    assert_int_equal(pwrite_count, expected_count);
}

static void once_a_second(void **state)
{
    struct wc_fixture *f = *state;
    struct wc_file_ops ops = wc_file_ops_system;
    ops.pwrite = counting_pwrite;
    f->options.ops = &ops;
    wc_fixture_pack(f, files, 1);
    wc_fixture_open(f, "out/");
    checkpoint_at(f, 5, 0); /* nothing new */
    wc_fixture_write(f, 0);
    checkpoint_at(f, 5, 1);
    wc_fixture_write(f, 1);
    checkpoint_at(f, 6, 0);
    checkpoint_at(f, WC_S(1) + 4, 0);
    checkpoint_at(f, WC_S(1) + 5, 1);
    checkpoint_at(f, WC_S(9), 0);
    pwrite_count = 0;
    wc_fixture_close(f);
    assert_int_equal(pwrite_count, 0);
}

/* --- progress --- */

struct watcher {
    uint64_t done_bytes, bytes;
    unsigned calls, stop_after;
};

static bool on_progress(void *ctx, uint64_t done_bytes, uint64_t bytes)
{
    struct watcher *w = ctx;
    assert_true(done_bytes > w->done_bytes && done_bytes <= bytes);
    w->done_bytes = done_bytes;
    w->bytes = bytes;
    return ++w->calls != w->stop_after;
}

static void progress_and_stop(void **state)
{
    struct wc_fixture *f = *state;
    struct watcher w = {.stop_after = 7};
    wc_fixture_pack(f, files, 1);
    wc_fixture_open(f, "out/");
    wc_fixture_write_rest(f, 0);
    wc_fixture_close(f);
    const struct wc_store_options before = f->options;
    f->options.warn = NULL;
    f->options.progress = on_progress;
    f->options.ctx = &w;
    wc_fixture_refused(f, "out/", WC_E_CLOSED, EX_TEMPFAIL, "stopped while checking");
    assert_int_equal(w.calls, 7);
    w = (struct watcher){0};
    wc_fixture_open(f, "out/"); /* nothing is lost by it */
    assert_int_equal(w.done_bytes, 30001);
    assert_int_equal(w.bytes, 30001);
    assert_int_equal(wc_store_have_count(f->store), f->package.m.partition.block_count);
    f->options = before;
    finish_the_rest(f);
}

/* --- somebody else's file where everybody may write --- */

static void a_part_of_a_stranger(void **state)
{
    struct wc_fixture *f = *state;
    struct stat st;
    if (geteuid() != 0)
        skip();
    wc_fixture_pack(f, files, 1);
    wc_fixture_open(f, "out/");
    wc_fixture_write_rest(f, 0);
    wc_fixture_close(f);
    const char *part = wc_workdir_at(&f->work, "out/a.wim.part");
    assert_int_equal(chown(part, 65534, 65534), 0);
    assert_int_equal(chmod(wc_workdir_at(&f->work, "out"), 01777), 0);
    int strangers_fd = open(part, O_RDWR);
    wc_fixture_open(f, "out/");
    assert_true(*wc_store_have(f->store) == zero_blocks(f));
    wc_fixture_write_rest(f, 0);
    assert_int_equal(pwrite(strangers_fd, "evil", 4, 0), 4); /* changes nothing of ours */
    close(strangers_fd);
    assert_int_equal(stat(part, &st), 0);
    assert_int_equal(st.st_uid, 0);
    finish_the_rest(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, wc_fixture_make, wc_fixture_clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(after_a_kill),      TEST(after_a_kill_without_news),
        TEST(after_close),       TEST(damaged_bytes),
        TEST(damaged_zeros),     TEST(rubbish_under_zeros),
        TEST(parts_cut_or_gone), TEST(a_newer_version),
        TEST(a_damaged_journal), TEST(a_lost_journal),
        TEST(half_a_journal),    TEST(once_a_second),
        TEST(progress_and_stop), TEST(a_part_of_a_stranger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
