/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A connection's life from the established TCP connection to on_close. Encrypted output waits in
 * the TLS object; one write is under way at a time. Input is decrypted into one buffer that grows
 * to the frame at hand. TLS state is made when the first byte arrives, so that a connection which
 * never speaks costs no more than this struct.
 *
 * Leaving. Closing a socket that holds unread input resets the connection, and the peer may lose
 * what was sent last (a refusal, say). So the sending side is shut down first, and input is thrown
 * away until the peer's end comes, for at most a second. */
#include <assert.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/io/ctrl_internal.h"

#define READ_BYTES        16384u
#define FEED_BYTES        4096u /* at a time, as the TLS object's buffer keeps its size */
#define WRITE_BYTES_MAX   65536u
#define IN_BYTES_MIN      4096u
#define IN_IDLE_BYTES_MAX 16384u /* kept while no frame is under way */
/* Messages, and what TLS itself answers to a peer that asks and never reads. */
#define QUEUE_BYTES_LIMIT  (2 * WC_CTRL_QUEUE_BYTES_MAX + FRAME_BYTES_MAX)
#define LEAVING_TIMEOUT_MS 1000u
#define KEEPALIVE_SECONDS  2
#define SILENCE_TIMEOUT_MS 8000u /* unanswered data or probes */
#define FRAME_BYTES_MAX    (WC_FRAME_HEADER_BYTES + WC_FRAME_BODY_MAX)

static void flush(struct wc_ctrl *c);

/* --- making and ending ----------------------------------------------------------------------- */

struct wc_ctrl *wc_ctrl_new(uv_loop_t *loop, struct wc_tls_context *tls,
                            const struct wc_ctrl_ops *ops, void *ctx)
{
    struct wc_ctrl *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    c->loop = loop;
    c->tls_context = tls;
    c->ops = ops;
    c->ctx = ctx;
    c->timeout_ms = WC_CTRL_OPEN_TIMEOUT_MS;
    c->deadline_ms = uv_now(loop) + c->timeout_ms;
    uv_timer_init(loop, &c->timer);
    c->timer.data = c;
    c->handle_count = 1;
    return c;
}

void wc_ctrl_tcp_init(struct wc_ctrl *c)
{
    uv_tcp_init(c->loop, &c->tcp); /* without a socket it cannot fail */
    c->tcp.data = c;
    c->tcp_is_open = true;
    c->handle_count++;
}

static void ctrl_free(struct wc_ctrl *c)
{
    wc_tls_free(c->tls);
    free(c->in);
    free(c->out);
    free(c);
}

void wc_ctrl_handle_closed(struct wc_ctrl *c)
{
    c->handle_count--;
    if (c->phase != WC_CTRL_CLOSED || c->handle_count > 0)
        return;
    c->ops->on_close(c->ctx, c, c->err, c->why);
    if (c->server)
        wc_ctrl_server_forget(c->server, c);
    ctrl_free(c);
}

static void on_handle_closed(uv_handle_t *handle)
{
    wc_ctrl_handle_closed(handle->data);
}

static void close_handles(struct wc_ctrl *c)
{
    if (c->phase == WC_CTRL_CLOSED)
        return;
    c->phase = WC_CTRL_CLOSED;
    wc_ctrl_client_stop(c);
    uv_close((uv_handle_t *)&c->timer, on_handle_closed);
    if (c->tcp_is_open)
        uv_close((uv_handle_t *)&c->tcp, on_handle_closed);
    c->tcp_is_open = false;
}

__attribute__((format(printf, 3, 0))) static void set_reason(struct wc_ctrl *c, enum wc_err err,
                                                             const char *format, va_list args)
{
    c->err = err;
    vsnprintf(c->why, sizeof(c->why), format, args);
}

void wc_ctrl_abort(struct wc_ctrl *c, enum wc_err err, const char *format, ...)
{
    if (c->phase < WC_CTRL_LEAVING) {
        va_list args;
        va_start(args, format);
        set_reason(c, err, format, args);
        va_end(args);
    }
    close_handles(c);
}

