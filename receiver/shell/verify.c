/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/io/alloc.h"
#include "common/io/clock.h"
#include "common/io/crew.h"
#include "common/io/format.h"
#include "receiver/shell/verify_deep.h"
#include "receiver/shell/verify_manifest.h"
#include "receiver/shell/verify_repair.h"
#include "receiver/shell/verify_report.h"
#include "receiver/shell/verify_signed.h"

struct verify {
    const struct wc_verify_options *options;
    struct wc_verify_report *report;
    struct wc_verify_signed package; /* with --manifest */
    struct wc_wim *wim;              /* NULL: it cannot be read */
    struct wc_verify_wish wish;
    struct wc_verify_blocks blocks;
    struct wc_wimdeep_result deep;
    uint32_t worker_count;
    struct wc_why why;
};

static enum wc_err refuse_err(struct verify *v, enum wc_err err)
{
    char shown[WC_WHY_PATH_BYTES];
    return wc_why_set(&v->why, err, EX_OSERR, "cannot verify %s: %s",
                      wc_why_path(shown, v->options->path), wc_err_text(err));
}

/* --- the end -------------------------------------------------------------------------------- */

static void summary_event(struct verify *v, const char *result, int exit_code)
{
    struct wc_verify_report *r = v->report;
    wc_jsonl_begin(r->events, "summary");
    wc_jsonl_str(r->events, "result", result);
    wc_jsonl_str(r->events, "file", v->options->path);
    wc_jsonl_bool(r->events, "deep", v->options->deep);
    wc_jsonl_bool(r->events, "manifest", v->options->manifest != NULL);
    if (v->package.is_signed)
        wc_jsonl_hex(r->events, "signed_by", v->package.key_digest, WC_DIGEST_BYTES);
    if (v->package.has_site)
        wc_jsonl_hex(r->events, "site", v->package.site_digest, WC_DIGEST_BYTES);
    wc_jsonl_uint(r->events, "images", v->wim ? v->wim->image_count : 0);
    wc_jsonl_uint(r->events, "files", v->wish.file_count);
    wc_jsonl_uint(r->events, "paths_damaged", r->damaged_count);
    wc_jsonl_uint(r->events, "blobs", v->deep.blob_count);
    wc_jsonl_uint(r->events, "plain_bytes", v->deep.plain_bytes);
    wc_jsonl_uint(r->events, "stored_bytes", v->deep.stored_bytes);
    wc_jsonl_uint(r->events, "blocks", v->blocks.block_count);
    wc_jsonl_uint(r->events, "blocks_damaged", v->blocks.damaged_count);
    wc_jsonl_uint(r->events, "findings", r->finding_count);
    wc_jsonl_real(r->events, "seconds", (double)(wc_clock_now() - r->begin) / 1e9);
    wc_jsonl_int(r->events, "exit_code", exit_code);
    (void)!wc_jsonl_end(r->events, NULL);
}

static void print_rate(struct verify *v)
{
    char size[WC_FORMAT_BYTES], rate[WC_FORMAT_BYTES], time[WC_FORMAT_BYTES];
    wc_ns taken = wc_clock_now() - v->report->begin;
    double seconds = (double)taken / 1e9;
    uint64_t per_s = seconds > 0 ? (uint64_t)((double)v->deep.stored_bytes / seconds) : 0;
    printf("%s in %s, %s/s of the image\n", wc_format_bytes(size, v->deep.plain_bytes),
           wc_format_seconds(time, taken), wc_format_bytes(rate, per_s));
}

static void print_summary(struct verify *v)
{
    char files[WC_VERIFY_COUNT_BYTES], damaged[WC_VERIFY_COUNT_BYTES];
    char blocks[WC_VERIFY_COUNT_BYTES], bad_blocks[WC_VERIFY_COUNT_BYTES];
    const struct wc_verify_report *r = v->report;
    wc_verify_count(files, v->wish.file_count);
    wc_verify_count(damaged, r->damaged_count);
    if (v->options->manifest)
        printf("%s blocks verified, %s damaged\n", wc_verify_count(blocks, v->blocks.block_count),
               wc_verify_count(bad_blocks, v->blocks.damaged_count));
    if (v->options->deep && v->wim)
        printf("%s files verified, %s damaged\n", files, damaged);
    else if (v->wim)
        printf("%s files in %u image%s%s%s%s\n", files, v->wim->image_count,
               v->wim->image_count == 1 ? "" : "s", r->damaged_count ? ", " : "",
               r->damaged_count ? damaged : "",
               !r->damaged_count      ? ""
               : v->options->manifest ? " in damaged blocks"
                                      : " damaged");
    if (v->options->deep && v->wim && r->verbosity > 0)
        print_rate(v);
    if (!r->finding_count)
        printf("ok: nothing is wrong%s\n",
               v->options->deep || v->options->manifest ? "" : " with the structure");
}

static int end(struct verify *v)
{
    struct wc_verify_report *r = v->report;
    int exit_code = wc_verify_report_exit(r);
    wc_term_finish(r->term, false);
    if (r->events)
        summary_event(v, exit_code ? "damaged" : "ok", exit_code);
    else if (r->verbosity >= 0)
        print_summary(v);
    return exit_code;
}

static int give_up(struct verify *v)
{
    wc_verify_report_error(v->report, &v->why);
    summary_event(v, "error", v->why.exit_code);
    return v->why.exit_code;
}

/* --- what is asked for ---------------------------------------------------------------------- */

