/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/apply.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/core/hresult.h"
#include "common/io/clock.h"
#include "common/io/format.h"
#include "common/io/signals.h"
#include "common/io/voice.h"
#include "receiver/shell/applier.h"
#include "receiver/shell/applychoice.h"
#include "receiver/shell/verify_report.h"

#define TICK_MS    250
#define BAR_WIDTH  30u
#define LINE_BYTES 200u
#define WHAT_BYTES 400

struct apply {
    const struct wc_apply_options *options;
    struct wc_voice voice;
    int signal_fd;
    struct wc_wim *wim;
    struct wc_apply_choice choice;
    struct wc_apply_target target;
    struct wc_applier *applier;
    struct wc_applier_progress progress;
    wc_ns begin;
    wc_ns next_event;
    int verbosity;
    struct wc_why why;
};

/* --- what people and programs see ----------------------------------------------------------- */

static void begin_event(struct apply *a)
{
    wc_jsonl_begin(a->voice.events, "apply");
    wc_jsonl_str(a->voice.events, "file", a->options->path);
    wc_jsonl_uint(a->voice.events, "image", a->choice.image);
    wc_jsonl_str(a->voice.events, "name", a->choice.name);
    wc_jsonl_str(a->voice.events, "target", a->options->target);
    wc_jsonl_str(a->voice.events, "kind", a->target.is_ntfs ? "ntfs" : "directory");
    wc_jsonl_uint(a->voice.events, "bytes", a->progress.total_bytes);
    wc_jsonl_uint(a->voice.events, "files", a->progress.total_files);
    wc_voice_end(&a->voice);
}

static void progress_event(struct apply *a)
{
    const struct wc_applier_progress *p = &a->progress;
    wc_jsonl_begin(a->voice.events, "progress");
    wc_jsonl_str(a->voice.events, "phase", p->phase);
    wc_jsonl_uint(a->voice.events, "applied_bytes", p->done_bytes);
    wc_jsonl_uint(a->voice.events, "bytes", p->total_bytes);
    wc_jsonl_uint(a->voice.events, "applied_files", p->done_files);
    wc_jsonl_uint(a->voice.events, "files", p->total_files);
    wc_voice_end(&a->voice);
}

static void show(struct apply *a)
{
    wc_ns now = wc_clock_now();
    const struct wc_applier_progress *p = &a->progress;
    wc_applier_progress(a->applier, &a->progress);
    if (now >= a->next_event) {
        a->next_event = now + WC_S(1);
        progress_event(a);
    }
    if (!wc_term_is_due(a->voice.term, now))
        return;
    char bar[BAR_WIDTH + 1], line[LINE_BYTES], percent[WC_FORMAT_BYTES], size[WC_FORMAT_BYTES];
    char done[WC_VERIFY_COUNT_BYTES], total[WC_VERIFY_COUNT_BYTES];
    snprintf(line, sizeof line, "%s %s %s of %s, files %s/%s", p->phase,
             wc_term_bar(bar, BAR_WIDTH, p->done_bytes, p->total_bytes),
             wc_format_percent(percent, p->done_bytes, p->total_bytes),
             wc_format_bytes(size, p->total_bytes), wc_verify_count(done, p->done_files),
             wc_verify_count(total, p->total_files));
    wc_term_draw(a->voice.term, now, (const char *const[]){line}, 1);
}

static void summary_event(struct apply *a, const char *result, int exit_code)
{
    wc_jsonl_begin(a->voice.events, "summary");
    wc_jsonl_str(a->voice.events, "result", result);
    wc_jsonl_str(a->voice.events, "file", a->options->path);
    wc_jsonl_str(a->voice.events, "target", a->options->target);
    wc_jsonl_uint(a->voice.events, "image", a->choice.image);
    wc_jsonl_uint(a->voice.events, "bytes", a->progress.total_bytes);
    wc_jsonl_uint(a->voice.events, "files", a->progress.total_files);
    wc_jsonl_uint(a->voice.events, "applied_files", a->progress.done_files);
    wc_jsonl_bool(a->voice.events, "is_marked", a->target.is_marked);
    wc_jsonl_real(a->voice.events, "seconds", (double)(wc_clock_now() - a->begin) / 1e9);
    wc_jsonl_int(a->voice.events, "exit_code", exit_code);
    wc_voice_end(&a->voice);
}

/* "[WARNING] Ignoring ...": of attributes that a directory does not have, and the like. */
static void say_remarks(struct apply *a)
{
    const char *words = wc_applier_words(a->applier);
    for (size_t count; *words; words += count) {
        words += strspn(words, "\r\n");
        count = strcspn(words, "\r\n");
        if (count)
            wc_term_say(a->voice.term, WC_TERM_DETAIL, "libwim: %.*s", (int)count, words);
    }
}

