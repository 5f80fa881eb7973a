/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/package.h"

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

static struct package_fixture f;
static struct wc_why why;

static int make(void **state)
{
    (void)state;
    package_fixture_make(&f);
    wc_workdir_fill(&f.work, "images/a.img", 1, 5000);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    package_fixture_remove(&f);
    return 0;
}

static void save(const char *id, uint32_t version)
{
    package_fixture_save(&f, id, version, wc_workdir_at(&f.work, "images/a.img"));
}

static void assert_load_refused(const char *id, enum wc_err err, const char *finding, int exit_code,
                                const char *words)
{
    struct wc_package p;
    assert_int_equal(wc_package_load(&p, f.state, id, &why), err);
    assert_null(p.manifest);
    assert_string_equal(why.finding, finding);
    assert_int_equal(why.exit_code, exit_code);
    if (!strstr(why.text, words))
        fail_msg("'%s' does not say '%s'", why.text, words);
}

static void saved_is_loaded(void **state)
{
    (void)state;
    struct wc_package p, q;
    struct stat st;
    package_fixture_publish(&f, "XYZ00012", 1, wc_workdir_at(&f.work, "images/a.img"), &p);
    p.multicast_only = true;
    p.readers = (struct wc_readers){.set = WC_READERS_LISTED, .listed_count = 1, .listed = {"jo"}};
    assert_int_equal(wc_package_last_version(f.state, "XYZ00012"), 0);
    assert_false(wc_package_exists(f.state, "XYZ00012"));
    assert_int_equal(wc_package_save(&p, f.state, &why), WC_OK);
    assert_true(wc_package_exists(f.state, "XYZ00012"));
    assert_int_equal(wc_package_load(&q, f.state, "XYZ00012", &why), WC_OK);
    assert_string_equal(q.id, "XYZ00012");
    assert_int_equal(q.version, 1);
    assert_true(q.published_s == p.published_s && q.multicast_only);
    assert_int_equal(q.readers.set, WC_READERS_LISTED);
    assert_string_equal(q.readers.listed[0], "jo");
    assert_int_equal(q.origin_count, 1);
    assert_string_equal(q.origins[0], wc_workdir_at(&f.work, "images/a.img"));
    assert_int_equal(q.manifest_bytes, p.manifest_bytes);
    assert_memory_equal(q.manifest, p.manifest, p.manifest_bytes);
    assert_memory_equal(q.manifest_digest, p.manifest_digest, WC_DIGEST_BYTES);
    assert_int_equal(q.signature_bytes, p.signature_bytes);
    assert_memory_equal(q.signature, p.signature, p.signature_bytes);
    assert_memory_equal(q.key_digest, p.key_digest, WC_DIGEST_BYTES);
    static const char *const names[] = {"package.json", "manifest.1", "manifest.1.sig"};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(stat(package_fixture_file(&f, "XYZ00012", names[i]), &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
    }
    wc_package_deinit(&p);
    wc_package_deinit(&p);
    wc_package_deinit(&q);
}

static void a_new_version_takes_the_place_of_the_old(void **state)
{
    (void)state;
    struct wc_package p;
    save("X", 1);
    wc_workdir_write(&f.work, "state/packages/X/manifest.7.new", "x", 1);
    save("X", 4);
    assert_int_equal(wc_package_last_version(f.state, "X"), 4);
    assert_false(wc_workdir_exists(package_fixture_file(&f, "X", "manifest.1")));
    assert_false(wc_workdir_exists(package_fixture_file(&f, "X", "manifest.1.sig")));
    assert_false(wc_workdir_exists(package_fixture_file(&f, "X", "manifest.7.new")));
    assert_int_equal(wc_package_load(&p, f.state, "X", &why), WC_OK);
    assert_int_equal(p.version, 4);
    wc_package_deinit(&p);
    /* Somebody else was faster, with the same version or a later one. */
    wc_workdir_fill(&f.work, "images/a.img", 2, 6000);
    for (uint32_t version = 3; version <= 4; version++) {
        package_fixture_publish(&f, "X", version, wc_workdir_at(&f.work, "images/a.img"), &p);
        assert_int_equal(wc_package_save(&p, f.state, &why), WC_E_STATE);
        assert_int_equal(why.exit_code, EX_TEMPFAIL);
        wc_package_deinit(&p);
    }
    /* A manifest whose record was never written counts, too; other names do not. */
    wc_workdir_write(&f.work, "state/packages/X/manifest.9", "x", 1);
    wc_workdir_write(&f.work, "state/packages/X/manifest.99999999999999999999", "x", 1);
    wc_workdir_write(&f.work, "state/packages/X/manifest.12.sig", "x", 1);
    assert_int_equal(wc_package_last_version(f.state, "X"), 9);
}

static void the_list_is_sorted(void **state)
{
    (void)state;
    char(*ids)[WC_NAME_BYTES_MAX + 1] = NULL;
    uint32_t count = 1;
    assert_int_equal(wc_package_list(f.state, &ids, &count, &why), WC_OK);
    assert_int_equal(count, 0);
    free(ids);
    save("b", 1);
    save("a", 1);
    save("c", 1);
    wc_workdir_write(&f.work, "state/packages/a/package.json", "damaged", 7);
    wc_workdir_mkdir(&f.work, "state/packages/empty");
    wc_workdir_write(&f.work, "state/packages/not an id/package.json", "x", 1);
    wc_workdir_write(&f.work, "state/packages/file", "x", 1);
    assert_int_equal(wc_package_list(f.state, &ids, &count, &why), WC_OK);
    assert_int_equal(count, 3);
    assert_string_equal(ids[0], "a");
    assert_string_equal(ids[1], "b");
    assert_string_equal(ids[2], "c");
    free(ids);
}

static void removed_is_unknown(void **state)
{
    (void)state;
    save("X", 3);
    wc_workdir_write(&f.work, "state/packages/X/package.json", "damaged", 7);
    assert_int_equal(wc_package_remove(f.state, "X", &why), WC_OK);
    assert_false(wc_workdir_exists(package_fixture_file(&f, "X", ".")));
    assert_true(wc_workdir_exists(wc_workdir_at(&f.work, "images/a.img")));
    assert_load_refused("X", WC_E_NOT_FOUND, "package.unknown", EX_NOINPUT, "no package X");
    assert_int_equal(wc_package_remove(f.state, "X", &why), WC_E_NOT_FOUND);
    assert_string_equal(why.finding, "package.unknown");
    assert_int_equal(wc_package_last_version(f.state, "X"), 0);
    /* Names that are none never become paths. */
    static const char *const odd[] = {"", ".", "..", "../X", "X/..", "/etc", ".lock"};
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        struct wc_package p;
        assert_int_equal(wc_package_remove(f.state, odd[i], &why), WC_E_FORMAT);
        assert_int_equal(wc_package_load(&p, f.state, odd[i], &why), WC_E_FORMAT);
        assert_int_equal(why.exit_code, EX_USAGE);
        assert_false(wc_package_exists(f.state, odd[i]));
    }
}

