/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that are wrong in places, mended where they lie: by a store whose blocks are in but for
 * these. Blocks are of some 1000 bytes here. */
#include "receiver/shell/mend.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/core/bitmap.h"
#include "tests/unit/receiver/shell/store_fixture.h"

static const struct wc_package_file files[] = {
    {"d/", 0, 0, 0},
    {"d/a", 9000, 0, 0},
    {"d/b", 5000, 1000, 4000},
    {"e", 300, 0, 0},
};
enum { A = 1, B = 2, E = 3, FILE_COUNT = sizeof(files) / sizeof(files[0]) };

static struct wc_mend *mend;

static int make(void **state)
{
    int bad = wc_fixture_make(state);
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, files, FILE_COUNT);
    wc_workdir_mkdir(&f->work, "d");
    return bad;
}

static int clean(void **state)
{
    int bad = wc_fixture_clean(state);
    wc_mend_free(mend);
    mend = NULL;
    return bad;
}

static const struct wc_file *entry(const struct wc_fixture *f, uint32_t index)
{
    return &f->package.m.files[index];
}

/* The file as it should be, but `count` bytes at `offset` of it. */
static const char *put_damaged(struct wc_fixture *f, uint32_t index, uint64_t offset, size_t count)
{
    static const uint8_t wrong[1000] = {'w', 'r', 'o', 'n', 'g'};
    const struct wc_file *file = entry(f, index);
    const char *path =
        wc_workdir_write(&f->work, file->path, f->package.object + file->offset, file->byte_count);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0 && count <= sizeof wrong);
    assert_int_equal(pwrite(fd, wrong, count, (off_t)offset), count);
    close(fd);
    return path;
}

static bool is_right(struct wc_fixture *f, uint32_t index)
{
    const struct wc_file *file = entry(f, index);
    return wc_workdir_holds(wc_workdir_at(&f->work, file->path), f->package.object + file->offset,
                            file->byte_count);
}

static void begin(struct wc_fixture *f, const struct wc_file_ops *ops)
{
    assert_int_equal(wc_mend_new(&mend, &f->package.m, "here", ops, &f->why), WC_OK);
}

static void add(struct wc_fixture *f, uint32_t index)
{
    const char *path = wc_workdir_at(&f->work, entry(f, index)->path);
    if (wc_mend_add(mend, index, path, &f->why) != WC_OK)
        fail_msg("not added: %s", f->why.text);
}

/* The blocks with bytes [from, to) of a file. */
static void mark(struct wc_fixture *f, uint32_t index, uint64_t from, uint64_t to)
{
    const struct wc_partition *p = &f->package.m.partition;
    uint64_t at = entry(f, index)->offset;
    uint32_t last = wc_partition_block_at(p, at + to - 1);
    for (uint32_t sbn = wc_partition_block_at(p, at + from); sbn <= last; sbn++)
        wc_bitmap_set(wc_mend_damaged(mend), sbn);
}

static void open_store(struct wc_fixture *f)
{
    if (wc_store_open_mend(&f->store, &f->package.m, mend, &f->options, &f->why) != WC_OK)
        fail_msg("not opened: %s", f->why.text);
}

/* --- mending -------------------------------------------------------------------------------- */

static void a_damaged_block(void **state)
{
    struct wc_fixture *f = *state;
    struct stat before, after;
    const char *path = put_damaged(f, A, 5000, 5);
    assert_int_equal(stat(path, &before), 0);
    begin(f, NULL);
    add(f, A);
    mark(f, A, 5000, 5001);
    open_store(f);
    uint32_t block_count = f->package.m.partition.block_count;
    int fd;
    assert_int_equal(wc_store_open_file(f->store, A, &fd, &f->why), WC_OK);
    assert_int_equal(lseek(fd, 0, SEEK_END), 9000);
    close(fd);
    assert_int_not_equal(wc_store_open_file(f->store, B, &fd, &f->why), WC_OK);
    assert_string_equal(wc_store_where(f->store), "here");
    assert_int_equal(wc_store_have_count(f->store), block_count - 1);
    assert_int_equal(wc_store_finish(f->store, &f->why), WC_E_STATE);
    wc_fixture_write_rest(f, 1);
    wc_fixture_finish(f);
    assert_true(is_right(f, A));
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
}

