/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/credentials.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include <cmocka.h>

#include "common/core/hresult.h"
#include "common/io/identity.h"
#include "tests/support/workdir.h"

static struct wc_workdir dir;
static struct wc_why why;
static struct wc_credentials c;

static int set_up(void **state)
{
    (void)state;
    wc_workdir_make(&dir);
    unsetenv(WC_SECRET_VARIABLE);
    c = (struct wc_credentials){.certificate = NULL};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    wc_credentials_wipe(&c);
    wc_workdir_remove(&dir);
    return 0;
}

/* Account lab with its password in a file, and a URL with a key. */
static struct wc_fetch_options lab(void)
{
    struct wc_fetch_options o = {.has_url = true, .url.has_key = true, .account = "lab"};
    o.password_file = wc_workdir_write(&dir, "password", "geheim\n", 7);
    assert_int_equal(chmod(o.password_file, 0600), 0);
    return o;
}

static void without_options_nothing(void **state)
{
    (void)state;
    struct wc_fetch_options o = {.has_url = false};
    assert_int_equal(wc_credentials_read(&c, &o, &why), WC_OK);
    assert_string_equal(c.account, "");
    assert_null(c.certificate);
}

static void an_account_with_its_password(void **state)
{
    (void)state;
    struct wc_fetch_options o = lab();
    assert_int_equal(wc_credentials_read(&c, &o, &why), WC_OK);
    assert_string_equal(c.account, "lab");
    assert_string_equal(c.password, "geheim");
    wc_credentials_wipe(&c);
    assert_string_equal(c.password, "");
    o.has_url = false; /* the site vouches for whom is found */
    o.site_key = "site.pem";
    assert_int_equal(wc_credentials_read(&c, &o, &why), WC_OK);
}

/* On trust in the first key that answers, or the one that somebody announced: never. */
static void not_to_anybody(void **state)
{
    (void)state;
    struct wc_fetch_options o = lab();
    o.url.has_key = false;
    assert_int_equal(wc_credentials_read(&c, &o, &why), WC_E_AUTH);
    assert_string_equal(why.finding, "access.sender-unproven");
    assert_int_equal(why.hresult, WC_HR_FAIL);
    assert_int_equal(why.exit_code, EX_NOPERM);
    o.url.has_key = true;
    o.has_url = false;
    assert_int_equal(wc_credentials_read(&c, &o, &why), WC_E_AUTH);
    assert_string_equal(c.password, "");
}

static void no_password(void **state)
{
    (void)state;
    struct wc_fetch_options o = lab();
    assert_int_equal(chmod(o.password_file, 0644), 0);
    assert_int_equal(wc_credentials_read(&c, &o, &why), WC_E_AUTH);
    assert_int_equal(why.hresult, WC_HR_ACCESS_DENIED);
    o.password_file = wc_workdir_at(&dir, "none");
    assert_int_equal(wc_credentials_read(&c, &o, &why), WC_E_IO);
    assert_int_equal(why.hresult, WC_HR_NOT_FOUND);
}

static void a_certificate(void **state)
{
    (void)state;
    struct wc_identity *id = NULL;
    char text[WC_SENTENCE_BYTES_MAX + 1];
    struct wc_fetch_options o = lab();
    assert_int_equal(wc_identity_open(&id, wc_workdir_at(&dir, "id"), text), WC_OK);
    wc_identity_free(id);
    o.account = o.password_file = NULL;
    o.client_certificate = wc_workdir_at(&dir, "id/" WC_IDENTITY_CERTIFICATE_NAME);
    o.client_key = wc_workdir_at(&dir, "id/" WC_IDENTITY_KEY_NAME);
    assert_int_equal(wc_credentials_read(&c, &o, &why), WC_OK);
    assert_non_null(c.certificate);
    wc_credentials_wipe(&c);
    o.account = "lab"; /* whose certificate it is: no password is asked for */
    assert_int_equal(wc_credentials_read(&c, &o, &why), WC_OK);
    assert_string_equal(c.account, "lab");
    assert_string_equal(c.password, "");
    wc_credentials_wipe(&c);
    o.client_key = wc_workdir_at(&dir, "none");
    assert_int_equal(wc_credentials_read(&c, &o, &why), WC_E_IO);
    assert_null(c.certificate);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_options_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_account_with_its_password, set_up, tear_down),
        cmocka_unit_test_setup_teardown(not_to_anybody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_password, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_certificate, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
