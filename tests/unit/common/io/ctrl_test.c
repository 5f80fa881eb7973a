/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two wimcasts: what they agree on, how they part, and what a client meets on its way. */
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/common/io/ctrl_fixture.h"

static struct wc_msg welcome_to(const char *package)
{
    struct wc_msg msg = {.type = WC_MSG_WELCOME};
    msg.welcome.version = WC_PROTOCOL_VERSION;
    snprintf(msg.welcome.package, sizeof(msg.welcome.package), "%s", package);
    msg.welcome.group = (struct wc_addr){.family = 4, .bytes = {239, 1, 2, 3}, .port = 9468};
    msg.welcome.report_interval_us = 100000;
    msg.welcome.manifest_bytes = 1;
    return msg;
}

static void answer_with_welcome(struct side *side, struct wc_ctrl *c, const struct wc_msg *msg)
{
    (void)side;
    assert_int_equal(msg->type, WC_MSG_HELLO);
    assert_string_equal(msg->hello.name, "pc-07");
    struct wc_msg answer = welcome_to("XYZ00012");
    assert_int_equal(wc_ctrl_send(c, &answer), WC_OK);
}

static void expect_welcome(struct side *side, struct wc_ctrl *c, const struct wc_msg *msg)
{
    (void)side;
    (void)c;
    assert_int_equal(msg->type, WC_MSG_WELCOME);
    assert_string_equal(msg->welcome.package, "XYZ00012");
}

static void say_hello(struct side *side, struct wc_ctrl *c)
{
    (void)side;
    struct wc_msg msg = hello_named("pc-07");
    assert_int_equal(wc_ctrl_send(c, &msg), WC_OK);
}

static void exchange(struct world *w, const char *host, uint16_t port, uint8_t family)
{
    struct wc_addr local;
    struct wc_addr peer;
    struct wc_publickey *key;
    w->server_side = (struct side){.on_msg = answer_with_welcome};
    w->client_side = (struct side){.on_open = say_hello, .on_msg = expect_welcome};
    world_connect_to(w, &w->client_side, host, port);
    RUN_UNTIL(w, w->client_side.msg_count == 1);
    wc_ctrl_addresses(w->client_side.c, &local, &peer);
    assert_int_equal(peer.family, family);
    assert_int_equal(peer.port, port);
    assert_int_equal(local.family, family);
    assert_non_null(strstr(wc_ctrl_peer_text(w->server_side.c), family == 4 ? "127.0.0.1:" : "["));
    key = wc_ctrl_peer_key(w->client_side.c);
    assert_non_null(key);
    wc_publickey_free(key);
    assert_null(wc_ctrl_peer_key(w->server_side.c));
    wc_ctrl_close(w->client_side.c);
    RUN_UNTIL(w, w->client_side.close_count == 1 && w->server_side.close_count == 1);
    assert_int_equal(w->client_side.err, WC_OK);
    assert_int_equal(w->server_side.err, WC_E_CLOSED);
    assert_mentions(&w->server_side, " closed the connection");
}

static void hello_and_welcome(void **state)
{
    struct world *w = *state;
    exchange(w, "127.0.0.1", w->port, 4);
    exchange(w, "localhost", w->port, 4); /* ::1 may come first and be refused */
}

static void all_addresses_are_both_families(void **state)
{
    struct world *w = *state;
    struct wc_ctrl_server *s = NULL;
    const char *why = NULL;
    assert_int_equal(
        wc_ctrl_listen(&s, &w->loop, w->server_tls, NULL, 0, &side_ops, &w->server_side, &why),
        WC_OK);
    uint16_t port = wc_ctrl_server_port(s);
    exchange(w, "127.0.0.1", port, 4);
    if (access("/proc/net/if_inet6", F_OK) == 0)
        exchange(w, "::1", port, 6);
    wc_ctrl_server_close(s);
}

static void listening_on_a_port_in_use(void **state)
{
    struct world *w = *state;
    struct wc_ctrl_server *s = NULL;
    const char *why = NULL;
    assert_int_equal(wc_ctrl_listen(&s, &w->loop, w->server_tls, "127.0.0.1", w->port, &side_ops,
                                    &w->server_side, &why),
                     WC_E_SYS);
    assert_non_null(strstr(why, "in use"));
    assert_int_equal(wc_ctrl_listen(&s, &w->loop, w->server_tls, "lab.example", 0, &side_ops,
                                    &w->server_side, &why),
                     WC_E_SYS);
    assert_null(s);
}

#define BULK_BYTES (2u << 20)
#define PART_BYTES 30000u

static uint8_t bulk_byte(size_t offset)
{
    return (uint8_t)(offset * 2654435761u >> 13);
}

