/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where packages go and how they end up there, in one run. Blocks are of some 1000
 * bytes here. */
#include "receiver/shell/store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/receiver/shell/store_fixture.h"

static const struct wc_package_file one[] = {{"install.wim", 10000, 0, 0}};
static const struct wc_package_file tree[] = {
    {"img/", 0, 0, 0},        {"img/a", 3000, 0, 0},
    {"img/a-b", 1, 0, 0},     {"img/a.txt", 0, 0, 0},
    {"img/hollow/", 0, 0, 0}, {"img/sub/deep/er", 20000, 2000, 15000},
    {"img/sub/x", 5, 0, 0},   {"img/Übergröße – 大.txt", 7, 0, 0},
    {"readme", 100, 0, 0},
};
#define COUNT(list) (uint32_t)(sizeof(list) / sizeof((list)[0]))

static bool exists(struct wc_fixture *f, const char *name)
{
    return wc_workdir_exists(wc_workdir_at(&f->work, name));
}

static void complete(struct wc_fixture *f, const char *output, uint32_t seed)
{
    wc_fixture_open(f, output);
    wc_fixture_write_rest(f, seed);
    wc_fixture_finish(f);
    assert_int_equal(f->warning_count, 0);
}

/* --- places --- */

static void a_file_by_name(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, one, 1);
    wc_fixture_open(f, "other.wim");
    assert_string_equal(wc_store_where(f->store), wc_workdir_at(&f->work, "other.wim"));
    assert_true(exists(f, "other.wim.part"));
    assert_true(exists(f, "other.wim.part.journal"));
    wc_fixture_write_rest(f, 3);
    assert_false(exists(f, "other.wim"));
    wc_fixture_finish(f);
    assert_true(wc_workdir_holds(wc_workdir_at(&f->work, "other.wim"), f->package.object, 10000));
    assert_false(exists(f, "other.wim.part"));
    assert_false(exists(f, "other.wim.part.journal"));
}

static void a_file_into_folders(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, one, 1);
    wc_workdir_mkdir(&f->work, "there");
    complete(f, "there", 0);
    wc_fixture_assert_complete(f, "there");
    complete(f, "there/", 1);
    wc_fixture_assert_complete(f, "there");
    complete(f, "made/", 2);
    wc_fixture_assert_complete(f, "made");
    assert_int_equal(chdir(f->work.path), 0);
    complete(f, NULL, 2);
    wc_fixture_assert_complete(f, ".");
    assert_int_equal(chdir("/"), 0);
}

static void a_tree(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, tree, COUNT(tree));
    for (uint32_t seed = 0; seed < 5; seed++) {
        complete(f, "out", seed); /* the first one makes it, the others replace */
        wc_fixture_assert_complete(f, "out");
    }
}

static void a_tree_under_way(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, tree, COUNT(tree));
    wc_fixture_open(f, "out");
    assert_true(exists(f, "out/pkg.part.journal"));
    assert_true(exists(f, "out/img/sub/deep/er.part"));
    wc_fixture_write_rest(f, 1);
    assert_false(exists(f, "out/img/a"));
    assert_false(exists(f, "out/img/sub/deep/er"));
    assert_false(exists(f, "out/readme"));
    wc_fixture_close(f);
    assert_false(exists(f, "out/readme"));
}

/* So many that they are synced at once, more than may be open, and all in a few blocks. */
static void many_small_files(void **state)
{
    struct wc_fixture *f = *state;
    enum { FILE_COUNT = 200 };
    static char paths[FILE_COUNT][32];
    static struct wc_package_file files[FILE_COUNT];
    for (uint32_t i = 0; i < FILE_COUNT; i++) {
        snprintf(paths[i], sizeof(paths[i]), "d%02u/f%03u", i / 10, i);
        files[i] = (struct wc_package_file){paths[i], i % 23, 0, 0};
    }
    wc_fixture_pack(f, files, FILE_COUNT);
    assert_true(f->package.m.partition.block_count < 4);
    complete(f, "out", 1);
    wc_fixture_assert_complete(f, "out");
}

