/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/run.h"

#include <signal.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/core/hresult.h"
#include "common/io/signals.h"
#include "receiver/shell/discover.h"
#include "receiver/shell/entry.h"
#include "receiver/shell/filebook.h"
#include "receiver/shell/hearing.h"

#define ALIVE_MS 2000u
#define LOOK_MS  100u
/* So many ticks the sender has to take our DONE. */
#define ANSWER_TICKS_MAX  2u
#define SENDER_NAME_BYTES (WC_NAME_BYTES_MAX + 1)
/* So many ticks the sender has to say what is wrong with its source. */
#define CONFESSION_TICKS_MAX 2u

/* All is received: the memory for blocks is not needed any more. */
static void go_on_alone(struct wc_session *s)
{
    s->is_alone = true;
    wc_rxloop_stop(s->rxloop);
    s->rxloop = NULL;
}

static void on_end(void *ctx, const struct wc_client_end *end)
{
    struct wc_session *s = ctx;
    struct wc_why why = end->why;
    if (end->is_dismissed && s->manifest) {
        struct wc_verdict_path path = wc_session_look(s);
        path.dismissal = &end->refusal;
        wc_verdict_dismissed(&path, &why);
    }
    s->ended = true;
    atomic_store(&s->cancel_open, true);
    if (s->complete && !s->verdict_known && wc_jobs_are_busy(&s->jobs)) {
        go_on_alone(s);
        return;
    }
    /* What is verified and stored is ours, whatever happens to the sender now. */
    if (s->complete || end->hresult == 0)
        wc_session_verdict(s, "ok", 0, &end->why);
    else
        wc_session_verdict(s, "failed", end->hresult, &why);
    wc_session_close_handles(s);
}

static void on_package(void *ctx, const struct wc_welcome *welcome,
                       const struct wc_manifest *manifest)
{
    wc_entry_begin(ctx, welcome, manifest);
}

static void on_status(void *ctx, const struct wc_status *status)
{
    struct wc_session *s = ctx;
    s->status = *status;
    if (s->rxloop)
        wc_rxloop_status(s->rxloop, status);
}

static void on_unicast(void *ctx, const char *sentence)
{
    struct wc_session *s = ctx;
    if (!s->rxloop)
        return;
    wc_display_unicast(s->display, sentence);
    wc_rxloop_unicast(s->rxloop);
}

static void on_symbols(void *ctx, const struct wc_symbols *symbols)
{
    struct wc_session *s = ctx;
    if (s->rxloop)
        wc_rxloop_symbols(s->rxloop, symbols);
}

static const struct wc_client_ops run_ops = {
    .on_package = on_package,
    .on_status = on_status,
    .on_unicast = on_unicast,
    .on_symbols = on_symbols,
    .on_end = on_end,
};

static void on_wake(uv_async_t *handle)
{
    wc_hearing_take(handle->data);
    wc_hearing_look(handle->data);
}

static void on_look(uv_timer_t *handle)
{
    wc_hearing_look(handle->data);
}

static void on_alive(uv_timer_t *handle)
{
    struct wc_session *s = handle->data;
    if (s->opening)
        wc_client_alive(s->client);
    if (s->is_damaged && ++s->ticks_since_damage > CONFESSION_TICKS_MAX)
        wc_hearing_judge(s);
    if (s->complete && !s->ended && ++s->ticks_since_done > ANSWER_TICKS_MAX)
        wc_client_close(s->client);
}

static void on_signal(uv_poll_t *handle, int status, int events)
{
    struct wc_session *s = handle->data;
    (void)status;
    (void)events;
    for (int signo; (signo = wc_signals_take(s->signal_fd)) != 0;) {
        struct wc_why why;
        if (signo == SIGUSR1)
            continue;
        atomic_store(&s->cancel_open, true);
        (void)wc_why_set(&why, WC_OK, EX_TEMPFAIL, "cancelled; %s", wc_jobs_left(&s->jobs));
        wc_session_give_up(s, "cancelled", WC_HR_CANCELLED, &why);
    }
}

static void open_handles(struct wc_session *s)
{
    uv_async_init(&s->loop, &s->wake, on_wake);
    uv_timer_init(&s->loop, &s->alive);
    uv_timer_init(&s->loop, &s->look);
    uv_poll_init(&s->loop, &s->signals, s->signal_fd);
    s->wake.data = s;
    s->alive.data = s;
    s->look.data = s;
    s->signals.data = s;
    uv_poll_start(&s->signals, UV_READABLE, on_signal);
    uv_timer_start(&s->alive, on_alive, ALIVE_MS, ALIVE_MS);
    uv_timer_start(&s->look, on_look, LOOK_MS, LOOK_MS);
}

static enum wc_err find_session(struct wc_session *s, struct wc_why *why)
{
    const struct wc_fetch_options *o = s->options;
    if (o->interface && wc_netif_choose(&s->netif, o->interface, 4, why) &&
        wc_netif_choose(&s->netif, o->interface, 6, why))
        return WC_E_NOT_FOUND; /* better now than after the session was joined */
    if (o->has_url) {
        s->url = o->url;
        return WC_OK;
    }
    wc_display_info(s->display, "looking for announced sessions on this link");
    struct wc_discover_options options = {.interface = o->interface,
                                          .package = o->id,
                                          .timeout = o->discover_timeout,
                                          .cancel_fd = s->signal_fd};
    struct wc_discovery found;
    enum wc_err err = wc_discover(&found, &options, why);
    if (err)
        return err;
    s->url = found.url;
    if (!s->site)
        wc_display_trust(s->display, &s->url, found.announce.name);
    return WC_OK;
}

