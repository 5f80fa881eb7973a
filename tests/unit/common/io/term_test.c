/* SPDX-License-Identifier: GPL-3.0-or-later */
/* On a pseudo terminal: what is compared are the bytes that a terminal gets. */
#include "common/io/term.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#define SCREEN_BYTES 16384
/* Written behind what is looked at, so that "nothing more came" needs no waiting. */
#define MARK '\001'

struct screen {
    int master, slave;
    char text[SCREEN_BYTES];
};

static void set_size(struct screen *s, unsigned short columns, unsigned short rows)
{
    struct winsize size = {.ws_col = columns, .ws_row = rows};
    assert_int_equal(ioctl(s->master, TIOCSWINSZ, &size), 0);
}

/* 40 columns, 10 rows, every byte goes through unchanged. */
static int open_screen(void **state)
{
    struct screen *s = calloc(1, sizeof(*s));
    assert_non_null(s);
    s->master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(s->master >= 0 && grantpt(s->master) == 0 && unlockpt(s->master) == 0);
    s->slave = open(ptsname(s->master), O_RDWR | O_NOCTTY);
    assert_true(s->slave >= 0);
    struct termios mode;
    assert_int_equal(tcgetattr(s->slave, &mode), 0);
    cfmakeraw(&mode);
    assert_int_equal(tcsetattr(s->slave, TCSANOW, &mode), 0);
    set_size(s, 40, 10);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    *state = s;
    return 0;
}

static int close_screen(void **state)
{
    struct screen *s = *state;
    close(s->slave);
    close(s->master);
    free(s);
    return 0;
}

/* What came since the last call. */
static const char *shown(struct screen *s)
{
    size_t count = 0;
    assert_int_equal(write(s->slave, (const char[]){MARK}, 1), 1);
    for (;;) {
        struct pollfd p = {.fd = s->master, .events = POLLIN};
        assert_int_equal(poll(&p, 1, 10000), 1);
        ssize_t got = read(s->master, s->text + count, sizeof(s->text) - 1 - count);
        assert_true(got > 0);
        count += (size_t)got;
        if (s->text[count - 1] == MARK)
            break;
    }
    s->text[count - 1] = '\0';
    return s->text;
}

#define assert_shown(s, expected) assert_string_equal(shown(s), expected)

static struct wc_term *open_term(int fd, int verbosity)
{
    struct wc_term *t =
        wc_term_new(&(struct wc_term_config){.fd = fd, .verbosity = verbosity, .live = true});
    assert_non_null(t);
    return t;
}

static void draw(struct wc_term *t, wc_ns now, const char *first, const char *second)
{
    wc_term_draw(t, now, (const char *const[]){first, second}, second ? 2 : first ? 1 : 0);
}

static void block_is_redrawn_in_place(void **state)
{
    struct screen *s = *state;
    struct wc_term *t = open_term(s->slave, 0);
    assert_true(wc_term_is_live(t));
    draw(t, WC_S(1), "one", "two");
    assert_shown(s, "one\033[K\ntwo\033[K\n");
    draw(t, WC_S(2), "three", "four");
    assert_shown(s, "\r\033[2Athree\033[K\nfour\033[K\n");
    draw(t, WC_S(3), "five", NULL);
    assert_shown(s, "\r\033[2Afive\033[K\n\033[J");
    draw(t, WC_S(4), "six", "seven");
    assert_shown(s, "\r\033[1Asix\033[K\nseven\033[K\n");
    draw(t, WC_S(5), NULL, NULL);
    assert_shown(s, "\r\033[2A\033[J");
    draw(t, WC_S(6), "eight", NULL);
    assert_shown(s, "eight\033[K\n");
    wc_term_free(t);
    assert_shown(s, "");
}

static void at_most_five_times_a_second(void **state)
{
    struct screen *s = *state;
    struct wc_term *t = open_term(s->slave, 0);
    assert_true(wc_term_is_due(t, 0));
    draw(t, 0, "a", NULL);
    assert_false(wc_term_is_due(t, WC_MS(199)));
    draw(t, WC_MS(199), "b", NULL);
    assert_shown(s, "a\033[K\n");
    assert_true(wc_term_is_due(t, WC_MS(200)));
    unsigned drawn = 0;
    for (unsigned ms = 200; ms < 2200; ms += 7) {
        drawn += wc_term_is_due(t, WC_MS(ms));
        draw(t, WC_MS(ms), "c", NULL);
    }
    assert_in_range(drawn, 8, 10);
    wc_term_free(t);
}

