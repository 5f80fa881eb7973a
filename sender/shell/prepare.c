/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/prepare.h"

#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "common/io/mcast.h"
#include "common/io/netaddr.h"
#include "common/io/signals.h"
#include "sender/shell/keygate.h"
#include "sender/shell/packagesend.h"

#define RATE_UNKNOWN_BPS  1000000000ull
#define RATE_LOOPBACK_BPS 10000000000ull

struct publishing {
    struct wc_display *display;
    int signal_fd;
};

static void on_warning(void *ctx, const char *sentence)
{
    wc_display_warning(ctx, sentence);
}

static void on_finding(void *ctx, const struct wc_finding *finding)
{
    wc_display_finding(ctx, finding);
}

static bool on_progress(void *ctx, uint64_t done_bytes, uint64_t bytes)
{
    struct publishing *p = ctx;
    wc_display_publishing(p->display, done_bytes, bytes);
    return !wc_signals_pending(p->signal_fd);
}

static void on_publish_warning(void *ctx, const char *sentence)
{
    const struct publishing *p = ctx;
    wc_display_warning(p->display, sentence);
}

/* `name`: that the URL will have; NULL: not known yet, and warnings wait for it. */
static enum wc_err check_key(const struct wc_send_options *o, const char *name,
                             struct wc_display *display, struct wc_why *why)
{
    struct wc_keycheck_place place = {.state_dir = o->state_dir,
                                      .site_dir = o->site_dir,
                                      .name = name,
                                      .now_s = (int64_t)time(NULL)};
    struct wc_keygate_listener listener = {.warn = on_finding, .ctx = display};
    return wc_keygate_check(&place, name ? &listener : NULL, why);
}

/* What is sent: a package as it was published, or files that are still to be read. */
static enum wc_err open_content(struct wc_prepared *p, const struct wc_send_options *o,
                                struct wc_display *display, struct wc_why *why)
{
    const char *id;
    struct wc_content_options options = {.warn = on_warning, .ctx = display};
    struct wc_package_opened opened = {.content = NULL};
    enum wc_err err = wc_packagesend_choose(&id, o, why);
    if (err)
        return err;
    p->multicast_only = o->multicast_only;
    if (!id)
        return wc_content_open(&p->content, o->paths, o->path_count, &options, why);
    err = wc_packagesend_open(&opened, o->state_dir, id, p->identity, why);
    if (!err) {
        p->content = opened.content;
        p->session.publication = opened.publication;
        p->multicast_only |= opened.package.multicast_only;
        p->readers = opened.package.readers;
        opened.content = NULL;
        opened.publication = (struct wc_publication){0};
    }
    wc_package_opened_release(&opened);
    return err;
}

static enum wc_err choose_group(const struct wc_send_options *o, struct wc_netif *ret_netif,
                                struct wc_addr *ret_group, struct wc_why *why)
{
    bool chosen = o->group.family != 0;
    uint8_t family = chosen ? o->group.family : 4;
    enum wc_err err = chosen ? wc_netaddr_check_group(&o->group, why) : WC_OK;
    if (!err)
        err = wc_netif_choose(ret_netif, o->interface, family, why);
    if (err && !chosen && wc_netif_choose(ret_netif, o->interface, 6, NULL) == WC_OK) {
        family = 6; /* an interface with IPv6 alone */
        err = WC_OK;
    }
    if (err)
        return err;
    struct wc_addr random = wc_session_random_group(family);
    *ret_group = chosen ? o->group : random;
    if (ret_group->port == 0)
        ret_group->port = random.port;
    return WC_OK;
}

/* Nothing is read again that was published. */
static enum wc_err publish(struct wc_prepared *p, const struct wc_send_options *o, uint8_t family,
                           struct publishing *publishing, struct wc_why *why)
{
    if (p->session.publication.bytes)
        return wc_packagesend_fits(&p->session.publication.manifest, &p->session.netif, family,
                                   why);
    char id[WC_NAME_BYTES_MAX + 1];
    wc_content_default_id(o->paths[0], id);
    struct wc_publish_config config = {
        .id = o->id ? o->id : id,
        .version = 1,
        .symbol_bytes = o->symbol_bytes ? o->symbol_bytes
                                        : wc_session_symbol_bytes(p->session.netif.mtu, family),
        .block_symbols = WC_SOURCE_SYMBOLS_MAX,
        .progress = on_progress,
        .warn = on_publish_warning,
        .ctx = publishing,
    };
    return wc_publish_run(&p->session.publication, p->content, &config, why);
}

static uint64_t rate_of(const struct wc_send_options *o, const struct wc_netif *netif)
{
    if (o->rate_max_bps)
        return o->rate_max_bps;
    if (netif->speed_bps)
        return netif->speed_bps;
    return netif->loopback ? RATE_LOOPBACK_BPS : RATE_UNKNOWN_BPS;
}

enum wc_err wc_prepare(struct wc_prepared *ret, const struct wc_send_options *o,
                       struct wc_display *display, int signal_fd, struct wc_why *why)
{
    struct wc_prepared p = {.fd = -1};
    struct publishing publishing = {.display = display, .signal_fd = signal_fd};
    struct wc_addr group;
    char host[WC_SESSION_HOST_BYTES];
    enum wc_err err = check_key(o, NULL, display, why);
    if (!err)
        err = wc_keygate_open(&p.identity, o->state_dir, why);
    if (!err)
        err = open_content(&p, o, display, why);
    if (!err)
        err = choose_group(o, &p.session.netif, &group, why);
    if (!err)
        err = check_key(o, wc_session_host(&p.session.netif, group.family, host), display, why);
    if (!err) {
        p.fd =
            wc_mcast_open_tx(&group, &p.session.netif, o->ttl, WC_PREPARE_SEND_BUFFER_BYTES, why);
        err = p.fd < 0 ? WC_E_SYS : publish(&p, o, group.family, &publishing, why);
    }
    if (!err) {
        err = wc_session_init(&p.session, p.identity, &group, o->ttl);
        if (err)
            (void)wc_why_set(why, err, EX_SOFTWARE, "cannot sign the manifest: %s",
                             wc_err_text(err));
    }
    if (err) {
        wc_prepared_release(&p);
        return err;
    }
    p.session.welcome.multicast_only = p.multicast_only;
    p.rate_max_bps = rate_of(o, &p.session.netif);
    if (o->has_readers)
        p.readers = o->readers;
    *ret = p;
    return WC_OK;
}

void wc_prepared_release(struct wc_prepared *p)
{
    if (p->fd >= 0)
        close(p->fd);
    wc_session_deinit(&p->session);
    wc_content_close(p->content);
    wc_identity_free(p->identity);
    *p = (struct wc_prepared){.fd = -1};
}
