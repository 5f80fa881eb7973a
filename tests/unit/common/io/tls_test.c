/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two ends wired buffer to buffer; the wire cuts what it carries into random parts, and may damage
 * it. */
#include "common/io/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/rng.h"
#include "common/io/digest.h"
#include "tests/support/workdir.h"

#define PARTS_MAX 100000

struct fixture {
    struct wc_workdir dir;
    struct wc_identity *id;
    struct wc_tls_context *server;
    struct wc_tls_context *client;
};

/* One end, and what came out of it. */
struct end {
    struct wc_tls *tls;
    enum wc_err err; /* of the last read */
    uint8_t *plain;
    size_t plain_bytes;
    size_t plain_room;
};

/* Damage on the way: one byte at this offset of the client's (0) or server's (1) stream. */
struct damage {
    int side; /* -1: none */
    size_t offset;
    uint8_t flip; /* 0: the stream loses the byte instead */
    size_t carried[2];
};

static int set_up(void **state)
{
    char why[WC_SENTENCE_BYTES_MAX + 1];
    uint8_t digest[WC_DIGEST_BYTES];
    struct fixture *f = calloc(1, sizeof(*f));
    if (!f)
        return -1;
    wc_workdir_make(&f->dir);
    if (wc_identity_open(&f->id, f->dir.path, why) || wc_tls_server_new(&f->server, f->id))
        return -1;
    wc_identity_key_digest(f->id, digest);
    if (wc_tls_client_new(&f->client, digest))
        return -1;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    wc_tls_context_free(f->client);
    wc_tls_context_free(f->server);
    wc_identity_free(f->id);
    wc_workdir_remove(&f->dir);
    free(f);
    return 0;
}

static struct end end_of(struct wc_tls_context *ctx)
{
    struct end e = {.err = WC_E_AGAIN};
    assert_int_equal(wc_tls_new(&e.tls, ctx), WC_OK);
    return e;
}

static void end_free(struct end *e)
{
    wc_tls_free(e->tls);
    free(e->plain);
}

/* Read all that can be read now. */
static void absorb(struct end *e, struct wc_rng *rng)
{
    uint8_t bytes[5000];
    for (int i = 0; i < PARTS_MAX; i++) {
        size_t count = 0;
        e->err = wc_tls_read(e->tls, bytes, 1 + wc_rng_below(rng, sizeof(bytes)), &count);
        if (e->err)
            return;
        assert_true(count > 0);
        if (e->plain_bytes + count > e->plain_room) {
            e->plain_room = 2 * (e->plain_bytes + count);
            e->plain = realloc(e->plain, e->plain_room);
        }
        memcpy(e->plain + e->plain_bytes, bytes, count);
        e->plain_bytes += count;
    }
    fail_msg("more input than was sent");
}

static size_t damage_apply(struct damage *d, int side, uint8_t *bytes, size_t count)
{
    size_t first = d->carried[side];
    d->carried[side] += count;
    if (d->side != side || d->offset < first || d->offset >= first + count)
        return count;
    uint8_t *at = bytes + (d->offset - first);
    if (d->flip) {
        *at ^= d->flip;
        return count;
    }
    memmove(at, at + 1, count - 1 - (size_t)(at - bytes));
    return count - 1;
}

/* Carry bytes both ways until both ends are quiet. */
static void carry(struct end *client, struct end *server, struct wc_rng *rng, struct damage *d)
{
    struct end *ends[2] = {client, server};
    absorb(client, rng);
    absorb(server, rng);
    for (int quiet = 0, i = 0; quiet < 2 && i < PARTS_MAX; i++) {
        uint8_t bytes[3000];
        int side = i % 2;
        struct end *to = ends[1 - side];
        size_t room = wc_rng_below(rng, 4) ? 1 + wc_rng_below(rng, sizeof(bytes)) : 1;
        size_t count = wc_tls_drain(ends[side]->tls, bytes, room);
        quiet = count ? 0 : quiet + 1;
        if (count && d)
            count = damage_apply(d, side, bytes, count);
        assert_int_equal(wc_tls_feed(to->tls, bytes, count), WC_OK);
        absorb(to, rng);
    }
}

