/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/diag/wim_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t expected[32] = {0xab, 0xcd}, actual[32] = {0x12};

static struct wc_wim_sight sight_of(enum wc_wim_fault fault)
{
    return (struct wc_wim_sight){
        .fault = fault,
        .file = "install.wim",
        .offset = 1000,
        .byte_count = 500,
        .digest_name = "SHA-1",
        .digest_bytes = 20,
        .expected = expected,
        .actual = actual,
    };
}

static struct wc_finding finding_of(const struct wc_wim_sight *sight)
{
    struct wc_finding f;
    wc_wim_rules(sight, &f);
    assert_non_null(f.kind);
    assert_true(f.sentence[0] && f.fix[0]);
    return f;
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' has no '%s'", text, part);
}

static void a_file_is_named(void **state)
{
    (void)state;
    struct wc_wim_sight s = sight_of(WC_WIM_FAULT_DIGEST);
    s.path = "/Windows/a.dll";
    s.path_count = 1;
    s.again = WC_WIM_AGAIN_SAME;
    struct wc_finding f = finding_of(&s);
    assert_string_equal(f.kind->id, "damage.file");
    assert_int_equal(f.kind->hresult, 0x80091007u);
    assert_int_equal(f.kind->exit_code, 65);
    assert_string_equal(f.sentence, "/Windows/a.dll is damaged");
    assert_has(f.evidence, "500 bytes at offset 1000 of install.wim; SHA-1 expected abcd0000");
    assert_has(f.evidence, ", found 12000000");
    assert_has(f.evidence, "wrong on the disk, not in memory");
    s.path_count = 2;
    assert_has(finding_of(&s).sentence, "/Windows/a.dll and 1 other path are damaged");
    s.path_count = 5;
    assert_has(finding_of(&s).sentence, "/Windows/a.dll and 4 other paths are damaged");
    s.path = NULL;
    assert_has(finding_of(&s).sentence, "data of install.wim that no file uses is damaged");
    s.names_lost = true;
    assert_has(finding_of(&s).sentence, "whose names are lost");
}

static void memory_is_told_from_the_disk(void **state)
{
    (void)state;
    static const enum wc_wim_fault faults[] = {WC_WIM_FAULT_DIGEST, WC_WIM_FAULT_CODE,
                                               WC_WIM_FAULT_BLOCK, WC_WIM_FAULT_UNREADABLE};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct wc_wim_sight s = sight_of(faults[i]);
        s.again = WC_WIM_AGAIN_GOOD;
        struct wc_finding f = finding_of(&s);
        assert_string_equal(f.kind->id, "damage.memory");
        assert_has(f.evidence, "read a second time it is right");
        assert_has(f.fix, "memtest86+");
        s.again = WC_WIM_AGAIN_OTHER;
        assert_string_equal(finding_of(&s).kind->id, "damage.memory");
    }
}

static void each_fault_has_its_kind(void **state)
{
    (void)state;
    static const struct {
        enum wc_wim_fault fault;
        const char *id, *sentence;
        uint32_t hresult;
        int exit_code;
    } kinds[] = {
        {WC_WIM_FAULT_CODE, "damage.file", "is damaged", 0x80091007u, 65},
        {WC_WIM_FAULT_CHUNKS, "damage.file", "is damaged", 0x80091007u, 65},
        {WC_WIM_FAULT_PIPE, "damage.file", "cannot be applied from a pipe", 0x80091007u, 65},
        {WC_WIM_FAULT_UNREADABLE, "damage.unreadable", "cannot be read", 0x8007001eu, 66},
        {WC_WIM_FAULT_BLOCK, "damage.block", "block 7 of install.wim differs", 0x80091007u, 65},
        {WC_WIM_FAULT_EDGE, "damage.block", "first or last bytes", 0x80091007u, 65},
        {WC_WIM_FAULT_AREA, "damage.table", "the lookup table of install.wim", 0x80091007u, 65},
        {WC_WIM_FAULT_MISSING, "damage.missing", "has no data", 0x80091007u, 65},
        {WC_WIM_FAULT_SHORT, "damage.size", "has not the right size", 0x80091007u, 65},
        {WC_WIM_FAULT_PART, "damage.part", "is missing", 0x80070002u, 65},
        {WC_WIM_FAULT_INTEGRITY, "damage.table", "differs from its integrity table", 0x80091007u,
         65},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct wc_wim_sight s = sight_of(kinds[i].fault);
        s.path = "/a";
        s.path_count = 1;
        s.area = "the lookup table";
        s.block = 7;
        struct wc_finding f = finding_of(&s);
        assert_string_equal(f.kind->id, kinds[i].id);
        assert_int_equal(f.kind->hresult, kinds[i].hresult);
        assert_int_equal(f.kind->exit_code, kinds[i].exit_code);
        assert_int_equal(f.kind->severity, WC_SEVERITY_ERROR);
        assert_has(f.sentence, kinds[i].sentence);
        assert_true(f.evidence[0]);
    }
}

static void a_block_names_what_is_in_it(void **state)
{
    (void)state;
    struct wc_wim_sight s = sight_of(WC_WIM_FAULT_BLOCK);
    s.digest_name = "SHA-256";
    s.digest_bytes = 32;
    s.area = "the lookup table";
    assert_has(finding_of(&s).sentence, "differs from the manifest: in it is the lookup table");
    s.path = "/a";
    s.path_count = 3;
    assert_has(finding_of(&s).sentence, "in it are /a and 2 other paths");
}

static void nothing_to_complain_of_is_a_notice(void **state)
{
    (void)state;
    struct wc_finding f;
    wc_wim_rules_unchecked("install.wim", "the data", "add --deep", &f);
    assert_string_equal(f.kind->id, "verify.unchecked");
    assert_int_equal(f.kind->severity, WC_SEVERITY_NOTICE);
    assert_string_equal(f.sentence, "the data of install.wim was not verified");
}

static void published_damaged(void **state)
{
    (void)state;
    struct wc_wim_sight s = sight_of(WC_WIM_FAULT_CODE);
    s.is_published = true;
    s.path = "/Windows/a.dll";
    s.path_count = 3;
    s.again = WC_WIM_AGAIN_SAME;
    struct wc_finding f = finding_of(&s);
    assert_string_equal(f.kind->id, "damage.file");
    assert_string_equal(f.sentence, "the image was published damaged: /Windows/a.dll and 2 other "
                                    "paths are damaged");
    assert_has(f.fix, "publish it again");
    s.again = WC_WIM_AGAIN_GOOD; /* then it is nobody's fault but this machine's */
    f = finding_of(&s);
    assert_string_equal(f.kind->id, "damage.memory");
    assert_null(strstr(f.sentence, "published"));
    wc_wim_rules_published("install.wim", "/a, /b", 2, &f);
    assert_string_equal(f.kind->id, "damage.file");
    assert_string_equal(f.sentence, "the image install.wim was published damaged, so it is not "
                                    "given its name: 2 files");
    assert_string_equal(f.evidence, "/a, /b");
    wc_wim_rules_published("install.wim", "/a", 1, &f);
    assert_has(f.sentence, "name: 1 file");
    assert_null(strstr(f.sentence, "files"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_named),
        cmocka_unit_test(memory_is_told_from_the_disk),
        cmocka_unit_test(each_fault_has_its_kind),
        cmocka_unit_test(a_block_names_what_is_in_it),
        cmocka_unit_test(nothing_to_complain_of_is_a_notice),
        cmocka_unit_test(published_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
