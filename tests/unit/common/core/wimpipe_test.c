/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/wimpipe.h"

#include <string.h>

#include "tests/unit/common/core/support.h"

#define XML_HEAD_AT      WC_WIM_HEADER_BYTES
#define METADATA_HEAD_AT (XML_HEAD_AT + WC_WIM_BLOB_HEAD_BYTES)
#define CHUNK_HEAD_AT    (METADATA_HEAD_AT + WC_WIM_BLOB_HEAD_BYTES)

/* What wimlib wrote, read by our reader and written by us, is the same. */
static void the_same_as_wimlib(void **state)
{
    (void)state;
    uint8_t vector[VECTOR_BYTES_MAX], bytes[WC_WIM_HEADER_BYTES];
    struct wc_wim_header h;
    const char *reason;
    assert_int_equal(vector_read("wim_pipe", vector), CHUNK_HEAD_AT + WC_WIM_PIPE_CHUNK_BYTES);
    assert_int_equal(wc_wim_header_decode(&h, vector, &reason), WC_OK);
    wc_wimpipe_header(bytes, &h);
    assert_memory_equal(bytes, vector, WC_WIM_HEADER_BYTES);

    struct wc_wim_blob_head head = wc_wim_blob_head_decode(vector + XML_HEAD_AT);
    assert_true(head.has_magic);
    assert_int_equal(head.plain_bytes, 714);
    wc_wimpipe_blob_head(bytes, head.plain_bytes, head.sha1, WC_WIM_FLAG_METADATA);
    assert_memory_equal(bytes, vector + XML_HEAD_AT, WC_WIM_BLOB_HEAD_BYTES);

    head = wc_wim_blob_head_decode(vector + METADATA_HEAD_AT);
    assert_int_equal(head.plain_bytes, 1040);
    wc_wimpipe_blob_head(bytes, head.plain_bytes, head.sha1,
                         WC_WIM_FLAG_METADATA | WC_WIM_FLAG_COMPRESSED);
    assert_memory_equal(bytes, vector + METADATA_HEAD_AT, WC_WIM_BLOB_HEAD_BYTES);

    wc_wimpipe_chunk_head(bytes, 499);
    assert_memory_equal(bytes, vector + CHUNK_HEAD_AT, WC_WIM_PIPE_CHUNK_BYTES);
}

/* Of many images and parts one is left, nothing of where the source had its tables, and of its
 * flags what readers of data need. */
static void one_image_of_one_part(void **state)
{
    (void)state;
    uint8_t vector[VECTOR_BYTES_MAX], bytes[WC_WIM_HEADER_BYTES];
    struct wc_wim_header source, h;
    const char *reason;
    assert_int_equal(vector_read("wim_header", vector), WC_WIM_HEADER_BYTES);
    assert_int_equal(wc_wim_header_decode(&source, vector, &reason), WC_OK);
    source.part = 3;
    source.part_count = 4;
    source.flags |= 0x8 | 0x80; /* spanned; links are mended */
    source.allows_solid = true;
    wc_wimpipe_header(bytes, &source);
    assert_int_equal(wc_wim_header_decode(&h, bytes, &reason), WC_OK);
    assert_true(h.pipable && h.allows_solid);
    assert_int_equal(h.flags, 0x40082);
    assert_int_equal(h.compression, source.compression);
    assert_int_equal(h.chunk_bytes, source.chunk_bytes);
    assert_int_equal(h.part, 1);
    assert_int_equal(h.part_count, 1);
    assert_int_equal(h.image_count, 1);
    assert_int_equal(h.boot_image, 0);
    assert_int_equal(h.table.offset | h.xml.offset | h.integrity.offset, 0);
}

static void what_passes_as_it_is(void **state)
{
    (void)state;
    const struct wc_wim_header h = {.compression = WC_WIM_LZX, .chunk_bytes = 32768};
    struct wc_wim_form form = {.compression = WC_WIM_LZX, .chunk_bytes = 32768};
    assert_true(wc_wimpipe_passes(&h, &form));
    form.pipable = true;
    assert_true(wc_wimpipe_passes(&h, &form));
    form.chunk_bytes = 65536;
    assert_false(wc_wimpipe_passes(&h, &form));
    form.chunk_bytes = 32768;
    form.compression = WC_WIM_LZMS;
    assert_false(wc_wimpipe_passes(&h, &form));
    form.compression = WC_WIM_NONE;
    assert_true(wc_wimpipe_passes(&h, &form));
    form.solid = true;
    assert_false(wc_wimpipe_passes(&h, &form));
}

static void the_xml(void **state)
{
    (void)state;
    static const char text[] =
        "<WIM><IMAGE INDEX=\"1\"><TOTALBYTES>18446744073709551615</TOTALBYTES></IMAGE></WIM>";
    uint8_t bytes[WC_WIMPIPE_XML_BYTES];
    size_t count = wc_wimpipe_xml(bytes, UINT64_MAX);
    assert_int_equal(count, 2 + 2 * strlen(text));
    assert_true(bytes[0] == 0xff && bytes[1] == 0xfe);
    for (size_t i = 0; i < strlen(text); i++)
        assert_true(bytes[2 + 2 * i] == (uint8_t)text[i] && bytes[3 + 2 * i] == 0);
    assert_int_equal(wc_wimpipe_xml(bytes, 0), count - 2 * 19);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_as_wimlib),
        cmocka_unit_test(one_image_of_one_part),
        cmocka_unit_test(what_passes_as_it_is),
        cmocka_unit_test(the_xml),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