static void blocks_shared_with_absent_files(void **state)
{
    struct wc_fixture *f = *state;
    put_damaged(f, B, 0, 10);
    put_damaged(f, B, 4995, 5);
    begin(f, NULL);
    add(f, B);
    mark(f, B, 0, 10);
    mark(f, B, 4995, 5000);
    open_store(f);
    wc_fixture_write_rest(f, 2);
    wc_fixture_finish(f);
    assert_true(is_right(f, B));
    assert_false(wc_workdir_exists(wc_workdir_at(&f->work, "d/a")));
    assert_false(wc_workdir_exists(wc_workdir_at(&f->work, "e")));
}

static void zeros_that_never_come(void **state)
{
    struct wc_fixture *f = *state;
    put_damaged(f, B, 1500, 1000);
    begin(f, NULL);
    add(f, B);
    mark(f, B, 0, 5000);
    open_store(f);
    assert_true(wc_store_have_count(f->store) >
                f->package.m.partition.block_count -
                    wc_bitmap_count(wc_mend_damaged(mend), f->package.m.partition.block_count));
    wc_fixture_write_rest(f, 3);
    wc_fixture_finish(f);
    assert_true(is_right(f, B));
}

static void sizes(void **state)
{
    struct wc_fixture *f = *state;
    const char *a = put_damaged(f, A, 0, 0);
    put_damaged(f, E, 300, 50);
    assert_int_equal(truncate(a, 4000), 0);
    begin(f, NULL);
    add(f, A);
    add(f, E);
    mark(f, A, 4000, 9000);
    open_store(f);
    assert_int_equal(wc_mend_count(mend), 2);
    wc_fixture_write_rest(f, 4);
    wc_fixture_finish(f);
    assert_true(is_right(f, A));
    assert_true(is_right(f, E));
}

static void nothing_to_mend(void **state)
{
    struct wc_fixture *f = *state;
    put_damaged(f, A, 0, 0);
    begin(f, NULL);
    add(f, A);
    open_store(f);
    assert_int_equal(wc_store_have_count(f->store), f->package.m.partition.block_count);
    wc_fixture_finish(f);
    assert_true(is_right(f, A));
}

/* Half of the blocks, then the end: what is mended stays, and nothing else has changed. */
static void interrupted(void **state)
{
    struct wc_fixture *f = *state;
    put_damaged(f, A, 2000, 5);
    begin(f, NULL);
    add(f, A);
    mark(f, A, 0, 8000);
    open_store(f);
    wc_fixture_write(f, wc_partition_block_at(&f->package.m.partition, entry(f, A)->offset + 2000));
    wc_fixture_close(f);
    assert_true(is_right(f, A));
}

/* --- what is refused ------------------------------------------------------------------------ */

static void refused(struct wc_fixture *f, uint32_t index, const char *name, enum wc_err err,
                    int exit_code, const char *words)
{
    assert_int_equal(wc_mend_add(mend, index, wc_workdir_at(&f->work, name), &f->why), err);
    assert_int_equal(f->why.exit_code, exit_code);
    if (!strstr(f->why.text, words))
        fail_msg("'%s' does not say '%s'", f->why.text, words);
}

