/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/run.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include <uv.h>

#include "common/core/hresult.h"
#include "common/io/clock.h"
#include "common/io/mcast.h"
#include "common/io/netaddr.h"
#include "common/io/seal.h"
#include "common/io/signals.h"
#include "receiver/shell/client.h"
#include "receiver/shell/discover.h"
#include "receiver/shell/display.h"
#include "receiver/shell/verdict.h"

#define ALIVE_MS    2000u
#define SILENCE_MAX WC_S(10)
/* So many ticks the sender has to take our DONE. */
#define ANSWER_TICKS_MAX     2u
#define RECEIVE_BUFFER_BYTES (32u << 20)
#define SENDER_NAME_BYTES    (WC_NAME_BYTES_MAX + 1)
/* Void twice, a block is asked for by unicast; the sender is told of so many results at most. */
#define VOID_MAX      2u
#define VOID_TOLD_MAX 256u
/* So many ticks the sender has to say what is wrong with its source. */
#define CONFESSION_TICKS_MAX 2u

struct run {
    const struct wc_fetch_options *options;
    struct wc_display *display;
    struct wc_url url;
    struct wc_credentials credentials;
    struct wc_site *site;             /* that must have signed the sender's key; NULL: need not */
    const struct wc_welcome *welcome; /* NULL: not yet joined */
    const struct wc_manifest *manifest;
    struct wc_client *client;
    struct wc_store *store;
    struct wc_rxloop *rxloop;
    struct wc_netif netif;
    struct wc_status status;
    struct wc_rx_stats stats;
    enum wc_err open_err; /* of the store */
    struct wc_why open_why;
    atomic_bool cancel_open;
    bool opening; /* the store, in another thread */
    bool complete;
    uint32_t ticks_since_done;
    struct wc_voidbook voids;
    bool is_damaged; /* block damaged_sbn is wrong each time */
    uint32_t damaged_sbn;
    uint32_t ticks_since_damage;
    const char *damage_told; /* id of the finding that was said; NULL: none */
    bool ended;              /* the control channel */
    bool handles_closed;
    /* How it ended, once known: hresult 0 and exit code 0 is success. */
    bool verdict_known;
    const char *result;
    struct wc_why why;
    int signal_fd;
    uv_loop_t loop;
    uv_async_t wake;
    uv_timer_t alive;
    uv_poll_t signals;
    uv_work_t open_work;
};

static void on_wake_needed(void *ctx)
{
    uv_async_send(ctx);
}

static void set_verdict(struct run *run, const char *result, uint32_t hresult,
                        const struct wc_why *why)
{
    if (run->verdict_known)
        return;
    run->verdict_known = true;
    run->result = result;
    run->why = *why;
    run->why.hresult = hresult;
}

/* It is over for a reason of our own: tell the sender, then end. */
static void give_up(struct run *run, const char *result, uint32_t hresult, const struct wc_why *why)
{
    set_verdict(run, result, hresult, why);
    wc_client_done(run->client, hresult, 0, why->text);
}

static void close_handles(struct run *run)
{
    if (run->handles_closed || run->opening)
        return;
    run->handles_closed = true;
    uv_close((uv_handle_t *)&run->wake, NULL);
    uv_close((uv_handle_t *)&run->alive, NULL);
    uv_close((uv_handle_t *)&run->signals, NULL);
}

static struct wc_verdict_path look(const struct run *run)
{
    return (struct wc_verdict_path){
        .stats = &run->stats,
        .welcome = run->welcome,
        .manifest = run->manifest,
        .voids = &run->voids,
        .netif = run->netif.name,
        .sender = wc_client_sender_text(run->client),
        .resumed_bytes = run->store ? wc_store_resumed_bytes(run->store) : 0,
        .is_damaged = run->is_damaged,
        .damaged_sbn = run->damaged_sbn,
    };
}

