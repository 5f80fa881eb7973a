/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks that wait in a real file system: what they use of it is measured, not believed. */
#include "receiver/shell/room.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/core/bitmap.h"
#include "common/core/rng.h"
#include "tests/support/package.h"
#include "tests/support/workdir.h"

#define SYMBOL        1000u /* so that no block begins with a page */
#define BLOCK_SYMBOLS 16u
#define LIMIT         (3u << 20)
/* What a reader leaves behind it until it says that it is taken. */
#define LAG_BYTES 100000u

enum { FOLDER, FIRST, SECOND, THIRD, FILE_COUNT };
static const struct wc_package_file files[FILE_COUNT] = {
    [FOLDER] = {.path = "a/"},
    [FIRST] = {.path = "a/first.swm",
               .byte_count = 9000001,
               .zero_from = 4000000,
               .zero_to = 4200000},
    [SECOND] = {.path = "a/notes.txt", .byte_count = 2000000},
    [THIRD] = {.path = "a/third.swm", .byte_count = 5000000},
};
static const uint32_t both[] = {FIRST, THIRD};

static struct {
    struct wc_workdir work;
    struct wc_package package;
    struct wc_manifest_run first[2]; /* of the manifest */
    struct wc_room *room;
    struct wc_why why;
    struct wc_rng rng;
    bool *in; /* blocks that were written, or are zeros */
    bool *open;
    uint32_t block_count;
    uint64_t used_max;
} b;

static int setup(void **state)
{
    (void)state;
    memset(&b, 0, sizeof b);
    b.rng.state = 7;
    wc_workdir_make(&b.work);
    wc_package_make(&b.package, files, FILE_COUNT, SYMBOL, BLOCK_SYMBOLS);
    b.block_count = b.package.m.partition.block_count;
    b.first[0] = (struct wc_manifest_run){.sbn = 0, .block_count = 2};
    b.first[1] = (struct wc_manifest_run){.sbn = b.block_count - 3, .block_count = 3};
    b.package.m.first = b.first;
    b.package.m.first_count = 2;
    b.in = calloc(b.block_count, sizeof b.in[0]);
    b.open = calloc(b.block_count, sizeof b.open[0]);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wc_room_free(b.room);
    b.package.m.first = NULL;
    b.package.m.first_count = 0;
    wc_package_remove(&b.package);
    wc_workdir_remove(&b.work);
    free(b.in);
    free(b.open);
    return 0;
}

static enum wc_err try_open(const uint32_t *kept, uint32_t count, uint64_t limit_bytes)
{
    struct wc_room_options options = {
        .dir = b.work.path, .limit_bytes = limit_bytes, .files = kept, .file_count = count};
    return wc_room_new(&b.room, &b.package.m, &options, &b.why);
}

static void open_room(const uint32_t *kept, uint32_t count, uint64_t limit_bytes)
{
    if (try_open(kept, count, limit_bytes))
        fail_msg("%s", b.why.text);
    const uint64_t *shut = wc_room_shut(b.room);
    for (uint32_t sbn = 0; sbn < b.block_count; sbn++) {
        b.open[sbn] = !shut || !wc_bitmap_get(shut, sbn);
        b.in[sbn] = false;
    }
}

static bool is_zero(uint32_t sbn)
{
    const uint8_t *bytes = wc_package_block(&b.package, sbn);
    for (uint32_t i = 0; i < wc_partition_bytes(&b.package.m.partition, sbn); i++)
        if (bytes[i])
            return false;
    return true;
}

static void widen(void)
{
    uint32_t sbn, count;
    while (wc_room_widen(b.room, &sbn, &count)) {
        assert_true(count > 0 && sbn + count <= b.block_count);
        for (; count; count--, sbn++) {
            assert_false(b.open[sbn]);
            b.open[sbn] = true;
        }
    }
}

static void write_block(uint32_t sbn)
{
    assert_true(b.open[sbn] && !b.in[sbn]);
    if (wc_room_write(b.room, sbn, wc_package_block(&b.package, sbn), &b.why))
        fail_msg("%s", b.why.text);
    b.in[sbn] = true;
    uint64_t used = wc_room_used(b.room);
    b.used_max = used > b.used_max ? used : b.used_max;
}

