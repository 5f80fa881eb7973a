/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/utf16.h"

#define REPLACEMENT 0xfffdu
#define HALF        0xffffffffu /* of a pair */

static uint32_t unit_at(const uint8_t *bytes, size_t at)
{
    return bytes[at] | (uint32_t)bytes[at + 1] << 8;
}

/* The character at *at, which moves on; HALF: a surrogate alone. */
static uint32_t take(const uint8_t *bytes, size_t byte_count, size_t *at)
{
    uint32_t first = unit_at(bytes, *at);
    *at += 2;
    if (first < 0xd800 || first > 0xdfff)
        return first;
    if (first > 0xdbff || byte_count - *at < 2)
        return HALF;
    uint32_t second = unit_at(bytes, *at);
    if (second < 0xdc00 || second > 0xdfff)
        return HALF;
    *at += 2;
    return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
}

static size_t put(uint32_t c, char *ret)
{
    if (c < 0x80) {
        ret[0] = (char)c;
        return 1;
    }
    size_t more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint8_t leads[] = {0, 0xc0, 0xe0, 0xf0};
    ret[0] = (char)(leads[more] | c >> (6 * more));
    for (size_t i = 1; i <= more; i++)
        ret[i] = (char)(0x80 | (c >> (6 * (more - i)) & 0x3f));
    return more + 1;
}

size_t wc_utf16_name(const uint8_t *bytes, size_t byte_count, char *ret)
{
    size_t count = 0;
    byte_count &= ~(size_t)1;
    for (size_t at = 0; at < byte_count;) {
        uint32_t c = take(bytes, byte_count, &at);
        bool is_bad = c == HALF || c == 0 || c == '/';
        count += put(is_bad ? REPLACEMENT : c, ret + count);
    }
    return count;
}

bool wc_utf16_check(const uint8_t *bytes, size_t byte_count)
{
    if (byte_count & 1)
        return false;
    for (size_t at = 0; at < byte_count;) {
        uint32_t c = take(bytes, byte_count, &at);
        if (c == HALF || c == 0)
            return false;
    }
    return true;
}