static void on_end(void *ctx, const struct wc_client_end *end)
{
    struct run *run = ctx;
    struct wc_why why = end->why;
    if (end->is_dismissed && run->manifest) {
        struct wc_verdict_path path = look(run);
        path.dismissal = &end->refusal;
        wc_verdict_dismissed(&path, &why);
    }
    run->ended = true;
    atomic_store(&run->cancel_open, true);
    /* What is verified and stored is ours, whatever happens to the sender now. */
    if (run->complete || end->hresult == 0)
        set_verdict(run, "ok", 0, &end->why);
    else
        set_verdict(run, "failed", end->hresult, &why);
    close_handles(run);
}

static void on_status(void *ctx, const struct wc_status *status)
{
    struct run *run = ctx;
    run->status = *status;
    if (run->rxloop)
        wc_rxloop_status(run->rxloop, status);
}

static void on_warning(void *ctx, const char *sentence)
{
    struct run *run = ctx;
    if (!run->opening) /* the store's thread may not print; its news are not urgent */
        wc_display_warning(run->display, sentence);
}

static bool on_resuming(void *ctx, uint64_t done_bytes, uint64_t bytes)
{
    struct run *run = ctx;
    (void)done_bytes;
    (void)bytes;
    return !atomic_load(&run->cancel_open);
}

static void open_store(uv_work_t *work)
{
    struct run *run = work->data;
    struct wc_store_options options = {
        .output = run->options->output,
        .warn = on_warning,
        .progress = on_resuming,
        .ctx = run,
    };
    run->open_err = wc_store_open(&run->store, run->manifest, run->welcome->manifest_digest,
                                  &options, &run->open_why);
}

static enum wc_err start_rxloop(struct run *run, int fd, struct wc_why *why)
{
    const struct wc_welcome *w = run->welcome;
    struct wc_rxloop_config config = {
        .receiver = {.instance = w->instance,
                     .partition = run->manifest->partition,
                     .report_interval = WC_US(w->report_interval_us),
                     .beacon_timeout = run->options->beacon_timeout,
                     .silence_max = SILENCE_MAX,
                     .void_max = VOID_MAX,
                     .multicast_only = w->multicast_only},
        .manifest = run->manifest,
        .store = run->store,
        .memory_bytes = run->options->memory_bytes,
        .fd = fd,
        .offload = true,
        .wake = on_wake_needed,
        .ctx = &run->wake,
    };
    memcpy(config.key, w->key, sizeof config.key);
    wc_random_bytes(&config.receiver.seed, sizeof config.receiver.seed);
    enum wc_err err = wc_rxloop_start(&run->rxloop, &config);
    explicit_bzero(config.key, sizeof config.key);
    if (err)
        return wc_why_set(why, err, EX_OSERR, "cannot start the data thread: %s", wc_err_text(err));
    return WC_OK;
}

static enum wc_err choose_netif(struct run *run, struct wc_why *why)
{
    struct wc_addr local = wc_client_local_addr(run->client);
    if (!run->options->interface && wc_netif_of_addr(&run->netif, &local) == WC_OK)
        return WC_OK;
    return wc_netif_choose(&run->netif, run->options->interface, run->welcome->group.family, why);
}

/* With a small one, a moment's delay of this process costs datagrams. */
static void look_at_buffer(struct run *run, int fd)
{
    char given[WC_WHY_BYTES_BYTES], asked[WC_WHY_BYTES_BYTES], text[WC_SENTENCE_BYTES_MAX];
    uint32_t bytes = wc_mcast_receive_buffer(fd);
    if (bytes >= RECEIVE_BUFFER_BYTES / 4)
        return;
    snprintf(text, sizeof text,
             "the system gives the socket a buffer of %s instead of %s, so that datagrams are lost "
             "when this machine is busy; run as root, or: sysctl -w net.core.rmem_max=%u",
             wc_why_bytes(given, bytes), wc_why_bytes(asked, RECEIVE_BUFFER_BYTES),
             RECEIVE_BUFFER_BYTES);
    wc_display_warning(run->display, text);
}

