/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every fault is made for real: with files of other keys and sites, with other clocks, with
 * signatures that were changed. */
#include "common/io/keychain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/io/identity.h"
#include "common/io/keycheck.h"
#include "common/io/keyrequest.h"
#include "tests/support/sitework.h"

#define NOW 1795422646
#define DAY WC_SITEWORK_DAY

#define KEY         "dp/SerializedMCSKey"
#define CERTIFICATE "dp/SignedSerializedMCSKey"
#define REQUEST     "dp/SerializedMCSKey.csr"
#define NEXT        "dp/SerializedMCSKey.next"

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

static struct wc_key_sight look_at(const char *site, const char *name, int64_t now_s)
{
    return wc_sitework_look(&w, "dp", site, name, now_s);
}

static struct wc_key_sight look(void)
{
    return look_at(NULL, NULL, NOW);
}

static void pin_of_site(const char *dir, uint8_t ret[WC_DIGEST_BYTES])
{
    struct wc_site *site = NULL;
    struct wc_why why;
    assert_int_equal(wc_site_open(&site, wc_workdir_at(&w, dir), &why), WC_OK);
    wc_site_digest(site, ret);
    wc_site_free(site);
}

static mode_t mode_of(const char *name)
{
    struct stat st;
    assert_int_equal(stat(wc_workdir_at(&w, name), &st), 0);
    return st.st_mode & 07777;
}

static void a_site_is_made_once(void **state)
{
    (void)state;
    struct wc_why why;
    uint8_t a[WC_DIGEST_BYTES];
    uint8_t b[WC_DIGEST_BYTES];
    assert_int_equal(mode_of("site/SiteKey"), 0600);
    pin_of_site("site", a);
    assert_int_equal(wc_site_make(wc_workdir_at(&w, "site"), NOW, &why), WC_E_STATE);
    assert_non_null(strstr(why.text, "already"));
    pin_of_site("site", b);
    assert_memory_equal(a, b, sizeof(a));
    chmod(wc_workdir_at(&w, "site/SiteKey"), 0640);
    struct wc_site *site = NULL;
    assert_int_equal(wc_site_open(&site, wc_workdir_at(&w, "site"), &why), WC_E_AUTH);
    assert_int_equal(wc_site_open(&site, wc_workdir_at(&w, "nowhere"), &why), WC_E_NOT_FOUND);
    assert_non_null(strstr(why.text, "site-init"));
}

static void a_site_certificate_is_read(void **state)
{
    (void)state;
    struct wc_why why;
    struct wc_site *site = NULL;
    char pem[WC_KEYPEM_TEXT_BYTES];
    struct wc_keychain k = wc_sitework_chain(&w, "dp", "site", NOW);
    assert_int_equal(wc_keychain_export(&k, pem), WC_OK);
    assert_null(strstr(pem, "PRIVATE"));
    const char *file = wc_workdir_write(&w, "site.pem", pem, strlen(pem));
    assert_int_equal(wc_site_read(&site, file, &why), WC_OK);
    assert_null(wc_site_key(site));
    wc_site_free(site);
    wc_site_free(NULL);
    static const char *const wrong[] = {"", "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n"};
    for (size_t i = 0; i < 3; i++) {
        file = wc_workdir_write(&w, "site.pem", wrong[i], strlen(wrong[i]));
        assert_int_equal(wc_site_read(&site, file, &why), WC_E_FORMAT);
        assert_non_null(strstr(why.text, "site.pem"));
    }
    assert_int_equal(wc_site_read(&site, wc_workdir_at(&w, "none"), &why), WC_E_NOT_FOUND);
    wc_sitework_dp(&w, "dp", "site", NOW, 30, "dp7"); /* of a sender, not of a site */
    assert_int_equal(wc_site_read(&site, wc_workdir_at(&w, CERTIFICATE), &why), WC_E_FORMAT);
    assert_non_null(strstr(why.text, "site's certificate"));
}

