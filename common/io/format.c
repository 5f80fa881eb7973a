/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Integers all the way in: a value with a suffix is whole * unit + fraction * unit / 10^6, so that
 * what a person writes is what he gets, in every locale. */
#include "common/io/format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/io/why.h"

_Static_assert(WC_FORMAT_BYTES >= WC_WHY_BYTES_BYTES, "wc_format_bytes writes as wc_why_bytes");

#define FRACTION 1000000u /* decimals that count: six */

/* A number as written: whole.fraction / FRACTION, then `suffix`. */
struct decimal {
    uint64_t whole; /* UINT64_MAX: too large for 64 bits */
    uint32_t fraction;
    const char *suffix;
};

struct unit {
    const char *suffix; /* whatever the case */
    uint64_t factor;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static uint64_t multiply_add(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t product;
    uint64_t sum;
    if (__builtin_mul_overflow(a, b, &product) || __builtin_add_overflow(product, c, &sum))
        return UINT64_MAX;
    return sum;
}

static bool read_decimal(const char *text, bool with_fraction, struct decimal *ret)
{
    *ret = (struct decimal){0};
    const char *at = text;
    for (; is_digit(*at); at++)
        ret->whole = multiply_add(ret->whole, 10, (uint64_t)(*at - '0'));
    if (at == text)
        return false;
    if (with_fraction && *at == '.') {
        if (!is_digit(*++at))
            return false;
        for (uint32_t weight = FRACTION / 10; is_digit(*at); at++, weight /= 10)
            ret->fraction += weight * (uint32_t)(*at - '0');
    }
    ret->suffix = at;
    return true;
}

/* Without suffix: the factor of the first unit. */
static bool read_with_unit(const char *text, const struct unit *units, size_t count, uint64_t *ret)
{
    struct decimal d;
    if (!read_decimal(text, true, &d))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(d.suffix, units[i].suffix) != 0)
            continue;
        uint64_t factor = units[i].factor;
        *ret = multiply_add(d.whole, factor, d.fraction * factor / FRACTION);
        return true;
    }
    return false;
}

bool wc_format_parse_uint(const char *text, uint64_t *ret)
{
    struct decimal d;
    if (!read_decimal(text, false, &d) || *d.suffix)
        return false;
    *ret = d.whole;
    return true;
}

bool wc_format_parse_duration(const char *text, wc_ns *ret_ns)
{
    static const struct unit units[] = {{"", 1000000000}, {"s", 1000000000}};
    return read_with_unit(text, units, sizeof(units) / sizeof(units[0]), ret_ns);
}

bool wc_format_parse_bitrate(const char *text, uint64_t *ret_bps)
{
    static const struct unit units[] = {
        {"", 1},           {"k", 1000},       {"kbit", 1000},       {"m", 1000000},
        {"mbit", 1000000}, {"g", 1000000000}, {"gbit", 1000000000},
    };
    return read_with_unit(text, units, sizeof(units) / sizeof(units[0]), ret_bps);
}

bool wc_format_parse_size(const char *text, uint64_t *ret_bytes)
{
    static const struct unit units[] = {
        {"", 1},           {"k", 1u << 10}, {"kib", 1u << 10}, {"m", 1u << 20},
        {"mib", 1u << 20}, {"g", 1u << 30}, {"gib", 1u << 30},
    };
    return read_with_unit(text, units, sizeof(units) / sizeof(units[0]), ret_bytes);
}

const char *wc_format_bytes(char ret[WC_FORMAT_BYTES], uint64_t bytes)
{
    return wc_why_bytes(ret, bytes);
}

const char *wc_format_bitrate(char ret[WC_FORMAT_BYTES], uint64_t bps)
{
    static const char *const units[] = {"kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"};
    if (bps < 1000) {
        snprintf(ret, WC_FORMAT_BYTES, "%" PRIu64 " bit/s", bps);
        return ret;
    }
    double amount = (double)bps / 1000;
    size_t unit = 0;
    for (; amount >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
        amount /= 1000;
    int decimals = amount < 9.995 ? 2 : amount < 99.95 ? 1 : 0;
    snprintf(ret, WC_FORMAT_BYTES, "%.*f %s", decimals, amount, units[unit]);
    return ret;
}

const char *wc_format_duration(char ret[WC_FORMAT_BYTES], wc_ns duration)
{
    uint64_t minutes = duration / WC_S(60);
    uint64_t hours = minutes / 60;
    if (duration == WC_NEVER)
        snprintf(ret, WC_FORMAT_BYTES, "--:--");
    else if (hours >= 24)
        snprintf(ret, WC_FORMAT_BYTES, "%" PRIu64 " d %02" PRIu64 " h", hours / 24, hours % 24);
    else if (hours)
        snprintf(ret, WC_FORMAT_BYTES, "%" PRIu64 " h %02" PRIu64 " min", hours, minutes % 60);
    else
        snprintf(ret, WC_FORMAT_BYTES, "%" PRIu64 ":%02" PRIu64, minutes,
                 duration % WC_S(60) / WC_S(1));
    return ret;
}

const char *wc_format_seconds(char ret[WC_FORMAT_BYTES], wc_ns duration)
{
    if (duration == WC_NEVER) {
        snprintf(ret, WC_FORMAT_BYTES, "no limit");
        return ret;
    }
    uint64_t hundredths = duration / WC_MS(10);
    unsigned rest = (unsigned)(hundredths % 100);
    int decimals = rest % 10 ? 2 : rest ? 1 : 0;
    if (decimals == 0)
        snprintf(ret, WC_FORMAT_BYTES, "%" PRIu64 " s", hundredths / 100);
    else
        snprintf(ret, WC_FORMAT_BYTES, "%" PRIu64 ".%0*u s", hundredths / 100, decimals,
                 decimals == 1 ? rest / 10 : rest);
    return ret;
}

const char *wc_format_count(char ret[WC_FORMAT_BYTES], uint64_t count)
{
    char *at = ret + WC_FORMAT_BYTES - 1; /* from behind; 20 digits and 6 commas fit */
    *at = '\0';
    uint32_t digits = 0;
    do {
        if (digits && digits % 3 == 0)
            *--at = ',';
        *--at = (char)('0' + count % 10);
        digits++;
    } while (count /= 10);
    memmove(ret, at, (size_t)(ret + WC_FORMAT_BYTES - at));
    return ret;
}

const char *wc_format_percent(char ret[WC_FORMAT_BYTES], uint64_t part, uint64_t whole)
{
    if (!part) {
        snprintf(ret, WC_FORMAT_BYTES, "0 %%");
        return ret;
    }
    if (part >= whole) {
        snprintf(ret, WC_FORMAT_BYTES, "100 %%");
        return ret;
    }
    unsigned tenths = (unsigned)((double)part / (double)whole * 1000);
    if (tenths > 999) /* rounding of numbers beyond 2^53 */
        tenths = 999;
    if (tenths)
        snprintf(ret, WC_FORMAT_BYTES, "%u.%u %%", tenths / 10, tenths % 10);
    else
        snprintf(ret, WC_FORMAT_BYTES, "<0.1 %%");
    return ret;
}
