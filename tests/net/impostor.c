/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sender with the right key, and with something else than what the key signed:
 *
 *     impostor STATE_DIR PORT VERSION PACKAGE DESCRIBED SIGNATURE SENT
 *
 * welcomes each receiver with this protocol version and package, with the digest of the manifest
 * DESCRIBED and the SIGNATURE (files; "" is none), and sends the manifest SENT. On 127.0.0.1, until
 * it is ended. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/io/ctrl.h"
#include "common/io/digest.h"

struct bytes {
    uint8_t *at;
    size_t count;
};

static struct wc_msg welcome = {.type = WC_MSG_WELCOME};
static struct bytes sent;

static struct bytes read_file(const char *path)
{
    struct bytes b = {malloc(WC_MANIFEST_PART_MAX), 0};
    FILE *f = path[0] ? fopen(path, "re") : NULL;
    if (!b.at || (path[0] && !f))
        err(1, "%s", path);
    if (!f)
        return b;
    b.count = fread(b.at, 1, WC_MANIFEST_PART_MAX, f);
    fclose(f);
    return b;
}

static void describe(char **argv)
{
    struct bytes described = read_file(argv[5]);
    struct bytes signature = read_file(argv[6]);
    struct wc_welcome *w = &welcome.welcome;
    struct wc_digest *digest;
    sent = read_file(argv[7]);
    if (wc_digest_new(&digest) || signature.count > sizeof w->signature || !sent.count)
        errx(1, "a signature or a manifest that cannot be");
    w->version = (uint16_t)atoi(argv[3]);
    w->instance = 1;
    snprintf(w->package, sizeof w->package, "%s", argv[4]);
    w->group = (struct wc_addr){.family = 4, .bytes = {239, 255, 1, 2}, .port = 9468};
    w->ttl = 1;
    w->report_interval_us = 100000;
    w->manifest_bytes = (uint32_t)sent.count;
    wc_digest_of(digest, described.at, described.count, w->manifest_digest);
    memcpy(w->signature, signature.at, signature.count);
    w->signature_bytes = (uint16_t)signature.count;
}

static void on_open(void *ctx, struct wc_ctrl *c)
{
    (void)ctx;
    (void)c;
}

static void on_msg(void *ctx, struct wc_ctrl *c, const struct wc_msg *msg)
{
    struct wc_msg part = {.type = WC_MSG_MANIFEST,
                          .manifest_part = {.byte_count = (uint32_t)sent.count, .bytes = sent.at}};
    (void)ctx;
    if (msg->type == WC_MSG_HELLO && (wc_ctrl_send(c, &welcome) || wc_ctrl_send(c, &part)))
        errx(1, "cannot send");
}

static void on_close(void *ctx, struct wc_ctrl *c, enum wc_err e, const char *why)
{
    (void)ctx;
    (void)c;
    (void)e;
    fprintf(stderr, "%s\n", why);
}

int main(int argc, char **argv)
{
    static const struct wc_ctrl_ops ops = {on_open, on_msg, on_open, on_close};
    char why_key[WC_SENTENCE_BYTES_MAX + 1] = "";
    const char *why = "";
    struct wc_identity *identity = NULL;
    struct wc_tls_context *tls = NULL;
    struct wc_ctrl_server *server;
    uv_loop_t loop;
    if (argc != 8)
        errx(64, "usage: impostor STATE_DIR PORT VERSION PACKAGE DESCRIBED SIGNATURE SENT");
    describe(argv);
    if (uv_loop_init(&loop) || wc_identity_open(&identity, argv[1], why_key) ||
        wc_tls_server_new(&tls, identity) ||
        wc_ctrl_listen(&server, &loop, tls, "127.0.0.1", (uint16_t)atoi(argv[2]), &ops, NULL, &why))
        errx(1, "cannot begin: %s%s", why_key, why);
    return uv_run(&loop, UV_RUN_DEFAULT) ? 1 : 0;
}
