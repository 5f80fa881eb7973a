/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom a client that knows a site trusts, and what it sees of whom it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/io/identity.h"
#include "common/io/tls.h"
#include "tests/support/sitework.h"

#define DAY         WC_SITEWORK_DAY
#define ROUNDS_MAX  100
#define CERTIFICATE "dp/SignedSerializedMCSKey"

static struct wc_workdir w;
static struct wc_key_sight seen;
static const char *told; /* to the server, by an alert */
static char why[WC_SENTENCE_BYTES_MAX + 1];

static int set_up(void **state)
{
    (void)state;
    wc_workdir_make(&w);
    wc_sitework_site(&w, "site");
    wc_sitework_site(&w, "other");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    wc_workdir_remove(&w);
    return 0;
}

static int64_t now(void)
{
    return (int64_t)time(NULL);
}

static struct wc_site *site_of(const char *dir)
{
    struct wc_site *site = NULL;
    struct wc_why reason;
    assert_int_equal(wc_site_open(&site, wc_workdir_at(&w, dir), &reason), WC_OK);
    return site;
}

static void move_bytes(struct wc_tls *from, struct wc_tls *to)
{
    uint8_t bytes[4096];
    for (size_t count; (count = wc_tls_drain(from, bytes, sizeof(bytes))) > 0;)
        assert_int_equal(wc_tls_feed(to, bytes, count), WC_OK);
}

/* Shake hands with the sender in the folder dp. Returns what the client says; `seen` is filled when
 * it refuses. */
static enum wc_err meet(const struct wc_key_trust *trust)
{
    struct wc_identity *id = NULL;
    struct wc_tls_context *contexts[2] = {NULL};
    struct wc_tls *client = NULL;
    struct wc_tls *server = NULL;
    uint8_t bytes[64];
    size_t count;
    enum wc_err err = WC_E_AGAIN;
    assert_int_equal(wc_identity_open(&id, wc_workdir_at(&w, "dp"), why), WC_OK);
    assert_int_equal(wc_tls_server_new(&contexts[0], id), WC_OK);
    assert_int_equal(wc_tls_client_new_for(&contexts[1], trust), WC_OK);
    assert_int_equal(wc_tls_new(&server, contexts[0]), WC_OK);
    assert_int_equal(wc_tls_new(&client, contexts[1]), WC_OK);
    for (int i = 0; i < ROUNDS_MAX && err == WC_E_AGAIN && !wc_tls_is_open(server); i++) {
        err = wc_tls_read(client, bytes, sizeof(bytes), &count);
        move_bytes(client, server);
        (void)!wc_tls_read(server, bytes, sizeof(bytes), &count);
        move_bytes(server, client);
    }
    const struct wc_key_sight *refused = wc_tls_refused(client);
    assert_int_equal(refused != NULL, err == WC_E_AUTH);
    assert_int_equal(wc_tls_is_open(client), err == WC_E_AGAIN);
    if (refused)
        seen = *refused;
    told = wc_tls_refusal(server);
    assert_int_equal(told != NULL, refused != NULL);
    wc_tls_free(client);
    wc_tls_free(server);
    wc_tls_context_free(contexts[0]);
    wc_tls_context_free(contexts[1]);
    wc_identity_free(id);
    return err == WC_E_AGAIN ? WC_OK : err;
}

/* With the site's certificate, and with its digest alone: the outcome is the same. */
static void assert_met(enum wc_err expected, const char *site_dir, const char *host)
{
    uint8_t digest[WC_DIGEST_BYTES];
    struct wc_site *site = site_of(site_dir);
    struct wc_key_trust by_file = {.site = site, .host = host};
    struct wc_key_trust by_digest = {.key_digest = digest, .host = host};
    wc_site_digest(site, digest);
    assert_int_equal(meet(&by_digest), expected);
    assert_int_equal(meet(&by_file), expected);
    wc_site_free(site);
}

static void a_key_of_the_site_is_trusted(void **state)
{
    (void)state;
    wc_sitework_dp(&w, "dp", "site", now(), 30, "dp7.example");
    assert_met(WC_OK, "site", "dp7.example");
    assert_met(WC_OK, "site", "DP7.Example");
    assert_met(WC_OK, "site", NULL);
    wc_sitework_dp(&w, "dp", "site", now(), 30, "10.0.0.7"); /* after a reset, too */
    assert_met(WC_OK, "site", "10.0.0.7");
    wc_sitework_dp(&w, "dp", "site", now(), 30, "fe80::7");
    assert_met(WC_OK, "site", "fe80::7%eth0");
}

