/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/wimheader.h"

#include <string.h>

#include "tests/unit/common/core/support.h"

static void set(uint8_t *bytes, size_t at, size_t byte_count, uint64_t value)
{
    for (size_t i = 0; i < byte_count; i++)
        bytes[at + i] = (uint8_t)(value >> (8 * i));
}

static void header_of(uint8_t bytes[WC_WIM_HEADER_BYTES], const char *name)
{
    uint8_t vector[VECTOR_BYTES_MAX];
    assert_int_equal(vector_read(name, vector), WC_WIM_HEADER_BYTES);
    memcpy(bytes, vector, WC_WIM_HEADER_BYTES);
}

static void assert_place(const struct wc_wim_place *p, uint64_t offset, uint64_t stored_bytes,
                         uint64_t plain_bytes, uint8_t flags)
{
    assert_true(p->offset == offset && p->stored_bytes == stored_bytes);
    assert_true(p->plain_bytes == plain_bytes && p->flags == flags);
}

/* --- headers -------------------------------------------------------------------------------- */

static void a_normal_header(void **state)
{
    (void)state;
    uint8_t bytes[WC_WIM_HEADER_BYTES];
    struct wc_wim_header h;
    const char *reason;
    header_of(bytes, "wim_header");
    assert_int_equal(wc_wim_header_decode(&h, bytes, &reason), WC_OK);
    assert_string_equal(reason, "");
    assert_false(h.pipable);
    assert_false(h.allows_solid);
    assert_int_equal(h.compression, WC_WIM_LZX);
    assert_int_equal(h.chunk_bytes, 32768);
    assert_int_equal(h.part, 1);
    assert_int_equal(h.part_count, 1);
    assert_int_equal(h.image_count, 2);
    assert_int_equal(h.boot_image, 2);
    assert_int_equal(h.guid[0], 0x10);
    assert_place(&h.table, 0x1122334455, 250, 250, WC_WIM_FLAG_METADATA);
    assert_place(&h.xml, 0x112233454f, 1000, 1000, WC_WIM_FLAG_METADATA);
    assert_place(&h.boot_metadata, 5000, 600, 2000, WC_WIM_FLAG_METADATA | WC_WIM_FLAG_COMPRESSED);
    assert_place(&h.integrity, 0x1122334937, 32, 32, 0);
}

/* A change of `byte_count` bytes at `at` is refused with `err` and a reason. */
static void refuse(size_t at, size_t byte_count, uint64_t value, enum wc_err err)
{
    uint8_t bytes[WC_WIM_HEADER_BYTES];
    struct wc_wim_header h = {.part = 77};
    const char *reason = NULL;
    header_of(bytes, "wim_header");
    set(bytes, at, byte_count, value);
    assert_int_equal(wc_wim_header_decode(&h, bytes, &reason), err);
    assert_true(reason && *reason);
    assert_int_equal(h.part, 77);
}

static void other_headers_are_refused(void **state)
{
    (void)state;
    refuse(0, 1, 'X', WC_E_FORMAT);
    refuse(5, 1, 1, WC_E_FORMAT);
    refuse(8, 4, 209, WC_E_RANGE);
    refuse(12, 4, 0x10e00, WC_E_VERSION);
    refuse(16, 4, 0x2, WC_E_VERSION);     /* compressed, but how? */
    refuse(16, 4, 0x60002, WC_E_VERSION); /* two at once */
    refuse(16, 4, 0x1000002, WC_E_VERSION);
    refuse(16, 4, 0x40042, WC_E_RANGE); /* being written */
    refuse(40, 2, 0, WC_E_RANGE);
    refuse(40, 2, 2, WC_E_RANGE);
    refuse(44, 4, 65536, WC_E_RANGE);
}

