/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a name to a TCP connection: resolve, then try one address after the other. All of it and the
 * handshake share one deadline; each address gets an equal part of what is left, so that a dead
 * first address does not use up the time of a good second one.
 *
 * A resolver's thread cannot always be stopped: what it works on belongs to itself and outlives a
 * connection that was given up. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/io/ctrl_internal.h"

struct wc_ctrl_resolve {
    uv_getaddrinfo_t request;
    struct wc_ctrl *c; /* NULL: given up */
};

static void attempt_next(struct wc_ctrl *c);

void wc_ctrl_client_stop(struct wc_ctrl *c)
{
    if (c->resolve) {
        c->resolve->c = NULL;
        uv_cancel((uv_req_t *)&c->resolve->request);
        c->resolve = NULL;
    }
    if (c->addresses)
        uv_freeaddrinfo(c->addresses);
    c->addresses = NULL;
    c->next_address = NULL;
}

/* --- one address ----------------------------------------------------------------------------- */

static void on_attempt_closed(uv_handle_t *handle)
{
    struct wc_ctrl *c = handle->data;
    if (c->phase == WC_CTRL_CONNECTING)
        attempt_next(c);
    wc_ctrl_handle_closed(c);
}

static void attempt_failed(struct wc_ctrl *c, int status)
{
    snprintf(c->why, sizeof(c->why), "cannot connect to %s: %s", c->target, uv_strerror(status));
    size_t used = strlen(c->why);
    if (strcmp(c->target, c->peer) != 0)
        snprintf(c->why + used, sizeof(c->why) - used, " (%s)", c->peer);
    uv_timer_stop(&c->timer);
    c->tcp_is_open = false;
    uv_close((uv_handle_t *)&c->tcp, on_attempt_closed);
}

static void on_attempt_timeout(uv_timer_t *timer)
{
    attempt_failed(timer->data, UV_ETIMEDOUT);
}

static void on_connected(uv_connect_t *request, int status)
{
    struct wc_ctrl *c = request->handle->data;
    if (status == UV_ECANCELED || c->phase != WC_CTRL_CONNECTING)
        return;
    if (status < 0) {
        attempt_failed(c, status);
        return;
    }
    wc_ctrl_client_stop(c);
    wc_ctrl_start(c);
}

static uint64_t share_ms(const struct wc_ctrl *c)
{
    uint64_t address_count = 0;
    for (const struct addrinfo *a = c->next_address; a; a = a->ai_next)
        address_count++;
    return wc_ctrl_left_ms(c) / address_count;
}

/* Addresses of other families than ours do not come from getaddrinfo: the socket would say so. */
static void attempt_next(struct wc_ctrl *c)
{
    const struct addrinfo *address = c->next_address;
    if (!address) {
        char why[sizeof(c->why)];
        memcpy(why, c->why, sizeof(why));
        wc_ctrl_abort(c, WC_E_SYS, "%s", why);
        return;
    }
    uint64_t timeout_ms = share_ms(c);
    c->next_address = address->ai_next;
    struct wc_addr addr;
    wc_netaddr_from_sockaddr(address->ai_addr, &addr);
    wc_netaddr_format(&addr, true, c->peer);
    wc_ctrl_tcp_init(c);
    uv_timer_start(&c->timer, on_attempt_timeout, timeout_ms, 0);
    int err = uv_tcp_connect(&c->connect, &c->tcp, address->ai_addr, on_connected);
    if (err)
        attempt_failed(c, err);
}

/* --- the name -------------------------------------------------------------------------------- */

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses)
{
    struct wc_ctrl_resolve *resolve = (struct wc_ctrl_resolve *)request;
    struct wc_ctrl *c = resolve->c;
    free(resolve);
    if (!c) {
        uv_freeaddrinfo(addresses);
        return;
    }
    c->resolve = NULL;
    if (status < 0) {
        uv_freeaddrinfo(addresses);
        wc_ctrl_abort(c, WC_E_NOT_FOUND, "cannot find the address of %s: %s; check the name",
                      c->target, uv_strerror(status));
        return;
    }
    c->addresses = addresses;
    c->next_address = addresses;
    attempt_next(c);
}

static void on_resolve_timeout(uv_timer_t *timer)
{
    struct wc_ctrl *c = timer->data;
    wc_ctrl_abort(c, WC_E_NOT_FOUND,
                  "cannot find the address of %s: the name servers do not answer", c->target);
}

void wc_ctrl_client_arm(struct wc_ctrl *c)
{
    if (c->resolve)
        uv_timer_start(&c->timer, on_resolve_timeout, wc_ctrl_left_ms(c), 0);
}

enum wc_err wc_ctrl_connect(struct wc_ctrl **ret, uv_loop_t *loop, struct wc_tls_context *tls,
                            const char *host, uint16_t port, const struct wc_ctrl_ops *ops,
                            void *ctx)
{
    static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    char service[8];
    snprintf(service, sizeof(service), "%u", (unsigned)port);
    struct wc_ctrl_resolve *resolve = calloc(1, sizeof(*resolve));
    if (!resolve)
        return WC_E_NOMEM;
    int err = uv_getaddrinfo(loop, &resolve->request, on_resolved, host, service, &hints);
    if (err) {
        free(resolve);
        return err == UV_ENOMEM ? WC_E_NOMEM : WC_E_SYS;
    }
    struct wc_ctrl *c = wc_ctrl_new(loop, tls, ops, ctx);
    resolve->c = c; /* NULL: the answer will find nobody */
    if (!c)
        return WC_E_NOMEM;
    c->resolve = resolve;
    bool is_ipv6 = strchr(host, ':') != NULL;
    snprintf(c->target, sizeof(c->target), is_ipv6 ? "[%s]:%s" : "%s:%s", host, service);
    wc_ctrl_set_open_timeout(c, WC_CTRL_OPEN_TIMEOUT_MS);
    *ret = c;
    return WC_OK;
}