/* WC_OK without --site-key, too. */
static enum wc_err read_site(struct wc_session *s, struct wc_why *why)
{
    if (!s->options->site_key)
        return WC_OK;
    enum wc_err err = wc_site_read(&s->site, s->options->site_key, why);
    if (err && err != WC_E_NOT_FOUND)
        why->hresult = why->exit_code == EX_NOPERM ? WC_HR_ACCESS_DENIED : WC_HR_FAIL;
    return err;
}

static void wake(void *ctx)
{
    uv_async_send(ctx);
}

/* What is left to do was done, or is given up: it decides, unless the session went wrong. */
static void end_jobs(struct wc_session *s)
{
    struct wc_why why;
    bool is_received = s->complete && !s->why.exit_code;
    enum wc_err err = wc_jobs_end(&s->jobs, is_received, &why);
    if (!is_received)
        return;
    s->verdict_known = false;
    if (err)
        wc_session_verdict(s, why.hresult ? "failed" : "error",
                           why.hresult ? why.hresult : wc_verdict_of_store(err), &why);
    else
        wc_session_verdict(s, "ok", 0, &(struct wc_why){.exit_code = EX_OK});
}

static void receive(struct wc_session *s)
{
    char host[SENDER_NAME_BYTES] = "receiver";
    (void)gethostname(host, sizeof host - 1);
    const char *name = s->options->name ? s->options->name : host;
    open_handles(s);
    enum wc_err err = wc_client_open(&s->client, &s->loop, &s->url, s->site, name, &run_ops, s);
    if (!err && wc_client_log_on(s->client, &s->credentials)) {
        struct wc_why why;
        (void)wc_why_set(&why, WC_E_CRYPTO, EX_DATAERR,
                         "the client certificate cannot be used: its key is of a kind, or a size, "
                         "that is not accepted here; use Ed25519, or ECDSA with P-256");
        wc_session_verdict(s, "error", WC_HR_LOGON_FAILURE, &why);
        wc_client_close(s->client);
    }
    if (err) {
        struct wc_why why;
        (void)wc_why_set(&why, err, EX_OSERR, "cannot connect to the sender: %s", wc_err_text(err));
        wc_session_verdict(s, "error", WC_HR_CONNECTION, &why);
        wc_session_close_handles(s);
    }
    uv_run(&s->loop, UV_RUN_DEFAULT);
    wc_rxloop_stop(s->rxloop);
    end_jobs(s);
}

static void summarize(struct wc_session *s)
{
    wc_jobs_talk(&s->jobs, s->display);
    wc_jobs_progress(&s->jobs, &s->progress);
    if (s->why.exit_code)
        wc_display_error(s->display, &s->why);
    struct wc_fetch_summary summary = {
        .result = s->result,
        .hresult = s->why.hresult,
        .exit_code = s->why.exit_code,
        .where = s->complete && !s->why.exit_code ? wc_store_where(s->store) : NULL,
        .manifest = s->manifest,
        .stats = s->stats,
        .resumed_bytes = s->store ? wc_store_resumed_bytes(s->store) : 0,
        .complete = s->complete,
        .jobs = &s->jobs,
        .progress = s->progress,
    };
    wc_display_end(s->display);
    if (!wc_jobs_summarize(&s->jobs, &summary))
        wc_display_summary(s->display, &summary);
}

int wc_run_session(const struct wc_fetch_options *options, const struct wc_args_common *common,
                   const struct wc_jobs *jobs)
{
    struct wc_session s = {.options = options, .jobs = *jobs, .result = "error"};
    struct wc_why why = {0};
    s.stats.first_data = WC_NEVER;
    s.stats.finished = WC_NEVER;
    if (wc_display_open(&s.display, common, &options->log, &why)) {
        fprintf(stderr, "wimcast-receiver: %s\n", why.text);
        return why.exit_code;
    }
    s.signal_fd = wc_signals_open();
    if (s.signal_fd < 0 || uv_loop_init(&s.loop) != 0)
        return EX_OSERR;
    enum wc_err err = wc_jobs_begin(&s.jobs, wake, &s.wake, &why);
    if (!err)
        err = read_site(&s, &why);
    if (!err)
        err = wc_credentials_read(&s.credentials, options, &why);
    if (!err)
        err = find_session(&s, &why);
    if (err == WC_E_CLOSED)
        wc_session_verdict(&s, "cancelled", WC_HR_CANCELLED, &why);
    else if (err)
        wc_session_verdict(&s, "error", why.hresult ? why.hresult : WC_HR_NOT_FOUND, &why);
    else
        receive(&s);
    summarize(&s);
    uv_loop_close(&s.loop);
    wc_store_close(s.store);
    wc_client_free(s.client);
    wc_site_free(s.site);
    wc_credentials_wipe(&s.credentials);
    wc_display_close(s.display);
    close(s.signal_fd);
    return s.why.exit_code;
}

int wc_fetch_run(const struct wc_fetch_options *options, const struct wc_args_common *common)
{
    struct wc_jobs jobs = {.count = 0};
    struct wc_filebook *book = wc_filebook_new(options->deep);
    if (!book) {
        fprintf(stderr, "wimcast-receiver: out of memory\n");
        return EX_OSERR;
    }
    struct wc_job job = wc_filebook_job(book);
    wc_jobs_add(&jobs, &job);
    int exit_code = wc_run_session(options, common, &jobs);
    wc_filebook_free(book);
    return exit_code;
}
