/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/accounts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include <cmocka.h>

#include "common/io/keyfile.h"
#include "tests/support/workdir.h"

static struct wc_workdir dir;
static struct wc_why why;

#define SALT "000102030405060708090a0b0c0d0e0f"
#define HASH "00000000000000000000000000000000ffffffffffffffffffffffffffffffff"
#define PASSWORD(name)                                                                \
    "{\"name\":\"" name "\",\"scrypt\":{\"n\":16384,\"r\":8,\"p\":1,\"salt\":\"" SALT \
    "\",\"hash\":\"" HASH "\"}}"
#define CERTIFICATE(name) "{\"name\":\"" name "\",\"certificate\":\"" HASH "\"}"
#define FILE_OF(accounts) "{\"anonymous\":false,\"accounts\":[" accounts "]}"

static int set_up(void **state)
{
    (void)state;
    wc_workdir_make(&dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    wc_workdir_remove(&dir);
    return 0;
}

static void write_text(const char *text, size_t count)
{
    const char *path = wc_workdir_write(&dir, WC_ACCOUNTS_FILE_NAME, text, count);
    assert_int_equal(chmod(path, 0600), 0);
}

static struct wc_accounts *open_accounts(void)
{
    struct wc_accounts *a = NULL;
    if (wc_accounts_open(&a, dir.path, &why))
        fail_msg("refused: %s", why.text);
    return a;
}

static void assert_malformed(const char *text)
{
    struct wc_accounts *a = NULL;
    write_text(text, strlen(text));
    if (wc_accounts_open(&a, dir.path, &why) != WC_E_FORMAT)
        fail_msg("taken: %.200s", text);
    assert_non_null(strstr(why.text, WC_ACCOUNTS_FILE_NAME));
    assert_null(a);
}

static void no_file(void **state)
{
    (void)state;
    struct wc_accounts *a = open_accounts();
    assert_true(wc_accounts_anonymous(a));
    assert_int_equal(wc_accounts_count(a), 0);
    assert_null(wc_accounts_name(a, 0));
    assert_false(wc_accounts_have_changed(a, dir.path));
    write_text(FILE_OF(""), strlen(FILE_OF("")));
    assert_true(wc_accounts_have_changed(a, dir.path));
    wc_accounts_close(a);
}

static void what_was_saved_comes_back(void **state)
{
    (void)state;
    struct stat st;
    struct wc_account lab = {.name = "lab"};
    struct wc_account pc = {
        .name = "DOMAIN\\pc 7 \"ü\"", .by_certificate = true, .certificate = {7}};
    struct wc_accounts *a = open_accounts();
    wc_password_make_dummy(&lab.password);
    assert_int_equal(wc_accounts_put(a, &lab), WC_OK);
    assert_int_equal(wc_accounts_put(a, &pc), WC_OK);
    wc_accounts_set_anonymous(a, false);
    assert_int_equal(wc_accounts_save(a, dir.path, &why), WC_OK);
    wc_accounts_close(a);
    assert_int_equal(stat(wc_workdir_at(&dir, WC_ACCOUNTS_FILE_NAME), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    a = open_accounts();
    assert_false(wc_accounts_anonymous(a));
    assert_int_equal(wc_accounts_count(a), 2);
    assert_string_equal(wc_accounts_name(a, 0), "lab");
    assert_string_equal(wc_accounts_name(a, 1), pc.name);
    const struct wc_account *found = wc_accounts_find(a, "lab");
    assert_memory_equal(&found->password, &lab.password, sizeof(lab.password));
    assert_false(found->by_certificate);
    found = wc_accounts_find_certificate(a, pc.certificate);
    assert_string_equal(found->name, pc.name);
    assert_null(wc_accounts_find(a, "Lab"));
    assert_true(wc_accounts_remove(a, "lab"));
    assert_false(wc_accounts_remove(a, "lab"));
    assert_null(wc_accounts_find(a, "lab"));
    assert_int_equal(wc_accounts_count(a), 1);
    wc_accounts_close(a);
}

static void putting_again_replaces(void **state)
{
    (void)state;
    struct wc_account lab = {.name = "lab", .by_certificate = true, .certificate = {1}};
    struct wc_account other = {.name = "other", .by_certificate = true, .certificate = {1}};
    struct wc_accounts *a = open_accounts();
    assert_int_equal(wc_accounts_put(a, &lab), WC_OK);
    assert_int_equal(wc_accounts_put(a, &other), WC_E_STATE);
    lab.certificate[0] = 2;
    assert_int_equal(wc_accounts_put(a, &lab), WC_OK);
    assert_int_equal(wc_accounts_put(a, &other), WC_OK);
    assert_int_equal(wc_accounts_count(a), 2);
    for (uint32_t i = 2; i < WC_ACCOUNTS_MAX; i++) {
        struct wc_account more = {.by_certificate = false};
        snprintf(more.name, sizeof(more.name), "a%u", i);
        wc_password_make_dummy(&more.password);
        assert_int_equal(wc_accounts_put(a, &more), WC_OK);
    }
    struct wc_account last = {.name = "last"};
    assert_int_equal(wc_accounts_put(a, &last), WC_E_FULL);
    assert_int_equal(wc_accounts_save(a, dir.path, &why), WC_OK); /* all have room in the file */
    wc_accounts_close(a);
    a = open_accounts();
    assert_int_equal(wc_accounts_count(a), WC_ACCOUNTS_MAX);
    wc_accounts_close(a);
}

/* With the longest names, of characters that JSON doubles, the file would be too large to be read
 * again: so it is not written. */
static void a_file_that_would_be_too_large(void **state)
{
    (void)state;
    struct wc_accounts *a = open_accounts();
    for (uint32_t i = 0; i < WC_ACCOUNTS_MAX; i++) {
        struct wc_account more = {.by_certificate = false};
        memset(more.name, '\\', WC_NAME_BYTES_MAX);
        more.name[0] = (char)('0' + i);
        wc_password_make_dummy(&more.password);
        assert_int_equal(wc_accounts_put(a, &more), WC_OK);
    }
    assert_int_equal(wc_accounts_save(a, dir.path, &why), WC_E_FULL);
    assert_false(wc_workdir_exists(wc_workdir_at(&dir, WC_ACCOUNTS_FILE_NAME)));
    wc_accounts_close(a);
}

static void hostile_files(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{}",
        "[]",
        "null",
        "true",
        "{\"anonymous\":true}",
        "{\"accounts\":[]}",
        "{\"anonymous\":1,\"accounts\":[]}",
        "{\"anonymous\":\"no\",\"accounts\":[]}",
        "{\"anonymous\":true,\"accounts\":{}}",
        "{\"anonymous\":true,\"accounts\":[],\"anonymus\":false}",
        "{\"anonymous\":true,\"anonymous\":false,\"accounts\":[]}",
        FILE_OF("") "x",
        FILE_OF("1"),
        FILE_OF("{}"),
        FILE_OF("{\"name\":\"lab\"}"),
        FILE_OF("{\"name\":7,\"certificate\":\"" HASH "\"}"),
        FILE_OF("{\"name\":\"lab\",\"certificate\":7}"),
        FILE_OF("{\"name\":\"lab\",\"certificate\":\"" SALT "\"}"),
        FILE_OF("{\"name\":\"lab\",\"certificate\":\"" SALT SALT "00\"}"),
        FILE_OF("{\"name\":\"lab\",\"certificate\":\"" SALT "000102030405060708090A0B0C0D0E0F\"}"),
        FILE_OF("{\"name\":\"lab\",\"certificate\":\"" HASH "\",\"scrypt\":{}}"),
        FILE_OF("{\"name\":\"lab\",\"scrypt\":[]}"),
        FILE_OF("{\"name\":\"lab\",\"scrypt\":{}}"),
        FILE_OF("{\"name\":\"lab\",\"scrypt\":{\"n\":1,\"r\":8,\"p\":1,\"salt\":\"" SALT
                "\",\"hash\":\"" HASH "\"}}"),
        FILE_OF("{\"name\":\"lab\",\"scrypt\":{\"n\":1073741824,\"r\":8,\"p\":1,\"salt\":\"" SALT
                "\",\"hash\":\"" HASH "\"}}"),
        FILE_OF("{\"name\":\"lab\",\"scrypt\":{\"n\":4294983680,\"r\":8,\"p\":1,\"salt\":\"" SALT
                "\",\"hash\":\"" HASH "\"}}"),
        FILE_OF("{\"name\":\"lab\",\"scrypt\":{\"n\":16384,\"r\":8,\"p\":-1,\"salt\":\"" SALT
                "\",\"hash\":\"" HASH "\"}}"),
        FILE_OF("{\"name\":\"lab\",\"scrypt\":{\"n\":16384.5,\"r\":8,\"p\":1,\"salt\":\"" SALT
                "\",\"hash\":\"" HASH "\"}}"),
        FILE_OF(PASSWORD("")),
        FILE_OF(PASSWORD("a,b")),
        FILE_OF(PASSWORD("everyone")),
        FILE_OF(PASSWORD("a\\u0007")),
        FILE_OF(PASSWORD("a\\u0000b")),
        FILE_OF(PASSWORD("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")),
        FILE_OF(PASSWORD("lab") "," PASSWORD("lab")),
        FILE_OF(PASSWORD("lab") "," CERTIFICATE("lab")),
        FILE_OF(CERTIFICATE("lab") "," CERTIFICATE("other")),
    };
    write_text(FILE_OF(PASSWORD("lab") "," CERTIFICATE("pc")),
               strlen(FILE_OF(PASSWORD("lab") "," CERTIFICATE("pc"))));
    wc_accounts_close(open_accounts()); /* so the rest of them is right */
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_malformed(bad[i]);
}

static void deep_huge_or_none(void **state)
{
    (void)state;
    static char text[WC_KEYFILE_BYTES_MAX + 10];
    struct wc_accounts *a = NULL;
    memset(text, '[', sizeof(text));
    write_text(text, WC_KEYFILE_BYTES_MAX); /* deep */
    assert_int_equal(wc_accounts_open(&a, dir.path, &why), WC_E_FORMAT);
    write_text(text, sizeof(text)); /* large */
    assert_int_equal(wc_accounts_open(&a, dir.path, &why), WC_E_FORMAT);
    write_text("", 0);
    assert_int_equal(wc_accounts_open(&a, dir.path, &why), WC_E_FORMAT);
    write_text("\xff\xfe", 2);
    assert_int_equal(wc_accounts_open(&a, dir.path, &why), WC_E_FORMAT);
    assert_int_equal(why.exit_code, EX_CONFIG);
    write_text(FILE_OF(""), strlen(FILE_OF("")));
    assert_int_equal(chmod(wc_workdir_at(&dir, WC_ACCOUNTS_FILE_NAME), 0640), 0);
    assert_int_equal(wc_accounts_open(&a, dir.path, &why), WC_E_AUTH);
    assert_int_equal(why.exit_code, EX_NOPERM);
    assert_null(a);
}

static void names(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "DOMAIN\\lab", "jo.doe@example.org", "Büro 7"};
    static const char *const bad[] = {"",    " a",   "a ",       "a,b",     "-a",
                                      "a\n", "\xff", "everyone", "accounts"};
    char longest[WC_NAME_BYTES_MAX + 2];
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(wc_accounts_name_check(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(wc_accounts_name_check(bad[i]));
    memset(longest, 'a', sizeof(longest));
    longest[WC_NAME_BYTES_MAX + 1] = '\0';
    assert_false(wc_accounts_name_check(longest));
    longest[WC_NAME_BYTES_MAX] = '\0';
    assert_true(wc_accounts_name_check(longest));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_saved_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(putting_again_replaces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_would_be_too_large, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hostile_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deep_huge_or_none, set_up, tear_down),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
