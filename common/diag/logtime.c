/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/logtime.h"

#include <string.h>

#include "common/diag/remark.h"

#define FRACTION_DIGITS_MAX 9u
#define MS_OF_DAY           86400000

/* 1 to `digits_max` digits. */
static bool number(const char **at, unsigned digits_max, unsigned *ret)
{
    unsigned value = 0, count = 0;
    for (; wc_remark_is_digit(**at) && count < digits_max; ++*at, count++)
        value = value * 10 + (unsigned)(**at - '0');
    *ret = value;
    return count && !wc_remark_is_digit(**at);
}

static bool skip(const char **at, char c)
{
    if (**at != c)
        return false;
    ++*at;
    return true;
}

static bool fraction(const char **at, unsigned *ret_ms)
{
    unsigned ms = 0, weight = 100, count = 0;
    for (; wc_remark_is_digit(**at); ++*at, count++, weight /= 10)
        ms += (unsigned)(**at - '0') * weight;
    *ret_ms = ms;
    return count && count <= FRACTION_DIGITS_MAX;
}

static void half_of_day(const char **at, struct wc_log_time *ret)
{
    const char *c = *at;
    while (*c == ' ')
        c++;
    bool pm = wc_remark_begins(c, "PM");
    if ((!pm && !wc_remark_begins(c, "AM")) || wc_remark_is_word(c[2]) || ret->hour > 12)
        return;
    ret->hour = ret->hour % 12 + (pm ? 12 : 0);
    *at = c + 2;
}

bool wc_log_time_clock(const char **at, struct wc_log_time *ret)
{
    if (!number(at, 2, &ret->hour) || !skip(at, ':') || !number(at, 2, &ret->minute) ||
        !skip(at, ':') || !number(at, 2, &ret->second))
        return false;
    ret->millisecond = 0;
    if (skip(at, '.') && !fraction(at, &ret->millisecond))
        return false;
    ret->has_bias = **at == '+' || **at == '-';
    ret->bias_minutes = 0;
    if (!ret->has_bias) {
        half_of_day(at, ret);
        return true;
    }
    bool negative = **at == '-';
    unsigned minutes;
    ++*at;
    if (!number(at, 4, &minutes) || minutes > 24 * 60)
        return false;
    ret->bias_minutes = negative ? -(int)minutes : (int)minutes;
    return true;
}

bool wc_log_time_date(const char **at, struct wc_log_time *ret)
{
    return number(at, 2, &ret->month) && skip(at, '-') && number(at, 2, &ret->day) &&
           skip(at, '-') && number(at, 4, &ret->year);
}

bool wc_log_time_local_date(const char **at, struct wc_log_time *ret)
{
    unsigned first, second, third;
    if (!number(at, 4, &first))
        return false;
    char between = **at;
    if ((between != '-' && between != '/' && between != '.') || !skip(at, between) ||
        !number(at, 2, &second) || !skip(at, between) || !number(at, 4, &third))
        return false;
    if (first > 31) {
        *ret = (struct wc_log_time){.year = first, .month = second, .day = third};
        return true;
    }
    bool month_first = second > 12 || (between == '/' && first <= 12);
    *ret = (struct wc_log_time){.year = third < 100 ? third + 2000 : third,
                                .month = month_first ? first : second,
                                .day = month_first ? second : first};
    return true;
}

bool wc_log_time_words(const char **at, struct wc_log_time *ret)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const char *c = *at;
    unsigned month = 0;
    if (strnlen(c, 8) < 8 || c[3] != ' ') /* the day of the week */
        return false;
    c += 4;
    while (month < 12 && strncmp(months + 3 * (size_t)month, c, 3) != 0)
        month++;
    c += 3;
    if (month == 12)
        return false;
    while (*c == ' ')
        c++;
    if (!number(&c, 2, &ret->day) || !skip(&c, ' ') || !wc_log_time_clock(&c, ret) ||
        !skip(&c, ' ') || !number(&c, 4, &ret->year))
        return false;
    ret->month = month + 1;
    *at = c;
    return true;
}

static bool is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_of_month(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year) ? 1u : 0u);
}

/* Days of all years from 1970 on before `year`. */
static int64_t days_before(unsigned year)
{
    unsigned last = year - 1;
    int64_t leaps = (int64_t)(last / 4 - last / 100 + last / 400) - (1969 / 4 - 1969 / 100 + 4);
    return ((int64_t)year - 1970) * 365 + leaps;
}

bool wc_log_time_ms(const struct wc_log_time *t, int64_t *ret_ms)
{
    if (t->year < 1970 || t->year > 9999 || t->month < 1 || t->month > 12 || t->day < 1 ||
        t->day > days_of_month(t->year, t->month) || t->hour > 23 || t->minute > 59 ||
        t->second > 60)
        return false;
    int64_t days = days_before(t->year) + t->day - 1;
    for (unsigned month = 1; month < t->month; month++)
        days += days_of_month(t->year, month);
    int64_t minutes = (int64_t)t->hour * 60 + t->minute + t->bias_minutes;
    *ret_ms = days * MS_OF_DAY + (minutes * 60 + t->second) * 1000 + t->millisecond;
    return true;
}

const char *wc_log_time_format(char *ret, int64_t time_ms)
{
    struct wc_remark p = wc_remark_of(ret, WC_LOG_TIME_BYTES);
    uint64_t seconds = time_ms > 0 ? (uint64_t)time_ms / 1000 : 0;
    uint64_t days = seconds / 86400;
    unsigned year = 1970, month = 1;
    for (; days >= (is_leap(year) ? 366u : 365u) && year < 10000; year++)
        days -= is_leap(year) ? 366 : 365;
    for (; month < 12 && days >= days_of_month(year, month); month++)
        days -= days_of_month(year, month);
    const uint64_t parts[] = {year,        month, days + 1, seconds / 3600 % 24, seconds / 60 % 60,
                              seconds % 60};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        wc_remark_digits(&p, parts[i], i ? 2 : 4);
        wc_remark_bytes(&p, &"-- ::"[i], i < 5);
    }
    return ret;
}