static void on_leaving_timeout(uv_timer_t *timer)
{
    close_handles(timer->data);
}

void wc_ctrl_leave(struct wc_ctrl *c, enum wc_err err, const char *format, ...)
{
    if (c->phase >= WC_CTRL_LEAVING)
        return;
    va_list args;
    va_start(args, format);
    set_reason(c, err, format, args);
    va_end(args);
    if (!c->tls) { /* there is nobody to say it to */
        close_handles(c);
        return;
    }
    c->phase = WC_CTRL_LEAVING;
    wc_tls_close(c->tls);
    uv_timer_start(&c->timer, on_leaving_timeout, LEAVING_TIMEOUT_MS, 0);
    flush(c);
}

void wc_ctrl_close(struct wc_ctrl *c)
{
    wc_ctrl_leave(c, WC_OK, "the connection to %s was closed by this side", wc_ctrl_peer_text(c));
}

/* The other side said its last word; with a good-bye (close_notify) or without. */
static void ended(struct wc_ctrl *c, bool politely)
{
    if (c->phase == WC_CTRL_HANDSHAKE)
        wc_ctrl_abort(c, WC_E_CLOSED, "%s closed the connection during the TLS handshake", c->peer);
    else if (c->in_bytes)
        wc_ctrl_abort(c, WC_E_SHORT, "%s ended the connection in the middle of a message", c->peer);
    else if (politely)
        wc_ctrl_abort(c, WC_E_CLOSED, "%s closed the connection", c->peer);
    else
        wc_ctrl_abort(c, WC_E_CLOSED,
                      "%s ended the connection without a good-bye: its program was killed",
                      c->peer);
}

/* The socket says that it is over. */
static void lost(struct wc_ctrl *c, int status)
{
    if (c->phase == WC_CTRL_LEAVING)
        close_handles(c);
    else if (status == UV_EOF)
        ended(c, false);
    else if (status == UV_ETIMEDOUT)
        wc_ctrl_abort(c, WC_E_SYS,
                      "%s no longer answers: it is switched off, or the network between is broken",
                      c->peer);
    else
        wc_ctrl_abort(c, WC_E_SYS, "lost the connection to %s: %s", c->peer, uv_strerror(status));
}

/* --- output ---------------------------------------------------------------------------------- */

size_t wc_ctrl_queued_bytes(const struct wc_ctrl *c)
{
    return c->tls ? c->out_bytes + wc_tls_pending(c->tls) : 0;
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    struct wc_ctrl *c = request->handle->data;
    if (status < 0)
        close_handles(c);
}

static void shut_down(struct wc_ctrl *c)
{
    if (c->is_shut_down)
        return;
    c->is_shut_down = true;
    if (uv_shutdown(&c->shutdown, (uv_stream_t *)&c->tcp, on_shutdown))
        close_handles(c);
}

static void on_written(uv_write_t *request, int status)
{
    struct wc_ctrl *c = request->handle->data;
    free(c->out);
    c->out = NULL;
    c->out_bytes = 0;
    if (c->phase == WC_CTRL_CLOSED)
        return;
    if (status < 0) {
        lost(c, status);
        return;
    }
    flush(c);
    if (c->phase != WC_CTRL_OPEN || !c->was_above_half ||
        wc_ctrl_queued_bytes(c) >= WC_CTRL_QUEUE_BYTES_MAX / 2)
        return;
    c->was_above_half = false;
    c->ops->on_drain(c->ctx, c);
}

/* Write what waits, unless a write is under way: its end continues. */
static void flush(struct wc_ctrl *c)
{
    if (c->out || c->phase == WC_CTRL_CLOSED)
        return;
    size_t count = wc_tls_pending(c->tls);
    if (count == 0) {
        if (c->phase == WC_CTRL_LEAVING)
            shut_down(c);
        return;
    }
    count = count < WRITE_BYTES_MAX ? count : WRITE_BYTES_MAX;
    c->out = malloc(count);
    if (!c->out) {
        wc_ctrl_abort(c, WC_E_NOMEM, "out of memory for the connection to %s", c->peer);
        return;
    }
    c->out_bytes = wc_tls_drain(c->tls, c->out, count);
    uv_buf_t buffer = uv_buf_init((char *)c->out, (unsigned)c->out_bytes);
    int err = uv_write(&c->write, (uv_stream_t *)&c->tcp, &buffer, 1, on_written);
    if (err) {
        free(c->out);
        c->out = NULL;
        c->out_bytes = 0;
        lost(c, err);
    }
}

