/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person sees while a program runs: messages, one per line, and below them on a terminal a
 * live block of a few lines that is redrawn in place. All of it goes to one file descriptor,
 * usually stderr. There is no live block when that is no terminal, or when TERM is "dumb" or unset;
 * no colour either then, nor when NO_COLOR is set and not empty (no-color.org). When it is the
 * journal of systemd (JOURNAL_STREAM), each message has its priority in front: <3>, <4>, <6>.
 *
 * One thread. Functions that print never fail: with nobody to tell there is nothing to do. */
#ifndef WC_IO_TERM_H
#define WC_IO_TERM_H

#include "common/core/types.h"
#include "common/io/cmtrace.h"

struct wc_term;

enum wc_term_level {
    WC_TERM_DETAIL,  /* only with verbosity 1 */
    WC_TERM_INFO,    /* not with verbosity -1 */
    WC_TERM_WARNING, /* "warning: ..." */
    WC_TERM_ERROR,   /* "error: ..." */
};

struct wc_term_config {
    int fd;        /* borrowed until free */
    int verbosity; /* as in wc_args_common; -1: no live block either */
    bool live;     /* false: no live block, for example because the same terminal gets JSON */
    struct wc_cmtrace *log; /* gets every message, whatever the verbosity; borrowed until free.
                             * NULL: none */
    const char *file;       /* of the program, for the log; static */
};

/* Looks at the environment and at fd once. NULL: no memory. */
struct wc_term *wc_term_new(const struct wc_term_config *config);
/* As finish with keep. NULL is fine. */
void wc_term_free(struct wc_term *t);

/* A message, above the block. What a terminal should not get (wc_text_check) becomes '?'; longer
 * than WC_TERM_MESSAGE_BYTES_MAX it is cut. A terminal that is stopped (Ctrl-S) delays it by a
 * second, then loses it, and those after it without delay. */
#define WC_TERM_MESSAGE_BYTES_MAX 2048u
void wc_term_say(struct wc_term *t, enum wc_term_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Is there a live block at all? And is it time to draw it: at most every WC_TERM_REDRAW_NS. */
#define WC_TERM_REDRAW_NS WC_MS(200)
bool wc_term_is_live(const struct wc_term *t);
bool wc_term_is_due(const struct wc_term *t, wc_ns now);

/* Draw the block, if it is due: ASCII lines without newline (anything else becomes '?'), borrowed
 * until return, cut to the terminal's width; at most WC_TERM_LINES_MAX, and fewer than the terminal
 * has. A terminal that is stopped (Ctrl-S) is not waited for. */
#define WC_TERM_LINES_MAX 16u
#define WC_TERM_WIDTH_MAX 400u
void wc_term_draw(struct wc_term *t, wc_ns now, const char *const *lines, size_t line_count);

/* Columns a line may have, now. */
uint32_t wc_term_width(const struct wc_term *t);

/* Take the block away before something else (stdout) writes to the terminal; the next
 * wc_term_draw is due at once. */
void wc_term_hide(struct wc_term *t);

/* The end of the block: leave it as it stands, or take it away. Another may begin. */
void wc_term_finish(struct wc_term *t, bool keep);

/* "[=====>    ]" of exactly `width` characters (>= 3) and NUL into ret[width + 1]: full only when
 * part >= whole. Returns `ret`. */
char *wc_term_bar(char *ret, uint32_t width, uint64_t part, uint64_t whole);

#endif
