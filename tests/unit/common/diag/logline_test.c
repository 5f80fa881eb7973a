/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/logline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/diag/logtime.h"

#define ENTRIES_MAX 8

static struct wc_log_entry got[ENTRIES_MAX];

/* Read in pieces of `step` bytes; how many entries there were. */
static size_t read_bytes(const char *bytes, size_t count, size_t step)
{
    static struct wc_log_reader reader;
    size_t used = 0;
    wc_log_reader_init(&reader);
    for (size_t i = 0; i < count; i += step) {
        const char *at = bytes + i;
        size_t left = count - i < step ? count - i : step;
        while (used < ENTRIES_MAX && wc_log_reader_next(&reader, &at, &left, &got[used]))
            used++;
    }
    if (used < ENTRIES_MAX && wc_log_reader_end(&reader, &got[used]))
        used++;
    return used;
}

/* The same whatever the pieces are. */
static size_t read_text(const char *text)
{
    size_t count = read_bytes(text, strlen(text), strlen(text) + 1);
    for (size_t step = 1; step < 9; step++)
        assert_int_equal(read_bytes(text, strlen(text), step), count);
    return count;
}

static const char *time_of(const struct wc_log_entry *e)
{
    static char text[WC_LOG_TIME_BYTES + 8];
    if (!e->has_time)
        return "none";
    wc_log_time_format(text, e->time_ms);
    snprintf(text + strlen(text), 8, ".%03d", (int)(e->time_ms % 1000));
    return text;
}

static void cmtrace(void **state)
{
    (void)state;
    assert_int_equal(
        read_text("<![LOG[Task Sequence Manager returned code 0x80070BC2]LOG]!>"
                  "<time=\"10:35:33.230-60\" date=\"09-07-2022\" component=\"TSMBootstrap\" "
                  "context=\"\" type=\"1\" thread=\"1988\" "
                  "file=\"tsmediawizardcontrol.cpp:2264\">\r\n"),
        1);
    assert_int_equal(got[0].form, WC_LOG_CMTRACE);
    assert_int_equal(got[0].type, WC_LOG_INFO);
    assert_int_equal(got[0].thread, 1988);
    assert_int_equal(got[0].line, 1);
    assert_true(got[0].has_bias && !got[0].torn && !got[0].cut);
    assert_string_equal(got[0].message, "Task Sequence Manager returned code 0x80070BC2");
    assert_string_equal(got[0].component, "TSMBootstrap");
    assert_string_equal(got[0].file, "tsmediawizardcontrol.cpp:2264");
    assert_string_equal(time_of(&got[0]), "2022-09-07 09:35:33.230");
}

static void variants_of_the_trailer(void **state)
{
    (void)state;
    static const struct {
        const char *trailer, *time;
        enum wc_log_type type;
    } rows[] = {
        {"<time=\"1:02:03.1234567\" date=\"9-1-2026\" component=\"a\" context=\"\" type=\"\" "
         "thread=\"\" file=\"\">",
         "2026-09-01 01:02:03.123", WC_LOG_TRACE},
        {"<time=\"01:02:03.123456+000\" date=\"09-01-2026\" component=\"a\" context=\"\" "
         "type=\"0\" "
         "thread=\"1\" file=\"x\">",
         "2026-09-01 01:02:03.123", WC_LOG_TRACE},
        {"<time=\"23:30:00.000+480\" date=\"12-31-2023\" component=\"a\" context=\"\" type=\"3\" "
         "thread=\"1\" file=\"x\">",
         "2024-01-01 07:30:00.000", WC_LOG_ERROR},
        {"<time=\"00:30:00.5-60\" date=\"03-01-2024\" component=\"a\" context=\"\" type=\"2\" "
         "thread=\"1\" file=\"x\">",
         "2024-02-29 23:30:00.500", WC_LOG_WARNING},
        {"<time=\"25:00:00.000\" date=\"13-41-2026\" component=\"a\" context=\"\" type=\"9\" "
         "thread=\"99999999999\" file=\"x\">",
         "none", WC_LOG_TRACE},
        {"<file=\"x\" type=\"1\" component=\"a\" date=\"01-02-2026\" time=\"1:2:3.0\">",
         "2026-01-02 01:02:03.000", WC_LOG_INFO},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[512];
        snprintf(text, sizeof text, "<![LOG[m]LOG]!>%s\n", rows[i].trailer);
        assert_int_equal(read_text(text), 1);
        assert_string_equal(time_of(&got[0]), rows[i].time);
        assert_int_equal(got[0].type, rows[i].type);
        assert_string_equal(got[0].component, "a");
        assert_string_equal(got[0].message, "m");
        assert_false(got[0].torn);
    }
}

