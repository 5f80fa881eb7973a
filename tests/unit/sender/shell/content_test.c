/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/content.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/workdir.h"

static struct wc_workdir work;
static struct wc_why why;
static char warning[WC_SENTENCE_BYTES_MAX + 1];
static unsigned warning_count;

static int make(void **state)
{
    (void)state;
    wc_workdir_make(&work);
    warning[0] = '\0';
    warning_count = 0;
    return 0;
}

static int clean(void **state)
{
    (void)state;
    wc_workdir_remove(&work);
    return 0;
}

static void on_warn(void *ctx, const char *sentence)
{
    (void)ctx;
    snprintf(warning, sizeof(warning), "%s", sentence);
    warning_count++;
}

static struct wc_content *open_paths(const char *const *paths, size_t count)
{
    const struct wc_content_options options = {.warn = on_warn};
    struct wc_content *c = NULL;
    why.text[0] = '\0';
    enum wc_err err = wc_content_open(&c, paths, count, &options, &why);
    if (err)
        fail_msg("not opened: %s", why.text);
    return c;
}

static struct wc_content *open_path(const char *path)
{
    return open_paths(&path, 1);
}

static void assert_refused(const char *const *paths, size_t count, enum wc_err err, int exit_code,
                           const char *words)
{
    struct wc_content *c = NULL;
    assert_int_equal(wc_content_open(&c, paths, count, NULL, &why), err);
    assert_null(c);
    assert_int_equal(why.exit_code, exit_code);
    if (!strstr(why.text, words))
        fail_msg("'%s' does not say '%s'", why.text, words);
}

static void assert_path_refused(const char *path, enum wc_err err, int exit_code, const char *words)
{
    assert_refused(&path, 1, err, exit_code, words);
}

static void assert_sources(const struct wc_content *c, const char *const *paths, uint32_t count)
{
    uint32_t found_count = 0;
    const struct wc_source *sources = wc_content_sources(c, &found_count);
    assert_int_equal(found_count, count);
    uint64_t offset = 0;
    for (uint32_t i = 0; i < count; i++) {
        assert_string_equal(sources[i].path, paths[i]);
        assert_true(sources[i].offset == offset);
        offset += sources[i].byte_count;
    }
    assert_true(wc_content_bytes(c) == offset);
}

/* --- what is found --- */

