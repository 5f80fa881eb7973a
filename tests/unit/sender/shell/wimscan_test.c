/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WIMs without images, made byte by byte: a header, data, a lookup table, XML data. Real ones are
 * for tests/cli/wims_test.sh and tests/net/e2e_tables.sh. */
#include "sender/shell/wimscan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "common/core/hresult.h"
#include "common/core/wimheader.h"
#include "tests/support/workdir.h"

enum {
    SYMBOL = 1000,
    K = 4,
    BLOCK = SYMBOL * K,
    DATA = 10 * BLOCK,
    XML_BYTES = 24,
    TABLE = WC_WIM_HEADER_BYTES + DATA,
    WIM_BYTES = TABLE + WC_WIM_ENTRY_BYTES + XML_BYTES,
};

static struct wc_workdir work;
static struct wc_why why;
static char warnings[2048];

static int make(void **state)
{
    (void)state;
    wc_workdir_make(&work);
    warnings[0] = '\0';
    why = (struct wc_why){.exit_code = EX_OK};
    return 0;
}

static int clean(void **state)
{
    (void)state;
    wc_workdir_remove(&work);
    return 0;
}

static void set(uint8_t *at, uint64_t value, size_t byte_count)
{
    for (size_t i = 0; i < byte_count; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static void place(uint8_t *at, size_t offset, size_t byte_count)
{
    set(at, byte_count, 7);
    set(at + 8, offset, 8);
    set(at + 16, byte_count, 8);
}

/* Part `part` of `part_count`, of an image that `guid` tells apart. */
static void fill_wim(uint8_t bytes[WIM_BYTES], uint16_t part, uint16_t part_count, uint8_t guid)
{
    static const char xml[] = "<WIM></WIM>";
    memset(bytes, 0, WIM_BYTES);
    wc_workdir_pattern(part, 0, bytes + WC_WIM_HEADER_BYTES, DATA);
    memcpy(bytes, "MSWIM\0\0", 8);
    set(bytes + 8, WC_WIM_HEADER_BYTES, 4);
    set(bytes + 12, 0x10d00, 4);
    memset(bytes + 24, guid, 16);
    set(bytes + 40, part, 2);
    set(bytes + 42, part_count, 2);
    place(bytes + 48, TABLE, WC_WIM_ENTRY_BYTES);
    place(bytes + 72, TABLE + WC_WIM_ENTRY_BYTES, XML_BYTES);
    uint8_t *entry = bytes + TABLE;
    place(entry, WC_WIM_HEADER_BYTES, DATA);
    set(entry + 24, part, 2);
    set(entry + 26, 1, 4);
    memset(entry + 30, part, WC_SHA1_BYTES);
    set(entry + WC_WIM_ENTRY_BYTES, 0xfeff, 2);
    for (size_t i = 0; xml[i]; i++)
        entry[WC_WIM_ENTRY_BYTES + 2 + 2 * i] = (uint8_t)xml[i];
}

static void write_part(const char *name, uint16_t part, uint16_t part_count, uint8_t guid)
{
    uint8_t bytes[WIM_BYTES];
    fill_wim(bytes, part, part_count, guid);
    wc_workdir_write(&work, name, bytes, sizeof bytes);
}

static void write_wim(const char *name)
{
    write_part(name, 1, 1, 7);
}

static void on_warning(void *ctx, const char *sentence)
{
    (void)ctx;
    size_t used = strlen(warnings);
    snprintf(warnings + used, sizeof warnings - used, "%s\n", sentence);
}

struct scanned {
    struct wc_content *c;
    struct wc_manifest m;
};

/* Scan the folder "p", as publishing does. */
static enum wc_err scan(struct scanned *s)
{
    const char *path = wc_workdir_at(&work, "p");
    struct wc_wimscan_listener listener = {.warn = on_warning};
    *s = (struct scanned){.c = NULL};
    assert_int_equal(wc_content_open(&s->c, &path, 1, NULL, &why), WC_OK);
    const struct wc_source *sources = wc_content_sources(s->c, &s->m.file_count);
    assert_int_equal(wc_partition_init(&s->m.partition, wc_content_bytes(s->c), SYMBOL, K), WC_OK);
    s->m.files = calloc(s->m.file_count, sizeof s->m.files[0]);
    assert_non_null(s->m.files);
    for (uint32_t i = 0; i < s->m.file_count; i++)
        s->m.files[i] = (struct wc_file){.path = sources[i].path,
                                         .byte_count = sources[i].byte_count,
                                         .offset = sources[i].offset,
                                         .kind = sources[i].kind};
    return wc_wimscan(&s->m, s->c, &listener, &why);
}

static void release(struct scanned *s)
{
    free(s->m.files);
    free(s->m.wims);
    free(s->m.first);
    wc_content_close(s->c);
}

/* The blocks that bytes [from, to) of file `index` touch go first, or do not. */
static bool goes_first(const struct wc_manifest *m, uint32_t index, uint64_t from, uint64_t to)
{
    uint32_t first = wc_partition_block_at(&m->partition, m->files[index].offset + from);
    uint32_t last = wc_partition_block_at(&m->partition, m->files[index].offset + to - 1);
    for (uint32_t i = 0; i < m->first_count; i++)
        if (m->first[i].sbn <= first && last < m->first[i].sbn + m->first[i].block_count)
            return true;
    return false;
}

static void assert_structure_first(const struct wc_manifest *m, uint32_t index)
{
    assert_true(goes_first(m, index, 0, WC_WIM_HEADER_BYTES));
    assert_true(goes_first(m, index, TABLE, WIM_BYTES));
    assert_false(goes_first(m, index, 2 * BLOCK, 3 * BLOCK));
}

static void a_package_without_wims_has_neither(void **state)
{
    (void)state;
    struct scanned s;
    wc_workdir_fill(&work, "p/a", 1, 3 * BLOCK);
    wc_workdir_fill(&work, "p/MSWIM", 2, 10);
    assert_int_equal(scan(&s), WC_OK);
    assert_int_equal(s.m.wim_count, 0);
    assert_null(s.m.wims);
    assert_int_equal(s.m.first_count, 0);
    assert_null(s.m.first);
    assert_string_equal(warnings, "");
    release(&s);
}

static void its_structure_goes_first_wherever_it_lies(void **state)
{
    (void)state;
    struct scanned s;
    wc_workdir_fill(&work, "p/a", 1, 3 * BLOCK + 77);
    write_wim("p/b.wim");
    wc_workdir_fill(&work, "p/c", 2, 3 * BLOCK + 5);
    write_wim("p/d"); /* by its first bytes, not by its name */
    assert_int_equal(scan(&s), WC_OK);
    assert_string_equal(warnings, "");
    assert_int_equal(s.m.wim_count, 2);
    assert_int_equal(s.m.wims[0].file, 2); /* the folder is the first */
    assert_int_equal(s.m.wims[1].file, 4);
    assert_int_equal(s.m.wims[0].image_count, 0);
    assert_int_equal(s.m.wims[0].name_count, 0);
    assert_structure_first(&s.m, 2);
    assert_structure_first(&s.m, 4);
    assert_false(goes_first(&s.m, 1, 0, BLOCK));
    assert_false(goes_first(&s.m, 3, BLOCK, 2 * BLOCK));
    for (uint32_t i = 1; i < s.m.first_count; i++)
        assert_true(s.m.first[i].sbn > s.m.first[i - 1].sbn + s.m.first[i - 1].block_count);
    struct wc_wimscan_words words;
    wc_wimscan_describe(&words, &s.m, 0, s.c);
    assert_string_equal(words.text, "p/b.wim: 0 images, 0 files, not compressed");
    assert_int_equal(words.part_count, 1);
    s.m.wims[0].image_count = 1;
    s.m.wims[0].name_count = 62850;
    wc_wimscan_describe(&words, &s.m, 0, NULL);
    assert_string_equal(words.text, "p/b.wim: 1 image, 62,850 files");
    assert_null(words.compression);
    release(&s);
}

static void a_split_one_is_one(void **state)
{
    (void)state;
    struct scanned s;
    write_part("p/x.swm", 1, 3, 7);
    write_part("p/x2.swm", 2, 3, 7);
    write_part("p/x3.swm", 3, 3, 7);
    assert_int_equal(scan(&s), WC_OK);
    assert_string_equal(warnings, "");
    assert_int_equal(s.m.wim_count, 1);
    assert_int_equal(s.m.wims[0].file, 1);
    for (uint32_t i = 1; i <= 3; i++)
        assert_structure_first(&s.m, i);
    struct wc_wimscan_words words;
    wc_wimscan_describe(&words, &s.m, 0, s.c);
    assert_string_equal(words.text, "p/x.swm: 0 images, 0 files, 3 parts, not compressed");
    release(&s);
}

static void parts_without_the_others_are_warned_of(void **state)
{
    (void)state;
    struct scanned s;
    write_part("p/x.swm", 1, 3, 7);
    write_part("p/x3.swm", 3, 3, 7);
    write_part("p/y2.swm", 2, 2, 8);
    assert_int_equal(scan(&s), WC_OK);
    assert_int_equal(s.m.wim_count, 0);
    assert_int_equal(s.m.first_count, 0);
    assert_non_null(strstr(warnings, "p/x.swm is part 1 of 3 of a split WIM, and the package lacks "
                                     "part 2: "));
    assert_non_null(strstr(warnings,
                           "p/y2.swm is part 2 of 2 of a split WIM, and the package lacks "
                           "part 1: "));
    release(&s);
}

/* --- what is refused --- */

static void assert_refused(const char *seen)
{
    struct scanned s;
    assert_int_equal(scan(&s), WC_E_FORMAT);
    assert_int_equal(why.exit_code, EX_DATAERR);
    assert_int_equal(why.hresult, WC_HR_HASH_VALUE);
    assert_string_equal(why.finding, "content.damaged-wim");
    if (!strstr(why.text, seen))
        fail_msg("no '%s' in: %s", seen, why.text);
    assert_int_equal(s.m.wim_count, 0);
    assert_null(s.m.wims);
    assert_null(s.m.first);
    release(&s);
}

static void what_is_called_a_wim_must_be_one(void **state)
{
    (void)state;
    wc_workdir_fill(&work, "p/install.WIM", 1, 1000);
    assert_refused("p/install.WIM is no WIM: ");
    wc_workdir_write(&work, "p/install.WIM", "x", 1);
    assert_refused("is no WIM: it has 1 bytes");
    wc_workdir_write(&work, "p/install.WIM", "", 0);
    wc_workdir_fill(&work, "p/z", 1, 1000);
    assert_refused("is no WIM: it is empty");
}

/* A whole WIM before it must not leave anything behind. */
static void a_damaged_one_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[WIM_BYTES];
    write_wim("p/a.wim");
    fill_wim(bytes, 1, 1, 7);
    wc_workdir_write(&work, "p/b.esd", bytes, WIM_BYTES - 60);
    assert_refused("p/b.esd is a damaged WIM: the lookup table ends at byte ");
    fill_wim(bytes, 1, 1, 7);
    set(bytes + TABLE + 8, WIM_BYTES, 8); /* its data would begin at the end of the file */
    wc_workdir_write(&work, "p/b.esd", bytes, WIM_BYTES);
    assert_refused("data at byte 40282: it lies outside of the file");
    fill_wim(bytes, 1, 1, 7);
    bytes[TABLE + WC_WIM_ENTRY_BYTES + 2] = '?';
    wc_workdir_write(&work, "p/b.esd", bytes, WIM_BYTES);
    assert_refused("the XML data at byte 40258: ");
}

static void a_damaged_part_is_named(void **state)
{
    (void)state;
    uint8_t bytes[WIM_BYTES];
    write_part("p/x.swm", 1, 2, 7);
    fill_wim(bytes, 2, 2, 7);
    wc_workdir_write(&work, "p/x2.swm", bytes, WIM_BYTES - 60);
    assert_refused("p/x2.swm is a damaged WIM: the lookup table");
    write_part("p/x2.swm", 2, 2, 8);
    assert_refused("p/x2.swm is a damaged WIM: part 2 of 2: it is a part of another image");
}

static void under_another_name_it_is_just_a_file(void **state)
{
    (void)state;
    struct scanned s;
    uint8_t bytes[WIM_BYTES];
    fill_wim(bytes, 1, 1, 7);
    wc_workdir_write(&work, "p/wim.old", bytes, WIM_BYTES - 60);
    assert_int_equal(scan(&s), WC_OK);
    assert_int_equal(s.m.wim_count, 0);
    assert_int_equal(s.m.first_count, 0);
    assert_non_null(strstr(warnings, "p/wim.old is a damaged WIM: "));
    assert_non_null(strstr(warnings, "; it is sent as it is"));
    release(&s);
}

#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, make, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FILES(a_package_without_wims_has_neither),
        WITH_FILES(its_structure_goes_first_wherever_it_lies),
        WITH_FILES(a_split_one_is_one),
        WITH_FILES(parts_without_the_others_are_warned_of),
        WITH_FILES(what_is_called_a_wim_must_be_one),
        WITH_FILES(a_damaged_one_is_refused),
        WITH_FILES(a_damaged_part_is_named),
        WITH_FILES(under_another_name_it_is_just_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
