/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events for other programs: one JSON object per line (RFC 8259), {"event":NAME,"v":1,...}. An
 * object is written as it is built, so that a list of a million files needs no memory. `v` is the
 * version of the schema: it rises when a field goes or changes its meaning, not when one comes.
 *
 * Every function takes NULL for "nobody wants events" and then does nothing. A failure is kept and
 * told by wc_jsonl_end. Order of calls is asserted. One thread. */
#ifndef WC_IO_JSONL_H
#define WC_IO_JSONL_H

#include <stdio.h>

#include "common/core/err.h"
#include "common/core/types.h"
#include "common/io/why.h"

#define WC_JSONL_VERSION 1

struct wc_jsonl;

/* `out` is borrowed until free, and is not closed. NULL: no memory. */
struct wc_jsonl *wc_jsonl_new(FILE *out);
void wc_jsonl_free(struct wc_jsonl *j);

/* Begin a line, and end it: written and flushed. WC_E_IO: somebody does not get his events (`why`
 * names the reason, EX_IOERR); WC_E_NOMEM. */
void wc_jsonl_begin(struct wc_jsonl *j, const char *event);
WC_MUST_USE enum wc_err wc_jsonl_end(struct wc_jsonl *j, struct wc_why *why);

/* A field. `key` is letters, digits and '_'. What is no UTF-8 in a string becomes U+FFFD. Neither
 * NaN nor infinity is a JSON number: they become null, as does a NULL string. Numbers above
 * 2^63 - 1 end there. */
void wc_jsonl_str(struct wc_jsonl *j, const char *key, const char *value);
void wc_jsonl_uint(struct wc_jsonl *j, const char *key, uint64_t value);
void wc_jsonl_int(struct wc_jsonl *j, const char *key, int64_t value);
void wc_jsonl_real(struct wc_jsonl *j, const char *key, double value);
void wc_jsonl_bool(struct wc_jsonl *j, const char *key, bool value);
void wc_jsonl_null(struct wc_jsonl *j, const char *key);
/* `count` bytes as lower case hexadecimal digits; at most WC_JSONL_HEX_MAX. */
#define WC_JSONL_HEX_MAX 64u
void wc_jsonl_hex(struct wc_jsonl *j, const char *key, const uint8_t *bytes, size_t count);

/* A field that is a list of objects:
 *     wc_jsonl_list_begin(j, "files");
 *     for each: wc_jsonl_item_begin(j); fields; wc_jsonl_item_end(j);
 *     wc_jsonl_list_end(j); */
void wc_jsonl_list_begin(struct wc_jsonl *j, const char *key);
void wc_jsonl_item_begin(struct wc_jsonl *j);
void wc_jsonl_item_end(struct wc_jsonl *j);
void wc_jsonl_list_end(struct wc_jsonl *j);

#endif
