/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/roster.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/core/hresult.h"
#include "sender/shell/access.h"
#include "sender/shell/farewell.h"
#include "sender/shell/feeder.h"
#include "sender/shell/inspector.h"
#include "sender/shell/refusals.h"

/* Who said nothing for so long after it connected gives up its place. */
#define HELLO_MAX_MS 10000u

struct guest {
    struct wc_roster_entry entry;
    struct wc_ctrl *ctrl; /* NULL: gone */
    uint64_t opened_ms;   /* by the loop's clock */
    uint32_t manifest_sent;
    bool greeted; /* it said HELLO, and whether it may join is being found out */
    bool welcomed;
    uint32_t void_count; /* blocks that it said were wrong */
};

struct wc_roster {
    struct wc_roster_config config;
    struct wc_ctrl_server *server;
    struct guest *guests;
    struct wc_access *access; /* NULL: everybody may join */
    uint32_t connected;
    struct wc_refusals refusals;
    struct wc_feeder *feeder; /* NULL: nobody was served by unicast yet */
    struct wc_inspector *inspector;
    struct wc_sender_stats stats;
    bool closing;
};

static uint32_t index_of(const struct wc_roster *r, const struct guest *g)
{
    return (uint32_t)(g - r->guests);
}

/* False: the data thread is too far behind for news; the connection closes. */
static bool post(struct wc_roster *r, struct guest *g, struct wc_sender_event event)
{
    event.member = index_of(r, g);
    if (wc_txloop_post(r->config.txloop, &event) || event.type == WC_SENDER_REPORT)
        return true; /* a later report says the same again */
    if (g->ctrl)
        wc_ctrl_close(g->ctrl);
    return false;
}

static void change(struct wc_roster *r, struct guest *g, enum wc_member_state state)
{
    g->entry.state = state;
    r->config.on_change(r->config.ctx, &g->entry);
}

/* To whoever is refused here nothing was due yet: no session, or not of this package. */
static void dismiss(const struct wc_roster *r, struct wc_ctrl *c, uint8_t type,
                    const struct wc_farewell *farewell)
{
    uint64_t object_bytes = r->config.session->publication.manifest.partition.object_bytes;
    wc_farewell_say(c, type, farewell, type == WC_MSG_REFUSE ? 0 : object_bytes);
}

static bool is_at_work(const struct guest *g)
{
    return g->entry.state == WC_MEMBER_JOINED || g->entry.state == WC_MEMBER_READY ||
           g->entry.state == WC_MEMBER_UNICAST;
}

/* Places are not used twice, so that the summary knows everybody; but for receivers that come
 * back. */
static struct guest *free_guest(struct wc_roster *r)
{
    for (uint32_t i = 0; i < r->config.member_max; i++)
        if (!r->guests[i].ctrl && r->guests[i].entry.state == WC_MEMBER_NONE)
            return &r->guests[i];
    return NULL;
}

static bool same_host(const char *a, const char *b)
{
    const char *a_port = strrchr(a, ':'), *b_port = strrchr(b, ':');
    size_t n = a_port ? (size_t)(a_port - a) : 0;
    return n && b_port && n == (size_t)(b_port - b) && memcmp(a, b, n) == 0;
}

/* A receiver of this name and host that ended before takes its old place again. */
static struct guest *old_place(struct wc_roster *r, struct guest *g, const char *name)
{
    for (uint32_t i = 0; i < r->config.member_max; i++) {
        struct guest *old = &r->guests[i];
        bool ended = !old->ctrl && old->entry.state != WC_MEMBER_NONE && !is_at_work(old);
        if (!ended || strcmp(old->entry.name, name) != 0 ||
            !same_host(old->entry.peer, g->entry.peer))
            continue;
        *old = *g;
        *g = (struct guest){0};
        wc_ctrl_set_user(old->ctrl, old);
        return old;
    }
    return g;
}

