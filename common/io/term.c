/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cursor rests at the start of the line below the block, so that a program that is killed
 * leaves a readable screen. What belongs together goes out in one write: no flicker, and no half of
 * a sequence when the terminal is slow. The sequences are those of ECMA-48 that every terminal
 * knows. */
#include "common/io/term.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/core/text.h"

#define CLEAR_LINE  "\033[K" /* to its end */
#define CLEAR_BELOW "\033[J" /* to the end of the screen */
#define RED         "\033[1;31m"
#define YELLOW      "\033[1;33m"
#define PLAIN       "\033[0m"

#define WIDTH_DEFAULT  80u
#define HEIGHT_DEFAULT 24u
#define BLOCK_BYTES    (WC_TERM_LINES_MAX * (WC_TERM_WIDTH_MAX + 4))
#define OUT_BYTES      (BLOCK_BYTES + WC_TERM_MESSAGE_BYTES_MAX + 128)
/* How long a message waits for a terminal that somebody has stopped; those after it do not wait. */
#define MESSAGE_WAIT_MS 1000

struct wc_term {
    int fd;
    int verbosity;
    bool terminal;
    bool live;
    bool colour;
    bool journal; /* fd leads to the journal of systemd */
    struct wc_cmtrace *log;
    const char *file;
    bool stopped; /* it took nothing last time */
    bool drawn;   /* since the last hide or finish: then drawn_ns counts */
    wc_ns drawn_ns;
    size_t line_count; /* of the block, as it stands on the screen */
    size_t block_bytes;
    char block[BLOCK_BYTES]; /* what drew it */
};

/* What goes out in one write. */
struct out {
    size_t byte_count;
    char bytes[OUT_BYTES];
};

_Static_assert(sizeof(CLEAR_LINE "\n") - 1 <= 4, "a line of the block and its end fit");

static void add(struct out *out, const char *bytes, size_t count)
{
    if (count > sizeof(out->bytes) - out->byte_count)
        count = sizeof(out->bytes) - out->byte_count;
    memcpy(out->bytes + out->byte_count, bytes, count);
    out->byte_count += count;
}

static void add_text(struct out *out, const char *text)
{
    add(out, text, strlen(text));
}

static bool is_writable(const struct wc_term *t, int wait_ms)
{
    struct pollfd p = {.fd = t->fd, .events = POLLOUT};
    return poll(&p, 1, wait_ms) == 1 && (p.revents & POLLOUT);
}

/* A terminal may be non-blocking, because stdin is the same one: poll tells either way. What a
 * terminal does not take is lost: the session matters more. */
static void flush(struct wc_term *t, const struct out *out)
{
    for (size_t at = 0; at < out->byte_count;) {
        if (t->terminal) {
            t->stopped = !is_writable(t, t->stopped ? 0 : MESSAGE_WAIT_MS);
            if (t->stopped)
                return;
        }
        ssize_t count = write(t->fd, out->bytes + at, out->byte_count - at);
        bool full = count < 0 && errno == EAGAIN; /* non-blocking: only then it says so */
        if (full && !t->terminal && !is_writable(t, MESSAGE_WAIT_MS))
            return;
        if (count < 0 && !full && errno != EINTR)
            return;
        at += count > 0 ? (size_t)count : 0;
    }
}

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value;
}

/* As sd-daemon says: JOURNAL_STREAM names device and inode of the stream to the journal. Somebody
 * may have led stderr elsewhere since. */
static bool is_journal(int fd)
{
    const char *value = getenv("JOURNAL_STREAM");
    char *end;
    struct stat st;
    if (!value || *value < '0' || *value > '9' || fstat(fd, &st))
        return false;
    unsigned long long device = strtoull(value, &end, 10);
    if (*end != ':' || end[1] < '0' || end[1] > '9')
        return false;
    unsigned long long inode = strtoull(end + 1, &end, 10);
    return !*end && device == st.st_dev && inode == st.st_ino;
}

struct wc_term *wc_term_new(const struct wc_term_config *config)
{
    struct wc_term *t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    t->fd = config->fd;
    t->verbosity = config->verbosity;
    t->terminal = isatty(config->fd);
    bool capable = t->terminal && is_set("TERM") && strcmp(getenv("TERM"), "dumb") != 0;
    t->colour = capable && !is_set("NO_COLOR");
    t->live = capable && config->live && config->verbosity >= 0;
    t->journal = is_journal(config->fd);
    t->log = config->log;
    t->file = config->file;
    return t;
}

void wc_term_free(struct wc_term *t)
{
    free(t);
}

/* To the first line of the block. */
static void add_rewind(const struct wc_term *t, struct out *out)
{
    char sequence[32];
    if (!t->line_count)
        return;
    snprintf(sequence, sizeof(sequence), "\r\033[%zuA", t->line_count);
    add_text(out, sequence);
}

static void add_hide(const struct wc_term *t, struct out *out)
{
    add_rewind(t, out);
    if (t->line_count)
        add_text(out, CLEAR_BELOW);
}

static void add_prefix(const struct wc_term *t, struct out *out, enum wc_term_level level)
{
    bool is_error = level == WC_TERM_ERROR;
    if (t->journal)
        add_text(out, is_error ? "<3>" : level == WC_TERM_WARNING ? "<4>" : "<6>");
    if (level < WC_TERM_WARNING)
        return;
    if (t->colour)
        add_text(out, is_error ? RED : YELLOW);
    add_text(out, is_error ? "error:" : "warning:");
    if (t->colour)
        add_text(out, PLAIN);
    add_text(out, " ");
}

