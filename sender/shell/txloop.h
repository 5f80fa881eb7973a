/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The data thread: owns the protocol core and the socket; headers from the core become sealed
 * datagrams on the wire. Talks to the control thread over two rings. */
#ifndef WC_SENDER_SHELL_TXLOOP_H
#define WC_SENDER_SHELL_TXLOOP_H

#include "sender/core/sender.h"
#include "sender/shell/content.h"

struct wc_txloop;

struct wc_txloop_config {
    struct wc_sender_config sender;
    struct wc_content *content; /* the thread's own until the loop is stopped */
    int fd;                     /* connected to the group; the caller's */
    uint8_t key[32];
    bool offload;
    /* Called from the data thread when notices wait: wakes the control thread (uv_async_send). */
    void (*wake)(void *ctx);
    void *ctx;
};

enum wc_tx_notice_type {
    WC_TX_CORE,   /* core: a notice of the protocol core */
    WC_TX_STATS,  /* stats: several times a second, and once at the end */
    WC_TX_FAILED, /* why: content could not be read; the loop has ended */
    WC_TX_ENDED,  /* after the last STATS: the session is over */
};

struct wc_tx_stats {
    struct wc_sender_stats core;
    uint64_t refused_count; /* datagrams that the kernel did not take */
    bool offload;
    wc_ns ended; /* when the last receiver ended; WC_NEVER: not yet */
};

struct wc_tx_notice {
    enum wc_tx_notice_type type;
    union {
        struct wc_sender_notice core;
        struct wc_tx_stats stats;
        struct wc_why why;
    };
};

/* Starts the thread. WC_E_NOMEM, WC_E_RANGE, WC_E_CRYPTO, WC_E_SYS. */
WC_MUST_USE enum wc_err wc_txloop_start(struct wc_txloop **ret,
                                        const struct wc_txloop_config *config);
/* Ends the thread, whatever it does, and frees all. */
void wc_txloop_stop(struct wc_txloop *t);

/* Control thread: an event for the core; false: the ring is full. A report is copied. */
WC_MUST_USE bool wc_txloop_post(struct wc_txloop *t, const struct wc_sender_event *event);

/* Control thread: the next notice; false: none. */
WC_MUST_USE bool wc_txloop_notice(struct wc_txloop *t, struct wc_tx_notice *ret);

/* The next packet number, roughly; any thread. */
uint64_t wc_txloop_pn(const struct wc_txloop *t);

#endif
