/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/cmtrace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BEGIN_MARK     "<![LOG["
#define END_MARK       "]LOG]!>"
#define MARK_BYTES     7u
#define NAME_BYTES_MAX 128
/* Another program may rename the file as often as it likes; we follow it so often at a time. */
#define FOLLOW_MAX 4

struct wc_cmtrace {
    int fd;     /* -1: given up */
    bool rolls; /* a regular file */
    uint64_t bytes_max;
    const char *component;
    char path[PATH_MAX];
    char old_path[PATH_MAX + 8];
};

/* --- an entry --------------------------------------------------------------------------------- */

/* One line, and nothing in it that begins or ends an entry: a control character is a blank, and
 * one parts a mark. A text that is too long ends before the character that does not fit. */
static void clean_message(char *ret, size_t room, const char *message)
{
    size_t used = 0;
    const char *c = message;
    for (; *c && used + 2 < room; c++) {
        bool mark =
            strncmp(c, END_MARK, MARK_BYTES) == 0 || strncmp(c, BEGIN_MARK, MARK_BYTES) == 0;
        bool control = (unsigned char)*c < 0x20 || *c == 0x7f;
        ret[used++] = control ? ' ' : *c;
        if (mark)
            ret[used++] = ' ';
    }
    if (*c) {
        while (used && ((unsigned char)ret[used - 1] & 0xc0) == 0x80)
            used--;
        if (used && ((unsigned char)ret[used - 1] & 0xc0) == 0xc0)
            used--;
    }
    ret[used] = '\0';
}

/* What stands in an attribute: no quotation mark, no control character. */
static void clean_name(char *ret, size_t room, const char *name)
{
    size_t used = 0;
    for (; *name && used + 1 < room; name++)
        ret[used++] = *name == '"' || (unsigned char)*name < 0x20 ? '_' : *name;
    ret[used] = '\0';
}

size_t wc_cmtrace_format(char *ret, const struct wc_cmtrace_entry *entry)
{
    char message[WC_CMTRACE_MESSAGE_BYTES_MAX + 1];
    char component[NAME_BYTES_MAX], file[NAME_BYTES_MAX];
    struct tm tm;
    int64_t local_ms = entry->time_ms - (int64_t)entry->bias_minutes * 60000;
    time_t local = (time_t)(local_ms / 1000);
    clean_message(message, sizeof message, entry->message);
    clean_name(component, sizeof component, entry->component);
    clean_name(file, sizeof file, entry->file);
    if (!gmtime_r(&local, &tm))
        memset(&tm, 0, sizeof tm);
    int count = snprintf(ret, WC_CMTRACE_LINE_BYTES,
                         "<![LOG[%s]LOG]!><time=\"%02d:%02d:%02d.%03d%+04d\" "
                         "date=\"%02d-%02d-%04d\" component=\"%s\" context=\"\" type=\"%d\" "
                         "thread=\"%u\" file=\"%s\">\n",
                         message, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(local_ms % 1000),
                         entry->bias_minutes, tm.tm_mon + 1, tm.tm_mday, tm.tm_year + 1900,
                         component, (int)entry->type, entry->thread, file);
    return count < 0 ? 0 : (size_t)count;
}

/* --- the file --------------------------------------------------------------------------------- */

static enum wc_err fail(struct wc_cmtrace *log, const char *verb, int error, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    return wc_why_set(why, wc_why_errno(error), wc_why_output_exit(error),
                      "cannot %s the log %s: %s; choose another --log-file", verb,
                      wc_why_path(shown, log->path), wc_why_errno_text(error));
}

/* A pipe or a terminal is fine, but not to wait for its reader. */
static int open_file(struct wc_cmtrace *log)
{
    int fd =
        open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
    struct stat st;
    log->rolls = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    return fd;
}

/* "smsts.log" -> "smsts.lo_"; another name gets ".lo_" behind it. */
static void name_old(struct wc_cmtrace *log)
{
    size_t bytes = strlen(log->path);
    bool has_end = bytes > 4 && strcmp(log->path + bytes - 4, ".log") == 0;
    snprintf(log->old_path, sizeof log->old_path, "%.*s.lo_", (int)(bytes - (has_end ? 4 : 0)),
             log->path);
}