static void lines_are_cut(void **state)
{
    struct screen *s = *state;
    struct wc_term *t = open_term(s->slave, 0);
    set_size(s, 10, 3);
    assert_int_equal(wc_term_width(t), 9);
    wc_term_draw(t, WC_S(1), (const char *const[]){"0123456789", "012345678", "third"}, 3);
    assert_shown(s, "012345678\033[K\n012345678\033[K\n");
    set_size(s, 1, 1);
    assert_int_equal(wc_term_width(t), 1);
    draw(t, WC_S(2), "xyz", NULL);
    assert_shown(s, "\r\033[2Ax\033[K\n\033[J");
    set_size(s, 0, 0); /* a serial line does not know */
    assert_int_equal(wc_term_width(t), 79);
    draw(t, WC_S(3), "a\tb\033[2Jc\xc3\xb6", NULL);
    assert_shown(s, "\r\033[1Aa?b?[2Jc??\033[K\n");
    set_size(s, 9999, 9999);
    assert_int_equal(wc_term_width(t), WC_TERM_WIDTH_MAX);
    wc_term_free(t);
}

/* The largest block and the longest message fit into one write. */
static void largest_block(void **state)
{
    struct screen *s = *state;
    struct wc_term *t = open_term(s->slave, 0);
    static char line[1000], message[4000];
    const char *lines[WC_TERM_LINES_MAX + 4];
    memset(line, 'x', sizeof(line) - 1);
    memset(message, 'm', sizeof(message) - 1);
    for (size_t i = 0; i < WC_TERM_LINES_MAX + 4; i++)
        lines[i] = line;
    set_size(s, 9999, 9999);
    wc_term_draw(t, WC_S(1), lines, WC_TERM_LINES_MAX + 4);
    size_t block_bytes = WC_TERM_LINES_MAX * (WC_TERM_WIDTH_MAX + 4);
    assert_int_equal(strlen(shown(s)), block_bytes);
    wc_term_say(t, WC_TERM_INFO, "%s", message);
    shown(s);
    size_t lead_bytes = strlen("\r\033[16A\033[J");
    assert_int_equal(strlen(s->text), lead_bytes + WC_TERM_MESSAGE_BYTES_MAX + 1 + block_bytes);
    assert_string_equal(s->text + strlen(s->text) - 5, "x\033[K\n");
    wc_term_free(t);
}

static void messages_are_above_the_block(void **state)
{
    struct screen *s = *state;
    struct wc_term *t = open_term(s->slave, 0);
    wc_term_say(t, WC_TERM_INFO, "before %d", 1);
    assert_shown(s, "before 1\n");
    draw(t, WC_S(1), "one", "two");
    assert_shown(s, "one\033[K\ntwo\033[K\n");
    wc_term_say(t, WC_TERM_INFO, "hello");
    assert_shown(s, "\r\033[2A\033[Jhello\none\033[K\ntwo\033[K\n");
    assert_false(wc_term_is_due(t, WC_S(1) + 1));
    wc_term_hide(t);
    assert_shown(s, "\r\033[2A\033[J");
    wc_term_hide(t);
    assert_shown(s, "");
    assert_true(wc_term_is_due(t, WC_S(1) + 1));
    wc_term_say(t, WC_TERM_INFO, "alone");
    assert_shown(s, "alone\n");
    wc_term_free(t);
}

static void end_of_a_block(void **state)
{
    struct screen *s = *state;
    struct wc_term *t = open_term(s->slave, 0);
    draw(t, WC_S(1), "one", NULL);
    shown(s);
    wc_term_finish(t, true);
    wc_term_say(t, WC_TERM_INFO, "below");
    assert_shown(s, "below\n");
    draw(t, WC_S(1), "two", NULL); /* another block: due at once */
    assert_shown(s, "two\033[K\n");
    wc_term_finish(t, false);
    assert_shown(s, "\r\033[1A\033[J");
    wc_term_finish(t, true);
    assert_shown(s, "");
    wc_term_free(t);
}

static void levels_and_colours(void **state)
{
    struct screen *s = *state;
    struct wc_term *t = open_term(s->slave, 0);
    wc_term_say(t, WC_TERM_DETAIL, "detail");
    wc_term_say(t, WC_TERM_INFO, "info");
    wc_term_say(t, WC_TERM_WARNING, "careful");
    wc_term_say(t, WC_TERM_ERROR, "bad");
    assert_shown(s, "info\n\033[1;33mwarning:\033[0m careful\n\033[1;31merror:\033[0m bad\n");
    wc_term_free(t);
    t = open_term(s->slave, 1);
    wc_term_say(t, WC_TERM_DETAIL, "detail");
    assert_shown(s, "detail\n");
    wc_term_free(t);
    t = open_term(s->slave, -1);
    wc_term_say(t, WC_TERM_DETAIL, "detail");
    wc_term_say(t, WC_TERM_INFO, "info");
    draw(t, WC_S(1), "block", NULL);
    wc_term_say(t, WC_TERM_WARNING, "careful");
    assert_false(wc_term_is_live(t));
    assert_shown(s, "\033[1;33mwarning:\033[0m careful\n");
    wc_term_free(t);
}

