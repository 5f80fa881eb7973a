/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/logline.h"

#include <string.h>

#include "common/diag/logform.h"

#define OPEN_BYTES  (sizeof WC_LOG_OPEN - 1)
#define CLOSE_BYTES (sizeof WC_LOG_CLOSE - 1)
/* What an entry that is too long keeps of its end: time, component and the like. */
#define TAIL_BYTES 1024u
#define HEAD_BYTES (WC_LOG_RAW_BYTES - 2 * TAIL_BYTES)

_Static_assert(HEAD_BYTES > WC_LOG_MESSAGE_BYTES, "what is dropped lies behind the message's room");

void wc_log_reader_init(struct wc_log_reader *r)
{
    *r = (struct wc_log_reader){0};
}

static void begin(struct wc_log_reader *r)
{
    r->raw_bytes = 0;
    r->closed_at = 0;
    r->break_count = 0;
    r->framed = false;
    r->cut = false;
}

/* Drop what lies between the head and the last TAIL_BYTES. */
static void make_room(struct wc_log_reader *r)
{
    size_t tail_at = WC_LOG_RAW_BYTES - TAIL_BYTES;
    memmove(r->raw + HEAD_BYTES, r->raw + tail_at, TAIL_BYTES);
    r->raw_bytes = HEAD_BYTES + TAIL_BYTES;
    r->cut = true;
    if (r->closed_at >= tail_at)
        r->closed_at -= tail_at - HEAD_BYTES;
    else if (r->closed_at > HEAD_BYTES)
        r->closed_at = HEAD_BYTES;
}

static void append(struct wc_log_reader *r, char byte)
{
    if (!r->raw_bytes)
        r->first_line = r->line + 1;
    if (r->raw_bytes == WC_LOG_RAW_BYTES)
        make_room(r);
    r->raw[r->raw_bytes++] = byte;
}

static bool ends_with(const struct wc_log_reader *r, const char *mark, size_t mark_bytes)
{
    return r->raw_bytes >= mark_bytes &&
           memcmp(r->raw + r->raw_bytes - mark_bytes, mark, mark_bytes) == 0;
}

/* The entry is over. false: there was nothing in it. */
static bool finish(struct wc_log_reader *r, struct wc_log_entry *ret)
{
    r->raw[r->raw_bytes] = '\0';
    struct wc_log_raw raw = {.text = r->raw,
                             .bytes = r->raw_bytes,
                             .closed_at = r->closed_at,
                             .line = r->first_line,
                             .framed = r->framed,
                             .cut = r->cut};
    bool found = r->raw_bytes && wc_log_form_parse(&raw, ret);
    begin(r);
    return found;
}

/* CMTrace's mark: whatever was under way is over, and another entry begins. */
static bool reopen(struct wc_log_reader *r, struct wc_log_entry *ret)
{
    bool found = false;
    if (r->raw_bytes > OPEN_BYTES) {
        r->raw_bytes -= OPEN_BYTES;
        found = finish(r, ret);
        for (size_t i = 0; i < OPEN_BYTES; i++)
            append(r, WC_LOG_OPEN[i]);
    }
    r->framed = true;
    return found;
}

static bool end_line(struct wc_log_reader *r, struct wc_log_entry *ret)
{
    bool goes_on = r->framed && !r->closed_at && r->break_count + 1 < WC_LOG_LINES_MAX;
    bool found = false;
    if (goes_on) {
        append(r, '\n');
        r->break_count++;
    } else {
        found = finish(r, ret);
    }
    r->line++;
    return found;
}

static bool take(struct wc_log_reader *r, char byte, struct wc_log_entry *ret)
{
    bool second_of_two = byte == '\n' && r->after_cr;
    r->after_cr = byte == '\r';
    if (second_of_two || !byte)
        return false;
    if (byte == '\n' || byte == '\r')
        return end_line(r, ret);
    append(r, byte);
    if (byte == '[' && ends_with(r, WC_LOG_OPEN, OPEN_BYTES))
        return reopen(r, ret);
    if (byte != '>' || !r->framed)
        return false;
    if (!r->closed_at) {
        if (ends_with(r, WC_LOG_CLOSE, CLOSE_BYTES))
            r->closed_at = r->raw_bytes;
        return false;
    }
    return ends_with(r, "\">", 2) && finish(r, ret);
}

bool wc_log_reader_next(struct wc_log_reader *r, const char **at, size_t *count,
                        struct wc_log_entry *ret)
{
    while (*count) {
        char byte = *(*at)++;
        --*count;
        if (take(r, byte, ret))
            return true;
    }
    return false;
}

bool wc_log_reader_end(struct wc_log_reader *r, struct wc_log_entry *ret)
{
    return finish(r, ret);
}
