/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/receiver/shell/store_fixture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/core/bitmap.h"

enum { SYMBOL_BYTES = 64, BLOCK_SYMBOLS = 16 };

static struct wc_fixture fixture;

static void on_warn(void *ctx, const char *sentence)
{
    struct wc_fixture *f = ctx;
    snprintf(f->warning, sizeof(f->warning), "%s", sentence);
    f->warning_count++;
}

int wc_fixture_make(void **state)
{
    memset(&fixture, 0, sizeof(fixture));
    wc_workdir_make(&fixture.work);
    fixture.options = (struct wc_store_options){.warn = on_warn, .ctx = &fixture};
    *state = &fixture;
    return 0;
}

int wc_fixture_clean(void **state)
{
    struct wc_fixture *f = *state;
    wc_store_close(f->store);
    wc_package_remove(&f->package);
    wc_workdir_remove(&f->work);
    return 0;
}

void wc_fixture_pack(struct wc_fixture *f, const struct wc_package_file *files, uint32_t count)
{
    wc_package_remove(&f->package);
    wc_package_make(&f->package, files, count, SYMBOL_BYTES, BLOCK_SYMBOLS);
}

enum wc_err wc_fixture_try(struct wc_fixture *f, const char *output)
{
    bool is_plain = !output || strcmp(output, "-") == 0 || output[0] == '/';
    f->options.output = is_plain ? output : wc_workdir_at(&f->work, output);
    f->warning_count = 0;
    f->warning[0] = '\0';
    memset(&f->why, 0, sizeof(f->why));
    assert_null(f->store);
    return wc_store_open(&f->store, &f->package.m, f->package.digest, &f->options, &f->why);
}

void wc_fixture_open(struct wc_fixture *f, const char *output)
{
    if (wc_fixture_try(f, output) != WC_OK)
        fail_msg("not opened: %s", f->why.text);
}

void wc_fixture_close(struct wc_fixture *f)
{
    wc_store_close(f->store);
    f->store = NULL;
}

void wc_fixture_refused(struct wc_fixture *f, const char *output, enum wc_err err, int exit_code,
                        const char *words)
{
    assert_int_equal(wc_fixture_try(f, output), err);
    assert_null(f->store);
    if (!strstr(f->why.text, words))
        fail_msg("'%s' does not say '%s'", f->why.text, words);
    assert_int_equal(f->why.exit_code, exit_code);
}

void wc_fixture_write(struct wc_fixture *f, uint32_t sbn)
{
    const uint8_t *bytes = wc_package_block(&f->package, sbn);
    if (wc_store_write(f->store, sbn, bytes, &f->why) != WC_OK)
        fail_msg("block %u not written: %s", sbn, f->why.text);
    assert_true(wc_bitmap_get(wc_store_have(f->store), sbn));
}

void wc_fixture_write_rest(struct wc_fixture *f, uint32_t seed)
{
    uint32_t block_count = f->package.m.partition.block_count;
    for (uint32_t i = 0; i < block_count; i++) {
        uint32_t sbn = (i + seed) % block_count;
        sbn = seed % 2 ? block_count - 1 - sbn : sbn;
        if (!wc_bitmap_get(wc_store_have(f->store), sbn))
            wc_fixture_write(f, sbn);
    }
    assert_int_equal(wc_store_have_count(f->store), block_count);
}

void wc_fixture_finish(struct wc_fixture *f)
{
    if (wc_store_finish(f->store, &f->why) != WC_OK)
        fail_msg("not finished: %s", f->why.text);
    wc_fixture_close(f);
}

void wc_fixture_assert_complete(struct wc_fixture *f, const char *folder)
{
    char name[512];
    const struct wc_manifest *m = &f->package.m;
    for (uint32_t i = 0; i < m->file_count; i++) {
        const struct wc_file *file = &m->files[i];
        struct stat st;
        snprintf(name, sizeof(name), "%s/%s", folder, file->path);
        const char *path = wc_workdir_at(&f->work, name);
        if (lstat(path, &st) != 0)
            fail_msg("%s is missing", path);
        assert_int_equal(st.st_mode & 07777, file->mode);
        assert_int_equal(st.st_mtim.tv_sec, file->mtime_s);
        if (file->kind == WC_FILE_DIRECTORY) {
            assert_true(S_ISDIR(st.st_mode));
            continue;
        }
        assert_true(wc_workdir_holds(path, f->package.object + file->offset, file->byte_count));
        snprintf(name, sizeof(name), "%s/%s.part", folder, file->path);
        assert_false(wc_workdir_exists(wc_workdir_at(&f->work, name)));
        snprintf(name, sizeof(name), "%s/%s.part.journal", folder, file->path);
        assert_false(wc_workdir_exists(wc_workdir_at(&f->work, name)));
    }
    snprintf(name, sizeof(name), "%s/%s.part.journal", folder, m->id);
    assert_false(wc_workdir_exists(wc_workdir_at(&f->work, name)));
}

static void run_and_die(struct wc_fixture *f, const char *output, uint64_t chosen,
                        bool with_checkpoint)
{
    wc_fixture_open(f, output);
    for (uint32_t sbn = 0; sbn < f->package.m.partition.block_count; sbn++) {
        if (wc_bitmap_get(&chosen, sbn))
            wc_fixture_write(f, sbn);
    }
    bool bad = with_checkpoint && wc_store_checkpoint(f->store, WC_S(1), &f->why) != WC_OK;
    _exit(bad ? 1 : 0);
}

void wc_fixture_killed_run(struct wc_fixture *f, const char *output, uint32_t seed,
                           bool with_checkpoint, uint64_t *ret_written)
{
    uint64_t chosen = 0;
    assert_true(f->package.m.partition.block_count <= 64);
    wc_workdir_pattern(seed, 0, (uint8_t *)&chosen, sizeof(chosen));
    int status = -1;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (!pid)
        run_and_die(f, output, chosen, with_checkpoint);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    if (f->package.m.partition.block_count < 64)
        chosen &= (1ull << f->package.m.partition.block_count) - 1;
    *ret_written = chosen;
}
