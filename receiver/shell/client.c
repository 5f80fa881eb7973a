/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/core/hresult.h"
#include "common/diag/key_rules.h"
#include "common/io/alloc.h"
#include "common/io/digest.h"
#include "receiver/shell/refused.h"

#define SIGNATURE_BYTES 64u /* Ed25519 */

struct wc_client {
    const struct wc_url *url;
    const struct wc_client_ops *ops;
    void *ctx;
    struct wc_credentials *credentials; /* NULL: none */
    struct wc_tls_context *tls;
    struct wc_ctrl *ctrl; /* NULL: closed */
    char name[WC_NAME_BYTES_MAX + 1];
    char sender_text[WC_HOST_BYTES_MAX + 16];
    struct wc_welcome welcome;
    bool greeted; /* HELLO is on its way */
    bool welcomed;
    uint8_t *manifest_bytes; /* grows with what comes, never by what is claimed */
    uint32_t manifest_got;
    struct wc_manifest manifest;
    bool has_package;
    struct wc_addr local;
    uint8_t sender_key[WC_DIGEST_BYTES];
    struct wc_client_end end;
    bool end_known;
    bool said_done;
};

static void end_with(struct wc_client *c, uint32_t hresult, int exit_code, const char *sentence)
{
    if (c->end_known)
        return;
    c->end_known = true;
    c->end.hresult = hresult;
    (void)wc_why_set(&c->end.why, WC_OK, exit_code, "%s", sentence);
    if (c->ctrl)
        wc_ctrl_close(c->ctrl);
}

/* The sender's key, or what hangs on it, is wrong: as the rules say it. */
static void end_with_sight(struct wc_client *c, struct wc_key_sight *sight)
{
    struct wc_findings findings = {.count = 0};
    char text[WC_SENTENCE_BYTES_MAX];
    sight->by_receiver = true;
    snprintf(sight->place, sizeof sight->place, "%s", c->sender_text);
    wc_key_rules(sight, &findings);
    const struct wc_finding *f = wc_findings_worst(&findings);
    if (!f)
        return;
    wc_finding_line(f, text, sizeof text);
    end_with(c, f->kind->hresult, f->kind->exit_code, text);
    snprintf(c->end.why.finding, sizeof c->end.why.finding, "%s", f->kind->id);
}

static void end_with_reply(struct wc_client *c, enum wc_key_reply reply, uint64_t got_bytes,
                           uint64_t due_bytes)
{
    struct wc_key_sight sight = {.reply = reply, .got_bytes = got_bytes, .due_bytes = due_bytes};
    memcpy(sight.key_digest, c->sender_key, sizeof sight.key_digest);
    end_with_sight(c, &sight);
}

static void send_msg(struct wc_client *c, const struct wc_msg *msg)
{
    enum wc_err err = c->ctrl && !c->end_known ? wc_ctrl_send(c->ctrl, msg) : WC_OK;
    if (err == WC_E_FULL && msg->type != WC_MSG_REPORT)
        end_with(c, WC_HR_CONNECTION, EX_TEMPFAIL,
                 "the sender no longer reads its control channel; look at the sender");
}

static void on_open(void *ctx, struct wc_ctrl *ctrl)
{
    struct wc_client *c = ctx;
    struct wc_msg msg = {.type = WC_MSG_HELLO, .hello.version = WC_PROTOCOL_VERSION};
    struct wc_addr peer;
    wc_ctrl_addresses(ctrl, &c->local, &peer);
    snprintf(msg.hello.name, sizeof msg.hello.name, "%s", c->name);
    snprintf(msg.hello.package, sizeof msg.hello.package, "%s", c->url->package);
    if (c->credentials) {
        snprintf(msg.hello.account, sizeof msg.hello.account, "%s", c->credentials->account);
        snprintf(msg.hello.password, sizeof msg.hello.password, "%s", c->credentials->password);
        explicit_bzero(c->credentials->password, sizeof c->credentials->password);
    }
    c->greeted = true;
    send_msg(c, &msg);
    explicit_bzero(msg.hello.password, sizeof msg.hello.password);
}

static int exit_of(uint32_t hresult)
{
    switch (hresult) {
    case WC_HR_NOT_FOUND:
        return EX_NOINPUT;
    case WC_HR_ACCESS_DENIED:
    case WC_HR_LOGON_FAILURE:
        return EX_NOPERM;
    case WC_HR_PROTOCOL:
        return EX_PROTOCOL;
    case WC_HR_FAIL:
        return EX_CONFIG;
    case WC_HR_HASH_VALUE:
        return EX_DATAERR;
    default:
        return EX_TEMPFAIL;
    }
}

