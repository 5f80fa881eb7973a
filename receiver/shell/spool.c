/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The thread waits in poll for two things: news of its owner (an eventfd) and the output. So it
 * sees a reader that goes away while there is nothing to write, and never hangs in write: a pipe
 * that is writable takes PIPE_BUF bytes at once. */
#include "receiver/shell/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sysexits.h>
#include <unistd.h>

#define PIECE_BYTES 262144u
#define FREE_BYTES  (4u << 20) /* what the reader took is freed in steps of this */

struct wc_spool {
    const struct wc_file_ops *ops;
    char *folder;
    int fd;
    int out_fd;
    int wake_fd;
    bool is_out_file; /* a regular file: takes any amount */
    bool has_lock;
    bool has_thread; /* started and not joined */
    uint64_t byte_count;
    uint8_t *piece;
    pthread_t thread;

    pthread_mutex_t lock; /* of what follows */
    uint64_t ready_bytes;
    bool is_cancelled;
    bool is_done; /* every byte is written */
    enum wc_err err;
    struct wc_why why;
};

/* --- the thread --- */

static void fail(struct wc_spool *s, enum wc_err err, int exit_code, const char *text)
{
    pthread_mutex_lock(&s->lock);
    s->err = wc_why_set(&s->why, err, exit_code, "%s", text);
    pthread_mutex_unlock(&s->lock);
}

static void fail_output(struct wc_spool *s, uint64_t done_bytes, int error)
{
    char done[WC_WHY_BYTES_BYTES];
    char whole[WC_WHY_BYTES_BYTES];
    char text[WC_SENTENCE_BYTES_MAX + 1];
    wc_why_bytes(done, done_bytes);
    wc_why_bytes(whole, s->byte_count);
    if (error == EPIPE) {
        snprintf(text, sizeof(text),
                 "the reader of standard output went away after %s of %s; see what it says", done,
                 whole);
        fail(s, WC_E_CLOSED, EX_IOERR, text);
        return;
    }
    snprintf(text, sizeof(text),
             "cannot write to standard output after %s of %s: %s; check where it leads", done,
             whole, wc_why_errno_text(error));
    fail(s, wc_why_errno(error) == WC_E_FULL ? WC_E_FULL : WC_E_IO, EX_IOERR, text);
}

/* How many bytes are ready; false: it is time to end. */
static bool look(struct wc_spool *s, uint64_t *ret_ready_bytes)
{
    pthread_mutex_lock(&s->lock);
    *ret_ready_bytes = s->ready_bytes;
    bool goes_on = !s->is_cancelled;
    pthread_mutex_unlock(&s->lock);
    return goes_on;
}

/* Wait for news, or for what `events` asks of the output. True: the output has it, or is broken. */
static bool wait_for(struct wc_spool *s, short events)
{
    struct pollfd fds[2] = {{.fd = s->wake_fd, .events = POLLIN},
                            {.fd = s->out_fd, .events = events}};
    if (poll(fds, 2, -1) < 0)
        return false;
    eventfd_t news;
    if (fds[0].revents)
        (void)!eventfd_read(s->wake_fd, &news);
    return fds[1].revents != 0;
}

/* Write a part of `count` bytes: returns how much, 0: not now, -1: errno says why. */
static ssize_t write_some(struct wc_spool *s, const uint8_t *bytes, size_t count)
{
    if (!s->is_out_file) {
        if (!wait_for(s, POLLOUT))
            return 0;
        if (count > PIPE_BUF)
            count = PIPE_BUF;
    }
    ssize_t n = write(s->out_fd, bytes, count);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    return n;
}

/* Write `count` bytes of the piece. False: failed (and noted) or cancelled. */
static bool write_piece(struct wc_spool *s, uint64_t done_bytes, size_t count)
{
    uint64_t ready_bytes;
    for (size_t at = 0; at < count;) {
        if (!look(s, &ready_bytes)) /* each time: write_some may have taken the news */
            return false;
        ssize_t n = write_some(s, s->piece + at, count - at);
        if (n < 0) {
            fail_output(s, done_bytes + at, errno);
            return false;
        }
        at += (size_t)n;
    }
    return true;
}

/* Best effort: a file system without holes keeps the bytes until the end. */
static void free_behind(struct wc_spool *s, uint64_t *freed_bytes, uint64_t done_bytes)
{
    uint64_t count = (done_bytes - *freed_bytes) / FREE_BYTES * FREE_BYTES;
    if (!count)
        return;
    (void)!fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)*freed_bytes,
                     (off_t)count);
    *freed_bytes += count;
}

static void drain(struct wc_spool *s)
{
    uint64_t freed_bytes = 0;
    uint64_t ready_bytes = 0;
    uint64_t done = 0;
    while (done < s->byte_count && look(s, &ready_bytes)) {
        if (done == ready_bytes) {
            if (wait_for(s, 0)) { /* nothing to write, and yet it has something to say */
                fail_output(s, done, EPIPE);
                return;
            }
            continue;
        }
        uint64_t left = ready_bytes - done;
        size_t n = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
        if (wc_file_read(s->ops, s->fd, s->piece, n, done) != WC_OK) {
            fail(s, WC_E_IO, EX_IOERR, "cannot read the temporary file back; check the disk");
            return;
        }
        if (!write_piece(s, done, n))
            return;
        done += n;
        free_behind(s, &freed_bytes, done);
    }
    pthread_mutex_lock(&s->lock);
    s->is_done = done == s->byte_count;
    pthread_mutex_unlock(&s->lock);
}