static void kinds_of_headers(void **state)
{
    (void)state;
    static const struct {
        uint32_t flags;
        enum wc_wim_compression compression;
    } kinds[] = {{0, WC_WIM_NONE},          {0x40000, WC_WIM_NONE}, {0x20002, WC_WIM_XPRESS},
                 {0x200002, WC_WIM_XPRESS}, {0x40082, WC_WIM_LZX},  {0x80002, WC_WIM_LZMS}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        uint8_t bytes[WC_WIM_HEADER_BYTES];
        struct wc_wim_header h;
        const char *reason;
        header_of(bytes, "wim_header");
        memcpy(bytes, "WLPWM\0\0", 8);
        set(bytes, 12, 4, 0xe00);
        set(bytes, 16, 4, kinds[i].flags);
        assert_int_equal(wc_wim_header_decode(&h, bytes, &reason), WC_OK);
        assert_true(h.pipable && h.allows_solid);
        assert_int_equal(h.compression, kinds[i].compression);
    }
}

static void ranges_do_not_wrap(void **state)
{
    (void)state;
    assert_true(wc_wim_fits(0, 0, 0));
    assert_true(wc_wim_fits(5, 5, 10));
    assert_false(wc_wim_fits(5, 6, 10));
    assert_false(wc_wim_fits(11, 0, 10));
    assert_false(wc_wim_fits(UINT64_MAX, 2, 10));
    assert_false(wc_wim_fits(2, UINT64_MAX, 10));
}

static void an_entry(void **state)
{
    (void)state;
    uint8_t bytes[WC_WIM_ENTRY_BYTES] = {0};
    set(bytes, 0, 7, 0x11223344556677);
    bytes[7] = WC_WIM_FLAG_SOLID;
    set(bytes, 8, 8, 0x8877665544332211);
    set(bytes, 16, 8, WC_WIM_SOLID_MAGIC);
    set(bytes, 24, 2, 3);
    set(bytes, 26, 4, 70000);
    for (uint8_t i = 0; i < WC_SHA1_BYTES; i++)
        bytes[30 + i] = i;
    struct wc_wim_entry e = wc_wim_entry_decode(bytes);
    assert_place(&e.place, 0x8877665544332211, 0x11223344556677, WC_WIM_SOLID_MAGIC,
                 WC_WIM_FLAG_SOLID);
    assert_int_equal(e.part, 3);
    assert_int_equal(e.reference_count, 70000);
    assert_memory_equal(e.sha1, bytes + 30, WC_SHA1_BYTES);
}

static void heads(void **state)
{
    (void)state;
    uint8_t solid[WC_WIM_SOLID_HEAD_BYTES], blob[WC_WIM_BLOB_HEAD_BYTES] = {0};
    set(solid, 0, 8, 1ull << 40);
    set(solid, 8, 4, 1 << 26);
    set(solid, 12, 4, 3);
    struct wc_wim_solid_head s = wc_wim_solid_head_decode(solid);
    assert_true(s.plain_bytes == 1ull << 40 && s.chunk_bytes == 1 << 26 && s.compression == 3);
    set(blob, 0, 8, 0x2b9b9ba2443db9d8);
    set(blob, 8, 8, 99);
    memset(blob + 16, 7, WC_SHA1_BYTES);
    struct wc_wim_blob_head b = wc_wim_blob_head_decode(blob);
    assert_true(b.has_magic && b.plain_bytes == 99);
    assert_memory_equal(b.sha1, blob + 16, WC_SHA1_BYTES);
    blob[0] ^= 1;
    b = wc_wim_blob_head_decode(blob);
    assert_false(b.has_magic);
}

/* --- chunks --------------------------------------------------------------------------------- */

static struct wc_wim_form form_of(uint64_t stored_bytes, uint64_t plain_bytes)
{
    return (struct wc_wim_form){.stored_bytes = stored_bytes,
                                .plain_bytes = plain_bytes,
                                .chunk_bytes = 32768,
                                .compression = WC_WIM_LZX};
}

static struct wc_wim_layout layout_of(const struct wc_wim_form *form)
{
    struct wc_wim_layout l;
    assert_int_equal(wc_wim_layout_init(&l, form), WC_OK);
    return l;
}