static void on_open(void *ctx, struct wc_ctrl *c)
{
    struct wc_roster *r = ctx;
    struct guest *g = r->closing ? NULL : free_guest(r);
    if (!g) {
        dismiss(r, c, WC_MSG_REFUSE, &wc_farewell_full);
        return;
    }
    *g = (struct guest){.ctrl = c, .opened_ms = uv_now(r->config.loop)};
    snprintf(g->entry.peer, sizeof g->entry.peer, "%s", wc_ctrl_peer_text(c));
    wc_ctrl_set_user(c, g);
    r->connected++;
}

static void send_manifest(struct wc_roster *r, struct guest *g)
{
    const struct wc_publication *p = &r->config.session->publication;
    while (g->welcomed && g->manifest_sent < p->byte_count) {
        size_t left = p->byte_count - g->manifest_sent;
        uint32_t count = left < WC_MANIFEST_PART_MAX ? (uint32_t)left : WC_MANIFEST_PART_MAX;
        struct wc_msg msg = {
            .type = WC_MSG_MANIFEST,
            .manifest_part = {.offset = g->manifest_sent,
                              .byte_count = count,
                              .bytes = p->bytes + g->manifest_sent},
        };
        if (wc_ctrl_send(g->ctrl, &msg))
            return; /* full: on_drain goes on */
        g->manifest_sent += count;
    }
}

static void send_status(struct wc_roster *r, struct guest *g)
{
    const struct wc_sender_stats *s = &r->stats;
    struct wc_msg msg = {
        .type = WC_MSG_STATUS,
        .status = {.phase = (uint8_t)s->phase,
                   .report_interval_us = s->report_interval_us,
                   .receivers = s->joined,
                   .ready = s->ready,
                   .done = s->done,
                   .rate_bps = s->rate_bps},
    };
    /* While bulk is on its way down, a full queue is no sign of anything. */
    bool bulk = g->manifest_sent < r->config.session->publication.byte_count ||
                g->entry.state == WC_MEMBER_UNICAST || g->void_count;
    if (wc_ctrl_send(g->ctrl, &msg) == WC_E_FULL && !bulk) {
        snprintf(g->entry.reason, sizeof g->entry.reason, "it no longer reads its control channel");
        wc_ctrl_close(g->ctrl);
    }
}

static void welcome(struct wc_roster *r, struct guest *g)
{
    struct wc_msg msg = {.type = WC_MSG_WELCOME, .welcome = r->config.session->welcome};
    msg.welcome.pn = wc_txloop_pn(r->config.txloop);
    msg.welcome.report_interval_us = r->stats.report_interval_us;
    g = old_place(r, g, g->entry.name);
    enum wc_err err = wc_ctrl_send(g->ctrl, &msg);
    explicit_bzero(msg.welcome.key, sizeof msg.welcome.key);
    if (err) {
        wc_ctrl_close(g->ctrl);
        return;
    }
    g->welcomed = true;
    send_manifest(r, g);
    if (post(r, g, (struct wc_sender_event){.type = WC_SENDER_JOIN}))
        change(r, g, WC_MEMBER_JOINED);
}

/* What whoever looks after this sender should know. */
static void tell(void *ctx, const char *sentence)
{
    struct wc_roster *r = ctx;
    if (r->config.on_refusal)
        r->config.on_refusal(r->config.ctx, sentence);
}

static void on_access(void *ctx, uint32_t member, const struct wc_finding *refusal)
{
    struct wc_roster *r = ctx;
    struct guest *g = &r->guests[member];
    struct wc_msg msg = {.type = WC_MSG_REFUSE};
    char text[WC_SENTENCE_BYTES_MAX + 160];
    if (!g->ctrl)
        return;
    if (!refusal) {
        welcome(r, g);
        return;
    }
    wc_access_refusal(r->access, refusal, &msg.refusal);
    snprintf(text, sizeof text, "the receiver %s (%s) was refused: %s", g->entry.name,
             g->entry.peer, msg.refusal.sentence);
    wc_refusals_tell(&r->refusals, uv_now(r->config.loop), text);
    (void)!wc_ctrl_send(g->ctrl, &msg);
    wc_ctrl_close(g->ctrl);
}