/* All that may come, from anywhere on. */
static void write_open(void)
{
    uint32_t from = (uint32_t)wc_rng_below(&b.rng, b.block_count);
    for (uint32_t i = 0; i < b.block_count; i++) {
        uint32_t sbn = (from + i) % b.block_count;
        if (b.open[sbn] && !b.in[sbn] && !is_zero(sbn))
            write_block(sbn);
    }
}

static bool is_complete(void)
{
    for (uint32_t sbn = 0; sbn < b.block_count; sbn++)
        if (!b.in[sbn] && !is_zero(sbn))
            return false;
    return true;
}

static void expect_bytes(uint32_t file, uint64_t offset, size_t count)
{
    int fd;
    uint8_t *bytes = malloc(count);
    if (wc_room_open_file(b.room, file, &fd, &b.why))
        fail_msg("%s", b.why.text);
    assert_true(bytes && pread(fd, bytes, count, (off_t)offset) == (ssize_t)count);
    assert_memory_equal(bytes, b.package.object + b.package.m.files[file].offset + offset, count);
    free(bytes);
    close(fd);
}

/* --- tests --- */

static void without_limit_all_may_come(void **state)
{
    (void)state;
    open_room(both, 2, 0);
    assert_null(wc_room_shut(b.room));
    assert_false(wc_room_has(b.room, FIRST, 0, 1));
    assert_true(wc_room_has(b.room, FIRST, 0, 0));
    assert_true(wc_room_has(b.room, FIRST, 4100000, 1000)); /* zeros need not come */
    write_open();
    assert_true(is_complete());
    for (uint32_t i = 0; i < 2; i++) {
        size_t byte_count = files[both[i]].byte_count;
        assert_true(wc_room_has(b.room, both[i], 0, byte_count));
        assert_false(wc_room_has(b.room, both[i], 0, byte_count + 1));
        expect_bytes(both[i], 0, byte_count);
    }
    assert_false(wc_room_is_full(b.room));
    uint64_t kept_bytes = files[FIRST].byte_count + files[THIRD].byte_count;
    assert_true(b.used_max > kept_bytes - 300000 && b.used_max < kept_bytes + 1000000);
    wc_room_take(b.room, FIRST, 0, files[FIRST].byte_count);
    wc_room_take(b.room, THIRD, 0, files[THIRD].byte_count);
    assert_true(wc_room_used(b.room) < 8u * BLOCK_SYMBOLS * SYMBOL); /* what goes first stays */
    expect_bytes(FIRST, 0, SYMBOL);
    assert_true(wc_room_has(b.room, FIRST, 0, files[FIRST].byte_count));
}

/* A reader that reads in order, and says some time later what it has taken. */
static void in_a_bounded_room_the_reader_gets_on(void **state)
{
    (void)state;
    open_room(both, 2, LIMIT);
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t file = both[i];
        uint64_t at = 0, taken = 0, byte_count = files[file].byte_count;
        while (taken < byte_count) {
            uint64_t piece = 1 + wc_rng_below(&b.rng, 70000);
            piece = piece < byte_count - at ? piece : byte_count - at;
            widen();
            write_open();
            assert_true(wc_room_has(b.room, file, at, piece));
            if (piece)
                expect_bytes(file, at, piece);
            at += piece;
            uint64_t to = at == byte_count ? at : at > LAG_BYTES ? at - LAG_BYTES : 0;
            if (to > taken)
                wc_room_take(b.room, file, taken, to - taken);
            taken = to > taken ? to : taken;
            assert_true(wc_room_used(b.room) <= LIMIT);
        }
    }
    assert_true(is_complete());
    assert_true(b.used_max <= LIMIT);
    assert_true(b.used_max > LIMIT / 3); /* and it is made use of */
}

