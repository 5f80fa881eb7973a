/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The data thread: owns the socket, the protocol core and the memory of blocks. Datagrams are
 * opened right into the row where their symbol belongs; complete blocks go to the storer. */
#ifndef WC_RECEIVER_SHELL_RXLOOP_H
#define WC_RECEIVER_SHELL_RXLOOP_H

#include "receiver/core/receiver.h"
#include "receiver/shell/storer.h"

struct wc_rxloop;

struct wc_rxloop_config {
    struct wc_receiver_config receiver; /* slot_count and have are filled in here */
    const struct wc_manifest *manifest; /* borrowed until stop */
    struct wc_store *store;             /* the loop's own until stop */
    const struct wc_jobs *jobs;         /* borrowed until stop; NULL: none */
    uint64_t memory_bytes;              /* for blocks */
    int fd;                             /* joined; the loop's own from now on, also on failure */
    uint8_t key[32];
    bool offload;
    /* Called from the data thread when notices wait: wakes the control thread (uv_async_send). */
    void (*wake)(void *ctx);
    void *ctx;
};

enum wc_rx_notice_type {
    WC_RX_REACHED,   /* pn */
    WC_RX_UNREACHED, /* stats tell what came */
    WC_RX_SENDER_SILENT,
    WC_RX_BEHIND,   /* as WC_RECEIVER_NOTICE_BEHIND */
    WC_RX_FETCH,    /* sbn: ask for it by unicast */
    WC_RX_VOID,     /* void_block: it came whole, and is wrong */
    WC_RX_DAMAGED,  /* sbn: it is wrong each time */
    WC_RX_REPORT,   /* report: the taker frees it */
    WC_RX_STATS,    /* several times a second */
    WC_RX_FINISHED, /* everything is verified and has its final name */
    WC_RX_FAILED,   /* storage failed: err, why */
};

struct wc_rx_stats {
    struct wc_receiver_stats core;
    uint64_t foreign_count;  /* no datagram of this session: other instance, version or length */
    uint64_t unopened_count; /* of this session by its header, but the seal does not fit */
    uint64_t replayed_count;
    uint64_t overflow_count; /* dropped by this socket's full buffer */
    uint64_t unicast_count;  /* symbols that came by unicast */
    wc_ns first_data;        /* WC_NEVER: none yet */
    wc_ns finished;          /* WC_NEVER: not yet */
};

struct wc_rx_notice {
    enum wc_rx_notice_type type;
    union {
        uint64_t pn;
        uint32_t sbn;
        struct wc_report *report;
        struct wc_void void_block;
        struct wc_rx_stats stats;
        struct {
            enum wc_err err;
            struct wc_why why;
        } failed;
    };
};

/* Starts the threads. WC_E_NOMEM, WC_E_RANGE, WC_E_CRYPTO, WC_E_SYS. */
WC_MUST_USE enum wc_err wc_rxloop_start(struct wc_rxloop **ret,
                                        const struct wc_rxloop_config *config);
/* Ends the threads and frees all; the store may be closed then. */
void wc_rxloop_stop(struct wc_rxloop *r);

/* Control thread: the sender's status. */
void wc_rxloop_status(struct wc_rxloop *r, const struct wc_status *status);

/* Control thread: these blocks, of receiver.shut so far, may come from now on. False: say it again
 * later. */
WC_MUST_USE bool wc_rxloop_open(struct wc_rxloop *r, uint32_t sbn, uint32_t block_count);

/* Control thread: from now on blocks come by unicast; multicast is no longer listened to. */
void wc_rxloop_unicast(struct wc_rxloop *r);
/* Control thread: symbols that came by unicast; copied. */
void wc_rxloop_symbols(struct wc_rxloop *r, const struct wc_symbols *symbols);

/* Control thread: the next notice; false: none. */
WC_MUST_USE bool wc_rxloop_notice(struct wc_rxloop *r, struct wc_rx_notice *ret);

#endif
