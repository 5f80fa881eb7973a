/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One thread moves bytes from the WIM into the child's pipe, and listens to the child, by poll.
 * The pipe's reading end stays open here, too: how much in it is unread says what the child has
 * read, and so which blob it was at when it failed, also after its death. */
#include "receiver/shell/applier.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/core/hresult.h"
#include "common/io/wimreframe.h"
#include "receiver/shell/applychild.h"
#include "receiver/shell/applyverdict.h"

#define WAIT_MS    100  /* at most until what is ready is looked for again */
#define LINE_BYTES 256u /* of a report */

struct wc_applier {
    struct wc_applier_config config;
    pthread_t thread;
    bool has_thread;
    int wake_fd; /* wakes the thread */
    int over_fd;
    atomic_bool is_cancelled;
    pthread_mutex_t lock;
    struct wc_applier_progress progress; /* under the lock */
    /* Of the thread, until it has ended: */
    struct wc_wimreframe *reframe;
    struct wc_apply_child child;
    const uint8_t *bytes; /* for the pipe */
    size_t byte_count;
    uint64_t written;
    bool is_written; /* all of it */
    bool is_waiting;
    char line[LINE_BYTES];
    size_t line_bytes;
    struct wc_apply_end end;
    enum wc_err err;
    struct wc_why why;
    struct wc_finding finding;
};

/* --- the pipe ------------------------------------------------------------------------------- */

/* What of the pipe the child has read. */
static uint64_t position(const struct wc_applier *a)
{
    int unread = 0;
    if (ioctl(a->child.in_other, FIONREAD, &unread))
        return 0;
    return a->written - (uint64_t)unread;
}

static void publish(struct wc_applier *a)
{
    struct wc_wimreframe_count counts = wc_wimreframe_counts(a->reframe);
    pthread_mutex_lock(&a->lock);
    a->progress.done_bytes = counts.blob_bytes;
    a->progress.done_files = counts.names;
    a->progress.is_waiting = a->is_waiting;
    a->progress.is_starved = a->is_waiting && position(a) == a->written;
    pthread_mutex_unlock(&a->lock);
}

/* More for the pipe, if it has taken the last. */
static enum wc_err fill(struct wc_applier *a)
{
    if (a->byte_count || a->is_written)
        return WC_OK;
    a->end.blob = WC_WIMMAP_NONE;
    enum wc_err err = wc_wimreframe_step(a->reframe, &a->bytes, &a->byte_count, &a->end.blob);
    a->is_waiting = err == WC_E_AGAIN;
    publish(a);
    if (err == WC_E_CLOSED) {
        a->is_written = true;
        close(a->child.in);
        a->child.in = -1;
    }
    if (err == WC_E_AGAIN || err == WC_E_CLOSED)
        return WC_OK;
    a->end.error = errno;
    return err;
}

static void push(struct wc_applier *a)
{
    while (a->byte_count) {
        ssize_t count = write(a->child.in, a->bytes, a->byte_count);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        a->bytes += count;
        a->byte_count -= (size_t)count;
        a->written += (uint64_t)count;
    }
    wc_wimreframe_passed(a->reframe, position(a));
}

/* --- what the child says -------------------------------------------------------------------- */

static void take_line(struct wc_applier *a)
{
    static const char *const phases[] = {
        [WC_WIMEXTRACT_STRUCTURE] = "making folders",
        [WC_WIMEXTRACT_BLOBS] = "extracting",
        [WC_WIMEXTRACT_METADATA] = "setting times and rights",
    };
    struct wc_apply_report report;
    if (!wc_apply_report_parse(a->line, &report))
        return;
    if (report.is_end) {
        a->end.has_end = true;
        a->end.end = report.end;
        memcpy(a->end.text, report.text, sizeof a->end.text);
        return;
    }
    pthread_mutex_lock(&a->lock);
    a->progress.phase = report.phase == WC_WIMEXTRACT_METADATA && report.done == report.whole
                            ? "syncing"
                            : phases[report.phase];
    pthread_mutex_unlock(&a->lock);
}

