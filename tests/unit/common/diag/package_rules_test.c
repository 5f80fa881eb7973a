/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/package_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/hresult.h"

#define NOW 1795422646 /* 2026-11-23 08:30:46 UTC */

static struct wc_findings list;

static struct wc_package_sight good(void)
{
    return (struct wc_package_sight){
        .id = "XYZ00012",
        .place = "/var/lib/wimcast/packages/XYZ00012",
        .version = 3,
        .published_s = NOW,
        .object_bytes = 6000000000,
        .file_count = 2,
        .signature = WC_PACKAGE_SIGNATURE_GOOD,
        .content = WC_PACKAGE_CONTENT_GOOD,
    };
}

static struct wc_package_sight faulty(enum wc_package_content content)
{
    struct wc_package_sight s = good();
    s.content = content;
    s.fault_count = 1;
    strcpy(s.path, "/images/install.wim");
    s.published_bytes = 6000000000;
    s.published_mtime_s = NOW;
    s.found_bytes = 12;
    s.found_mtime_s = NOW + 60;
    return s;
}

/* One finding and no other; its texts are whole, and fit in one line. */
static const struct wc_finding *assert_finds(const struct wc_package_sight *s, const char *id,
                                             uint32_t hresult, int exit_code)
{
    char line[513];
    list = (struct wc_findings){.count = 0};
    wc_package_rules(s, &list);
    if (!list.count)
        fail_msg("nothing found, expected %s", id);
    const struct wc_finding *f = &list.items[0];
    assert_string_equal(f->kind->id, id);
    assert_int_equal(list.count, 1);
    assert_int_equal(f->kind->severity, WC_SEVERITY_ERROR);
    assert_int_equal(f->kind->hresult, hresult);
    assert_int_equal(f->kind->exit_code, exit_code);
    assert_true(f->sentence[0] && f->evidence[0] && f->fix[0]);
    wc_finding_line(f, line, sizeof(line));
    if (strlen(line) >= sizeof(line) - 1)
        fail_msg("too long for one line: %s", line);
    return f;
}

static void assert_says(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("'%s' does not say '%s'", text, words);
}

static void nothing_is_wrong(void **state)
{
    (void)state;
    struct wc_package_sight s = good();
    list = (struct wc_findings){.count = 0};
    wc_package_rules(&s, &list);
    s.signature = WC_PACKAGE_SIGNATURE_UNCHECKED;
    s.content = WC_PACKAGE_CONTENT_UNSEEN;
    wc_package_rules(&s, &list);
    assert_int_equal(list.count, 0);
}

static void its_own_files(void **state)
{
    (void)state;
    struct wc_package_sight s = faulty(WC_PACKAGE_CONTENT_CHANGED); /* never comes to this */
    s.record = WC_PACKAGE_FILE_MISSING;
    const struct wc_finding *f = assert_finds(&s, "package.unknown", WC_HR_NOT_FOUND, 66);
    assert_says(f->evidence, "/packages/XYZ00012/package.json");
    assert_says(f->fix, "publish PATH... --id XYZ00012");
    s.could_be_file = true;
    f = assert_finds(&s, "package.unknown", WC_HR_NOT_FOUND, 66);
    assert_says(f->evidence, "no file XYZ00012");
    s.record = WC_PACKAGE_FILE_UNREADABLE;
    strcpy(s.detail, "package.json: Permission denied");
    f = assert_finds(&s, "package.unreadable", WC_HR_ACCESS_DENIED, 77);
    assert_says(f->evidence, "Permission denied");
    s.record = WC_PACKAGE_FILE_DAMAGED;
    f = assert_finds(&s, "package.damaged", WC_HR_HASH_VALUE, 65);
    assert_says(f->evidence, "package.json");
    assert_says(f->fix, "--id XYZ00012 --read WHO");
    s.record = WC_PACKAGE_FILE_GOOD;
    s.manifest = WC_PACKAGE_FILE_MISSING;
    f = assert_finds(&s, "package.damaged", WC_HR_HASH_VALUE, 65);
    assert_null(strstr(f->fix, "--read"));
    s.manifest = WC_PACKAGE_FILE_DAMAGED;
    assert_finds(&s, "package.damaged", WC_HR_HASH_VALUE, 65);
    s.manifest = WC_PACKAGE_FILE_UNREADABLE;
    assert_finds(&s, "package.unreadable", WC_HR_ACCESS_DENIED, 77);
}

