/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The receiver's end of the control channel: joins a session, takes its descriptor and its
 * manifest, proves both, and carries reports up and status down. */
#ifndef WC_RECEIVER_SHELL_CLIENT_H
#define WC_RECEIVER_SHELL_CLIENT_H

#include <uv.h>

#include "common/core/manifest.h"
#include "common/core/url.h"
#include "common/io/ctrl.h"
#include "common/io/site.h"
#include "common/io/why.h"
#include "receiver/shell/credentials.h"

struct wc_client;

/* Why a session ended early, or that it ended well. */
struct wc_client_end {
    uint32_t hresult; /* 0: the sender took our DONE */
    struct wc_why why;
    bool is_dismissed;         /* by the sender's BYE */
    struct wc_refusal refusal; /* then: what it said */
};

struct wc_client_ops {
    /* The session is known and its manifest is proven: signed by the sender's key. All borrowed
     * until the client is freed. */
    void (*on_package)(void *ctx, const struct wc_welcome *welcome,
                       const struct wc_manifest *manifest);
    void (*on_status)(void *ctx, const struct wc_status *status);
    /* The sender serves us by unicast from now on. */
    void (*on_unicast)(void *ctx, const char *sentence);
    /* Symbols of a block that was asked for; borrowed until return. */
    void (*on_symbols)(void *ctx, const struct wc_symbols *symbols);
    /* Exactly once, last: refused, said BYE, or the connection closed. */
    void (*on_end)(void *ctx, const struct wc_client_end *end);
};

/* Start to join. `ops`, `url` and `site` are borrowed until free. The sender must have the key of
 * the URL, or one that the site with that key signed for the URL's host; with a `site` (else NULL)
 * it must have one that this site signed, whatever key the URL names. WC_E_NOMEM, WC_E_CRYPTO,
 * WC_E_SYS. */
WC_MUST_USE enum wc_err wc_client_open(struct wc_client **ret, uv_loop_t *loop,
                                       const struct wc_url *url, struct wc_site *site,
                                       const char *name, const struct wc_client_ops *ops,
                                       void *ctx);

/* Log on with these, before the loop runs; borrowed until free, and the password is wiped once it
 * was said. The caller knows that the URL's key, or the site, is the right one. WC_E_CRYPTO. */
WC_MUST_USE enum wc_err wc_client_log_on(struct wc_client *c, struct wc_credentials *credentials);

void wc_client_alive(struct wc_client *c);
void wc_client_ready(struct wc_client *c, uint64_t pn);
/* Multicast does not reach us: ask to be served by unicast; on_unicast or on_end answers. */
void wc_client_unicast(struct wc_client *c, const char *sentence);
void wc_client_fetch(struct wc_client *c, uint32_t sbn);
/* A block came whole, and is wrong. */
void wc_client_void(struct wc_client *c, const struct wc_void *void_block);
/* How many files are verified. */
void wc_client_progress(struct wc_client *c, const struct wc_progress *progress);
void wc_client_report(struct wc_client *c, const struct wc_report *report);
/* The last word: all is well (hresult 0: the sender answers with BYE, then on_end) or not (closes
 * after it). */
void wc_client_done(struct wc_client *c, uint32_t hresult, uint64_t bytes, const char *sentence);
/* Do not wait for an answer any longer; on_end follows. */
void wc_client_close(struct wc_client *c);

/* Address of this side, known from on_package on. */
struct wc_addr wc_client_local_addr(const struct wc_client *c);
/* The key of the sender, known from on_package on. */
const uint8_t *wc_client_sender_key(const struct wc_client *c);
/* HOST:PORT as the URL has it, for sentences. */
const char *wc_client_sender_text(const struct wc_client *c);

/* After on_end and after the loop ran empty. NULL is fine. */
void wc_client_free(struct wc_client *c);

#endif
