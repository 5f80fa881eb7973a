/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/text.h"

#include <assert.h>
#include <string.h>

/* Bytes of the character that `bytes` begins with; 0: it is malformed (RFC 3629 section 3:
 * overlong, surrogate, beyond U+10FFFF, cut off) or a control character. */
static size_t character_bytes(const uint8_t *bytes, size_t left)
{
    static const uint32_t code_point_min[] = {0, 0, 0xa0, 0x800, 0x10000};
    uint8_t lead = bytes[0];
    if (lead < 0x80)
        return lead >= 0x20 && lead != 0x7f;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    size_t count = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (count > left)
        return 0;
    uint32_t code_point = lead & (0x7fu >> count);
    for (size_t i = 1; i < count; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        code_point = code_point << 6 | (bytes[i] & 0x3fu);
    }
    if (code_point < code_point_min[count] || code_point > 0x10ffff)
        return 0;
    return code_point >= 0xd800 && code_point <= 0xdfff ? 0 : count;
}

bool wc_text_check(const void *bytes, size_t byte_count)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < byte_count;) {
        size_t count = character_bytes(at + i, byte_count - i);
        if (!count)
            return false;
        i += count;
    }
    return true;
}

void wc_text_put(struct wc_writer *w, const char *text, size_t room)
{
    const char *end = memchr(text, '\0', room);
    assert(end && end - text <= UINT16_MAX);
    size_t byte_count = (size_t)(end - text);
    wc_put_u16(w, (uint16_t)byte_count);
    for (size_t i = 0; i < byte_count;) {
        size_t count = character_bytes((const uint8_t *)text + i, byte_count - i);
        wc_put_bytes(w, count ? text + i : "?", count ? count : 1);
        i += count ? count : 1;
    }
}

int wc_text_nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool wc_text_unhex(const char *text, uint8_t *ret, size_t count)
{
    for (size_t i = 0; i < 2 * count; i++) {
        int value = wc_text_nibble(text[i]); /* the NUL is no digit: never reads past it */
        if (value < 0 || (text[i] >= 'A' && text[i] <= 'F'))
            return false;
        ret[i / 2] = (uint8_t)(i % 2 ? ret[i / 2] | value : value << 4);
    }
    return text[2 * count] == '\0';
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("_@%+=:,./-", c));
}

const char *wc_text_shell(char *ret, size_t room, const char *text)
{
    static const char quote[] = "'\\''"; /* ends the quotes, is one, begins them anew */
    size_t used = 0, at = 0;
    assert(room >= 3);
    while (is_plain(text[at]))
        at++;
    bool is_quoted = at == 0 || text[at];
    size_t left = room - 1 - (is_quoted ? 2 : 0);
    if (is_quoted)
        ret[used++] = '\'';
    for (at = 0; text[at]; at++) {
        bool is_quote = text[at] == '\'';
        size_t count = is_quote ? sizeof(quote) - 1 : 1;
        if (count > left)
            break;
        memcpy(ret + used, is_quote ? quote : text + at, count);
        used += count;
        left -= count;
    }
    if (is_quoted)
        ret[used++] = '\'';
    ret[used] = '\0';
    return ret;
}

enum wc_err wc_text_get(struct wc_reader *r, char *ret, size_t room)
{
    size_t byte_count = wc_get_u16(r);
    const uint8_t *bytes = wc_get_bytes(r, byte_count);
    if (!bytes)
        return WC_E_SHORT;
    if (byte_count >= room || !wc_text_check(bytes, byte_count))
        return WC_E_FORMAT;
    memcpy(ret, bytes, byte_count);
    ret[byte_count] = '\0';
    return WC_OK;
}
