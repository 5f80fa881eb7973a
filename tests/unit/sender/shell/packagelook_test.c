/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/packagelook.h"

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

#include "tests/unit/sender/shell/package_fixture.h"

#define NOBODY 65534

static struct package_fixture f;
static struct wc_why why;

/* X: one file. T: a tree with an empty file and an empty folder. */
static int make(void **state)
{
    (void)state;
    package_fixture_make(&f);
    wc_workdir_fill(&f.work, "images/a.img", 1, 5000);
    wc_workdir_fill(&f.work, "images/tree/b", 2, 3000);
    wc_workdir_fill(&f.work, "images/tree/sub/c", 3, 1000);
    wc_workdir_fill(&f.work, "images/tree/sub/empty", 3, 0);
    wc_workdir_mkdir(&f.work, "images/tree/void");
    package_fixture_save(&f, "X", 1, wc_workdir_at(&f.work, "images/a.img"));
    package_fixture_save(&f, "T", 1, wc_workdir_at(&f.work, "images/tree"));
    return 0;
}

static int clean(void **state)
{
    (void)state;
    package_fixture_remove(&f);
    return 0;
}

static struct wc_package_sight look(const char *id)
{
    struct wc_package_sight s;
    if (wc_package_look(&s, f.state, id, f.identity, &why))
        fail_msg("not looked at: %s", why.text);
    return s;
}

/* `id` is refused with this finding, and the sentence names it. */
static struct wc_package_sight assert_finds(const char *id, const char *finding, const char *words)
{
    struct wc_package_sight s = look(id);
    why.finding[0] = '\0';
    assert_int_not_equal(wc_package_judge(&s, &why), WC_OK);
    assert_string_equal(why.finding, finding);
    if (!strstr(why.text, words))
        fail_msg("'%s' does not say '%s'", why.text, words);
    return s;
}

static void assert_good(const char *id)
{
    struct wc_package_sight s = look(id);
    if (wc_package_judge(&s, &why))
        fail_msg("%s", why.text);
    assert_int_equal(s.content, WC_PACKAGE_CONTENT_GOOD);
    assert_int_equal(s.signature, WC_PACKAGE_SIGNATURE_GOOD);
}