enum wc_err wc_ctrl_send(struct wc_ctrl *c, const struct wc_msg *msg)
{
    if (c->phase != WC_CTRL_OPEN)
        return WC_E_STATE;
    if (wc_ctrl_queued_bytes(c) >= WC_CTRL_QUEUE_BYTES_MAX) {
        c->was_above_half = true;
        return WC_E_FULL;
    }
    uint8_t frame[FRAME_BYTES_MAX];
    size_t frame_bytes = 0;
    enum wc_err err = wc_msg_encode(msg, frame, sizeof(frame), &frame_bytes);
    assert(!err);
    err = wc_tls_write(c->tls, frame, frame_bytes);
    if (msg->type == WC_MSG_HELLO || msg->type == WC_MSG_WELCOME) /* password, group key */
        explicit_bzero(frame, frame_bytes);
    if (err) {
        wc_ctrl_abort(c, err, "cannot encrypt for %s: %s", c->peer, wc_tls_why(c->tls));
        return err;
    }
    flush(c);
    if (wc_ctrl_queued_bytes(c) >= WC_CTRL_QUEUE_BYTES_MAX / 2)
        c->was_above_half = true;
    return WC_OK;
}

/* --- input ----------------------------------------------------------------------------------- */

static void deliver(struct wc_ctrl *c, uint8_t type, const uint8_t *body, size_t body_bytes)
{
    struct wc_msg msg;
    enum wc_err err = wc_msg_decode(type, body, body_bytes, &msg);
    if (err == WC_E_TYPE) /* of a later version: skipped */
        return;
    if (err == WC_E_VERSION && type == WC_MSG_HELLO)
        c->ops->on_msg(c->ctx, c, &msg); /* its version is known: the server refuses with words */
    else if (err == WC_E_VERSION)
        wc_ctrl_leave(c, err,
                      "%s speaks another version of the protocol than %d: install the same "
                      "version of wimcast on both sides",
                      c->peer, WC_PROTOCOL_VERSION);
    else if (err)
        wc_ctrl_leave(c, err, "%s sent a message of type %u that is malformed: %s", c->peer, type,
                      wc_err_text(err));
    else
        c->ops->on_msg(c->ctx, c, &msg);
    if (type == WC_MSG_HELLO) /* it may hold a password */
        explicit_bzero(&msg.hello, sizeof(msg.hello));
}

/* Deliver the complete frames; what is left moves to the front. */
static void deliver_frames(struct wc_ctrl *c)
{
    size_t at = 0;
    while (c->phase == WC_CTRL_OPEN) {
        uint8_t type = 0;
        uint32_t body_bytes = 0;
        size_t left = c->in_bytes - at;
        enum wc_err err = wc_frame_decode(c->in + at, left, &type, &body_bytes);
        if (err == WC_E_SHORT)
            break;
        if (err) {
            wc_ctrl_leave(c, err, "%s sent a frame that is malformed: %s", c->peer,
                          wc_err_text(err));
            break;
        }
        if (left - WC_FRAME_HEADER_BYTES < body_bytes)
            break;
        deliver(c, type, c->in + at + WC_FRAME_HEADER_BYTES, body_bytes);
        if (type == WC_MSG_HELLO)
            explicit_bzero(c->in + at + WC_FRAME_HEADER_BYTES, body_bytes);
        at += WC_FRAME_HEADER_BYTES + body_bytes;
    }
    c->in_bytes -= at;
    if (at > 0)
        memmove(c->in, c->in + at, c->in_bytes);
}

