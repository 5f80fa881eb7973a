/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A client that shows a certificate: the server knows its key, whoever signed it, and a client
 * without one is as welcome. The files of an MCS key serve as certificate and key. */
#include "common/io/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include <cmocka.h>

#include "common/io/clientcert.h"
#include "tests/support/workdir.h"

#define STEPS_MAX 50

static struct wc_workdir dir;
static struct wc_identity *sender, *first, *second;
static struct wc_why why;

static struct wc_identity *identity(const char *name)
{
    struct wc_identity *id = NULL;
    char text[WC_SENTENCE_BYTES_MAX + 1];
    assert_int_equal(wc_identity_open(&id, wc_workdir_at(&dir, name), text), WC_OK);
    return id;
}

static int set_up(void **state)
{
    (void)state;
    wc_workdir_make(&dir);
    sender = identity("sender");
    first = identity("first");
    second = identity("second");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    wc_identity_free(sender);
    wc_identity_free(first);
    wc_identity_free(second);
    wc_workdir_remove(&dir);
    return 0;
}

static const char *certificate_of(const char *name)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/%s", name, WC_IDENTITY_CERTIFICATE_NAME);
    return wc_workdir_at(&dir, path);
}

static const char *key_of(const char *name)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/%s", name, WC_IDENTITY_KEY_NAME);
    return wc_workdir_at(&dir, path);
}

static void carry(struct wc_tls *from, struct wc_tls *to)
{
    uint8_t bytes[4096], plain[64];
    size_t count;
    while ((count = wc_tls_drain(from, bytes, sizeof(bytes))) > 0)
        assert_int_equal(wc_tls_feed(to, bytes, count), WC_OK);
    assert_int_equal(wc_tls_read(to, plain, sizeof(plain), &count), WC_E_AGAIN);
}

/* Shake hands; the key that the server saw. NULL: none. */
static struct wc_publickey *key_seen(const struct wc_clientcert *certificate)
{
    struct wc_tls_context *server_ctx = NULL, *client_ctx = NULL;
    struct wc_tls *server = NULL, *client = NULL;
    uint8_t pin[WC_DIGEST_BYTES], plain[8];
    size_t count;
    wc_identity_key_digest(sender, pin);
    assert_int_equal(wc_tls_server_new(&server_ctx, sender), WC_OK);
    assert_int_equal(wc_tls_client_new(&client_ctx, pin), WC_OK);
    if (certificate)
        assert_int_equal(wc_tls_client_show(client_ctx, certificate), WC_OK);
    assert_int_equal(wc_tls_new(&server, server_ctx), WC_OK);
    assert_int_equal(wc_tls_new(&client, client_ctx), WC_OK);
    assert_int_equal(wc_tls_read(client, plain, sizeof(plain), &count), WC_E_AGAIN);
    for (int i = 0; i < STEPS_MAX && !(wc_tls_is_open(server) && wc_tls_is_open(client)); i++) {
        carry(client, server);
        carry(server, client);
    }
    assert_true(wc_tls_is_open(server) && wc_tls_is_open(client));
    struct wc_publickey *key = wc_tls_peer_key(server);
    wc_tls_free(server);
    wc_tls_free(client);
    wc_tls_context_free(server_ctx);
    wc_tls_context_free(client_ctx);
    return key;
}

static void the_server_knows_its_key(void **state)
{
    (void)state;
    static const char *const names[] = {"first", "second"};
    struct wc_identity *ids[] = {first, second};
    for (size_t i = 0; i < 2; i++) {
        struct wc_clientcert *certificate = NULL;
        uint8_t seen[WC_DIGEST_BYTES], expected[WC_DIGEST_BYTES], told[WC_DIGEST_BYTES];
        assert_int_equal(
            wc_clientcert_open(&certificate, certificate_of(names[i]), key_of(names[i]), &why),
            WC_OK);
        struct wc_publickey *key = key_seen(certificate);
        assert_non_null(key);
        wc_publickey_digest(key, seen);
        wc_publickey_free(key);
        wc_identity_key_digest(ids[i], expected);
        assert_memory_equal(seen, expected, sizeof(seen));
        assert_int_equal(wc_clientcert_digest(certificate_of(names[i]), told, &why), WC_OK);
        assert_memory_equal(told, expected, sizeof(told));
        wc_clientcert_free(certificate);
    }
}

static void none_is_fine(void **state)
{
    (void)state;
    assert_null(key_seen(NULL));
}

static void assert_refused(const char *certificate, const char *key, enum wc_err err, int exit_code)
{
    struct wc_clientcert *c = NULL;
    assert_int_equal(wc_clientcert_open(&c, certificate, key, &why), err);
    assert_int_equal(why.exit_code, exit_code);
    assert_null(c);
}

static void files_that_do_not_do(void **state)
{
    (void)state;
    const char *none = wc_workdir_at(&dir, "none");
    const char *text = wc_workdir_write(&dir, "text", "hello\n", 6);
    assert_int_equal(chmod(text, 0600), 0);
    assert_refused(none, key_of("first"), WC_E_IO, EX_NOINPUT);
    assert_refused(certificate_of("first"), none, WC_E_IO, EX_NOINPUT);
    assert_refused(text, key_of("first"), WC_E_FORMAT, EX_DATAERR);
    assert_refused(certificate_of("first"), text, WC_E_FORMAT, EX_DATAERR);
    assert_refused(certificate_of("first"), key_of("second"), WC_E_FORMAT, EX_DATAERR);
    assert_non_null(strstr(why.text, "do not belong together"));
    assert_int_equal(chmod(key_of("first"), 0644), 0);
    assert_refused(certificate_of("first"), key_of("first"), WC_E_AUTH, EX_NOPERM);
    uint8_t digest[WC_DIGEST_BYTES];
    assert_int_equal(wc_clientcert_digest(text, digest, &why), WC_E_FORMAT);
    assert_int_equal(wc_clientcert_digest(none, digest, &why), WC_E_IO);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_server_knows_its_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(none_is_fine, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_that_do_not_do, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