static void one_file(void **state)
{
    (void)state;
    const char *path = wc_workdir_fill(&work, "some/where/install.wim", 1, 1000);
    const struct timespec times[2] = {{.tv_sec = 5}, {.tv_sec = 1234567890, .tv_nsec = 7}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    assert_int_equal(chmod(path, 0640), 0);
    struct wc_content *c = open_path(path);
    static const char *const expected[] = {"install.wim"};
    assert_sources(c, expected, 1);
    uint32_t count = 0;
    const struct wc_source *source = wc_content_sources(c, &count);
    assert_int_equal(source->kind, WC_FILE_REGULAR);
    assert_int_equal(source->mode, 0640);
    assert_int_equal(source->mtime_s, 1234567890);
    assert_int_equal(wc_content_bytes(c), 1000);
    wc_content_close(c);
    wc_content_close(NULL);
}

/* Byte order of the whole path: "a-b" before "a/b", whatever the locale says. */
static void a_tree_in_byte_order(void **state)
{
    (void)state;
    wc_workdir_fill(&work, "img/a/b", 1, 10);
    wc_workdir_fill(&work, "img/a-b", 2, 20);
    wc_workdir_fill(&work, "img/Z", 3, 0);
    wc_workdir_fill(&work, "img/Übergröße.txt", 4, 40);
    wc_workdir_mkdir(&work, "img/empty");
    static const char *const expected[] = {
        "img", "img/Z", "img/a", "img/a-b", "img/a/b", "img/empty", "img/Übergröße.txt"};
    struct wc_content *c = open_path(wc_workdir_at(&work, "img/"));
    assert_sources(c, expected, 7);
    uint32_t count = 0;
    const struct wc_source *sources = wc_content_sources(c, &count);
    assert_int_equal(sources[0].kind, WC_FILE_DIRECTORY);
    assert_int_equal(sources[0].mode, 0755);
    assert_int_equal(sources[1].kind, WC_FILE_REGULAR);
    assert_int_equal(sources[5].kind, WC_FILE_DIRECTORY);
    assert_int_equal(warning_count, 0);
    wc_content_close(c);
}

static void dots_get_their_real_name(void **state)
{
    (void)state;
    wc_workdir_fill(&work, "real/file", 1, 10);
    wc_workdir_mkdir(&work, "real/sub");
    static const char *const expected[] = {"real", "real/file", "real/sub"};
    struct wc_content *c = open_path(wc_workdir_at(&work, "real/."));
    assert_sources(c, expected, 3);
    wc_content_close(c);
    c = open_path(wc_workdir_at(&work, "real/sub/.."));
    assert_sources(c, expected, 3);
    wc_content_close(c);
}

static void several_arguments(void **state)
{
    (void)state;
    const char *paths[] = {wc_workdir_fill(&work, "z.wim", 1, 10),
                           wc_workdir_fill(&work, "x/a.xml", 2, 20)};
    static const char *const expected[] = {"a.xml", "z.wim"};
    struct wc_content *c = open_paths(paths, 2);
    assert_sources(c, expected, 2);
    wc_content_close(c);
}

static void links_and_devices_inside_are_left_out(void **state)
{
    (void)state;
    wc_workdir_fill(&work, "img/file", 1, 10);
    assert_int_equal(symlink("file", wc_workdir_at(&work, "img/link")), 0);
    assert_int_equal(symlink("/nowhere", wc_workdir_at(&work, "img/dangling")), 0);
    assert_int_equal(symlink("..", wc_workdir_at(&work, "img/up")), 0);
    assert_int_equal(mkfifo(wc_workdir_at(&work, "img/pipe"), 0600), 0);
    static const char *const expected[] = {"img", "img/file"};
    struct wc_content *c = open_path(wc_workdir_at(&work, "img"));
    assert_sources(c, expected, 2);
    assert_int_equal(warning_count, 1);
    assert_non_null(strstr(warning, "left out 4"));
    assert_non_null(strstr(warning, "/img/"));
    wc_content_close(c);
}

static void a_link_that_was_named_is_followed(void **state)
{
    (void)state;
    wc_workdir_fill(&work, "image-v3.wim", 1, 10);
    wc_workdir_fill(&work, "tree/file", 1, 10);
    assert_int_equal(symlink("image-v3.wim", wc_workdir_at(&work, "install.wim")), 0);
    assert_int_equal(symlink("tree", wc_workdir_at(&work, "latest")), 0);
    const char *paths[] = {wc_workdir_at(&work, "install.wim"), wc_workdir_at(&work, "latest")};
    static const char *const expected[] = {"install.wim", "latest", "latest/file"};
    struct wc_content *c = open_paths(paths, 2);
    assert_sources(c, expected, 3);
    uint8_t bytes[20];
    assert_int_equal(wc_content_read(c, 0, bytes, 20, &why), WC_OK);
    wc_content_close(c);
}

/* --- what is refused --- */

static void nothing_to_send(void **state)
{
    (void)state;
    const char *empty[] = {wc_workdir_fill(&work, "empty", 1, 0),
                           wc_workdir_fill(&work, "empty too", 1, 0)};
    assert_refused(empty, 1, WC_E_NOT_FOUND, EX_DATAERR, "nothing to send: ");
    assert_refused(empty, 1, WC_E_NOT_FOUND, EX_DATAERR, "/empty is empty");
    assert_string_equal(why.finding, "content.empty");
    assert_refused(empty, 2, WC_E_NOT_FOUND, EX_DATAERR, "nothing to send: every file is empty");
    assert_refused(NULL, 0, WC_E_NOT_FOUND, EX_NOINPUT, "nothing to send: no file was found");
    assert_path_refused(wc_workdir_mkdir(&work, "hollow"), WC_E_NOT_FOUND, EX_NOINPUT,
                        "no file was found");
    assert_path_refused("", WC_E_NOT_FOUND, EX_USAGE, "is empty");
}

static void what_is_not_there_or_no_file(void **state)
{
    (void)state;
    const char *absent = wc_workdir_at(&work, "absent.wim");
    assert_path_refused(absent, WC_E_NOT_FOUND, EX_NOINPUT, "absent.wim: No such file");
    const char *pipe_path = wc_workdir_at(&work, "pipe");
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_path_refused(pipe_path, WC_E_FORMAT, EX_NOINPUT, "pipe: it is neither a file nor");
    assert_path_refused("/dev/null", WC_E_FORMAT, EX_NOINPUT, "/dev/null");
    const char *link = wc_workdir_at(&work, "dangling");
    assert_int_equal(symlink("/nowhere/at/all", link), 0);
    assert_path_refused(link, WC_E_NOT_FOUND, EX_NOINPUT, "follow the symbolic link");
    assert_path_refused("/", WC_E_PATH, EX_USAGE, "name the folders in it");
}

static void names_that_a_package_cannot_hold(void **state)
{
    (void)state;
    assert_path_refused(wc_workdir_fill(&work, "a.wim.part", 1, 10), WC_E_PATH, EX_DATAERR,
                        "a.wim.part: names in '.part'");
    assert_path_refused(wc_workdir_fill(&work, "with\nnewline", 1, 10), WC_E_PATH, EX_DATAERR,
                        "with?newline: ");
    wc_workdir_fill(&work, "img/not-utf8-\xff", 1, 10);
    assert_path_refused(wc_workdir_at(&work, "img"), WC_E_PATH, EX_DATAERR, "rename it");
}

static void the_same_name_twice(void **state)
{
    (void)state;
    const char *paths[] = {wc_workdir_fill(&work, "one/install.wim", 1, 10),
                           wc_workdir_fill(&work, "two/install.wim", 2, 10)};
    assert_refused(paths, 2, WC_E_PATH, EX_USAGE, "one/install.wim and ");
    assert_refused(paths, 2, WC_E_PATH, EX_USAGE, "two/install.wim would have the same name");
    const char *twice[] = {paths[0], paths[0]};
    assert_refused(twice, 2, WC_E_PATH, EX_USAGE, "same name");
}

static void what_may_not_be_read(void **state)
{
    (void)state;
    const char *path = wc_workdir_fill(&work, "img/secret", 1, 10);
    assert_int_equal(chmod(path, 0), 0);
    assert_int_equal(chmod(work.path, 0755), 0);
    bool is_root = geteuid() == 0;
    if (is_root && seteuid(65534) != 0)
        skip();
    if (access(work.path, X_OK) != 0 && is_root) {
        assert_int_equal(seteuid(0), 0);
        skip();
    }
    assert_path_refused(path, WC_E_IO, EX_NOPERM, "img/secret: Permission denied");
    assert_path_refused(wc_workdir_at(&work, "img"), WC_E_IO, EX_NOPERM, "img/secret: Permission");
    if (is_root)
        assert_int_equal(seteuid(0), 0);
}

/* --- reading --- */

/* Symbols of 16 bytes, 4 in a block; files of 100, 0, 3 and 150 bytes. */
static void blocks_across_files(void **state)
{
    (void)state;
    enum { OBJECT_BYTES = 253, ROWS_BYTES = 4 * 16 };
    uint8_t object[OBJECT_BYTES];
    uint8_t rows[ROWS_BYTES];
    static const size_t sizes[] = {100, 0, 3, 150};
    size_t at = 0;
    for (size_t i = 0; i < 4; i++) {
        char name[16];
        snprintf(name, sizeof(name), "img/%zu", i);
        wc_workdir_fill(&work, name, i, sizes[i]);
        wc_workdir_pattern(i, 0, object + at, sizes[i]);
        at += sizes[i];
    }
    struct wc_content *c = open_path(wc_workdir_at(&work, "img"));
    struct wc_partition p;
    assert_int_equal(wc_partition_init(&p, OBJECT_BYTES, 16, 4), WC_OK);
    for (uint32_t i = 0; i < 2 * p.block_count; i++) {
        uint32_t sbn = (i * 3) % p.block_count; /* in no order, some twice */
        uint32_t bytes = wc_partition_bytes(&p, sbn);
        uint32_t room = wc_partition_symbols(&p, sbn) * 16;
        memset(rows, 0xee, sizeof(rows));
        assert_int_equal(wc_content_read_block(c, &p, sbn, rows, &why), WC_OK);
        assert_memory_equal(rows, object + wc_partition_offset(&p, sbn), bytes);
        assert_true(wc_file_is_zero(rows + bytes, room - bytes));
    }
    wc_content_close(c);
}

/* Offsets where 32-bit arithmetic ends, in the object and in one file of it. */
static void beyond_4_gib(void **state)
{
    (void)state;
    enum { TAIL_BYTES = 200000 };
    static uint8_t tail[TAIL_BYTES];
    static uint8_t rows[128 * 1440];
    wc_workdir_pattern(1, 0, tail, TAIL_BYTES);
    const char *path = wc_workdir_fill(&work, "img/large", 2, 100);
    int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, tail, TAIL_BYTES, 5ll << 30), TAIL_BYTES);
    close(fd);
    wc_workdir_fill(&work, "img/small", 3, 100);
    struct wc_content *c = open_path(wc_workdir_at(&work, "img"));
    uint64_t object_bytes = (5ull << 30) + TAIL_BYTES + 100;
    assert_true(wc_content_bytes(c) == object_bytes);
    struct wc_partition p;
    assert_int_equal(wc_partition_init(&p, object_bytes, 1440, 128), WC_OK);
    uint32_t last = p.block_count - 1;
    uint32_t byte_count = wc_partition_bytes(&p, last);
    assert_int_equal(wc_content_read_block(c, &p, last, rows, &why), WC_OK);
    assert_memory_equal(rows, tail + TAIL_BYTES + 100 - byte_count, byte_count - 100);
    wc_workdir_pattern(3, 0, tail, 100);
    assert_memory_equal(rows + byte_count - 100, tail, 100);
    assert_int_equal(wc_content_read_block(c, &p, 0, rows, &why), WC_OK);
    wc_workdir_pattern(2, 0, tail, 100);
    assert_memory_equal(rows, tail, 100);
    assert_true(wc_file_is_zero(rows + 100, wc_partition_bytes(&p, 0) - 100));
    wc_content_close(c);
}

