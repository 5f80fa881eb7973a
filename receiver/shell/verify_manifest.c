/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks are cut from all files of a package, one after the other. So the first and the last block
 * of a file may begin or end in a neighbour, whose bytes are not at hand: these two are covered by
 * the digest of the whole file, once all others are right. */
#include "receiver/shell/verify_manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/core/bitmap.h"

/* An image that was renamed is the only file of its package. */
const struct wc_file *wc_verify_manifest_file(const struct wc_manifest *m, const char *path,
                                              uint64_t byte_count, bool is_alone)
{
    const struct wc_file *found = NULL, *only = NULL;
    uint32_t regular_count = 0;
    for (uint32_t i = 0; i < m->file_count; i++) {
        const struct wc_file *f = &m->files[i];
        if (f->kind != WC_FILE_REGULAR)
            continue;
        regular_count++;
        only = f;
        if (strcmp(wc_verify_last(f->path), wc_verify_last(path)) != 0)
            continue;
        if (!found || (found->byte_count != byte_count && f->byte_count == byte_count))
            found = f;
    }
    return found || regular_count != 1 || !is_alone ? found : only;
}

/* --- its blocks ----------------------------------------------------------------------------- */

struct blocks {
    const struct wc_manifest *manifest;
    const struct wc_file *file;
    uint32_t *list; /* of those to compare */
    uint32_t count;
    bool has_edges; /* blocks that are shared with neighbours */
};

static struct wc_range block_range(const void *ctx, uint32_t index)
{
    const struct blocks *b = ctx;
    uint32_t sbn = b->list[index];
    return (struct wc_range){
        .offset = wc_partition_offset(&b->manifest->partition, sbn) - b->file->offset,
        .byte_count = wc_partition_bytes(&b->manifest->partition, sbn),
        .expected = b->manifest->block_digests + (size_t)sbn * WC_DIGEST_BYTES,
    };
}

static struct wc_range whole_range(const void *ctx, uint32_t index)
{
    const struct blocks *b = ctx;
    (void)index;
    return (struct wc_range){.byte_count = b->file->byte_count, .expected = b->file->digest};
}

static enum wc_err list_blocks(struct blocks *b, const struct wc_verify_blocks *v, uint16_t part)
{
    const struct wc_partition *p = &b->manifest->partition;
    uint64_t from = b->file->offset, to = from + b->file->byte_count;
    if (from == to)
        return WC_OK;
    uint32_t first = wc_partition_block_at(p, from), last = wc_partition_block_at(p, to - 1);
    b->list = calloc((size_t)last - first + 1, sizeof b->list[0]);
    if (!b->list)
        return WC_E_NOMEM;
    for (uint32_t sbn = first; sbn <= last; sbn++) {
        uint64_t begin = wc_partition_offset(p, sbn);
        uint64_t end = begin + wc_partition_bytes(p, sbn);
        bool is_edge = begin < from || end > to;
        b->has_edges |= is_edge;
        if (!is_edge &&
            (!v->wim || wc_verify_wish_has(v->wish, v->wim->map, part, begin - from, end - from)))
            b->list[b->count++] = sbn;
    }
    return WC_OK;
}

static enum wc_err report_fault(const struct wc_verify_blocks *v, struct wc_verify_report *report,
                                const struct blocks *b, const char *path, uint16_t part,
                                const struct wc_rangecheck_fault *fault)
{
    struct wc_verify_names names = {0};
    struct wc_range range = block_range(b, fault->index);
    struct wc_wim_sight sight = {
        .fault = fault->err == WC_E_IO ? WC_WIM_FAULT_UNREADABLE : WC_WIM_FAULT_BLOCK,
        .again = fault->err == WC_E_SHORT ? WC_WIM_AGAIN_NOT : wc_verify_again(fault->again),
        .file = wc_verify_last(path),
        .seen = fault->err == WC_E_SHORT ? "the file ends before"
                : fault->err == WC_E_IO  ? wc_why_errno_text(fault->error)
                                         : NULL,
        .offset = range.offset,
        .byte_count = range.byte_count,
        .block = b->list[fault->index],
        .digest_name = "SHA-256",
        .digest_bytes = WC_DIGEST_BYTES,
        .expected = range.expected,
        .actual = fault->err == WC_E_DIGEST ? fault->digest : NULL,
        .is_mended = v->damaged != NULL,
    };
    enum wc_err err = WC_OK;
    if (v->wim)
        err =
            wc_verify_names_on(&names, v->wim, part, range.offset, range.offset + range.byte_count);
    sight.area = names.area;
    if (!err)
        wc_verify_report_fault(report, &sight, &names);
    wc_verify_names_deinit(&names);
    return err;
}

static void report_size(const struct wc_verify_blocks *v, struct wc_verify_report *report,
                        const struct blocks *b, const char *path, uint64_t byte_count)
{
    char seen[120];
    snprintf(seen, sizeof seen, "it has %llu bytes, the manifest says %llu",
             (unsigned long long)byte_count, (unsigned long long)b->file->byte_count);
    struct wc_wim_sight sight = {.fault = WC_WIM_FAULT_SHORT,
                                 .file = wc_verify_last(path),
                                 .seen = seen,
                                 .is_mended = v->damaged != NULL};
    wc_verify_report_fault(report, &sight, NULL);
}