#define TRAILER(n)                                                                              \
    "<time=\"10:00:0" n ".000+0\" date=\"01-02-2026\" component=\"c\" context=\"\" type=\"1\" " \
    "thread=\"" n "\" file=\"f\">"

static void several_lines_and_several_in_a_line(void **state)
{
    (void)state;
    assert_int_equal(read_text("\n\n<![LOG[one\r\ntwo\n\nfour]LOG]!>" TRAILER(
                         "1") "\r\n"
                              "<![LOG[five]LOG]!>" TRAILER("2") "<![LOG[]LOG]!>" TRAILER("3")),
                     3);
    assert_string_equal(got[0].message, "one\ntwo\n\nfour");
    assert_int_equal(got[0].line, 3);
    assert_string_equal(got[1].message, "five");
    assert_int_equal(got[1].line, 7);
    assert_int_equal(got[2].thread, 3);
    assert_string_equal(got[2].message, "");
}

/* Two processes in one file: whatever is lost, the next entry is whole. */
static void torn_entries(void **state)
{
    (void)state;
    assert_int_equal(read_text("<![LOG[first half<![LOG[whole]LOG]!>" TRAILER(
                         "1") "\n"
                              "5:33.198-60\" date=\"09-07-2022\" component=\"TS\" context=\"\" "
                              "type=\"1\" thread=\"7\" file=\"x:1\">\n"
                              "lost beginning]LOG]!>" TRAILER(
                                  "2") "\n"
                                       "<![LOG[no trailer]LOG]!><time=\"10:00\n"
                                       "<![LOG[last]LOG]!>" TRAILER("3") "\n<![LOG[end of file"),
                     7);
    assert_true(got[0].torn);
    assert_string_equal(got[0].message, "first half");
    assert_false(got[1].torn);
    assert_string_equal(got[1].message, "whole");
    assert_true(got[2].torn);
    assert_string_equal(got[2].component, "TS");
    assert_int_equal(got[2].thread, 7);
    assert_true(got[3].torn);
    assert_string_equal(got[3].message, "lost beginning");
    assert_string_equal(time_of(&got[3]), "2026-01-02 10:00:02.000");
    assert_true(got[4].torn && !got[4].has_time);
    assert_string_equal(got[4].message, "no trailer");
    assert_false(got[5].torn);
    assert_int_equal(got[5].line, 5);
    assert_true(got[6].torn);
    assert_string_equal(got[6].message, "end of file");
}

static void an_entry_without_end_does_not_swallow_the_log(void **state)
{
    (void)state;
    char text[2000] = "<![LOG[torn\n";
    for (int i = 0; i < 70; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "line %d\n", i);
    assert_true(read_text(text) >= 5);
    assert_true(got[0].torn);
    assert_string_equal(got[1].message, "line 63");
    assert_int_equal(got[1].line, 65);
}

static void endless_entries_keep_beginning_and_end(void **state)
{
    (void)state;
    enum { LONG = 100000 };
    char *text = malloc(LONG + 512);
    assert_non_null(text);
    strcpy(text, "<![LOG[begin ");
    memset(text + strlen(text), 'x', LONG);
    strcpy(text + LONG, " end]LOG]!>" TRAILER("4") "\nshort\n");
    for (size_t step = 1000; step < 1003; step++) {
        assert_int_equal(read_bytes(text, strlen(text), step), 2);
        assert_true(got[0].cut && !got[0].torn);
        assert_int_equal(got[0].thread, 4);
        assert_memory_equal(got[0].message, "begin xxx", 9);
        assert_int_equal(strlen(got[0].message), WC_LOG_MESSAGE_BYTES - 1);
        assert_string_equal(got[1].message, "short");
        assert_int_equal(got[1].line, 2);
    }
    free(text);
}

static void the_older_server_form(void **state)
{
    (void)state;
    assert_int_equal(
        read_text("~Sent package to server  $$<SMS_DISTRIBUTION_MANAGER><Fri Oct 15 "
                  "17:09:46.507 1999 Pacific Daylight Time><thread=225 (0xE1)>\n"
                  "Key signed $$<SMS_MCS><04-15-2016 10:35:33.123+420><thread=9 (0x9)>"),
        2);
    assert_int_equal(got[0].form, WC_LOG_SERVER);
    assert_string_equal(got[0].message, "Sent package to server");
    assert_string_equal(got[0].component, "SMS_DISTRIBUTION_MANAGER");
    assert_int_equal(got[0].thread, 225);
    assert_string_equal(time_of(&got[0]), "1999-10-15 17:09:46.507");
    assert_false(got[0].has_bias);
    assert_string_equal(got[1].message, "Key signed");
    assert_string_equal(time_of(&got[1]), "2016-04-15 17:35:33.123");
}

