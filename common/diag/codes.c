/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An HRESULT: bit 31 failure, 29 customer, 26 to 16 facility, 15 to 0 code. */
#include "common/diag/codes.h"

#include <string.h>

#include "common/core/text.h"
#include "common/diag/remark.h"

#define FAILURE    0x80000000u
#define CUSTOMER   0x20000000u
#define FROM_WIN32 0x80070000u
#define WIN32_MAX  0xffffu
#define HEX_DIGITS 8u
/* How far in front of a number the word "code" may stand. */
#define WORD_DISTANCE 24

static const struct {
    uint16_t facility;
    const char *name;
    enum wc_code_topic topic;
} facilities[] = {
    {0, "general", WC_TOPIC_UNKNOWN},
    {1, "remote calls (RPC)", WC_TOPIC_NETWORK},
    {3, "structured storage", WC_TOPIC_DISK},
    {4, "COM interfaces", WC_TOPIC_UNKNOWN},
    {7, "Win32", WC_TOPIC_UNKNOWN},
    {8, "Windows", WC_TOPIC_UNKNOWN},
    {9, "security and cryptography", WC_TOPIC_TLS},
    {11, "certificates", WC_TOPIC_TLS},
    {25, "HTTP status", WC_TOPIC_SERVER},
    {0x24, "Windows Update", WC_TOPIC_UNKNOWN},
    {0x100, "deployment services", WC_TOPIC_WDS},
    {0x101, "deployment services management", WC_TOPIC_WDS},
    {0x121, "WDS multicast server", WC_TOPIC_WDS},
    {0x122, "WDS multicast client", WC_TOPIC_WDSCLIENT},
    {0x7d0, "Configuration Manager", WC_TOPIC_UNKNOWN},
    {0x057, "wimcast", WC_TOPIC_UNKNOWN},
};

