/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/common/io/ctrl_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void on_open(void *ctx, struct wc_ctrl *c)
{
    struct side *side = ctx;
    side->open_count++;
    side->c = c;
    if (side->on_open)
        side->on_open(side, c);
}

static void on_msg(void *ctx, struct wc_ctrl *c, const struct wc_msg *msg)
{
    struct side *side = ctx;
    side->msg_count++;
    side->type = msg->type;
    if (side->on_msg)
        side->on_msg(side, c, msg);
}

static void on_drain(void *ctx, struct wc_ctrl *c)
{
    struct side *side = ctx;
    side->drain_count++;
    if (side->on_drain)
        side->on_drain(side, c);
}

static void on_close(void *ctx, struct wc_ctrl *c, enum wc_err err, const char *why)
{
    struct side *side = ctx;
    (void)c;
    side->close_count++;
    side->c = NULL;
    side->err = err;
    snprintf(side->why, sizeof(side->why), "%s", why);
}

const struct wc_ctrl_ops side_ops = {on_open, on_msg, on_drain, on_close};

static void on_tick(uv_timer_t *timer)
{
    struct world *w = timer->data;
    w->tick_count++;
}

static enum wc_err world_tls(struct world *w)
{
    char why[WC_SENTENCE_BYTES_MAX + 1];
    uint8_t digest[WC_DIGEST_BYTES];
    enum wc_err err = wc_identity_open(&w->id, w->dir.path, why);
    if (!err)
        err = wc_tls_server_new(&w->server_tls, w->id);
    if (err)
        return err;
    wc_identity_key_digest(w->id, digest);
    err = wc_tls_client_new(&w->client_tls, digest);
    digest[0] ^= 1;
    return err ? err : wc_tls_client_new(&w->wrong_tls, digest);
}

int world_set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    const char *why = NULL;
    if (!w || uv_loop_init(&w->loop))
        return -1;
    wc_workdir_make(&w->dir);
    uv_timer_init(&w->loop, &w->tick);
    w->tick.data = w;
    uv_timer_start(&w->tick, on_tick, 1, 1);
    uv_unref((uv_handle_t *)&w->tick);
    if (world_tls(w) || wc_ctrl_listen(&w->server, &w->loop, w->server_tls, "127.0.0.1", 0,
                                       &side_ops, &w->server_side, &why))
        return -1;
    w->port = wc_ctrl_server_port(w->server);
    *state = w;
    return 0;
}

int world_tear_down(void **state)
{
    struct world *w = *state;
    wc_ctrl_server_close(w->server);
    w->tick_count = 0;
    while (uv_loop_alive(&w->loop) && w->tick_count < TICKS_MAX)
        world_step(w);
    int left = uv_loop_alive(&w->loop);
    uv_close((uv_handle_t *)&w->tick, NULL);
    uv_run(&w->loop, UV_RUN_NOWAIT);
    left |= uv_loop_close(&w->loop);
    wc_tls_context_free(w->wrong_tls);
    wc_tls_context_free(w->client_tls);
    wc_tls_context_free(w->server_tls);
    wc_identity_free(w->id);
    wc_workdir_remove(&w->dir);
    free(w);
    return left ? -1 : 0;
}

void world_step(struct world *w)
{
    uv_run(&w->loop, UV_RUN_ONCE);
}

struct wc_ctrl *world_connect_to(struct world *w, struct side *side, const char *host,
                                 uint16_t port)
{
    struct wc_ctrl *c = NULL;
    assert_int_equal(wc_ctrl_connect(&c, &w->loop, w->client_tls, host, port, &side_ops, side),
                     WC_OK);
    return c;
}

struct wc_ctrl *world_connect(struct world *w, struct side *side)
{
    return world_connect_to(w, side, "127.0.0.1", w->port);
}

void world_open(struct world *w)
{
    world_connect(w, &w->client_side);
    RUN_UNTIL(w, w->client_side.c && w->server_side.c);
}

struct wc_msg hello_named(const char *name)
{
    struct wc_msg msg = {.type = WC_MSG_HELLO};
    msg.hello.version = WC_PROTOCOL_VERSION;
    snprintf(msg.hello.name, sizeof(msg.hello.name), "%s", name);
    return msg;
}

void assert_mentions(const struct side *side, const char *text)
{
    if (!strstr(side->why, text))
        fail_msg("the sentence does not say \"%s\": %s", text, side->why);
}

void raw_connect(struct world *w, struct raw *raw, bool with_tls)
{
    struct sockaddr_in addr;
    *raw = (struct raw){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_true(raw->fd >= 0);
    uv_ip4_addr("127.0.0.1", w->port, &addr);
    assert_int_equal(connect(raw->fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(fcntl(raw->fd, F_SETFL, O_NONBLOCK), 0);
    if (!with_tls)
        return;
    assert_int_equal(wc_tls_new(&raw->tls, w->client_tls), WC_OK);
    w->tick_count = 0;
    while (!wc_tls_is_open(raw->tls) && w->tick_count < TICKS_MAX) {
        raw_step(raw);
        world_step(w);
    }
    assert_true(wc_tls_is_open(raw->tls));
    raw_step(raw);
}

void raw_step(struct raw *raw)
{
    uint8_t bytes[4096];
    ssize_t got = recv(raw->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    raw->is_ended |= got == 0 || (got < 0 && errno == ECONNRESET);
    if (!raw->tls)
        return;
    if (got > 0)
        assert_int_equal(wc_tls_feed(raw->tls, bytes, (size_t)got), WC_OK);
    size_t count = 0;
    while (wc_tls_read(raw->tls, bytes, sizeof(bytes), &count) == WC_OK)
        continue;
    while ((count = wc_tls_drain(raw->tls, bytes, sizeof(bytes))) > 0) {
        if (send(raw->fd, bytes, count, MSG_NOSIGNAL) != (ssize_t)count)
            raw->is_ended = true;
    }
}

void raw_send(struct raw *raw, const void *bytes, size_t count)
{
    assert_int_equal(wc_tls_write(raw->tls, bytes, count), WC_OK);
    raw_step(raw);
}

void raw_close(struct raw *raw)
{
    close(raw->fd);
    wc_tls_free(raw->tls);
}