static void say_unchecked(struct verify *v)
{
    struct wc_finding f;
    const char *file = wc_verify_last(v->options->path);
    if (v->options->deep || v->options->manifest)
        return;
    wc_wim_rules_unchecked(file, "the data", "add --deep, or --manifest FILE", &f);
    wc_verify_report_finding(v->report, &f);
}

/* A block needs no map: also of an image whose header is damaged. */
static enum wc_err compare_alone(struct verify *v)
{
    const char *path = v->options->path;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return wc_why_set(&v->why, WC_E_IO, wc_why_input_exit(errno), "cannot open %s: %s", path,
                          wc_why_errno_text(errno));
    enum wc_err err = WC_E_IO;
    if (fstat(fd, &st) == 0)
        err =
            wc_verify_blocks_run(&v->blocks, v->report, path, 1, fd, (uint64_t)st.st_size, &v->why);
    close(fd);
    return err;
}

static enum wc_err compare_parts(struct verify *v)
{
    if (!v->wim)
        return compare_alone(v);
    enum wc_err err = WC_OK;
    for (uint16_t i = 0; !err && i < v->wim->part_count; i++) {
        const struct wc_wim_part *part = &v->wim->parts[i];
        if (part->fd >= 0)
            err = wc_verify_blocks_run(&v->blocks, v->report, part->path, (uint16_t)(i + 1),
                                       part->fd, part->byte_count, &v->why);
    }
    return err;
}

static enum wc_err read_names(struct verify *v)
{
    const char *glob = v->options->glob;
    enum wc_err err = wc_verify_report_map(v->report, v->wim->map);
    if (!err)
        err = wc_verify_wish_make(&v->wish, v->wim->map, glob);
    if (err)
        return refuse_err(v, err);
    if (glob && !v->wish.file_count && !v->wim->defect_count)
        return wc_why_set(&v->why, WC_E_NOT_FOUND, EX_NOINPUT, "no file in %s is like '%.80s'",
                          wc_verify_last(v->options->path), glob);
    return WC_OK;
}

static void say_what(struct verify *v)
{
    static const char *const compressions[] = {"no compression", "XPRESS", "LZX", "LZMS"};
    const struct wc_wim_header *h = &v->wim->parts[0].header;
    wc_term_say(
        v->report->term, WC_TERM_DETAIL,
        "%s: %u image%s, %u part%s, %s in chunks of %u bytes, %u blobs, %u names%s%s",
        wc_verify_last(v->options->path), v->wim->image_count, v->wim->image_count == 1 ? "" : "s",
        v->wim->part_count, v->wim->part_count == 1 ? "" : "s", compressions[h->compression],
        h->chunk_bytes, wc_wimmap_blob_count(v->wim->map), wc_wimmap_name_count(v->wim->map),
        h->pipable ? ", pipable" : "", v->wim->parts[0].integrity ? ", integrity table" : "");
}

/* With a manifest, a file that is no WIM any more is a damaged file. */
static enum wc_err open_image(struct verify *v)
{
    enum wc_err err = wc_wim_open(&v->wim, v->options->path, &v->why);
    if (!err)
        return read_names(v);
    if (!v->options->manifest || v->why.exit_code != EX_DATAERR)
        return err;
    struct wc_wim_sight sight = {
        .fault = WC_WIM_FAULT_AREA,
        .file = wc_verify_last(v->options->path),
        .area = "the structure",
        .seen = v->why.text,
    };
    wc_verify_report_fault(v->report, &sight, NULL);
    return WC_OK;
}

static enum wc_err verify(struct verify *v)
{
    const struct wc_verify_options *o = v->options;
    enum wc_err err = WC_OK;
    if (o->manifest)
        err = wc_verify_signed_read(&v->package, o, v->report, &v->why);
    if (!err)
        err = open_image(v);
    if (err)
        return err;
    if (v->wim) {
        say_what(v);
        err = wc_verify_structure(v->report, v->wim, o->deep);
        if (err)
            return refuse_err(v, err);
    }
    v->blocks = (struct wc_verify_blocks){
        .manifest = &v->package.manifest,
        .wim = v->wim,
        .wish = &v->wish,
        .worker_count = v->worker_count,
    };
    if (o->manifest)
        err = compare_parts(v);
    if (!err && o->deep && v->wim) {
        err = wc_verify_deep(v->report, v->wim, &v->wish, v->worker_count, &v->deep);
        if (err)
            return refuse_err(v, err);
    }
    return err;
}

int wc_verify_run(const struct wc_verify_options *options, const struct wc_args_common *common)
{
    if (options->repair)
        return wc_verify_repair_run(options, common);
    struct verify v = {
        .options = options,
        .report = wc_verify_report_new(common),
        .worker_count = wc_crew_size(),
    };
    if (!v.report) {
        fprintf(stderr, "wimcast-receiver: out of memory\n");
        return EX_OSERR;
    }
    int exit_code;
    if (verify(&v)) {
        exit_code = give_up(&v);
    } else {
        say_unchecked(&v);
        exit_code = end(&v);
    }
    wc_manifest_deinit(&v.package.manifest, &wc_alloc_libc);
    wc_verify_wish_deinit(&v.wish);
    wc_wim_close(v.wim);
    wc_verify_report_free(v.report);
    if (fflush(stdout) == 0)
        return exit_code;
    fprintf(stderr, "wimcast-receiver: cannot write to standard output\n");
    return EX_IOERR;
}
