/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>
#include <uv.h>

#include "common/core/hresult.h"
#include "common/core/url.h"
#include "common/io/clock.h"
#include "common/io/signals.h"
#include "sender/shell/announcer.h"
#include "sender/shell/prepare.h"
#include "sender/shell/tally.h"

#define TICK_MS      1000u
#define SILENCE_MAX  WC_S(10)
#define RATE_MIN_BPS 1000000u
/* The floor rate of slow receivers: what any healthy machine takes, but no more than a part of the
 * link. */
#define SLOW_BPS_DEFAULT         50000000ull
#define SLOW_SHARE               10u
#define REPORT_INTERVAL_FIRST_US 20000u

struct run {
    const struct wc_send_options *options;
    struct wc_display *display;
    struct wc_prepared prepared;
    struct wc_txloop *txloop;
    struct wc_tls_context *tls;
    struct wc_roster *roster;
    struct wc_announcer *announcer;
    struct wc_tx_stats stats;
    struct wc_progress files; /* verified by the slowest, at the end */
    const char *cancelled;    /* why it was ended from outside; NULL: not so */
    struct wc_why failed;     /* exit_code 0: not so */
    bool served;              /* receivers could join */
    bool closing;
    int signal_fd;
    uv_loop_t loop;
    uv_async_t wake;
    uv_timer_t tick;
    uv_poll_t signals;
    uv_poll_t keyboard;
    bool has_keyboard;
};

static void on_wake_needed(void *ctx)
{
    uv_async_send(ctx);
}

static void close_handles(struct run *run)
{
    uv_close((uv_handle_t *)&run->wake, NULL);
    uv_close((uv_handle_t *)&run->tick, NULL);
    uv_close((uv_handle_t *)&run->signals, NULL);
    if (run->has_keyboard)
        uv_close((uv_handle_t *)&run->keyboard, NULL);
}

/* The loop then runs until the last receiver has been told. */
static void close_all(struct run *run, uint32_t hresult, const char *sentence)
{
    if (run->closing)
        return;
    run->closing = true;
    if (run->roster && run->failed.exit_code)
        wc_roster_fail(run->roster, &run->failed);
    else if (run->roster)
        wc_roster_close(run->roster, hresult, sentence);
    close_handles(run);
}

static void take_core(struct run *run, const struct wc_sender_notice *notice)
{
    if (notice->type == WC_SENDER_NOTICE_MEMBER) {
        wc_roster_member(run->roster, notice->member, notice->state);
        return;
    }
    run->stats.core.phase = notice->phase;
    wc_display_phase(run->display, notice->phase);
    if (notice->phase == WC_PHASE_STREAMING)
        wc_roster_status(run->roster, &run->stats.core);
}

static void take_stats(struct run *run, const struct wc_tx_stats *stats)
{
    bool interval_changed = stats->core.report_interval_us != run->stats.core.report_interval_us;
    run->stats = *stats;
    if (interval_changed)
        wc_roster_status(run->roster, &stats->core);
    wc_display_progress(run->display, &run->prepared.session, stats, run->roster, run->has_keyboard,
                        wc_clock_now());
}

static void on_wake(uv_async_t *handle)
{
    struct run *run = handle->data;
    struct wc_tx_notice notice;
    while (!run->closing && wc_txloop_notice(run->txloop, &notice)) {
        switch (notice.type) {
        case WC_TX_CORE:
            take_core(run, &notice.core);
            break;
        case WC_TX_STATS:
            take_stats(run, &notice.stats);
            break;
        case WC_TX_FAILED:
            run->failed = notice.why;
            break;
        case WC_TX_ENDED:
            if (run->failed.exit_code)
                close_all(run, WC_HR_READ_FAULT, run->failed.text);
            else if (run->cancelled)
                close_all(run, WC_HR_CANCELLED, run->cancelled);
            else
                close_all(run, WC_HR_OK, "");
            break;
        }
    }
}

static void on_tick(uv_timer_t *handle)
{
    struct run *run = handle->data;
    wc_roster_status(run->roster, &run->stats.core);
    if (run->announcer)
        wc_announcer_send(run->announcer, (uint8_t)run->stats.core.phase);
}

static void start_now(struct run *run)
{
    struct wc_sender_event event = {.type = WC_SENDER_START};
    if (run->stats.core.phase != WC_PHASE_WAITING)
        return;
    const struct wc_sender_stats *s = &run->stats.core;
    if (s->ready + s->unicast + s->done == 0)
        wc_display_warning(run->display, "no receiver is ready yet: nothing to start");
    else
        (void)!wc_txloop_post(run->txloop, &event);
}

static void on_signal(uv_poll_t *handle, int status, int events)
{
    struct run *run = handle->data;
    (void)status;
    (void)events;
    for (int signo; (signo = wc_signals_take(run->signal_fd)) != 0;) {
        if (signo == SIGUSR1) {
            start_now(run);
            continue;
        }
        run->cancelled = "the sender was stopped by its operator";
        if (!wc_txloop_post(run->txloop, &(struct wc_sender_event){.type = WC_SENDER_STOP}))
            close_all(run, WC_HR_CANCELLED, run->cancelled);
    }
}

