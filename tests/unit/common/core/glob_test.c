/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/glob.h"

#include <string.h>

#include "tests/unit/common/core/support.h"

static void patterns_match(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *path;
        bool matches;
    } cases[] = {
        {"*", "/a", true},
        {"", "/a", false},
        {"/a", "/a", true},
        {"/a", "/ab", false},
        {"/A", "/a", true},
        {"*.dll", "/Windows/System32/Kernel32.DLL", true},
        {"*.dll", "/Windows/dll", false},
        {"/Windows/*", "/windows/System32/x", true},
        {"\\Windows\\*", "/Windows/x", true},
        {"System32/*.dll", "/Windows/System32/a.dll", true},
        {"ystem32/*.dll", "/Windows/System32/a.dll", false},
        {"a?c",
         "/x/a\xe2\x82\xac"
         "c",
         true},
        {"a?c", "/x/ac", false},
        {"a?", "/x/a", false},
        {"*a*b*c*", "/xxaxxbxxc", true},
        {"*a*b*c", "/xxaxxbxxcd", false},
        {"**", "/a/b", true},
        {"/*/b", "/a/a/b", true},
        {"b", "/b/a", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (wc_glob_path(cases[i].pattern, cases[i].path) != cases[i].matches)
            fail_msg("'%s' and '%s'", cases[i].pattern, cases[i].path);
}

static void many_stars_take_no_long_time(void **state)
{
    (void)state;
    char pattern[200], path[4000];
    for (size_t i = 0; i < sizeof pattern - 2; i += 2)
        memcpy(pattern + i, "*a", 2);
    strcpy(pattern + sizeof pattern - 2, "b");
    memset(path, 'a', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    assert_false(wc_glob_path(pattern, path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match),
        cmocka_unit_test(many_stars_take_no_long_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
