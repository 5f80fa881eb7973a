/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/publish.h"

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

#include "common/core/bitmap.h"
#include "common/io/digest.h"
#include "common/io/zeroblock.h"
#include "tests/support/workdir.h"

static struct wc_workdir work;
static struct wc_why why;

static int make(void **state)
{
    (void)state;
    wc_workdir_make(&work);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    wc_workdir_remove(&work);
    return 0;
}

static struct wc_content *open_path(const char *path)
{
    struct wc_content *c = NULL;
    assert_int_equal(wc_content_open(&c, &path, 1, NULL, &why), WC_OK);
    return c;
}

static void assert_digest(const uint8_t *digest, const uint8_t *bytes, size_t count)
{
    uint8_t expected[WC_DIGEST_BYTES];
    struct wc_digest *d = NULL;
    assert_int_equal(wc_digest_new(&d), WC_OK);
    wc_digest_of(d, bytes, count, expected);
    wc_digest_free(d);
    assert_memory_equal(digest, expected, WC_DIGEST_BYTES);
}

/* Files around the size of a piece, empty ones first, between and last. */
static void every_digest_is_right(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, (1u << 20) - 1, 0, 5, (2u << 20) + 3, 1440, 0};
    enum { FILE_COUNT = sizeof(sizes) / sizeof(sizes[0]) };
    size_t object_bytes = 0;
    for (size_t i = 0; i < FILE_COUNT; i++)
        object_bytes += sizes[i];
    uint8_t *object = malloc(object_bytes);
    assert_non_null(object);
    size_t at = 0;
    for (size_t i = 0; i < FILE_COUNT; i++) {
        char name[16];
        snprintf(name, sizeof(name), "img/%zu", i);
        wc_workdir_fill(&work, name, i, sizes[i]);
        wc_workdir_pattern(i, 0, object + at, sizes[i]);
        at += sizes[i];
    }
    struct wc_content *c = open_path(wc_workdir_at(&work, "img"));
    const struct wc_publish_config config = {
        .id = "XYZ00012", .version = 3, .symbol_bytes = 1440, .block_symbols = 128};
    struct wc_publication p = {0};
    assert_int_equal(wc_publish_run(&p, c, &config, &why), WC_OK);
    wc_content_close(c);

    const struct wc_manifest *m = &p.manifest;
    static const uint8_t none[WC_DIGEST_BYTES];
    assert_string_equal(m->id, "XYZ00012");
    assert_int_equal(m->version, 3);
    assert_int_equal(m->file_count, FILE_COUNT + 1);
    assert_string_equal(m->files[0].path, "img");
    assert_memory_equal(m->files[0].digest, none, WC_DIGEST_BYTES);
    for (size_t i = 0; i < FILE_COUNT; i++)
        assert_digest(m->files[i + 1].digest, object + m->files[i + 1].offset, sizes[i]);
    assert_true(m->partition.object_bytes == object_bytes);
    for (uint32_t sbn = 0; sbn < m->partition.block_count; sbn++)
        assert_digest(m->block_digests + (size_t)sbn * WC_DIGEST_BYTES,
                      object + wc_partition_offset(&m->partition, sbn),
                      wc_partition_bytes(&m->partition, sbn));
    assert_digest(p.digest, p.bytes, p.byte_count);
    wc_publish_deinit(&p);
    wc_publish_deinit(&p);
    free(object);
}

/* A sparse file: its holes are zero blocks. */
static void holes_are_zero_blocks(void **state)
{
    (void)state;
    const char *path = wc_workdir_fill(&work, "sparse", 1, 1000);
    assert_int_equal(truncate(path, 1 << 20), 0);
    struct wc_content *c = open_path(path);
    const struct wc_publish_config config = {.id = "s", .symbol_bytes = 1024, .block_symbols = 16};
    struct wc_publication p = {0};
    uint64_t zero = 0;
    uint32_t zero_count = 0;
    assert_int_equal(wc_publish_run(&p, c, &config, &why), WC_OK);
    assert_int_equal(p.manifest.partition.block_count, 64);
    assert_int_equal(wc_zeroblock_find(&p.manifest, &zero, &zero_count), WC_OK);
    assert_int_equal(zero_count, 63);
    assert_false(wc_bitmap_get(&zero, 0));
    wc_publish_deinit(&p);
    wc_content_close(c);
}