static void a_key_that_no_site_signed(void **state)
{
    (void)state;
    wc_sitework_dp(&w, "dp", NULL, now(), 30, "dp7");
    assert_met(WC_E_AUTH, "site", "dp7");
    assert_int_equal(seen.signer, WC_KEY_SIGNER_SELF);
    assert_non_null(strstr(told, "another key"));
    assert_true(seen.by_receiver && seen.pin_is_site);
}

static void a_key_of_another_site(void **state)
{
    (void)state;
    uint8_t digest[WC_DIGEST_BYTES];
    struct wc_site *other = site_of("other");
    wc_site_digest(other, digest);
    wc_site_free(other);
    wc_sitework_dp(&w, "dp", "other", now(), 30, "dp7");
    assert_met(WC_E_AUTH, "site", "dp7");
    assert_int_equal(seen.signer, WC_KEY_SIGNER_OTHER);
    assert_true(seen.has_signer_digest);
    assert_memory_equal(seen.signer_digest, digest, sizeof(digest));
}

/* The right site's certificate comes along, but did not sign: that it is there proves nothing. */
static void a_borrowed_site_certificate(void **state)
{
    (void)state;
    wc_sitework_dp(&w, "dp", "site", now(), 30, "dp7");
    wc_sitework_forge(&w, CERTIFICATE);
    struct wc_site *site = site_of("site");
    assert_int_equal(meet(&(struct wc_key_trust){.site = site}), WC_E_AUTH);
    assert_int_equal(seen.signer, WC_KEY_SIGNER_FALSE);
    wc_site_free(site);
}

static void dates_count(void **state)
{
    (void)state;
    wc_sitework_dp(&w, "dp", "site", now() - 40 * DAY, 30, "dp7");
    assert_met(WC_E_AUTH, "site", "dp7");
    assert_int_equal(seen.signer, WC_KEY_SIGNER_SITE);
    assert_true(seen.name_fits && seen.now_s > seen.not_after_s);
    assert_non_null(strstr(told, "expired"));
    wc_sitework_dp(&w, "dp", "site", now() + 10 * DAY, 30, "dp7");
    assert_met(WC_E_AUTH, "site", "dp7");
    assert_true(seen.name_fits && seen.now_s < seen.not_before_s);
}

static void names_count(void **state)
{
    (void)state;
    static const char *const others[] = {"dp8", "dp7.example", "7", "10.0.0.7", "*"};
    wc_sitework_dp(&w, "dp", "site", now(), 30, "dp7");
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_met(WC_E_AUTH, "site", others[i]);
        assert_int_equal(seen.signer, WC_KEY_SIGNER_SITE);
        assert_false(seen.name_fits);
        assert_string_equal(seen.names, "dp7");
        assert_string_equal(seen.name, others[i]);
        assert_non_null(strstr(told, "another name"));
    }
}

/* Who pins the sender's own key asks for nothing else; who knows a site asks for that alone. */
static void a_pinned_key_of_its_own(void **state)
{
    (void)state;
    struct wc_identity *id = NULL;
    uint8_t digest[WC_DIGEST_BYTES];
    wc_sitework_dp(&w, "dp", NULL, now() - 40 * DAY, 30, "dp7");
    assert_int_equal(wc_identity_open(&id, wc_workdir_at(&w, "dp"), why), WC_OK);
    wc_identity_key_digest(id, digest);
    wc_identity_free(id);
    assert_int_equal(meet(&(struct wc_key_trust){.key_digest = digest, .host = "x"}), WC_OK);
    assert_int_equal(meet(&(struct wc_key_trust){.host = "x"}), WC_OK);
    struct wc_site *site = site_of("site");
    assert_int_equal(meet(&(struct wc_key_trust){.key_digest = digest, .site = site}), WC_E_AUTH);
    wc_site_free(site);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_of_the_site_is_trusted),
        TEST(a_key_that_no_site_signed),
        TEST(a_key_of_another_site),
        TEST(a_borrowed_site_certificate),
        TEST(dates_count),
        TEST(names_count),
        TEST(a_pinned_key_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
