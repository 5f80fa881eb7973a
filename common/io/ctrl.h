/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control channel: framed messages over TLS over TCP, on a libuv loop. One loop, one thread.
 * Writing to a peer that is gone must not end the program: libuv sends with MSG_NOSIGNAL, and
 * programs ignore SIGPIPE for everything else that they write to. */
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
    /* `msg` is borrowed until return. Of a HELLO of another version, only the version counts. */
    void (*on_msg)(void *ctx, struct wc_ctrl *c, const struct wc_msg *msg);
    /* The send queue fell below half of its limit: room again for bulk messages. */
    void (*on_drain)(void *ctx, struct wc_ctrl *c);
    /* Exactly once per connection (also when on_open never came); `c` is gone after return. `why`:
     * for people, names the peer. WC_OK: this side closed; WC_E_CLOSED: the peer closed;
     * WC_E_SHORT: it did so in the middle of a message; WC_E_NOT_FOUND: no such name; WC_E_SYS:
     * unreachable, refused, reset, silent for about 10 s; WC_E_AUTH: the sender's key is not to be
     * trusted; WC_E_CRYPTO: TLS failed; WC_E_FULL: the peer does not read; else what its malformed
     * message was (WC_E_VERSION, ...). */
    void (*on_close)(void *ctx, struct wc_ctrl *c, enum wc_err err, const char *why);
};

#define WC_CTRL_QUEUE_BYTES_MAX (1u << 16) /* soft: one message may pass it */
#define WC_CTRL_OPEN_TIMEOUT_MS 10000u     /* until on_open */
#define WC_CTRL_CONNECTIONS_MAX (WC_MEMBERS_MAX + 64u)

/* Listen on the address `host` (NULL: all addresses, IPv6 and IPv4) and `port`; 0: any free one.
 * `tls`, `ops` are borrowed until all connections are closed. WC_E_SYS with *ret_why (static), for
 * instance "address already in use"; the loop must run once more then, to close the socket. */
WC_MUST_USE enum wc_err wc_ctrl_listen(struct wc_ctrl_server **ret, uv_loop_t *loop,
                                       struct wc_tls_context *tls, const char *host, uint16_t port,
                                       const struct wc_ctrl_ops *ops, void *ctx,
                                       const char **ret_why);
uint16_t wc_ctrl_server_port(const struct wc_ctrl_server *s);
/* For connections to come: time until on_open, and how many there may be at once; those beyond are
 * dropped without a word, as are those for which there is no memory or descriptor. */
void wc_ctrl_server_set_limits(struct wc_ctrl_server *s, uint32_t open_timeout_ms,
                               uint32_t connection_count_max);
/* Stop listening and close what is open (on_close comes for each from the loop). `s` is gone
 * then. */
void wc_ctrl_server_close(struct wc_ctrl_server *s);

/* Resolve `host` (a name or an address, an IPv6 one without brackets, a zone is allowed), connect
 * (each address in turn), shake hands; failures arrive in on_close. WC_E_NOMEM; WC_E_SYS: `host`
 * cannot be a name. */
WC_MUST_USE enum wc_err wc_ctrl_connect(struct wc_ctrl **ret, uv_loop_t *loop,
                                        struct wc_tls_context *tls, const char *host, uint16_t port,
                                        const struct wc_ctrl_ops *ops, void *ctx);

/* All that is left until on_open must be done within this time from now (WC_CTRL_OPEN_TIMEOUT_MS
 * unless told); an address that is being tried keeps the time that it was given. */
void wc_ctrl_set_open_timeout(struct wc_ctrl *c, uint32_t timeout_ms);

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
/* As wc_tls_refused: of a connection that ended with WC_E_AUTH, also inside on_close. */
const struct wc_key_sight *wc_ctrl_refused(const struct wc_ctrl *c);
/* As wc_tls_refusal: of a connection that ended with WC_E_CRYPTO, also inside on_close. */
const char *wc_ctrl_refusal(const struct wc_ctrl *c);
/* As wc_tls_peer_key. */
struct wc_publickey *wc_ctrl_peer_key(const struct wc_ctrl *c);

#endif