struct meddler {
    const char *path;
    uint64_t calls;
    uint64_t last_done;
    uint64_t stop_after;
};

static bool on_progress(void *ctx, uint64_t done_bytes, uint64_t object_bytes)
{
    struct meddler *meddler = ctx;
    assert_true(done_bytes > meddler->last_done && done_bytes <= object_bytes);
    meddler->last_done = done_bytes;
    if (++meddler->calls == 1 && meddler->path)
        assert_int_equal(truncate(meddler->path, (off_t)object_bytes + 1), 0);
    return meddler->calls != meddler->stop_after;
}

static void progress_and_stop(void **state)
{
    (void)state;
    struct wc_content *c = open_path(wc_workdir_fill(&work, "a.img", 1, 5 << 20));
    struct meddler meddler = {.stop_after = 3};
    struct wc_publish_config config = {.id = "a",
                                       .symbol_bytes = 1440,
                                       .block_symbols = 128,
                                       .progress = on_progress,
                                       .ctx = &meddler};
    struct wc_publication p = {.byte_count = 77};
    assert_int_equal(wc_publish_run(&p, c, &config, &why), WC_E_CLOSED);
    assert_int_equal(p.byte_count, 77);
    assert_int_equal(meddler.calls, 3);
    meddler = (struct meddler){0};
    assert_int_equal(wc_publish_run(&p, c, &config, &why), WC_OK);
    assert_int_equal(meddler.last_done, 5 << 20);
    wc_publish_deinit(&p);
    wc_content_close(c);
}

static void a_file_that_grows_meanwhile(void **state)
{
    (void)state;
    struct meddler meddler = {.path = wc_workdir_fill(&work, "a.img", 1, 3 << 20)};
    struct wc_content *c = open_path(meddler.path);
    const struct wc_publish_config config = {.id = "a",
                                             .symbol_bytes = 1440,
                                             .block_symbols = 128,
                                             .progress = on_progress,
                                             .ctx = &meddler};
    struct wc_publication p;
    assert_int_equal(wc_publish_run(&p, c, &config, &why), WC_E_DIGEST);
    assert_int_equal(why.exit_code, EX_DATAERR);
    assert_non_null(strstr(why.text, "a.img was changed"));
    wc_content_close(c);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    struct wc_content *c = open_path(wc_workdir_fill(&work, "a.img", 1, 100));
    struct wc_publication p;
    struct wc_publish_config config = {.id = "no/id", .symbol_bytes = 1440, .block_symbols = 128};
    assert_int_equal(wc_publish_run(&p, c, &config, &why), WC_E_FORMAT);
    assert_int_equal(why.exit_code, EX_USAGE);
    assert_non_null(strstr(why.text, "'no/id' is no package id"));
    config.id = "id";
    config.symbol_bytes = 15;
    assert_int_equal(wc_publish_run(&p, c, &config, &why), WC_E_RANGE);
    config.symbol_bytes = 16;
    config.block_symbols = 129;
    assert_int_equal(wc_publish_run(&p, c, &config, &why), WC_E_RANGE);
    wc_content_close(c);

    const char *path = wc_workdir_fill(&work, "large", 1, 1);
    assert_int_equal(truncate(path, 1ll << 32), 0);
    c = open_path(path);
    config.block_symbols = 1;
    assert_int_equal(wc_publish_run(&p, c, &config, &why), WC_E_TOO_LARGE);
    assert_non_null(strstr(why.text, "4.0 GiB are too much"));
    wc_content_close(c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_digest_is_right),       TEST(holes_are_zero_blocks), TEST(progress_and_stop),
        TEST(a_file_that_grows_meanwhile), TEST(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
