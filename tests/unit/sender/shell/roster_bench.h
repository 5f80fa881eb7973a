/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A roster with a real data thread, and receivers that a script plays, over TLS on the loopback,
 * all in one loop. One at a time: `b`. */
#ifndef WC_TESTS_UNIT_SENDER_SHELL_ROSTER_BENCH_H
#define WC_TESTS_UNIT_SENDER_SHELL_ROSTER_BENCH_H

#include "sender/shell/roster.h"
#include "tests/unit/common/io/ctrl_fixture.h"
#include "tests/unit/sender/shell/stage.h"

#define SEATS 2u /* receivers at a time */

/* A receiver's end, and what came down to it. */
struct peer {
    struct side side; /* first: the fixture hands it over */
    struct wc_welcome welcome;
    uint8_t *manifest;
    size_t manifest_bytes;
    struct wc_status status;
    unsigned status_count;
    struct wc_refusal refusal; /* REFUSE or BYE */
    struct wc_unicast unicast;
    unsigned unicast_count;
    uint8_t *symbols; /* of the block asked for */
    size_t symbols_bytes;
    bool is_last;
};

struct bench {
    struct world w; /* without a server of its own */
    struct stage stage;
    struct wc_roster *roster;
    struct wc_roster_entry told[64]; /* changes, in order */
    const struct wc_roster_entry *whose[64];
    uint32_t told_count;
    uint32_t failure_count;
    char warning[2 * WC_SENTENCE_BYTES_MAX]; /* the last */
    uint32_t warning_count;
    struct wc_why failure; /* the last one */
    uint32_t finding_count;
    const char *finding; /* id of the last one */
    enum wc_phase phase;
    struct wc_sender_stats stats;
};

extern struct bench b;
extern uint32_t bench_hello_max_ms;            /* of the roster's configuration; 0: its default */
extern const struct wc_readers *bench_readers; /* the same; accounts are those in b.w.dir */

void bench_open(size_t object_bytes, bool multicast_only);
void bench_close(void); /* fails when a handle is left open */
struct wc_roster_config bench_config(void);

/* One turn of the control thread in small: what the data thread tells goes to the roster. */
void bench_step(void);
#define UNTIL(condition)                                \
    do {                                                \
        b.w.tick_count = 0;                             \
        while (!(condition)) {                          \
            if (b.w.tick_count >= TICKS_MAX)            \
                fail_msg("never came: %s", #condition); \
            bench_step();                               \
        }                                               \
    } while (0)

/* Changes to this state so far; the last change. */
uint32_t bench_told(enum wc_member_state state);
const struct wc_roster_entry *bench_last_told(void);

void peer_connect(struct peer *p);
void peer_join(struct peer *p, const char *name); /* descriptor and manifest are there */
void peer_send(struct peer *p, const struct wc_msg *msg);
void peer_send_type(struct peer *p, uint8_t type);
void peer_say_done(struct peer *p, uint32_t hresult, const char *sentence);
void peer_ask_for_unicast(struct peer *p);
void peer_fetch(struct peer *p, uint32_t sbn, uint32_t block_count);
void peer_leave(struct peer *p); /* also frees what came */
/* The roster said so, and closed. */
void peer_assert_refused(struct peer *p, uint8_t type, uint32_t hresult, const char *word);

#endif
