/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/core/bitmap.h"
#include "tests/support/workdir.h"

enum { BLOCK_COUNT = 131, WORD_COUNT = 3, STRIDE = 4096 };

static struct wc_workdir work;
static int dir;
static uint8_t manifest_digest[WC_DIGEST_BYTES] = {1, 2, 3};

static int make(void **state)
{
    (void)state;
    wc_workdir_make(&work);
    dir = open(work.path, O_RDONLY | O_DIRECTORY);
    return dir < 0;
}

static int clean(void **state)
{
    (void)state;
    close(dir);
    wc_workdir_remove(&work);
    return 0;
}

static struct wc_journal *open_it(void)
{
    struct wc_journal *j = NULL;
    assert_int_equal(
        wc_journal_open(&j, dir, "j", manifest_digest, BLOCK_COUNT, &wc_file_ops_system), WC_OK);
    return j;
}

/* What a journal finds when it is opened now. */
static enum wc_journal_found found_now(uint64_t bitmap[WORD_COUNT])
{
    struct wc_journal *j = open_it();
    memset(bitmap, 0, WORD_COUNT * sizeof(uint64_t));
    enum wc_journal_found found = wc_journal_load(j, bitmap);
    wc_journal_close(j);
    return found;
}

static void save(struct wc_journal *j, uint32_t block)
{
    uint64_t bitmap[WORD_COUNT] = {0};
    wc_bitmap_set(bitmap, block);
    assert_int_equal(wc_journal_save(j, bitmap), WC_OK);
}

static void assert_block(const uint64_t *bitmap, uint32_t block)
{
    assert_int_equal(wc_bitmap_count(bitmap, BLOCK_COUNT), 1);
    assert_true(wc_bitmap_get(bitmap, block));
}

/* --- one slot --- */

/* Bytes that may never change: a journal outlives the program that wrote it. */
static void golden_slot(void **state)
{
    (void)state;
    static const char expected[] =
        "57434a520001000001020304050607"
        "08a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf0000000b0104"
        "c7caa1a34874dd7fc711d982858243e91fe591b3937a5732563a2ac42d4f380f";
    uint8_t digest[WC_DIGEST_BYTES];
    uint8_t bytes[86];
    char hex[2 * sizeof(bytes) + 1];
    uint64_t bitmap = 1u << 0 | 1u << 10;
    struct wc_digest *d = NULL;
    for (uint8_t i = 0; i < WC_DIGEST_BYTES; i++)
        digest[i] = (uint8_t)(0xa0 + i);
    const struct wc_journal_slot slot = {.sequence = 0x0102030405060708,
                                         .manifest_digest = digest,
                                         .block_count = 11,
                                         .bitmap = &bitmap};
    assert_int_equal(wc_digest_new(&d), WC_OK);
    assert_int_equal(wc_journal_slot_bytes(11), sizeof(bytes));
    wc_journal_encode(&slot, d, bytes);
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    assert_string_equal(hex, expected);
    wc_digest_free(d);
}

static void slots_come_back(void **state)
{
    (void)state;
    static const uint32_t counts[] = {0, 1, 7, 8, 9, 63, 64, 65, 1000};
    struct wc_digest *d = NULL;
    assert_int_equal(wc_digest_new(&d), WC_OK);
    for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
        uint64_t in[16] = {0};
        uint64_t out[16];
        uint8_t bytes[300];
        for (uint32_t i = 0; i < counts[c]; i += 3)
            wc_bitmap_set(in, i);
        memset(out, 0xff, sizeof(out));
        struct wc_journal_slot slot = {.sequence = 5,
                                       .manifest_digest = manifest_digest,
                                       .block_count = counts[c],
                                       .bitmap = in};
        size_t byte_count = wc_journal_slot_bytes(counts[c]);
        wc_journal_encode(&slot, d, bytes);
        slot.sequence = 0;
        slot.bitmap = out;
        assert_int_equal(wc_journal_decode(&slot, d, bytes, byte_count), WC_OK);
        assert_int_equal(slot.sequence, 5);
        assert_memory_equal(in, out, wc_bitmap_words(counts[c]) * sizeof(uint64_t));
        /* Cut anywhere, or with any byte changed, it is refused. */
        for (size_t n = 0; n < byte_count; n++) {
            assert_int_equal(wc_journal_decode(&slot, d, bytes, n), WC_E_SHORT);
            bytes[n] ^= 0x10;
            assert_int_not_equal(wc_journal_decode(&slot, d, bytes, byte_count), WC_OK);
            bytes[n] ^= 0x10;
        }
    }
    wc_digest_free(d);
}

