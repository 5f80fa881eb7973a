/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Disks that are full, read-only, slow or broken. Whatever happens: a sentence with file and fix,
 * no final name over wrong bytes, and a later run on a sound disk completes. */
#include "receiver/shell/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/receiver/shell/store_fixture.h"

static const struct wc_package_file files[] = {
    {"d/", 0, 0, 0},
    {"d/a", 9000, 0, 0},
    {"d/b", 5000, 1000, 3000},
    {"e", 300, 0, 0},
};
enum { FILE_COUNT = sizeof(files) / sizeof(files[0]) };

/* --- a disk that fails on demand: at one call of a kind, or from it on --- */

static struct fault {
    unsigned countdown; /* 0: no more; 1: the next call fails */
    bool goes_on;       /* all calls after it fail too */
    int error;
    bool is_pwrite, is_fsync, is_rename, is_pread; /* which calls count */
    unsigned call_count;
} fault;

static bool strikes(bool counts)
{
    if (!counts)
        return false;
    fault.call_count++;
    if (!fault.countdown || --fault.countdown)
        return false;
    fault.countdown = fault.goes_on;
    errno = fault.error;
    return true;
}

static ssize_t faulty_pread(int fd, void *bytes, size_t count, off_t offset)
{
    return strikes(fault.is_pread) ? -1 : pread(fd, bytes, count, offset);
}

static ssize_t faulty_pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    return strikes(fault.is_pwrite) ? -1 : pwrite(fd, bytes, count, offset);
}

static int faulty_fsync(int fd)
{
    return strikes(fault.is_fsync) ? -1 : fsync(fd);
}

static int faulty_syncfs(int fd)
{
    return strikes(fault.is_fsync) ? -1 : syncfs(fd);
}

static int faulty_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    return strikes(fault.is_rename) ? -1 : renameat(from_dir, from, to_dir, to);
}

static const struct wc_file_ops faulty = {
    .pread = faulty_pread,
    .pwrite = faulty_pwrite,
    .fsync = faulty_fsync,
    .syncfs = faulty_syncfs,
    .renameat = faulty_renameat,
};

static int make(void **state)
{
    int bad = wc_fixture_make(state);
    struct wc_fixture *f = *state;
    fault = (struct fault){0};
    f->options.ops = &faulty;
    return bad;
}

static void a_sound_run_completes(struct wc_fixture *f, const char *output)
{
    fault = (struct fault){0};
    wc_fixture_open(f, output);
    wc_fixture_write_rest(f, 0);
    wc_fixture_finish(f);
}

/* --- writing --- */

static void write_fails(struct wc_fixture *f, int error, enum wc_err err, int exit_code,
                        const char *words)
{
    wc_fixture_pack(f, files, FILE_COUNT);
    wc_fixture_open(f, "out");
    wc_fixture_write(f, 0);
    fault = (struct fault){.is_pwrite = true, .countdown = 1, .error = error};
    const uint8_t *bytes = wc_package_block(&f->package, 1);
    assert_int_equal(wc_store_write(f->store, 1, bytes, &f->why), err);
    assert_int_equal(f->why.exit_code, exit_code);
    assert_non_null(strstr(f->why.text, "out/d/a.part"));
    if (!strstr(f->why.text, words))
        fail_msg("'%s' does not say '%s'", f->why.text, words);
    assert_int_equal(wc_store_have_count(f->store), 2); /* block 0, and one of zeros */
    wc_fixture_close(f);
    wc_fixture_open(f, "out"); /* what was verified is kept */
    assert_int_equal(wc_store_have_count(f->store), 2);
    wc_fixture_write_rest(f, 1);
    wc_fixture_finish(f);
    wc_fixture_assert_complete(f, "out");
}

static void no_space(void **state)
{
    write_fails(*state, ENOSPC, WC_E_FULL, EX_CANTCREAT, "No space left on device; free some");
}

static void no_quota(void **state)
{
    write_fails(*state, EDQUOT, WC_E_FULL, EX_CANTCREAT, "Disk quota exceeded; free some");
}

static void broken_disk(void **state)
{
    write_fails(*state, EIO, WC_E_IO, EX_IOERR, "Input/output error; check the folder and its");
}

static void remounted_read_only(void **state)
{
    write_fails(*state, EROFS, WC_E_IO, EX_CANTCREAT, "Read-only file system; choose");
}