static void on_key(uv_poll_t *handle, int status, int events)
{
    struct run *run = handle->data;
    char line[256];
    (void)status;
    (void)events;
    if (read(STDIN_FILENO, line, sizeof line) > 0)
        start_now(run);
    else
        uv_poll_stop(handle);
}

static void on_receiver(void *ctx, const struct wc_roster_entry *entry)
{
    struct run *run = ctx;
    wc_display_receiver(run->display, entry);
}

/* The content can no longer be read: nothing more can be promised to anybody. */
static void on_failure(void *ctx, const struct wc_why *why)
{
    struct run *run = ctx;
    run->failed = *why;
    if (!wc_txloop_post(run->txloop, &(struct wc_sender_event){.type = WC_SENDER_STOP}))
        close_all(run, WC_HR_READ_FAULT, why->text);
}

static void on_finding(void *ctx, const struct wc_finding *finding)
{
    struct run *run = ctx;
    wc_display_finding(run->display, finding);
}

static void on_refusal(void *ctx, const char *sentence)
{
    struct run *run = ctx;
    wc_display_warning(run->display, sentence);
}

/* With neither rule given, the first receiver starts the session: others may join at any time. */
static uint32_t receivers_min(const struct wc_send_options *o)
{
    return o->receivers_min || o->wait_max != WC_NEVER ? o->receivers_min : 1;
}

static uint64_t slow_bps(const struct wc_send_options *o, uint64_t rate_max_bps)
{
    uint64_t share = rate_max_bps / SLOW_SHARE;
    if (o->slow_rate_bps)
        return o->slow_rate_bps;
    return share < SLOW_BPS_DEFAULT ? share : SLOW_BPS_DEFAULT;
}

static enum wc_err start_txloop(struct run *run, struct wc_why *why)
{
    const struct wc_send_options *o = run->options;
    const struct wc_session *s = &run->prepared.session;
    struct wc_txloop_config config = {
        .sender = {.instance = s->welcome.instance,
                   .partition = s->publication.manifest.partition,
                   .first = s->publication.manifest.first,
                   .first_count = s->publication.manifest.first_count,
                   .wire_bytes = s->wire_bytes,
                   .line_bps = run->prepared.session.netif.speed_bps,
                   .rate_max_bps = run->prepared.rate_max_bps,
                   .rate_min_bps = RATE_MIN_BPS,
                   .slow_policy = o->slow_policy,
                   .slow_bps = slow_bps(o, run->prepared.rate_max_bps),
                   .multicast_only = run->prepared.multicast_only,
                   .tail_unicast = true,
                   .member_max = WC_SEND_MEMBERS_MAX,
                   .receivers_min = receivers_min(o),
                   .wait_max = o->wait_max,
                   .silence_max = SILENCE_MAX},
        .content = run->prepared.content,
        .fd = run->prepared.fd,
        .offload = true,
        .wake = on_wake_needed,
        .ctx = &run->wake,
    };
    memcpy(config.key, s->welcome.key, sizeof config.key);
    enum wc_err err = wc_txloop_start(&run->txloop, &config);
    explicit_bzero(config.key, sizeof config.key);
    if (err)
        return wc_why_set(why, err, EX_OSERR, "cannot start the data thread: %s", wc_err_text(err));
    return WC_OK;
}

static enum wc_err open_doors(struct run *run, struct wc_why *why)
{
    const struct wc_send_options *o = run->options;
    enum wc_err err = wc_tls_server_new(&run->tls, run->prepared.identity);
    if (err)
        return wc_why_set(why, err, EX_SOFTWARE, "cannot set up TLS with the MCS key");
    struct wc_roster_config config = {
        .loop = &run->loop,
        .tls = run->tls,
        .session = &run->prepared.session,
        .content = run->prepared.content,
        .txloop = run->txloop,
        .readers = &run->prepared.readers,
        .state_dir = o->state_dir,
        .member_max = WC_SEND_MEMBERS_MAX,
        .on_change = on_receiver,
        .on_failure = on_failure,
        .on_finding = on_finding,
        .on_refusal = on_refusal,
        .ctx = run,
    };
    err = wc_roster_open(&run->roster, &config, o->port ? o->port : WC_PORT_DEFAULT, o->port != 0,
                         why);
    if (err || !o->announce)
        return err;
    char name[WC_NAME_BYTES_MAX + 1] = "sender";
    (void)gethostname(name, sizeof name - 1);
    return wc_announcer_open(&run->announcer, &run->prepared.session, name,
                             wc_roster_port(run->roster), why);
}