static void init_signs_where_the_site_key_is(void **state)
{
    (void)state;
    uint8_t pin[WC_DIGEST_BYTES];
    uint8_t told[WC_DIGEST_BYTES];
    char why[WC_SENTENCE_BYTES_MAX + 1];
    struct wc_keychain_deed deed;
    struct wc_keychain k = wc_sitework_chain(&w, "dp", "site", NOW);
    assert_int_equal(wc_keychain_init(&k, &deed), WC_OK);
    assert_true(deed.made_key && deed.is_signed && deed.names.count > 0);
    assert_int_equal(mode_of(KEY), 0600);
    assert_false(wc_workdir_exists(wc_workdir_at(&w, REQUEST)));
    struct wc_key_sight s = look();
    assert_true(s.is_pair && s.belongs_to_a_site && s.has_pin && s.has_signer_digest);
    assert_int_equal(s.signer, WC_KEY_SIGNER_SITE);
    assert_int_equal(s.not_before_s, NOW - DAY);
    assert_int_equal(s.not_after_s, NOW + 30 * DAY);
    pin_of_site("site", pin);
    assert_memory_equal(s.signer_digest, pin, sizeof(pin));

    struct wc_identity *id = NULL;
    assert_int_equal(wc_identity_open(&id, wc_workdir_at(&w, "dp"), why), WC_OK);
    wc_identity_pin(id, told);
    assert_memory_equal(told, pin, sizeof(pin));
    wc_identity_key_digest(id, told);
    assert_memory_equal(told, s.key_digest, sizeof(pin));
    wc_identity_free(id);

    assert_int_equal(wc_keychain_init(&k, &deed), WC_OK); /* again: the key stays */
    assert_false(deed.made_key);
    assert_memory_equal(look().key_digest, told, sizeof(told));
}

/* Both folders as on two machines: only the request and its answer are carried. */
static void a_request_is_carried_to_the_site_and_back(void **state)
{
    (void)state;
    struct wc_keychain_deed deed;
    struct wc_key_names names = {.count = 0};
    struct wc_keychain dp = wc_sitework_chain(&w, "dp", NULL, NOW);
    struct wc_keychain at_site = wc_sitework_chain(&w, "unused", "site", NOW);
    assert_int_equal(wc_key_names_add(&names, "dp7.example"), WC_OK);
    assert_int_equal(wc_key_names_add(&names, "fe80::7%eth0"), WC_OK);
    dp.names = &names;
    assert_int_equal(wc_keychain_init(&dp, &deed), WC_OK);
    assert_true(deed.made_key && !deed.is_signed);
    assert_true(look().has_request);
    assert_int_equal(look().certificate, WC_KEY_FILE_MISSING);
    wc_sitework_copy(&w, REQUEST, "stick/csr");
    const char *answer = wc_workdir_at(&w, "stick/answer");
    assert_int_equal(wc_keyrequest_sign(&at_site, wc_workdir_at(&w, "stick/csr"), answer, &deed),
                     WC_OK);
    assert_int_equal(deed.names.count, 2);
    assert_string_equal(deed.names.items[1], "fe80::7");
    assert_false(wc_workdir_exists(wc_workdir_at(&w, "unused")));
    assert_int_equal(wc_keychain_install(&dp, answer, &deed), WC_OK);
    assert_true(deed.is_signed && !deed.made_key);
    struct wc_key_sight s = look_at(NULL, "dp7.example", NOW);
    assert_int_equal(s.signer, WC_KEY_SIGNER_SITE);
    assert_true(s.is_pair && s.name_fits && s.belongs_to_a_site && !s.has_request);
    assert_string_equal(s.names, "dp7.example, fe80::7");
    assert_true(look_at(NULL, "fe80::7%eth1", NOW).name_fits);
    assert_false(look_at(NULL, "dp8.example", NOW).name_fits);
    assert_false(look_at(NULL, "fe80::8", NOW).name_fits);
}

