/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts for people that travel: names, sentences. They end on terminals and in logs, so they are
 * valid UTF-8 (RFC 3629) without control characters (U+0000..U+001F, U+007F..U+009F). On the
 * wire: u16 length in bytes, then the bytes, without NUL. */
#ifndef WC_CORE_TEXT_H
#define WC_CORE_TEXT_H

#include "common/core/cursor.h"
#include "common/core/err.h"
#include "common/core/types.h"

/* Valid UTF-8 without control characters; empty is fine. */
bool wc_text_check(const void *bytes, size_t byte_count);

/* Write a NUL-terminated text out of an array of `room` bytes (a missing NUL is asserted). A byte
 * that a text may not hold goes out as '?', so that a sentence which quotes something odd still
 * arrives. */
void wc_text_put(struct wc_writer *w, const char *text, size_t room);

/* 0..15; -1: no hexadecimal digit. Of ASCII, whatever the locale. */
int wc_text_nibble(char c);
/* `text` is 2 * count hexadecimal digits as our files have them, in lower case, and nothing else.
 * False: it is not. */
bool wc_text_unhex(const char *text, uint8_t *ret, size_t count);

/* `text` as one word of a command that a person copies into a shell: as it is, or in '...' if it
 * has anything but letters, digits and "_@%+=:,./-". Cut where `room` (3 or more) ends. Returns
 * `ret`. */
#define WC_TEXT_SHELL_BYTES 320u /* for most names and paths */
const char *wc_text_shell(char *ret, size_t room, const char *text);

/* Read a text into an array of `room` bytes, NUL-terminated. WC_E_SHORT; WC_E_FORMAT: does not
 * fit, or is none by wc_text_check. */
WC_MUST_USE enum wc_err wc_text_get(struct wc_reader *r, char *ret, size_t room);

#endif
