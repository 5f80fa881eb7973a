/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One pass over the characters, with a stack of open elements (XML 1.0, sections 2 to 4, without
 * document types, which no WIM has). Entities are looked at, never expanded. */
#include "common/core/wimxml.h"

#include <string.h>

#include "common/core/utf16.h"

struct name {
    uint32_t at, count; /* characters */
};

struct reader {
    const uint8_t *bytes;
    uint32_t at, end; /* characters, of two bytes */
    const char *fault;
    struct name open[WC_WIMXML_DEPTH_MAX];
    uint32_t depth;
    bool has_root;
    uint32_t image_count;
    uint64_t index_sum;
};

static uint32_t unit(const struct reader *r, uint32_t at)
{
    if (at >= r->end)
        return 0;
    const uint8_t *bytes = r->bytes + 2 * (size_t)at;
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

static bool fail(struct reader *r, const char *fault)
{
    if (!r->fault)
        r->fault = fault;
    return false;
}

static bool is_blank(uint32_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* No character at all; surrogates were looked at before. */
static bool is_forbidden(uint32_t c)
{
    return (c < ' ' && !is_blank(c)) || c >= 0xfffe;
}

static bool begins_name(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || c >= 0xc0;
}

static bool goes_on(uint32_t c)
{
    return begins_name(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == 0xb7;
}

static bool has(const struct reader *r, uint32_t at, const char *text)
{
    for (uint32_t i = 0; text[i]; i++)
        if (unit(r, at + i) != (uint8_t)text[i])
            return false;
    return true;
}

static bool is_name(const struct reader *r, struct name name, const char *text)
{
    return name.count == strlen(text) && has(r, name.at, text);
}

static bool is_same(const struct reader *r, struct name a, struct name b)
{
    return a.count == b.count && memcmp(r->bytes + 2 * (size_t)a.at, r->bytes + 2 * (size_t)b.at,
                                        2 * (size_t)a.count) == 0;
}

static void skip_blanks(struct reader *r)
{
    while (r->at < r->end && is_blank(unit(r, r->at)))
        r->at++;
}

static bool take_name(struct reader *r, struct name *ret)
{
    ret->at = r->at;
    if (!begins_name(unit(r, r->at)))
        return fail(r, "it is malformed: an element or attribute without a name");
    while (goes_on(unit(r, r->at)))
        r->at++;
    ret->count = r->at - ret->at;
    return true;
}

static bool take(struct reader *r, const char *text)
{
    if (!has(r, r->at, text))
        return fail(r, "it is malformed: an element is not what it should be");
    r->at += (uint32_t)strlen(text);
    return true;
}

/* Go behind the next `text`. */
static bool take_until(struct reader *r, const char *text)
{
    while (r->at < r->end && !has(r, r->at, text))
        if (is_forbidden(unit(r, r->at++)))
            return fail(r, "it holds characters that XML has not");
    return take(r, text);
}

/* "amp;" and the like, or "#65;": behind the '&'. */
static bool take_entity(struct reader *r)
{
    static const char *const known[] = {"amp;", "lt;", "gt;", "quot;", "apos;"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (has(r, r->at, known[i]))
            return take(r, known[i]);
    if (!take(r, "#"))
        return false;
    bool is_hex = unit(r, r->at) == 'x';
    uint32_t first = r->at += is_hex, value = 0;
    for (; unit(r, r->at) != ';'; r->at++) {
        uint32_t c = unit(r, r->at), low = c | 0x20;
        bool is_digit = c >= '0' && c <= '9', is_letter = is_hex && low >= 'a' && low <= 'f';
        if ((!is_digit && !is_letter) || value > 0x10ffff)
            return fail(r, "it is malformed: '&' begins nothing");
        value = value * (is_hex ? 16 : 10) + (is_digit ? c - '0' : low - 'a' + 10);
    }
    if (r->at == first || value > 0x10ffff || (value < 0x10000 && is_forbidden(value)))
        return fail(r, "it holds characters that XML has not");
    return take(r, ";");
}

/* Text up to `stop` or '<', entities and all. */
static bool take_text(struct reader *r, uint32_t stop)
{
    while (r->at < r->end && unit(r, r->at) != stop && unit(r, r->at) != '<') {
        uint32_t c = unit(r, r->at++);
        if (is_forbidden(c))
            return fail(r, "it holds characters that XML has not");
        if (c == '&' && !take_entity(r))
            return false;
        if (stop == '<' && c == ']' && has(r, r->at, "]>"))
            return fail(r, "it is malformed: ']]>' in a text");
    }
    return true;
}

/* The images of a WIM are numbered from 1. */
static bool take_index(struct reader *r, uint32_t at, uint32_t end)
{
    uint32_t value = 0;
    for (; at < end && value < 0xffffff; at++) {
        uint32_t c = unit(r, at);
        if (c < '0' || c > '9')
            return fail(r, "an image in it has no number");
        value = value * 10 + c - '0';
    }
    r->image_count++;
    r->index_sum += value;
    return true;
}

/* Attributes, up to the end of the element's first tag. */
static bool take_attributes(struct reader *r, bool is_image)
{
    bool has_index = false;
    struct name name;
    for (;;) {
        bool is_apart = is_blank(unit(r, r->at));
        skip_blanks(r);
        if (unit(r, r->at) == '>' || unit(r, r->at) == '/')
            return !is_image || has_index || fail(r, "an image in it has no number");
        if (!is_apart)
            return fail(r, "it is malformed: an element is not what it should be");
        if (!take_name(r, &name))
            return false;
        skip_blanks(r);
        if (!take(r, "="))
            return false;
        skip_blanks(r);
        uint32_t quote = unit(r, r->at), at = r->at + 1;
        if (quote != '"' && quote != '\'')
            return fail(r, "it is malformed: an attribute without a value");
        r->at = at;
        if (!take_text(r, quote) || unit(r, r->at) != quote)
            return fail(r, "it is malformed: an attribute without a value");
        if (is_image && is_name(r, name, "INDEX")) {
            if (has_index || !take_index(r, at, r->at))
                return fail(r, "an image in it has two numbers");
            has_index = true;
        }
        r->at++;
    }
}

static bool take_begin(struct reader *r)
{
    struct name name;
    if (!take_name(r, &name))
        return false;
    if (r->depth == 0 && (r->has_root || !is_name(r, name, "WIM")))
        return fail(r, "it is not one element <WIM>");
    if (r->depth == WC_WIMXML_DEPTH_MAX)
        return fail(r, "its elements are nested too deeply");
    r->has_root = true;
    if (!take_attributes(r, r->depth == 1 && is_name(r, name, "IMAGE")))
        return false;
    if (unit(r, r->at) == '/')
        return take(r, "/>");
    r->open[r->depth++] = name;
    return take(r, ">");
}

static bool take_end(struct reader *r)
{
    struct name name;
    if (!take_name(r, &name))
        return false;
    if (!r->depth || !is_same(r, name, r->open[r->depth - 1]))
        return fail(r, "it is malformed: elements do not end as they began");
    r->depth--;
    skip_blanks(r);
    return take(r, ">");
}

static bool take_markup(struct reader *r)
{
    if (has(r, r->at, "<!--"))
        return take_until(r, "-->");
    if (has(r, r->at, "<?"))
        return take_until(r, "?>");
    if (r->depth && has(r, r->at, "<![CDATA["))
        return take_until(r, "]]>");
    r->at++;
    if (unit(r, r->at) != '/')
        return take_begin(r);
    r->at++;
    return take_end(r);
}

static bool take_all(struct reader *r)
{
    while (r->at < r->end) {
        if (!r->depth)
            skip_blanks(r);
        else if (!take_text(r, '<'))
            return false;
        if (r->at == r->end)
            break;
        if (unit(r, r->at) != '<')
            return fail(r, "it is not one element <WIM>");
        if (!take_markup(r))
            return false;
    }
    return (r->has_root && !r->depth) || fail(r, "it does not end with </WIM>");
}

const char *wc_wimxml_why(const uint8_t *bytes, size_t byte_count, uint32_t image_count)
{
    struct reader r = {.bytes = bytes};
    if (byte_count % 2 || byte_count / 2 > UINT32_MAX - 16 || !wc_utf16_check(bytes, byte_count))
        return "it is no UTF-16";
    r.end = (uint32_t)(byte_count / 2);
    r.at = unit(&r, 0) == 0xfeff;
    while (r.end > r.at && (is_blank(unit(&r, r.end - 1)) || unit(&r, r.end - 1) == 0))
        r.end--;
    if (unit(&r, r.at) != '<')
        return "it does not begin with '<' in UTF-16";
    if (!take_all(&r))
        return r.fault;
    if (r.image_count != image_count ||
        r.index_sum != (uint64_t)image_count * (image_count + 1ull) / 2)
        return "its images are not those that the header counts";
    return NULL;
}