static void what_comes_back_is_looked_at(void **state)
{
    (void)state;
    struct wc_keychain_deed deed;
    struct wc_workdir *other = calloc(1, sizeof(*other)); /* paths of a workdir do not live long */
    assert_non_null(other);
    *other = w;
    struct wc_keychain dp = wc_sitework_chain(other, "dp", NULL, NOW);
    struct wc_keychain at_site = wc_sitework_chain(other, "unused", "site", NOW);
    struct wc_keychain at_other = wc_sitework_chain(other, "unused", "other", NOW);
    const char *answer = wc_workdir_at(other, "answer");
    assert_int_equal(wc_keychain_init(&dp, &deed), WC_OK);
    assert_int_equal(wc_keychain_install(&dp, wc_workdir_at(&w, "none"), &deed), WC_E_NOT_FOUND);
    assert_int_equal(wc_keychain_install(&dp, wc_workdir_at(&w, REQUEST), &deed), WC_E_FORMAT);
    /* of another sender's request */
    struct wc_keychain dp2 = wc_sitework_chain(&w, "dp2", NULL, NOW);
    assert_int_equal(wc_keychain_init(&dp2, &deed), WC_OK);
    const char *request2 = wc_workdir_at(&w, "dp2/SerializedMCSKey.csr");
    assert_int_equal(wc_keyrequest_sign(&at_site, request2, answer, &deed), WC_OK);
    assert_int_equal(wc_keychain_install(&dp, answer, &deed), WC_E_FORMAT);
    assert_non_null(strstr(dp.why->text, "do not match"));
    assert_int_equal(look().certificate, WC_KEY_FILE_MISSING);
    unlink(answer);
    /* changed on the way */
    const char *request = wc_workdir_at(&w, REQUEST);
    assert_int_equal(wc_keyrequest_sign(&at_site, request, answer, &deed), WC_OK);
    wc_sitework_forge(&w, "answer");
    assert_int_equal(wc_keychain_install(&dp, answer, &deed), WC_E_FORMAT);
    unlink(answer);
    /* then the right one; later one of another site */
    assert_int_equal(wc_keyrequest_sign(&at_site, request, answer, &deed), WC_OK);
    assert_int_equal(wc_keyrequest_sign(&at_other, request, wc_workdir_at(&w, "second"), &deed),
                     WC_OK);
    assert_int_equal(wc_keychain_install(&dp, answer, &deed), WC_OK);
    assert_int_equal(wc_keychain_install(&dp, wc_workdir_at(&w, "second"), &deed), WC_E_AUTH);
    assert_non_null(strstr(dp.why->text, "another site"));
    free(other);
}

static void reset_makes_another_key(void **state)
{
    (void)state;
    struct wc_keychain_deed deed;
    wc_sitework_dp(&w, "dp", "site", NOW, 30, "dp7");
    struct wc_key_sight before = look();
    struct wc_keychain k = wc_sitework_chain(&w, "dp", "site", NOW);
    assert_int_equal(wc_keychain_reset(&k, &deed), WC_OK);
    assert_true(deed.made_key && deed.is_signed);
    struct wc_key_sight after = look();
    assert_memory_not_equal(before.key_digest, after.key_digest, WC_DIGEST_BYTES);
    assert_memory_equal(before.signer_digest, after.signer_digest, WC_DIGEST_BYTES);
    assert_true(after.is_pair);
    /* to another site */
    k = wc_sitework_chain(&w, "dp", "other", NOW);
    k.may_change_site = true;
    assert_int_equal(wc_keychain_reset(&k, &deed), WC_OK);
    assert_int_equal(look().signer, WC_KEY_SIGNER_SITE);
    assert_memory_not_equal(look().signer_digest, after.signer_digest, WC_DIGEST_BYTES);
    /* to none */
    assert_int_equal(wc_keychain_reset_alone(&k, &deed), WC_OK);
    assert_int_equal(look().signer, WC_KEY_SIGNER_SELF);
    assert_true(look().is_pair && !look().belongs_to_a_site);
}

