/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/receiver/shell/client_bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/io/digest.h"

struct bench b;

static const struct wc_package_file files[] = {{"a.wim", 5000, 0, 0}, {"b", 300, 0, 0}};

static void on_package(void *ctx, const struct wc_welcome *welcome,
                       const struct wc_manifest *manifest)
{
    (void)ctx;
    assert_int_equal(welcome->instance, b.welcome.instance);
    assert_memory_equal(welcome->key, b.welcome.key, sizeof(welcome->key));
    b.known = manifest;
    b.package_count++;
}

static void on_status(void *ctx, const struct wc_status *status)
{
    (void)ctx;
    b.status = *status;
    b.status_count++;
}

static void on_unicast(void *ctx, const char *sentence)
{
    (void)ctx;
    snprintf(b.sentence, sizeof(b.sentence), "%s", sentence);
    b.unicast_count++;
}

static void on_symbols(void *ctx, const struct wc_symbols *symbols)
{
    (void)ctx;
    assert_int_equal(symbols->byte_count, 5);
    assert_memory_equal(symbols->bytes, "12345", 5);
    b.symbols_count++;
}

static void on_end(void *ctx, const struct wc_client_end *end)
{
    (void)ctx;
    b.end = *end;
    b.end_count++;
}

static const struct wc_client_ops ops = {.on_package = on_package,
                                         .on_status = on_status,
                                         .on_unicast = on_unicast,
                                         .on_symbols = on_symbols,
                                         .on_end = on_end};

static void on_sender_msg(struct side *side, struct wc_ctrl *c, const struct wc_msg *msg)
{
    (void)side;
    (void)c;
    assert_true(msg->type < 16);
    b.type_count[msg->type]++;
    if (msg->type == WC_MSG_HELLO)
        b.hello = msg->hello;
    if (msg->type == WC_MSG_DONE)
        b.done = msg->done;
    if (msg->type == WC_MSG_READY)
        b.ready_pn = msg->ready.pn;
    if (msg->type == WC_MSG_FETCH)
        b.fetch_sbn = msg->fetch.sbn;
    if (msg->type == WC_MSG_REPORT)
        b.report_run_count = msg->report.run_count;
}

void bench_describe(void)
{
    struct wc_digest *d = NULL;
    struct wc_welcome *w = &b.welcome;
    *w = (struct wc_welcome){.version = WC_PROTOCOL_VERSION,
                             .instance = 0x12345678,
                             .package = "pkg",
                             .key = {9, 8, 7},
                             .group = {.family = 4, .bytes = {239, 1, 2, 3}, .port = 9468},
                             .ttl = 1,
                             .report_interval_us = 20000,
                             .manifest_bytes = (uint32_t)b.manifest_bytes};
    assert_int_equal(wc_digest_new(&d), WC_OK);
    wc_digest_of(d, b.manifest, b.manifest_bytes, w->manifest_digest);
    wc_digest_free(d);
    assert_int_equal(
        wc_identity_sign(b.w->id, b.manifest, b.manifest_bytes, w->signature, &w->signature_bytes),
        WC_OK);
}

void bench_encode(const struct wc_manifest *m)
{
    free(b.manifest);
    b.manifest_bytes = wc_manifest_encoded_bytes(m);
    b.manifest = malloc(b.manifest_bytes);
    assert_non_null(b.manifest);
    assert_int_equal(wc_manifest_encode(m, b.manifest, b.manifest_bytes, &b.manifest_bytes), WC_OK);
    bench_describe();
}

void bench_connect(void)
{
    assert_int_equal(wc_client_open(&b.client, &b.w->loop, &b.url, b.site, "beta-7", &ops, NULL),
                     WC_OK);
}

void bench_make(void **state)
{
    b = (struct bench){.w = *state};
    b.w->server_side.on_msg = on_sender_msg;
    snprintf(b.url.host, sizeof(b.url.host), "127.0.0.1");
    snprintf(b.url.package, sizeof(b.url.package), "pkg");
    b.url.port = b.w->port;
    b.url.has_key = true;
    wc_identity_key_digest(b.w->id, b.url.key);
    wc_package_make(&b.package, files, 2, 64, 16);
    bench_encode(&b.package.m);
}

void bench_open(void **state)
{
    bench_make(state);
    bench_connect();
    RUN_UNTIL(b.w, b.type_count[WC_MSG_HELLO] == 1);
}

void bench_close(void)
{
    wc_client_close(b.client);
    RUN_UNTIL(b.w, b.end_count == 1 && !b.w->server_side.c);
    wc_client_free(b.client);
    wc_package_remove(&b.package);
    free(b.manifest);
}

void sender_says(const struct wc_msg *msg)
{
    if (b.w->server_side.c)
        (void)!wc_ctrl_send(b.w->server_side.c, msg);
}

void sender_says_welcome(void)
{
    struct wc_msg msg = {.type = WC_MSG_WELCOME};
    msg.welcome = b.welcome;
    sender_says(&msg);
}

void sender_says_part(size_t offset, size_t count)
{
    struct wc_msg msg = {.type = WC_MSG_MANIFEST,
                         .manifest_part = {.offset = (uint32_t)offset,
                                           .byte_count = (uint32_t)count,
                                           .bytes = b.manifest + offset}};
    sender_says(&msg);
}

void sender_says_manifest(size_t step)
{
    for (size_t at = 0; at < b.manifest_bytes; at += step)
        sender_says_part(at, b.manifest_bytes - at < step ? b.manifest_bytes - at : step);
}

void sender_says_last(uint8_t type, uint32_t hresult, const char *sentence, const char *fix)
{
    struct wc_msg msg = {.type = type, .refusal.hresult = hresult};
    snprintf(msg.refusal.sentence, sizeof(msg.refusal.sentence), "%s", sentence);
    snprintf(msg.refusal.fix, sizeof(msg.refusal.fix), "%s", fix);
    sender_says(&msg);
}

void bench_join(void **state)
{
    bench_open(state);
    sender_says_welcome();
    sender_says_manifest(WC_MANIFEST_PART_MAX);
    RUN_UNTIL(b.w, b.package_count == 1);
}

void bench_assert_end(uint32_t hresult, int exit_code, const char *words)
{
    RUN_UNTIL(b.w, b.end_count == 1);
    if (!strstr(b.end.why.text, words))
        fail_msg("no \"%s\" in: %s", words, b.end.why.text);
    assert_int_equal(b.end.hresult, hresult);
    assert_int_equal(b.end.why.exit_code, exit_code);
}
