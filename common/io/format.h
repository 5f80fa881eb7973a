/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as people write and read them. Whatever the locale, the decimal separator is a point. */
#ifndef WC_IO_FORMAT_H
#define WC_IO_FORMAT_H

#include "common/core/types.h"

/* Reading. The whole text must be the number: decimal, no sign, no blank. What does not fit 64 bits
 * becomes UINT64_MAX, which every range refuses. false: malformed; *ret is untouched. */

/* "42". */
bool wc_format_parse_uint(const char *text, uint64_t *ret);
/* Seconds: "10", "0.5", "10s"; digits after the sixth decimal do not count. */
bool wc_format_parse_duration(const char *text, wc_ns *ret_ns);
/* Bits per second, decimal: "100m" or "100M" = "100mbit" = 100,000,000; k, m, g. "1.5g" is fine. */
bool wc_format_parse_bitrate(const char *text, uint64_t *ret_bps);
/* Bytes, binary: "96M" or "96m" = "96MiB" = 96 * 1024 * 1024; K, M, G. "1.5G" is fine. */
bool wc_format_parse_size(const char *text, uint64_t *ret_bytes);

/* Writing. Each returns `ret`. */
#define WC_FORMAT_BYTES 32

/* "62,850". */
const char *wc_format_count(char ret[WC_FORMAT_BYTES], uint64_t count);
/* "1.5 GiB". */
const char *wc_format_bytes(char ret[WC_FORMAT_BYTES], uint64_t bytes);
/* Three digits that count: "941 Mbit/s", "9.41 Gbit/s". */
const char *wc_format_bitrate(char ret[WC_FORMAT_BYTES], uint64_t bps);
/* For clocks: "0:07", "1:23", "2 h 05 min", "3 d 04 h"; WC_NEVER is "--:--". */
const char *wc_format_duration(char ret[WC_FORMAT_BYTES], wc_ns duration);
/* For sentences: "0.25 s", "10 s", "83.4 s"; at most two decimals. WC_NEVER is "no limit". */
const char *wc_format_seconds(char ret[WC_FORMAT_BYTES], wc_ns duration);
/* "42.1 %", rounded down: "100 %" only when part >= whole, "0 %" only when part is 0, otherwise at
 * least "<0.1 %". Nothing of nothing is "0 %". */
const char *wc_format_percent(char ret[WC_FORMAT_BYTES], uint64_t part, uint64_t whole);

#endif