/* Without the site key the old one stays in use until the new one is signed. */
static void reset_far_from_the_site_key(void **state)
{
    (void)state;
    struct wc_keychain_deed deed;
    wc_sitework_dp(&w, "dp", "site", NOW, 30, "dp7");
    struct wc_key_sight before = look();
    struct wc_keychain dp = wc_sitework_chain(&w, "dp", NULL, NOW);
    struct wc_keychain at_site = wc_sitework_chain(&w, "unused", "site", NOW);
    assert_int_equal(wc_keychain_reset(&dp, &deed), WC_OK);
    assert_true(deed.made_key && !deed.is_signed);
    assert_int_equal(mode_of(NEXT), 0600);
    assert_memory_equal(look().key_digest, before.key_digest, WC_DIGEST_BYTES);
    assert_true(look().is_pair && look().has_request);
    const char *answer = wc_workdir_at(&w, "answer");
    assert_int_equal(wc_keyrequest_sign(&at_site, wc_workdir_at(&w, REQUEST), answer, &deed),
                     WC_OK);
    assert_int_equal(wc_keychain_install(&dp, answer, &deed), WC_OK);
    assert_true(deed.made_key);
    assert_memory_not_equal(look().key_digest, before.key_digest, WC_DIGEST_BYTES);
    assert_true(look().is_pair && !look().has_request);
    assert_false(wc_workdir_exists(wc_workdir_at(&w, NEXT)));
}

static void sign_keeps_the_key(void **state)
{
    (void)state;
    struct wc_keychain_deed deed;
    struct wc_keychain k = wc_sitework_chain(&w, "dp", "site", NOW);
    assert_int_equal(wc_keychain_sign(&k, &deed), WC_E_NOT_FOUND); /* there is no key */
    assert_non_null(strstr(k.why->text, "key init"));
    wc_sitework_dp(&w, "dp", NULL, NOW, 30, "dp7");
    struct wc_key_sight before = look_at("site", NULL, NOW);
    assert_int_equal(before.signer, WC_KEY_SIGNER_SELF);
    assert_true(before.has_pin && !before.belongs_to_a_site);
    assert_int_equal(wc_keychain_sign(&k, &deed), WC_OK);
    assert_int_equal(look().signer, WC_KEY_SIGNER_SITE);
    assert_memory_equal(look().key_digest, before.key_digest, WC_DIGEST_BYTES);
}

static void names_are_kept(void **state)
{
    (void)state;
    struct wc_keychain_deed deed;
    struct wc_key_names names = {.count = 0};
    wc_sitework_dp(&w, "dp", "site", NOW, 30, "dp7");
    struct wc_keychain k = wc_sitework_chain(&w, "dp", "site", NOW);
    assert_int_equal(wc_keychain_reset(&k, &deed), WC_OK);
    assert_string_equal(deed.names.items[0], "dp7");
    assert_true(wc_key_names_has(&deed.names, "localhost")); /* and those of this machine */
    assert_int_equal(deed.lost.count, 0);
    assert_int_equal(wc_keychain_sign(&k, &deed), WC_OK);
    assert_int_equal(wc_keychain_init(&k, &deed), WC_OK);
    assert_true(look_at(NULL, "dp7", NOW).name_fits);
    unlink(wc_workdir_at(&w, KEY)); /* the certificate tells them still */
    assert_int_equal(wc_keychain_reset(&k, &deed), WC_OK);
    assert_true(look_at(NULL, "dp7", NOW).name_fits);
    /* other names, by order: what goes is told */
    assert_int_equal(wc_key_names_add(&names, "dp8"), WC_OK);
    k.names = &names;
    assert_int_equal(wc_keychain_sign(&k, &deed), WC_OK);
    assert_int_equal(deed.names.count, 1);
    assert_true(wc_key_names_has(&deed.lost, "dp7"));
    assert_false(wc_key_names_has(&deed.lost, "dp8"));
    /* of another sender's certificate none is taken */
    k = wc_sitework_chain(&w, "dp", "site", NOW);
    wc_sitework_dp(&w, "dp2", "site", NOW, 30, "dp2.example");
    wc_sitework_copy(&w, "dp2/SignedSerializedMCSKey", CERTIFICATE);
    assert_int_equal(wc_keychain_sign(&k, &deed), WC_OK);
    assert_true(wc_key_names_has(&deed.lost, "dp2.example"));
    assert_false(look_at(NULL, "dp2.example", NOW).name_fits);
    /* and what nobody can read is told, too */
    wc_workdir_write(&w, CERTIFICATE, "", 0);
    assert_int_equal(wc_keychain_sign(&k, &deed), WC_OK);
    assert_true(deed.lost_unknown);
}

