/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dates and times as logs write them: not padded, in the order of somebody's country, with or
 * without the distance to UTC. */
#ifndef WC_DIAG_LOGTIME_H
#define WC_DIAG_LOGTIME_H

#include "common/core/types.h"

struct wc_log_time {
    unsigned year, month, day; /* month and day from 1 */
    unsigned hour, minute, second, millisecond;
    int bias_minutes; /* UTC = local + bias, as Windows counts */
    bool has_bias;
};

/* Each reads at *at and moves it on; false: not so, *at and *ret are unspecified. */

/* "9:05:33.2301234-60": fraction, bias, and " PM" behind a space may be missing. */
bool wc_log_time_clock(const char **at, struct wc_log_time *ret);
/* "09-07-2022": month, day, year. */
bool wc_log_time_date(const char **at, struct wc_log_time *ret);
/* A date as one of many countries writes it: "15-04-2016", "4/15/2016", "15.4.2016", "2016-04-15".
 * What may be both is day-month with '-' and '.', month-day with '/'. */
bool wc_log_time_local_date(const char **at, struct wc_log_time *ret);
/* "Fri Oct 15 17:09:46.507 1999", and what follows of it. */
bool wc_log_time_words(const char **at, struct wc_log_time *ret);

/* Since 1970-01-01, UTC when there is a bias. false: no such day or time. */
bool wc_log_time_ms(const struct wc_log_time *t, int64_t *ret_ms);

/* "2022-09-07 09:35:33", of an array of WC_LOG_TIME_BYTES. Returns `ret`. */
#define WC_LOG_TIME_BYTES 32u
const char *wc_log_time_format(char *ret, int64_t time_ms);

#endif