/* More files than may be open at once. */
static void many_files(void **state)
{
    (void)state;
    enum { FILE_COUNT = 3 * WC_FILE_CACHE_MAX, FILE_BYTES = 10 };
    for (uint32_t i = 0; i < FILE_COUNT; i++) {
        char name[32];
        snprintf(name, sizeof(name), "img/%04u", i);
        wc_workdir_fill(&work, name, i, FILE_BYTES);
    }
    struct wc_content *c = open_path(wc_workdir_at(&work, "img"));
    uint8_t bytes[FILE_BYTES];
    uint8_t expected[FILE_BYTES];
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < FILE_COUNT; i++) {
            uint64_t offset = (uint64_t)i * FILE_BYTES;
            assert_int_equal(wc_content_read(c, offset, bytes, FILE_BYTES, &why), WC_OK);
            wc_workdir_pattern(i, 0, expected, FILE_BYTES);
            assert_memory_equal(bytes, expected, FILE_BYTES);
        }
    }
    wc_content_close(c);
}

static void assert_changed(struct wc_content *c, const char *name)
{
    uint8_t byte;
    memset(&why, 0, sizeof(why));
    assert_int_equal(wc_content_read(c, 0, &byte, 1, &why), WC_E_DIGEST);
    assert_int_equal(why.exit_code, EX_DATAERR);
    assert_non_null(strstr(why.text, name));
    assert_string_equal(why.finding, "content.changed");
    assert_non_null(strstr(why.text, "was changed while it was being sent"));
}

