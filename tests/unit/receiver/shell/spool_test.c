/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/spool.h"

#include <errno.h>
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

#include "tests/support/workdir.h"

enum { OBJECT_BYTES = 10 * 1000 * 1000 + 7 };

static struct wc_workdir work;
static struct wc_why why;
static uint8_t object[OBJECT_BYTES];
static uint8_t found[OBJECT_BYTES];

static int make(void **state)
{
    (void)state;
    wc_workdir_make(&work);
    wc_workdir_pattern(1, 0, object, OBJECT_BYTES);
    return setenv("TMPDIR", work.path, 1);
}

static int clean(void **state)
{
    (void)state;
    unsetenv("TMPDIR");
    wc_workdir_remove(&work);
    return 0;
}

static struct wc_spool *open_to(int fd, const struct wc_file_ops *ops)
{
    struct wc_spool *s = NULL;
    if (wc_spool_open(&s, fd, OBJECT_BYTES, OBJECT_BYTES, ops, &why) != WC_OK)
        fail_msg("not opened: %s", why.text);
    return s;
}

static void put(struct wc_spool *s, size_t from, size_t to)
{
    assert_int_equal(
        wc_file_write(&wc_file_ops_system, wc_spool_fd(s), object + from, to - from, from), WC_OK);
}

static void take(int fd, size_t from, size_t to)
{
    for (size_t at = from; at < to;) {
        ssize_t n = read(fd, found + at, to - at);
        assert_true(n > 0);
        at += (size_t)n;
    }
}