static void room_follows_the_order_of_reading(void **state)
{
    (void)state;
    static const uint32_t reversed[] = {THIRD, FIRST};
    open_room(reversed, 2, LIMIT);
    const struct wc_manifest *m = &b.package.m;
    uint32_t third = wc_partition_block_at(&m->partition, m->files[THIRD].offset);
    uint32_t notes = wc_partition_block_at(&m->partition, m->files[SECOND].offset + 100000);
    assert_true(b.open[0] && b.open[1] && b.open[b.block_count - 1]); /* they go first */
    assert_false(b.open[2]);
    assert_true(b.open[notes]); /* is not kept */
    assert_true(b.open[third] && b.open[third + 1]);
    write_open();
    assert_true(wc_room_is_full(b.room));
    assert_true(wc_room_has(b.room, THIRD, 0, 1000000));
    assert_false(wc_room_has(b.room, SECOND, 100000, 1));
    int fd;
    assert_int_equal(wc_room_open_file(b.room, SECOND, &fd, &b.why), WC_E_NOT_FOUND);
    wc_room_take(b.room, THIRD, 0, 1000000);
    assert_false(wc_room_is_full(b.room));
    widen();
    assert_false(b.open[2]);
    wc_room_take(b.room, THIRD, 1000000, 4000000); /* what is not there yet need not come in */
    widen();
    assert_true(b.open[2]);
    write_open();
    assert_true(wc_room_used(b.room) <= LIMIT);
}

/* Of what nobody reads nothing is kept. */
static void what_was_taken_before_it_came_is_not_kept(void **state)
{
    (void)state;
    open_room(both, 2, 0);
    wc_room_take(b.room, FIRST, 0, files[FIRST].byte_count);
    wc_room_take(b.room, THIRD, 0, files[THIRD].byte_count);
    write_open();
    assert_true(is_complete());
    assert_true(b.used_max < 8u * BLOCK_SYMBOLS * SYMBOL);
}

static void a_file_alone(void **state)
{
    (void)state;
    static const uint32_t third[] = {THIRD};
    open_room(third, 1, LIMIT);
    for (uint64_t at = 0; at < files[THIRD].byte_count; at += 250000) {
        widen();
        write_open();
        expect_bytes(THIRD, at, 250000);
        wc_room_take(b.room, THIRD, at, 250000);
    }
    widen();
    write_open();
    assert_true(is_complete() && b.used_max <= LIMIT);
}

/* A full disk is said, and what could not be written may come again. */
static void a_block_that_cannot_be_written_is_not_there(void **state)
{
    (void)state;
    struct rlimit before, none;
    uint32_t sbn = 200;
    uint64_t offset = wc_partition_offset(&b.package.m.partition, sbn);
    open_room(both, 2, 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = (struct rlimit){.rlim_cur = 4096, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    enum wc_err err = wc_room_write(b.room, sbn, wc_package_block(&b.package, sbn), &b.why);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_not_equal(err, WC_OK);
    assert_non_null(strstr(b.why.text, "cannot write a temporary file in "));
    assert_false(wc_room_has(b.room, FIRST, offset, 1));
    write_block(sbn);
    assert_true(wc_room_has(b.room, FIRST, offset, 1));
    expect_bytes(FIRST, offset, 1000);
}

static void too_little_is_refused(void **state)
{
    (void)state;
    assert_int_equal(try_open(both, 2, 1u << 20), WC_E_RANGE);
    assert_int_equal(b.why.exit_code, EX_USAGE);
    assert_non_null(strstr(b.why.text, "--spool-limit 1.0 MiB is too little"));
    assert_non_null(strstr(b.why.text, "at least 1."));
    struct wc_room_options options = {.dir = "/nonexistent", .files = both, .file_count = 2};
    assert_int_equal(wc_room_new(&b.room, &b.package.m, &options, &b.why), WC_E_NOT_FOUND);
    assert_non_null(strstr(b.why.text, "/nonexistent"));
    assert_non_null(strstr(b.why.text, "--spool-dir"));
    wc_room_free(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(without_limit_all_may_come),
        TEST(in_a_bounded_room_the_reader_gets_on),
        TEST(room_follows_the_order_of_reading),
        TEST(what_was_taken_before_it_came_is_not_kept),
        TEST(a_file_alone),
        TEST(a_block_that_cannot_be_written_is_not_there),
        TEST(too_little_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
