/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A job of a session: its store are the files that are there (mend.h). Comparing them runs in the
 * pool thread that opens the store, while the session is kept alive; what is said meanwhile is said
 * by that thread, for the main thread is silent until the store is open. */
#include "receiver/shell/verify_repair.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/core/bitmap.h"
#include "common/core/hresult.h"
#include "common/io/clock.h"
#include "common/io/crew.h"
#include "common/io/format.h"
#include "receiver/shell/display.h"
#include "receiver/shell/mend.h"
#include "receiver/shell/run.h"
#include "receiver/shell/verify_manifest.h"

struct repair {
    const struct wc_verify_options *options;
    struct wc_verify_report *report;
    const struct wc_manifest *manifest;
    struct wc_mend *mend;
    struct wc_verify_blocks blocks;
    uint32_t file_count;    /* that were compared */
    uint64_t block_count;   /* of these files */
    uint32_t damaged_count; /* of these blocks */
    uint64_t damaged_bytes;
};

/* --- comparing ------------------------------------------------------------------------------ */

static enum wc_err no_input(const char *path, int error, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    const char *fix = error == ENOENT
                          ? "; what is missing is not mended, but fetched: wimcast-receiver fetch"
                          : "";
    return wc_why_set(why, wc_why_errno(error), wc_why_input_exit(error), "cannot open %s: %s%s",
                      wc_why_path(shown, path), wc_why_errno_text(error), fix);
}

static bool is_wim(const struct wc_manifest *m, const struct wc_file *file)
{
    for (uint32_t i = 0; i < m->wim_count; i++)
        if (&m->files[m->wims[i].file] == file)
            return true;
    return false;
}

/* NAME7.swm may be a part of NAME.swm, which knows all names. Its number; 0: it is not. */
static uint16_t open_first(struct wc_wim **ret, const char *path)
{
    const char *end = strrchr(path, '.');
    const char *begin = end;
    while (begin && begin > path && begin[-1] >= '0' && begin[-1] <= '9')
        begin--;
    char *first = NULL;
    struct wc_why why;
    if (begin == end || asprintf(&first, "%.*s%s", (int)(begin - path), path, end) < 0)
        return 0;
    enum wc_err err = wc_wim_open(ret, first, &why);
    free(first);
    for (uint16_t i = 1; !err && i < (*ret)->part_count; i++)
        if (strcmp((*ret)->parts[i].path, path) == 0)
            return (uint16_t)(i + 1);
    if (!err) {
        wc_wim_close(*ret);
        *ret = NULL;
    }
    return 0;
}

/* For the names of what is damaged; without them it goes on. *ret_part: its number in the WIM.
 * WC_E_NOMEM. */
static enum wc_err look_inside(struct repair *r, const struct wc_file *file, const char *path,
                               struct wc_wim **ret, uint16_t *ret_part)
{
    struct wc_why why;
    enum wc_err err = wc_wim_open(ret, path, &why);
    *ret_part = err ? open_first(ret, path) : 1;
    if (*ret_part)
        return wc_verify_report_map(r->report, (*ret)->map);
    if (err == WC_E_NOMEM || !is_wim(r->manifest, file))
        return err == WC_E_NOMEM ? err : WC_OK;
    struct wc_wim_sight sight = {.fault = WC_WIM_FAULT_AREA,
                                 .file = wc_verify_last(path),
                                 .area = "the structure",
                                 .seen = why.text,
                                 .is_mended = true};
    wc_verify_report_fault(r->report, &sight, NULL);
    return WC_OK;
}

static uint64_t blocks_of(const struct wc_manifest *m, const struct wc_file *file)
{
    if (!file->byte_count)
        return 0;
    return wc_partition_block_at(&m->partition, file->offset + file->byte_count - 1) -
           wc_partition_block_at(&m->partition, file->offset) + 1;
}

static enum wc_err compare_open(struct repair *r, const struct wc_file *file, const char *path,
                                int fd, uint64_t byte_count, struct wc_why *why)
{
    struct wc_wim *wim = NULL;
    struct wc_verify_wish wish = {0};
    uint16_t part;
    bool differs = false;
    enum wc_err err = look_inside(r, file, path, &wim, &part);
    if (err)
        return wc_why_set(why, err, EX_OSERR, "out of memory");
    r->file_count++;
    r->block_count += blocks_of(r->manifest, file);
    r->blocks.wim = wim;
    r->blocks.wish = &wish;
    err = wc_verify_blocks_file(&r->blocks, r->report, file, path, part, fd, byte_count, &differs,
                                why);
    (void)!wc_verify_report_map(r->report, NULL); /* cannot fail */
    wc_wim_close(wim);
    if (err || !differs)
        return err;
    return wc_mend_add(r->mend, (uint32_t)(file - r->manifest->files), path, why);
}