static void flip_last_byte(const char *path)
{
    uint8_t byte;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    off_t last = lseek(fd, -1, SEEK_END);
    assert_int_equal(pread(fd, &byte, 1, last), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, last), 1);
    close(fd);
}

static void assert_damaged(const char *words)
{
    assert_load_refused("X", WC_E_STATE, "package.damaged", EX_DATAERR, words);
    assert_int_equal(wc_package_remove(f.state, "X", &why), WC_OK);
    save("X", 1);
}

static void damage_is_seen(void **state)
{
    (void)state;
    save("X", 1);
    char manifest[PATH_MAX];
    char signature[PATH_MAX];
    char record[PATH_MAX];
    snprintf(manifest, PATH_MAX, "%s", package_fixture_file(&f, "X", "manifest.1"));
    snprintf(signature, PATH_MAX, "%s", package_fixture_file(&f, "X", "manifest.1.sig"));
    snprintf(record, PATH_MAX, "%s", package_fixture_file(&f, "X", "package.json"));
    flip_last_byte(manifest);
    assert_damaged("manifest.1: another digest");
    assert_int_equal(truncate(manifest, 10), 0);
    assert_damaged("manifest.1: another size");
    assert_int_equal(truncate(manifest, 0), 0);
    assert_damaged("manifest.1: empty");
    assert_int_equal(unlink(manifest), 0);
    assert_damaged("manifest.1: No such file");
    assert_int_equal(unlink(signature), 0);
    assert_damaged("manifest.1.sig: No such file");
    assert_int_equal(truncate(signature, WC_SIGNATURE_BYTES_MAX + 1), 0);
    assert_damaged("manifest.1.sig: too large");
    assert_int_equal(truncate(record, 0), 0);
    assert_damaged("package.json: empty");
    assert_int_equal(truncate(record, 100), 0);
    assert_damaged("package.json: no JSON");
    assert_int_equal(truncate(record, 9 << 20), 0);
    assert_damaged("package.json: too large");
    assert_int_equal(unlink(manifest) | mkdir(manifest, 0700), 0);
    assert_load_refused("X", WC_E_STATE, "package.damaged", EX_DATAERR, "no regular file");
    assert_int_equal(rmdir(manifest), 0);
    /* The record of another package. */
    save("Y", 1);
    assert_int_equal(rename(package_fixture_file(&f, "Y", "package.json"), record), 0);
    assert_damaged("of another package");
}