const struct wc_code_row *wc_code_find(uint32_t hresult)
{
    size_t low = 0, high = wc_code_table_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (wc_code_table[middle].hresult == hresult)
            return &wc_code_table[middle];
        if (wc_code_table[middle].hresult < hresult)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static unsigned facility_of(uint32_t hresult)
{
    return hresult >> 16 & 0x7ffu;
}

enum wc_code_topic wc_code_topic_of(uint32_t hresult)
{
    const struct wc_code_row *row = wc_code_find(hresult);
    if (row)
        return row->topic;
    if (!(hresult & FAILURE))
        return WC_TOPIC_SUCCESS;
    for (size_t i = 0; i < sizeof facilities / sizeof facilities[0]; i++) {
        if (facilities[i].facility == facility_of(hresult))
            return facilities[i].topic;
    }
    return WC_TOPIC_UNKNOWN;
}

/* Of one that has no row. */
static void take_apart(uint32_t hresult, struct wc_remark *p)
{
    const char *name = "unknown";
    unsigned facility = facility_of(hresult);
    for (size_t i = 0; i < sizeof facilities / sizeof facilities[0]; i++) {
        bool ours = facilities[i].facility == 0x057;
        if (facilities[i].facility == facility && ours == ((hresult & CUSTOMER) != 0))
            name = facilities[i].name;
    }
    wc_remark_put(p, hresult & FAILURE ? "a failure" : "no failure");
    wc_remark_put(p,
                  hresult & CUSTOMER ? " of another maker's program, facility " : " of facility ");
    wc_remark_uint(p, facility);
    wc_remark_put(p, " (");
    wc_remark_put(p, name);
    wc_remark_put(p, "), code ");
    wc_remark_uint(p, hresult & WIN32_MAX);
    if (WC_CODE_IS_HTTP(hresult))
        wc_remark_put(p, ", which is the HTTP status");
    else if ((hresult & 0xffff0000u) == FROM_WIN32)
        wc_remark_put(p, ", which is the Win32 error (net helpmsg tells its words)");
}

void wc_code_describe(uint32_t hresult, struct wc_code_text *ret)
{
    struct wc_remark hex = wc_remark_of(ret->hex, sizeof ret->hex);
    struct wc_remark symbol = wc_remark_of(ret->symbol, sizeof ret->symbol);
    struct wc_remark sentence = wc_remark_of(ret->sentence, sizeof ret->sentence);
    const struct wc_code_row *row = wc_code_find(hresult);
    enum wc_code_topic topic = wc_code_topic_of(hresult);
    wc_remark_hex(&hex, hresult);
    if (row) {
        wc_remark_put(&symbol, row->symbol);
        wc_remark_put(&sentence, row->sentence);
    } else {
        take_apart(hresult, &sentence);
    }
    ret->meaning = wc_code_meaning(topic);
    ret->fix = wc_code_fix(topic);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Hexadecimal digits at `text`: how many, and their value when there are at most 8. */
static size_t read_hex(const char *text, uint32_t *ret)
{
    size_t count = 0;
    uint32_t value = 0;
    for (; wc_text_nibble(text[count]) >= 0; count++) {
        if (count < HEX_DIGITS)
            value = value << 4 | (uint32_t)wc_text_nibble(text[count]);
    }
    *ret = value;
    return count;
}

/* Decimal digits; a value that does not fit 32 bits becomes UINT64_MAX. */
static size_t read_decimal(const char *text, uint64_t *ret)
{
    size_t count = 0;
    uint64_t value = 0;
    for (; wc_remark_is_digit(text[count]); count++) {
        if (value <= UINT32_MAX)
            value = value * 10 + (uint64_t)(text[count] - '0');
    }
    *ret = value > UINT32_MAX ? UINT64_MAX : value;
    return count;
}

static uint32_t from_win32(uint32_t value)
{
    return value && value <= WIN32_MAX ? FROM_WIN32 | value : value;
}

/* Seven digits that begin with 8: a zero was lost, most likely one of several in a row. The first
 * place where one makes a known code, else the usual one. */
static uint32_t restore_zero(uint32_t value)
{
    for (unsigned shift = 24; shift > 0; shift -= 4) {
        uint32_t low_mask = (1u << shift) - 1;
        uint32_t restored = (value & ~low_mask) << 4 | (value & low_mask);
        if (wc_code_find(restored))
            return restored;
    }
    return (value & 0xf000000u) << 4 | (value & 0xffffffu);
}

static bool is_short_hresult(size_t digit_count, uint32_t value)
{
    return digit_count == HEX_DIGITS - 1 && value >> 24 == 8;
}

static bool parse_hex(const char *text, uint32_t *ret)
{
    uint32_t value;
    size_t count = read_hex(text, &value);
    if (!count || count > HEX_DIGITS || text[count])
        return false;
    *ret = is_short_hresult(count, value) ? restore_zero(value) : from_win32(value);
    return true;
}

bool wc_code_parse(const char *text, uint32_t *ret)
{
    uint64_t value;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        return parse_hex(text + 2, ret);
    if (text[0] == '-') {
        size_t count = read_decimal(text + 1, &value);
        if (!count || text[1 + count] || !value || value > FAILURE)
            return false;
        *ret = (uint32_t)(0 - value);
        return true;
    }
    size_t count = read_decimal(text, &value);
    bool hex_by_form = (count == HEX_DIGITS || count == HEX_DIGITS - 1) && text[0] == '8';
    if (text[count] || hex_by_form)
        return parse_hex(text, ret);
    if (!count || value == UINT64_MAX)
        return false;
    *ret = from_win32((uint32_t)value);
    return true;
}

static bool is_known_family(uint32_t value)
{
    static const uint16_t families[] = {0x8004, 0x8007, 0x8009, 0x800b, 0x8019,
                                        0x8024, 0x87d0, 0xc121, 0xc122, 0xa057};
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        if (value >> 16 == families[i])
            return true;
    }
    return wc_code_find(value) != NULL;
}

/* A word of `words` stands shortly before `at`. */
static bool follows(const char *from, const char *at, const char *const *words)
{
    const char *near = at - from > WORD_DISTANCE ? at - WORD_DISTANCE : from;
    for (; *words; words++) {
        for (const char *c = near; c < at; c++) {
            if (wc_remark_begins(c, *words))
                return true;
        }
    }
    return false;
}

/* The code that begins at `at`, where a word begins; how many bytes it has. 0: there is none. */
static size_t code_at(const char *from, const char *at, uint32_t *ret)
{
    static const char *const of_codes[] = {"code", "error", "hresult", "hr=", "returned", NULL};
    static const char *const of_exits[] = {"exit code", "exitcode", NULL};
    bool prefixed = at[0] == '0' && (at[1] == 'x' || at[1] == 'X');
    uint32_t value;
    uint64_t number;
    size_t lead = prefixed ? 2 : 0, hex_count = read_hex(at + lead, &value);
    if (wc_remark_is_word(at[lead + hex_count]) || (at[lead + hex_count] == '-' && !prefixed))
        return 0;
    if (hex_count == HEX_DIGITS && value & FAILURE &&
        (prefixed || is_known_family(value) || follows(from, at, of_codes))) {
        *ret = value;
        return lead + hex_count;
    }
    bool shortened = is_short_hresult(hex_count, value) && wc_code_find(restore_zero(value));
    if (shortened && (prefixed || follows(from, at, of_codes))) {
        *ret = restore_zero(value);
        return lead + hex_count;
    }
    size_t count = read_decimal(at, &number);
    if (prefixed || !count || wc_remark_is_word(at[count]) || number == UINT64_MAX || !number)
        return 0;
    bool negative = at > from && at[-1] == '-';
    bool large = number >= FAILURE && follows(from, at, of_codes);
    bool small = number <= WIN32_MAX && follows(from, at, of_exits);
    if (negative ? !(number <= FAILURE && number > FAILURE / 2) : !large && !small)
        return 0;
    *ret = negative ? (uint32_t)(0 - number) : from_win32((uint32_t)number);
    return count;
}

bool wc_code_next(const char **at, uint32_t *ret)
{
    const char *from = *at;
    bool inside = false; /* a word that began before, or a GUID */
    for (const char *c = from; *c; c++) {
        if (!inside && wc_text_nibble(*c) >= 0) {
            size_t count = code_at(from, c, ret);
            if (count) {
                *at = c + count;
                return true;
            }
        }
        inside = wc_remark_is_word(*c) || *c == '{';
    }
    return false;
}