/* The file that has the name now is the one that is open. */
static bool is_current(const struct wc_cmtrace *log)
{
    struct stat here, there;
    return fstat(log->fd, &here) == 0 && stat(log->path, &there) == 0 &&
           here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

/* Is there room for `count` bytes? If not, rename the file, unless another program just did, and
 * open a new one. The lock keeps two programs from both doing it; without locks (some network file
 * systems) the worst is an old file that is shorter than it might be. false: errno says why. */
static bool make_room(struct wc_cmtrace *log, size_t count)
{
    for (int i = 0; log->rolls && i < FOLLOW_MAX; i++) {
        struct stat st;
        if (fstat(log->fd, &st) || !st.st_size)
            return true;
        bool full = (uint64_t)st.st_size + count > log->bytes_max;
        if (!full && st.st_nlink)
            return true;
        (void)flock(log->fd, LOCK_EX);
        if (is_current(log) && rename(log->path, log->old_path)) {
            (void)flock(log->fd, LOCK_UN);
            return false;
        }
        int fd = open_file(log);
        int error = errno;
        close(log->fd); /* the lock goes with it */
        log->fd = fd;
        errno = error;
        if (fd < 0)
            return false;
    }
    return true;
}

/* One write: it is whole, or it is not there. false: errno says why. */
static bool append(struct wc_cmtrace *log, const char *line, size_t count)
{
    ssize_t written;
    do
        written = write(log->fd, line, count);
    while (written < 0 && errno == EINTR);
    if (written >= 0 && (size_t)written < count)
        errno = ENOSPC;
    return written == (ssize_t)count;
}

static int64_t now_ms(int *ret_bias_minutes)
{
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    *ret_bias_minutes = localtime_r(&now.tv_sec, &tm) ? -(int)(tm.tm_gmtoff / 60) : 0;
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum wc_err wc_cmtrace_write(struct wc_cmtrace *log, enum wc_cmtrace_type type, const char *file,
                             const char *message, struct wc_why *why)
{
    char line[WC_CMTRACE_LINE_BYTES];
    if (!log || log->fd < 0)
        return WC_OK;
    struct wc_cmtrace_entry entry = {.message = message,
                                     .component = log->component,
                                     .file = file,
                                     .type = type,
                                     .thread = (uint32_t)syscall(SYS_gettid)};
    entry.time_ms = now_ms(&entry.bias_minutes);
    size_t count = wc_cmtrace_format(line, &entry);
    bool roomy = make_room(log, count);
    if (roomy && append(log, line, count))
        return WC_OK;
    (void)fail(log, roomy ? "write to" : "rename", errno, why);
    if (log->fd >= 0)
        close(log->fd);
    log->fd = -1;
    return WC_E_IO;
}

enum wc_err wc_cmtrace_open(struct wc_cmtrace **ret, const struct wc_cmtrace_options *options,
                            const char *component, struct wc_why *why)
{
    struct wc_cmtrace *log = calloc(1, sizeof *log);
    if (!log)
        return wc_why_set(why, WC_E_NOMEM, wc_why_output_exit(ENOMEM), "out of memory");
    log->bytes_max = options->bytes_max;
    log->component = component;
    snprintf(log->path, sizeof log->path, "%s", options->path);
    name_old(log);
    bool fits = strlen(options->path) + 5 < sizeof log->path;
    log->fd = fits ? open_file(log) : -1;
    enum wc_err err = WC_OK;
    if (log->fd < 0) {
        err = fail(log, "open", fits ? errno : ENAMETOOLONG, why);
    } else {
        char begins[NAME_BYTES_MAX];
        snprintf(begins, sizeof begins, "%s %s begins", component, WC_VERSION);
        err = wc_cmtrace_write(log, WC_CMTRACE_INFO, component, begins, why);
    }
    if (err) {
        wc_cmtrace_close(log);
        return err;
    }
    *ret = log;
    return WC_OK;
}

void wc_cmtrace_close(struct wc_cmtrace *log)
{
    if (!log)
        return;
    if (log->fd >= 0)
        close(log->fd);
    free(log);
}
