/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names as Windows keeps them, UTF-16LE, as UTF-8. */
#ifndef WC_CORE_UTF16_H
#define WC_CORE_UTF16_H

#include "common/core/types.h"

/* Bytes that `byte_count` bytes of UTF-16LE need at most as UTF-8, without NUL. */
#define WC_UTF16_ROOM(byte_count) ((size_t)(byte_count) / 2 * 3)

/* Convert into ret[WC_UTF16_ROOM(byte_count)]; an odd last byte does not count. What a path's part
 * may not hold, and half a surrogate pair, become U+FFFD: '/', NUL. Returns the bytes written. */
size_t wc_utf16_name(const uint8_t *bytes, size_t byte_count, char *ret);

/* Each surrogate has its other half, and there is no NUL; byte_count is even. */
bool wc_utf16_check(const uint8_t *bytes, size_t byte_count);

#endif