static void ask_access(struct wc_roster *r, struct guest *g, const struct wc_hello *hello)
{
    struct wc_access_request request = {.hello = hello};
    struct wc_addr local;
    uint8_t digest[WC_DIGEST_BYTES];
    struct wc_publickey *key = wc_ctrl_peer_key(g->ctrl);
    wc_ctrl_addresses(g->ctrl, &local, &request.peer);
    if (key) {
        wc_publickey_digest(key, digest);
        request.certificate = digest;
        wc_publickey_free(key);
    }
    wc_access_ask(r->access, index_of(r, g), &request);
}

static void take_hello(struct wc_roster *r, struct guest *g, const struct wc_hello *hello)
{
    const struct wc_session *s = r->config.session;
    char sentence[WC_SENTENCE_BYTES_MAX + 1];
    if (hello->version != WC_PROTOCOL_VERSION) {
        snprintf(sentence, sizeof sentence, "this sender speaks protocol version %u, you speak %u",
                 WC_PROTOCOL_VERSION, hello->version);
        dismiss(r, g->ctrl, WC_MSG_REFUSE,
                &(struct wc_farewell){WC_HR_PROTOCOL, "session.protocol", sentence,
                                      "install the same version of wimcast on both sides"});
        return;
    }
    if (hello->package[0] && strcmp(hello->package, s->welcome.package) != 0) {
        snprintf(sentence, sizeof sentence, "this session streams package %s, not %s",
                 s->welcome.package, hello->package);
        dismiss(r, g->ctrl, WC_MSG_REFUSE,
                &(struct wc_farewell){WC_HR_NOT_FOUND, "session.other-package", sentence,
                                      "use the URL that the sender printed"});
        return;
    }
    snprintf(g->entry.name, sizeof g->entry.name, "%s", hello->name[0] ? hello->name : "receiver");
    g->greeted = true;
    if (r->access)
        ask_access(r, g, hello);
    else
        welcome(r, g);
}

static void take_done(struct wc_roster *r, struct guest *g, const struct wc_done *done)
{
    snprintf(g->entry.reason, sizeof g->entry.reason, "%s", done->sentence);
    g->entry.bytes = done->bytes;
    post(r, g, (struct wc_sender_event){.type = WC_SENDER_DONE, .ok = done->hresult == 0});
    dismiss(r, g->ctrl, WC_MSG_BYE, &wc_farewell_done);
}

static enum wc_err feed(void *ctx, uint32_t member, const struct wc_msg *msg)
{
    struct wc_roster *r = ctx;
    struct wc_ctrl *c = r->guests[member].ctrl;
    return c ? wc_ctrl_send(c, msg) : WC_E_CLOSED;
}

static void feeding_failed(void *ctx, const struct wc_why *why)
{
    struct wc_roster *r = ctx;
    r->config.on_failure(r->config.ctx, why);
}

static const struct wc_feeder_ops feeder_ops = {.send = feed, .failed = feeding_failed};

static bool open_feeder(struct wc_roster *r)
{
    if (r->feeder)
        return true;
    struct wc_content *content = wc_content_clone(r->config.content);
    return content && wc_feeder_new(&r->feeder, r->config.loop, content,
                                    &r->config.session->publication.manifest.partition,
                                    r->config.member_max, &feeder_ops, r) == WC_OK;
}

/* Who gets its blocks by multicast may ask for those that came wrong. */
static bool may_fetch(const struct wc_roster *r, const struct guest *g)
{
    bool mends = g->entry.state == WC_MEMBER_READY && g->void_count &&
                 !r->config.session->welcome.multicast_only;
    return mends || g->entry.state == WC_MEMBER_UNICAST;
}