/* As a sender would: until the queue is full, and on when it drained. */
static void send_bulk(struct side *side, struct wc_ctrl *c)
{
    uint8_t bytes[PART_BYTES];
    while (side->byte_count < BULK_BYTES) {
        size_t left = BULK_BYTES - side->byte_count;
        struct wc_msg msg = {.type = WC_MSG_MANIFEST};
        msg.manifest_part.offset = (uint32_t)side->byte_count;
        msg.manifest_part.byte_count = (uint32_t)(left < PART_BYTES ? left : PART_BYTES);
        msg.manifest_part.bytes = bytes;
        for (size_t i = 0; i < msg.manifest_part.byte_count; i++)
            bytes[i] = bulk_byte(side->byte_count + i);
        enum wc_err err = wc_ctrl_send(c, &msg);
        assert_true(wc_ctrl_queued_bytes(c) < WC_CTRL_QUEUE_BYTES_MAX + 2 * PART_BYTES);
        if (err == WC_E_FULL)
            return;
        assert_int_equal(err, WC_OK);
        side->byte_count += msg.manifest_part.byte_count;
    }
}

static void take_bulk(struct side *side, struct wc_ctrl *c, const struct wc_msg *msg)
{
    (void)c;
    assert_int_equal(msg->type, WC_MSG_MANIFEST);
    assert_int_equal(msg->manifest_part.offset, side->byte_count);
    for (size_t i = 0; i < msg->manifest_part.byte_count; i++) {
        if (msg->manifest_part.bytes[i] != bulk_byte(side->byte_count + i))
            fail_msg("wrong byte at %zu", side->byte_count + i);
    }
    side->byte_count += msg->manifest_part.byte_count;
}

static void bulk_waits_for_the_queue(void **state)
{
    struct world *w = *state;
    w->server_side = (struct side){.on_open = send_bulk, .on_drain = send_bulk};
    w->client_side = (struct side){.on_msg = take_bulk};
    world_connect(w, &w->client_side);
    RUN_UNTIL(w, w->client_side.byte_count == BULK_BYTES);
    assert_true(w->server_side.drain_count > 3);
    assert_int_equal(wc_ctrl_queued_bytes(w->server_side.c), 0);
}

static void close_at_once(struct side *side, struct wc_ctrl *c)
{
    (void)side;
    wc_ctrl_close(c);
    wc_ctrl_close(c);
    struct wc_msg msg = hello_named("late");
    assert_int_equal(wc_ctrl_send(c, &msg), WC_E_STATE);
}

static void server_closes(void **state)
{
    struct world *w = *state;
    w->server_side.on_open = close_at_once;
    world_connect(w, &w->client_side);
    RUN_UNTIL(w, w->client_side.close_count == 1 && w->server_side.close_count == 1);
    assert_int_equal(w->client_side.open_count, 1);
    assert_int_equal(w->client_side.err, WC_E_CLOSED);
    assert_mentions(&w->client_side, "127.0.0.1:");
    assert_int_equal(w->server_side.err, WC_OK);
}

static void refuse_and_close(struct side *side, struct wc_ctrl *c, const struct wc_msg *msg)
{
    (void)side;
    (void)msg;
    struct wc_msg refusal = {.type = WC_MSG_REFUSE};
    refusal.refusal.hresult = 0x80070005;
    snprintf(refusal.refusal.sentence, sizeof(refusal.refusal.sentence), "no such package");
    assert_int_equal(wc_ctrl_send(c, &refusal), WC_OK);
    wc_ctrl_close(c);
}

/* The refusal arrives although the server never read the rest of what the client said. */
static void last_words_arrive(void **state)
{
    struct world *w = *state;
    w->server_side.on_msg = refuse_and_close;
    w->client_side.on_open = send_bulk;
    world_connect(w, &w->client_side);
    RUN_UNTIL(w, w->client_side.close_count == 1 && w->server_side.close_count == 1);
    assert_int_equal(w->client_side.msg_count, 1);
    assert_int_equal(w->client_side.type, WC_MSG_REFUSE);
    assert_int_equal(w->client_side.err, WC_E_CLOSED);
    assert_int_equal(w->server_side.msg_count, 1);
}