static void zeros_are_holes(void **state)
{
    static const struct wc_package_file sparse[] = {{"sparse", 60 << 10, 8 << 10, 56 << 10}};
    struct wc_fixture *f = *state;
    struct stat st;
    wc_fixture_pack(f, sparse, 1);
    wc_fixture_open(f, "sparse");
    assert_int_equal(wc_store_have_count(f->store), 48);
    wc_fixture_write_rest(f, 1);
    wc_fixture_finish(f);
    assert_true(wc_workdir_holds(wc_workdir_at(&f->work, "sparse"), f->package.object, 60 << 10));
    assert_int_equal(stat(wc_workdir_at(&f->work, "sparse"), &st), 0);
    assert_true(st.st_blocks * 512 <= 16 << 10);
}

static void nothing_but_zeros(void **state)
{
    static const struct wc_package_file zeros[] = {{"z", 5000, 0, 5000}};
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, zeros, 1);
    wc_fixture_open(f, "out/");
    assert_int_equal(wc_store_have_count(f->store), f->package.m.partition.block_count);
    wc_fixture_finish(f);
    wc_fixture_assert_complete(f, "out");
}

static void not_before_all_is_there(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, one, 1);
    wc_fixture_open(f, "out/");
    for (uint32_t sbn = 1; sbn < f->package.m.partition.block_count; sbn++)
        wc_fixture_write(f, sbn);
    assert_int_equal(wc_store_finish(f->store, &f->why), WC_E_STATE);
    assert_non_null(strstr(f->why.text, "1 of 10 blocks"));
    wc_fixture_write(f, 0);
    wc_fixture_write(f, 0); /* again: nothing happens */
    wc_fixture_finish(f);
    wc_fixture_assert_complete(f, "out");
}

/* --- in the way --- */

static void folders_in_place_of_files(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, one, 1);
    wc_workdir_mkdir(&f->work, "out/install.wim");
    wc_fixture_refused(f, "out", WC_E_PATH, EX_CANTCREAT, "install.wim is in the way: it is a fol");
    wc_fixture_pack(f, tree, COUNT(tree));
    wc_workdir_mkdir(&f->work, "tree/img/sub/x");
    wc_fixture_refused(f, "tree", WC_E_PATH, EX_CANTCREAT, "img/sub/x is in the way");
    assert_false(exists(f, "tree/pkg.part.journal"));
    wc_workdir_write(&f->work, "file/img", "x", 1);
    wc_fixture_refused(f, "file", WC_E_PATH, EX_CANTCREAT, "img is in the way: it is no folder");
    wc_fixture_refused(f, "file/img", WC_E_PATH, EX_CANTCREAT, "file/img is no folder");
    wc_fixture_refused(f, "file/img/", WC_E_PATH, EX_CANTCREAT, "file/img is no folder");
    wc_fixture_refused(f, "file/img/x", WC_E_PATH, EX_CANTCREAT, "Not a directory");
    wc_fixture_refused(f, "no/such/folder", WC_E_NOT_FOUND, EX_CANTCREAT, "make that folder first");
    wc_fixture_pack(f, one, 1);
    wc_fixture_refused(f, "no/such", WC_E_NOT_FOUND, EX_CANTCREAT, "cannot open");
    wc_fixture_refused(f, "/dev/null", WC_E_PATH, EX_CANTCREAT, "/dev/null is in the way");
    f->options.output = "";
    assert_int_equal(
        wc_store_open(&f->store, &f->package.m, f->package.digest, &f->options, &f->why),
        WC_E_RANGE);
    assert_int_equal(f->why.exit_code, EX_USAGE);
}