/* What is ready comes out at once, and not a byte more. */
static void a_pipe_in_order(void **state)
{
    (void)state;
    int fds[2];
    uint8_t byte;
    assert_int_equal(pipe(fds), 0);
    struct wc_spool *s = open_to(fds[1], &wc_file_ops_system);
    put(s, 5000, 6000); /* not ready: there is a gap before it */
    put(s, 0, 3000);
    wc_spool_advance(s, 3000);
    take(fds[0], 0, 3000);
    wc_spool_advance(s, 2000); /* old news */
    put(s, 3000, 5000);
    wc_spool_advance(s, 6000);
    take(fds[0], 3000, 6000);
    assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(read(fds[0], &byte, 1), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(fcntl(fds[0], F_SETFL, 0), 0);
    put(s, 6000, OBJECT_BYTES);
    wc_spool_advance(s, OBJECT_BYTES);
    take(fds[0], 6000, OBJECT_BYTES);
    assert_int_equal(wc_spool_check(s, &why), WC_OK);
    assert_int_equal(wc_spool_wait(s, &why), WC_OK);
    wc_spool_cancel(s);
    assert_int_equal(wc_spool_wait(s, &why), WC_OK); /* it is done all the same */
    assert_memory_equal(object, found, OBJECT_BYTES);
    struct stat st;
    assert_int_equal(fstat(wc_spool_fd(s), &st), 0);
    assert_int_equal(st.st_nlink, 0);
    assert_true(st.st_blocks * 512 < OBJECT_BYTES / 2); /* freed behind the reader */
    wc_spool_close(s);
    close(fds[0]);
    close(fds[1]);
}

static void a_file(void **state)
{
    (void)state;
    const char *path = wc_workdir_at(&work, "out");
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    struct wc_spool *s = open_to(fd, &wc_file_ops_system);
    put(s, 0, OBJECT_BYTES);
    wc_spool_advance(s, OBJECT_BYTES);
    assert_int_equal(wc_spool_wait(s, &why), WC_OK);
    wc_spool_close(s);
    close(fd);
    assert_true(wc_workdir_holds(path, object, OBJECT_BYTES));
}

static void a_full_device(void **state)
{
    (void)state;
    int fd = open("/dev/full", O_WRONLY);
    if (fd < 0)
        skip();
    struct wc_spool *s = open_to(fd, &wc_file_ops_system);
    put(s, 0, 10);
    wc_spool_advance(s, 10);
    assert_int_equal(wc_spool_wait(s, &why), WC_E_FULL);
    assert_int_equal(why.exit_code, EX_IOERR);
    assert_non_null(strstr(why.text, "standard output after 0 bytes"));
    assert_non_null(strstr(why.text, "No space left on device"));
    wc_spool_close(s);
    close(fd);
}

static void assert_gone(struct wc_spool *s)
{
    memset(&why, 0, sizeof(why));
    assert_int_equal(wc_spool_wait(s, &why), WC_E_CLOSED);
    assert_int_equal(wc_spool_check(s, NULL), WC_E_CLOSED);
    assert_int_equal(why.exit_code, EX_IOERR);
    assert_non_null(strstr(why.text, "the reader of standard output went away"));
}

/* It goes in the middle of a write, and while there is nothing to write. */
static void a_reader_that_goes_away(void **state)
{
    (void)state;
    for (int is_idle = 0; is_idle < 2; is_idle++) {
        int fds[2];
        assert_int_equal(pipe(fds), 0);
        struct wc_spool *s = open_to(fds[1], &wc_file_ops_system);
        put(s, 0, OBJECT_BYTES / 2);
        wc_spool_advance(s, is_idle ? 100 : OBJECT_BYTES / 2);
        take(fds[0], 0, 100);
        assert_memory_equal(object, found, 100);
        close(fds[0]);
        assert_gone(s);
        wc_spool_close(s);
        close(fds[1]);
    }
}

/* A reader that never reads must not keep the owner from ending. */
static void a_reader_that_sleeps(void **state)
{
    (void)state;
    for (int by_close = 0; by_close < 2; by_close++) {
        int fds[2];
        assert_int_equal(pipe(fds), 0);
        struct wc_spool *s = open_to(fds[1], &wc_file_ops_system);
        put(s, 0, OBJECT_BYTES);
        wc_spool_advance(s, OBJECT_BYTES);
        take(fds[0], 0, 1); /* the thread is at work */
        if (!by_close) {
            wc_spool_cancel(s);
            assert_int_equal(wc_spool_wait(s, &why), WC_E_CLOSED);
            assert_int_equal(why.exit_code, EX_TEMPFAIL);
        }
        wc_spool_close(s);
        close(fds[0]);
        close(fds[1]);
    }
    wc_spool_close(NULL);
}

static ssize_t broken_pread(int fd, void *bytes, size_t count, off_t offset)
{
    (void)fd, (void)bytes, (void)count, (void)offset;
    errno = EIO;
    return -1;
}

static void a_disk_that_fails(void **state)
{
    (void)state;
    const struct wc_file_ops broken = {.pread = broken_pread, .fsync = fsync};
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    struct wc_spool *s = open_to(fds[1], &broken);
    wc_spool_advance(s, 1);
    assert_int_equal(wc_spool_wait(s, &why), WC_E_IO);
    assert_non_null(strstr(why.text, "temporary file"));
    wc_spool_close(s);
    close(fds[0]);
    close(fds[1]);
}

static void no_place_to_spool(void **state)
{
    (void)state;
    struct wc_spool *s = NULL;
    const struct wc_file_ops *ops = &wc_file_ops_system;
    setenv("TMPDIR", wc_workdir_at(&work, "absent"), 1);
    assert_int_equal(wc_spool_open(&s, 1, 10, 10, ops, &why), WC_E_NOT_FOUND);
    assert_int_equal(why.exit_code, EX_CANTCREAT);
    assert_non_null(strstr(why.text, "set TMPDIR to another folder"));
    setenv("TMPDIR", work.path, 1);
    assert_int_equal(wc_spool_open(&s, 1, 10, UINT64_MAX / 2, ops, &why), WC_E_FULL);
    assert_int_equal(why.exit_code, EX_CANTCREAT);
    assert_non_null(strstr(why.text, "need up to 8.0 EiB"));
    assert_null(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pipe_in_order),      TEST(a_file),
        TEST(a_full_device),        TEST(a_reader_that_goes_away),
        TEST(a_reader_that_sleeps), TEST(a_disk_that_fails),
        TEST(no_place_to_spool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
