/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/path.h"

#include <string.h>

#include "common/core/limits.h"
#include "tests/unit/common/core/support.h"

static bool is_path(const char *path)
{
    size_t byte_count = strlen(path);
    bool ok = wc_path_check(path, byte_count) == WC_OK;
    assert_int_equal(ok, wc_path_why(path, byte_count) == NULL);
    return ok;
}

static void paths(void **state)
{
    (void)state;
    assert_true(is_path("a"));
    assert_true(is_path("sources/install.wim"));
    assert_true(is_path("...")); /* a name like any other */
    assert_true(is_path("a b/.hidden/..x/y.."));
    assert_true(is_path("C:\\windows")); /* a name, here */
    assert_true(is_path("x.parts/a.partial"));
    assert_false(is_path(""));
    assert_false(is_path("/"));
    assert_false(is_path("/etc/passwd"));
    assert_false(is_path("a/"));
    assert_false(is_path("a//b"));
    assert_false(is_path("."));
    assert_false(is_path(".."));
    assert_false(is_path("../a"));
    assert_false(is_path("a/../b"));
    assert_false(is_path("a/.."));
    assert_false(is_path("a/./b"));
    assert_false(is_path("a\tb"));
    assert_false(is_path("a\x7f"));
    assert_false(is_path("caf\xe9"));
    assert_false(is_path("install.wim.part"));
    assert_false(is_path("d/install.wim.part.journal"));
    assert_false(is_path("a.part/b")); /* would stand where "a" is received */
    assert_false(is_path(".part"));
}

static void long_paths(void **state)
{
    (void)state;
    char path[WC_PATH_BYTES_MAX + 2];
    memset(path, 'x', sizeof(path));
    assert_int_equal(wc_path_check(path, WC_PATH_BYTES_MAX), WC_OK);
    assert_int_equal(wc_path_check(path, WC_PATH_BYTES_MAX + 1), WC_E_PATH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths),
        cmocka_unit_test(long_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