static void what_cannot_be_mended(void **state)
{
    struct wc_fixture *f = *state;
    begin(f, NULL);
    refused(f, A, "d", WC_E_PATH, EX_NOINPUT, "Is a directory");
    refused(f, A, "nothing", WC_E_NOT_FOUND, EX_NOINPUT, "No such file");
    assert_int_equal(mkfifo(wc_workdir_at(&f->work, "fifo"), 0600), 0);
    refused(f, A, "fifo", WC_E_PATH, EX_NOINPUT, "no regular file");
    int fd = open(put_damaged(f, A, 0, 0), O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    refused(f, A, "d/a", WC_E_STATE, EX_TEMPFAIL, "another receiver");
    close(fd);
    assert_int_equal(wc_mend_fd(mend, A), -1);
    add(f, A);
    assert_true(wc_mend_fd(mend, A) >= 0);
    refused(f, A, "d/a", WC_E_STATE, EX_USAGE, "twice");
}

/* --- disks that fail ------------------------------------------------------------------------ */

static struct {
    int pwrite_error, pread_error, fsync_error;
    bool reads_wrong;
} fault;

static ssize_t faulty_pread(int fd, void *bytes, size_t count, off_t offset)
{
    errno = fault.pread_error;
    ssize_t got = fault.pread_error ? -1 : pread(fd, bytes, count, offset);
    if (got > 0 && fault.reads_wrong)
        *(uint8_t *)bytes ^= 1;
    return got;
}

static ssize_t faulty_pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    errno = fault.pwrite_error;
    return fault.pwrite_error ? -1 : pwrite(fd, bytes, count, offset);
}

static int faulty_fsync(int fd)
{
    errno = fault.fsync_error;
    return fault.fsync_error ? -1 : fsync(fd);
}

static void bad_disks(void **state)
{
    struct wc_fixture *f = *state;
    struct wc_file_ops ops = wc_file_ops_system;
    ops.pread = faulty_pread;
    ops.pwrite = faulty_pwrite;
    ops.fsync = faulty_fsync;
    put_damaged(f, A, 2000, 5);
    begin(f, &ops);
    add(f, A);
    mark(f, A, 2000, 2001);
    open_store(f);
    uint32_t sbn = wc_bitmap_find_clear(wc_store_have(f->store), UINT32_MAX, 0);
    const uint8_t *bytes = wc_package_block(&f->package, sbn);
    fault.pwrite_error = ENOSPC;
    assert_int_equal(wc_store_write(f->store, sbn, bytes, &f->why), WC_E_FULL);
    assert_int_equal(f->why.exit_code, EX_CANTCREAT);
    assert_non_null(strstr(f->why.text, "what is mended stays mended"));
    fault.pwrite_error = EIO;
    assert_int_equal(wc_store_write(f->store, sbn, bytes, &f->why), WC_E_IO);
    fault.pwrite_error = 0;
    wc_fixture_write(f, sbn);
    fault.fsync_error = EIO;
    assert_int_equal(wc_store_finish(f->store, &f->why), WC_E_IO);
    fault.fsync_error = 0;
    fault.pread_error = EIO;
    assert_int_equal(wc_store_finish(f->store, &f->why), WC_E_IO);
    assert_non_null(strstr(f->why.text, "cannot read back"));
    fault.pread_error = 0;
    fault.reads_wrong = true;
    assert_int_equal(wc_store_finish(f->store, &f->why), WC_E_DIGEST);
    assert_int_equal(f->why.exit_code, EX_IOERR);
    assert_non_null(strstr(f->why.text, "reads back wrong"));
    fault.reads_wrong = false;
    wc_fixture_finish(f);
    assert_true(is_right(f, A));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_damaged_block, make, clean),
        cmocka_unit_test_setup_teardown(blocks_shared_with_absent_files, make, clean),
        cmocka_unit_test_setup_teardown(zeros_that_never_come, make, clean),
        cmocka_unit_test_setup_teardown(sizes, make, clean),
        cmocka_unit_test_setup_teardown(nothing_to_mend, make, clean),
        cmocka_unit_test_setup_teardown(interrupted, make, clean),
        cmocka_unit_test_setup_teardown(what_cannot_be_mended, make, clean),
        cmocka_unit_test_setup_teardown(bad_disks, make, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
