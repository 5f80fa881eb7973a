/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/workdir.h"

static struct wc_workdir work;

static int make(void **state)
{
    (void)state;
    wc_workdir_make(&work);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    wc_workdir_remove(&work);
    return 0;
}

/* --- a disk that does a little at a time, with interruptions --- */

static unsigned call_count;

static ssize_t slow_pread(int fd, void *bytes, size_t count, off_t offset)
{
    if (call_count++ % 2) {
        errno = EINTR;
        return -1;
    }
    return pread(fd, bytes, count < 7 ? count : 7, offset);
}

static ssize_t slow_pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    if (call_count++ % 2) {
        errno = EINTR;
        return -1;
    }
    return pwrite(fd, bytes, count < 7 ? count : 7, offset);
}

static ssize_t full_pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    (void)fd, (void)bytes, (void)count, (void)offset;
    errno = ENOSPC;
    return -1;
}

static ssize_t nothing_pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    (void)fd, (void)bytes, (void)count, (void)offset;
    return 0;
}

static void short_and_interrupted(void **state)
{
    (void)state;
    const struct wc_file_ops slow = {.pread = slow_pread, .pwrite = slow_pwrite};
    uint8_t bytes[1000];
    uint8_t found[1000];
    wc_workdir_pattern(1, 0, bytes, sizeof(bytes));
    int fd = open(wc_workdir_at(&work, "slow"), O_RDWR | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(wc_file_write(&slow, fd, bytes, sizeof(bytes), 5), WC_OK);
    assert_int_equal(wc_file_read(&slow, fd, found, sizeof(found), 5), WC_OK);
    assert_memory_equal(bytes, found, sizeof(bytes));
    assert_int_equal(wc_file_read(&slow, fd, found, sizeof(found), 6), WC_E_SHORT);
    assert_int_equal(wc_file_read(&slow, -1, found, 1, 0), WC_E_IO);
    close(fd);
}

static void failing_writes(void **state)
{
    (void)state;
    const struct wc_file_ops full = {.pwrite = full_pwrite};
    const struct wc_file_ops nothing = {.pwrite = nothing_pwrite};
    assert_int_equal(wc_file_write(&full, 1, "x", 1, 0), WC_E_FULL);
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(wc_file_write(&nothing, 1, "x", 1, 0), WC_E_IO);
    assert_int_equal(errno, EIO);
    assert_int_equal(wc_file_write(&full, 1, "", 0, 0), WC_OK);
}

static void zeroing(void **state)
{
    (void)state;
    enum { BYTES = 300000, FROM = 1234, COUNT = 200000 };
    static uint8_t bytes[BYTES];
    wc_workdir_pattern(2, 0, bytes, BYTES);
    const char *path = wc_workdir_write(&work, "zeroing", bytes, BYTES);
    int fd = open(path, O_RDWR);
    assert_int_equal(wc_file_zero(&wc_file_ops_system, fd, FROM, COUNT), WC_OK);
    memset(bytes + FROM, 0, COUNT);
    assert_true(wc_workdir_holds(path, bytes, BYTES));
    close(fd);
    /* A file that is open for reading takes neither hole nor zeros. */
    fd = open(path, O_RDONLY);
    assert_int_equal(wc_file_zero(&wc_file_ops_system, fd, 0, 10), WC_E_IO);
    assert_int_equal(wc_file_zero(&wc_file_ops_system, fd, 0, 0), WC_OK);
    close(fd);
}

static void zero_bytes(void **state)
{
    (void)state;
    uint8_t bytes[5000] = {0};
    assert_true(wc_file_is_zero(bytes, 0));
    assert_true(wc_file_is_zero(bytes, sizeof(bytes)));
    for (size_t i = 0; i < sizeof(bytes); i += 499) {
        bytes[i] = 1;
        assert_false(wc_file_is_zero(bytes, sizeof(bytes)));
        bytes[i] = 0;
    }
}

/* --- opening beneath --- */

typedef int (*opener)(int dir, const char *path, int flags, mode_t mode);

static void assert_refused(opener open_it, int dir, const char *path, int flags, int error)
{
    errno = 0;
    int fd = open_it(dir, path, flags, 0600);
    assert_int_equal(fd, -1);
    assert_int_equal(errno, error);
}

static void try_opener(opener open_it, const char *made)
{
    int dir = open(wc_workdir_at(&work, "root"), O_RDONLY | O_DIRECTORY);
    assert_true(dir >= 0);
    int fd = open_it(dir, "sub/deep/file", O_RDONLY, 0);
    assert_true(fd >= 0);
    close(fd);
    fd = open_it(dir, made, O_RDWR | O_CREAT | O_EXCL, 0640);
    assert_true(fd >= 0);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
    fd = open_it(dir, "link", O_PATH, 0);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    close(fd);
    assert_refused(open_it, dir, "../outside", O_RDONLY, EXDEV);
    assert_refused(open_it, dir, "sub/../../outside", O_RDONLY, EXDEV);
    assert_refused(open_it, dir, "/etc/passwd", O_RDONLY, EXDEV);
    assert_refused(open_it, dir, "link", O_RDWR, ELOOP);
    assert_refused(open_it, dir, "link", O_RDWR | O_CREAT, ELOOP);
    assert_refused(open_it, dir, "away/passwd", O_RDONLY, ELOOP);
    assert_refused(open_it, dir, "inner/file", O_RDONLY, ELOOP);
    assert_refused(open_it, dir, "absent/file", O_RDONLY, ENOENT);
    assert_refused(open_it, dir, "sub/deep/file/x", O_RDONLY, ENOTDIR);
    close(dir);
}

static void beneath(void **state)
{
    (void)state;
    wc_workdir_write(&work, "root/sub/deep/file", "x", 1);
    wc_workdir_write(&work, "outside", "x", 1);
    assert_int_equal(symlink("../outside", wc_workdir_at(&work, "root/link")), 0);
    assert_int_equal(symlink("/etc", wc_workdir_at(&work, "root/away")), 0);
    assert_int_equal(symlink("sub/deep", wc_workdir_at(&work, "root/inner")), 0);
    try_opener(wc_file_open_beneath, "sub/made");
    try_opener(wc_file_open_steps, "sub/made too");
}

static void parents(void **state)
{
    (void)state;
    const char *name = NULL;
    wc_workdir_write(&work, "tree/sub/file", "x", 1);
    int dir = open(wc_workdir_at(&work, "tree"), O_RDONLY | O_DIRECTORY);
    int parent = wc_file_open_parent(dir, "sub/file", &name);
    assert_true(parent >= 0);
    assert_string_equal(name, "file");
    assert_int_equal(faccessat(parent, "file", F_OK, 0), 0);
    close(parent);
    parent = wc_file_open_parent(dir, "other", &name);
    assert_true(parent >= 0);
    assert_string_equal(name, "other");
    assert_int_equal(faccessat(parent, "sub", F_OK, 0), 0);
    close(parent);
    close(dir);
}

/* --- cache --- */

static void cache_keeps_the_latest(void **state)
{
    (void)state;
    struct wc_file_cache cache = {0};
    int fds[WC_FILE_CACHE_MAX + 10];
    const char *path = wc_workdir_write(&work, "cached", "x", 1);
    assert_int_equal(wc_file_cache_get(&cache, 0), -1);
    for (uint32_t i = 0; i < WC_FILE_CACHE_MAX + 10; i++) {
        fds[i] = open(path, O_RDONLY);
        assert_true(fds[i] >= 0);
        wc_file_cache_put(&cache, i, fds[i]);
        assert_int_equal(wc_file_cache_get(&cache, 3), i < 3 ? -1 : fds[3]);
    }
    /* Number 3 was always used, so ten others and not it had to go. */
    for (uint32_t i = 0; i < WC_FILE_CACHE_MAX + 10; i++) {
        bool is_out = i < 11 && i != 3;
        assert_int_equal(wc_file_cache_get(&cache, i), is_out ? -1 : fds[i]);
    }
    wc_file_cache_close(&cache);
    assert_int_equal(fcntl(fds[3], F_GETFD), -1);
    assert_int_equal(wc_file_cache_get(&cache, 3), -1);
    wc_file_cache_close(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_and_interrupted),
        cmocka_unit_test(failing_writes),
        cmocka_unit_test(zeroing),
        cmocka_unit_test(zero_bytes),
        cmocka_unit_test(beneath),
        cmocka_unit_test(parents),
        cmocka_unit_test(cache_keeps_the_latest),
    };
    return cmocka_run_group_tests(tests, make, clean);
}