static void assert_chunk(const struct wc_wim_layout *l, const uint8_t *table, uint32_t index,
                         uint64_t *at, uint64_t offset, uint32_t stored_bytes, uint32_t plain_bytes)
{
    struct wc_wim_chunk c;
    assert_int_equal(wc_wim_layout_chunk(l, table, index, at, &c), WC_OK);
    assert_true(c.offset == offset);
    assert_int_equal(c.stored_bytes, stored_bytes);
    assert_int_equal(c.plain_bytes, plain_bytes);
}

static void one_chunk_has_no_table(void **state)
{
    (void)state;
    struct wc_wim_form form = form_of(100, 500);
    struct wc_wim_layout l = layout_of(&form);
    assert_int_equal(l.chunk_count, 1);
    assert_int_equal(l.table_bytes, 0);
    assert_chunk(&l, NULL, 0, NULL, 0, 100, 500);
}

static void a_table_of_offsets(void **state)
{
    (void)state;
    struct wc_wim_form form = form_of(8 + 1000 + 32768 + 7, 2 * 32768 + 10);
    struct wc_wim_layout l = layout_of(&form);
    uint8_t table[8];
    assert_int_equal(l.chunk_count, 3);
    assert_int_equal(l.table_bytes, 8);
    set(table, 0, 4, 1000);
    set(table, 4, 4, 1000 + 32768);
    assert_chunk(&l, table, 0, NULL, 8, 1000, 32768);
    assert_chunk(&l, table, 1, NULL, 1008, 32768, 32768); /* not compressed */
    assert_chunk(&l, table, 2, NULL, 1008 + 32768, 7, 10);
    struct wc_wim_chunk c;
    set(table, 4, 4, 1000 + 32769); /* longer than it is plain */
    assert_int_equal(wc_wim_layout_chunk(&l, table, 1, NULL, &c), WC_E_RANGE);
    set(table, 4, 4, 1000); /* empty */
    assert_int_equal(wc_wim_layout_chunk(&l, table, 1, NULL, &c), WC_E_RANGE);
    set(table, 4, 4, 999); /* backwards */
    assert_int_equal(wc_wim_layout_chunk(&l, table, 1, NULL, &c), WC_E_RANGE);
    set(table, 4, 4, 1000 + 32768 + 7); /* nothing left */
    assert_int_equal(wc_wim_layout_chunk(&l, table, 2, NULL, &c), WC_E_RANGE);
    set(table, 4, 4, UINT32_MAX);
    assert_int_equal(wc_wim_layout_chunk(&l, table, 2, NULL, &c), WC_E_RANGE);
}

static void large_resources_have_wide_entries(void **state)
{
    (void)state;
    struct wc_wim_form form = form_of(1ull << 32, (1ull << 32) - 1);
    assert_int_equal(layout_of(&form).entry_bytes, 4);
    form.plain_bytes++;
    struct wc_wim_layout l = layout_of(&form);
    assert_int_equal(l.entry_bytes, 8);
    assert_int_equal(l.table_bytes, 8 * ((1u << 17) - 1));
}

static void a_pipable_one_has_its_table_behind(void **state)
{
    (void)state;
    struct wc_wim_form form = form_of(4 + 50 + 4 + 60 + 4, 32768 + 100);
    form.pipable = true;
    struct wc_wim_layout l = layout_of(&form);
    uint8_t table[4];
    assert_true(l.table_offset == 4 + 50 + 4 + 60);
    set(table, 0, 4, 50);
    assert_chunk(&l, table, 0, NULL, 4, 50, 32768);
    assert_chunk(&l, table, 1, NULL, 4 + 50 + 4, 60, 100);
}

static void a_solid_one_has_lengths(void **state)
{
    (void)state;
    struct wc_wim_form form = form_of(16 + 8 + 70 + 80, 32768 + 100);
    form.solid = true;
    form.compression = WC_WIM_LZMS;
    struct wc_wim_layout l = layout_of(&form);
    uint8_t table[8];
    uint64_t at = 0;
    set(table, 0, 4, 70);
    set(table, 4, 4, 80);
    assert_chunk(&l, table, 0, &at, 24, 70, 32768);
    assert_true(at == 70);
    assert_chunk(&l, table, 1, &at, 94, 80, 100);
    struct wc_wim_chunk c;
    at = 70;
    set(table, 4, 4, 81);
    assert_int_equal(wc_wim_layout_chunk(&l, table, 1, &at, &c), WC_E_RANGE);
}

