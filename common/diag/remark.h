/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts in arrays of fixed size, for rules that write sentences without stdio: putting them
 * together, and finding words in them. What does not fit is cut, never in the middle of a
 * character. */
#ifndef WC_DIAG_REMARK_H
#define WC_DIAG_REMARK_H

#include "common/core/types.h"

/* A text being written; always NUL-terminated. */
struct wc_remark {
    char *at;  /* its NUL */
    char *end; /* the last byte of the array */
};

/* An empty text in an array of `room` >= 1 bytes, which is borrowed; or one that goes on behind the
 * text that the array holds. */
struct wc_remark wc_remark_of(char *array, size_t room);
struct wc_remark wc_remark_after(char *array, size_t room);

void wc_remark_put(struct wc_remark *p, const char *text);
void wc_remark_bytes(struct wc_remark *p, const char *bytes, size_t count);
void wc_remark_uint(struct wc_remark *p, uint64_t value);
/* With so many digits at least, zeros in front. */
void wc_remark_digits(struct wc_remark *p, uint64_t value, unsigned digit_count);
/* "0x800705B4". */
void wc_remark_hex(struct wc_remark *p, uint32_t value);
/* A text from elsewhere as a sentence quotes it: control characters become blanks, blanks in a row
 * one; at most `bytes_max`, then "...". */
void wc_remark_quote(struct wc_remark *p, const char *text, size_t bytes_max);

/* The first `word` in `text`, whatever the case of ASCII letters; NULL: none. */
const char *wc_remark_find(const char *text, const char *word);
bool wc_remark_begins(const char *text, const char *word);

/* Of ASCII, whatever the locale. */
static inline bool wc_remark_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool wc_remark_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool wc_remark_is_word(char c); /* letter, digit, '_' */

#endif