static enum wc_err compare(struct repair *r, const struct wc_file *file, const char *path,
                           struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st)) {
        int error = errno;
        if (fd >= 0)
            close(fd);
        return no_input(path, error, why);
    }
    enum wc_err err =
        S_ISREG(st.st_mode)
            ? compare_open(r, file, path, fd, (uint64_t)st.st_size, why)
            : wc_why_set(why, WC_E_PATH, EX_NOINPUT, "%s is no regular file, and cannot be mended",
                         wc_why_path(shown, path));
    close(fd);
    return err;
}

/* All files of the package, below a folder. */
static enum wc_err compare_folder(struct repair *r, struct wc_why *why)
{
    enum wc_err err = WC_OK;
    for (uint32_t i = 0; !err && i < r->manifest->file_count; i++) {
        const struct wc_file *file = &r->manifest->files[i];
        char *path;
        if (file->kind != WC_FILE_REGULAR)
            continue;
        if (asprintf(&path, "%s/%s", r->options->path, file->path) < 0)
            return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
        err = compare(r, file, path, why);
        free(path);
    }
    return err;
}

static enum wc_err compare_all(struct repair *r, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    const char *path = r->options->path;
    struct stat st;
    if (stat(path, &st))
        return no_input(path, errno, why);
    if (S_ISDIR(st.st_mode))
        return compare_folder(r, why);
    const struct wc_file *file =
        wc_verify_manifest_file(r->manifest, path, (uint64_t)st.st_size, true);
    if (file)
        return compare(r, file, path, why);
    return wc_why_set(why, WC_E_NOT_FOUND, EX_DATAERR,
                      "package %s has no file %s; rename the file to what it is called there, or "
                      "name the folder that all its files are in",
                      r->manifest->id, wc_why_path(shown, wc_verify_last(path)));
}

/* --- the store ------------------------------------------------------------------------------ */

static void count_damage(struct repair *r)
{
    const struct wc_partition *p = &r->manifest->partition;
    const uint64_t *damaged = wc_mend_damaged(r->mend);
    for (uint32_t sbn = wc_bitmap_find_set(damaged, p->block_count, 0); sbn < p->block_count;
         sbn = wc_bitmap_find_set(damaged, p->block_count, sbn + 1)) {
        r->damaged_count++;
        r->damaged_bytes += wc_partition_bytes(p, sbn);
    }
}

/* With most of it wrong this is something else, and somebody may want to keep it. */
static enum wc_err refuse_other(const struct repair *r, struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    char bad[WC_VERIFY_COUNT_BYTES], all[WC_VERIFY_COUNT_BYTES];
    (void)wc_why_set(why, WC_E_DIGEST, EX_DATAERR,
                     "%s differs from version %u of package %s in %s of %s blocks: it is another "
                     "version, or something else; get this one with wimcast-receiver fetch, or "
                     "mend it all the same with --force",
                     wc_why_path(shown, r->options->path), r->manifest->version, r->manifest->id,
                     wc_verify_count(bad, r->damaged_count), wc_verify_count(all, r->block_count));
    return wc_why_mark(why, WC_E_DIGEST, "repair.other", WC_HR_HASH_VALUE);
}

static bool may_go_on(void *ctx)
{
    const struct wc_store_options *options = ctx;
    return options->progress(options->ctx, 0, 0);
}

static enum wc_err open_store(void *ctx, struct wc_store **ret, const struct wc_manifest *m,
                              const uint8_t manifest_digest[WC_DIGEST_BYTES],
                              const struct wc_store_options *options, struct wc_why *why)
{
    struct repair *r = ctx;
    struct wc_store_options told = *options;
    (void)manifest_digest; /* nothing is kept for another run */
    r->manifest = m;
    enum wc_err err = wc_mend_new(&r->mend, m, r->options->path, NULL, why);
    if (err)
        return err;
    r->blocks = (struct wc_verify_blocks){
        .manifest = m,
        .worker_count = wc_crew_size(),
        .damaged = wc_mend_damaged(r->mend),
        .proceed = may_go_on,
        .ctx = &told,
    };
    err = compare_all(r, why);
    wc_term_finish(r->report->term, false);
    if (err)
        return err;
    count_damage(r);
    if (2 * (uint64_t)r->damaged_count > r->block_count && !r->options->force)
        return refuse_other(r, why);
    return wc_store_open_mend(ret, m, r->mend, options, why);
}

