/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps: the store is opened in a pool thread, since it may hash what an earlier run left; then
 * the interface is chosen, the group joined, and the data thread started. */
#include "receiver/shell/entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/core/hresult.h"
#include "common/io/mcast.h"
#include "common/io/netaddr.h"
#include "common/io/seal.h"
#include "receiver/shell/verdict.h"

#define SILENCE_MAX          WC_S(10)
#define RECEIVE_BUFFER_BYTES (32u << 20)
/* Void so often, a block is asked for by unicast. */
#define VOID_MAX 2u

static void on_wake_needed(void *ctx)
{
    uv_async_send(ctx);
}

static void on_warning(void *ctx, const char *sentence)
{
    struct wc_session *s = ctx;
    if (!s->opening) /* the store's thread may not print; its news are not urgent */
        wc_display_warning(s->display, sentence);
}

static bool on_resuming(void *ctx, uint64_t done_bytes, uint64_t bytes)
{
    struct wc_session *s = ctx;
    (void)done_bytes;
    (void)bytes;
    return !atomic_load(&s->cancel_open);
}

static void open_store(uv_work_t *work)
{
    struct wc_session *s = work->data;
    struct wc_store_options options = {
        .output = s->options->output,
        .warn = on_warning,
        .progress = on_resuming,
        .ctx = s,
    };
    s->open_err = wc_jobs_open(&s->jobs, &s->store, s->manifest, s->welcome->manifest_digest,
                               &options, &s->open_why);
}

static enum wc_err start_rxloop(struct wc_session *s, int fd, struct wc_why *why)
{
    const struct wc_welcome *w = s->welcome;
    struct wc_rxloop_config config = {
        .receiver = {.instance = w->instance,
                     .partition = s->manifest->partition,
                     .first = s->manifest->first,
                     .first_count = s->manifest->first_count,
                     .shut = wc_jobs_shut(&s->jobs),
                     .report_interval = WC_US(w->report_interval_us),
                     .beacon_timeout = s->options->beacon_timeout,
                     .silence_max = SILENCE_MAX,
                     .void_max = VOID_MAX,
                     .multicast_only = w->multicast_only},
        .manifest = s->manifest,
        .store = s->store,
        .jobs = &s->jobs,
        .memory_bytes = s->options->memory_bytes,
        .fd = fd,
        .offload = true,
        .wake = on_wake_needed,
        .ctx = &s->wake,
    };
    memcpy(config.key, w->key, sizeof config.key);
    wc_random_bytes(&config.receiver.seed, sizeof config.receiver.seed);
    enum wc_err err = wc_rxloop_start(&s->rxloop, &config);
    explicit_bzero(config.key, sizeof config.key);
    if (err)
        return wc_why_set(why, err, EX_OSERR, "cannot start the data thread: %s", wc_err_text(err));
    return WC_OK;
}

static enum wc_err choose_netif(struct wc_session *s, struct wc_why *why)
{
    struct wc_addr local = wc_client_local_addr(s->client);
    if (!s->options->interface && wc_netif_of_addr(&s->netif, &local) == WC_OK)
        return WC_OK;
    return wc_netif_choose(&s->netif, s->options->interface, s->welcome->group.family, why);
}

/* With a small one, a moment's delay of this process costs datagrams. */
static void look_at_buffer(struct wc_session *s, int fd)
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
    wc_display_warning(s->display, text);
}

/* Joins the group and starts the data thread; the HRESULT of what went wrong. */
static uint32_t start_receiving(struct wc_session *s, struct wc_why *why)
{
    char group[WC_NETADDR_TEXT_BYTES];
    if (choose_netif(s, why))
        return WC_HR_NOT_FOUND;
    wc_display_package(s->display, s->manifest, s->netif.name,
                       wc_netaddr_format(&s->welcome->group, true, group),
                       wc_store_where(s->store));
    int fd = wc_mcast_open_rx(&s->welcome->group, &s->welcome->source, &s->netif,
                              RECEIVE_BUFFER_BYTES, why);
    if (fd < 0)
        return WC_HR_NETWORK;
    look_at_buffer(s, fd);
    return start_rxloop(s, fd, why) ? WC_HR_NO_MEMORY : WC_HR_OK;
}

static void on_store_open(uv_work_t *work, int status)
{
    struct wc_session *s = work->data;
    struct wc_why why = s->open_why;
    (void)status;
    s->opening = false;
    if (s->ended) {
        wc_session_close_handles(s);
        return;
    }
    if (s->open_err) {
        wc_session_fail(s, s->open_err, &why);
        return;
    }
    uint32_t hresult = start_receiving(s, &why);
    if (hresult)
        wc_session_give_up(s, "error", hresult, &why);
}

/* A sender that offers an older package than is wanted: by mistake, or played back. */
static bool is_downgrade(struct wc_session *s)
{
    struct wc_why why;
    if (s->manifest->version >= s->options->version_min)
        return false;
    wc_session_give_up(s, "error", wc_verdict_downgrade(s->manifest, s->options->version_min, &why),
                       &why);
    return true;
}

void wc_entry_begin(struct wc_session *s, const struct wc_welcome *welcome,
                    const struct wc_manifest *manifest)
{
    s->welcome = welcome;
    s->manifest = manifest;
    if (!s->url.has_key && !s->site) {
        memcpy(s->url.key, wc_client_sender_key(s->client), sizeof s->url.key);
        wc_display_trust(s->display, &s->url, "the sender");
    }
    if (is_downgrade(s))
        return;
    s->opening = true;
    s->open_work.data = s;
    uv_queue_work(&s->loop, &s->open_work, open_store, on_store_open);
}