static void no_color(void **state)
{
    struct screen *s = *state;
    setenv("NO_COLOR", "1", 1);
    struct wc_term *t = open_term(s->slave, 0);
    wc_term_say(t, WC_TERM_ERROR, "bad");
    draw(t, WC_S(1), "block", NULL);
    assert_shown(s, "error: bad\nblock\033[K\n");
    wc_term_free(t);
    setenv("NO_COLOR", "", 1);
    t = open_term(s->slave, 0);
    wc_term_say(t, WC_TERM_ERROR, "bad");
    assert_shown(s, "\033[1;31merror:\033[0m bad\n");
    wc_term_free(t);
}

static void assert_plain(struct screen *s, const struct wc_term_config *config)
{
    struct wc_term *t = wc_term_new(config);
    assert_false(wc_term_is_live(t));
    assert_false(wc_term_is_due(t, WC_S(9)));
    draw(t, WC_S(1), "block", NULL);
    wc_term_say(t, WC_TERM_WARNING, "careful");
    wc_term_hide(t);
    wc_term_finish(t, true);
    assert_shown(s, "warning: careful\n");
    wc_term_free(t);
}

static void dumb_terminals(void **state)
{
    struct screen *s = *state;
    struct wc_term_config config = {.fd = s->slave, .live = true};
    setenv("TERM", "dumb", 1);
    assert_plain(s, &config);
    setenv("TERM", "", 1);
    assert_plain(s, &config);
    unsetenv("TERM");
    assert_plain(s, &config);
    setenv("TERM", "xterm", 1);
    setenv("NO_COLOR", "x", 1);
    config.live = false; /* asked for */
    assert_plain(s, &config);
}

static void no_terminal(void **state)
{
    (void)state;
    int ends[2];
    char text[200];
    assert_int_equal(pipe(ends), 0);
    struct wc_term *t = open_term(ends[1], 0);
    assert_false(wc_term_is_live(t));
    assert_int_equal(wc_term_width(t), 79);
    draw(t, WC_S(1), "block", NULL);
    wc_term_say(t, WC_TERM_ERROR, "a\nb\033[31m\xff K\xc3\xb6ln");
    wc_term_finish(t, true);
    wc_term_free(t);
    close(ends[1]);
    ssize_t count = read(ends[0], text, sizeof(text) - 1);
    assert_true(count > 0);
    text[count] = '\0';
    assert_string_equal(text, "error: a?b?[31m? K\xc3\xb6ln\n");
    close(ends[0]);
}

/* A pipe that nobody reads from and that does not block: what fits is there, the rest is lost. */
static void full_pipe(void **state)
{
    (void)state;
    int ends[2];
    char text[1000];
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) >= 4096);
    while (write(ends[1], text, 64) == 64)
        continue;
    struct wc_term *t = open_term(ends[1], 0);
    wc_term_say(t, WC_TERM_INFO, "%s", text);
    wc_term_free(t);
    close(ends[0]);
    close(ends[1]);
}

/* Ctrl-S must not stop the program. */
static void stopped_terminal(void **state)
{
    struct screen *s = *state;
    struct wc_term *t = open_term(s->slave, 0);
    assert_int_equal(tcflow(s->slave, TCOOFF), 0);
    draw(t, WC_S(1), "block", NULL);
    assert_true(wc_term_is_due(t, WC_S(1)));
    for (int i = 0; i < 100; i++) /* only the first one waits: the test has no time for more */
        wc_term_say(t, WC_TERM_INFO, "lost");
    assert_int_equal(tcflow(s->slave, TCOON), 0);
    assert_shown(s, "");
    wc_term_say(t, WC_TERM_INFO, "heard");
    assert_shown(s, "heard\n");
    draw(t, WC_S(1), "block", NULL);
    assert_shown(s, "block\033[K\n");
    wc_term_free(t);
}

static void terminal_that_went_away(void **state)
{
    struct screen *s = *state;
    struct wc_term *t = open_term(s->slave, 0);
    close(s->master);
    draw(t, WC_S(1), "block", NULL);
    wc_term_say(t, WC_TERM_ERROR, "nobody hears");
    wc_term_free(t);
    s->master = -1;
}

