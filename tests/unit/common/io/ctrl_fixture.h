/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A listening server and any number of clients on one loop, what happened to them, and a peer that
 * is no wimcast: a plain socket, with or without TLS. */
#ifndef WC_TESTS_CTRL_FIXTURE_H
#define WC_TESTS_CTRL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "common/io/ctrl.h"
#include "tests/support/workdir.h"

#define TICKS_MAX 20000 /* of a millisecond: a bound, never a wait */

/* What one side saw, and what it does when it sees it (NULL: nothing). */
struct side {
    struct wc_ctrl *c; /* the last one that opened; NULL once one closed */
    unsigned open_count;
    unsigned close_count;
    unsigned drain_count;
    unsigned msg_count;
    uint8_t type; /* of the last message */
    enum wc_err err;
    char why[WC_SENTENCE_BYTES_MAX + 1];
    void (*on_open)(struct side *side, struct wc_ctrl *c);
    void (*on_msg)(struct side *side, struct wc_ctrl *c, const struct wc_msg *msg);
    void (*on_drain)(struct side *side, struct wc_ctrl *c);
    size_t byte_count; /* of a test's own */
};
extern const struct wc_ctrl_ops side_ops; /* ctx: struct side */

struct world {
    uv_loop_t loop;
    uv_timer_t tick;
    unsigned tick_count;
    struct wc_workdir dir;
    struct wc_identity *id;
    struct wc_tls_context *server_tls;
    struct wc_tls_context *client_tls; /* knows the server's key */
    struct wc_tls_context *wrong_tls;  /* knows another */
    struct wc_ctrl_server *server;     /* on 127.0.0.1 */
    uint16_t port;
    struct side server_side;
    struct side client_side;
};

int world_set_up(void **state);
int world_tear_down(void **state); /* fails when a handle is left open */

/* One turn of the loop; at most a millisecond. */
void world_step(struct world *w);
#define RUN_UNTIL(w, condition)                         \
    do {                                                \
        (w)->tick_count = 0;                            \
        while (!(condition)) {                          \
            if ((w)->tick_count >= TICKS_MAX)           \
                fail_msg("never came: %s", #condition); \
            world_step(w);                              \
        }                                               \
    } while (0)

/* A client of `side`, for the world's server unless told otherwise. */
struct wc_ctrl *world_connect(struct world *w, struct side *side);
struct wc_ctrl *world_connect_to(struct world *w, struct side *side, const char *host,
                                 uint16_t port);
/* The default client and its server side are open. */
void world_open(struct world *w);

struct wc_msg hello_named(const char *name);
void assert_mentions(const struct side *side, const char *text);

/* A TCP socket of a test's own (non-blocking, connected to the world's server), with TLS if
 * asked. */
struct raw {
    int fd;
    struct wc_tls *tls;
    bool is_ended; /* the server's end came */
};
void raw_connect(struct world *w, struct raw *raw, bool with_tls);
void raw_step(struct raw *raw);                                  /* carry what can be carried now */
void raw_send(struct raw *raw, const void *bytes, size_t count); /* plain bytes, through TLS */
void raw_close(struct raw *raw);

#endif