static void set_mtime(const char *path, time_t seconds)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = seconds}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void a_file_that_changes(void **state)
{
    (void)state;
    uint8_t byte;
    const char *path = wc_workdir_fill(&work, "a.wim", 1, 1000);
    set_mtime(path, 1000);
    struct wc_content *c = open_path(path);
    assert_int_equal(wc_content_read(c, 0, &byte, 1, &why), WC_OK);
    wc_workdir_fill(&work, "a.wim", 2, 1000); /* the same size */
    assert_changed(c, "a.wim");
    wc_content_close(c);

    set_mtime(path, 1000);
    c = open_path(path);
    assert_int_equal(truncate(path, 999), 0);
    set_mtime(path, 1000);
    assert_changed(c, "a.wim");
    wc_content_close(c);

    c = open_path(path); /* another file of the same looks takes its place */
    set_mtime(wc_workdir_fill(&work, "b.wim", 1, 999), 1000);
    assert_int_equal(rename(wc_workdir_at(&work, "b.wim"), path), 0);
    assert_changed(c, "a.wim");
    wc_content_close(c);

    c = open_path(path);
    assert_int_equal(unlink(path), 0);
    assert_changed(c, "a.wim");
    wc_content_close(c);
}

static ssize_t broken_pread(int fd, void *bytes, size_t count, off_t offset)
{
    (void)fd, (void)bytes, (void)count, (void)offset;
    errno = EIO;
    return -1;
}