/* A request that waits has the names that were chosen last. */
static void names_of_a_request_are_kept(void **state)
{
    (void)state;
    struct wc_keychain_deed deed;
    struct wc_key_names names = {.count = 0};
    wc_sitework_dp(&w, "dp", "site", NOW, 30, "dp7");
    struct wc_keychain dp = wc_sitework_chain(&w, "dp", NULL, NOW);
    assert_int_equal(wc_key_names_add(&names, "dp8"), WC_OK);
    dp.names = &names;
    assert_int_equal(wc_keychain_reset(&dp, &deed), WC_OK);
    assert_true(wc_key_names_has(&deed.lost, "dp7"));
    dp = wc_sitework_chain(&w, "dp", NULL, NOW);
    assert_int_equal(wc_keychain_init(&dp, &deed), WC_OK);
    assert_true(wc_key_names_has(&deed.names, "dp8"));
    assert_false(wc_key_names_has(&deed.names, "dp7"));
    dp = wc_sitework_chain(&w, "dp", "site", NOW);
    assert_int_equal(wc_keychain_sign(&dp, &deed), WC_OK);
    assert_true(look_at(NULL, "dp8", NOW).name_fits);
    assert_false(look_at(NULL, "dp7", NOW).name_fits);
    /* also before the first certificate, and not those of another sender's request */
    struct wc_keychain first = wc_sitework_chain(&w, "dp2", NULL, NOW);
    first.names = &names;
    assert_int_equal(wc_keychain_init(&first, &deed), WC_OK);
    first = wc_sitework_chain(&w, "dp2", NULL, NOW);
    assert_int_equal(wc_keychain_reset(&first, &deed), WC_OK);
    assert_true(wc_key_names_has(&deed.names, "dp8"));
    wc_sitework_copy(&w, "dp2/SerializedMCSKey.csr", "dp3/SerializedMCSKey.csr");
    struct wc_keychain third = wc_sitework_chain(&w, "dp3", NULL, NOW);
    assert_int_equal(wc_keychain_init(&third, &deed), WC_OK);
    assert_false(wc_key_names_has(&deed.names, "dp8"));
}

/* Who brings the site key to a key that waits means that one, not the old one. */
static void sign_signs_the_key_that_waits(void **state)
{
    (void)state;
    struct wc_keychain_deed deed;
    uint8_t old[WC_DIGEST_BYTES];
    for (int with_init = 0; with_init < 2; with_init++) {
        wc_sitework_dp(&w, "dp", "site", NOW, 30, "dp7");
        memcpy(old, look().key_digest, sizeof(old));
        struct wc_keychain dp = wc_sitework_chain(&w, "dp", NULL, NOW);
        assert_int_equal(wc_keychain_reset(&dp, &deed), WC_OK);
        assert_true(deed.old_stays && look().has_next);
        assert_memory_equal(look().key_digest, old, sizeof(old));
        assert_int_equal(wc_keychain_init(&dp, &deed), WC_OK); /* its request, again */
        assert_true(deed.old_stays && look().has_next);
        dp = wc_sitework_chain(&w, "dp", "site", NOW);
        assert_int_equal(with_init ? wc_keychain_init(&dp, &deed) : wc_keychain_sign(&dp, &deed),
                         WC_OK);
        assert_true(deed.made_key && deed.is_signed);
        struct wc_key_sight s = look();
        assert_memory_not_equal(s.key_digest, old, sizeof(old));
        assert_true(s.is_pair && !s.has_next && !s.has_request);
        assert_int_equal(s.signer, WC_KEY_SIGNER_SITE);
    }
}

