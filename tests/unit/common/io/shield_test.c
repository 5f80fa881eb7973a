/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/shield.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/workdir.h"

enum { NO_FENCE = 77 };

/* What the child says, by its exit code: 0, or the line at which it saw something else. */
static int in_child(int (*work)(struct wc_workdir *w), struct wc_workdir *w)
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
        wc_shield_confine(1ull << 30);
        _exit(work(w));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#define EXPECT(condition) \
    do {                  \
        if (!(condition)) \
            return 1;     \
    } while (0)

static int write_here_and_there(struct wc_workdir *w)
{
    if (!wc_shield_fence(wc_workdir_at(w, "in")))
        return NO_FENCE;
    EXPECT(creat(wc_workdir_at(w, "in/new"), 0644) >= 0);
    EXPECT(mkdir(wc_workdir_at(w, "in/folder"), 0755) == 0);
    EXPECT(link(wc_workdir_at(w, "in/new"), wc_workdir_at(w, "in/folder/new")) == 0);
    EXPECT(symlink("../out", wc_workdir_at(w, "in/way")) == 0);
    EXPECT(open(wc_workdir_at(w, "out/there"), O_RDONLY) >= 0);
    EXPECT(creat(wc_workdir_at(w, "out/new"), 0644) < 0 && errno == EACCES);
    EXPECT(creat(wc_workdir_at(w, "in/way/new"), 0644) < 0 && errno == EACCES);
    EXPECT(open(wc_workdir_at(w, "in/way/there"), O_WRONLY) < 0 && errno == EACCES);
    EXPECT(unlink(wc_workdir_at(w, "in/way/there")) < 0 && errno == EACCES);
    EXPECT(mkdir(wc_workdir_at(w, "in/way/folder"), 0755) < 0 && errno == EACCES);
    EXPECT(unlink(wc_workdir_at(w, "in/new")) == 0);
    return 0;
}

static void nothing_outside_is_changed(void **state)
{
    (void)state;
    struct wc_workdir w;
    wc_workdir_make(&w);
    wc_workdir_mkdir(&w, "in");
    wc_workdir_fill(&w, "out/there", 1, 100);
    int code = in_child(write_here_and_there, &w);
    if (code == NO_FENCE)
        printf("this kernel has no Landlock\n");
    else
        assert_int_equal(code, 0);
    wc_workdir_remove(&w);
}

/* A sanitizer's memory has no limit. */
static int look_at_limits(struct wc_workdir *w)
{
    struct rlimit limit;
    (void)w;
    EXPECT(getrlimit(RLIMIT_AS, &limit) == 0);
    EXPECT(limit.rlim_cur == 1ull << 30 || limit.rlim_cur == RLIM_INFINITY);
    return 0;
}

static void memory_is_limited(void **state)
{
    (void)state;
    struct wc_workdir w = {.next = 0};
    assert_int_equal(in_child(look_at_limits, &w), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_outside_is_changed),
        cmocka_unit_test(memory_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
