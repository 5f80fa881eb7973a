/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/why.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

static void sentence_and_code(void **state)
{
    (void)state;
    struct wc_why why;
    assert_int_equal(wc_why_set(&why, WC_E_IO, EX_IOERR, "cannot read %s", "a.wim"), WC_E_IO);
    assert_int_equal(why.exit_code, EX_IOERR);
    assert_string_equal(why.text, "cannot read a.wim");
    assert_int_equal(wc_why_set(NULL, WC_E_FULL, EX_IOERR, "nobody asks"), WC_E_FULL);
}

/* A name from elsewhere can neither steer the terminal nor overflow the text. */
static void hostile_text(void **state)
{
    (void)state;
    struct wc_why why;
    char name[4096];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    memcpy(name, "\033[2J\n", 5);
    wc_why_set(&why, WC_E_PATH, EX_DATAERR, "%s", name);
    assert_int_equal(strlen(why.text), WC_SENTENCE_BYTES_MAX);
    assert_memory_equal(why.text, "?[2J?xxx", 8);
}

static void errno_values(void **state)
{
    (void)state;
    assert_int_equal(wc_why_errno(ENOSPC), WC_E_FULL);
    assert_int_equal(wc_why_errno(EDQUOT), WC_E_FULL);
    assert_int_equal(wc_why_errno(EFBIG), WC_E_TOO_LARGE);
    assert_int_equal(wc_why_errno(ELOOP), WC_E_PATH);
    assert_int_equal(wc_why_errno(ENOENT), WC_E_NOT_FOUND);
    assert_int_equal(wc_why_errno(EROFS), WC_E_IO);
    assert_int_equal(wc_why_input_exit(ENOENT), EX_NOINPUT);
    assert_int_equal(wc_why_input_exit(EACCES), EX_NOPERM);
    assert_int_equal(wc_why_output_exit(ENOSPC), EX_CANTCREAT);
    assert_int_equal(wc_why_output_exit(EIO), EX_IOERR);
    assert_string_equal(wc_why_errno_text(ENOSPC), "No space left on device");
    assert_string_equal(wc_why_errno_text(-1), "unknown system error");
}

static void paths_and_sizes(void **state)
{
    (void)state;
    char path[WC_WHY_PATH_BYTES];
    char size[WC_WHY_BYTES_BYTES];
    char longest[1000];
    assert_string_equal(wc_why_path(path, "/a/b"), "/a/b");
    for (size_t i = 0; i + 2 < sizeof(longest); i += 2)
        memcpy(longest + i, "ä", 2);
    memcpy(longest + sizeof(longest) - 7, "/x.wim", 7);
    wc_why_path(path, longest);
    assert_true(strlen(path) < WC_WHY_PATH_BYTES);
    assert_memory_equal(path, "...ä", 5);
    assert_string_equal(path + strlen(path) - 6, "/x.wim");
    assert_string_equal(wc_why_bytes(size, 1023), "1023 bytes");
    assert_string_equal(wc_why_bytes(size, 1536), "1.5 KiB");
    assert_string_equal(wc_why_bytes(size, 5ull << 30), "5.0 GiB");
    assert_string_equal(wc_why_bytes(size, UINT64_MAX), "16.0 EiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentence_and_code),
        cmocka_unit_test(hostile_text),
        cmocka_unit_test(errno_values),
        cmocka_unit_test(paths_and_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
