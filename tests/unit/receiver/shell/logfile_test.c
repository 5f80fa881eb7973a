/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logs on disk, several of them, and what the writer of the log file has written read back. */
#include "receiver/shell/logfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include <cmocka.h>

#include "common/io/cmtrace.h"
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

/* All messages of some files, one after the other. */
static const char *messages_of(const char *const *paths, uint32_t count)
{
    static char text[4096];
    struct wc_logs *logs = NULL;
    struct wc_why why = {0};
    uint32_t source;
    text[0] = '\0';
    if (wc_logs_open(&logs, paths, count, &why))
        fail_msg("%s", why.text);
    for (const struct wc_log_entry *e; (e = wc_logs_next(logs, &source)) != NULL;)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%u:%.40s;", source, e->message);
    assert_int_equal(wc_logs_error(logs, &why), WC_OK);
    wc_logs_close(logs);
    return text;
}

#define AT(minute, message)                                                          \
    "<![LOG[" message "]LOG]!><time=\"10:" minute ":00.000+0\" date=\"01-02-2026\" " \
    "component=\"c\" context=\"\" type=\"1\" thread=\"1\" file=\"f\">\n"

static void several_logs_are_one_in_time_order(void **state)
{
    (void)state;
    static const char first[] = AT("01", "a") "plain after a\n" AT("05", "d") AT("04", "e");
    static const char second[] = AT("02", "b") AT("03", "c") AT("09", "f");
    static const char third[] = "no time\n";
    const char *const paths[] = {wc_workdir_write(&dir, "1.log", first, sizeof first - 1),
                                 wc_workdir_write(&dir, "2.log", second, sizeof second - 1),
                                 wc_workdir_write(&dir, "3.log", third, sizeof third - 1)};
    assert_string_equal(messages_of(paths, 3),
                        "2:no time;0:a;0:plain after a;1:b;1:c;0:d;0:e;1:f;");
}

static void utf16(void **state)
{
    (void)state;
    static const char text[] = AT("01", "first") AT("02", "second");
    char wide[2 * sizeof text + 2];
    for (int little = 0; little < 2; little++) {
        for (int mark = 0; mark < 2; mark++) {
            size_t used = 0;
            if (mark) {
                wide[used++] = (char)(little ? 0xff : 0xfe);
                wide[used++] = (char)(little ? 0xfe : 0xff);
            }
            for (size_t i = 0; i + 1 < sizeof text; i++) {
                wide[used++] = little ? text[i] : '\0';
                wide[used++] = little ? '\0' : text[i];
            }
            const char *path = wc_workdir_write(&dir, "wide.log", wide, used);
            assert_string_equal(messages_of(&path, 1), "0:first;0:second;");
        }
    }
}

static void files_that_are_none(void **state)
{
    (void)state;
    struct wc_logs *logs = NULL;
    struct wc_why why;
    uint32_t source;
    const char *path = "/nonexistent/smsts.log";
    assert_int_equal(wc_logs_open(&logs, &path, 1, &why), WC_E_NOT_FOUND);
    assert_int_equal(why.exit_code, EX_NOINPUT);
    path = wc_workdir_mkdir(&dir, "folder");
    assert_int_equal(wc_logs_open(&logs, &path, 1, &why), WC_OK);
    assert_null(wc_logs_next(logs, &source));
    assert_int_equal(wc_logs_error(logs, &why), WC_E_IO);
    assert_int_equal(why.exit_code, EX_NOINPUT);
    wc_logs_close(logs);
    path = wc_workdir_write(&dir, "empty.log", "", 0);
    assert_int_equal(wc_logs_open(&logs, &path, 1, &why), WC_OK);
    assert_null(wc_logs_next(logs, &source));
    assert_true(wc_logs_is_empty(logs, 0));
    assert_false(wc_logs_is_binary(logs, 0));
    assert_string_equal(wc_logs_names(logs)[0], "empty.log");
    wc_logs_close(logs);
    path = wc_workdir_fill(&dir, "noise.bin", 4711, 100000);
    assert_int_equal(wc_logs_open(&logs, &path, 1, &why), WC_OK);
    while (wc_logs_next(logs, &source))
        ;
    assert_true(wc_logs_is_binary(logs, 0));
    wc_logs_close(logs);
}

/* Writer and reader agree, whatever the message and the zone. */
static void round_trip(void **state)
{
    (void)state;
    static const char *const messages[] = {"plain",       "two\nlines",           "]LOG]!>",
                                           "a <![LOG[ b", "\xc3\xa4\xe2\x82\xac", "\"quoted\" > <"};
    static const int biases[] = {0, -60, 480, -720, 5, -345};
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        char line[WC_CMTRACE_LINE_BYTES];
        struct wc_cmtrace_entry written = {.message = messages[i],
                                           .component = "wimcast-sender",
                                           .file = "run.c:12",
                                           .type = (enum wc_cmtrace_type)(1 + i % 3),
                                           .time_ms = 1709251199999 + (int64_t)i * 86400000,
                                           .bias_minutes = biases[i],
                                           .thread = (uint32_t)i + 1};
        static struct wc_log_reader reader;
        static struct wc_log_entry read;
        const char *at = line;
        size_t left = wc_cmtrace_format(line, &written);
        wc_log_reader_init(&reader);
        assert_true(wc_log_reader_next(&reader, &at, &left, &read));
        assert_int_equal(left, 1); /* the newline */
        assert_int_equal(read.form, WC_LOG_CMTRACE);
        assert_int_equal((int)read.type, (int)written.type);
        assert_int_equal(read.time_ms, written.time_ms);
        assert_true(read.has_bias && !read.torn && !read.cut);
        assert_int_equal(read.thread, written.thread);
        assert_string_equal(read.component, written.component);
        assert_string_equal(read.file, written.file);
        assert_int_equal(strchr(read.message, '\n') == NULL, 1);
    }
}

static void a_written_log_is_read_back(void **state)
{
    (void)state;
    struct wc_cmtrace *log = NULL;
    struct wc_why why;
    const char *path = wc_workdir_at(&dir, "own.log");
    struct wc_cmtrace_options options = {.path = path, .bytes_max = 100000};
    int64_t before = (int64_t)time(NULL) * 1000;
    assert_int_equal(wc_cmtrace_open(&log, &options, "wimcast-receiver", &why), WC_OK);
    assert_int_equal(wc_cmtrace_write(log, WC_CMTRACE_ERROR, "x.c", "0x800705B4: late", &why),
                     WC_OK);
    wc_cmtrace_close(log);
    struct wc_logs *logs = NULL;
    uint32_t source;
    assert_int_equal(wc_logs_open(&logs, &path, 1, &why), WC_OK);
    const struct wc_log_entry *e = wc_logs_next(logs, &source);
    assert_string_equal(e->message, "wimcast-receiver " WC_VERSION " begins");
    assert_true(e->time_ms >= before && e->time_ms < before + 60000);
    e = wc_logs_next(logs, &source);
    assert_int_equal(e->type, WC_LOG_ERROR);
    assert_string_equal(e->message, "0x800705B4: late");
    assert_null(wc_logs_next(logs, &source));
    wc_logs_close(logs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_logs_are_one_in_time_order),
        cmocka_unit_test(utf16),
        cmocka_unit_test(files_that_are_none),
        cmocka_unit_test(round_trip),
        cmocka_unit_test(a_written_log_is_read_back),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