static void assert_no_layout(struct wc_wim_form form, enum wc_err err)
{
    struct wc_wim_layout l = {.chunk_count = 5};
    assert_int_equal(wc_wim_layout_init(&l, &form), err);
    assert_int_equal(l.chunk_count, 5);
}

static void impossible_forms_are_refused(void **state)
{
    (void)state;
    struct wc_wim_form form = form_of(100, 500);
    form.chunk_bytes = 32767;
    assert_no_layout(form, WC_E_TYPE);
    form.chunk_bytes = 0;
    assert_no_layout(form, WC_E_TYPE);
    form.chunk_bytes = 4096; /* not with LZX */
    assert_no_layout(form, WC_E_TYPE);
    form.compression = WC_WIM_NONE;
    assert_no_layout(form, WC_E_TYPE);
    assert_no_layout(form_of(100, 0), WC_E_RANGE);
    assert_no_layout(form_of(8, 3 * 32768), WC_E_RANGE);
    assert_no_layout(form_of(10, 3 * 32768), WC_E_RANGE);
    assert_no_layout(form_of(UINT64_MAX >> 8, UINT64_MAX), WC_E_TOO_LARGE);
    form = form_of(1 << 20, 1ull << 30);
    form.compression = WC_WIM_LZMS;
    form.chunk_bytes = 1u << 29;
    assert_no_layout(form, WC_E_TOO_LARGE);
    form.chunk_bytes = 1u << 31;
    assert_no_layout(form, WC_E_TYPE);
}

/* --- the integrity table -------------------------------------------------------------------- */

static void an_integrity_table(void **state)
{
    (void)state;
    struct wc_wim_header h = {.table = {.offset = 1000, .stored_bytes = 208}};
    struct wc_wim_integrity t;
    uint8_t bytes[12 + 2 * WC_SHA1_BYTES] = {0};
    set(bytes, 0, 4, sizeof bytes);
    set(bytes, 4, 4, 2);
    set(bytes, 8, 4, 600);
    assert_int_equal(wc_wim_integrity_decode(&t, &h, bytes, sizeof bytes), WC_OK);
    assert_true(t.from == 208 && t.to == 1208 && t.chunk_bytes == 600);
    assert_int_equal(t.digest_count, 2);
    assert_ptr_equal(t.digests, bytes + 12);
    for (size_t count = 0; count < sizeof bytes; count++)
        assert_int_equal(wc_wim_integrity_decode(&t, &h, bytes, count), WC_E_FORMAT);
    set(bytes, 8, 4, 499); /* would be three */
    assert_int_equal(wc_wim_integrity_decode(&t, &h, bytes, sizeof bytes), WC_E_FORMAT);
    set(bytes, 8, 4, 0);
    assert_int_equal(wc_wim_integrity_decode(&t, &h, bytes, sizeof bytes), WC_E_FORMAT);
    set(bytes, 8, 4, 600);
    set(bytes, 4, 4, UINT32_MAX);
    assert_int_equal(wc_wim_integrity_decode(&t, &h, bytes, sizeof bytes), WC_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_normal_header),
        cmocka_unit_test(other_headers_are_refused),
        cmocka_unit_test(kinds_of_headers),
        cmocka_unit_test(ranges_do_not_wrap),
        cmocka_unit_test(an_entry),
        cmocka_unit_test(heads),
        cmocka_unit_test(one_chunk_has_no_table),
        cmocka_unit_test(a_table_of_offsets),
        cmocka_unit_test(large_resources_have_wide_entries),
        cmocka_unit_test(a_pipable_one_has_its_table_behind),
        cmocka_unit_test(a_solid_one_has_lengths),
        cmocka_unit_test(impossible_forms_are_refused),
        cmocka_unit_test(an_integrity_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
