/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Peers that are broken, hostile, silent or gone: each costs its own connection and no other. */
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/core/cursor.h"
#include "common/core/rng.h"
#include "tests/unit/common/io/ctrl_fixture.h"

/* The default client still gets a message through. */
static void assert_others_live(struct world *w)
{
    unsigned before = w->server_side.msg_count;
    struct wc_msg msg = hello_named("pc-01");
    assert_int_equal(wc_ctrl_send(w->client_side.c, &msg), WC_OK);
    RUN_UNTIL(w, w->server_side.msg_count == before + 1);
    assert_int_equal(w->client_side.close_count, 0);
}

static void bytes_that_are_no_tls(void **state)
{
    static const char *const texts[] = {"GET / HTTP/1.1\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
                                        "\x16\x03\x01\xff\xff", "\x80\x80\x80\x80\x80\x80"};
    struct world *w = *state;
    world_open(w);
    for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct raw raw;
        raw_connect(w, &raw, false);
        assert_true(send(raw.fd, texts[i], strlen(texts[i]), MSG_NOSIGNAL) > 0);
        RUN_UNTIL(w, (raw_step(&raw), raw.is_ended));
        raw_close(&raw);
        RUN_UNTIL(w, w->server_side.close_count == i + 1);
        assert_int_equal(w->server_side.err, WC_E_CRYPTO);
        assert_mentions(&w->server_side, "127.0.0.1:");
    }
    assert_others_live(w);
}

static void silence_instead_of_a_handshake(void **state)
{
    static const uint8_t half_record[] = {0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00};
    struct world *w = *state;
    struct raw silent;
    struct raw slow;
    world_open(w);
    wc_ctrl_server_set_limits(w->server, 30, 100);
    raw_connect(w, &silent, false);
    raw_connect(w, &slow, false);
    assert_true(send(slow.fd, half_record, sizeof(half_record), MSG_NOSIGNAL) > 0);
    RUN_UNTIL(w, w->server_side.close_count == 2);
    assert_int_equal(w->server_side.err, WC_E_SYS);
    assert_mentions(&w->server_side, "handshake");
    raw_close(&silent);
    raw_close(&slow);
    assert_others_live(w);
}

static void server_that_is_silent(void **state)
{
    struct world *w = *state;
    struct sockaddr_in addr;
    socklen_t bytes = sizeof(addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    uv_ip4_addr("127.0.0.1", 0, &addr);
    assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(listen(fd, 1), 0); /* accepts, and never answers */
    assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &bytes), 0);
    struct wc_ctrl *c = world_connect_to(w, &w->client_side, "127.0.0.1", ntohs(addr.sin_port));
    struct raw peer = {.fd = -1};
    RUN_UNTIL(w, (peer.fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK)) >= 0);
    uint8_t hello[1];
    RUN_UNTIL(w, recv(peer.fd, hello, 1, MSG_DONTWAIT) == 1);
    wc_ctrl_set_open_timeout(c, 50);
    RUN_UNTIL(w, w->client_side.close_count == 1);
    assert_int_equal(w->client_side.err, WC_E_SYS);
    assert_mentions(&w->client_side, "handshake within 0.1 s");
    raw_close(&peer);
    close(fd);
}

static void more_connections_than_allowed(void **state)
{
    struct world *w = *state;
    struct side late = {0};
    world_open(w);
    wc_ctrl_server_set_limits(w->server, WC_CTRL_OPEN_TIMEOUT_MS, 1);
    world_connect(w, &late);
    RUN_UNTIL(w, late.close_count == 1);
    assert_int_equal(late.open_count, 0);
    assert_others_live(w);
    wc_ctrl_close(w->client_side.c);
    RUN_UNTIL(w, w->server_side.close_count == 1);
    world_connect(w, &late); /* a place is free again */
    RUN_UNTIL(w, late.open_count == 1);
    wc_ctrl_close(late.c);
    RUN_UNTIL(w, late.close_count == 2);
}

