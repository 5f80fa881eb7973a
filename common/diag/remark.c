/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/remark.h"

#include <assert.h>
#include <string.h>

struct wc_remark wc_remark_of(char *array, size_t room)
{
    assert(room);
    array[0] = '\0';
    return (struct wc_remark){.at = array, .end = array + room - 1};
}

struct wc_remark wc_remark_after(char *array, size_t room)
{
    size_t used = strnlen(array, room);
    assert(used < room);
    return (struct wc_remark){.at = array + used, .end = array + room - 1};
}

static bool is_inside(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* How many of the first `room` bytes end with a whole character. */
static size_t whole_bytes(const char *bytes, size_t room)
{
    size_t cut = room;
    while (cut && is_inside(bytes[cut]))
        cut--;
    return cut;
}

void wc_remark_bytes(struct wc_remark *p, const char *bytes, size_t count)
{
    size_t room = (size_t)(p->end - p->at);
    if (count > room)
        count = whole_bytes(bytes, room);
    if (count)
        memcpy(p->at, bytes, count);
    p->at += count;
    *p->at = '\0';
}

void wc_remark_put(struct wc_remark *p, const char *text)
{
    wc_remark_bytes(p, text, strlen(text));
}

void wc_remark_digits(struct wc_remark *p, uint64_t value, unsigned digit_count)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value || (at && sizeof digits - at < digit_count));
    wc_remark_bytes(p, digits + at, sizeof digits - at);
}

void wc_remark_uint(struct wc_remark *p, uint64_t value)
{
    wc_remark_digits(p, value, 1);
}

void wc_remark_hex(struct wc_remark *p, uint32_t value)
{
    char text[10] = "0x";
    for (unsigned i = 0; i < 8; i++)
        text[2 + i] = "0123456789ABCDEF"[value >> (28 - 4 * i) & 15];
    wc_remark_bytes(p, text, sizeof text);
}

void wc_remark_quote(struct wc_remark *p, const char *text, size_t bytes_max)
{
    bool blank = true; /* the last one put: none goes in front */
    size_t used = 0;
    for (; *text; text++) {
        bool control = (unsigned char)*text <= ' ' || *text == 0x7f;
        if (control && blank)
            continue;
        if (used >= bytes_max && !is_inside(*text)) {
            wc_remark_put(p, "...");
            return;
        }
        wc_remark_bytes(p, control ? " " : text, 1);
        blank = control;
        used++;
    }
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool wc_remark_begins(const char *text, const char *word)
{
    for (; *word; text++, word++) {
        if (lower(*text) != lower(*word))
            return false;
    }
    return true;
}

const char *wc_remark_find(const char *text, const char *word)
{
    char first = lower(*word);
    for (; *text; text++) {
        if (lower(*text) == first && wc_remark_begins(text, word))
            return text;
    }
    return NULL;
}

bool wc_remark_is_word(char c)
{
    return wc_remark_is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_';
}