static void take_fetch(struct wc_roster *r, struct guest *g, const struct wc_fetch *fetch)
{
    post(r, g, (struct wc_sender_event){.type = WC_SENDER_ALIVE});
    if (!may_fetch(r, g) || !open_feeder(r))
        return;
    if (wc_feeder_want(r->feeder, index_of(r, g), fetch))
        dismiss(r, g->ctrl, WC_MSG_BYE, &wc_farewell_no_block);
}

/* It says that a block is wrong, though it came authentic. */
static void take_void(struct wc_roster *r, struct guest *g, const struct wc_void *said)
{
    const struct wc_sender_stats *s = &r->stats;
    post(r, g, (struct wc_sender_event){.type = WC_SENDER_ALIVE});
    if (!is_at_work(g))
        return;
    g->void_count++;
    if (wc_inspector_void(r->inspector, index_of(r, g), g->entry.name,
                          s->joined - s->done - s->failed, said))
        dismiss(r, g->ctrl, WC_MSG_BYE, &wc_farewell_no_block);
}

/* It says that multicast does not reach it. */
static void take_unicast(struct wc_roster *r, struct guest *g, const struct wc_unicast *why)
{
    if (r->config.session->welcome.multicast_only) {
        snprintf(g->entry.reason, sizeof g->entry.reason, "%s", why->sentence);
        dismiss(r, g->ctrl, WC_MSG_BYE, &wc_farewell_multicast_only);
        return;
    }
    snprintf(g->entry.reason, sizeof g->entry.reason, "%s", why->sentence);
    post(r, g, (struct wc_sender_event){.type = WC_SENDER_UNICAST});
}

static void take_progress(struct wc_roster *r, struct guest *g, const struct wc_progress *files)
{
    post(r, g, (struct wc_sender_event){.type = WC_SENDER_ALIVE});
    g->entry.files = *files;
}

static void on_msg(void *ctx, struct wc_ctrl *c, const struct wc_msg *msg)
{
    struct wc_roster *r = ctx;
    struct guest *g = wc_ctrl_user(c);
    if (!g)
        return;
    if (msg->type == WC_MSG_HELLO && !g->greeted) {
        take_hello(r, g, &msg->hello);
        return;
    }
    if (!g->welcomed) {
        dismiss(r, c, WC_MSG_REFUSE, &wc_farewell_no_hello);
        return;
    }
    switch (msg->type) {
    case WC_MSG_READY:
        post(r, g, (struct wc_sender_event){.type = WC_SENDER_READY});
        break;
    case WC_MSG_REPORT:
        post(r, g, (struct wc_sender_event){.type = WC_SENDER_REPORT, .report = &msg->report});
        break;
    case WC_MSG_DONE:
        take_done(r, g, &msg->done);
        break;
    case WC_MSG_UNICAST:
        take_unicast(r, g, &msg->unicast);
        break;
    case WC_MSG_FETCH:
        take_fetch(r, g, &msg->fetch);
        break;
    case WC_MSG_VOID:
        take_void(r, g, &msg->void_block);
        break;
    case WC_MSG_PROGRESS:
        take_progress(r, g, &msg->progress);
        break;
    case WC_MSG_BYE:
        snprintf(g->entry.reason, sizeof g->entry.reason, "%s", msg->refusal.sentence);
        wc_ctrl_close(c);
        break;
    default:
        post(r, g, (struct wc_sender_event){.type = WC_SENDER_ALIVE});
        break;
    }
}

static void on_drain(void *ctx, struct wc_ctrl *c)
{
    struct wc_roster *r = ctx;
    struct guest *g = wc_ctrl_user(c);
    if (!g)
        return;
    send_manifest(r, g);
    if (r->feeder)
        wc_feeder_drained(r->feeder, index_of(r, g));
}

static void tell_refusal(struct wc_roster *r, const struct wc_ctrl *c)
{
    char text[WC_SENTENCE_BYTES_MAX];
    const char *refusal = wc_ctrl_refusal(c);
    if (!refusal)
        return;
    snprintf(text, sizeof text,
             "the receiver %s does not trust this sender's key: %s; see what it says there, and "
             "here wimcast-sender key verify",
             wc_ctrl_peer_text(c), refusal);
    wc_refusals_tell(&r->refusals, uv_now(r->config.loop), text);
}