/* A late answer for the old key does not take the request of the new one away. */
static void an_answer_for_the_old_key(void **state)
{
    (void)state;
    struct wc_keychain_deed deed;
    char old[PATH_MAX];
    char answer[PATH_MAX];
    snprintf(old, sizeof(old), "%s", wc_workdir_at(&w, "old"));
    snprintf(answer, sizeof(answer), "%s", wc_workdir_at(&w, "answer"));
    wc_sitework_dp(&w, "dp", "site", NOW, 30, "dp7");
    struct wc_keychain dp = wc_sitework_chain(&w, "dp", NULL, NOW);
    assert_int_equal(wc_keychain_init(&dp, &deed), WC_OK);
    wc_sitework_copy(&w, REQUEST, "old");
    assert_int_equal(wc_keychain_reset(&dp, &deed), WC_OK);
    struct wc_keychain at_site = wc_sitework_chain(&w, "unused", "site", NOW);
    assert_int_equal(wc_keyrequest_sign(&at_site, old, answer, &deed), WC_OK);
    dp = wc_sitework_chain(&w, "dp", NULL, NOW);
    assert_int_equal(wc_keychain_install(&dp, answer, &deed), WC_OK);
    assert_true(look().is_pair && look().has_next && look().has_request);
}

/* What no session can use is not kept for one. */
static void reset_replaces_what_is_of_no_use(void **state)
{
    (void)state;
    struct wc_keychain_deed deed;
    for (int i = 0; i < 5; i++) {
        wc_sitework_dp(&w, "dp", "site", NOW, 30, "dp7");
        if (i == 0)
            wc_workdir_write(&w, KEY, "", 0);
        else if (i == 1)
            wc_workdir_write(&w, KEY, "no key", 6);
        else if (i == 2)
            unlink(wc_workdir_at(&w, KEY));
        else if (i == 3)
            wc_workdir_write(&w, CERTIFICATE, "", 0);
        else
            wc_sitework_dp(&w, "dp2", "site", NOW, 30, "dp7");
        if (i == 4)
            wc_sitework_copy(&w, "dp2/SignedSerializedMCSKey", CERTIFICATE);
        struct wc_keychain dp = wc_sitework_chain(&w, "dp", NULL, NOW);
        assert_int_equal(wc_keychain_reset(&dp, &deed), WC_OK);
        assert_true(deed.made_key && !deed.old_stays && !look().has_next && look().has_request);
        assert_int_equal(look().key, WC_KEY_FILE_GOOD);
        struct wc_keychain at_site = wc_sitework_chain(&w, "dp", "site", NOW);
        assert_int_equal(wc_keychain_sign(&at_site, &deed), WC_OK);
        assert_true(look().is_pair && !look().has_request);
    }
}

static void a_site_is_not_changed_by_chance(void **state)
{
    (void)state;
    struct wc_keychain_deed deed;
    uint8_t old[WC_DIGEST_BYTES];
    uint8_t pin[WC_DIGEST_BYTES];
    pin_of_site("site", pin);
    wc_sitework_dp(&w, "dp", "site", NOW, 30, "dp7");
    memcpy(old, look().key_digest, sizeof(old));
    struct wc_keychain k = wc_sitework_chain(&w, "dp", "other", NOW);
    assert_int_equal(wc_keychain_sign(&k, &deed), WC_E_AUTH);
    assert_non_null(strstr(k.why->text, "another site"));
    assert_non_null(strstr(k.why->text, "key reset --site-dir"));
    assert_int_equal(wc_keychain_init(&k, &deed), WC_OK);
    assert_true(deed.found_other_site && !deed.is_signed && look().has_request);
    assert_int_equal(wc_keychain_reset(&k, &deed), WC_OK);
    assert_true(deed.found_other_site && !deed.is_signed && deed.old_stays);
    assert_memory_equal(look().key_digest, old, sizeof(old));
    assert_memory_equal(look().pin, pin, sizeof(pin));
    /* nor is a second site advised */
    k = wc_sitework_chain(&w, "dp", "nowhere", NOW);
    assert_int_equal(wc_keychain_sign(&k, &deed), WC_E_NOT_FOUND);
    assert_null(strstr(k.why->text, "site-init"));
    assert_non_null(strstr(k.why->text, "carry a request"));
    k = wc_sitework_chain(&w, "dp3", "nowhere", NOW);
    assert_int_equal(wc_keychain_sign(&k, &deed), WC_E_NOT_FOUND);
    assert_non_null(strstr(k.why->text, "site-init"));
}