/* Room for the frame at hand, or for a first look. */
static enum wc_err in_reserve(struct wc_ctrl *c)
{
    uint8_t type = 0;
    uint32_t body_bytes = 0;
    size_t room = IN_BYTES_MIN;
    if (!wc_frame_decode(c->in, c->in_bytes, &type, &body_bytes))
        room = WC_FRAME_HEADER_BYTES + (size_t)body_bytes;
    if (room < IN_BYTES_MIN)
        room = IN_BYTES_MIN;
    if (room <= c->in_room)
        return WC_OK;
    uint8_t *in = realloc(c->in, room);
    if (!in)
        return WC_E_NOMEM;
    c->in = in;
    c->in_room = room;
    return WC_OK;
}

static void in_shrink(struct wc_ctrl *c)
{
    if (c->in_bytes > 0 || c->in_room <= IN_IDLE_BYTES_MAX)
        return;
    free(c->in);
    c->in = NULL;
    c->in_room = 0;
}

static void become_open(struct wc_ctrl *c)
{
    c->phase = WC_CTRL_OPEN;
    uv_timer_stop(&c->timer);
    c->ops->on_open(c->ctx, c);
}

/* One step of TLS. WC_OK: there may be more; WC_E_AGAIN: not before more input came. */
static enum wc_err advance(struct wc_ctrl *c)
{
    size_t count = 0;
    enum wc_err err = in_reserve(c);
    if (err)
        return err;
    err = wc_tls_read(c->tls, c->in + c->in_bytes, c->in_room - c->in_bytes, &count);
    if (c->phase == WC_CTRL_HANDSHAKE && wc_tls_is_open(c->tls))
        become_open(c);
    if (err)
        return err;
    c->in_bytes += count;
    deliver_frames(c);
    return WC_OK;
}

/* Go on until more input is needed or the end is known. */
static void pump(struct wc_ctrl *c)
{
    enum wc_err err = WC_OK;
    while (!err && (c->phase == WC_CTRL_HANDSHAKE || c->phase == WC_CTRL_OPEN))
        err = advance(c);
    switch (err) {
    case WC_OK:
    case WC_E_AGAIN:
        break;
    case WC_E_CLOSED:
        ended(c, true);
        break;
    case WC_E_NOMEM:
        wc_ctrl_abort(c, err, "out of memory for the connection to %s", c->peer);
        break;
    case WC_E_AUTH:
        wc_ctrl_leave(c, err, "%s is not the sender that was asked for: %s", c->peer,
                      wc_tls_why(c->tls));
        break;
    default:
        wc_ctrl_leave(c, err, "no secure connection with %s: %s", c->peer, wc_tls_why(c->tls));
        break;
    }
    if (c->phase < WC_CTRL_LEAVING && wc_ctrl_queued_bytes(c) > QUEUE_BYTES_LIMIT)
        wc_ctrl_abort(c, WC_E_FULL, "%s does not read what it is sent", c->peer);
    if (c->phase == WC_CTRL_CLOSED)
        return;
    flush(c);
    in_shrink(c);
}

static enum wc_err tls_init(struct wc_ctrl *c)
{
    return c->tls ? WC_OK : wc_tls_new(&c->tls, c->tls_context);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    (void)handle;
    (void)suggested;
    ret->base = malloc(READ_BYTES);
    ret->len = ret->base ? READ_BYTES : 0;
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct wc_ctrl *c = stream->data;
    if (count < 0)
        lost(c, (int)count);
    if (count > 0 && c->phase < WC_CTRL_LEAVING && tls_init(c))
        wc_ctrl_abort(c, WC_E_NOMEM, "out of memory for the connection to %s", c->peer);
    for (ssize_t at = 0; at < count && c->phase < WC_CTRL_LEAVING; at += FEED_BYTES) {
        size_t part = (size_t)(count - at) < FEED_BYTES ? (size_t)(count - at) : FEED_BYTES;
        if (wc_tls_feed(c->tls, (const uint8_t *)buffer->base + at, part))
            wc_ctrl_abort(c, WC_E_NOMEM, "out of memory for the connection to %s", c->peer);
        else
            pump(c);
    }
    free(buffer->base);
}

