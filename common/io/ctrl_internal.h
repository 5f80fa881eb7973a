/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A connection as its three files share it: ctrl.c (a connection's life), ctrl_server.c
 * (listening), ctrl_client.c (how a client gets to its TCP connection). */
#ifndef WC_IO_CTRL_INTERNAL_H
#define WC_IO_CTRL_INTERNAL_H

#include "common/io/ctrl.h"
#include "common/io/netaddr.h"

enum wc_ctrl_phase {
    WC_CTRL_CONNECTING, /* a client without TCP connection yet */
    WC_CTRL_HANDSHAKE,
    WC_CTRL_OPEN,
    WC_CTRL_LEAVING, /* the reason is known; sends the rest, then waits for the peer's end */
    WC_CTRL_CLOSED,  /* handles are closing, then on_close */
};

struct wc_ctrl_resolve; /* ctrl_client.c: a name being resolved */

struct wc_ctrl {
    enum wc_ctrl_phase phase;
    uv_loop_t *loop;
    uv_tcp_t tcp;
    uv_timer_t timer; /* one at a time: attempt, handshake, leaving */
    bool tcp_is_open;
    unsigned handle_count; /* not yet closed */

    struct wc_tls_context *tls_context;
    struct wc_tls *tls; /* NULL until there are bytes for it */
    const struct wc_ctrl_ops *ops;
    void *ctx;
    void *user;

    uint8_t *in; /* the frames that are not complete */
    size_t in_bytes;
    size_t in_room;
    uint8_t *out; /* being written; NULL = nothing */
    size_t out_bytes;
    uv_write_t write;
    uv_shutdown_t shutdown;
    bool is_shut_down;
    bool was_above_half; /* on_drain is due */

    enum wc_err err; /* from LEAVING on: why */
    char why[WC_SENTENCE_BYTES_MAX + 1];
    char peer[WC_NETADDR_TEXT_BYTES];
    struct wc_addr local_addr;
    struct wc_addr peer_addr;

    struct wc_ctrl_server *server; /* NULL: a client */
    struct wc_ctrl *next;          /* of the server's connections */
    struct wc_ctrl *previous;

    /* ctrl_client.c */
    struct wc_ctrl_resolve *resolve;
    struct addrinfo *addresses;
    struct addrinfo *next_address;
    uv_connect_t connect;
    uint64_t deadline_ms; /* of the loop's clock: for the handshake to be done */
    uint64_t timeout_ms;
    char target[WC_NETADDR_TEXT_BYTES + 256]; /* "host:port" as asked */
};

/* A connection in phase CONNECTING with only its timer open. NULL: out of memory. */
struct wc_ctrl *wc_ctrl_new(uv_loop_t *loop, struct wc_tls_context *tls,
                            const struct wc_ctrl_ops *ops, void *ctx);

/* Make c->tcp a fresh handle. */
void wc_ctrl_tcp_init(struct wc_ctrl *c);
/* A handle's close callback came. */
void wc_ctrl_handle_closed(struct wc_ctrl *c);

/* Until the deadline. */
uint64_t wc_ctrl_left_ms(const struct wc_ctrl *c);

/* The TCP connection is there: shake hands before c->deadline_ms. */
void wc_ctrl_start(struct wc_ctrl *c);

/* End with a reason: at once, or after what is queued was sent. The first reason counts. */
void wc_ctrl_abort(struct wc_ctrl *c, enum wc_err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void wc_ctrl_leave(struct wc_ctrl *c, enum wc_err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Forget what only a client that connects has; its callbacks find nothing to do then. */
void wc_ctrl_client_stop(struct wc_ctrl *c);
/* The deadline changed. */
void wc_ctrl_client_arm(struct wc_ctrl *c);

/* `c` is about to be freed. */
void wc_ctrl_server_forget(struct wc_ctrl_server *s, struct wc_ctrl *c);

#endif