static void a_full_disk_for_the_journal(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, files, FILE_COUNT);
    wc_fixture_open(f, "out");
    wc_fixture_write(f, 0);
    fault = (struct fault){.is_pwrite = true, .countdown = 1, .error = ENOSPC};
    assert_int_equal(wc_store_checkpoint(f->store, WC_S(1), &f->why), WC_E_FULL);
    assert_non_null(strstr(f->why.text, "out/pkg.part.journal: No space left"));
    assert_int_equal(wc_store_checkpoint(f->store, WC_S(1), &f->why), WC_OK); /* tried again */
    wc_fixture_close(f);
    a_sound_run_completes(f, "out");
}

/* A few bytes at a time, every second call interrupted. */
static unsigned slow_count;

static ssize_t slow_pread(int fd, void *bytes, size_t count, off_t offset)
{
    if (slow_count++ % 2) {
        errno = EINTR;
        return -1;
    }
    return pread(fd, bytes, count < 100 ? count : 100, offset);
}

static ssize_t slow_pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    if (slow_count++ % 2) {
        errno = EINTR;
        return -1;
    }
    return pwrite(fd, bytes, count < 100 ? count : 100, offset);
}

static void short_and_interrupted(void **state)
{
    struct wc_fixture *f = *state;
    struct wc_file_ops slow = wc_file_ops_system;
    slow.pread = slow_pread;
    slow.pwrite = slow_pwrite;
    f->options.ops = &slow;
    wc_fixture_pack(f, files, FILE_COUNT);
    wc_fixture_open(f, "out");
    wc_fixture_write_rest(f, 0);
    wc_fixture_close(f);
    wc_fixture_open(f, "out");
    assert_int_equal(wc_store_have_count(f->store), f->package.m.partition.block_count);
    wc_fixture_finish(f);
    wc_fixture_assert_complete(f, "out");
}

/* A file that cannot be read back is damaged, not the end. */
static void unreadable_blocks(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, files, FILE_COUNT);
    wc_fixture_open(f, "out");
    wc_fixture_write_rest(f, 0);
    wc_fixture_close(f);
    fault = (struct fault){.is_pread = true, .countdown = 5, .error = EIO};
    wc_fixture_open(f, "out");
    assert_int_equal(wc_store_have_count(f->store), f->package.m.partition.block_count - 1);
    assert_int_equal(f->warning_count, 1);
    wc_fixture_close(f);
    a_sound_run_completes(f, "out");
    wc_fixture_assert_complete(f, "out");
}

/* --- finishing --- */

/* After a failed fsync the page cache gives back what the disk may have lost: believe nothing. */
static void fsync_fails(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, files, FILE_COUNT);
    for (unsigned n = 1; n <= 3; n++) {
        wc_fixture_open(f, "out");
        wc_fixture_write_rest(f, 0);
        fault = (struct fault){.is_fsync = true, .countdown = n, .error = EIO};
        assert_int_equal(wc_store_finish(f->store, &f->why), WC_E_IO);
        assert_int_equal(f->why.exit_code, EX_IOERR);
        assert_non_null(strstr(f->why.text, ".part: Input/output error"));
        assert_false(wc_workdir_exists(wc_workdir_at(&f->work, "out/e")));
        wc_fixture_close(f);
        wc_fixture_open(f, "out");
        assert_int_equal(wc_store_resumed_bytes(f->store), 0);
        wc_fixture_close(f);
    }
    a_sound_run_completes(f, "out");
    wc_fixture_assert_complete(f, "out");
}

static void syncfs_fails(void **state)
{
    struct wc_fixture *f = *state;
    enum { MANY = 70 };
    static char paths[MANY][16];
    static struct wc_package_file many[MANY];
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(paths[i], sizeof(paths[i]), "f%03u", i);
        many[i] = (struct wc_package_file){paths[i], 10, 0, 0};
    }
    wc_fixture_pack(f, many, MANY);
    wc_fixture_open(f, "out");
    wc_fixture_write_rest(f, 0);
    fault = (struct fault){.is_fsync = true, .countdown = 1, .error = ENOSPC};
    assert_int_equal(wc_store_finish(f->store, &f->why), WC_E_FULL);
    assert_int_equal(fault.call_count, 1);
    wc_fixture_close(f);
    a_sound_run_completes(f, "out");
    wc_fixture_assert_complete(f, "out");
}