static void on_close(void *ctx, struct wc_ctrl *c, enum wc_err err, const char *why)
{
    struct wc_roster *r = ctx;
    struct guest *g = wc_ctrl_user(c);
    if (!g) {
        tell_refusal(r, c);
        return;
    }
    g->ctrl = NULL;
    r->connected--;
    if (r->access)
        wc_access_forget(r->access, index_of(r, g));
    if (r->feeder)
        wc_feeder_drop(r->feeder, index_of(r, g));
    if (err && !g->entry.reason[0])
        snprintf(g->entry.reason, sizeof g->entry.reason, "%s", why);
    if (g->welcomed)
        post(r, g, (struct wc_sender_event){.type = WC_SENDER_LEAVE});
}

static const struct wc_ctrl_ops roster_ops = {
    .on_open = on_open, .on_msg = on_msg, .on_drain = on_drain, .on_close = on_close};

static enum wc_err listen_near(struct wc_roster *r, uint16_t port, bool port_is_fixed,
                               struct wc_why *why)
{
    const char *reason = "";
    for (uint32_t i = 0; i < (port_is_fixed ? 1 : WC_ROSTER_PORT_TRIES); i++) {
        if (port + i > UINT16_MAX)
            break;
        uint16_t candidate = (uint16_t)(port + i);
        if (wc_ctrl_listen(&r->server, r->config.loop, r->config.tls, NULL, candidate, &roster_ops,
                           r, &reason) == WC_OK)
            return WC_OK;
    }
    return wc_why_set(why, WC_E_SYS, EX_UNAVAILABLE,
                      "cannot listen for receivers on TCP port %u: %s; choose another with --port",
                      port, reason);
}

static enum wc_err open_access(struct wc_roster *r, struct wc_why *why)
{
    const struct wc_roster_config *c = &r->config;
    struct wc_access_config config = {
        .loop = c->loop,
        .state_dir = c->state_dir,
        .readers = c->readers,
        .package = c->session->welcome.package,
        .due_bytes = c->session->publication.manifest.partition.object_bytes,
        .multicast_only = c->session->welcome.multicast_only,
        .member_max = c->member_max,
        .answer = on_access,
        .warn = tell,
        .ctx = r,
    };
    char doubt[WC_SENTENCE_BYTES_MAX + 1];
    enum wc_err err = c->readers ? wc_access_open(&r->access, &config, why) : WC_OK;
    if (!err && r->access && wc_access_doubt(r->access, doubt))
        tell(r, doubt);
    return err;
}

enum wc_err wc_roster_open(struct wc_roster **ret, const struct wc_roster_config *config,
                           uint16_t port, bool port_is_fixed, struct wc_why *why)
{
    struct wc_roster *r = calloc(1, sizeof *r);
    if (r)
        r->guests = calloc(config->member_max, sizeof *r->guests);
    if (!r || !r->guests) {
        free(r);
        return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory for %u receivers",
                          config->member_max);
    }
    r->config = *config;
    r->refusals = (struct wc_refusals){.tell = tell, .ctx = r};
    r->stats.report_interval_us = 20000;
    r->inspector =
        wc_inspector_new(config->loop, config->content, &config->session->publication.manifest,
                         config->on_finding, config->on_failure, config->ctx);
    enum wc_err err = open_access(r, why);
    if (!err)
        err = listen_near(r, port, port_is_fixed, why);
    if (err) {
        wc_roster_free(r);
        return err;
    }
    *ret = r;
    return WC_OK;
}

uint16_t wc_roster_port(const struct wc_roster *r)
{
    return wc_ctrl_server_port(r->server);
}