/* Somebody who may write to the output folder puts links where the receiver will write. */
static void links_lead_nowhere(void **state)
{
    static const char *const planted[] = {"img/a", "img/a.part", "pkg.part.journal", "img/sub",
                                          "img"};
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, tree, COUNT(tree));
    wc_workdir_write(&f->work, "victim", "precious", 8);
    wc_workdir_mkdir(&f->work, "victims");
    for (size_t i = 0; i < sizeof(planted) / sizeof(planted[0]); i++) {
        char name[64];
        snprintf(name, sizeof(name), "out%zu/img/x", i);
        if (strcmp(planted[i], "img") == 0)
            snprintf(name, sizeof(name), "out%zu/x", i);
        wc_workdir_write(&f->work, name, "x", 1);
        snprintf(name, sizeof(name), "out%zu/%s", i, planted[i]);
        bool is_folder = strstr(planted[i], "sub") || strcmp(planted[i], "img") == 0;
        const char *victim = wc_workdir_at(&f->work, is_folder ? "victims" : "victim");
        assert_int_equal(symlink(victim, wc_workdir_at(&f->work, name)), 0);
        snprintf(name, sizeof(name), "out%zu", i);
        wc_fixture_refused(f, name, WC_E_PATH, EX_CANTCREAT, "symbolic link");
    }
    assert_true(wc_workdir_holds(wc_workdir_at(&f->work, "victim"), "precious", 8));
    assert_int_equal(rmdir(wc_workdir_at(&f->work, "victims")), 0); /* still empty */
}

/* A link put there while blocks come: names are given without following it. */
static void links_planted_later(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, tree, COUNT(tree));
    wc_workdir_mkdir(&f->work, "victims");
    wc_workdir_mkdir(&f->work, "victims/deep");
    wc_fixture_open(f, "out");
    wc_fixture_write_rest(f, 0);
    assert_int_equal(
        rename(wc_workdir_at(&f->work, "out/img/sub"), wc_workdir_at(&f->work, "out/img/away")), 0);
    assert_int_equal(
        symlink(wc_workdir_at(&f->work, "victims"), wc_workdir_at(&f->work, "out/img/sub")), 0);
    assert_int_equal(wc_store_finish(f->store, &f->why), WC_E_PATH);
    assert_non_null(strstr(f->why.text, "symbolic link"));
    wc_fixture_close(f);
    assert_int_equal(rmdir(wc_workdir_at(&f->work, "victims/deep")), 0);
}

static void a_hard_link_for_a_part(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, one, 1);
    wc_workdir_mkdir(&f->work, "out");
    const char *victim = wc_workdir_write(&f->work, "victim", "precious", 8);
    assert_int_equal(link(victim, wc_workdir_at(&f->work, "out/install.wim.part")), 0);
    wc_fixture_refused(f, "out", WC_E_PATH, EX_CANTCREAT, "install.wim.part is in the way");
    assert_true(wc_workdir_holds(victim, "precious", 8));
}

static void a_pipe_for_a_part(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, one, 1);
    wc_workdir_mkdir(&f->work, "out");
    assert_int_equal(mkfifo(wc_workdir_at(&f->work, "out/install.wim.part"), 0600), 0);
    wc_fixture_refused(f, "out", WC_E_PATH, EX_CANTCREAT, "install.wim.part is in the way");
}

/* --- two at once --- */

static void two_receivers(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, one, 1);
    wc_fixture_open(f, "out/");
    struct wc_store *first = f->store;
    f->store = NULL;
    wc_fixture_write_rest(&(struct wc_fixture){.store = first, .package = f->package}, 0);
    wc_fixture_refused(f, "out/", WC_E_STATE, EX_TEMPFAIL, "another receiver is writing");
    wc_fixture_open(f, "out/other.wim"); /* another name: fine */
    wc_fixture_close(f);
    assert_int_equal(wc_store_finish(first, &f->why), WC_OK);
    wc_store_close(first);
    wc_fixture_assert_complete(f, "out");
    wc_fixture_open(f, "out/");
}

