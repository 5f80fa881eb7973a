/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listening. A server lives until its own handle and all of its connections are closed. */
#include <stdlib.h>
#include <unistd.h>

#include "common/io/ctrl_internal.h"

#define BACKLOG 1024 /* hundreds of machines that boot together */

struct wc_ctrl_server {
    uv_loop_t *loop;
    uv_tcp_t tcp;
    bool tcp_is_closed;
    uint16_t port;
    struct wc_tls_context *tls;
    const struct wc_ctrl_ops *ops;
    void *ctx;
    uint32_t open_timeout_ms;
    uint32_t connection_count_max;
    uint32_t connection_count;
    struct wc_ctrl *connections;
};

static void free_if_done(struct wc_ctrl_server *s)
{
    if (s->tcp_is_closed && s->connection_count == 0)
        free(s);
}

static void on_server_closed(uv_handle_t *handle)
{
    struct wc_ctrl_server *s = handle->data;
    s->tcp_is_closed = true;
    free_if_done(s);
}

void wc_ctrl_server_forget(struct wc_ctrl_server *s, struct wc_ctrl *c)
{
    if (c->next)
        c->next->previous = c->previous;
    if (c->previous)
        c->previous->next = c->next;
    else
        s->connections = c->next;
    s->connection_count--;
    free_if_done(s);
}

static void on_dropped(uv_handle_t *handle)
{
    free(handle);
}

/* Take a connection off the kernel's queue and close it, so that the next one has its turn. */
static void drop(uv_stream_t *listener)
{
    uv_tcp_t *tcp = malloc(sizeof(*tcp));
    if (!tcp)
        return;
    uv_tcp_init(listener->loop, tcp);
    uv_accept(listener, (uv_stream_t *)tcp);
    uv_close((uv_handle_t *)tcp, on_dropped);
}

/* `status`: for instance EMFILE, and then libuv has dropped the connection. */
static void on_connection(uv_stream_t *listener, int status)
{
    struct wc_ctrl_server *s = listener->data;
    if (status < 0)
        return;
    struct wc_ctrl *c = NULL;
    if (s->connection_count < s->connection_count_max)
        c = wc_ctrl_new(s->loop, s->tls, s->ops, s->ctx);
    if (!c) {
        drop(listener);
        return;
    }
    c->server = s;
    c->next = s->connections;
    if (c->next)
        c->next->previous = c;
    s->connections = c;
    s->connection_count++;
    wc_ctrl_set_open_timeout(c, s->open_timeout_ms);
    wc_ctrl_tcp_init(c);
    int err = uv_accept(listener, (uv_stream_t *)&c->tcp);
    if (err)
        wc_ctrl_abort(c, WC_E_SYS, "cannot accept a connection: %s", uv_strerror(err));
    else
        wc_ctrl_start(c);
}

static bool has_ipv6(void)
{
    struct sockaddr_in6 any;
    uv_ip6_addr("::", 0, &any);
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool ok = bind(fd, (const struct sockaddr *)&any, sizeof(any)) == 0;
    close(fd);
    return ok;
}

static int resolve(const char *host, uint16_t port, struct sockaddr_storage *ret)
{
    if (!host)
        host = has_ipv6() ? "::" : "0.0.0.0";
    if (uv_ip4_addr(host, port, (struct sockaddr_in *)ret) == 0)
        return 0;
    return uv_ip6_addr(host, port, (struct sockaddr_in6 *)ret);
}

static int start(struct wc_ctrl_server *s, const char *host, uint16_t port)
{
    struct sockaddr_storage storage = {0};
    struct wc_addr addr;
    int bytes = sizeof(storage);
    int err = resolve(host, port, &storage);
    if (!err)
        err = uv_tcp_bind(&s->tcp, (const struct sockaddr *)&storage, 0);
    if (!err)
        err = uv_listen((uv_stream_t *)&s->tcp, BACKLOG, on_connection);
    if (!err)
        err = uv_tcp_getsockname(&s->tcp, (struct sockaddr *)&storage, &bytes);
    if (!err && wc_netaddr_from_sockaddr((struct sockaddr *)&storage, &addr))
        s->port = addr.port;
    return err;
}

enum wc_err wc_ctrl_listen(struct wc_ctrl_server **ret, uv_loop_t *loop, struct wc_tls_context *tls,
                           const char *host, uint16_t port, const struct wc_ctrl_ops *ops,
                           void *ctx, const char **ret_why)
{
    struct wc_ctrl_server *s = calloc(1, sizeof(*s));
    if (!s) {
        *ret_why = wc_err_text(WC_E_NOMEM);
        return WC_E_NOMEM;
    }
    s->loop = loop;
    s->tls = tls;
    s->ops = ops;
    s->ctx = ctx;
    s->open_timeout_ms = WC_CTRL_OPEN_TIMEOUT_MS;
    s->connection_count_max = WC_CTRL_CONNECTIONS_MAX;
    uv_tcp_init(loop, &s->tcp);
    s->tcp.data = s;
    int err = start(s, host, port);
    if (err) {
        uv_close((uv_handle_t *)&s->tcp, on_server_closed);
        *ret_why = uv_strerror(err);
        return WC_E_SYS;
    }
    *ret = s;
    return WC_OK;
}

void wc_ctrl_server_set_limits(struct wc_ctrl_server *s, uint32_t open_timeout_ms,
                               uint32_t connection_count_max)
{
    s->open_timeout_ms = open_timeout_ms;
    s->connection_count_max = connection_count_max;
}

uint16_t wc_ctrl_server_port(const struct wc_ctrl_server *s)
{
    return s->port;
}

void wc_ctrl_server_close(struct wc_ctrl_server *s)
{
    if (uv_is_closing((const uv_handle_t *)&s->tcp))
        return;
    uv_close((uv_handle_t *)&s->tcp, on_server_closed);
    for (struct wc_ctrl *c = s->connections; c; c = c->next)
        wc_ctrl_close(c);
}
