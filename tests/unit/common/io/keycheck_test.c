/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/keycheck.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/sitework.h"

#define NOW 1795422646

#define KEY         "dp/SerializedMCSKey"
#define CERTIFICATE "dp/SignedSerializedMCSKey"
#define REQUEST     "dp/SerializedMCSKey.csr"

static struct wc_workdir w;

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

static struct wc_key_sight look(void)
{
    return wc_sitework_look(&w, "dp", NULL, NULL, NOW);
}

static void files_are_told_apart(void **state)
{
    (void)state;
    struct wc_key_sight s = look();
    assert_int_equal(s.key, WC_KEY_FILE_MISSING);
    assert_true(wc_keycheck_is_blank(&s));
    wc_sitework_dp(&w, "dp", "site", NOW, 30, "dp7");
    s = look();
    assert_false(wc_keycheck_is_blank(&s));
    chmod(wc_workdir_at(&w, KEY), 0640);
    s = look();
    assert_int_equal(s.key, WC_KEY_FILE_EXPOSED);
    assert_non_null(strstr(s.key_detail, "0640"));
    chmod(wc_workdir_at(&w, KEY), 0600);
    if (geteuid() != 0) { /* root may read everything */
        chmod(wc_workdir_at(&w, KEY), 0);
        assert_int_equal(look().key, WC_KEY_FILE_UNREADABLE);
        chmod(wc_workdir_at(&w, KEY), 0600);
    }
    wc_workdir_write(&w, CERTIFICATE, "", 0);
    assert_int_equal(look().certificate, WC_KEY_FILE_EMPTY);
    wc_workdir_write(&w, CERTIFICATE, "-----BEGIN CERTIFICATE-----\nAAAA\n", 33);
    assert_int_equal(look().certificate, WC_KEY_FILE_MALFORMED);
    unlink(wc_workdir_at(&w, CERTIFICATE));
    assert_int_equal(look().certificate, WC_KEY_FILE_MISSING);
    wc_workdir_write(&w, KEY, "", 0);
    assert_int_equal(look().key, WC_KEY_FILE_EMPTY);
    wc_workdir_write(&w, KEY, "no key", 6);
    chmod(wc_workdir_at(&w, KEY), 0600);
    assert_int_equal(look().key, WC_KEY_FILE_MALFORMED);
    unlink(wc_workdir_at(&w, KEY));
    mkdir(wc_workdir_at(&w, KEY), 0700);
    assert_int_equal(look().key, WC_KEY_FILE_MALFORMED);
}

static void signatures_are_told_apart(void **state)
{
    (void)state;
    wc_sitework_dp(&w, "dp", "site", NOW, 30, "dp7");
    wc_sitework_dp(&w, "dp2", "site", NOW, 30, "dp7");
    wc_sitework_copy(&w, CERTIFICATE, "good");
    wc_sitework_forge(&w, CERTIFICATE);
    assert_int_equal(look().signer, WC_KEY_SIGNER_FALSE);
    wc_sitework_copy(&w, "dp2/SignedSerializedMCSKey", CERTIFICATE);
    assert_false(look().is_pair);
    wc_sitework_copy(&w, "good", CERTIFICATE);
    assert_int_equal(look().signer, WC_KEY_SIGNER_SITE);
    wc_sitework_copy(&w, "other/SiteCertificate", "dp/SiteCertificate");
    struct wc_key_sight s = look();
    assert_int_equal(s.signer, WC_KEY_SIGNER_OTHER);
    assert_true(s.has_signer_digest); /* which one came along */
    unlink(wc_workdir_at(&w, "dp/SiteCertificate"));
    assert_int_equal(look().signer, WC_KEY_SIGNER_SITE); /* that came along, for lack of another */
}

/* What a site's files say, and who else could change them. */
static void what_lies_beside_the_key(void **state)
{
    (void)state;
    wc_sitework_dp(&w, "dp", "site", NOW, 30, "dp7");
    assert_int_equal(look().folder_mode, 0);
    assert_false(look().has_site_key || look().has_next);
    assert_true(wc_sitework_look(&w, "dp", "site", NULL, NOW).has_site_key);
    assert_false(wc_sitework_look(&w, "dp", "other", NULL, NOW).has_site_key); /* another's */
    unlink(wc_workdir_at(&w, "site/SiteKey"));
    assert_false(wc_sitework_look(&w, "dp", "site", NULL, NOW).has_site_key);
    wc_workdir_write(&w, "dp/SerializedMCSKey.next", "", 0);
    assert_true(look().has_next);
    wc_workdir_write(&w, "dp/SiteCertificate", "garbage", 7);
    struct wc_key_sight s = wc_sitework_look(&w, "dp", "other", NULL, NOW);
    assert_int_equal(s.site_certificate, WC_KEY_FILE_MALFORMED);
    assert_true(s.belongs_to_a_site && !s.has_site_key);
    chmod(wc_workdir_at(&w, "dp"), 0770);
    assert_int_equal(look().folder_mode, 0770);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_are_told_apart),
        TEST(signatures_are_told_apart),
        TEST(what_lies_beside_the_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