static void signatures(void **state)
{
    (void)state;
    struct wc_package_sight s = good();
    s.signature = WC_PACKAGE_SIGNATURE_WRONG;
    strcpy(s.detail, "the signature is not this sender's");
    assert_finds(&s, "package.damaged", WC_HR_HASH_VALUE, 65);
    s.signature = WC_PACKAGE_SIGNATURE_OTHER_KEY;
    s.signed_by[0] = 0xab;
    s.key_digest[0] = 0xcd;
    const struct wc_finding *f = assert_finds(&s, "key.manifest-other-key", WC_HR_FAIL, 78);
    assert_says(f->evidence, "sha256:ab");
    assert_says(f->evidence, "sha256:cd");
    assert_says(f->fix, "wimcast-sender packages sign XYZ00012");
}

static void contents(void **state)
{
    (void)state;
    struct wc_package_sight s = faulty(WC_PACKAGE_CONTENT_MISSING);
    strcpy(s.content_detail, "No such file or directory");
    const struct wc_finding *f = assert_finds(&s, "content.missing", WC_HR_NOT_FOUND, 66);
    assert_says(f->evidence, "/images/install.wim: No such file");
    s.fault_count = 4;
    f = assert_finds(&s, "content.missing", WC_HR_NOT_FOUND, 66);
    assert_says(f->evidence, "(and 3 more)");
    s = faulty(WC_PACKAGE_CONTENT_UNREADABLE);
    strcpy(s.content_detail, "Permission denied, for the user nobody (uid 65534)");
    f = assert_finds(&s, "content.unreadable", WC_HR_ACCESS_DENIED, 77);
    assert_says(f->evidence, "nobody");
    s = faulty(WC_PACKAGE_CONTENT_EMPTY);
    s.found_bytes = 0;
    f = assert_finds(&s, "content.empty", WC_HR_TIMEOUT, 65);
    assert_says(f->sentence, "empty download");
    assert_says(f->evidence, "had 6000000000 bytes when it was published, and has 0 now");
    s = faulty(WC_PACKAGE_CONTENT_CHANGED);
    f = assert_finds(&s, "content.changed", WC_HR_HASH_VALUE, 65);
    assert_says(f->evidence, "/images/install.wim: published were 6000000000 bytes of 2026-11-23 "
                             "08:30:46 UTC, there are 12 bytes of 2026-11-23 08:31:46 UTC");
    s.is_other_kind = true;
    f = assert_finds(&s, "content.changed", WC_HR_HASH_VALUE, 65);
    assert_says(f->evidence, "not the file or folder that it was");
    s = faulty(WC_PACKAGE_CONTENT_ADDED);
    f = assert_finds(&s, "content.changed", WC_HR_HASH_VALUE, 65);
    assert_says(f->evidence, "was not there");
    s = faulty(WC_PACKAGE_CONTENT_REFUSED);
    strcpy(s.content_detail, "cannot send /images/x.part: rename it");
    f = assert_finds(&s, "content.changed", WC_HR_HASH_VALUE, 65);
    assert_says(f->evidence, "rename it");
}

/* A signature of an older key and a file that changed are two faults. */
static void both_are_named(void **state)
{
    (void)state;
    struct wc_package_sight s = faulty(WC_PACKAGE_CONTENT_CHANGED);
    s.signature = WC_PACKAGE_SIGNATURE_OTHER_KEY;
    list = (struct wc_findings){.count = 0};
    wc_package_rules(&s, &list);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.items[0].kind->id, "key.manifest-other-key");
    assert_string_equal(list.items[1].kind->id, "content.changed");
}

static void a_full_list_is_fine(void **state)
{
    (void)state;
    struct wc_package_sight s = faulty(WC_PACKAGE_CONTENT_CHANGED);
    list = (struct wc_findings){.count = WC_FINDINGS_MAX};
    wc_package_rules(&s, &list);
    assert_int_equal(list.count, WC_FINDINGS_MAX);
    assert_int_equal(list.dropped_count, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_wrong), cmocka_unit_test(its_own_files),
        cmocka_unit_test(signatures),       cmocka_unit_test(contents),
        cmocka_unit_test(both_are_named),   cmocka_unit_test(a_full_list_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
