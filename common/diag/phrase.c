/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/phrase.h"

#include <string.h>

#define DAY_SECONDS      86400
#define DAYS_TO_1970     719468 /* from 0000-03-01 */
#define DAYS_IN_400_YEAR 146097
#define SECONDS_MIN      (-62135596800ll) /* 0001-01-01 */
#define SECONDS_MAX      253402300799ll   /* 9999-12-31 23:59:59 */

void wc_phrase(char ret[WC_FINDING_TEXT_BYTES], const char *const *parts)
{
    size_t at = 0;
    for (; *parts; parts++) {
        size_t count = strnlen(*parts, WC_FINDING_TEXT_BYTES);
        size_t room = WC_FINDING_TEXT_BYTES - 1 - at;
        if (count > room)
            count = room;
        memcpy(ret + at, *parts, count);
        at += count;
    }
    ret[at] = '\0';
}

const char *wc_phrase_number(char ret[WC_PHRASE_NUMBER_BYTES], uint64_t value)
{
    char digits[WC_PHRASE_NUMBER_BYTES];
    size_t first = sizeof(digits) - 1;
    digits[first] = '\0';
    do {
        digits[--first] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    memcpy(ret, digits + first, sizeof(digits) - first);
    return ret;
}

const char *wc_phrase_digest(char ret[WC_PHRASE_DIGEST_BYTES],
                             const uint8_t digest[WC_DIGEST_BYTES])
{
    static const char hex[] = "0123456789abcdef";
    memcpy(ret, "sha256:", 7);
    for (size_t i = 0; i < WC_DIGEST_BYTES; i++) {
        ret[7 + 2 * i] = hex[digest[i] >> 4];
        ret[8 + 2 * i] = hex[digest[i] & 15];
    }
    ret[7 + 2 * WC_DIGEST_BYTES] = '\0';
    return ret;
}

/* `count` digits of `value` and then `end`. Returns behind them. */
static char *put_digits(char *at, uint64_t value, size_t count, char end)
{
    for (size_t i = count; i > 0; i--) {
        at[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    at[count] = end;
    return at + count + 1;
}

/* The Gregorian calendar, with years that begin in March: then a leap day comes last. */
static char *put_date(char *at, uint64_t days)
{
    uint64_t era = days / DAYS_IN_400_YEAR;
    uint64_t day = days % DAYS_IN_400_YEAR;
    uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    uint64_t month = (5 * day + 2) / 153; /* 0: March */
    day -= (153 * month + 2) / 5;
    bool is_next_year = month >= 10;
    at = put_digits(at, era * 400 + year + is_next_year, 4, '-');
    at = put_digits(at, is_next_year ? month - 9 : month + 3, 2, '-');
    return put_digits(at, day + 1, 2, ' ');
}

const char *wc_phrase_time(char ret[WC_PHRASE_TIME_BYTES], int64_t seconds)
{
    if (seconds < SECONDS_MIN || seconds > SECONDS_MAX) {
        memcpy(ret, "unknown", sizeof("unknown"));
        return ret;
    }
    uint64_t since = (uint64_t)(seconds + (int64_t)DAYS_TO_1970 * DAY_SECONDS);
    uint64_t rest = since % DAY_SECONDS;
    char *at = put_date(ret, since / DAY_SECONDS);
    at = put_digits(at, rest / 3600, 2, ':');
    at = put_digits(at, rest / 60 % 60, 2, ':');
    at = put_digits(at, rest % 60, 2, ' ');
    memcpy(at, "UTC", sizeof("UTC"));
    return ret;
}

const char *wc_phrase_span(char ret[WC_PHRASE_TIME_BYTES], uint64_t seconds)
{
    static const struct {
        uint64_t seconds;
        const char *name;
    } units[] = {{DAY_SECONDS, " day"}, {3600, " hour"}, {60, " minute"}, {1, " second"}};
    size_t unit = 0;
    while (units[unit].seconds > 1 && seconds < units[unit].seconds)
        unit++;
    uint64_t count = seconds / units[unit].seconds;
    wc_phrase_number(ret, count);
    size_t used = strlen(ret);
    size_t name_bytes = strlen(units[unit].name);
    memcpy(ret + used, units[unit].name, name_bytes);
    memcpy(ret + used + name_bytes, "s", count == 1 ? 0 : 1);
    ret[used + name_bytes + (count == 1 ? 0 : 1)] = '\0';
    return ret;
}