static void rename_fails(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, files, FILE_COUNT);
    for (unsigned n = 1; n <= 3; n++) {
        wc_fixture_open(f, "out");
        wc_fixture_write_rest(f, 0);
        fault = (struct fault){.is_rename = true, .countdown = n, .error = EACCES};
        assert_int_equal(wc_store_finish(f->store, &f->why), WC_E_IO);
        assert_int_equal(f->why.exit_code, EX_NOPERM);
        assert_non_null(strstr(f->why.text, "cannot give its final name to"));
        wc_fixture_close(f);
    }
    assert_true(wc_workdir_exists(wc_workdir_at(&f->work, "out/e.part")));
    a_sound_run_completes(f, "out");
    wc_fixture_assert_complete(f, "out");
}

/* A folder that somebody made in place of a file while blocks came. */
static void a_folder_comes_in_the_way(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, files, FILE_COUNT);
    wc_fixture_open(f, "out");
    wc_fixture_write_rest(f, 0);
    wc_workdir_mkdir(&f->work, "out/e");
    assert_int_equal(wc_store_finish(f->store, &f->why), WC_E_PATH);
    assert_non_null(
        strstr(f->why.text, "out/e.part: Is a directory; something else is in the way"));
    wc_fixture_close(f);
    assert_int_equal(rmdir(wc_workdir_at(&f->work, "out/e")), 0);
    a_sound_run_completes(f, "out");
    wc_fixture_assert_complete(f, "out");
}

/* --- every call fails once --- */

static enum wc_err try_whole_run(struct wc_fixture *f)
{
    enum wc_err err = wc_fixture_try(f, "out");
    for (uint32_t sbn = 0; !err && sbn < f->package.m.partition.block_count; sbn++) {
        err = wc_store_write(f->store, sbn, wc_package_block(&f->package, sbn), &f->why);
        if (!err)
            err = wc_store_checkpoint(f->store, WC_S(sbn + 1), &f->why);
    }
    if (!err)
        err = wc_store_finish(f->store, &f->why);
    wc_fixture_close(f);
    return err;
}

static void assert_no_wrong_file(struct wc_fixture *f)
{
    char name[64];
    for (uint32_t i = 0; i < f->package.m.file_count; i++) {
        const struct wc_file *file = &f->package.m.files[i];
        snprintf(name, sizeof(name), "out/%s", file->path);
        const char *path = wc_workdir_at(&f->work, name);
        if (file->kind == WC_FILE_REGULAR && wc_workdir_exists(path))
            assert_true(wc_workdir_holds(path, f->package.object + file->offset, file->byte_count));
    }
}

static void every_call_fails(void **state)
{
    struct wc_fixture *f = *state;
    static const int errors[] = {EIO, ENOSPC};
    wc_fixture_pack(f, files, FILE_COUNT);
    for (unsigned mode = 0; mode < 4; mode++) {
        unsigned call_count = UINT32_MAX;
        unsigned bad_count = 0;
        for (unsigned n = 1; n <= call_count; n++) {
            const struct fault armed = {.countdown = n,
                                        .goes_on = mode / 2,
                                        .error = errors[mode % 2],
                                        .is_pread = true,
                                        .is_pwrite = true,
                                        .is_fsync = true,
                                        .is_rename = true};
            fault = armed;
            bool failed = try_whole_run(f) != WC_OK;
            bad_count += failed;
            if (failed)
                assert_true(f->why.text[0] && f->why.exit_code);
            else
                call_count = fault.call_count; /* the last one was not reached, or did not matter */
            assert_no_wrong_file(f);
            /* The next try goes on from what this one left; sometimes from scratch. */
            if (n % 3 == 0)
                a_sound_run_completes(f, "out");
        }
        assert_true(bad_count > 20);
        a_sound_run_completes(f, "out");
        wc_fixture_assert_complete(f, "out");
    }
}

/* --- real file systems, where we may mount them; for this process alone: none outlives it --- */

static char mounted[4096];

static void mount_tmpfs(struct wc_fixture *f, unsigned long flags, const char *options)
{
    const char *path = wc_workdir_mkdir(&f->work, "disk");
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        skip();
    if (mount("wimcast-test", path, "tmpfs", flags, options) != 0)
        skip();
    snprintf(mounted, sizeof(mounted), "%s", path);
}