static void take_refusal(struct wc_client *c, const struct wc_refusal *r, bool refused)
{
    char text[2 * WC_SENTENCE_BYTES_MAX + 64];
    if (r->hresult == 0 && c->said_done) {
        end_with(c, 0, EX_OK, "");
        return;
    }
    if (refused && r->hresult && r->finding[0]) {
        end_with(c, r->hresult, exit_of(r->hresult), wc_refused_line(r, c->url->package, text));
        snprintf(c->end.why.finding, sizeof c->end.why.finding, "%s", r->finding);
        return;
    }
    if (r->hresult == 0)
        snprintf(text, sizeof text, "the sender ended the session before this receiver was done");
    else
        snprintf(text, sizeof text, "%s (0x%08X): %s%s%s",
                 refused ? "the sender refused" : "the sender ended the session", r->hresult,
                 r->sentence, r->fix[0] ? "; " : "", r->fix);
    c->end.is_dismissed = !refused;
    c->end.refusal = *r;
    end_with(c, r->hresult ? r->hresult : WC_HR_CONNECTION, exit_of(r->hresult), text);
    snprintf(c->end.why.finding, sizeof c->end.why.finding, "%s", r->finding);
}

/* The manifest is what the descriptor says and what the sender's key signed. NULL: it is; else what
 * is wrong, unless the end is known by then. */
static const char *prove(struct wc_client *c)
{
    const struct wc_welcome *w = &c->welcome;
    struct wc_digest *hash;
    if (wc_digest_new(&hash))
        return "out of memory";
    uint8_t digest[WC_DIGEST_BYTES];
    wc_digest_of(hash, c->manifest_bytes, c->manifest_got, digest);
    wc_digest_free(hash);
    if (!wc_digest_equal(digest, w->manifest_digest)) {
        end_with_reply(c, WC_KEY_REPLY_SWAPPED, 0, 0);
        return "the manifest is not the one that the session descriptor names";
    }
    struct wc_publickey *key = wc_ctrl_peer_key(c->ctrl);
    if (!key)
        return "the sender showed no key";
    wc_publickey_digest(key, c->sender_key);
    enum wc_err err = wc_publickey_verify(key, c->manifest_bytes, c->manifest_got, w->signature,
                                          w->signature_bytes);
    wc_publickey_free(key);
    if (w->signature_bytes < SIGNATURE_BYTES) {
        end_with_reply(c, WC_KEY_REPLY_UNSIGNED, w->signature_bytes, SIGNATURE_BYTES);
        return "the manifest is not signed";
    }
    if (err) {
        end_with_reply(c, WC_KEY_REPLY_OTHER_KEY, 0, 0);
        return "the manifest is signed by another key";
    }
    if (wc_manifest_decode(&c->manifest, c->manifest_bytes, c->manifest_got, &wc_alloc_libc))
        return "the manifest is malformed";
    if (strcmp(c->manifest.id, w->package) != 0) {
        end_with_reply(c, WC_KEY_REPLY_SWAPPED, 0, 0);
        return "the manifest is of another package than the session";
    }
    return NULL;
}

static void take_package(struct wc_client *c)
{
    const char *wrong = prove(c);
    free(c->manifest_bytes);
    c->manifest_bytes = NULL;
    if (!wrong && c->manifest.partition.block_count == 0)
        wrong = "the package is empty";
    if (wrong) {
        char text[WC_SENTENCE_BYTES_MAX];
        snprintf(text, sizeof text, "%s; publish the package again on %s", wrong, c->sender_text);
        end_with(c, WC_HR_FAIL, EX_PROTOCOL, text);
        return;
    }
    c->has_package = true;
    c->ops->on_package(c->ctx, &c->welcome, &c->manifest);
}

static bool grow(struct wc_client *c, uint32_t by)
{
    uint8_t *bytes = realloc(c->manifest_bytes, (size_t)c->manifest_got + by);
    if (!bytes)
        return false;
    c->manifest_bytes = bytes;
    return true;
}

