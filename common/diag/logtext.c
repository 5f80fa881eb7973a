/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/logtext.h"

#include <string.h>

#define SAMPLE_BYTES 512u
#define REPLACEMENT  0xfffdu
/* One byte in so many may be strange: a log that was torn by a crash has zeros in it. */
#define STRANGE_SHARE 20u

/* ASCII as UTF-16 has a zero in every other byte. */
static bool is_utf16(const uint8_t *bytes, size_t count, size_t zero_at)
{
    size_t pair_count = 0, zero_count = 0, other_count = 0;
    for (size_t i = 0; i + 1 < count && i < SAMPLE_BYTES; i += 2, pair_count++) {
        zero_count += bytes[i + zero_at] == 0;
        other_count += bytes[i + 1 - zero_at] == 0;
    }
    return pair_count >= 2 && zero_count * 10 >= pair_count * 7 && other_count * 10 < pair_count;
}

size_t wc_log_text_init(struct wc_log_text *t, const uint8_t *bytes, size_t count)
{
    *t = (struct wc_log_text){.encoding = WC_LOG_BYTES};
    if (count >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        return 3;
    bool has_mark = count >= 2 && ((bytes[0] == 0xff && bytes[1] == 0xfe) ||
                                   (bytes[0] == 0xfe && bytes[1] == 0xff));
    if (has_mark) {
        t->encoding = bytes[0] == 0xff ? WC_LOG_UTF16_LE : WC_LOG_UTF16_BE;
        return 2;
    }
    if (is_utf16(bytes, count, 1))
        t->encoding = WC_LOG_UTF16_LE;
    else if (is_utf16(bytes, count, 0))
        t->encoding = WC_LOG_UTF16_BE;
    return 0;
}

static size_t encode(uint32_t code_point, char *ret)
{
    if (code_point < 0x80) {
        ret[0] = (char)code_point;
        return 1;
    }
    size_t count = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    for (size_t i = count - 1; i > 0; i--, code_point >>= 6)
        ret[i] = (char)(0x80 | (code_point & 0x3f));
    ret[0] = (char)((0xf0u << (4 - count) & 0xff) | code_point);
    return count;
}

static bool is_strange(uint8_t byte)
{
    return (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r' && byte != 0x1b) ||
           byte == 0x7f;
}

/* One unit of UTF-16; at most 6 bytes come of it, 3 of them for a surrogate before it. */
static size_t take_unit(struct wc_log_text *t, uint16_t unit, char *ret)
{
    size_t used = 0;
    bool is_low = unit >= 0xdc00 && unit <= 0xdfff;
    if (t->high && is_low) {
        uint32_t code_point = 0x10000u + ((t->high - 0xd800u) << 10) + (unit - 0xdc00u);
        t->high = 0;
        return encode(code_point, ret);
    }
    if (t->high) {
        used = encode(REPLACEMENT, ret);
        t->strange_count++;
        t->high = 0;
    }
    if (unit >= 0xd800 && unit <= 0xdbff) {
        t->high = unit;
        return used;
    }
    t->strange_count += is_low || (unit < 0x80 && is_strange((uint8_t)unit));
    return used + encode(is_low ? REPLACEMENT : unit, ret + used);
}

static size_t decode_utf16(struct wc_log_text *t, const uint8_t *bytes, size_t count, char *ret)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (!t->has_half) {
            t->half = bytes[i];
            t->has_half = true;
            continue;
        }
        bool little = t->encoding == WC_LOG_UTF16_LE;
        unsigned low = little ? t->half : bytes[i], high = little ? bytes[i] : t->half;
        t->has_half = false;
        used += take_unit(t, (uint16_t)(high << 8 | low), ret + used);
    }
    return used;
}

size_t wc_log_text_decode(struct wc_log_text *t, const uint8_t *bytes, size_t count, char *ret)
{
    size_t used = count;
    if (t->encoding != WC_LOG_BYTES) {
        used = decode_utf16(t, bytes, count, ret);
    } else {
        if (count)
            memcpy(ret, bytes, count);
        for (size_t i = 0; i < count; i++)
            t->strange_count += is_strange(bytes[i]);
    }
    t->byte_count += used;
    return used;
}

bool wc_log_text_is_binary(const struct wc_log_text *t)
{
    return t->strange_count * STRANGE_SHARE > t->byte_count;
}
