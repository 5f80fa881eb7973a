/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/apply_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct wc_finding finding_of(struct wc_apply_sight sight)
{
    struct wc_finding f;
    sight.target = "/dev/sda3";
    sight.image = "install.wim";
    wc_apply_rules(&sight, &f);
    assert_non_null(f.kind);
    assert_true(f.sentence[0] && f.fix[0] && f.kind->hresult);
    return f;
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' has no '%s'", text, part);
}

/* Each fault: id, HRESULT, exit code, and a part of its sentence and of its fix. */
static void every_fault(void **state)
{
    (void)state;
    static const struct {
        enum wc_apply_fault fault;
        const char *id;
        uint32_t hresult;
        int exit_code;
        const char *sentence, *fix;
    } rows[] = {
        {WC_APPLY_FAULT_IN_THE_WAY, "apply.target-not-ntfs", 0x8007001d, 73, "is neither", "name"},
        {WC_APPLY_FAULT_NOT_EMPTY, "apply.target-not-empty", 0x8007001d, 73, "empty", "--force"},
        {WC_APPLY_FAULT_MARKED, "apply.target-marked", 0x8007001d, 73, "to its end", "--force"},
        {WC_APPLY_FAULT_SMALL, "apply.target-small", 0x80070070, 73, "too small", "larger"},
        {WC_APPLY_FAULT_READ_ONLY, "apply.target-read-only", 0x80070005, 73, "written", "right"},
        {WC_APPLY_FAULT_NOT_NTFS, "apply.target-not-ntfs", 0x8007001d, 73, "no NTFS", "mkntfs"},
        {WC_APPLY_FAULT_MOUNTED, "apply.target-in-use", 0x8007001d, 73, "mounted", "unmount"},
        {WC_APPLY_FAULT_UNCLEAN, "apply.target-unclean", 0x8007001d, 73, "cleanly", "ntfsfix"},
        {WC_APPLY_FAULT_HIBERNATED, "apply.target-unclean", 0x8007001d, 73, "sleeps", "shut it"},
        {WC_APPLY_FAULT_BROKEN, "apply.target-unclean", 0x8007001d, 73, "opened", "mkntfs"},
        {WC_APPLY_FAULT_NO_IMAGE, "apply.no-such-image", 0x80070002, 64, "what", "--image"},
        {WC_APPLY_FAULT_DATA, "apply.damaged", 0x80091007, 65, "install.wim is damaged", "anew"},
        {WC_APPLY_FAULT_TREE, "apply.damaged", 0x80091007, 65, "metadata", "anew"},
        {WC_APPLY_FAULT_TARGET, "apply.target-failed", 0x8007001d, 74, "did not take", "dmesg"},
        {WC_APPLY_FAULT_FULL, "apply.target-full", 0x80070070, 74, "is full", "larger"},
        {WC_APPLY_FAULT_EXISTS, "apply.target-failed", 0x8007001d, 74, "already", "mkntfs"},
        {WC_APPLY_FAULT_CRASH, "apply.failed", 0x80004005, 70, "signal what", "verify --deep"},
        {WC_APPLY_FAULT_OTHER, "apply.failed", 0x80004005, 70, "was not applied", "do not start"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct wc_finding f = finding_of(
            (struct wc_apply_sight){.fault = rows[i].fault, .what = "what", .seen = "seen"});
        assert_string_equal(f.kind->id, rows[i].id);
        assert_int_equal(f.kind->hresult, rows[i].hresult);
        assert_int_equal(f.kind->exit_code, rows[i].exit_code);
        assert_has(f.sentence, rows[i].sentence);
        assert_has(f.fix, rows[i].fix);
    }
}

/* On a volume --force does not help. */
static void a_volume_is_formatted(void **state)
{
    (void)state;
    static const enum wc_apply_fault faults[] = {WC_APPLY_FAULT_NOT_EMPTY, WC_APPLY_FAULT_MARKED};
    for (size_t i = 0; i < 2; i++) {
        struct wc_finding f = finding_of(
            (struct wc_apply_sight){.fault = faults[i], .what = "Windows", .is_ntfs = true});
        assert_has(f.evidence, "Windows");
        assert_has(f.fix, "mkntfs");
        assert_null(strstr(f.fix, "--force"));
    }
}

static void damage_is_named(void **state)
{
    (void)state;
    struct wc_apply_sight s = {
        .fault = WC_APPLY_FAULT_DATA,
        .path = "/Windows/a.dll",
        .path_count = 1,
        .offset = 1000,
        .byte_count = 500,
        .seen = "libwim says so",
    };
    struct wc_finding f = finding_of(s);
    assert_string_equal(f.sentence, "/Windows/a.dll is damaged");
    assert_string_equal(f.evidence, "500 bytes at offset 1000 of install.wim: libwim says so");
    s.path_count = 2;
    assert_string_equal(finding_of(s).sentence, "/Windows/a.dll and 1 other path are damaged");
    s.path_count = 8;
    s.byte_count = 0;
    f = finding_of(s);
    assert_string_equal(f.sentence, "/Windows/a.dll and 7 other paths are damaged");
    assert_string_equal(f.evidence, "libwim says so");
}

static void sizes_are_told(void **state)
{
    (void)state;
    struct wc_finding f = finding_of((struct wc_apply_sight){
        .fault = WC_APPLY_FAULT_SMALL, .need_bytes = 12000000000, .free_bytes = 4096});
    assert_string_equal(f.evidence, "the image needs 12000000000 bytes, and 4096 are free");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault),
        cmocka_unit_test(a_volume_is_formatted),
        cmocka_unit_test(damage_is_named),
        cmocka_unit_test(sizes_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