static void handshake_and_data_both_ways(void **state)
{
    static const size_t sizes[] = {1, 5, 100, 16383, 16384, 16385, 65536, 300000};
    struct fixture *f = *state;
    struct wc_rng rng = {.state = 30};
    struct end client = end_of(f->client);
    struct end server = end_of(f->server);
    uint8_t *bytes = malloc(300000);
    wc_workdir_pattern(1, 0, bytes, 300000);
    assert_int_equal(wc_tls_write(client.tls, bytes, 1), WC_E_STATE);
    carry(&client, &server, &rng, NULL);
    assert_true(wc_tls_is_open(client.tls));
    assert_true(wc_tls_is_open(server.tls));
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        client.plain_bytes = server.plain_bytes = 0;
        assert_int_equal(wc_tls_write(client.tls, bytes, sizes[i]), WC_OK);
        assert_int_equal(wc_tls_write(server.tls, bytes + 7, sizes[i] / 2), WC_OK);
        assert_true(wc_tls_pending(client.tls) > sizes[i]);
        carry(&client, &server, &rng, NULL);
        assert_int_equal(wc_tls_pending(client.tls), 0);
        assert_int_equal(server.plain_bytes, sizes[i]);
        assert_memory_equal(server.plain, bytes, sizes[i]);
        assert_int_equal(client.plain_bytes, sizes[i] / 2);
        assert_true(!client.plain_bytes || !memcmp(client.plain, bytes + 7, sizes[i] / 2));
        assert_int_equal(client.err, WC_E_AGAIN);
        assert_int_equal(server.err, WC_E_AGAIN);
    }
    free(bytes);
    end_free(&client);
    end_free(&server);
}

static void close_is_told_once_all_was_read(void **state)
{
    struct fixture *f = *state;
    struct wc_rng rng = {.state = 31};
    struct end client = end_of(f->client);
    struct end server = end_of(f->server);
    wc_tls_close(client.tls); /* before the handshake: nothing to say */
    carry(&client, &server, &rng, NULL);
    assert_int_equal(wc_tls_write(server.tls, (const uint8_t *)"last words", 10), WC_OK);
    wc_tls_close(server.tls);
    wc_tls_close(server.tls);
    assert_int_equal(wc_tls_write(server.tls, (const uint8_t *)"more", 4), WC_E_STATE);
    carry(&client, &server, &rng, NULL);
    assert_int_equal(client.plain_bytes, 10);
    assert_memory_equal(client.plain, "last words", 10);
    assert_int_equal(client.err, WC_E_CLOSED);
    absorb(&client, &rng);
    assert_int_equal(client.err, WC_E_CLOSED);
    end_free(&client);
    end_free(&server);
    wc_tls_free(NULL);
    wc_tls_context_free(NULL);
}

