/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/logform.h"

#include <string.h>

#include "common/core/text.h"
#include "common/diag/logevent.h"
#include "common/diag/logtime.h"
#include "common/diag/remark.h"

#define OPEN_BYTES  (sizeof WC_LOG_OPEN - 1)
#define CLOSE_BYTES (sizeof WC_LOG_CLOSE - 1)

/* The message, without blanks around it. */
static void set_message(struct wc_log_entry *e, const char *from, const char *end)
{
    while (from < end && wc_remark_is_blank(*from))
        from++;
    while (end > from && wc_remark_is_blank(end[-1]))
        end--;
    struct wc_remark p = wc_remark_of(e->message, sizeof e->message);
    wc_remark_bytes(&p, from, (size_t)(end - from));
    e->cut = e->cut || p.at - e->message != end - from;
}

static void set_text(char *ret, size_t room, const char *from, const char *end)
{
    struct wc_remark p = wc_remark_of(ret, room);
    wc_remark_bytes(&p, from, (size_t)(end - from));
}

static void set_time(struct wc_log_entry *e, const struct wc_log_time *t)
{
    e->has_time = wc_log_time_ms(t, &e->time_ms);
    e->has_bias = e->has_time && t->has_bias;
}

static uint32_t decimal(const char *text)
{
    uint64_t value = 0;
    for (; wc_remark_is_digit(*text) && value <= UINT32_MAX; text++)
        value = value * 10 + (unsigned)(*text - '0');
    return value > UINT32_MAX ? 0 : (uint32_t)value;
}

/* --- CMTrace ---------------------------------------------------------------------------------- */

/* The value of NAME="..." in a trailer; NULL: there is none, or its end is lost. */
static const char *attribute(const char *trailer, const char *name, const char **ret_end)
{
    size_t name_bytes = strlen(name);
    for (const char *at = trailer; (at = wc_remark_find(at, name)) != NULL; at++) {
        bool is_name = at > trailer && (at[-1] == ' ' || at[-1] == '<');
        if (!is_name || at[name_bytes] != '=' || at[name_bytes + 1] != '"')
            continue;
        const char *value = at + name_bytes + 2;
        const char *end = strchr(value, '"');
        if (!end)
            return NULL;
        *ret_end = end;
        return value;
    }
    return NULL;
}

static void read_trailer(struct wc_log_entry *e, const char *trailer)
{
    struct wc_log_time t = {0};
    const char *end;
    const char *clock = attribute(trailer, "time", &end);
    const char *date = attribute(trailer, "date", &end);
    if (clock && date && wc_log_time_clock(&clock, &t) && *clock == '"' &&
        wc_log_time_date(&date, &t) && *date == '"')
        set_time(e, &t);
    const char *value = attribute(trailer, "component", &end);
    if (value)
        set_text(e->component, sizeof e->component, value, end);
    value = attribute(trailer, "type", &end);
    if (value && end - value == 1 && *value >= '0' && *value <= '3')
        e->type = (enum wc_log_type)(*value - '0');
    value = attribute(trailer, "thread", &end);
    if (value)
        e->thread = decimal(value);
    value = attribute(trailer, "file", &end);
    if (value)
        set_text(e->file, sizeof e->file, value, end);
    else
        e->torn = true;
}

static void read_framed(struct wc_log_entry *e, const struct wc_log_raw *raw)
{
    const char *from = raw->text + OPEN_BYTES;
    e->form = WC_LOG_CMTRACE;
    if (!raw->closed_at) {
        e->torn = true;
        set_message(e, from, raw->text + raw->bytes);
        return;
    }
    const char *message_end = raw->text + raw->closed_at - CLOSE_BYTES;
    set_message(e, from, message_end > from ? message_end : from);
    read_trailer(e, raw->text + raw->closed_at);
}

/* An entry of CMTrace's whose beginning another process has overwritten. */
static bool read_rest(struct wc_log_entry *e, const struct wc_log_raw *raw)
{
    const char *close = wc_remark_find(raw->text, WC_LOG_CLOSE);
    bool trailer_only =
        wc_remark_find(raw->text, "\" date=\"") && wc_remark_find(raw->text, " component=\"");
    if (!close && !trailer_only)
        return false;
    e->form = WC_LOG_CMTRACE;
    e->torn = true;
    const char *end = close ? close : wc_remark_find(raw->text, "\" date=\"");
    set_message(e, raw->text, end);
    read_trailer(e, close ? close + CLOSE_BYTES : raw->text);
    return true;
}

/* --- the older server form -------------------------------------------------------------------- */

static bool read_server(struct wc_log_entry *e, const struct wc_log_raw *raw)
{
    const char *mark = NULL;
    for (const char *at = raw->text; (at = wc_remark_find(at, "$$<")) != NULL; at++)
        mark = at;
    if (!mark)
        return false;
    const char *component = mark + 3;
    const char *component_end = strchr(component, '>');
    if (!component_end || component_end[1] != '<')
        return false;
    const char *date = component_end + 2;
    struct wc_log_time t = {0};
    if (wc_remark_is_digit(*date)) {
        bool dated = wc_log_time_date(&date, &t) && *date == ' ';
        date += dated;
        if (dated && wc_log_time_clock(&date, &t))
            set_time(e, &t);
    } else if (wc_log_time_words(&date, &t)) {
        set_time(e, &t);
    }
    const char *thread = wc_remark_find(component_end, "<thread=");
    if (thread)
        e->thread = decimal(thread + 8);
    else
        e->torn = true;
    e->form = WC_LOG_SERVER;
    set_text(e->component, sizeof e->component, component, component_end);
    set_message(e, raw->text + (*raw->text == '~'), mark);
    return true;
}