/* Joins the group and starts the data thread; the HRESULT of what went wrong. */
static uint32_t start_receiving(struct run *run, struct wc_why *why)
{
    char group[WC_NETADDR_TEXT_BYTES];
    if (choose_netif(run, why))
        return WC_HR_NOT_FOUND;
    wc_display_package(run->display, run->manifest, run->netif.name,
                       wc_netaddr_format(&run->welcome->group, true, group),
                       wc_store_where(run->store));
    int fd = wc_mcast_open_rx(&run->welcome->group, &run->welcome->source, &run->netif,
                              RECEIVE_BUFFER_BYTES, why);
    if (fd < 0)
        return WC_HR_NETWORK;
    look_at_buffer(run, fd);
    return start_rxloop(run, fd, why) ? WC_HR_NO_MEMORY : WC_HR_OK;
}

static void on_store_open(uv_work_t *work, int status)
{
    struct run *run = work->data;
    struct wc_why why = run->open_why;
    (void)status;
    run->opening = false;
    if (run->ended) {
        close_handles(run);
        return;
    }
    uint32_t hresult =
        run->open_err ? wc_verdict_of_store(run->open_err) : start_receiving(run, &why);
    if (hresult)
        give_up(run, "error", hresult, &why);
}

/* A sender that offers an older package than is wanted: by mistake, or played back. */
static bool is_downgrade(struct run *run)
{
    struct wc_why why;
    if (run->manifest->version >= run->options->version_min)
        return false;
    give_up(run, "error", wc_verdict_downgrade(run->manifest, run->options->version_min, &why),
            &why);
    return true;
}

static void on_package(void *ctx, const struct wc_welcome *welcome,
                       const struct wc_manifest *manifest)
{
    struct run *run = ctx;
    run->welcome = welcome;
    run->manifest = manifest;
    if (!run->url.has_key && !run->site) {
        memcpy(run->url.key, wc_client_sender_key(run->client), sizeof run->url.key);
        wc_display_trust(run->display, &run->url, "the sender");
    }
    if (is_downgrade(run))
        return;
    run->opening = true;
    run->open_work.data = run;
    uv_queue_work(&run->loop, &run->open_work, open_store, on_store_open);
}

static void on_unicast(void *ctx, const char *sentence)
{
    struct run *run = ctx;
    if (!run->rxloop)
        return;
    wc_display_unicast(run->display, sentence);
    wc_rxloop_unicast(run->rxloop);
}

static void on_symbols(void *ctx, const struct wc_symbols *symbols)
{
    struct run *run = ctx;
    if (run->rxloop)
        wc_rxloop_symbols(run->rxloop, symbols);
}

static const struct wc_client_ops run_ops = {
    .on_package = on_package,
    .on_status = on_status,
    .on_unicast = on_unicast,
    .on_symbols = on_symbols,
    .on_end = on_end,
};

static void take_unreached(struct run *run)
{
    struct wc_verdict_path path = look(run);
    struct wc_finding finding;
    struct wc_why why;
    path.is_unreached = true;
    path.waited = run->options->beacon_timeout;
    if (!wc_verdict_find(&path, &finding))
        return;
    uint32_t hresult = wc_verdict_why(&finding, &why);
    if (run->welcome->multicast_only) {
        give_up(run, "failed", hresult, &why);
        return;
    }
    wc_display_finding(run->display, &finding);
    wc_client_unicast(run->client, why.text);
}

/* What is wrong with the blocks that came: said, or the end. */
static void judge_damage(struct run *run)
{
    struct wc_verdict_path path = look(run);
    struct wc_finding finding;
    struct wc_why why;
    if (run->verdict_known || !wc_verdict_find(&path, &finding))
        return;
    if (finding.kind->severity == WC_SEVERITY_ERROR)
        give_up(run, "failed", wc_verdict_why(&finding, &why), &why);
    else if (run->damage_told != finding.kind->id)
        wc_display_finding(run->display, &finding);
    run->damage_told = finding.kind->id;
}

static void take_void(struct run *run, const struct wc_void *void_block)
{
    wc_voidbook_add(&run->voids, void_block);
    if (run->voids.void_count <= VOID_TOLD_MAX)
        wc_client_void(run->client, void_block);
    if (void_block->differs)
        judge_damage(run);
}