static void a_disk_that_fails(void **state)
{
    (void)state;
    const struct wc_file_ops ops = {.pread = broken_pread};
    const struct wc_content_options options = {.ops = &ops};
    const char *path = wc_workdir_fill(&work, "a.wim", 1, 1000);
    struct wc_content *c = NULL;
    uint8_t byte;
    assert_int_equal(wc_content_open(&c, &path, 1, &options, &why), WC_OK);
    assert_int_equal(wc_content_read(c, 999, &byte, 1, &why), WC_E_IO);
    assert_int_equal(why.exit_code, EX_IOERR);
    assert_non_null(strstr(why.text, "a.wim: Input/output error"));
    wc_content_close(c);
}

/* --- naming --- */

static void default_ids(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"/images/install.wim", "install"},
        {"install.wim", "install"},
        {"Win 11 (x64).wim", "Win_11__x64_"},
        {"dir/tree/", "tree"},
        {"a.tar.gz", "a.tar"},
        {".hidden", "hidden"},
        {"..", "package"},
        {"/", "package"},
        {"", "package"},
        {"-x.wim", "x"},
        {"größe", "gr____e"},
    };
    char id[WC_NAME_BYTES_MAX + 1];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wc_content_default_id(cases[i][0], id);
        assert_string_equal(id, cases[i][1]);
        assert_int_equal(wc_package_id_check(id, strlen(id)), WC_OK);
    }
    char longest[300];
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    wc_content_default_id(longest, id);
    assert_int_equal(strlen(id), WC_NAME_BYTES_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_file),
        TEST(a_tree_in_byte_order),
        TEST(dots_get_their_real_name),
        TEST(several_arguments),
        TEST(links_and_devices_inside_are_left_out),
        TEST(a_link_that_was_named_is_followed),
        TEST(nothing_to_send),
        TEST(what_is_not_there_or_no_file),
        TEST(names_that_a_package_cannot_hold),
        TEST(the_same_name_twice),
        TEST(what_may_not_be_read),
        TEST(blocks_across_files),
        TEST(beyond_4_gib),
        TEST(many_files),
        TEST(a_file_that_changes),
        TEST(a_disk_that_fails),
        TEST(default_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