/* systemd names the stream that it gave us; another is none of its own. */
static void priorities_for_the_journal(void **state)
{
    (void)state;
    int ends[2];
    char text[256] = "";
    char stream[64];
    struct stat st;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fstat(ends[1], &st), 0);
    unsigned long long device = st.st_dev, inode = st.st_ino;
    for (int i = 0; i < 4; i++) {
        snprintf(stream, sizeof stream, "%s%llu%s%llu%s", i == 1 ? "x" : "", device,
                 i == 2 ? " " : ":", inode, i == 3 ? "9" : "");
        setenv("JOURNAL_STREAM", stream, 1);
        struct wc_term *t = open_term(ends[1], 1);
        wc_term_say(t, WC_TERM_ERROR, "a");
        wc_term_say(t, WC_TERM_WARNING, "b");
        wc_term_say(t, WC_TERM_INFO, "c");
        wc_term_say(t, WC_TERM_DETAIL, "d");
        wc_term_free(t);
        ssize_t count = read(ends[0], text, sizeof text - 1);
        assert_true(count > 0);
        text[count] = '\0';
        assert_string_equal(text, i ? "error: a\nwarning: b\nc\nd\n"
                                    : "<3>error: a\n<4>warning: b\n<6>c\n<6>d\n");
    }
    unsetenv("JOURNAL_STREAM");
    close(ends[0]);
    close(ends[1]);
}

/* The log gets what a quiet program does not show. */
static void messages_go_to_the_log(void **state)
{
    (void)state;
    char path[] = "/tmp/wimcast-term.XXXXXX";
    char text[2048] = "";
    int fd = mkstemp(path), null = open("/dev/null", O_WRONLY);
    assert_true(fd >= 0 && null >= 0);
    struct wc_cmtrace *log = NULL;
    struct wc_cmtrace_options options = {.path = path, .bytes_max = 100000};
    assert_int_equal(wc_cmtrace_open(&log, &options, "test", NULL), WC_OK);
    struct wc_term *t = wc_term_new(
        &(struct wc_term_config){.fd = null, .verbosity = -1, .log = log, .file = "here.c"});
    assert_non_null(t);
    wc_term_say(t, WC_TERM_DETAIL, "one %d", 1);
    wc_term_say(t, WC_TERM_ERROR, "two");
    wc_term_free(t);
    wc_cmtrace_close(log);
    assert_true(read(fd, text, sizeof text - 1) > 0);
    const char *one = strstr(text, "<![LOG[one 1]LOG]!>"), *two = strstr(text, "<![LOG[two]LOG]!>");
    assert_true(one && two && strstr(one, "type=\"1\"") && strstr(two, "type=\"3\""));
    assert_non_null(strstr(two, "file=\"here.c\""));
    close(fd);
    close(null);
    unlink(path);
}

static void bars(void **state)
{
    (void)state;
    static const struct {
        uint32_t width;
        uint64_t part, whole;
        const char *bar;
    } cases[] = {
        {12, 0, 100, "[          ]"},
        {12, 9, 100, "[          ]"},
        {12, 10, 100, "[>         ]"},
        {12, 55, 100, "[====>     ]"},
        {12, 99, 100, "[========> ]"},
        {12, 100, 100, "[==========]"},
        {12, 101, 100, "[==========]"},
        {12, 0, 0, "[==========]"},
        {12, UINT64_MAX - 1, UINT64_MAX, "[========> ]"},
        {3, 0, 1, "[ ]"},
        {3, 1, 1, "[=]"},
        {3, UINT64_MAX - 1, UINT64_MAX, "[ ]"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char bar[16];
        assert_ptr_equal(wc_term_bar(bar, cases[i].width, cases[i].part, cases[i].whole), bar);
        assert_string_equal(bar, cases[i].bar);
    }
}

#define ON_SCREEN(test) cmocka_unit_test_setup_teardown(test, open_screen, close_screen)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SCREEN(block_is_redrawn_in_place),
        ON_SCREEN(at_most_five_times_a_second),
        ON_SCREEN(lines_are_cut),
        ON_SCREEN(largest_block),
        ON_SCREEN(messages_are_above_the_block),
        ON_SCREEN(end_of_a_block),
        ON_SCREEN(levels_and_colours),
        ON_SCREEN(no_color),
        ON_SCREEN(dumb_terminals),
        cmocka_unit_test(no_terminal),
        cmocka_unit_test(full_pipe),
        ON_SCREEN(stopped_terminal),
        ON_SCREEN(terminal_that_went_away),
        cmocka_unit_test(priorities_for_the_journal),
        cmocka_unit_test(messages_go_to_the_log),
        cmocka_unit_test(bars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