static void announce_unicast(struct guest *g)
{
    struct wc_msg msg = {.type = WC_MSG_UNICAST};
    if (!g->entry.reason[0])
        snprintf(g->entry.reason, sizeof g->entry.reason,
                 "slower than the group, or the last one: served by unicast");
    snprintf(msg.unicast.sentence, sizeof msg.unicast.sentence, "%s", g->entry.reason);
    if (g->ctrl)
        (void)!wc_ctrl_send(g->ctrl, &msg);
}

void wc_roster_member(struct wc_roster *r, uint32_t member, enum wc_member_state state)
{
    struct guest *g = &r->guests[member];
    if (state == WC_MEMBER_JOINED)
        return; /* said when it came */
    if (state == WC_MEMBER_SILENT) {
        snprintf(g->entry.reason, sizeof g->entry.reason, "it fell silent: no report for 10 s");
        if (g->ctrl)
            dismiss(r, g->ctrl, WC_MSG_BYE, &wc_farewell_silent);
    }
    if (state == WC_MEMBER_UNICAST)
        announce_unicast(g);
    if (state == WC_MEMBER_SLOW) {
        snprintf(g->entry.reason, sizeof g->entry.reason,
                 "it took less than the floor rate (--slow-rate), and the policy is to disconnect");
        if (g->ctrl)
            dismiss(r, g->ctrl, WC_MSG_BYE, &wc_farewell_slow);
    }
    if (state == WC_MEMBER_LOST && !g->entry.reason[0])
        snprintf(g->entry.reason, sizeof g->entry.reason, "its connection closed");
    change(r, g, state);
}

const struct wc_roster_entry *wc_roster_next(const struct wc_roster *r, uint32_t *at)
{
    while (r && *at < r->config.member_max)
        if (r->guests[(*at)++].entry.state != WC_MEMBER_NONE)
            return &r->guests[*at - 1].entry;
    return NULL;
}

static uint32_t hello_max_ms(const struct wc_roster *r)
{
    return r->config.hello_max_ms ? r->config.hello_max_ms : HELLO_MAX_MS;
}

void wc_roster_status(struct wc_roster *r, const struct wc_sender_stats *stats)
{
    r->stats = *stats;
    wc_refusals_sum(&r->refusals, uv_now(r->config.loop), false);
    for (uint32_t i = 0; i < r->config.member_max; i++) {
        struct guest *g = &r->guests[i];
        if (g->ctrl && g->welcomed)
            send_status(r, g);
        else if (g->ctrl && !g->greeted && uv_now(r->config.loop) - g->opened_ms > hello_max_ms(r))
            wc_ctrl_close(g->ctrl);
    }
}

static void close_all(struct wc_roster *r, const struct wc_farewell *farewell)
{
    r->closing = true;
    wc_refusals_sum(&r->refusals, uv_now(r->config.loop), true);
    wc_inspector_hush(r->inspector);
    for (uint32_t i = 0; i < r->config.member_max; i++)
        if (r->guests[i].ctrl)
            dismiss(r, r->guests[i].ctrl, WC_MSG_BYE, farewell);
    if (r->server)
        wc_ctrl_server_close(r->server);
    r->server = NULL;
}

void wc_roster_close(struct wc_roster *r, uint32_t hresult, const char *sentence)
{
    close_all(r, &(struct wc_farewell){hresult, "", sentence, ""});
}

void wc_roster_fail(struct wc_roster *r, const struct wc_why *why)
{
    uint32_t hresult = why->hresult ? why->hresult : WC_HR_READ_FAULT;
    close_all(r, &(struct wc_farewell){hresult, why->finding, why->text, ""});
}

bool wc_roster_is_empty(const struct wc_roster *r)
{
    return r->connected == 0;
}

void wc_roster_free(struct wc_roster *r)
{
    if (!r)
        return;
    assert(wc_roster_is_empty(r));
    wc_feeder_free(r->feeder);
    wc_access_free(r->access);
    wc_inspector_free(r->inspector);
    free(r->guests);
    free(r);
}
