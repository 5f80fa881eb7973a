/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/diag/logtext.h"

#define READ_BYTES 16384u
/* Enough to tell UTF-16 without a mark. */
#define SAMPLE_BYTES 512u

struct source {
    int fd; /* -1: at its end */
    bool begun;
    bool has_head;
    int64_t key_ms; /* where its head belongs */
    struct wc_log_text decoder;
    struct wc_log_reader reader;
    struct wc_log_entry head; /* the next entry */
    const char *at;           /* in text */
    size_t left;
    uint8_t bytes[READ_BYTES];
    char text[2 * READ_BYTES + 4];
};

struct wc_logs {
    uint32_t count;
    uint32_t given; /* the source whose head was given out; count: none */
    int error;      /* errno of a read that failed */
    uint32_t error_source;
    const char **names;
    struct source **sources;
};

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (strcmp(path, "-") == 0)
        return "standard input";
    return slash && slash[1] ? slash + 1 : path;
}

/* Up to READ_BYTES: at first as many as the encoding is told by. 0: the end, or it failed. */
static size_t read_some(struct wc_logs *logs, uint32_t index)
{
    struct source *s = logs->sources[index];
    size_t wanted = s->begun ? 1 : SAMPLE_BYTES, used = 0;
    while (used < wanted) {
        ssize_t count = read(s->fd, s->bytes + used, READ_BYTES - used);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && !logs->error) {
            logs->error = errno;
            logs->error_source = index;
        }
        if (count <= 0)
            break;
        used += (size_t)count;
    }
    return used;
}

/* false: there is no more. */
static bool fill(struct wc_logs *logs, uint32_t index)
{
    struct source *s = logs->sources[index];
    size_t count = read_some(logs, index), mark = 0;
    if (!s->begun)
        mark = wc_log_text_init(&s->decoder, s->bytes, count);
    s->begun = true;
    s->at = s->text;
    s->left = wc_log_text_decode(&s->decoder, s->bytes + mark, count - mark, s->text);
    return count > 0;
}

static void close_source(struct source *s)
{
    if (s->fd > STDIN_FILENO)
        close(s->fd);
    s->fd = -1;
}

static void read_head(struct wc_logs *logs, uint32_t index)
{
    struct source *s = logs->sources[index];
    s->has_head = false;
    while (s->fd >= 0 && !s->has_head) {
        s->has_head = wc_log_reader_next(&s->reader, &s->at, &s->left, &s->head);
        if (s->has_head || fill(logs, index))
            continue;
        close_source(s);
        s->has_head = wc_log_reader_end(&s->reader, &s->head);
    }
    if (s->has_head && s->head.has_time)
        s->key_ms = s->head.time_ms;
}

static enum wc_err open_source(struct wc_logs *logs, uint32_t index, const char *path,
                               struct wc_why *why)
{
    struct source *s = calloc(1, sizeof *s);
    if (!s)
        return wc_why_set(why, WC_E_NOMEM, wc_why_input_exit(ENOMEM), "out of memory");
    logs->sources[index] = s;
    logs->names[index] = name_of(path);
    s->key_ms = INT64_MIN;
    wc_log_reader_init(&s->reader);
    bool is_stdin = strcmp(path, "-") == 0;
    s->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (s->fd >= 0)
        return WC_OK;
    char shown[WC_WHY_PATH_BYTES];
    return wc_why_set(why, wc_why_errno(errno), wc_why_input_exit(errno), "cannot read %s: %s",
                      wc_why_path(shown, path), wc_why_errno_text(errno));
}

enum wc_err wc_logs_open(struct wc_logs **ret, const char *const *paths, uint32_t count,
                         struct wc_why *why)
{
    struct wc_logs *logs = calloc(1, sizeof *logs);
    enum wc_err err = WC_OK;
    if (logs) {
        logs->count = logs->given = count;
        logs->names = calloc(count, sizeof *logs->names);
        logs->sources = calloc(count, sizeof *logs->sources);
    }
    if (!logs || !logs->names || !logs->sources)
        err = wc_why_set(why, WC_E_NOMEM, wc_why_input_exit(ENOMEM), "out of memory");
    for (uint32_t i = 0; !err && i < count; i++)
        err = open_source(logs, i, paths[i], why);
    if (err) {
        wc_logs_close(logs);
        return err;
    }
    for (uint32_t i = 0; i < count; i++)
        read_head(logs, i);
    *ret = logs;
    return WC_OK;
}

void wc_logs_close(struct wc_logs *logs)
{
    if (!logs)
        return;
    for (uint32_t i = 0; logs->sources && i < logs->count; i++) {
        if (logs->sources[i])
            close_source(logs->sources[i]);
        free(logs->sources[i]);
    }
    free(logs->sources);
    free(logs->names);
    free(logs);
}

const struct wc_log_entry *wc_logs_next(struct wc_logs *logs, uint32_t *ret_source)
{
    if (logs->given < logs->count)
        read_head(logs, logs->given);
    logs->given = logs->count;
    for (uint32_t i = 0; i < logs->count; i++) {
        const struct source *s = logs->sources[i];
        if (s->has_head &&
            (logs->given == logs->count || s->key_ms < logs->sources[logs->given]->key_ms))
            logs->given = i;
    }
    if (logs->given == logs->count)
        return NULL;
    *ret_source = logs->given;
    return &logs->sources[logs->given]->head;
}

enum wc_err wc_logs_error(const struct wc_logs *logs, struct wc_why *why)
{
    if (!logs->error)
        return WC_OK;
    return wc_why_set(why, WC_E_IO, wc_why_input_exit(logs->error), "cannot read %.120s: %s",
                      logs->names[logs->error_source], wc_why_errno_text(logs->error));
}

const char *const *wc_logs_names(const struct wc_logs *logs)
{
    return logs->names;
}

bool wc_logs_is_empty(const struct wc_logs *logs, uint32_t source)
{
    return logs->sources[source]->decoder.byte_count == 0;
}

bool wc_logs_is_binary(const struct wc_logs *logs, uint32_t source)
{
    return wc_log_text_is_binary(&logs->sources[source]->decoder);
}