/* Different packages, and so different journals, but one file in common. */
static void two_packages_one_file(void **state)
{
    static const struct wc_package_file both[] = {{"install.wim", 500, 0, 0}, {"z", 500, 0, 0}};
    struct wc_fixture *f = *state;
    struct wc_package first_package;
    wc_fixture_pack(f, one, 1);
    wc_fixture_open(f, "out/");
    struct wc_store *first = f->store;
    first_package = f->package;
    f->store = NULL;
    f->package = (struct wc_package){0};
    wc_fixture_pack(f, both, 2);
    wc_fixture_refused(f, "out", WC_E_STATE, EX_TEMPFAIL, "install.wim.part");
    assert_true(exists(f, "out/install.wim.part"));
    assert_false(exists(f, "out/pkg.part.journal"));
    wc_store_close(first);
    wc_package_remove(&first_package);
}

/* --- too large --- */

static void a_limit_on_file_size(void **state)
{
    struct wc_fixture *f = *state;
    struct rlimit before;
    wc_fixture_pack(f, one, 1);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit small = {.rlim_cur = 5000, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum wc_err err = wc_fixture_try(f, "out/");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(err, WC_E_TOO_LARGE);
    assert_int_equal(f->why.exit_code, EX_CANTCREAT);
    assert_non_null(strstr(f->why.text, "install.wim.part: File too large"));
    assert_false(exists(f, "out")); /* nothing is left behind */
}

static void a_name_too_long(void **state)
{
    static char name[251];
    static const struct wc_package_file files[] = {{name, 10, 0, 0}};
    struct wc_fixture *f = *state;
    memset(name, 'n', 250);
    wc_fixture_pack(f, files, 1);
    wc_fixture_refused(f, "out/", WC_E_PATH, EX_CANTCREAT, "the name is too long");
    assert_false(exists(f, "out"));
}

/* --- standard output --- */

static void stdout_takes_one_file(void **state)
{
    struct wc_fixture *f = *state;
    wc_fixture_pack(f, tree, COUNT(tree));
    wc_fixture_refused(f, "-", WC_E_RANGE, EX_USAGE, "holds 9 files and folders, standard output");
    static const struct wc_package_file folder[] = {{"folder/", 0, 0, 0}};
    wc_fixture_pack(f, folder, 1);
    wc_fixture_refused(f, "-", WC_E_RANGE, EX_USAGE, "standard output takes one file");
}

static void stdout_in_order(void **state)
{
    static const struct wc_package_file file[] = {{"install.wim", 60000, 20000, 40000}};
    struct wc_fixture *f = *state;
    static uint8_t found[60000];
    wc_fixture_pack(f, file, 1);
    for (uint32_t seed = 0; seed < 6; seed++) {
        int fds[2];
        assert_int_equal(pipe(fds), 0);
        assert_true(fcntl(fds[1], F_SETPIPE_SZ, 1 << 20) > 0); /* takes all, in any parts */
        f->options.stdout_fd = fds[1];
        wc_fixture_open(f, "-");
        assert_string_equal(wc_store_where(f->store), "standard output");
        wc_fixture_write_rest(f, seed);
        assert_int_equal(wc_store_checkpoint(f->store, WC_S(1), &f->why), WC_OK);
        wc_fixture_finish(f);
        close(fds[1]);
        size_t at = 0;
        for (ssize_t n = 1; n > 0; at += (size_t)n) {
            n = read(fds[0], found + at, sizeof(found) - at);
            assert_true(n >= 0);
        }
        assert_int_equal(at, sizeof(found));
        assert_memory_equal(found, f->package.object, sizeof(found));
        close(fds[0]);
    }
}

/* Reading while it grows, without the store's own descriptors. */
static void assert_grows(struct wc_fixture *f, const char *output, uint32_t file)
{
    const struct wc_file *m = &f->package.m.files[file];
    uint8_t *bytes = malloc(m->byte_count);
    int fd = -1;
    wc_fixture_open(f, output);
    if (wc_store_open_file(f->store, file, &fd, &f->why))
        fail_msg("%s", f->why.text);
    wc_fixture_write_rest(f, 1);
    assert_non_null(bytes);
    assert_int_equal(pread(fd, bytes, m->byte_count, 0), (ssize_t)m->byte_count);
    assert_memory_equal(bytes, f->package.object + m->offset, m->byte_count);
    close(fd);
    wc_fixture_write_rest(f, 1); /* it was ours alone */
    free(bytes);
}

static void files_while_they_grow(void **state)
{
    struct wc_fixture *f = *state;
    int fds[2], fd;
    wc_fixture_pack(f, tree, COUNT(tree));
    assert_grows(f, "there", 5);
    assert_int_equal(unlink(wc_workdir_at(&f->work, "there/img/a.part")), 0);
    assert_int_equal(wc_store_open_file(f->store, 1, &fd, &f->why), WC_E_NOT_FOUND);
    assert_non_null(strstr(f->why.text, "img/a.part"));
    wc_fixture_close(f);
    wc_fixture_pack(f, one, 1);
    assert_int_equal(pipe(fds), 0);
    f->options.stdout_fd = fds[1];
    assert_grows(f, "-", 0);
    wc_fixture_close(f);
    close(fds[0]);
    close(fds[1]);
}

static void stdout_closed_early(void **state)
{
    struct wc_fixture *f = *state;
    int fds[2];
    wc_fixture_pack(f, one, 1);
    assert_int_equal(pipe(fds), 0);
    f->options.stdout_fd = fds[1];
    wc_fixture_open(f, "-");
    close(fds[0]);
    /* Some writes may still succeed: the other thread needs a moment to see it. */
    enum wc_err err = WC_OK;
    for (uint32_t sbn = 0; !err && sbn < f->package.m.partition.block_count; sbn++)
        err = wc_store_write(f->store, sbn, wc_package_block(&f->package, sbn), &f->why);
    if (!err)
        err = wc_store_finish(f->store, &f->why);
    assert_int_equal(err, WC_E_CLOSED);
    assert_int_equal(f->why.exit_code, EX_IOERR);
    assert_non_null(strstr(f->why.text, "the reader of standard output went away"));
    wc_fixture_close(f);
    close(fds[1]);
}

static void stdout_cancelled(void **state)
{
    static const struct wc_package_file file[] = {{"install.wim", 200000, 0, 0}};
    struct wc_fixture *f = *state;
    int fds[2];
    wc_fixture_pack(f, file, 1);
    assert_int_equal(pipe(fds), 0);
    f->options.stdout_fd = fds[1];
    wc_fixture_open(f, "-");
    wc_fixture_write_rest(f, 0);
    wc_store_cancel(f->store); /* nobody reads */
    assert_int_equal(wc_store_finish(f->store, &f->why), WC_E_CLOSED);
    wc_fixture_close(f);
    close(fds[0]);
    close(fds[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, wc_fixture_make, wc_fixture_clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_by_name),        TEST(a_file_into_folders),     TEST(a_tree),
        TEST(a_tree_under_way),      TEST(many_small_files),        TEST(zeros_are_holes),
        TEST(nothing_but_zeros),     TEST(not_before_all_is_there), TEST(folders_in_place_of_files),
        TEST(links_lead_nowhere),    TEST(links_planted_later),     TEST(a_hard_link_for_a_part),
        TEST(a_pipe_for_a_part),     TEST(two_receivers),           TEST(two_packages_one_file),
        TEST(a_limit_on_file_size),  TEST(a_name_too_long),         TEST(stdout_takes_one_file),
        TEST(stdout_in_order),       TEST(stdout_closed_early),     TEST(stdout_cancelled),
        TEST(files_while_they_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
