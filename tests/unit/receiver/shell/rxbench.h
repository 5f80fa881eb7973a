/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The data thread of a receiver behind a socket of the test: a script plays the sender, and what
 * the thread told is written down. One at a time. */
#ifndef WC_TESTS_UNIT_RECEIVER_SHELL_RXBENCH_H
#define WC_TESTS_UNIT_RECEIVER_SHELL_RXBENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/rng.h"
#include "common/io/clock.h"
#include "common/io/seal.h"
#include "receiver/shell/rxloop.h"
#include "tests/unit/receiver/shell/store_fixture.h"

#define RXBENCH_INSTANCE 0xdeadbeefu
#define RXBENCH_SYMBOL   64u
#define RXBENCH_WAIT     WC_S(20) /* a bound, never a wait */

struct rxbench {
    struct wc_fixture *f;
    const struct wc_partition *p;
    struct wc_rxloop_config config; /* may be changed before rxbench_start */
    struct wc_rxloop *rxloop;
    struct wc_seal *seal;
    int tx_fd, rx_fd, wake_fd;
    uint64_t pn; /* of the next datagram */
    struct wc_rng rng;

    /* What the thread told. */
    bool reached, unreached, silent, finished, failed;
    uint64_t reached_pn;
    bool report_before_reached;
    struct wc_report report; /* the last one */
    uint32_t report_count;
    struct wc_rx_stats stats;
    uint32_t stats_count;
    enum wc_err err;
    struct wc_why why;
    uint32_t fetches[256]; /* blocks asked for by unicast, in order */
    uint32_t fetch_count;
    uint32_t behind_count;
    struct wc_void void_block; /* the last one */
    uint32_t void_count;
    bool is_damaged;
    uint32_t damaged_sbn;
};

extern struct rxbench rx;

/* A package in 64-byte symbols, 16 in a block, and a store for it in "out/". */
void rxbench_open(void **state);
void rxbench_start(void);
void rxbench_close(void);

/* Take what was told, waiting at most a moment for it. */
void rxbench_step(void);
#define RX_UNTIL(condition)                                \
    do {                                                   \
        wc_ns rx_deadline = wc_clock_now() + RXBENCH_WAIT; \
        while (!(condition)) {                             \
            if (wc_clock_now() > rx_deadline)              \
                fail_msg("never came: %s", #condition);    \
            rxbench_step();                                \
        }                                                  \
    } while (0)

/* The encoding symbol into `ret`: RXBENCH_SYMBOL bytes. */
void rxbench_encode(uint32_t sbn, uint32_t esi, uint8_t *ret);

/* A sealed datagram as the sender would make it, for tests to spoil; returns its bytes. */
#define RXBENCH_DATAGRAM (WC_HEADER_BYTES + RXBENCH_SYMBOL + WC_TAG_BYTES)
void rxbench_seal(const struct wc_header *header, const uint8_t *symbol, uint8_t *ret);
void rxbench_send_bytes(const void *bytes, size_t count);

void rxbench_data(uint32_t sbn, uint32_t esi); /* with the next packet number */
void rxbench_beacon(uint8_t flags);
uint32_t rxbench_k(uint32_t sbn);

#endif