/* false: the child has closed it. */
static bool read_reports(struct wc_applier *a)
{
    char bytes[4096];
    ssize_t count = read(a->child.reports, bytes, sizeof bytes);
    for (ssize_t i = 0; i < count; i++) {
        if (bytes[i] == '\n') {
            a->line[a->line_bytes] = '\0';
            a->line_bytes = 0;
            take_line(a);
        } else if (a->line_bytes < LINE_BYTES - 1) {
            a->line[a->line_bytes++] = bytes[i];
        }
    }
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

/* The first words are kept: what follows them is their consequence. */
static bool read_words(struct wc_applier *a)
{
    char bytes[4096];
    ssize_t count = read(a->child.words, bytes, sizeof bytes);
    size_t have = strlen(a->end.words), room = sizeof a->end.words - 1 - have;
    for (ssize_t i = 0; i < count && room; i++, room--)
        a->end.words[have++] = bytes[i] ? bytes[i] : ' ';
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

/* --- the thread ----------------------------------------------------------------------------- */

/* Until the child has said its last word. An error is ours: it has to be killed. */
static enum wc_err serve(struct wc_applier *a)
{
    bool is_talking = true, has_words = true;
    while (is_talking || has_words) {
        enum wc_err err = fill(a);
        if (err || atomic_load(&a->is_cancelled))
            return err;
        struct pollfd fds[] = {
            {.fd = is_talking ? a->child.reports : -1, .events = POLLIN},
            {.fd = has_words ? a->child.words : -1, .events = POLLIN},
            {.fd = a->wake_fd, .events = POLLIN},
            {.fd = a->byte_count ? a->child.in : -1, .events = POLLOUT},
        };
        (void)poll(fds, 4, a->is_waiting || a->is_written ? WAIT_MS : -1);
        if (fds[2].revents) {
            uint64_t value;
            (void)!read(a->wake_fd, &value, sizeof value);
        }
        if (fds[3].revents || !a->byte_count)
            push(a);
        if (fds[0].revents)
            is_talking = read_reports(a);
        if (fds[1].revents)
            has_words = read_words(a);
    }
    return WC_OK;
}

static bool is_done(const struct wc_apply_end *end)
{
    return !end->err && end->has_end && end->end == WC_WIMEXTRACT_DONE && !end->status;
}

static void conclude(struct wc_applier *a)
{
    if (atomic_load(&a->is_cancelled)) {
        a->err = wc_why_set(&a->why, WC_E_STATE, EX_TEMPFAIL, "cancelled");
        a->err = wc_why_mark(&a->why, a->err, "", WC_HR_CANCELLED);
        return;
    }
    if (is_done(&a->end)) {
        wc_wimreframe_passed(a->reframe, UINT64_MAX);
        return;
    }
    if (a->end.blob != WC_WIMMAP_NONE)
        a->end.is_kept = wc_wimreframe_is_kept(a->reframe, a->end.blob);
    a->err = wc_apply_verdict(&a->end, a->config.wim, a->config.image, a->config.target,
                              &a->finding, &a->why);
}

static void *run(void *ctx)
{
    struct wc_applier *a = ctx;
    a->err = wc_apply_child_start(&a->child, a->config.target, &a->why);
    if (!a->err) {
        a->end.err = serve(a);
        bool kill_it = a->end.err || atomic_load(&a->is_cancelled);
        if (!a->end.err)
            a->end.blob = wc_wimreframe_blob(a->reframe, position(a));
        a->end.status = wc_apply_child_end(&a->child, kill_it);
        conclude(a);
    }
    pthread_mutex_lock(&a->lock);
    a->progress.is_over = true;
    a->progress.is_waiting = false;
    a->progress.is_starved = false;
    pthread_mutex_unlock(&a->lock);
    (void)eventfd_write(a->over_fd, 1);
    return NULL;
}

/* --- for others ----------------------------------------------------------------------------- */

enum wc_err wc_applier_need(const struct wc_wim *wim, uint16_t image, struct wc_apply_need *ret,
                            struct wc_why *why)
{
    struct wc_wimorder order;
    enum wc_err err = wc_wimorder_init(&order, wim, image, why);
    if (!err)
        *ret = (struct wc_apply_need){
            .byte_count = order.name_bytes,
            .blob_bytes = order.blob_bytes,
            .file_count = order.name_count,
        };
    wc_wimorder_deinit(&order);
    return err;
}

enum wc_err wc_applier_start(struct wc_applier **ret, const struct wc_applier_config *config,
                             struct wc_why *why)
{
    struct wc_applier *a = calloc(1, sizeof *a);
    if (!a)
        return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
    a->config = *config;
    pthread_mutex_init(&a->lock, NULL);
    a->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    a->over_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    const struct wc_wimreframe_config reframe = {
        .wim = config->wim,
        .image = config->image,
        .ready = config->ready,
        .consumed = config->consumed,
        .ctx = config->ctx,
    };
    enum wc_err err = wc_wimreframe_new(&a->reframe, &reframe, why);
    if (!err && (a->wake_fd < 0 || a->over_fd < 0))
        err = wc_why_set(why, WC_E_SYS, EX_OSERR, "cannot make an event descriptor");
    if (!err) {
        struct wc_wimreframe_count counts = wc_wimreframe_counts(a->reframe);
        a->progress.phase = "reading the metadata";
        a->progress.total_bytes = counts.total_bytes;
        a->progress.total_files = counts.total_names;
        a->has_thread = pthread_create(&a->thread, NULL, run, a) == 0;
        if (a->has_thread)
            pthread_setname_np(a->thread, "wimcast-apply");
        else
            err = wc_why_set(why, WC_E_SYS, EX_OSERR, "cannot start a thread");
    }
    if (err)
        wc_applier_close(a);
    else
        *ret = a;
    return err;
}

void wc_applier_advance(struct wc_applier *a)
{
    (void)eventfd_write(a->wake_fd, 1);
}

void wc_applier_progress(struct wc_applier *a, struct wc_applier_progress *ret)
{
    pthread_mutex_lock(&a->lock);
    *ret = a->progress;
    pthread_mutex_unlock(&a->lock);
}

enum wc_err wc_applier_wait(struct wc_applier *a, struct wc_why *why)
{
    if (a->has_thread)
        pthread_join(a->thread, NULL);
    a->has_thread = false;
    if (a->err && why)
        *why = a->why;
    return a->err;
}

const struct wc_finding *wc_applier_finding(const struct wc_applier *a)
{
    return a->finding.kind ? &a->finding : NULL;
}

const char *wc_applier_words(const struct wc_applier *a)
{
    return a->end.words;
}

int wc_applier_fd(const struct wc_applier *a)
{
    return a->over_fd;
}

void wc_applier_cancel(struct wc_applier *a)
{
    atomic_store(&a->is_cancelled, true);
    wc_applier_advance(a);
}

void wc_applier_close(struct wc_applier *a)
{
    if (!a)
        return;
    wc_applier_cancel(a);
    (void)!wc_applier_wait(a, NULL);
    wc_wimreframe_free(a->reframe);
    if (a->wake_fd >= 0)
        close(a->wake_fd);
    if (a->over_fd >= 0)
        close(a->over_fd);
    pthread_mutex_destroy(&a->lock);
    free(a);
}