static void take_part(struct wc_client *c, const struct wc_manifest_part *part)
{
    uint32_t total = c->welcome.manifest_bytes;
    bool fits = c->welcomed && !c->has_package && part->offset == c->manifest_got &&
                part->byte_count <= total - c->manifest_got;
    if (!fits) {
        end_with(c, WC_HR_PROTOCOL, EX_PROTOCOL, "the sender's manifest came in disorder");
        return;
    }
    if (!grow(c, part->byte_count)) {
        end_with(c, WC_HR_FAIL, EX_OSERR, "out of memory for the manifest");
        return;
    }
    memcpy(c->manifest_bytes + c->manifest_got, part->bytes, part->byte_count);
    c->manifest_got += part->byte_count;
    if (c->manifest_got == total)
        take_package(c);
}

static void take_welcome(struct wc_client *c, const struct wc_welcome *welcome)
{
    if (c->welcomed || welcome->manifest_bytes == 0 ||
        welcome->manifest_bytes > WC_MANIFEST_BYTES_MAX) {
        end_with(c, WC_HR_PROTOCOL, EX_PROTOCOL, "the sender's session descriptor is malformed");
        return;
    }
    if (c->url->package[0] && strcmp(c->url->package, welcome->package) != 0) {
        end_with(c, WC_HR_NOT_FOUND, EX_NOINPUT,
                 "the sender streams another package than the URL names");
        return;
    }
    c->welcomed = true;
    c->welcome = *welcome;
}

static void on_msg(void *ctx, struct wc_ctrl *ctrl, const struct wc_msg *msg)
{
    struct wc_client *c = ctx;
    (void)ctrl;
    if (c->end_known)
        return;
    switch (msg->type) {
    case WC_MSG_WELCOME:
        take_welcome(c, &msg->welcome);
        break;
    case WC_MSG_MANIFEST:
        take_part(c, &msg->manifest_part);
        break;
    case WC_MSG_STATUS:
        if (c->has_package)
            c->ops->on_status(c->ctx, &msg->status);
        break;
    case WC_MSG_UNICAST:
        if (c->has_package)
            c->ops->on_unicast(c->ctx, msg->unicast.sentence);
        break;
    case WC_MSG_SYMBOLS:
        if (c->has_package)
            c->ops->on_symbols(c->ctx, &msg->symbols);
        break;
    case WC_MSG_REFUSE:
    case WC_MSG_BYE:
        take_refusal(c, &msg->refusal, msg->type == WC_MSG_REFUSE);
        break;
    default:
        break;
    }
}

static void on_drain(void *ctx, struct wc_ctrl *ctrl)
{
    (void)ctx;
    (void)ctrl;
}

static int exit_of_close(const struct wc_client *c, enum wc_err err)
{
    switch (err) {
    case WC_E_AUTH:
        return EX_NOPERM;
    case WC_E_NOT_FOUND:
        return EX_NOHOST;
    case WC_E_FORMAT:
        return EX_PROTOCOL;
    default:
        return c->welcomed ? EX_TEMPFAIL : EX_UNAVAILABLE;
    }
}

/* The connection ended, and what is lacking is known. */
static void name_the_cause(struct wc_client *c, const struct wc_ctrl *ctrl, enum wc_err err,
                           const char *why)
{
    const struct wc_key_sight *refused = wc_ctrl_refused(ctrl);
    if (err == WC_E_AUTH && refused) {
        struct wc_key_sight sight = *refused;
        end_with_sight(c, &sight);
    } else if (err == WC_E_CLOSED && c->greeted && !c->welcomed) {
        end_with_reply(c, WC_KEY_REPLY_EMPTY, 0, 0);
    } else if (err == WC_E_SHORT && c->greeted && !c->welcomed) {
        end_with_reply(c, WC_KEY_REPLY_CUT, 0, 0);
    } else if (err == WC_E_RANGE && c->greeted && !c->welcomed) {
        end_with_reply(c, WC_KEY_REPLY_NO_CONTENT, 0, 0);
    } else if ((err == WC_E_CLOSED || err == WC_E_SHORT) && c->welcomed && !c->has_package) {
        end_with_reply(c, WC_KEY_REPLY_PART, c->manifest_got, c->welcome.manifest_bytes);
    } else if (err == WC_E_VERSION) {
        end_with(c, WC_HR_PROTOCOL, EX_PROTOCOL, why);
        snprintf(c->end.why.finding, sizeof c->end.why.finding, "session.protocol");
    }
}