/* Without a descriptor to be had, connections are dropped, and the server goes on after. */
static void no_descriptor_left(void **state)
{
    enum { PEERS = 5 };
    struct world *w = *state;
    struct raw raws[PEERS];
    struct rlimit limit;
    struct sockaddr_in addr;
    world_open(w);
    uv_ip4_addr("127.0.0.1", w->port, &addr);
    for (int i = 0; i < PEERS; i++)
        raws[i] = (struct raw){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    int lowest = dup(0);
    close(lowest);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit none = {.rlim_cur = (rlim_t)lowest, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(dup(0), -1);
    for (int i = 0; i < PEERS; i++)
        assert_int_equal(connect(raws[i].fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
    for (int i = 0; i < PEERS; i++) {
        RUN_UNTIL(w, (raw_step(&raws[i]), raws[i].is_ended));
        raw_close(&raws[i]);
    }
    assert_others_live(w);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    struct side late = {0};
    world_connect(w, &late);
    RUN_UNTIL(w, late.open_count == 1);
    wc_ctrl_close(late.c);
    RUN_UNTIL(w, late.close_count == 1);
}

/* A frame with this type and body; returns its bytes. */
static size_t frame_of(uint8_t type, const void *body, uint32_t body_bytes, uint8_t *ret)
{
    struct wc_writer out = wc_writer_of(ret, WC_FRAME_HEADER_BYTES + WC_FRAME_BODY_MAX);
    wc_put_u32(&out, body_bytes + 1);
    wc_put_u8(&out, type);
    wc_put_bytes(&out, body, body_bytes);
    return WC_FRAME_HEADER_BYTES + body_bytes;
}

static size_t hello_frame(uint8_t *ret)
{
    struct wc_msg msg = hello_named("pc-09");
    size_t count = 0;
    assert_int_equal(wc_msg_encode(&msg, ret, WC_FRAME_HEADER_BYTES + WC_FRAME_BODY_MAX, &count),
                     WC_OK);
    return count;
}

/* Frames of later versions, of every length, are skipped; and a message may arrive byte by byte. */
static void unknown_types_and_single_bytes(void **state)
{
    struct world *w = *state;
    static uint8_t body[WC_FRAME_BODY_MAX];
    static uint8_t frame[WC_FRAME_HEADER_BYTES + WC_FRAME_BODY_MAX];
    static const uint32_t sizes[] = {0, 1, 4090, 4091, 4096, 16384, 60000, WC_FRAME_BODY_MAX};
    struct raw raw;
    raw_connect(w, &raw, true);
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        raw_send(&raw, frame, frame_of(200, body, sizes[i], frame));
        raw_send(&raw, frame, hello_frame(frame));
        RUN_UNTIL(w, (raw_step(&raw), w->server_side.msg_count == i + 1));
    }
    unsigned before = w->server_side.msg_count;
    size_t count = hello_frame(frame);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(w->server_side.msg_count, before);
        raw_send(&raw, &frame[i], 1);
        world_step(w);
    }
    RUN_UNTIL(w, w->server_side.msg_count == before + 1);
    assert_int_equal(w->server_side.close_count, 0);
    raw_close(&raw);
    RUN_UNTIL(w, w->server_side.close_count == 1);
    assert_int_equal(w->server_side.err, WC_E_CLOSED);
    assert_mentions(&w->server_side, "without a good-bye");
}

static void malformed_frames_end_the_connection(void **state)
{
    static const struct {
        const char *bytes;
        size_t count;
        enum wc_err err;
        const char *mentions;
    } cases[] = {
        {"\0\0\0\0\1", 5, WC_E_FORMAT, "frame"},            /* no type */
        {"\0\1\0\2\1", 5, WC_E_TOO_LARGE, "frame"},         /* body one byte too long */
        {"\xff\xff\xff\xff\1", 5, WC_E_TOO_LARGE, "frame"}, /* */
        {"\0\0\0\3\2\0\2", 7, WC_E_VERSION, "version"},     /* WELCOME of version 2 */
        {"\0\0\0\4\1\0\1\0", 8, WC_E_SHORT, "type 1"},      /* HELLO cut short */
    };
    struct world *w = *state;
    world_open(w);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct raw raw;
        raw_connect(w, &raw, true);
        raw_send(&raw, cases[i].bytes, cases[i].count);
        RUN_UNTIL(w, (raw_step(&raw), raw.is_ended));
        raw_close(&raw);
        RUN_UNTIL(w, w->server_side.close_count == i + 1);
        assert_int_equal(w->server_side.err, cases[i].err);
        assert_mentions(&w->server_side, cases[i].mentions);
        assert_mentions(&w->server_side, "127.0.0.1:");
        assert_int_equal(w->server_side.msg_count, 0);
    }
    assert_others_live(w);
}

/* A peer that was killed in the middle of a message did not just go away. */
static void ended_in_the_middle_of_a_message(void **state)
{
    struct world *w = *state;
    static uint8_t frame[WC_FRAME_HEADER_BYTES + WC_FRAME_BODY_MAX];
    struct raw raw;
    raw_connect(w, &raw, true);
    raw_send(&raw, frame, hello_frame(frame) - 1);
    RUN_UNTIL(w, (raw_step(&raw), w->server_side.c));
    raw_close(&raw);
    RUN_UNTIL(w, w->server_side.close_count == 1);
    assert_int_equal(w->server_side.err, WC_E_SHORT);
    assert_mentions(&w->server_side, "middle of a message");
}

/* Random bodies of every type: some are messages, most end the connection, none does more. */
static void random_messages(void **state)
{
    struct world *w = *state;
    struct wc_rng rng = {.state = 40};
    world_open(w);
    for (unsigned i = 0; i < 60; i++) {
        uint8_t body[300];
        uint8_t frame[WC_FRAME_HEADER_BYTES + sizeof(body)];
        struct raw raw;
        raw_connect(w, &raw, true);
        for (unsigned j = 0; j < 10 && !raw.is_ended; j++) {
            uint32_t count = (uint32_t)wc_rng_below(&rng, sizeof(body));
            for (uint32_t k = 0; k < count; k++)
                body[k] = (uint8_t)wc_rng_below(&rng, 3);
            raw_send(&raw, frame, frame_of((uint8_t)wc_rng_below(&rng, 14), body, count, frame));
            world_step(w);
        }
        raw_close(&raw);
        RUN_UNTIL(w, w->server_side.close_count == i + 1);
    }
    assert_others_live(w);
}

/* The queue has a bound, and closing does not wait for who never reads. */
static void peer_that_does_not_read(void **state)
{
    enum { PART_BYTES = 30000 };
    struct world *w = *state;
    static const uint8_t bytes[PART_BYTES];
    struct wc_msg msg = {.type = WC_MSG_MANIFEST};
    struct raw raw;
    raw_connect(w, &raw, true);
    RUN_UNTIL(w, w->server_side.c);
    msg.manifest_part.byte_count = PART_BYTES;
    msg.manifest_part.bytes = bytes;
    for (unsigned full_count = 0; full_count < 50;) { /* the kernel's buffers fill up too */
        enum wc_err err = wc_ctrl_send(w->server_side.c, &msg);
        assert_true(err == WC_OK || err == WC_E_FULL);
        full_count = err == WC_E_FULL ? full_count + 1 : 0;
        assert_true(wc_ctrl_queued_bytes(w->server_side.c) <
                    WC_CTRL_QUEUE_BYTES_MAX + 2 * PART_BYTES);
        world_step(w);
    }
    wc_ctrl_close(w->server_side.c);
    RUN_UNTIL(w, w->server_side.close_count == 1);
    assert_int_equal(w->server_side.err, WC_OK);
    raw_close(&raw);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bytes_that_are_no_tls),
        TEST(silence_instead_of_a_handshake),
        TEST(server_that_is_silent),
        TEST(more_connections_than_allowed),
        TEST(no_descriptor_left),
        TEST(unknown_types_and_single_bytes),
        TEST(malformed_frames_end_the_connection),
        TEST(ended_in_the_middle_of_a_message),
        TEST(random_messages),
        TEST(peer_that_does_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