static void set_mtime(const char *path, int64_t seconds)
{
    const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void what_is_good_can_be_sent(void **state)
{
    (void)state;
    struct wc_package_opened opened;
    struct wc_package_sight s;
    uint8_t bytes[5000];
    uint8_t expected[5000];
    assert_good("X");
    assert_good("T");
    assert_int_equal(wc_packagelook_open(&opened, &s, f.state, "X", f.identity, &why), WC_OK);
    assert_int_equal(s.object_bytes, 5000);
    assert_int_equal(s.file_count, 1);
    assert_int_equal(opened.publication.manifest.file_count, 1);
    assert_non_null(opened.publication.bytes);
    assert_null(opened.package.manifest);
    assert_int_equal(wc_content_read(opened.content, 0, bytes, sizeof(bytes), &why), WC_OK);
    wc_workdir_pattern(1, 0, expected, sizeof(expected));
    assert_memory_equal(bytes, expected, sizeof(bytes));
    wc_package_opened_release(&opened);
    wc_package_opened_release(&opened);
    /* Without a key nothing is said of the signature. */
    assert_int_equal(wc_package_look(&s, f.state, "X", NULL, &why), WC_OK);
    assert_int_equal(s.signature, WC_PACKAGE_SIGNATURE_UNCHECKED);
    assert_int_equal(wc_package_judge(&s, &why), WC_OK);
    /* What does not matter: a folder's time, permissions that still allow reading. */
    set_mtime(wc_workdir_at(&f.work, "images/tree"), 5);
    assert_int_equal(chmod(wc_workdir_at(&f.work, "images/tree/b"), 0600), 0);
    assert_good("T");
}

static void unknown_and_damaged(void **state)
{
    (void)state;
    struct wc_package_sight s;
    assert_finds("none", "package.unknown", "none");
    assert_int_equal(wc_package_look(&s, f.state, "../X", f.identity, &why), WC_E_FORMAT);
    wc_workdir_write(&f.work, "state/packages/X/manifest.1", "damaged", 7);
    s = assert_finds("X", "package.damaged", "manifest.1");
    assert_int_equal(s.content, WC_PACKAGE_CONTENT_UNSEEN);
}

/* The record and its manifest agree, but the manifest is none, or another one's. */
static void a_manifest_of_another_is_damage(void **state)
{
    (void)state;
    struct wc_package p;
    package_fixture_publish(&f, "X", 2, wc_workdir_at(&f.work, "images/a.img"), &p);
    p.version = 3;
    assert_int_equal(wc_package_save(&p, f.state, &why), WC_OK);
    assert_finds("X", "package.damaged", "of another package, or version");
    wc_package_deinit(&p);
    assert_int_equal(wc_package_remove(f.state, "X", &why), WC_OK);
    package_fixture_publish(&f, "T", 2, wc_workdir_at(&f.work, "images/a.img"), &p);
    strcpy(p.id, "X");
    assert_int_equal(wc_package_save(&p, f.state, &why), WC_OK);
    assert_finds("X", "package.damaged", "of another package, or version");
    wc_package_deinit(&p);
}

static void signatures(void **state)
{
    (void)state;
    char text[WC_SENTENCE_BYTES_MAX + 1];
    uint8_t wrong[64] = {7};
    struct wc_identity *first = f.identity;
    char other[PATH_MAX];
    snprintf(other, sizeof(other), "%s", wc_workdir_at(&f.work, "other"));
    assert_int_equal(wc_identity_open(&f.identity, other, text), WC_OK);
    assert_finds("X", "key.manifest-other-key", "wimcast-sender packages sign X");
    assert_int_equal(why.hresult, 0x80004005);
    assert_int_equal(wc_package_sign(f.state, "X", f.identity, &why), WC_OK);
    assert_good("X");
    wc_identity_free(first);
    /* Whatever the record says, the signature itself counts. */
    wc_workdir_write(&f.work, "state/packages/X/manifest.1.sig", wrong, sizeof(wrong));
    assert_finds("X", "package.damaged", "signature");
}

static void missing(void **state)
{
    (void)state;
    assert_int_equal(unlink(wc_workdir_at(&f.work, "images/tree/sub/c")), 0);
    struct wc_package_sight s = assert_finds("T", "content.missing", "images/tree/sub/c: No such");
    assert_int_equal(s.fault_count, 1);
    assert_int_equal(why.exit_code, EX_NOINPUT);
    assert_int_equal(rename(wc_workdir_at(&f.work, "images"), wc_workdir_at(&f.work, "moved")), 0);
    s = assert_finds("T", "content.missing", "(and 5 more)");
    assert_finds("X", "content.missing", "images/a.img");
    assert_int_equal(rename(wc_workdir_at(&f.work, "moved"), wc_workdir_at(&f.work, "images")), 0);
    assert_good("X");
}

static void changed(void **state)
{
    (void)state;
    char a[PATH_MAX];
    struct stat before;
    snprintf(a, sizeof(a), "%s", wc_workdir_at(&f.work, "images/a.img"));
    assert_int_equal(stat(a, &before), 0);
    assert_int_equal(truncate(a, 4999), 0);
    set_mtime(a, before.st_mtim.tv_sec);
    struct wc_package_sight s = assert_finds("X", "content.changed", "published were 5000 bytes");
    assert_int_equal(s.published_bytes, 5000);
    assert_int_equal(s.found_bytes, 4999);
    assert_int_equal(why.exit_code, EX_DATAERR);
    assert_int_equal(why.hresult, 0x80091007);
    wc_workdir_fill(&f.work, "images/a.img", 9, 5000);
    set_mtime(a, before.st_mtim.tv_sec + 1);
    s = assert_finds("X", "content.changed", "a.img");
    assert_true(s.found_mtime_s == s.published_mtime_s + 1);
    set_mtime(a, before.st_mtim.tv_sec);
    assert_good("X"); /* no byte was read: other bytes are for the digests to find */
    assert_int_equal(unlink(a) | mkdir(a, 0755), 0);
    assert_finds("X", "content.changed", "not the file or folder that it was");
    /* One of several files is empty now: no empty download, but not what was published. */
    assert_int_equal(truncate(wc_workdir_at(&f.work, "images/tree/b"), 0), 0);
    assert_finds("T", "content.changed", "tree/b: published were 3000 bytes");
}

static void empty(void **state)
{
    (void)state;
    assert_int_equal(truncate(wc_workdir_at(&f.work, "images/a.img"), 0), 0);
    assert_finds("X", "content.empty", "had 5000 bytes when it was published, and has 0 now");
    assert_int_equal(why.exit_code, EX_DATAERR);
    assert_int_equal(why.hresult, 0x800705B4);
    assert_int_equal(truncate(wc_workdir_at(&f.work, "images/tree/b"), 0), 0);
    assert_int_equal(truncate(wc_workdir_at(&f.work, "images/tree/sub/c"), 0), 0);
    assert_finds("T", "content.empty", "(and 1 more)");
}

static void added(void **state)
{
    (void)state;
    wc_workdir_write(&f.work, "images/tree/sub/new", "x", 1);
    assert_finds("T", "content.changed", "images/tree/sub/new was not there");
    assert_int_equal(unlink(wc_workdir_at(&f.work, "images/tree/sub/new")), 0);
    assert_good("T");
    wc_workdir_write(&f.work, "images/tree/x.part", "x", 1);
    assert_finds("T", "content.changed", "rename it");
}

static void unreadable(void **state)
{
    (void)state;
    bool is_root = geteuid() == 0;
    assert_int_equal(chmod(wc_workdir_at(&f.work, "images/tree/b"), 0), 0);
    assert_int_equal(chmod(f.work.path, 0755), 0);
    assert_int_equal(chmod(wc_workdir_at(&f.work, "state"), 0755), 0);
    assert_int_equal(chmod(wc_workdir_at(&f.work, "state/packages"), 0755), 0);
    if (is_root) {
        assert_int_equal(seteuid(NOBODY), 0);
        assert_finds("T", "package.unreadable", "Permission denied");
        assert_int_equal(seteuid(0), 0);
    }
    struct wc_package_sight s;
    struct wc_package_opened opened;
    struct wc_package p;
    assert_int_equal(wc_package_load(&p, f.state, "T", &why), WC_OK);
    assert_int_equal(wc_packagelook_open(&opened, &s, f.state, "T", f.identity, &why), WC_OK);
    s = (struct wc_package_sight){.id = "T"};
    if (is_root)
        assert_int_equal(seteuid(NOBODY), 0);
    enum wc_err err = wc_packagelook_content(&s, &p, &opened.publication.manifest, NULL, &why);
    if (is_root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(err, WC_OK);
    assert_int_equal(wc_package_judge(&s, &why), WC_E_STATE);
    assert_string_equal(why.finding, "content.unreadable");
    assert_int_equal(why.exit_code, EX_NOPERM);
    assert_int_equal(why.hresult, 0x80070005);
    assert_non_null(strstr(why.text, "tree/b: Permission denied, for the user "));
    wc_package_deinit(&p);
    wc_package_opened_release(&opened);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_good_can_be_sent, make, clean),
        cmocka_unit_test_setup_teardown(unknown_and_damaged, make, clean),
        cmocka_unit_test_setup_teardown(a_manifest_of_another_is_damage, make, clean),
        cmocka_unit_test_setup_teardown(signatures, make, clean),
        cmocka_unit_test_setup_teardown(missing, make, clean),
        cmocka_unit_test_setup_teardown(changed, make, clean),
        cmocka_unit_test_setup_teardown(empty, make, clean),
        cmocka_unit_test_setup_teardown(added, make, clean),
        cmocka_unit_test_setup_teardown(unreadable, make, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