static void take_stats(struct run *run, const struct wc_rx_stats *stats)
{
    bool has_mended = stats->core.mended_count > run->stats.core.mended_count;
    run->stats = *stats;
    if (has_mended)
        judge_damage(run);
    wc_display_progress(run->display, run->manifest, &run->stats, &run->status, wc_clock_now());
}

static void take_silence(struct run *run)
{
    struct wc_why why;
    (void)wc_why_set(&why, WC_OK, EX_TEMPFAIL,
                     "the sender %s fell silent: nothing heard for 10 s; what is verified is kept, "
                     "run again to go on",
                     wc_client_sender_text(run->client));
    give_up(run, "failed", WC_HR_CONNECTION, &why);
}

static void take_notice(struct run *run, struct wc_rx_notice *notice)
{
    switch (notice->type) {
    case WC_RX_REACHED:
        wc_display_ready(run->display);
        wc_client_ready(run->client, notice->pn);
        break;
    case WC_RX_UNREACHED:
        take_unreached(run);
        break;
    case WC_RX_SENDER_SILENT:
        take_silence(run);
        break;
    case WC_RX_FETCH:
        wc_client_fetch(run->client, notice->sbn);
        break;
    case WC_RX_REPORT:
        wc_client_report(run->client, notice->report);
        free(notice->report);
        break;
    case WC_RX_STATS:
        take_stats(run, &notice->stats);
        break;
    case WC_RX_VOID:
        take_void(run, &notice->void_block);
        break;
    case WC_RX_DAMAGED: /* judged when the sender had time to look at its source */
        run->is_damaged = true;
        run->damaged_sbn = notice->sbn;
        break;
    case WC_RX_FINISHED:
        run->complete = true;
        wc_client_done(run->client, 0, run->manifest->partition.object_bytes, "");
        break;
    case WC_RX_FAILED:
        give_up(run, "error", wc_verdict_of_store(notice->failed.err), &notice->failed.why);
        break;
    }
}

static void on_wake(uv_async_t *handle)
{
    struct run *run = handle->data;
    struct wc_rx_notice notice;
    while (run->rxloop && wc_rxloop_notice(run->rxloop, &notice)) {
        if (run->ended && notice.type == WC_RX_REPORT)
            free(notice.report);
        else if (!run->ended)
            take_notice(run, &notice);
    }
}

static void on_alive(uv_timer_t *handle)
{
    struct run *run = handle->data;
    if (run->opening)
        wc_client_alive(run->client);
    if (run->is_damaged && ++run->ticks_since_damage > CONFESSION_TICKS_MAX)
        judge_damage(run);
    if (run->complete && ++run->ticks_since_done > ANSWER_TICKS_MAX)
        wc_client_close(run->client);
}

static void on_signal(uv_poll_t *handle, int status, int events)
{
    struct run *run = handle->data;
    (void)status;
    (void)events;
    for (int signo; (signo = wc_signals_take(run->signal_fd)) != 0;) {
        struct wc_why why;
        if (signo == SIGUSR1)
            continue;
        atomic_store(&run->cancel_open, true);
        (void)wc_why_set(&why, WC_OK, EX_TEMPFAIL,
                         "cancelled; what is verified is kept, run again to go on");
        give_up(run, "cancelled", WC_HR_CANCELLED, &why);
    }
}

static void open_handles(struct run *run)
{
    uv_async_init(&run->loop, &run->wake, on_wake);
    uv_timer_init(&run->loop, &run->alive);
    uv_poll_init(&run->loop, &run->signals, run->signal_fd);
    run->wake.data = run;
    run->alive.data = run;
    run->signals.data = run;
    uv_poll_start(&run->signals, UV_READABLE, on_signal);
    uv_timer_start(&run->alive, on_alive, ALIVE_MS, ALIVE_MS);
}

