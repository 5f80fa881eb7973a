/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes of a text file into UTF-8: a byte order mark goes, UTF-16 of either order is converted,
 * with mark or without, and everything else stays as it is. Bytes come in pieces. */
#ifndef WC_DIAG_LOGTEXT_H
#define WC_DIAG_LOGTEXT_H

#include "common/core/types.h"

enum wc_log_encoding {
    WC_LOG_BYTES, /* UTF-8, or something that has ASCII in it */
    WC_LOG_UTF16_LE,
    WC_LOG_UTF16_BE,
};

struct wc_log_text {
    enum wc_log_encoding encoding;
    uint8_t half;  /* a first byte without its second */
    uint16_t high; /* a first surrogate without its second; 0: none */
    bool has_half;
    /* For those who ask whether this is text at all. */
    uint64_t byte_count;    /* of UTF-8 so far */
    uint64_t strange_count; /* control characters that texts do not have, and U+FFFD made here */
};

/* Look at the first bytes of a file (all that there are, at most some hundred) and choose. Returns
 * how many of them are a byte order mark: they are not to be given to wc_log_text_decode. */
size_t wc_log_text_init(struct wc_log_text *t, const uint8_t *bytes, size_t count);

/* Convert; `ret` has room for 2 * count + 4 bytes. Returns how many it filled. */
size_t wc_log_text_decode(struct wc_log_text *t, const uint8_t *bytes, size_t count, char *ret);

/* Of what came so far, too much is no text: an image, a capture, an archive. */
bool wc_log_text_is_binary(const struct wc_log_text *t);

#endif
