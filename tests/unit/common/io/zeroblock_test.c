/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/io/zeroblock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/core/bitmap.h"
#include "common/io/digest.h"

/* 23 symbols of 16 bytes, the last one of 5: blocks of 4, 4, 4, 4, 4 and 3 symbols. */
enum { OBJECT_BYTES = 22 * 16 + 5, BLOCK_COUNT = 6 };

static void find_in(const uint8_t *object, uint64_t *bitmap, uint32_t *ret_count)
{
    struct wc_manifest m = {0};
    uint8_t digests[BLOCK_COUNT * WC_DIGEST_BYTES];
    struct wc_digest *d = NULL;
    assert_int_equal(wc_partition_init(&m.partition, OBJECT_BYTES, 16, 4), WC_OK);
    assert_int_equal(m.partition.block_count, BLOCK_COUNT);
    assert_int_equal(wc_digest_new(&d), WC_OK);
    for (uint32_t sbn = 0; sbn < BLOCK_COUNT; sbn++)
        wc_digest_of(d, object + wc_partition_offset(&m.partition, sbn),
                     wc_partition_bytes(&m.partition, sbn), digests + sbn * WC_DIGEST_BYTES);
    wc_digest_free(d);
    m.block_digests = digests;
    assert_int_equal(wc_zeroblock_find(&m, bitmap, ret_count), WC_OK);
}

/* Each block in turn is the only one with a byte in it, its last. */
static void only_zero_blocks(void **state)
{
    (void)state;
    struct wc_partition p;
    assert_int_equal(wc_partition_init(&p, OBJECT_BYTES, 16, 4), WC_OK);
    for (uint32_t sbn = 0; sbn < BLOCK_COUNT; sbn++) {
        uint8_t object[OBJECT_BYTES] = {0};
        uint64_t bitmap = 0;
        uint32_t count = 0;
        object[wc_partition_offset(&p, sbn) + wc_partition_bytes(&p, sbn) - 1] = 1;
        find_in(object, &bitmap, &count);
        assert_int_equal(count, BLOCK_COUNT - 1);
        assert_int_equal(bitmap, ((1u << BLOCK_COUNT) - 1) & ~(1u << sbn));
    }
}

static void other_bits_stay(void **state)
{
    (void)state;
    uint8_t object[OBJECT_BYTES];
    uint64_t bitmap = 1ull << 2 | 1ull << 40;
    uint32_t count = 7;
    memset(object, 1, sizeof(object));
    find_in(object, &bitmap, &count);
    assert_int_equal(count, 0);
    assert_true(bitmap == (1ull << 2 | 1ull << 40));
}

static void empty_object(void **state)
{
    (void)state;
    struct wc_manifest m = {0};
    uint32_t count = 7;
    assert_int_equal(wc_partition_init(&m.partition, 0, 16, 4), WC_OK);
    assert_int_equal(wc_zeroblock_find(&m, NULL, &count), WC_OK);
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_zero_blocks),
        cmocka_unit_test(other_bits_stay),
        cmocka_unit_test(empty_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