static void *spool_main(void *ctx)
{
    struct wc_spool *s = ctx;
    sigset_t signals;
    sigfillset(&signals); /* they are the main thread's; SIGPIPE becomes EPIPE */
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    drain(s);
    return NULL;
}

/* --- its owner --- */

static enum wc_err cannot(const struct wc_spool *s, struct wc_why *why, const char *verb, int error)
{
    char folder[WC_WHY_PATH_BYTES];
    return wc_why_set(why, wc_why_errno(error), wc_why_output_exit(error),
                      "cannot %s a temporary file in %s: %s; set TMPDIR to another folder", verb,
                      wc_why_path(folder, s->folder), wc_why_errno_text(error));
}

static enum wc_err check_space(const struct wc_spool *s, uint64_t needed_bytes, struct wc_why *why)
{
    char folder[WC_WHY_PATH_BYTES];
    char available[WC_WHY_BYTES_BYTES];
    char needed[WC_WHY_BYTES_BYTES];
    struct statvfs vfs;
    if (fstatvfs(s->fd, &vfs) < 0 || !vfs.f_blocks)
        return WC_OK; /* then writing will tell */
    uint64_t available_bytes = (uint64_t)vfs.f_bavail * vfs.f_frsize;
    if (needed_bytes <= available_bytes)
        return WC_OK;
    return wc_why_set(why, WC_E_FULL, EX_CANTCREAT,
                      "%s has %s free, but blocks that come early need up to %s there; set TMPDIR "
                      "to a folder with more",
                      wc_why_path(folder, s->folder), wc_why_bytes(available, available_bytes),
                      wc_why_bytes(needed, needed_bytes));
}

static enum wc_err start(struct wc_spool *s, struct wc_why *why)
{
    struct stat st;
    s->is_out_file = fstat(s->out_fd, &st) == 0 && S_ISREG(st.st_mode);
    s->piece = malloc(PIECE_BYTES);
    if (!s->piece)
        return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
    s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->wake_fd < 0 || pthread_create(&s->thread, NULL, spool_main, s) != 0)
        return wc_why_set(why, WC_E_SYS, EX_OSERR, "cannot start a thread for standard output");
    s->has_thread = true;
    return WC_OK;
}

enum wc_err wc_spool_open(struct wc_spool **ret, int out_fd, uint64_t byte_count,
                          uint64_t needed_bytes, const struct wc_file_ops *ops, struct wc_why *why)
{
    const char *folder = getenv("TMPDIR");
    struct wc_spool *s = calloc(1, sizeof(*s));
    if (!s)
        return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
    s->ops = ops;
    s->out_fd = out_fd;
    s->byte_count = byte_count;
    s->fd = s->wake_fd = -1;
    s->has_lock = pthread_mutex_init(&s->lock, NULL) == 0;
    s->folder = strdup(folder && folder[0] ? folder : "/var/tmp");
    enum wc_err err = WC_OK;
    if (!s->has_lock || !s->folder)
        err = wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
    if (!err) {
        s->fd = wc_file_open_unlinked(s->folder);
        if (s->fd < 0 || ftruncate(s->fd, (off_t)byte_count) < 0)
            err = cannot(s, why, "make", errno);
    }
    if (!err)
        err = check_space(s, needed_bytes, why);
    if (!err)
        err = start(s, why);
    if (err) {
        wc_spool_close(s);
        return err;
    }
    *ret = s;
    return WC_OK;
}

int wc_spool_fd(const struct wc_spool *s)
{
    return s->fd;
}

const char *wc_spool_where(const struct wc_spool *s)
{
    return s->folder;
}

void wc_spool_advance(struct wc_spool *s, uint64_t ready_bytes)
{
    pthread_mutex_lock(&s->lock);
    bool is_news = ready_bytes > s->ready_bytes;
    if (is_news)
        s->ready_bytes = ready_bytes;
    pthread_mutex_unlock(&s->lock);
    if (is_news)
        (void)!eventfd_write(s->wake_fd, 1);
}

enum wc_err wc_spool_check(struct wc_spool *s, struct wc_why *why)
{
    pthread_mutex_lock(&s->lock);
    enum wc_err err = s->err;
    if (err && why)
        *why = s->why;
    if (!err && s->is_cancelled && !s->is_done)
        err = wc_why_set(why, WC_E_CLOSED, EX_TEMPFAIL, "stopped writing to standard output");
    pthread_mutex_unlock(&s->lock);
    return err;
}

enum wc_err wc_spool_wait(struct wc_spool *s, struct wc_why *why)
{
    if (s->has_thread)
        pthread_join(s->thread, NULL);
    s->has_thread = false;
    enum wc_err err = wc_spool_check(s, why);
    if (!err && s->is_out_file && s->ops->fsync(s->out_fd) < 0)
        err =
            wc_why_set(why, WC_E_IO, EX_IOERR, "cannot finish standard output: %s; check its disk",
                       wc_why_errno_text(errno));
    return err;
}

void wc_spool_cancel(struct wc_spool *s)
{
    pthread_mutex_lock(&s->lock);
    s->is_cancelled = true;
    pthread_mutex_unlock(&s->lock);
    (void)!eventfd_write(s->wake_fd, 1);
}

void wc_spool_close(struct wc_spool *s)
{
    if (!s)
        return;
    if (s->has_thread) {
        wc_spool_cancel(s);
        pthread_join(s->thread, NULL);
    }
    if (s->wake_fd >= 0)
        close(s->wake_fd);
    if (s->fd >= 0)
        close(s->fd);
    if (s->has_lock)
        pthread_mutex_destroy(&s->lock);
    free(s->piece);
    free(s->folder);
    free(s);
}