static void nobody_listens(void **state)
{
    struct world *w = *state;
    char address[32];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in addr;
    socklen_t bytes = sizeof(addr);
    uv_ip4_addr("127.0.0.1", 0, &addr); /* bound, never listening */
    assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &bytes), 0);
    uint16_t port = ntohs(addr.sin_port);
    snprintf(address, sizeof(address), "127.0.0.1:%u", port);

    world_connect_to(w, &w->client_side, "127.0.0.1", port);
    RUN_UNTIL(w, w->client_side.close_count == 1);
    assert_int_equal(w->client_side.err, WC_E_SYS);
    assert_mentions(&w->client_side, address);
    assert_mentions(&w->client_side, "refused");
    world_connect_to(w, &w->client_side, "localhost", port);
    RUN_UNTIL(w, w->client_side.close_count == 2);
    assert_mentions(&w->client_side, "localhost:");
    assert_mentions(&w->client_side, "refused (");
    assert_int_equal(w->client_side.open_count, 0);
    close(fd);
}

static void name_without_address(void **state)
{
    struct world *w = *state;
    world_connect_to(w, &w->client_side, "lab..example", 9467); /* never asks a name server */
    RUN_UNTIL(w, w->client_side.close_count == 1);
    assert_int_equal(w->client_side.err, WC_E_NOT_FOUND);
    assert_mentions(&w->client_side, "lab..example:9467");
}

static void wrong_key(void **state)
{
    struct world *w = *state;
    struct wc_ctrl *c = NULL;
    assert_int_equal(wc_ctrl_connect(&c, &w->loop, w->wrong_tls, "127.0.0.1", w->port, &side_ops,
                                     &w->client_side),
                     WC_OK);
    RUN_UNTIL(w, w->client_side.close_count == 1 && w->server_side.close_count == 1);
    assert_int_equal(w->client_side.err, WC_E_AUTH);
    assert_mentions(&w->client_side, "sha256:");
    assert_int_equal(w->server_side.err, WC_E_CRYPTO);
    assert_int_equal(w->client_side.open_count + w->server_side.open_count, 0);
}

/* Given up in every phase before the connection is open: on_close comes, once, and says so. */
static void given_up_early(void **state)
{
    struct world *w = *state;
    for (unsigned steps = 0; steps < 12; steps++) {
        w->client_side = (struct side){0};
        struct wc_ctrl *c = world_connect(w, &w->client_side);
        for (unsigned i = 0; i < steps && !w->client_side.close_count; i++)
            world_step(w);
        assert_int_equal(w->client_side.close_count, 0);
        wc_ctrl_close(c);
        wc_ctrl_close(c);
        RUN_UNTIL(w, w->client_side.close_count == 1);
        assert_int_equal(w->client_side.err, WC_OK);
    }
    world_connect(w, &w->client_side); /* the server goes on */
    RUN_UNTIL(w, w->client_side.c);
}

/* One shot at a server that is gone by then, another at a loop that ends. */
static void server_goes_with_connections(void **state)
{
    struct world *w = *state;
    struct side sides[3] = {{0}};
    for (size_t i = 0; i < 3; i++)
        world_connect(w, &sides[i]);
    RUN_UNTIL(w, w->server_side.open_count == 3);
    wc_ctrl_server_close(w->server);
    wc_ctrl_server_close(w->server);
    RUN_UNTIL(w, sides[0].close_count + sides[1].close_count + sides[2].close_count == 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(sides[i].err, WC_E_CLOSED);
    world_connect(w, &w->client_side);
    RUN_UNTIL(w, w->client_side.close_count == 1);
    assert_int_equal(w->client_side.err, WC_E_SYS);
    const char *why = NULL; /* for tear-down */
    assert_int_equal(wc_ctrl_listen(&w->server, &w->loop, w->server_tls, "127.0.0.1", 0, &side_ops,
                                    &w->server_side, &why),
                     WC_OK);
}

static void fifty_at_once(void **state)
{
    enum { CLIENTS = 50 };
    struct world *w = *state;
    struct side sides[CLIENTS];
    w->server_side.on_msg = answer_with_welcome;
    for (size_t i = 0; i < CLIENTS; i++) {
        sides[i] = (struct side){.on_open = say_hello, .on_msg = expect_welcome};
        wc_ctrl_set_user(world_connect(w, &sides[i]), &sides[i]);
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        RUN_UNTIL(w, sides[i].msg_count == 1);
        assert_ptr_equal(wc_ctrl_user(sides[i].c), &sides[i]);
        wc_ctrl_close(sides[i].c);
    }
    RUN_UNTIL(w, w->server_side.close_count == CLIENTS);
    for (size_t i = 0; i < CLIENTS; i++)
        RUN_UNTIL(w, sides[i].close_count == 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hello_and_welcome),
        TEST(all_addresses_are_both_families),
        TEST(listening_on_a_port_in_use),
        TEST(bulk_waits_for_the_queue),
        TEST(server_closes),
        TEST(last_words_arrive),
        TEST(nobody_listens),
        TEST(name_without_address),
        TEST(wrong_key),
        TEST(given_up_early),
        TEST(server_goes_with_connections),
        TEST(fifty_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
