/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/logevent.h"

#include <string.h>

#include "common/core/text.h"
#include "common/diag/remark.h"

#define VALUE_BYTES 1024u

static const char *put_escaped(struct wc_remark *p, const char *at)
{
    switch (*at) {
    case '\0':
        return at;
    case 'n':
    case 'r':
    case 't':
        wc_remark_put(p, " ");
        return at + 1;
    case 'u': /* never printable: what is, jansson writes as it is */
        wc_remark_put(p, "?");
        at++;
        for (int i = 0; i < 4 && wc_text_nibble(*at) >= 0; i++)
            at++;
        return at;
    default:
        wc_remark_bytes(p, at, 1);
        return at + 1;
    }
}

/* The text of "key":"..." into an array of VALUE_BYTES; empty: there is none. */
static const char *value_of(const char *line, const char *key, char *ret)
{
    struct wc_remark p = wc_remark_of(ret, VALUE_BYTES);
    size_t key_bytes = strlen(key);
    for (const char *at = line; (at = wc_remark_find(at, key)) != NULL; at++) {
        if (at[-1] != '"' || strncmp(at + key_bytes, "\":\"", 3) != 0)
            continue;
        const char *c = at + key_bytes + 3;
        while (*c && *c != '"') {
            size_t plain = strcspn(c, "\"\\");
            wc_remark_bytes(&p, c, plain);
            c += plain;
            if (*c == '\\')
                c = put_escaped(&p, c + 1);
        }
        return ret;
    }
    return ret;
}

static void say_error(const char *line, struct wc_remark *p)
{
    char value[VALUE_BYTES];
    if (*value_of(line, "hresult", value)) {
        wc_remark_put(p, value);
        wc_remark_put(p, ": ");
    }
    wc_remark_put(p, value_of(line, "sentence", value));
}

/* As the display of the sender says it. */
static void say_receiver(const char *line, struct wc_remark *p, struct wc_log_entry *ret)
{
    char value[VALUE_BYTES];
    wc_remark_put(p, "receiver ");
    wc_remark_put(p, value_of(line, "name", value));
    wc_remark_put(p, " (");
    wc_remark_put(p, value_of(line, "address", value));
    wc_remark_put(p, ") ");
    wc_remark_put(p, value_of(line, "state", value));
    if (!*value_of(line, "reason", value))
        return;
    ret->type = WC_LOG_WARNING;
    wc_remark_put(p, ": ");
    wc_remark_put(p, value);
}

static void say_other(const char *line, const char *event, struct wc_remark *p)
{
    static const char *const keys[] = {"result", "sentence", "reason", "package", "phase"};
    char value[VALUE_BYTES];
    wc_remark_put(p, event);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (!*value_of(line, keys[i], value))
            continue;
        wc_remark_put(p, ": ");
        wc_remark_put(p, value);
        return;
    }
}

bool wc_log_event_parse(const char *line, struct wc_log_entry *ret)
{
    char event[VALUE_BYTES];
    if (strncmp(line, "{\"event\":\"", 10) != 0 || !wc_remark_find(line, "\"v\":"))
        return false;
    value_of(line, "event", event);
    struct wc_remark component = wc_remark_of(ret->component, sizeof ret->component);
    struct wc_remark p = wc_remark_of(ret->message, sizeof ret->message);
    wc_remark_put(&component, "wimcast");
    ret->form = WC_LOG_EVENT;
    ret->type = WC_LOG_INFO;
    if (strcmp(event, "error") == 0) {
        ret->type = WC_LOG_ERROR;
        say_error(line, &p);
    } else if (strcmp(event, "warning") == 0) {
        ret->type = WC_LOG_WARNING;
        say_error(line, &p);
    } else if (strcmp(event, "receiver") == 0) {
        say_receiver(line, &p, ret);
    } else {
        say_other(line, event, &p);
    }
    return true;
}