/* --- from TCP connection to messages --------------------------------------------------------- */

/* A dead peer is noticed about ten seconds after its last sign of life, whether or not data is
 * under way to it: probes find the silence, the user timeout ends it. */
static void tune_socket(struct wc_ctrl *c)
{
    static const int on = 1;
    static const int seconds = KEEPALIVE_SECONDS;
    static const unsigned timeout_ms = SILENCE_TIMEOUT_MS;
    int fd = -1;
    if (uv_fileno((const uv_handle_t *)&c->tcp, &fd))
        return;
    uv_tcp_nodelay(&c->tcp, 1);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof(seconds));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof(seconds));
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
}

static void note_addresses(struct wc_ctrl *c)
{
    struct sockaddr_storage storage;
    int bytes = sizeof(storage);
    if (!uv_tcp_getsockname(&c->tcp, (struct sockaddr *)&storage, &bytes))
        wc_netaddr_from_sockaddr((struct sockaddr *)&storage, &c->local_addr);
    bytes = sizeof(storage);
    if (!uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&storage, &bytes))
        wc_netaddr_from_sockaddr((struct sockaddr *)&storage, &c->peer_addr);
    wc_netaddr_format(&c->peer_addr, true, c->peer);
}

static void on_handshake_timeout(uv_timer_t *timer)
{
    struct wc_ctrl *c = timer->data;
    wc_ctrl_abort(c, WC_E_SYS, "%s did not finish the TLS handshake within %.1f s", c->peer,
                  (double)c->timeout_ms / 1000);
}

uint64_t wc_ctrl_left_ms(const struct wc_ctrl *c)
{
    uint64_t now_ms = uv_now(c->loop);
    return c->deadline_ms > now_ms ? c->deadline_ms - now_ms : 0;
}

static void arm_handshake(struct wc_ctrl *c)
{
    uv_timer_start(&c->timer, on_handshake_timeout, wc_ctrl_left_ms(c), 0);
}

void wc_ctrl_set_open_timeout(struct wc_ctrl *c, uint32_t timeout_ms)
{
    c->timeout_ms = timeout_ms;
    c->deadline_ms = uv_now(c->loop) + timeout_ms;
    if (c->phase == WC_CTRL_HANDSHAKE)
        arm_handshake(c);
    else if (c->phase == WC_CTRL_CONNECTING)
        wc_ctrl_client_arm(c);
}

void wc_ctrl_start(struct wc_ctrl *c)
{
    c->phase = WC_CTRL_HANDSHAKE;
    tune_socket(c);
    note_addresses(c);
    arm_handshake(c);
    int err = uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
    if (err) {
        lost(c, err);
        return;
    }
    if (c->server) /* the client speaks first */
        return;
    if (tls_init(c))
        wc_ctrl_abort(c, WC_E_NOMEM, "out of memory for the connection to %s", c->peer);
    else
        pump(c);
}

/* --- small things ---------------------------------------------------------------------------- */

void wc_ctrl_set_user(struct wc_ctrl *c, void *user)
{
    c->user = user;
}

void *wc_ctrl_user(const struct wc_ctrl *c)
{
    return c->user;
}

const char *wc_ctrl_peer_text(const struct wc_ctrl *c)
{
    return c->peer[0] ? c->peer : c->target;
}

void wc_ctrl_addresses(const struct wc_ctrl *c, struct wc_addr *ret_local, struct wc_addr *ret_peer)
{
    *ret_local = c->local_addr;
    *ret_peer = c->peer_addr;
}

const struct wc_key_sight *wc_ctrl_refused(const struct wc_ctrl *c)
{
    return c->tls ? wc_tls_refused(c->tls) : NULL;
}

const char *wc_ctrl_refusal(const struct wc_ctrl *c)
{
    return c->tls ? wc_tls_refusal(c->tls) : NULL;
}

struct wc_publickey *wc_ctrl_peer_key(const struct wc_ctrl *c)
{
    return c->tls ? wc_tls_peer_key(c->tls) : NULL;
}
