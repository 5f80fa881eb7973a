/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/rangecheck.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/io/digest.h"
#include "common/io/sha1.h"
#include "tests/support/workdir.h"

enum { RANGES = 64, RANGE_BYTES = 40000, LAST_BYTES = 3000000 };

struct fixture {
    struct wc_workdir dir;
    int fd;
    uint8_t digests[RANGES][WC_DIGEST_BYTES];
    enum wc_range_digest digest;
    int flaky; /* this range is wrong at the first look; -1: none */
    atomic_int flaky_count;
};

static uint64_t bytes_of(uint32_t index)
{
    return index == RANGES - 1 ? LAST_BYTES : RANGE_BYTES;
}

static void hash(struct fixture *f, uint32_t index, const uint8_t *bytes, size_t count)
{
    struct wc_sha1 *sha1;
    struct wc_digest *sha256;
    if (f->digest == WC_RANGE_SHA1) {
        assert_int_equal(wc_sha1_new(&sha1), WC_OK);
        wc_sha1_update(sha1, bytes, count);
        wc_sha1_finish(sha1, f->digests[index]);
        wc_sha1_free(sha1);
    } else {
        assert_int_equal(wc_digest_new(&sha256), WC_OK);
        wc_digest_of(sha256, bytes, count, f->digests[index]);
        wc_digest_free(sha256);
    }
}

static void begin(struct fixture *f, enum wc_range_digest digest)
{
    size_t count = (RANGES - 1) * RANGE_BYTES + LAST_BYTES;
    uint8_t *bytes = malloc(count);
    assert_non_null(bytes);
    memset(f, 0, sizeof *f);
    f->digest = digest;
    f->flaky = -1;
    wc_workdir_make(&f->dir);
    wc_workdir_pattern(5, 0, bytes, count);
    f->fd = open(wc_workdir_write(&f->dir, "file", bytes, count), O_RDWR | O_CLOEXEC);
    assert_true(f->fd >= 0);
    for (uint32_t i = 0; i < RANGES; i++)
        hash(f, i, bytes + (size_t)i * RANGE_BYTES, (size_t)bytes_of(i));
    free(bytes);
}

static void end(struct fixture *f)
{
    close(f->fd);
    wc_workdir_remove(&f->dir);
}

static struct wc_range range(const void *ctx, uint32_t index)
{
    static const uint8_t wrong[WC_DIGEST_BYTES];
    struct fixture *f = (struct fixture *)(uintptr_t)ctx;
    bool is_first = (int)index == f->flaky && atomic_fetch_add(&f->flaky_count, 1) < 2;
    return (struct wc_range){
        .offset = (uint64_t)index * RANGE_BYTES,
        .byte_count = bytes_of(index),
        .expected = is_first ? wrong : f->digests[index], /* asked for twice before it is hashed */
    };
}

static void look(void *ctx, uint64_t done_bytes, uint64_t whole_bytes)
{
    (void)ctx;
    assert_true(done_bytes <= 2 * whole_bytes);
}

static uint32_t check(struct fixture *f, uint32_t workers, struct wc_rangecheck_fault **ret)
{
    struct wc_rangecheck_config config = {
        .fd = f->fd,
        .digest = f->digest,
        .worker_count = workers,
        .range_count = RANGES,
        .range = range,
        .ctx = f,
        .progress = look,
    };
    uint32_t count;
    assert_int_equal(wc_rangecheck_run(&config, ret, &count), WC_OK);
    return count;
}

static void spoil(struct fixture *f, uint64_t offset)
{
    uint8_t byte;
    assert_int_equal(pread(f->fd, &byte, 1, (off_t)offset), 1);
    byte ^= 1;
    assert_int_equal(pwrite(f->fd, &byte, 1, (off_t)offset), 1);
}

static void what_is_right_is_right(void **state)
{
    (void)state;
    static const enum wc_range_digest digests[] = {WC_RANGE_SHA1, WC_RANGE_SHA256};
    for (size_t i = 0; i < 2; i++) {
        struct fixture f;
        struct wc_rangecheck_fault *faults;
        begin(&f, digests[i]);
        assert_int_equal(check(&f, 1, &faults), 0);
        assert_int_equal(check(&f, 4, &faults), 0);
        free(faults);
        end(&f);
    }
}

static void every_fault_is_found(void **state)
{
    (void)state;
    struct fixture f;
    struct wc_rangecheck_fault *faults;
    begin(&f, WC_RANGE_SHA256);
    spoil(&f, 5 * RANGE_BYTES);
    spoil(&f, 7 * RANGE_BYTES - 1);
    spoil(&f, RANGES * RANGE_BYTES + LAST_BYTES - RANGE_BYTES - 1);
    assert_int_equal(check(&f, 3, &faults), 3);
    assert_int_equal(faults[0].index, 5);
    assert_int_equal(faults[1].index, 6);
    assert_int_equal(faults[2].index, RANGES - 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(faults[i].err, WC_E_DIGEST);
        assert_int_equal(faults[i].again, WC_AGAIN_SAME);
        assert_memory_not_equal(faults[i].digest, f.digests[faults[i].index], WC_DIGEST_BYTES);
    }
    free(faults);
    end(&f);
}

static void a_fault_that_goes_away_is_told(void **state)
{
    (void)state;
    struct fixture f;
    struct wc_rangecheck_fault *faults;
    begin(&f, WC_RANGE_SHA1);
    f.flaky = 9;
    assert_int_equal(check(&f, 2, &faults), 1);
    assert_int_equal(faults[0].index, 9);
    assert_int_equal(faults[0].again, WC_AGAIN_GOOD);
    free(faults);
    end(&f);
}

static void a_file_that_ends_early(void **state)
{
    (void)state;
    struct fixture f;
    struct wc_rangecheck_fault *faults;
    begin(&f, WC_RANGE_SHA1);
    assert_int_equal(ftruncate(f.fd, (RANGES - 2) * RANGE_BYTES), 0);
    assert_int_equal(check(&f, 2, &faults), 2);
    assert_int_equal(faults[0].err, WC_E_SHORT);
    assert_int_equal(faults[1].err, WC_E_SHORT);
    free(faults);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_right_is_right),
        cmocka_unit_test(every_fault_is_found),
        cmocka_unit_test(a_fault_that_goes_away_is_told),
        cmocka_unit_test(a_file_that_ends_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