/* The whole file, when its own blocks are right and say nothing of its ends. */
static enum wc_err check_edges(const struct wc_verify_blocks *v, struct wc_verify_report *report,
                               const struct blocks *b, const char *path,
                               struct wc_rangecheck_config *config, bool *ret_differs)
{
    struct wc_rangecheck_fault *faults;
    uint32_t count;
    config->range = whole_range;
    config->range_count = 1;
    config->worker_count = 1;
    enum wc_err err = wc_rangecheck_run(config, &faults, &count);
    if (err)
        return err;
    struct wc_wim_sight sight = {
        .fault = WC_WIM_FAULT_EDGE,
        .again = count ? wc_verify_again(faults[0].again) : WC_WIM_AGAIN_NOT,
        .file = wc_verify_last(path),
        .byte_count = b->file->byte_count,
        .digest_name = "SHA-256",
        .digest_bytes = WC_DIGEST_BYTES,
        .expected = b->file->digest,
        .actual = count && faults[0].err == WC_E_DIGEST ? faults[0].digest : NULL,
        .is_mended = v->damaged != NULL,
    };
    if (count)
        wc_verify_report_fault(report, &sight, NULL);
    *ret_differs = count > 0;
    free(faults);
    return WC_OK;
}

/* What must come again: with a fault elsewhere, or another size, nothing can be said of blocks that
 * are shared with neighbours. */
static void mark(const struct wc_verify_blocks *v, const struct blocks *b,
                 const struct wc_rangecheck_fault *faults, uint32_t count, bool with_edges)
{
    const struct wc_partition *p = &b->manifest->partition;
    for (uint32_t i = 0; i < count; i++)
        wc_bitmap_set(v->damaged, b->list[faults[i].index]);
    if (!with_edges || !b->has_edges)
        return;
    wc_bitmap_set(v->damaged, wc_partition_block_at(p, b->file->offset));
    wc_bitmap_set(v->damaged, wc_partition_block_at(p, b->file->offset + b->file->byte_count - 1));
}

static enum wc_err compare(struct wc_verify_blocks *v, struct wc_verify_report *report,
                           struct blocks *b, const char *path, uint16_t part, int fd, bool has_size,
                           bool *ret_differs)
{
    struct wc_rangecheck_fault *faults = NULL;
    uint32_t count = 0;
    struct wc_rangecheck_config config = {
        .fd = fd,
        .digest = WC_RANGE_SHA256,
        .worker_count = v->worker_count,
        .range_count = b->count,
        .range = block_range,
        .ctx = b,
        .progress = wc_verify_report_progress,
        .progress_ctx = report,
        .proceed = v->proceed,
        .proceed_ctx = v->ctx,
    };
    report->activity = "comparing with the manifest";
    enum wc_err err = wc_rangecheck_run(&config, &faults, &count);
    wc_term_finish(report->term, false);
    for (uint32_t i = 0; !err && i < count; i++)
        err = report_fault(v, report, b, path, part, &faults[i]);
    v->block_count += b->count;
    v->damaged_count += count;
    *ret_differs = count > 0 || !has_size;
    if (!err && b->has_edges && !*ret_differs)
        err = check_edges(v, report, b, path, &config, ret_differs);
    if (!err && v->damaged)
        mark(v, b, faults, count, *ret_differs);
    free(faults);
    return err;
}

enum wc_err wc_verify_blocks_file(struct wc_verify_blocks *v, struct wc_verify_report *report,
                                  const struct wc_file *file, const char *path, uint16_t number,
                                  int fd, uint64_t byte_count, bool *ret_differs,
                                  struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    struct blocks b = {.manifest = v->manifest, .file = file};
    if (file->byte_count != byte_count)
        report_size(v, report, &b, path, byte_count);
    enum wc_err err = list_blocks(&b, v, number);
    if (!err)
        err = compare(v, report, &b, path, number, fd, file->byte_count == byte_count, ret_differs);
    free(b.list);
    if (err == WC_E_CLOSED)
        return wc_why_set(why, err, EX_TEMPFAIL, "stopped while comparing %s with the manifest",
                          wc_why_path(shown, path));
    if (err)
        return wc_why_set(why, err, EX_OSERR, "cannot compare %s with the manifest: %s",
                          wc_why_path(shown, path), wc_err_text(err));
    return WC_OK;
}

enum wc_err wc_verify_blocks_run(struct wc_verify_blocks *v, struct wc_verify_report *report,
                                 const char *path, uint16_t number, int fd, uint64_t byte_count,
                                 struct wc_why *why)
{
    char shown[WC_WHY_PATH_BYTES];
    bool differs;
    bool is_alone = number == 1; /* a damaged header may say that there are other parts */
    const struct wc_file *file = wc_verify_manifest_file(v->manifest, path, byte_count, is_alone);
    if (!file)
        return wc_why_set(why, WC_E_NOT_FOUND, EX_DATAERR,
                          "the manifest of package %s names no file %s", v->manifest->id,
                          wc_why_path(shown, wc_verify_last(path)));
    return wc_verify_blocks_file(v, report, file, path, number, fd, byte_count, &differs, why);
}