static void wrong_pin_is_refused(void **state)
{
    struct fixture *f = *state;
    struct wc_rng rng = {.state = 32};
    for (int bit = 0; bit < 8 * WC_DIGEST_BYTES; bit += 51) {
        struct wc_tls_context *other = NULL;
        char hex[2 * WC_DIGEST_BYTES + 1];
        uint8_t pin[WC_DIGEST_BYTES];
        wc_identity_key_digest(f->id, pin);
        wc_digest_hex(pin, hex);
        pin[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_int_equal(wc_tls_client_new(&other, pin), WC_OK);
        struct end client = end_of(other);
        struct end server = end_of(f->server);
        carry(&client, &server, &rng, NULL);
        assert_int_equal(client.err, WC_E_AUTH);
        assert_non_null(strstr(wc_tls_why(client.tls), hex)); /* the key that was there */
        assert_false(wc_tls_is_open(client.tls));
        assert_int_equal(server.err, WC_E_CRYPTO); /* was told by an alert */
        assert_false(wc_tls_is_open(server.tls));
        end_free(&client);
        end_free(&server);
        wc_tls_context_free(other);
    }
}

/* Trust on first use: any key goes, and the caller learns which. Its signatures verify. */
static void key_without_pin(void **state)
{
    struct fixture *f = *state;
    struct wc_rng rng = {.state = 33};
    struct wc_tls_context *any = NULL;
    uint8_t expected[WC_DIGEST_BYTES];
    uint8_t digest[WC_DIGEST_BYTES];
    uint8_t signature[WC_SIGNATURE_BYTES_MAX];
    uint16_t signature_bytes = 0;
    assert_int_equal(wc_tls_client_new(&any, NULL), WC_OK);
    struct end client = end_of(any);
    struct end server = end_of(f->server);
    assert_null(wc_tls_peer_key(client.tls));
    carry(&client, &server, &rng, NULL);
    assert_null(wc_tls_peer_key(server.tls));
    struct wc_publickey *key = wc_tls_peer_key(client.tls);
    assert_non_null(key);
    wc_identity_key_digest(f->id, expected);
    wc_publickey_digest(key, digest);
    assert_memory_equal(digest, expected, sizeof(digest));

    assert_int_equal(wc_identity_sign(f->id, "manifest", 8, signature, &signature_bytes), WC_OK);
    assert_int_equal(wc_publickey_verify(key, "manifest", 8, signature, signature_bytes), WC_OK);
    assert_int_equal(wc_publickey_verify(key, "manifesu", 8, signature, signature_bytes),
                     WC_E_AUTH);
    assert_int_equal(wc_publickey_verify(key, "manifest", 7, signature, signature_bytes),
                     WC_E_AUTH);
    assert_int_equal(wc_publickey_verify(key, "manifest", 8, signature, 0), WC_E_AUTH);
    for (size_t i = 0; i < signature_bytes; i++) {
        signature[i] ^= 1;
        assert_int_equal(wc_publickey_verify(key, "manifest", 8, signature, signature_bytes),
                         WC_E_AUTH);
        signature[i] ^= 1;
    }
    wc_publickey_free(key);
    end_free(&client);
    end_free(&server);
    wc_tls_context_free(any);
}

static void input_that_is_no_tls_fails(void **state)
{
    /* A ClientHello of TLS 1.2: no supported_versions extension. */
    static const uint8_t hello12[] = {
        0x16, 0x03, 0x01, 0x00, 0x2f, 0x01, 0x00, 0x00, 0x2b, 0x03, 0x03, 1,    2,
        3,    4,    5,    6,    7,    8,    9,    10,   11,   12,   13,   14,   15,
        16,   17,   18,   19,   20,   21,   22,   23,   24,   25,   26,   27,   28,
        29,   30,   31,   32,   0x00, 0x00, 0x04, 0xc0, 0x2b, 0xc0, 0x2f, 0x01, 0x00};
    static const char http[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    static const uint8_t zeros[100] = {0};
    const struct {
        const void *bytes;
        size_t count;
    } inputs[] = {{hello12, sizeof(hello12)}, {http, sizeof(http) - 1}, {zeros, sizeof(zeros)}};
    struct fixture *f = *state;
    struct wc_rng rng = {.state = 34};
    for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
        for (int is_client = 0; is_client < 2; is_client++) {
            struct end e = end_of(is_client ? f->client : f->server);
            assert_int_equal(wc_tls_feed(e.tls, inputs[i].bytes, inputs[i].count), WC_OK);
            absorb(&e, &rng);
            assert_int_equal(e.err, WC_E_CRYPTO);
            assert_true(strlen(wc_tls_why(e.tls)) > 5);
            assert_int_equal(wc_tls_feed(e.tls, inputs[i].bytes, inputs[i].count), WC_OK);
            absorb(&e, &rng);
            assert_int_equal(e.err, WC_E_CRYPTO); /* for good */
            end_free(&e);
        }
    }
}

/* One byte changed or lost anywhere in a connection's life: an error or silence, never a wrong
 * byte of data. */
static void damage_anywhere_gives_no_wrong_byte(void **state)
{
    enum { CONNECTIONS = 600, BYTES = 2000 };
    struct fixture *f = *state;
    struct wc_rng rng = {.state = 35};
    uint8_t bytes[BYTES];
    int failed_count = 0;
    wc_workdir_pattern(2, 0, bytes, BYTES);
    for (int i = 0; i < CONNECTIONS; i++) {
        struct damage d = {.side = i % 2, /* streams of about 2300 and 700 bytes */
                           .offset = wc_rng_below(&rng, i % 2 ? 600 : 2200),
                           .flip =
                               (uint8_t)(wc_rng_below(&rng, 3) ? 1u << wc_rng_below(&rng, 8) : 0)};
        struct end client = end_of(f->client);
        struct end server = end_of(f->server);
        carry(&client, &server, &rng, &d);
        enum wc_err err = wc_tls_write(client.tls, bytes, BYTES);
        assert_true(err == WC_OK || err == WC_E_STATE || err == client.err);
        carry(&client, &server, &rng, &d);
        assert_true(server.plain_bytes <= BYTES);
        assert_true(!server.plain_bytes || !memcmp(server.plain, bytes, server.plain_bytes));
        assert_int_equal(client.plain_bytes, 0);
        failed_count += server.plain_bytes < BYTES;
        end_free(&client);
        end_free(&server);
    }
    assert_true(failed_count > CONNECTIONS / 2); /* the damage was real */
}

static void random_input_fails(void **state)
{
    struct fixture *f = *state;
    struct wc_rng rng = {.state = 36};
    for (int i = 0; i < 500; i++) {
        struct end e = end_of(i % 2 ? f->client : f->server);
        uint8_t bytes[600];
        for (size_t j = 0; j < sizeof(bytes); j++)
            bytes[j] = (uint8_t)wc_rng_next(&rng);
        if (i % 4 < 2) { /* a sound record header before it */
            bytes[0] = 22;
            bytes[1] = 3;
            bytes[2] = 3;
            bytes[3] = 0;
        }
        assert_int_equal(wc_tls_feed(e.tls, bytes, sizeof(bytes)), WC_OK);
        absorb(&e, &rng);
        assert_false(wc_tls_is_open(e.tls));
        end_free(&e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshake_and_data_both_ways),
        cmocka_unit_test(close_is_told_once_all_was_read),
        cmocka_unit_test(wrong_pin_is_refused),
        cmocka_unit_test(key_without_pin),
        cmocka_unit_test(input_that_is_no_tls_fails),
        cmocka_unit_test(damage_anywhere_gives_no_wrong_byte),
        cmocka_unit_test(random_input_fails),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