static void a_link_is_not_followed(void **state)
{
    (void)state;
    save("X", 1);
    const char *record = package_fixture_file(&f, "X", "package.json");
    assert_int_equal(rename(record, wc_workdir_at(&f.work, "elsewhere.json")), 0);
    assert_int_equal(symlink(wc_workdir_at(&f.work, "elsewhere.json"), record), 0);
    assert_load_refused("X", WC_E_STATE, "package.unreadable", EX_NOPERM, "package.json: ");
}

static void signing_anew(void **state)
{
    (void)state;
    char text[WC_SENTENCE_BYTES_MAX + 1];
    char other_state[PATH_MAX];
    struct wc_identity *other;
    struct wc_package p;
    save("X", 2);
    snprintf(other_state, sizeof(other_state), "%s", wc_workdir_at(&f.work, "other"));
    assert_int_equal(wc_identity_open(&other, other_state, text), WC_OK);
    assert_int_equal(wc_package_sign(f.state, "X", other, &why), WC_OK);
    assert_int_equal(wc_package_load(&p, f.state, "X", &why), WC_OK);
    assert_int_equal(p.version, 2);
    assert_int_equal(
        wc_identity_verify(other, p.manifest, p.manifest_bytes, p.signature, p.signature_bytes),
        WC_OK);
    assert_int_equal(wc_identity_verify(f.identity, p.manifest, p.manifest_bytes, p.signature,
                                        p.signature_bytes),
                     WC_E_AUTH);
    assert_int_equal(wc_package_sign(f.state, "Y", other, &why), WC_E_NOT_FOUND);
    wc_package_deinit(&p);
    wc_identity_free(other);
}

static void assert_origin(const char *path, const char *expected)
{
    struct wc_package p = {0};
    if (wc_package_add_origin(&p, path, &why))
        fail_msg("'%s' is refused: %s", path, why.text);
    assert_string_equal(p.origins[0], expected);
    wc_package_deinit(&p);
}

static void origins_are_absolute(void **state)
{
    (void)state;
    struct wc_package p = {0};
    char images[PATH_MAX];
    char a[PATH_MAX];
    char link[PATH_MAX];
    snprintf(images, sizeof(images), "%s", wc_workdir_at(&f.work, "images"));
    snprintf(a, sizeof(a), "%s", wc_workdir_at(&f.work, "images/a.img"));
    snprintf(link, sizeof(link), "%s", wc_workdir_at(&f.work, "images/link"));
    assert_int_equal(symlink("a.img", link), 0);
    assert_int_equal(chdir(images), 0);
    assert_origin("a.img", a);
    assert_origin("./a.img", a);
    assert_origin("../images/a.img", a);
    assert_origin("..//images///a.img", a);
    assert_origin(".", images);
    assert_origin("../images/", images);
    assert_origin("../images/.", images);
    assert_origin("link", link); /* its name counts, and where it leads later */
    assert_origin("/tmp", "/tmp");
    assert_origin("not-there", wc_workdir_at(&f.work, "images/not-there"));
    assert_int_equal(wc_package_add_origin(&p, "no/such/folder", &why), WC_E_NOT_FOUND);
    assert_int_equal(why.exit_code, EX_NOINPUT);
    assert_int_equal(wc_package_add_origin(&p, "/", &why), WC_E_PATH);
    assert_int_equal(wc_package_add_origin(&p, "a\xff", &why), WC_E_PATH);
    assert_int_equal(chdir("/"), 0);
    wc_package_deinit(&p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(saved_is_loaded, make, clean),
        cmocka_unit_test_setup_teardown(a_new_version_takes_the_place_of_the_old, make, clean),
        cmocka_unit_test_setup_teardown(the_list_is_sorted, make, clean),
        cmocka_unit_test_setup_teardown(removed_is_unknown, make, clean),
        cmocka_unit_test_setup_teardown(damage_is_seen, make, clean),
        cmocka_unit_test_setup_teardown(a_link_is_not_followed, make, clean),
        cmocka_unit_test_setup_teardown(signing_anew, make, clean),
        cmocka_unit_test_setup_teardown(origins_are_absolute, make, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