/* Also after a failed assert: the fixture's directory could not be removed else. */
static int unmount_and_clean(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_close(f);
    if (mounted[0] && umount2(mounted, MNT_DETACH) != 0)
        return -1;
    mounted[0] = '\0';
    return wc_fixture_clean(state);
}

static void a_small_disk(void **state)
{
    static const struct wc_package_file large[] = {{"large", 600000, 0, 0}};
    struct wc_fixture *f = *state;
    wc_package_make(&f->package, large, 1, 1024, 16);
    mount_tmpfs(f, 0, "size=512k");
    wc_fixture_refused(f, "disk", WC_E_FULL, EX_CANTCREAT,
                       "/disk has 512.0 KiB free, but 585.9 KiB");
    assert_false(wc_workdir_exists(wc_workdir_at(&f->work, "disk/large.part")));
    assert_false(wc_workdir_exists(wc_workdir_at(&f->work, "disk/large.part.journal")));
}

/* It was large enough, and then somebody else filled it. */
static void a_disk_that_fills_up(void **state)
{
    static const struct wc_package_file large[] = {{"large", 300000, 0, 0}};
    struct wc_fixture *f = *state;
    wc_package_make(&f->package, large, 1, 1024, 16);
    mount_tmpfs(f, 0, "size=512k");
    wc_fixture_open(f, "disk");
    wc_workdir_fill(&f->work, "disk/other", 1, 300000);
    enum wc_err err = WC_OK;
    uint32_t sbn = 0;
    for (; !err && sbn < f->package.m.partition.block_count; sbn++)
        err = wc_store_write(f->store, sbn, wc_package_block(&f->package, sbn), &f->why);
    assert_int_equal(err, WC_E_FULL);
    assert_non_null(strstr(f->why.text, "disk/large.part: No space left on device; free some"));
    uint32_t have_count = wc_store_have_count(f->store);
    assert_true(have_count > 5);
    wc_fixture_close(f);
    assert_false(wc_workdir_exists(wc_workdir_at(&f->work, "disk/large")));
    wc_fixture_refused(f, "disk", WC_E_FULL, EX_CANTCREAT, "free, but ");
    assert_int_equal(unlink(wc_workdir_at(&f->work, "disk/other")), 0);
    wc_fixture_open(f, "disk");
    assert_int_equal(wc_store_have_count(f->store), have_count);
    wc_fixture_write_rest(f, 0);
    wc_fixture_finish(f);
    wc_fixture_assert_complete(f, "disk");
}

static void a_read_only_disk(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, files, FILE_COUNT);
    mount_tmpfs(f, MS_RDONLY, NULL);
    wc_fixture_refused(f, "disk", WC_E_IO, EX_CANTCREAT,
                       "Read-only file system; choose an --output");
    wc_fixture_refused(f, "disk/made", WC_E_IO, EX_CANTCREAT, "cannot make");
}

static void a_folder_without_permission(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, files, FILE_COUNT);
    assert_int_equal(chmod(f->work.path, 0755), 0);
    assert_int_equal(chmod(wc_workdir_mkdir(&f->work, "out"), 0555), 0);
    bool is_root = geteuid() == 0;
    if (is_root && seteuid(65534) != 0)
        skip();
    if (access(f->work.path, X_OK) != 0 && is_root) {
        assert_int_equal(seteuid(0), 0);
        skip();
    }
    wc_fixture_refused(f, "out", WC_E_IO, EX_NOPERM, "Permission denied; give this user the right");
    if (is_root)
        assert_int_equal(seteuid(0), 0);
}

#define TEST(name)  cmocka_unit_test_setup_teardown(name, make, wc_fixture_clean)
#define MOUNT(name) cmocka_unit_test_setup_teardown(name, make, unmount_and_clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_space),
        TEST(no_quota),
        TEST(broken_disk),
        TEST(remounted_read_only),
        TEST(a_full_disk_for_the_journal),
        TEST(short_and_interrupted),
        TEST(unreadable_blocks),
        TEST(fsync_fails),
        TEST(syncfs_fails),
        TEST(rename_fails),
        TEST(a_folder_comes_in_the_way),
        TEST(every_call_fails),
        MOUNT(a_small_disk),
        MOUNT(a_disk_that_fills_up),
        MOUNT(a_read_only_disk),
        TEST(a_folder_without_permission),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
