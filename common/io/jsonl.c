/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The frame (braces, commas, keys) is written here; jansson writes each value, because escapes and
 * real numbers are where hand-made JSON goes wrong. */
#include "common/io/jsonl.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* Where in a line the writer stands. */
enum place {
    IDLE,    /* between lines */
    TOP,     /* in the line's object */
    IN_LIST, /* between the items of a list */
    IN_ITEM,
};

struct wc_jsonl {
    FILE *out;
    enum place place;
    bool first;      /* nothing precedes in this object or list: no comma */
    enum wc_err err; /* first failure of this line */
    int error;       /* errno of it */
};

/* U+FFFD, for each byte that is no UTF-8. */
static const char replacement[] = "\xef\xbf\xbd";
#define REPLACEMENT_BYTES 3
/* Seconds and rates do not have more; 17 would show 0.1 as 0.10000000000000001. */
#define REAL_DIGITS 10

struct wc_jsonl *wc_jsonl_new(FILE *out)
{
    struct wc_jsonl *j = calloc(1, sizeof(*j));
    if (j)
        j->out = out;
    return j;
}

void wc_jsonl_free(struct wc_jsonl *j)
{
    free(j);
}

static void fail(struct wc_jsonl *j, enum wc_err err, int error)
{
    if (j->err)
        return;
    j->err = err;
    j->error = error;
}

static void put(struct wc_jsonl *j, const char *text)
{
    if (fputs(text, j->out) == EOF)
        fail(j, WC_E_IO, errno);
}

/* Takes `value`; NULL: no memory, then null keeps the line well-formed. */
static void put_value(struct wc_jsonl *j, json_t *value)
{
    if (!value) {
        fail(j, WC_E_NOMEM, ENOMEM);
        put(j, "null");
        return;
    }
    errno = 0;
    if (json_dumpf(value, j->out,
                   JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS)))
        fail(j, errno == ENOMEM ? WC_E_NOMEM : WC_E_IO, errno);
    json_decref(value);
}

static void put_comma(struct wc_jsonl *j)
{
    if (!j->first)
        put(j, ",");
    j->first = false;
}

/* Keys are ours: letters, digits and '_'. */
static void put_key(struct wc_jsonl *j, const char *key)
{
    assert(j->place == TOP || j->place == IN_ITEM);
    put_comma(j);
    put(j, "\"");
    put(j, key);
    put(j, "\":");
}

static void put_field(struct wc_jsonl *j, const char *key, json_t *value)
{
    put_key(j, key);
    put_value(j, value);
}

/* Move from one place to the next, with the character between. */
static void step(struct wc_jsonl *j, enum place from, enum place to, const char *text)
{
    assert(j->place == from);
    put(j, text);
    j->place = to;
}

void wc_jsonl_begin(struct wc_jsonl *j, const char *event)
{
    if (!j)
        return;
    j->err = WC_OK;
    j->error = 0;
    j->first = true;
    step(j, IDLE, TOP, "{");
    wc_jsonl_str(j, "event", event);
    wc_jsonl_int(j, "v", WC_JSONL_VERSION);
}

enum wc_err wc_jsonl_end(struct wc_jsonl *j, struct wc_why *why)
{
    if (!j)
        return WC_OK;
    step(j, TOP, IDLE, "}\n");
    if (fflush(j->out) == EOF)
        fail(j, WC_E_IO, errno);
    clearerr(j->out); /* the next line gets its own chance */
    if (j->err == WC_E_NOMEM)
        return wc_why_set(why, j->err, EX_OSERR, "no memory for an event in JSON");
    if (j->err)
        return wc_why_set(why, j->err, EX_IOERR, "cannot write an event in JSON: %s",
                          wc_why_errno_text(j->error));
    return WC_OK;
}

/* Bytes of the UTF-8 sequence (RFC 3629 section 4) at `at`; 0: there is none. */
static size_t sequence_bytes(const unsigned char *at)
{
    if (at[0] < 0x80)
        return 1;
    if (at[0] < 0xc2 || at[0] > 0xf4)
        return 0;
    size_t count = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    unsigned char low = at[0] == 0xe0 ? 0xa0 : at[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char high = at[0] == 0xed ? 0x9f : at[0] == 0xf4 ? 0x8f : 0xbf;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < count; i++) {
        if ((at[i] & 0xc0) != 0x80) /* the NUL is none: never reads past it */
            return 0;
    }
    return count;
}

/* A copy in which every byte that belongs to no sequence is replaced; NULL: no memory. */
static char *repaired(const char *text)
{
    char *copy = malloc(strlen(text) * REPLACEMENT_BYTES + 1);
    if (!copy)
        return NULL;
    char *to = copy;
    while (*text) {
        size_t count = sequence_bytes((const unsigned char *)text);
        if (count)
            memcpy(to, text, count);
        else
            memcpy(to, replacement, REPLACEMENT_BYTES);
        to += count ? count : REPLACEMENT_BYTES;
        text += count ? count : 1;
    }
    *to = '\0';
    return copy;
}

void wc_jsonl_str(struct wc_jsonl *j, const char *key, const char *value)
{
    if (!j)
        return;
    if (!value) {
        wc_jsonl_null(j, key);
        return;
    }
    char *copy = repaired(value);
    put_field(j, key, copy ? json_string_nocheck(copy) : NULL);
    free(copy);
}

void wc_jsonl_uint(struct wc_jsonl *j, const char *key, uint64_t value)
{
    if (j)
        put_field(j, key, json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value));
}

void wc_jsonl_int(struct wc_jsonl *j, const char *key, int64_t value)
{
    if (j)
        put_field(j, key, json_integer(value));
}

void wc_jsonl_real(struct wc_jsonl *j, const char *key, double value)
{
    if (j)
        put_field(j, key, isfinite(value) ? json_real(value) : json_null());
}

void wc_jsonl_bool(struct wc_jsonl *j, const char *key, bool value)
{
    if (j)
        put_field(j, key, json_boolean(value));
}

void wc_jsonl_null(struct wc_jsonl *j, const char *key)
{
    if (j)
        put_field(j, key, json_null());
}

void wc_jsonl_hex(struct wc_jsonl *j, const char *key, const uint8_t *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * WC_JSONL_HEX_MAX + 1];
    assert(count <= WC_JSONL_HEX_MAX);
    for (size_t i = 0; i < count; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 0x0f];
    }
    text[2 * count] = '\0';
    wc_jsonl_str(j, key, text);
}

void wc_jsonl_list_begin(struct wc_jsonl *j, const char *key)
{
    if (!j)
        return;
    assert(j->place == TOP);
    put_key(j, key);
    step(j, TOP, IN_LIST, "[");
    j->first = true;
}

void wc_jsonl_item_begin(struct wc_jsonl *j)
{
    if (!j)
        return;
    assert(j->place == IN_LIST);
    put_comma(j);
    step(j, IN_LIST, IN_ITEM, "{");
    j->first = true;
}

void wc_jsonl_item_end(struct wc_jsonl *j)
{
    if (!j)
        return;
    step(j, IN_ITEM, IN_LIST, "}");
    j->first = false;
}

void wc_jsonl_list_end(struct wc_jsonl *j)
{
    if (!j)
        return;
    step(j, IN_LIST, TOP, "]");
    j->first = false;
}