/* --- the end -------------------------------------------------------------------------------- */

/* All that came for it: symbols in their datagrams or frames, and the manifest. */
static uint64_t moved_bytes(const struct wc_fetch_summary *s)
{
    uint64_t symbol = s->manifest->partition.symbol_bytes;
    uint64_t datagram = WC_HEADER_BYTES + symbol + WC_TAG_BYTES;
    return s->stats.core.received_count * datagram + s->stats.unicast_count * symbol +
           wc_manifest_encoded_bytes(s->manifest);
}

static void summary_event(const struct repair *r, const struct wc_fetch_summary *s)
{
    struct wc_jsonl *j = r->report->events;
    char code[16];
    snprintf(code, sizeof code, "0x%08X", s->hresult);
    wc_jsonl_begin(j, "summary");
    wc_jsonl_str(j, "result", s->result);
    wc_jsonl_str(j, "hresult", s->hresult ? code : NULL);
    wc_jsonl_str(j, "file", r->options->path);
    wc_jsonl_str(j, "package", s->manifest ? s->manifest->id : NULL);
    wc_jsonl_uint(j, "version", s->manifest ? s->manifest->version : 0);
    wc_jsonl_uint(j, "files", r->file_count);
    wc_jsonl_uint(j, "blocks", r->block_count);
    wc_jsonl_uint(j, "blocks_damaged", r->damaged_count);
    wc_jsonl_uint(j, "blocks_mended", s->complete ? r->damaged_count : 0);
    wc_jsonl_uint(j, "paths_damaged", r->report->damaged_count);
    wc_jsonl_uint(j, "bytes", s->manifest ? s->manifest->partition.object_bytes : 0);
    wc_jsonl_uint(j, "bytes_moved", s->manifest ? moved_bytes(s) : 0);
    wc_jsonl_real(j, "seconds", (double)(wc_clock_now() - r->report->begin) / 1e9);
    wc_jsonl_int(j, "exit_code", s->exit_code);
    (void)!wc_jsonl_end(j, NULL);
}

static void print_summary(const struct repair *r, const struct wc_fetch_summary *s)
{
    char all[WC_VERIFY_COUNT_BYTES], bad[WC_VERIFY_COUNT_BYTES], shown[WC_WHY_PATH_BYTES];
    char size[WC_FORMAT_BYTES], moved[WC_FORMAT_BYTES];
    const char *plural = r->damaged_count == 1 ? "" : "s";
    wc_why_path(shown, r->options->path);
    printf("%s blocks verified, %s damaged\n", wc_verify_count(all, r->block_count),
           wc_verify_count(bad, r->damaged_count));
    if (!s->complete)
        return;
    if (wc_mend_count(r->mend))
        printf("mended: %s block%s of %s, %s, written and read back; %s came for it\n", bad, plural,
               shown, wc_format_bytes(size, r->damaged_bytes),
               wc_format_bytes(moved, moved_bytes(s)));
    printf("ok: %s is what version %u of package %s says\n", shown, s->manifest->version,
           s->manifest->id);
}

static void summarize(void *ctx, const struct wc_fetch_summary *summary)
{
    const struct repair *r = ctx;
    if (r->report->events)
        summary_event(r, summary);
    else if (r->report->verbosity >= 0 && r->manifest)
        print_summary(r, summary);
}

int wc_verify_repair_run(const struct wc_verify_options *options,
                         const struct wc_args_common *common)
{
    struct repair r = {.options = options, .report = wc_verify_report_new(common)};
    struct wc_jobs jobs = {.count = 0};
    if (!r.report) {
        fprintf(stderr, "wimcast-receiver: out of memory\n");
        return EX_OSERR;
    }
    wc_jobs_add(&jobs, &(struct wc_job){.open = open_store, .summarize = summarize, .ctx = &r});
    int exit_code = wc_run_session(&options->session, common, &jobs);
    wc_mend_free(r.mend);
    wc_verify_report_free(r.report);
    if (fflush(stdout) == 0)
        return exit_code;
    fprintf(stderr, "wimcast-receiver: cannot write to standard output\n");
    return EX_IOERR;
}