static void pasted_from_the_window(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message, *time;
    } rows[] = {
        {"Failed to get MCS key (Code 0x80004005)\tOSDApplyOS\t15-04-2016 10:35:33\t2340 (0x0924)",
         "Failed to get MCS key (Code 0x80004005)", "2016-04-15 10:35:33.000"},
        {"reply has no marker   OSDApplyOS   4/15/2016 1:35:33 PM   2340 (0x924)  ",
         "reply has no marker", "2016-04-15 13:35:33.000"},
        {"x\tOSDApplyOS\t15.4.2016 9:05:03\t2340 (0x924)", "x", "2016-04-15 09:05:03.000"},
        {"x y\tOSDApplyOS\t2016-04-15 09:05:03.25\t2340 (0x924)", "x y", "2016-04-15 09:05:03.250"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(read_text(rows[i].line), 1);
        assert_int_equal(got[0].form, WC_LOG_PASTED);
        assert_string_equal(got[0].message, rows[i].message);
        assert_string_equal(got[0].component, "OSDApplyOS");
        assert_string_equal(time_of(&got[0]), rows[i].time);
        assert_int_equal(got[0].thread, 2340);
    }
    static const char *const others[] = {"2340 (0x924)", "a 1-1-2020 2340 (0x924)",
                                         "\t15-04-2016 10:35:33\t2340 (0x924)", "(0x924)",
                                         "c\t99-99-2016 10:35\t1 (0x1)"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(read_text(others[i]), 1);
        assert_int_equal(got[0].form, WC_LOG_PLAIN);
    }
}

static void what_wimcast_writes(void **state)
{
    (void)state;
    assert_int_equal(
        read_text("error: 0x800705B4: empty download\n<4>warning: no space\n"
                  "Nov 23 08:20:21 pc wimcast-receiver[123]: error: x\n"
                  "wimcast-receiver: unknown option\nuse wimcast-sender: it is good\n"
                  "{\"event\":\"error\",\"v\":1,\"hresult\":\"0x800705B4\","
                  "\"sentence\":\"a \\\"b\\\" \\n\\u0007c\",\"exit_code\":75}\n"
                  "{\"event\":\"receiver\",\"v\":1,\"name\":\"pc\",\"address\":\"10.0.0.1:5\","
                  "\"state\":\"lost\",\"reason\":\"gone\"}\n"
                  "{\"event\":\"summary\",\"v\":1,\"result\":\"ok\",\"files\":[]}\n"),
        8);
    assert_int_equal(got[0].type, WC_LOG_ERROR);
    assert_string_equal(got[0].message, "0x800705B4: empty download");
    assert_int_equal(got[1].type, WC_LOG_WARNING);
    assert_string_equal(got[1].message, "no space");
    assert_string_equal(got[2].component, "wimcast-receiver");
    assert_int_equal(got[2].thread, 123);
    assert_string_equal(got[3].component, "wimcast-receiver");
    assert_string_equal(got[4].component, "");
    assert_int_equal(got[5].form, WC_LOG_EVENT);
    assert_int_equal(got[5].type, WC_LOG_ERROR);
    assert_string_equal(got[5].message, "0x800705B4: a \"b\"  ?c");
    assert_string_equal(got[6].message, "receiver pc (10.0.0.1:5) lost: gone");
    assert_string_equal(got[7].message, "summary: ok");
}

static void nothing(void **state)
{
    (void)state;
    assert_int_equal(read_text(""), 0);
    assert_int_equal(read_text("\r\n \t\n\n"), 0);
    assert_int_equal(read_bytes("a\0\0b\n\0\0\0", 8, 3), 1); /* zeros that a crash left */
    assert_string_equal(got[0].message, "ab");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cmtrace),
        cmocka_unit_test(variants_of_the_trailer),
        cmocka_unit_test(several_lines_and_several_in_a_line),
        cmocka_unit_test(torn_entries),
        cmocka_unit_test(an_entry_without_end_does_not_swallow_the_log),
        cmocka_unit_test(endless_entries_keep_beginning_and_end),
        cmocka_unit_test(the_older_server_form),
        cmocka_unit_test(pasted_from_the_window),
        cmocka_unit_test(what_wimcast_writes),
        cmocka_unit_test(nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
