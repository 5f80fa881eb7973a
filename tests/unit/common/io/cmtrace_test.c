/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/cmtrace.h"

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

static struct wc_workdir dir;

static int make_dir(void **state)
{
    (void)state;
    wc_workdir_make(&dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    wc_workdir_remove(&dir);
    return 0;
}

static const char *line_of(const char *message)
{
    static char line[WC_CMTRACE_LINE_BYTES];
    struct wc_cmtrace_entry entry = {.message = message,
                                     .component = "wimcast-receiver",
                                     .file = "display.c:7",
                                     .type = WC_CMTRACE_ERROR,
                                     .time_ms = 1662543333230, /* 2022-09-07 09:35:33.230 UTC */
                                     .bias_minutes = -60,
                                     .thread = 1988};
    size_t count = wc_cmtrace_format(line, &entry);
    assert_int_equal(count, strlen(line));
    return line;
}

static void the_line(void **state)
{
    (void)state;
    assert_string_equal(line_of("hello"),
                        "<![LOG[hello]LOG]!><time=\"10:35:33.230-060\" date=\"09-07-2022\" "
                        "component=\"wimcast-receiver\" context=\"\" type=\"3\" thread=\"1988\" "
                        "file=\"display.c:7\">\n");
}

static void nothing_in_a_message_ends_it(void **state)
{
    (void)state;
    const char *line = line_of("a\r\nb]LOG]!><x<![LOG[c\033");
    assert_memory_equal(line, "<![LOG[a  b] LOG]!><x< ![LOG[c ]LOG]!><time=", 44);
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void long_messages_are_cut_between_characters(void **state)
{
    (void)state;
    char message[5000];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(message, 'x', shift);
        for (size_t i = shift; i + 2 < sizeof message; i += 2)
            memcpy(message + i, "\xc3\xa4", 3);
        const char *line = line_of(message);
        const char *end = strstr(line, "]LOG]!>");
        assert_non_null(end);
        assert_memory_equal(end - 2, "\xc3\xa4", 2);
        assert_true(end - line < (long)WC_CMTRACE_MESSAGE_BYTES_MAX + 7);
    }
}

static char *content(const char *path)
{
    static char text[200000];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void write_some(struct wc_cmtrace *log, int count)
{
    struct wc_why why;
    for (int i = 0; i < count; i++) {
        char message[100];
        snprintf(message, sizeof message, "entry %d", i);
        assert_int_equal(wc_cmtrace_write(log, WC_CMTRACE_INFO, "x.c", message, &why), WC_OK);
    }
}

static void a_file_that_is_full_is_renamed(void **state)
{
    (void)state;
    struct wc_cmtrace *log = NULL;
    struct wc_why why;
    char path[PATH_MAX], old_path[PATH_MAX];
    struct stat st;
    snprintf(path, sizeof path, "%s", wc_workdir_at(&dir, "roll.log"));
    snprintf(old_path, sizeof old_path, "%s", wc_workdir_at(&dir, "roll.lo_"));
    struct wc_cmtrace_options options = {.path = path, .bytes_max = 2000};
    assert_int_equal(wc_cmtrace_open(&log, &options, "test", &why), WC_OK);
    assert_non_null(strstr(content(path), "test " WC_VERSION " begins"));
    write_some(log, 200);
    assert_non_null(strstr(content(path), "entry 199]"));
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size <= 2000);
    assert_int_equal(stat(old_path, &st), 0);
    assert_true(st.st_size > 1000 && st.st_size <= 2000);
    assert_memory_equal(content(old_path), "<![LOG[", 7);
    wc_cmtrace_close(log);
    wc_cmtrace_close(NULL);
}

/* Another program renamed the file, or removed it: we go on in the new one. */
static void two_writers(void **state)
{
    (void)state;
    struct wc_cmtrace *a = NULL, *b = NULL;
    struct wc_why why;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", wc_workdir_at(&dir, "shared"));
    struct wc_cmtrace_options options = {.path = path, .bytes_max = 3000};
    assert_int_equal(wc_cmtrace_open(&a, &options, "a", &why), WC_OK);
    assert_int_equal(wc_cmtrace_open(&b, &options, "b", &why), WC_OK);
    for (int i = 0; i < 100; i++) {
        write_some(a, 1);
        write_some(b, 2);
    }
    assert_true(wc_workdir_exists(wc_workdir_at(&dir, "shared.lo_")));
    for (const char *line = content(path); *line; line = strchr(line, '\n') + 1)
        assert_memory_equal(line, "<![LOG[", 7);
    assert_int_equal(unlink(path), 0);
    write_some(a, 1);
    assert_true(wc_workdir_exists(path));
    wc_cmtrace_close(a);
    wc_cmtrace_close(b);
}

static void files_that_cannot_be(void **state)
{
    (void)state;
    struct wc_cmtrace *log = NULL;
    struct wc_why why;
    struct wc_cmtrace_options options = {.path = "/nonexistent/a.log", .bytes_max = 100000};
    assert_int_equal(wc_cmtrace_open(&log, &options, "test", &why), WC_E_NOT_FOUND);
    assert_int_equal(why.exit_code, EX_CANTCREAT);
    assert_non_null(strstr(why.text, "/nonexistent/a.log"));
    options.path = wc_workdir_at(&dir, ".");
    assert_int_not_equal(wc_cmtrace_open(&log, &options, "test", &why), WC_OK);
    options.path = "/dev/full";
    assert_int_equal(wc_cmtrace_open(&log, &options, "test", &why), WC_E_IO);
    assert_non_null(strstr(why.text, "No space left"));
    assert_null(log);
    assert_int_equal(wc_cmtrace_write(NULL, WC_CMTRACE_INFO, "x", "y", &why), WC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line),
        cmocka_unit_test(nothing_in_a_message_ends_it),
        cmocka_unit_test(long_messages_are_cut_between_characters),
        cmocka_unit_test(a_file_that_is_full_is_renamed),
        cmocka_unit_test(two_writers),
        cmocka_unit_test(files_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