/* wc_text_put's way with what may not be there, without its length in front. */
static void add_clean(struct out *out, const char *text)
{
    uint8_t clean[2 + WC_TERM_MESSAGE_BYTES_MAX];
    struct wc_writer w = wc_writer_of(clean, sizeof(clean));
    wc_text_put(&w, text, WC_TERM_MESSAGE_BYTES_MAX + 1);
    add(out, (const char *)clean + 2, (size_t)(w.at - clean) - 2);
}

static void say(struct wc_term *t, enum wc_term_level level, const char *text)
{
    struct out out = {0};
    if ((level == WC_TERM_DETAIL && t->verbosity < 1) ||
        (level == WC_TERM_INFO && t->verbosity < 0))
        return;
    add_hide(t, &out);
    add_prefix(t, &out, level);
    add_clean(&out, text);
    add_text(&out, "\n");
    if (t->line_count)
        add(&out, t->block, t->block_bytes);
    flush(t, &out);
}

static void log_message(struct wc_term *t, enum wc_term_level level, const char *text)
{
    static const enum wc_cmtrace_type types[] = {[WC_TERM_DETAIL] = WC_CMTRACE_INFO,
                                                 [WC_TERM_INFO] = WC_CMTRACE_INFO,
                                                 [WC_TERM_WARNING] = WC_CMTRACE_WARNING,
                                                 [WC_TERM_ERROR] = WC_CMTRACE_ERROR};
    struct wc_why why;
    if (wc_cmtrace_write(t->log, types[level], t->file, text, &why))
        say(t, WC_TERM_WARNING, why.text);
}

void wc_term_say(struct wc_term *t, enum wc_term_level level, const char *format, ...)
{
    char text[WC_TERM_MESSAGE_BYTES_MAX + 1];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    log_message(t, level, text);
    say(t, level, text);
}

bool wc_term_is_live(const struct wc_term *t)
{
    return t->live;
}

bool wc_term_is_due(const struct wc_term *t, wc_ns now)
{
    return t->live && (!t->drawn || now - t->drawn_ns >= WC_TERM_REDRAW_NS);
}

static struct winsize size_of(const struct wc_term *t)
{
    struct winsize size;
    if (!t->terminal || ioctl(t->fd, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
        return (struct winsize){.ws_col = WIDTH_DEFAULT, .ws_row = HEIGHT_DEFAULT};
    return size;
}

/* One column stays free: some terminals go to the next line already when the last one is filled. */
static uint32_t width_of(struct winsize size)
{
    uint32_t width = size.ws_col > 1u ? size.ws_col - 1u : 1u;
    return width < WC_TERM_WIDTH_MAX ? width : WC_TERM_WIDTH_MAX;
}

uint32_t wc_term_width(const struct wc_term *t)
{
    return width_of(size_of(t));
}

static void add_line(struct out *out, const char *line, uint32_t width)
{
    for (uint32_t i = 0; i < width && line[i]; i++) {
        bool printable = line[i] >= ' ' && line[i] < 0x7f;
        add(out, printable ? &line[i] : "?", 1);
    }
    add_text(out, CLEAR_LINE "\n");
}

void wc_term_draw(struct wc_term *t, wc_ns now, const char *const *lines, size_t line_count)
{
    struct out out = {0};
    if (!wc_term_is_due(t, now) || !is_writable(t, 0))
        return;
    struct winsize size = size_of(t);
    size_t line_max = size.ws_row > 1u ? size.ws_row - 1u : 1u;
    if (line_max > WC_TERM_LINES_MAX)
        line_max = WC_TERM_LINES_MAX;
    if (line_count > line_max)
        line_count = line_max;
    add_rewind(t, &out);
    size_t block_at = out.byte_count;
    for (size_t i = 0; i < line_count; i++)
        add_line(&out, lines[i], width_of(size));
    t->block_bytes = out.byte_count - block_at;
    memcpy(t->block, out.bytes + block_at, t->block_bytes);
    if (line_count < t->line_count)
        add_text(&out, CLEAR_BELOW);
    t->line_count = line_count;
    t->drawn = true;
    t->drawn_ns = now;
    flush(t, &out);
}

void wc_term_hide(struct wc_term *t)
{
    struct out out = {0};
    add_hide(t, &out);
    flush(t, &out);
    t->line_count = 0;
    t->drawn = false;
}

void wc_term_finish(struct wc_term *t, bool keep)
{
    if (keep)
        t->line_count = 0;
    wc_term_hide(t);
}

char *wc_term_bar(char *ret, uint32_t width, uint64_t part, uint64_t whole)
{
    assert(width >= 3);
    uint32_t room = width - 2;
    uint32_t filled = room;
    if (part < whole)
        filled = (uint32_t)((double)part / (double)whole * room);
    if (part < whole && filled >= room)
        filled = room - 1;
    ret[0] = '[';
    memset(ret + 1, '=', filled);
    memset(ret + 1 + filled, ' ', room - filled);
    if (filled && filled < room)
        ret[filled] = '>';
    ret[width - 1] = ']';
    ret[width] = '\0';
    return ret;
}