static void on_close(void *ctx, struct wc_ctrl *ctrl, enum wc_err err, const char *why)
{
    struct wc_client *c = ctx;
    c->ctrl = NULL;
    if (!c->end_known)
        name_the_cause(c, ctrl, err, why);
    if (!c->end_known && c->said_done && (err == WC_OK || err == WC_E_CLOSED)) {
        end_with(c, 0, EX_OK, "");
    } else if (!c->end_known) {
        char text[WC_SENTENCE_BYTES_MAX];
        snprintf(text, sizeof text, "%s%s", c->welcomed ? "lost the sender: " : "", why);
        int exit_code = exit_of_close(c, err);
        end_with(c, err == WC_E_AUTH ? WC_HR_FAIL : WC_HR_CONNECTION, exit_code, text);
    }
    c->ops->on_end(c->ctx, &c->end);
}

static const struct wc_ctrl_ops client_ops = {
    .on_open = on_open, .on_msg = on_msg, .on_drain = on_drain, .on_close = on_close};

enum wc_err wc_client_open(struct wc_client **ret, uv_loop_t *loop, const struct wc_url *url,
                           struct wc_site *site, const char *name, const struct wc_client_ops *ops,
                           void *ctx)
{
    struct wc_key_trust trust = {
        .key_digest = url->has_key ? url->key : NULL, .site = site, .host = url->host};
    struct wc_client *c = calloc(1, sizeof *c);
    if (!c)
        return WC_E_NOMEM;
    c->url = url;
    c->ops = ops;
    c->ctx = ctx;
    snprintf(c->name, sizeof c->name, "%s", name);
    snprintf(c->sender_text, sizeof c->sender_text, "%s:%u", url->host, url->port);
    enum wc_err err = wc_tls_client_new_for(&c->tls, &trust);
    if (!err)
        err = wc_ctrl_connect(&c->ctrl, loop, c->tls, url->host, url->port, &client_ops, c);
    if (err) {
        wc_client_free(c);
        return err;
    }
    *ret = c;
    return WC_OK;
}

enum wc_err wc_client_log_on(struct wc_client *c, struct wc_credentials *credentials)
{
    c->credentials = credentials;
    return credentials->certificate ? wc_tls_client_show(c->tls, credentials->certificate) : WC_OK;
}

void wc_client_alive(struct wc_client *c)
{
    send_msg(c, &(struct wc_msg){.type = WC_MSG_ALIVE});
}

void wc_client_ready(struct wc_client *c, uint64_t pn)
{
    send_msg(c, &(struct wc_msg){.type = WC_MSG_READY, .ready.pn = pn});
}

void wc_client_unicast(struct wc_client *c, const char *sentence)
{
    struct wc_msg msg = {.type = WC_MSG_UNICAST};
    snprintf(msg.unicast.sentence, sizeof msg.unicast.sentence, "%s", sentence);
    send_msg(c, &msg);
}

void wc_client_fetch(struct wc_client *c, uint32_t sbn)
{
    send_msg(c, &(struct wc_msg){.type = WC_MSG_FETCH, .fetch = {.sbn = sbn, .block_count = 1}});
}

void wc_client_void(struct wc_client *c, const struct wc_void *void_block)
{
    send_msg(c, &(struct wc_msg){.type = WC_MSG_VOID, .void_block = *void_block});
}

void wc_client_progress(struct wc_client *c, const struct wc_progress *progress)
{
    send_msg(c, &(struct wc_msg){.type = WC_MSG_PROGRESS, .progress = *progress});
}

void wc_client_report(struct wc_client *c, const struct wc_report *report)
{
    struct wc_msg msg = {.type = WC_MSG_REPORT};
    msg.report = *report;
    send_msg(c, &msg);
}

void wc_client_done(struct wc_client *c, uint32_t hresult, uint64_t bytes, const char *sentence)
{
    struct wc_msg msg = {.type = WC_MSG_DONE, .done = {.hresult = hresult, .bytes = bytes}};
    snprintf(msg.done.sentence, sizeof msg.done.sentence, "%s", sentence);
    send_msg(c, &msg);
    c->said_done = true;
    if (hresult)
        wc_client_close(c);
}

void wc_client_close(struct wc_client *c)
{
    if (c->ctrl)
        wc_ctrl_close(c->ctrl);
}

struct wc_addr wc_client_local_addr(const struct wc_client *c)
{
    return c->local;
}

const uint8_t *wc_client_sender_key(const struct wc_client *c)
{
    return c->sender_key;
}

const char *wc_client_sender_text(const struct wc_client *c)
{
    return c->sender_text;
}

void wc_client_free(struct wc_client *c)
{
    if (!c)
        return;
    explicit_bzero(c->welcome.key, sizeof c->welcome.key);
    wc_tls_context_free(c->tls);
    wc_manifest_deinit(&c->manifest, &wc_alloc_libc);
    free(c->manifest_bytes);
    free(c);
}