static int succeed(struct apply *a)
{
    char files[WC_VERIFY_COUNT_BYTES], size[WC_FORMAT_BYTES], time[WC_FORMAT_BYTES];
    char shown[WC_WHY_PATH_BYTES];
    wc_term_finish(a->voice.term, false);
    say_remarks(a);
    wc_term_say(a->voice.term, WC_TERM_INFO, "applied image %u to %s: %s files verified, %s in %s",
                a->choice.image, wc_why_path(shown, a->options->target),
                wc_verify_count(files, a->progress.total_files),
                wc_format_bytes(size, a->progress.total_bytes),
                wc_format_seconds(time, wc_clock_now() - a->begin));
    summary_event(a, "ok", EX_OK);
    return EX_OK;
}

static int give_up(struct apply *a)
{
    const struct wc_finding *f = a->applier ? wc_applier_finding(a->applier) : NULL;
    wc_term_finish(a->voice.term, false);
    wc_voice_error(&a->voice, &a->why);
    if (f && *f->evidence)
        wc_term_say(a->voice.term, WC_TERM_DETAIL, "seen: %s", f->evidence);
    if (f && *f->fix)
        wc_term_say(a->voice.term, WC_TERM_DETAIL, "fix: %s", f->fix);
    summary_event(a, "error", a->why.exit_code);
    return a->why.exit_code;
}

/* --- the way -------------------------------------------------------------------------------- */

/* Until it is over, or somebody does not want it any more. */
static void attend(struct apply *a)
{
    struct pollfd fds[] = {
        {.fd = wc_applier_fd(a->applier), .events = POLLIN},
        {.fd = a->signal_fd, .events = POLLIN},
    };
    while (!fds[0].revents) {
        show(a);
        if (poll(fds, 2, TICK_MS) < 0 && errno != EINTR)
            break;
        if (fds[1].revents) {
            int signo = wc_signals_take(a->signal_fd);
            if (signo != 0 && signo != SIGUSR1)
                wc_applier_cancel(a->applier);
        }
    }
    wc_applier_progress(a->applier, &a->progress);
}

static enum wc_err extract(struct apply *a)
{
    const struct wc_applier_config config = {
        .wim = a->wim,
        .image = a->choice.image,
        .target = &a->target,
    };
    enum wc_err err = wc_applier_start(&a->applier, &config, &a->why);
    if (err)
        return err;
    wc_applier_progress(a->applier, &a->progress);
    begin_event(a);
    attend(a);
    return wc_applier_wait(a->applier, &a->why);
}

static enum wc_err apply(struct apply *a)
{
    const struct wc_apply_options *o = a->options;
    char what[WHAT_BYTES];
    enum wc_err err = wc_wim_open(&a->wim, o->path, &a->why);
    if (!err)
        err = wc_apply_choose(&a->choice, a->wim, o->image, &a->why);
    if (!err)
        err = wc_apply_target_check(&a->target, o->target, o->force, &a->choice.need, &a->why);
    if (err)
        return err;
    snprintf(what, sizeof what, "image %u%s%s%s of %s", a->choice.image,
             *a->choice.name ? " (" : "", a->choice.name, *a->choice.name ? ")" : "",
             wc_verify_last(o->path));
    wc_term_say(a->voice.term, WC_TERM_DETAIL, "%s: %s", what,
                a->target.is_ntfs ? "to an NTFS volume" : "to a directory");
    err = wc_apply_target_mark(&a->target, what, &a->why);
    if (!err)
        err = extract(a);
    return err ? err : wc_apply_target_unmark(&a->target, &a->why);
}

int wc_apply_run(const struct wc_apply_options *options, const struct wc_args_common *common)
{
    struct apply a = {.options = options, .begin = wc_clock_now(), .verbosity = common->verbosity};
    const struct wc_cmtrace_options no_log = {0};
    if (wc_voice_open(&a.voice, "apply.c", common, &no_log, &a.why)) {
        fprintf(stderr, "wimcast-receiver: %s\n", a.why.text);
        return a.why.exit_code;
    }
    int exit_code;
    a.signal_fd = wc_signals_open();
    if (a.signal_fd < 0) {
        (void)wc_why_set(&a.why, WC_E_SYS, EX_OSERR, "cannot watch for signals");
        exit_code = give_up(&a);
    } else {
        exit_code = apply(&a) ? give_up(&a) : succeed(&a);
    }
    wc_applier_close(a.applier);
    wc_wim_close(a.wim);
    if (a.signal_fd >= 0)
        close(a.signal_fd);
    wc_voice_close(&a.voice);
    return exit_code;
}
