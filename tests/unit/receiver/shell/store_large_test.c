/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An object beyond 4 GiB, where 32-bit arithmetic ends. All but four of its blocks are zeros, so
 * that it needs neither disk nor much time. */
#include "receiver/shell/store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/core/bitmap.h"
#include "common/io/digest.h"
#include "tests/support/workdir.h"

#define GIB (1ull << 30)

enum { SYMBOL_BYTES = 1440, BLOCK_SYMBOLS = 128, BLOCK_BYTES = SYMBOL_BYTES * BLOCK_SYMBOLS };
enum { FULL_COUNT = 4 };

static struct wc_workdir work;
static struct wc_file files[] = {
    {.path = "large", .kind = WC_FILE_REGULAR, .mode = 0644, .byte_count = 4 * GIB + 100000},
    {.path = "small", .kind = WC_FILE_REGULAR, .mode = 0644, .byte_count = 300000},
};
static struct wc_manifest m = {
    .id = "large", .block_symbols = BLOCK_SYMBOLS, .files = files, .file_count = 2};
static uint32_t full[FULL_COUNT]; /* blocks that are not zeros: each the pattern of its number */
static uint8_t bytes[BLOCK_BYTES];
static uint8_t manifest_digest[WC_DIGEST_BYTES];

static void digests_make(void)
{
    struct wc_digest *d = NULL;
    uint8_t zeros[2][WC_DIGEST_BYTES];
    const struct wc_partition *p = &m.partition;
    assert_int_equal(wc_digest_new(&d), WC_OK);
    memset(bytes, 0, sizeof(bytes));
    wc_digest_of(d, bytes, (size_t)p->large_symbols * SYMBOL_BYTES, zeros[0]);
    wc_digest_of(d, bytes, (size_t)p->small_symbols * SYMBOL_BYTES, zeros[1]);
    for (uint32_t sbn = 0; sbn < p->block_count; sbn++)
        memcpy(m.block_digests + (size_t)sbn * WC_DIGEST_BYTES, zeros[sbn >= p->large_count],
               WC_DIGEST_BYTES);
    for (uint32_t i = 0; i < FULL_COUNT; i++) {
        uint32_t byte_count = wc_partition_bytes(p, full[i]);
        wc_workdir_pattern(full[i], 0, bytes, byte_count);
        wc_digest_of(d, bytes, byte_count, m.block_digests + (size_t)full[i] * WC_DIGEST_BYTES);
    }
    wc_digest_free(d);
}

static int make(void **state)
{
    (void)state;
    uint64_t object_bytes = files[0].byte_count + files[1].byte_count;
    wc_workdir_make(&work);
    files[1].offset = files[0].byte_count;
    if (wc_partition_init(&m.partition, object_bytes, SYMBOL_BYTES, BLOCK_SYMBOLS) != WC_OK)
        return -1;
    m.block_digests = calloc(m.partition.block_count, WC_DIGEST_BYTES);
    full[0] = 0;
    full[1] = wc_partition_block_at(&m.partition, 4 * GIB);
    full[2] = wc_partition_block_at(&m.partition, files[1].offset); /* in both files */
    full[3] = m.partition.block_count - 1;
    digests_make();
    return 0;
}

static int clean(void **state)
{
    (void)state;
    free(m.block_digests);
    wc_workdir_remove(&work);
    return 0;
}

static struct wc_store *open_it(void)
{
    struct wc_store *s = NULL;
    struct wc_why why;
    const struct wc_store_options options = {.output = wc_workdir_at(&work, "out")};
    if (wc_store_open(&s, &m, manifest_digest, &options, &why) != WC_OK)
        fail_msg("not opened: %s", why.text);
    return s;
}

static void write_block(struct wc_store *s, uint32_t sbn)
{
    wc_workdir_pattern(sbn, 0, bytes, wc_partition_bytes(&m.partition, sbn));
    assert_int_equal(wc_store_write(s, sbn, bytes, NULL), WC_OK);
}

/* What the files hold at the place of a block. */
static void assert_block(int large, int small, uint32_t sbn)
{
    static uint8_t found[BLOCK_BYTES];
    uint64_t offset = wc_partition_offset(&m.partition, sbn);
    uint32_t count = wc_partition_bytes(&m.partition, sbn);
    wc_workdir_pattern(sbn, 0, bytes, count);
    for (uint32_t i = 0; i < count; i++) { /* byte by byte: nothing clever to get wrong */
        uint64_t at = offset + i;
        bool in_large = at < files[1].offset;
        ssize_t n = in_large ? pread(large, found + i, 1, (off_t)at)
                             : pread(small, found + i, 1, (off_t)(at - files[1].offset));
        assert_int_equal(n, 1);
    }
    assert_memory_equal(bytes, found, count);
}

static void beyond_4_gib(void **state)
{
    (void)state;
    struct stat st;
    struct wc_store *s = open_it();
    assert_int_equal(wc_store_have_count(s), m.partition.block_count - FULL_COUNT);
    write_block(s, full[3]);
    write_block(s, full[1]);
    wc_store_close(s);
    s = open_it(); /* reads 4 GiB of holes */
    assert_int_equal(wc_store_have_count(s), m.partition.block_count - 2);
    assert_true(wc_bitmap_get(wc_store_have(s), full[1]));
    assert_true(wc_bitmap_get(wc_store_have(s), full[3]));
    write_block(s, full[0]);
    write_block(s, full[2]);
    assert_int_equal(wc_store_finish(s, NULL), WC_OK);
    wc_store_close(s);

    int large = open(wc_workdir_at(&work, "out/large"), O_RDONLY);
    int small = open(wc_workdir_at(&work, "out/small"), O_RDONLY);
    assert_int_equal(fstat(large, &st), 0);
    assert_true((uint64_t)st.st_size == files[0].byte_count);
    assert_true(st.st_blocks * 512 < 4 << 20);
    assert_int_equal(fstat(small, &st), 0);
    assert_true((uint64_t)st.st_size == files[1].byte_count);
    for (uint32_t i = 0; i < FULL_COUNT; i++)
        assert_block(large, small, full[i]);
    assert_int_equal(lseek(large, (off_t)(2 * GIB), SEEK_DATA) > (off_t)(3 * GIB), 1);
    close(large);
    close(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(beyond_4_gib, make, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
