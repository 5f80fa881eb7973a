/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/keyrequest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static void a_request_that_was_changed_is_refused(void **state)
{
    (void)state;
    struct wc_keychain_deed deed;
    struct wc_keychain dp = wc_sitework_chain(&w, "dp", NULL, NOW);
    struct wc_keychain at_site = wc_sitework_chain(&w, "unused", "site", NOW);
    const char *answer = wc_workdir_at(&w, "answer");
    assert_int_equal(wc_keychain_init(&dp, &deed), WC_OK);
    wc_sitework_forge(&w, REQUEST);
    assert_int_equal(wc_keyrequest_sign(&at_site, wc_workdir_at(&w, REQUEST), answer, &deed),
                     WC_E_FORMAT);
    assert_int_equal(wc_keyrequest_sign(&at_site, wc_workdir_at(&w, "none"), answer, &deed),
                     WC_E_NOT_FOUND);
    assert_int_equal(wc_keyrequest_sign(&dp, wc_workdir_at(&w, REQUEST), answer, &deed),
                     WC_E_NOT_FOUND); /* no site key there */
    assert_false(wc_workdir_exists(answer));
}

static void an_answer_overwrites_nothing(void **state)
{
    (void)state;
    struct wc_keychain_deed deed;
    char in_use[PATH_MAX];
    char other[PATH_MAX];
    char request[PATH_MAX];
    snprintf(in_use, sizeof(in_use), "%s", wc_workdir_at(&w, CERTIFICATE));
    snprintf(other, sizeof(other), "%s", wc_workdir_at(&w, "dp/answer"));
    snprintf(request, sizeof(request), "%s", wc_workdir_at(&w, "dp2/SerializedMCSKey.csr"));
    wc_sitework_dp(&w, "dp", "site", NOW, 30, "dp7");
    struct wc_keychain k = wc_sitework_chain(&w, "dp2", NULL, NOW);
    assert_int_equal(wc_keychain_init(&k, &deed), WC_OK);
    k = wc_sitework_chain(&w, "unused", "site", NOW);
    assert_int_equal(wc_keyrequest_sign(&k, request, in_use, &deed), WC_E_STATE);
    assert_non_null(strstr(k.why->text, "--output"));
    assert_true(look().is_pair);
    assert_int_equal(wc_keyrequest_sign(&k, request, other, &deed), WC_OK);
    assert_int_equal(wc_keyrequest_sign(&k, request, other, &deed), WC_OK); /* again: the same */
    wc_workdir_write(&w, "dp/answer", "minutes of a meeting", 20);
    assert_int_equal(wc_keyrequest_sign(&k, request, other, &deed), WC_E_STATE);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_that_was_changed_is_refused),
        TEST(an_answer_overwrites_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