static enum wc_err find_session(struct run *run, struct wc_why *why)
{
    const struct wc_fetch_options *o = run->options;
    if (o->interface && wc_netif_choose(&run->netif, o->interface, 4, why) &&
        wc_netif_choose(&run->netif, o->interface, 6, why))
        return WC_E_NOT_FOUND; /* better now than after the session was joined */
    if (o->has_url) {
        run->url = o->url;
        return WC_OK;
    }
    wc_display_info(run->display, "looking for announced sessions on this link");
    struct wc_discover_options options = {.interface = o->interface,
                                          .package = o->id,
                                          .timeout = o->discover_timeout,
                                          .cancel_fd = run->signal_fd};
    struct wc_discovery found;
    enum wc_err err = wc_discover(&found, &options, why);
    if (err)
        return err;
    run->url = found.url;
    if (!run->site)
        wc_display_trust(run->display, &run->url, found.announce.name);
    return WC_OK;
}

/* WC_OK without --site-key, too. */
static enum wc_err read_site(struct run *run, struct wc_why *why)
{
    if (!run->options->site_key)
        return WC_OK;
    enum wc_err err = wc_site_read(&run->site, run->options->site_key, why);
    if (err && err != WC_E_NOT_FOUND)
        why->hresult = why->exit_code == EX_NOPERM ? WC_HR_ACCESS_DENIED : WC_HR_FAIL;
    return err;
}

static void receive(struct run *run)
{
    char host[SENDER_NAME_BYTES] = "receiver";
    (void)gethostname(host, sizeof host - 1);
    const char *name = run->options->name ? run->options->name : host;
    open_handles(run);
    enum wc_err err =
        wc_client_open(&run->client, &run->loop, &run->url, run->site, name, &run_ops, run);
    if (!err && wc_client_log_on(run->client, &run->credentials)) {
        struct wc_why why;
        (void)wc_why_set(&why, WC_E_CRYPTO, EX_DATAERR,
                         "the client certificate cannot be used: its key is of a kind, or a size, "
                         "that is not accepted here; use Ed25519, or ECDSA with P-256");
        set_verdict(run, "error", WC_HR_LOGON_FAILURE, &why);
        wc_client_close(run->client);
    }
    if (err) {
        struct wc_why why;
        (void)wc_why_set(&why, err, EX_OSERR, "cannot connect to the sender: %s", wc_err_text(err));
        set_verdict(run, "error", WC_HR_CONNECTION, &why);
        close_handles(run);
    }
    uv_run(&run->loop, UV_RUN_DEFAULT);
    wc_rxloop_stop(run->rxloop);
}

static void summarize(struct run *run)
{
    if (run->why.exit_code)
        wc_display_error(run->display, &run->why);
    struct wc_fetch_summary summary = {
        .result = run->result,
        .hresult = run->why.hresult,
        .where = run->complete ? wc_store_where(run->store) : NULL,
        .manifest = run->manifest,
        .stats = run->stats,
        .resumed_bytes = run->store ? wc_store_resumed_bytes(run->store) : 0,
        .complete = run->complete,
    };
    wc_display_summary(run->display, &summary);
}

int wc_fetch_run(const struct wc_fetch_options *options, const struct wc_args_common *common)
{
    struct run run = {.options = options, .result = "error"};
    struct wc_why why = {0};
    run.stats.first_data = WC_NEVER;
    run.stats.finished = WC_NEVER;
    if (wc_display_open(&run.display, common, &options->log, &why)) {
        fprintf(stderr, "wimcast-receiver: %s\n", why.text);
        return why.exit_code;
    }
    run.signal_fd = wc_signals_open();
    if (run.signal_fd < 0 || uv_loop_init(&run.loop) != 0)
        return EX_OSERR;
    enum wc_err err = read_site(&run, &why);
    if (!err)
        err = wc_credentials_read(&run.credentials, options, &why);
    if (!err)
        err = find_session(&run, &why);
    if (err == WC_E_CLOSED)
        set_verdict(&run, "cancelled", WC_HR_CANCELLED, &why);
    else if (err)
        set_verdict(&run, "error", why.hresult ? why.hresult : WC_HR_NOT_FOUND, &why);
    else
        receive(&run);
    summarize(&run);
    uv_loop_close(&run.loop);
    wc_store_close(run.store);
    wc_client_free(run.client);
    wc_site_free(run.site);
    wc_credentials_wipe(&run.credentials);
    wc_display_close(run.display);
    close(run.signal_fd);
    return run.why.exit_code;
}
