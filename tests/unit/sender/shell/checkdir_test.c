/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/checkdir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sender/shell/checkfix.h"
#include "tests/support/workdir.h"

static struct wc_workdir dir;
static struct wc_dp_dir sight;
static int64_t now_s; /* as if files that are made here were old */
static unsigned done, failed;

static int begin(void **state)
{
    struct stat st;
    (void)state;
    wc_workdir_make(&dir);
    assert_int_equal(chmod(dir.path, 0700), 0);
    assert_int_equal(stat(dir.path, &st), 0);
    now_s = (int64_t)st.st_mtime + WC_CHECKDIR_LEFTOVER_AGE_S + 100;
    done = failed = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    wc_workdir_remove(&dir);
    return 0;
}

static const char *put(const char *name, mode_t mode)
{
    const char *path = wc_workdir_write(&dir, name, "x", 1);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static mode_t mode_of(const char *name)
{
    struct stat st;
    assert_int_equal(stat(wc_workdir_at(&dir, name), &st), 0);
    return st.st_mode & 07777;
}

static void look(void)
{
    wc_checkdir_look(dir.path, now_s, &sight);
}

static void tell(void *ctx, bool is_done, const char *sentence)
{
    (void)ctx;
    assert_true(sentence[0]);
    *(is_done ? &done : &failed) += 1;
}

static void a_good_folder(void **state)
{
    (void)state;
    put("SerializedMCSKey", 0600);
    put("SignedSerializedMCSKey", 0644);
    put("packages/a/package.json", 0644);
    chmod(wc_workdir_at(&dir, "packages"), 0755);
    chmod(wc_workdir_at(&dir, "packages/a"), 0755);
    look();
    assert_true(sight.exists && sight.is_folder && sight.is_writable);
    assert_int_equal(sight.mode, 0700);
    assert_int_equal(sight.owner, geteuid());
    assert_int_equal(sight.user, geteuid());
    assert_int_equal(sight.open_count, 0);
    assert_int_equal(sight.leftover_count, 0);
    wc_checkfix_dir(dir.path, now_s, tell, NULL);
    assert_int_equal(done + failed, 0);
}

static void open_files(void **state)
{
    (void)state;
    put("SerializedMCSKey", 0644); /* found with the other keys */
    put("accounts.json", 0640);
    put("packages/a/manifest.1", 0666);
    look();
    assert_int_equal(sight.open_count, 2);
    assert_non_null(strstr(sight.open_name, dir.path));
    assert_true(sight.open_mode == 0640 || sight.open_mode == 0666);
    wc_checkfix_dir(dir.path, now_s, tell, NULL);
    assert_int_equal(done, 3);
    assert_int_equal(failed, 0);
    assert_int_equal(mode_of("SerializedMCSKey"), 0600);
    assert_int_equal(mode_of("accounts.json"), 0600);
    assert_int_equal(mode_of("packages/a/manifest.1"), 0600);
    look();
    assert_int_equal(sight.open_count, 0);
}

static void an_open_folder(void **state)
{
    (void)state;
    put("packages/a/manifest.1", 0600);
    chmod(dir.path, 0777);
    chmod(wc_workdir_at(&dir, "packages"), 0775);
    look();
    assert_int_equal(sight.mode, 0777);
    assert_int_equal(sight.open_count, 1);
    wc_checkfix_dir(dir.path, now_s, tell, NULL);
    assert_int_equal(done, 2);
    look();
    assert_int_equal(sight.mode, 0700);
    assert_int_equal(mode_of("packages"), 0700);
}

static void leftovers(void **state)
{
    (void)state;
    put("SerializedMCSKey.new", 0600);
    put("packages/a/package.json.new", 0600);
    put("SerializedMCSKey.next", 0600);
    look();
    assert_int_equal(sight.leftover_count, 2);
    int64_t later = now_s;
    now_s -= WC_CHECKDIR_LEFTOVER_AGE_S; /* they are young: somebody may be writing */
    look();
    assert_int_equal(sight.leftover_count, 0);
    wc_checkfix_dir(dir.path, now_s, tell, NULL);
    assert_int_equal(done, 0);
    wc_checkfix_dir(dir.path, later, tell, NULL);
    assert_int_equal(done, 2);
    assert_false(wc_workdir_exists(wc_workdir_at(&dir, "SerializedMCSKey.new")));
    assert_true(wc_workdir_exists(wc_workdir_at(&dir, "SerializedMCSKey.next")));
}

static void links_are_not_followed(void **state)
{
    (void)state;
    char outside[] = "/tmp/wimcast-outside.XXXXXX", name[64];
    assert_non_null(mkdtemp(outside));
    snprintf(name, sizeof(name), "%s/accounts.json", outside);
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fclose(file);
    chmod(name, 0666);
    assert_int_equal(symlink(name, wc_workdir_at(&dir, "accounts.json")), 0);
    assert_int_equal(symlink(outside, wc_workdir_at(&dir, "packages")), 0);
    look();
    assert_int_equal(sight.open_count, 0);
    wc_checkfix_dir(dir.path, now_s, tell, NULL);
    assert_int_equal(done + failed, 0);
    unlink(name);
    rmdir(outside);
}

static void a_folder_that_is_not_there(void **state)
{
    (void)state;
    char path[300];
    snprintf(path, sizeof(path), "%s/a/b", dir.path);
    wc_checkdir_look(path, now_s, &sight);
    assert_false(sight.exists);
    assert_true(sight.is_writable);
    put("a", 0600);
    wc_checkdir_look(path, now_s, &sight);
    assert_false(sight.exists || sight.is_writable);
    wc_checkdir_look(wc_workdir_at(&dir, "a"), now_s, &sight);
    assert_true(sight.exists && !sight.is_folder);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_good_folder),          TEST(open_files),
        TEST(an_open_folder),         TEST(leftovers),
        TEST(links_are_not_followed), TEST(a_folder_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