static void print_session(struct run *run)
{
    const struct wc_session *s = &run->prepared.session;
    struct wc_url url = {.port = wc_roster_port(run->roster), .has_key = true};
    char host[WC_SESSION_HOST_BYTES];
    snprintf(url.host, sizeof url.host, "%s",
             wc_session_host(&s->netif, s->welcome.group.family, host));
    snprintf(url.package, sizeof url.package, "%s", s->welcome.package);
    memcpy(url.key, s->key_digest, sizeof url.key);
    char text[WC_URL_BYTES_MAX + 1];
    if (wc_url_format(&url, text, sizeof text) == WC_OK)
        wc_display_session(run->display, s, text);
}

/* The content itself belongs to the data thread by now. */
static void print_wims(struct run *run)
{
    const struct wc_manifest *m = &run->prepared.session.publication.manifest;
    if (!m->wim_count)
        return;
    struct wc_content *content = wc_content_clone(run->prepared.content);
    wc_display_wims(run->display, m, content);
    wc_content_close(content);
}

static void open_handles(struct run *run)
{
    const struct wc_send_options *o = run->options;
    run->loop.data = run;
    uv_async_init(&run->loop, &run->wake, on_wake);
    uv_timer_init(&run->loop, &run->tick);
    uv_poll_init(&run->loop, &run->signals, run->signal_fd);
    run->wake.data = run;
    run->tick.data = run;
    run->signals.data = run;
    uv_poll_start(&run->signals, UV_READABLE, on_signal);
    run->has_keyboard = o->keyboard && isatty(STDIN_FILENO) &&
                        uv_poll_init(&run->loop, &run->keyboard, STDIN_FILENO) == 0;
    if (run->has_keyboard) {
        run->keyboard.data = run;
        uv_poll_start(&run->keyboard, UV_READABLE, on_key);
    }
}

static void serve(struct run *run, struct wc_why *why)
{
    enum wc_err err = start_txloop(run, why);
    if (!err)
        err = open_doors(run, why);
    if (!err) {
        print_session(run);
        print_wims(run);
        uv_timer_start(&run->tick, on_tick, 0, TICK_MS);
        run->served = true;
    } else {
        close_all(run, WC_HR_FAIL, "the sender could not start");
    }
    uv_run(&run->loop, UV_RUN_DEFAULT);
    wc_txloop_stop(run->txloop);
    wc_announcer_close(run->announcer);
    run->files = wc_tally_least(run->roster);
    wc_roster_free(run->roster);
    wc_tls_context_free(run->tls);
}

static const char *result_of(const struct run *run, int *ret_exit)
{
    const struct wc_sender_stats *s = &run->stats.core;
    if (run->failed.exit_code) {
        *ret_exit = run->failed.exit_code;
        return "error";
    }
    bool all_done = s->done > 0 && s->done == s->joined;
    *ret_exit = all_done ? EX_OK : EX_TEMPFAIL;
    if (all_done)
        return "ok";
    return run->cancelled ? "cancelled" : "failed";
}

static int summarize(const struct run *run)
{
    const struct wc_sender_stats *s = &run->stats.core;
    const struct wc_session *session = &run->prepared.session;
    int exit_code;
    struct wc_send_summary summary = {
        .result = result_of(run, &exit_code),
        .bytes = session->publication.manifest.partition.object_bytes,
        .wire_bytes = s->datagram_count * session->datagram_bytes,
        .source_symbols = s->source_count,
        .repair_symbols = s->repair_count,
        .receivers = s->joined,
        .completed = s->done,
        .failed = s->joined - s->done,
        .files = run->files,
    };
    if (s->started != WC_NEVER && run->stats.ended != WC_NEVER)
        summary.seconds = (double)(run->stats.ended - s->started) / 1e9;
    wc_display_summary(run->display, &summary);
    return exit_code;
}

/* A descriptor for each receiver, as far as the administrator allows. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int wc_send_run(const struct wc_send_options *options, const struct wc_args_common *common)
{
    struct run run = {.options = options, .prepared.fd = -1, .stats.core.started = WC_NEVER};
    struct wc_why why = {0};
    run.stats.ended = WC_NEVER;
    run.stats.core.report_interval_us = REPORT_INTERVAL_FIRST_US;
    raise_descriptor_limit();
    if (wc_display_open(&run.display, common, &options->log, &why)) {
        fprintf(stderr, "wimcast-sender: %s\n", why.text);
        return why.exit_code;
    }
    run.signal_fd = wc_signals_open();
    if (run.signal_fd < 0 || uv_loop_init(&run.loop) != 0)
        return EX_OSERR;
    if (wc_prepare(&run.prepared, options, run.display, run.signal_fd, &why) == WC_OK) {
        open_handles(&run);
        serve(&run, &why);
    }
    if (run.failed.exit_code)
        why = run.failed;
    if (why.exit_code)
        wc_display_error(run.display, &why);
    int exit_code = why.exit_code;
    if (run.served)
        exit_code = summarize(&run);
    else
        wc_display_summary(run.display, &(struct wc_send_summary){.result = "error"});
    uv_loop_close(&run.loop);
    wc_prepared_release(&run.prepared);
    wc_display_close(run.display);
    close(run.signal_fd);
    return exit_code;
}
