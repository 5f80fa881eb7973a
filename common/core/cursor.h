/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bounds-checked reading and writing of big-endian fields: the only way bytes of others are read.
 * A cursor that ran out stays failed, gives zeros and writes nothing, so that a codec checks once,
 * at its end. */
#ifndef WC_CORE_CURSOR_H
#define WC_CORE_CURSOR_H

#include <string.h>

#include "common/core/types.h"

struct wc_reader {
    const uint8_t *at;
    size_t left;
    bool failed;
};

struct wc_writer {
    uint8_t *at;
    size_t left;
    bool failed;
};

static inline struct wc_reader wc_reader_of(const void *bytes, size_t count)
{
    return (struct wc_reader){.at = bytes, .left = count};
}

static inline struct wc_writer wc_writer_of(void *bytes, size_t count)
{
    return (struct wc_writer){.at = bytes, .left = count};
}

/* The next `count` bytes, borrowed from the input; NULL when fewer are left. */
static inline const uint8_t *wc_get_bytes(struct wc_reader *r, size_t count)
{
    if (r->failed || count > r->left) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *bytes = r->at;
    r->at += count;
    r->left -= count;
    return bytes;
}

static inline uint64_t wc_get_uint(struct wc_reader *r, size_t byte_count)
{
    const uint8_t *bytes = wc_get_bytes(r, byte_count);
    uint64_t value = 0;
    for (size_t i = 0; bytes && i < byte_count; i++)
        value = value << 8 | bytes[i];
    return value;
}

static inline uint8_t wc_get_u8(struct wc_reader *r)
{
    return (uint8_t)wc_get_uint(r, 1);
}

static inline uint16_t wc_get_u16(struct wc_reader *r)
{
    return (uint16_t)wc_get_uint(r, 2);
}

static inline uint32_t wc_get_u32(struct wc_reader *r)
{
    return (uint32_t)wc_get_uint(r, 4);
}

static inline uint64_t wc_get_u64(struct wc_reader *r)
{
    return wc_get_uint(r, 8);
}

static inline void wc_put_bytes(struct wc_writer *w, const void *bytes, size_t count)
{
    if (w->failed || count > w->left) {
        w->failed = true;
        return;
    }
    if (count)
        memcpy(w->at, bytes, count);
    w->at += count;
    w->left -= count;
}

static inline void wc_put_uint(struct wc_writer *w, uint64_t value, size_t byte_count)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < byte_count; i++)
        bytes[i] = (uint8_t)(value >> (8 * (byte_count - 1 - i)));
    wc_put_bytes(w, bytes, byte_count);
}

static inline void wc_put_u8(struct wc_writer *w, uint8_t value)
{
    wc_put_uint(w, value, 1);
}

static inline void wc_put_u16(struct wc_writer *w, uint16_t value)
{
    wc_put_uint(w, value, 2);
}

static inline void wc_put_u32(struct wc_writer *w, uint32_t value)
{
    wc_put_uint(w, value, 4);
}

static inline void wc_put_u64(struct wc_writer *w, uint64_t value)
{
    wc_put_uint(w, value, 8);
}

#endif
