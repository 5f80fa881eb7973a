/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sentences put together without stdio, for rules: parts one after the other, cut where the room
 * ends. */
#ifndef WC_DIAG_PHRASE_H
#define WC_DIAG_PHRASE_H

#include "common/core/limits.h"
#include "common/core/types.h"
#include "common/diag/finding.h"

/* WC_PHRASE(finding->sentence, "the key in ", place, " is empty"); parts are borrowed until
 * return. */
#define WC_PHRASE(ret, ...) wc_phrase(ret, (const char *const[]){__VA_ARGS__, NULL})
void wc_phrase(char ret[WC_FINDING_TEXT_BYTES], const char *const *parts);

#define WC_PHRASE_NUMBER_BYTES 24
#define WC_PHRASE_TIME_BYTES   40
#define WC_PHRASE_DIGEST_BYTES (sizeof("sha256:") + (size_t)2 * WC_DIGEST_BYTES)

/* All return `ret`. */
const char *wc_phrase_number(char ret[WC_PHRASE_NUMBER_BYTES], uint64_t value);
/* "sha256:0123...": all 64 digits. */
const char *wc_phrase_digest(char ret[WC_PHRASE_DIGEST_BYTES],
                             const uint8_t digest[WC_DIGEST_BYTES]);
/* "2026-11-23 08:30:00 UTC", of seconds since 1970; outside of the years 1 to 9999 "unknown". */
const char *wc_phrase_time(char ret[WC_PHRASE_TIME_BYTES], int64_t seconds);
/* "12 days", "3 hours", "5 minutes", "40 seconds": rounded down. */
const char *wc_phrase_span(char ret[WC_PHRASE_TIME_BYTES], uint64_t seconds);

#endif
