/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static int fd;

static int open_fd(void **state)
{
    (void)state;
    fd = wc_signals_open();
    return fd < 0 ? -1 : 0;
}

static int close_fd(void **state)
{
    (void)state;
    return close(fd);
}

static void nothing_came(void **state)
{
    (void)state;
    assert_false(wc_signals_pending(fd));
    assert_int_equal(wc_signals_take(fd), 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void each_signal_is_taken_once(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(raise(signals[i]), 0);
        assert_true(wc_signals_pending(fd));
        assert_true(wc_signals_pending(fd)); /* asking does not take */
        assert_int_equal(wc_signals_take(fd), signals[i]);
        assert_false(wc_signals_pending(fd));
        assert_int_equal(wc_signals_take(fd), 0);
    }
}

static void several_at_once(void **state)
{
    (void)state;
    unsigned seen = 0;
    assert_int_equal(raise(SIGTERM), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    for (int signo; (signo = wc_signals_take(fd)) != 0;)
        seen |= 1u << signo;
    assert_int_equal(seen, 1u << SIGTERM | 1u << SIGUSR1);
}

static void *raise_hangup(void *arg)
{
    (void)arg;
    return (void *)(intptr_t)kill(getpid(), SIGHUP);
}

/* A thread made later has the mask too: nothing is left that could die of the signal. */
static void threads_made_later_do_not_die(void **state)
{
    (void)state;
    pthread_t thread;
    void *result;
    assert_int_equal(pthread_create(&thread, NULL, raise_hangup, NULL), 0);
    pthread_join(thread, &result);
    assert_null(result);
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&pfd, 1, 20000), 1);
    assert_int_equal(wc_signals_take(fd), SIGHUP);
}

static void a_broken_pipe_is_an_error_only(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(write(ends[1], "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_came),
        cmocka_unit_test(each_signal_is_taken_once),
        cmocka_unit_test(several_at_once),
        cmocka_unit_test(threads_made_later_do_not_die),
        cmocka_unit_test(a_broken_pipe_is_an_error_only),
    };
    return cmocka_run_group_tests(tests, open_fd, close_fd);
}