/* --- copied out of CMTrace's window ----------------------------------------------------------- */

/* Read backwards, for only the end has a form: from `from`..*end, *end moves to the front of what
 * was there. */
static void drop_blanks(const char *from, const char **end)
{
    while (*end > from && wc_remark_is_blank((*end)[-1]))
        --*end;
}

static void drop_word(const char *from, const char **end)
{
    while (*end > from && !wc_remark_is_blank((*end)[-1]))
        --*end;
}

/* "2340 (0x0924)" */
static bool drop_thread(const char *from, const char **end, uint32_t *ret)
{
    drop_blanks(from, end);
    drop_word(from, end);
    if (!wc_remark_begins(*end, "(0x") || wc_text_nibble((*end)[3]) < 0)
        return false;
    drop_blanks(from, end);
    const char *behind = *end;
    while (*end > from && wc_remark_is_digit((*end)[-1]))
        --*end;
    *ret = decimal(*end);
    return *end<behind && * end> from && wc_remark_is_blank((*end)[-1]);
}

/* "15-04-2016 10:35:33", or with " AM" behind. */
static bool drop_time(const char *from, const char **end, struct wc_log_time *ret)
{
    drop_blanks(from, end);
    if (*end - from > 2 && ((*end)[-1] == 'M' || (*end)[-1] == 'm')) {
        drop_word(from, end);
        drop_blanks(from, end);
    }
    drop_word(from, end);
    const char *clock = *end;
    drop_blanks(from, end);
    drop_word(from, end);
    const char *date = *end;
    return wc_log_time_local_date(&date, ret) && wc_remark_is_blank(*date) &&
           wc_log_time_clock(&clock, ret) && wc_remark_is_blank(*clock);
}

static bool read_pasted(struct wc_log_entry *e, const struct wc_log_raw *raw)
{
    const char *end = raw->text + raw->bytes;
    struct wc_log_time t = {0};
    uint32_t thread;
    if (!memchr(raw->text, '(', raw->bytes) || !drop_thread(raw->text, &end, &thread) ||
        !drop_time(raw->text, &end, &t))
        return false;
    drop_blanks(raw->text, &end);
    const char *component_end = end;
    drop_word(raw->text, &end);
    if (end == component_end)
        return false;
    e->form = WC_LOG_PASTED;
    e->thread = thread;
    set_time(e, &t);
    set_text(e->component, sizeof e->component, end, component_end);
    set_message(e, raw->text, end);
    return true;
}

/* --- plain ------------------------------------------------------------------------------------ */

/* wimcast's name in front, as a journal has it ("wimcast-receiver[123]: ") and as wrong command
 * lines do ("wimcast-receiver: "). Returns what follows. */
static const char *read_program(struct wc_log_entry *e, const char *text)
{
    const char *at = wc_remark_find(text, "wimcast-");
    if (!at || (at > text && at[-1] != ' '))
        return text;
    const char *end = at + 8;
    while (wc_remark_is_word(*end))
        end++;
    const char *rest = end;
    if (*rest == '[') {
        e->thread = decimal(rest + 1);
        rest = strchr(rest, ']');
        if (!rest)
            return text;
        rest++;
    } else if (at > text) {
        return text; /* a sentence that speaks of it */
    }
    if (rest[0] != ':' || rest[1] != ' ')
        return text;
    set_text(e->component, sizeof e->component, at, end);
    return rest + 2;
}

static void read_plain(struct wc_log_entry *e, const struct wc_log_raw *raw)
{
    const char *text = raw->text;
    e->form = WC_LOG_PLAIN;
    if (text[0] == '<' && text[1] >= '0' && text[1] <= '7' && text[2] == '>')
        text += 3; /* the priority for a journal */
    text = read_program(e, text);
    if (wc_remark_begins(text, "error: ")) {
        e->type = WC_LOG_ERROR;
        text += 7;
    } else if (wc_remark_begins(text, "warning: ")) {
        e->type = WC_LOG_WARNING;
        text += 9;
    }
    set_message(e, text, raw->text + raw->bytes);
}

static bool is_blank(const struct wc_log_raw *raw)
{
    for (size_t i = 0; i < raw->bytes; i++) {
        if (!wc_remark_is_blank(raw->text[i]))
            return false;
    }
    return true;
}

bool wc_log_form_parse(const struct wc_log_raw *raw, struct wc_log_entry *ret)
{
    if (is_blank(raw))
        return false;
    ret->form = WC_LOG_PLAIN;
    ret->type = WC_LOG_TRACE;
    ret->torn = ret->has_time = ret->has_bias = false;
    ret->cut = raw->cut;
    ret->time_ms = 0;
    ret->line = raw->line;
    ret->thread = 0;
    ret->component[0] = ret->file[0] = ret->message[0] = '\0';
    if (raw->framed)
        read_framed(ret, raw);
    else if (!read_rest(ret, raw) && !read_server(ret, raw) && !read_pasted(ret, raw) &&
             !wc_log_event_parse(raw->text, ret))
        read_plain(ret, raw);
    return true;
}
