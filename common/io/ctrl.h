/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control channel: framed messages over TLS over TCP, on a libuv loop. One loop, one thread. */
#ifndef WC_IO_CTRL_H
#define WC_IO_CTRL_H

#include <uv.h>

#include "common/core/msg.h"
#include "common/io/tls.h"

struct wc_ctrl;        /* one connection, either side */
struct wc_ctrl_server; /* listening */

/* All are called from the loop, never from inside wc_ctrl_send or wc_ctrl_close. */
struct wc_ctrl_ops {
    /* Handshake done: messages may be sent. */
    void (*on_open)(void *ctx, struct wc_ctrl *c);
    /* `msg` is borrowed until return. */
    void (*on_msg)(void *ctx, struct wc_ctrl *c, const struct wc_msg *msg);
    /* The send queue fell below half of its limit: room again for bulk messages. */
    void (*on_drain)(void *ctx, struct wc_ctrl *c);
    /* Exactly once per connection (also when on_open never came); `c` is gone after return. `why`:
     * for people, names the peer. WC_E_CLOSED: the peer closed; WC_OK: this side closed. */
    void (*on_close)(void *ctx, struct wc_ctrl *c, enum wc_err err, const char *why);
};

#define WC_CTRL_QUEUE_BYTES_MAX      (1u << 20)
#define WC_CTRL_HANDSHAKE_TIMEOUT_MS 10000u
#define WC_CTRL_CONNECTIONS_MAX      (WC_MEMBERS_MAX + 64u)

/* Listen on `host` (NULL: all addresses, IPv6 and IPv4) and `port`; 0: any free one. `tls`, `ops`
 * borrowed until the server is freed. WC_E_SYS with *ret_why (static or inside the server's
 * lifetime), for instance the port is in use. */
WC_MUST_USE enum wc_err wc_ctrl_listen(struct wc_ctrl_server **ret, uv_loop_t *loop,
                                       struct wc_tls_context *tls, const char *host, uint16_t port,
                                       const struct wc_ctrl_ops *ops, void *ctx,
                                       const char **ret_why);
uint16_t wc_ctrl_server_port(const struct wc_ctrl_server *s);
/* Stop listening and close what is open (on_close comes for each from the loop). */
void wc_ctrl_server_close(struct wc_ctrl_server *s);

/* Resolve, connect (each address in turn), shake hands; failures arrive in on_close. WC_E_NOMEM,
 * WC_E_SYS. */
WC_MUST_USE enum wc_err wc_ctrl_connect(struct wc_ctrl **ret, uv_loop_t *loop,
                                        struct wc_tls_context *tls, const char *host, uint16_t port,
                                        const struct wc_ctrl_ops *ops, void *ctx);

/* Queue a message. WC_E_FULL: the queue holds WC_CTRL_QUEUE_BYTES_MAX (bulk messages wait for
 * on_drain; for others the peer does not read: close it). WC_E_STATE: not open. */
WC_MUST_USE enum wc_err wc_ctrl_send(struct wc_ctrl *c, const struct wc_msg *msg);
size_t wc_ctrl_queued_bytes(const struct wc_ctrl *c);

/* Send what is queued, close_notify, then close; at most a second. Idempotent. */
void wc_ctrl_close(struct wc_ctrl *c);

void wc_ctrl_set_user(struct wc_ctrl *c, void *user);
void *wc_ctrl_user(const struct wc_ctrl *c);
const char *wc_ctrl_peer_text(const struct wc_ctrl *c); /* "10.0.0.7:40112", valid as long as c */
/* Address of this side and of the peer of an open connection. */
void wc_ctrl_addresses(const struct wc_ctrl *c, struct wc_addr *ret_local,
                       struct wc_addr *ret_peer);
/* As wc_tls_peer_key. */
struct wc_publickey *wc_ctrl_peer_key(const struct wc_ctrl *c);

#endif
