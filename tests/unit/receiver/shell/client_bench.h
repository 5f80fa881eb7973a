/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A client, and a sender that a script plays, over TLS on the loopback. One at a time: `b`. */
#ifndef WC_TESTS_UNIT_RECEIVER_SHELL_CLIENT_BENCH_H
#define WC_TESTS_UNIT_RECEIVER_SHELL_CLIENT_BENCH_H

#include "receiver/shell/client.h"
#include "tests/support/package.h"
#include "tests/unit/common/io/ctrl_fixture.h"

struct bench {
    struct world *w;
    struct wc_url url;
    struct wc_client *client;
    struct wc_package package;
    uint8_t *manifest; /* what the sender sends */
    size_t manifest_bytes;
    struct wc_welcome welcome; /* to be sent */

    struct wc_site *site; /* that the client trusts; NULL: none */

    /* What the client told. */
    unsigned package_count, status_count, unicast_count, symbols_count, end_count;
    const struct wc_manifest *known; /* the client's */
    struct wc_status status;
    char sentence[WC_SENTENCE_BYTES_MAX + 1];
    struct wc_client_end end;

    /* What came up to the sender. */
    unsigned type_count[16];
    struct wc_hello hello;
    struct wc_done done;
    uint64_t ready_pn;
    uint32_t fetch_sbn;
    uint32_t report_run_count;
};

extern struct bench b;

/* *state: a struct world. A package, its descriptor, a URL; then the client connects. */
void bench_make(void **state);
void bench_connect(void);
void bench_open(void **state); /* both, and HELLO was said */
void bench_join(void **state); /* and the package is known */
void bench_close(void);

/* What the sender sends, as it should be: for this manifest, or for the bytes in b.manifest. */
void bench_encode(const struct wc_manifest *m);
void bench_describe(void);

void sender_says(const struct wc_msg *msg);
void sender_says_welcome(void);
void sender_says_part(size_t offset, size_t count);
void sender_says_manifest(size_t step); /* in parts of `step` bytes */
void sender_says_last(uint8_t type, uint32_t hresult, const char *sentence, const char *fix);

/* The client ended so, and its sentence has these words. */
void bench_assert_end(uint32_t hresult, int exit_code, const char *words);

#endif