/* A site that cannot be told is not taken for none. */
static void a_damaged_site_certificate_is_no_site_of_ones_own(void **state)
{
    (void)state;
    struct wc_keychain_deed deed;
    char answer[PATH_MAX];
    char request[PATH_MAX];
    snprintf(answer, sizeof(answer), "%s", wc_workdir_at(&w, "answer"));
    snprintf(request, sizeof(request), "%s", wc_workdir_at(&w, REQUEST));
    wc_sitework_dp(&w, "dp", "site", NOW, 30, "dp7");
    struct wc_keychain dp = wc_sitework_chain(&w, "dp", NULL, NOW);
    assert_int_equal(wc_keychain_init(&dp, &deed), WC_OK);
    struct wc_keychain at_other = wc_sitework_chain(&w, "unused", "other", NOW);
    assert_int_equal(wc_keyrequest_sign(&at_other, request, answer, &deed), WC_OK);
    wc_workdir_write(&w, "dp/SiteCertificate", "", 0);
    assert_int_equal(look().site_certificate, WC_KEY_FILE_EMPTY);
    assert_true(look().belongs_to_a_site);
    dp = wc_sitework_chain(&w, "dp", "other", NOW);
    assert_int_equal(wc_keychain_install(&dp, answer, &deed), WC_E_FORMAT);
    assert_int_equal(wc_keychain_sign(&dp, &deed), WC_E_FORMAT);
    assert_int_equal(wc_keychain_init(&dp, &deed), WC_E_FORMAT);
    assert_non_null(strstr(dp.why->text, "SiteCertificate"));
    dp.may_change_site = true;
    assert_int_equal(wc_keychain_reset(&dp, &deed), WC_OK);
    assert_int_equal(look().site_certificate, WC_KEY_FILE_GOOD);
}

static void names_are_names(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",       "a b",        "-a",    ".a",
                                        "a/b",    "10.0.0.7:1", "[::1]", "DNS:x,IP:y",
                                        "a%eth0", "\xc3\xa4",   ":"};
    struct wc_key_names names = {.count = 0};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (wc_key_names_add(&names, wrong[i]) != WC_E_FORMAT)
            fail_msg("'%s' is taken for a name", wrong[i]);
    assert_int_equal(wc_key_names_add(&names, "Dp7"), WC_OK);
    assert_int_equal(wc_key_names_add(&names, "dp7"), WC_OK);
    assert_int_equal(names.count, 1);
    for (int i = 0; i < (int)WC_KEY_NAMES_MAX; i++) {
        char name[8] = {'n', (char)('a' + i / 26), (char)('a' + i % 26)};
        enum wc_err err = wc_key_names_add(&names, name);
        assert_int_equal(err, i == (int)WC_KEY_NAMES_MAX - 1 ? WC_E_FULL : WC_OK);
    }
    wc_key_names_of_host(&names);
    assert_true(names.count > 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_site_is_made_once),
        TEST(a_site_certificate_is_read),
        TEST(init_signs_where_the_site_key_is),
        TEST(a_request_is_carried_to_the_site_and_back),
        TEST(what_comes_back_is_looked_at),
        TEST(reset_makes_another_key),
        TEST(reset_far_from_the_site_key),
        TEST(sign_keeps_the_key),
        TEST(names_are_kept),
        TEST(names_of_a_request_are_kept),
        TEST(sign_signs_the_key_that_waits),
        TEST(an_answer_for_the_old_key),
        TEST(reset_replaces_what_is_of_no_use),
        TEST(a_site_is_not_changed_by_chance),
        TEST(a_damaged_site_certificate_is_no_site_of_ones_own),
        TEST(names_are_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
