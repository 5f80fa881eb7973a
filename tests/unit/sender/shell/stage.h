/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A published file and a data thread that sends it to a socket of the test: what the thread told,
 * and what came out on the wire, opened and checked. */
#ifndef WC_TESTS_UNIT_SENDER_SHELL_STAGE_H
#define WC_TESTS_UNIT_SENDER_SHELL_STAGE_H

#include "common/io/clock.h"
#include "common/io/seal.h"
#include "common/io/udp_rx.h"
#include "sender/shell/session.h"
#include "sender/shell/txloop.h"
#include "tests/support/workdir.h"
#include "tests/unit/common/core/support.h"

#define STAGE_SYMBOL  256u
#define STAGE_K       16u
#define STAGE_MEMBERS 8u
#define STAGE_WAIT    WC_S(20) /* a bound, never a wait */

struct stage {
    struct wc_workdir dir;
    const char *path;
    uint8_t *object; /* padded with zeros to whole symbols */
    struct wc_identity *identity;
    struct wc_content *content;
    struct wc_session session;
    struct wc_sender_config config;
    struct wc_txloop *txloop;
    int tx_fd, rx_fd, wake_fd;
    struct wc_udp_rx *rx;
    struct wc_seal *seal;

    /* What the thread told. */
    bool has_phase[3];
    enum wc_member_state member[STAGE_MEMBERS];
    struct wc_tx_stats stats;
    uint32_t stats_count;
    bool failed, ended;
    struct wc_why why;

    /* What came. */
    uint64_t next_pn;
    uint64_t data_count, beacon_count;
    uint8_t beacon_flags; /* of the last */
    uint8_t **symbols;    /* by 256 * sbn + esi; NULL: did not come */
};

/* Publish `byte_count` bytes; the config may be changed before stage_start. */
void stage_open(struct stage *s, size_t byte_count);
void stage_start(struct stage *s, bool offload);
void stage_close(struct stage *s); /* stops the thread if it runs */

/* Take what is there, waiting at most a moment for it. */
void stage_step(struct stage *s);
#define STAGE_UNTIL(s, condition)                           \
    do {                                                    \
        wc_ns stage_deadline = wc_clock_now() + STAGE_WAIT; \
        while (!(condition)) {                              \
            if (wc_clock_now() > stage_deadline)            \
                fail_msg("never came: %s", #condition);     \
            stage_step(s);                                  \
        }                                                   \
    } while (0)

void stage_post(struct stage *s, enum wc_sender_event_type type, uint32_t member);

/* Lacks `missing` symbols of each of `count` blocks from `sbn`, having heard all that came so
 * far. */
void stage_report(struct stage *s, uint32_t member, uint32_t sbn, uint32_t count, uint8_t missing);

uint32_t stage_k(const struct stage *s, uint32_t sbn);
bool stage_has_symbol(const struct stage *s, uint32_t sbn, uint32_t esi);
/* All source symbols of all blocks are there (asserted: and are what they should be). */
bool stage_has_object(const struct stage *s);

#endif