/* A bit for a block that is not there, under a right checksum. */
static void stray_bits(void **state)
{
    (void)state;
    uint64_t bitmap = 0;
    uint8_t bytes[86];
    struct wc_digest *d = NULL;
    struct wc_journal_slot slot = {
        .manifest_digest = manifest_digest, .block_count = 11, .bitmap = &bitmap};
    assert_int_equal(wc_digest_new(&d), WC_OK);
    wc_journal_encode(&slot, d, bytes);
    bytes[53] = 0x08;
    wc_digest_of(d, bytes, 54, bytes + 54);
    assert_int_equal(wc_journal_decode(&slot, d, bytes, sizeof(bytes)), WC_E_FORMAT);
    bytes[53] = 0x07;
    wc_digest_of(d, bytes, 54, bytes + 54);
    assert_int_equal(wc_journal_decode(&slot, d, bytes, sizeof(bytes)), WC_OK);
    wc_digest_free(d);
}

/* --- the file --- */

static void the_latest_counts(void **state)
{
    (void)state;
    uint64_t bitmap[WORD_COUNT];
    struct stat st;
    assert_int_equal(found_now(bitmap), WC_JOURNAL_NONE);
    for (uint32_t i = 0; i < 9; i++) {
        struct wc_journal *j = open_it();
        if (i)
            assert_int_equal(wc_journal_load(j, bitmap), WC_JOURNAL_CLAIMS);
        save(j, i);
        save(j, 100 + i);
        if (i % 2)
            save(j, i);
        assert_int_equal(wc_journal_sync(j), WC_OK);
        wc_journal_close(j);
        assert_int_equal(found_now(bitmap), WC_JOURNAL_CLAIMS);
        assert_block(bitmap, i % 2 ? i : 100 + i);
    }
    assert_int_equal(stat(wc_workdir_at(&work, "j"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, STRIDE + (off_t)wc_journal_slot_bytes(BLOCK_COUNT));
}

/* A disk that stops in the middle of a write. */
static size_t tear_at;

static ssize_t torn_pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    size_t n = count < tear_at ? count : tear_at;
    if (n && pwrite(fd, bytes, n, offset) != (ssize_t)n)
        abort();
    errno = EIO;
    return -1;
}

/* Whatever part of a write gets through, the claim before it stays. */
static void torn_writes(void **state)
{
    (void)state;
    const struct wc_file_ops torn = {.pread = pread, .pwrite = torn_pwrite};
    size_t slot_bytes = wc_journal_slot_bytes(BLOCK_COUNT);
    for (unsigned saved_count = 1; saved_count <= 3; saved_count++) {
        for (tear_at = 0; tear_at < slot_bytes; tear_at++) {
            uint64_t bitmap[WORD_COUNT] = {0};
            struct wc_journal *j = open_it();
            assert_int_equal(wc_journal_clear(j), WC_OK);
            for (uint32_t i = 0; i < saved_count; i++)
                save(j, i);
            wc_journal_close(j);
            assert_int_equal(wc_journal_open(&j, dir, "j", manifest_digest, BLOCK_COUNT, &torn),
                             WC_OK);
            assert_int_equal(wc_journal_load(j, bitmap), WC_JOURNAL_CLAIMS);
            wc_bitmap_set(bitmap, 77);
            assert_int_equal(wc_journal_save(j, bitmap), WC_E_IO);
            wc_journal_close(j);
            assert_int_equal(found_now(bitmap), WC_JOURNAL_CLAIMS);
            assert_block(bitmap, saved_count - 1);
        }
    }
}

/* The very first write cut short leaves nothing to go by. */
static void torn_at_birth(void **state)
{
    (void)state;
    uint64_t bitmap[WORD_COUNT];
    struct wc_journal *j = open_it();
    save(j, 1);
    wc_journal_close(j);
    const char *path = wc_workdir_at(&work, "j");
    off_t whole = STRIDE + (off_t)wc_journal_slot_bytes(BLOCK_COUNT);
    assert_int_equal(found_now(bitmap), WC_JOURNAL_CLAIMS);
    for (off_t n = whole - 1; n > 0; n -= 61) {
        assert_int_equal(truncate(path, n), 0);
        assert_int_equal(found_now(bitmap), WC_JOURNAL_DAMAGED);
    }
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(found_now(bitmap), WC_JOURNAL_NONE);
}

static void others_and_rubbish(void **state)
{
    (void)state;
    uint64_t bitmap[WORD_COUNT];
    struct wc_journal *j = open_it();
    save(j, 1);
    wc_journal_close(j);
    manifest_digest[31] ^= 1;
    assert_int_equal(found_now(bitmap), WC_JOURNAL_OTHER);
    manifest_digest[31] ^= 1;
    assert_int_equal(found_now(bitmap), WC_JOURNAL_CLAIMS);
    wc_workdir_fill(&work, "j", 1, 10000);
    assert_int_equal(found_now(bitmap), WC_JOURNAL_DAMAGED);
    j = open_it();
    assert_int_equal(wc_journal_clear(j), WC_OK);
    save(j, 9);
    wc_journal_close(j);
    assert_int_equal(found_now(bitmap), WC_JOURNAL_CLAIMS);
    assert_block(bitmap, 9);
}

static enum wc_err try_open(const char *name)
{
    struct wc_journal *j = NULL;
    enum wc_err err =
        wc_journal_open(&j, dir, name, manifest_digest, BLOCK_COUNT, &wc_file_ops_system);
    wc_journal_close(j);
    return err;
}

static void one_holder(void **state)
{
    (void)state;
    struct wc_journal *j = open_it();
    assert_int_equal(try_open("j"), WC_E_STATE);
    assert_int_equal(try_open("k"), WC_OK);
    assert_int_equal(wc_journal_remove(j), WC_OK);
    assert_int_equal(try_open("j"), WC_OK); /* another file of that name */
    wc_journal_close(j);
    assert_int_equal(try_open("j"), WC_OK);
    wc_journal_close(NULL);
}

static void no_journal_but_ours(void **state)
{
    (void)state;
    wc_workdir_write(&work, "victim", "precious", 8);
    assert_int_equal(symlink("victim", wc_workdir_at(&work, "link")), 0);
    assert_int_equal(link(wc_workdir_at(&work, "victim"), wc_workdir_at(&work, "hard")), 0);
    assert_int_equal(mkfifo(wc_workdir_at(&work, "pipe"), 0600), 0);
    wc_workdir_mkdir(&work, "folder");
    assert_int_equal(try_open("link"), WC_E_PATH);
    assert_int_equal(try_open("hard"), WC_E_PATH);
    assert_int_equal(try_open("pipe"), WC_E_PATH);
    assert_int_equal(try_open("folder"), WC_E_PATH);
    assert_int_equal(try_open("victim/x"), WC_E_PATH);
    assert_int_equal(try_open("absent/x"), WC_E_NOT_FOUND);
    assert_true(wc_workdir_holds(wc_workdir_at(&work, "victim"), "precious", 8));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_slot),
        cmocka_unit_test(slots_come_back),
        cmocka_unit_test(stray_bits),
        TEST(the_latest_counts),
        TEST(torn_writes),
        TEST(torn_at_birth),
        TEST(others_and_rubbish),
        TEST(one_holder),
        TEST(no_journal_but_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
