/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver/shell/verify_deep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_BYTES (2ull << 30) /* for chunks of large resources */
#define BLAME_MAX    4096u        /* names without data that are compared with each such blob */

static const char *file_of(const struct wc_wim *w, uint16_t part)
{
    return wc_verify_last(w->parts[part - 1].path);
}

/* --- structure ------------------------------------------------------------------------------ */

struct wc_wim_sight wc_verify_defect(const struct wc_wim *w, const struct wc_wim_defect *d)
{
    static const enum wc_wim_fault faults[] = {
        [WC_WIM_DEFECT_AREA] = WC_WIM_FAULT_AREA,
        [WC_WIM_DEFECT_SIZE] = WC_WIM_FAULT_SHORT,
        [WC_WIM_DEFECT_PART] = WC_WIM_FAULT_PART,
    };
    return (struct wc_wim_sight){
        .fault = faults[d->kind],
        .file = file_of(w, d->kind == WC_WIM_DEFECT_PART ? 1 : d->part),
        .area = d->area,
        .seen = d->seen,
        .offset = d->offset,
        .byte_count = d->byte_count,
        .digest_name = d->has_digests ? "SHA-1" : NULL,
        .digest_bytes = WC_SHA1_BYTES,
        .expected = d->has_digests ? d->expected : NULL,
        .actual = d->has_digests ? d->actual : NULL,
    };
}

static void report_defect(struct wc_verify_report *report, const struct wc_wim *w,
                          const struct wc_wim_defect *d)
{
    struct wc_wim_sight sight = wc_verify_defect(w, d);
    wc_verify_report_fault(report, &sight, NULL);
}

/* All names without data as one finding. `explained`: a bit for each that another finding has. */
static enum wc_err report_missing(struct wc_verify_report *report, const struct wc_wim *w,
                                  const uint8_t *explained)
{
    uint32_t count;
    const struct wc_wim_missing *missing = wc_wimmap_missing(w->map, &count);
    struct wc_verify_names names = {.items = calloc(count + 1, sizeof(uint32_t)),
                                    .room = count + 1};
    if (!names.items)
        return WC_E_NOMEM;
    const uint8_t *sha1 = NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (explained && (explained[i / 8] >> (i % 8) & 1))
            continue;
        names.items[names.count++] = missing[i].name;
        sha1 = missing[i].sha1;
    }
    struct wc_wim_sight sight = {
        .fault = WC_WIM_FAULT_MISSING,
        .file = file_of(w, 1),
        .seen = "no lookup table names data with its SHA-1",
        .digest_name = "SHA-1",
        .digest_bytes = WC_SHA1_BYTES,
        .expected = names.count == 1 ? sha1 : NULL,
    };
    if (names.count)
        wc_verify_report_fault(report, &sight, &names);
    wc_verify_names_deinit(&names);
    return WC_OK;
}

/* Where a blob is, and what it should be. */
static void place_blob(struct wc_wim_sight *sight, const struct wc_wim *w, uint32_t index)
{
    const struct wc_wim_blob *blob = wc_wimmap_blob(w->map, index);
    const struct wc_wim_resource *r = wc_wimmap_resource(w->map, blob->resource);
    sight->file = file_of(w, r->part);
    sight->offset = r->offset;
    sight->byte_count = r->form.stored_bytes;
    sight->digest_name = "SHA-1";
    sight->digest_bytes = WC_SHA1_BYTES;
    sight->expected = blob->sha1;
    sight->names_lost = !w->knows_names;
}

static enum wc_err report_blob(struct wc_verify_report *report, const struct wc_wim *w,
                               uint32_t index, struct wc_wim_sight *sight)
{
    struct wc_verify_names names = {0};
    place_blob(sight, w, index);
    enum wc_err err = wc_verify_names_of_blob(&names, w->map, index);
    if (!err)
        wc_verify_report_fault(report, sight, &names);
    wc_verify_names_deinit(&names);
    return err;
}

static enum wc_err report_resources(struct wc_verify_report *report, const struct wc_wim *w)
{
    for (uint32_t i = 0; i < wc_wimmap_resource_count(w->map); i++) {
        const struct wc_wim_resource *r = wc_wimmap_resource(w->map, i);
        const char *reason = r->area == WC_WIM_AREA_DATA ? wc_wim_resource_why(w, r) : NULL;
        for (uint32_t b = r->blob_first; reason && b < r->blob_first + r->blob_count; b++) {
            struct wc_wim_sight sight = {.fault = WC_WIM_FAULT_CODE, .seen = reason};
            enum wc_err err = report_blob(report, w, b, &sight);
            if (err)
                return err;
        }
    }
    return WC_OK;
}

enum wc_err wc_verify_structure(struct wc_verify_report *report, const struct wc_wim *w,
                                bool will_be_deep)
{
    for (uint32_t i = 0; i < w->defect_count; i++)
        report_defect(report, w, &w->defects[i]);
    if (w->dropped_count)
        wc_term_say(report->term, WC_TERM_WARNING, "%u more defects of the structure are not shown",
                    w->dropped_count);
    if (will_be_deep)
        return WC_OK;
    enum wc_err err = report_resources(report, w);
    return err ? err : report_missing(report, w, NULL);
}

/* --- data ----------------------------------------------------------------------------------- */

static enum wc_wim_fault fault_of(const struct wc_wimlook *look)
{
    switch (look->err) {
    case WC_OK:
        return WC_WIM_FAULT_PIPE;
    case WC_E_DIGEST:
        return WC_WIM_FAULT_DIGEST;
    case WC_E_RANGE:
        return WC_WIM_FAULT_CHUNKS;
    case WC_E_IO:
        return WC_WIM_FAULT_UNREADABLE;
    default:
        return WC_WIM_FAULT_CODE;
    }
}

struct wc_wim_sight wc_verify_sight(const struct wc_wim *w, const struct wc_wimdeep_fault *fault)
{
    const struct wc_wim_blob *blob = wc_wimmap_blob(w->map, fault->blob);
    const struct wc_wim_resource *r = wc_wimmap_resource(w->map, blob->resource);
    struct wc_wim_sight sight = {
        .fault = fault_of(&fault->look),
        .again = wc_verify_again(fault->again),
        .seen = fault->look.err == WC_E_IO ? wc_why_errno_text(fault->look.error)
                                           : wc_wim_resource_why(w, r),
        .actual = fault->look.err == WC_E_DIGEST ? fault->look.digest : NULL,
    };
    place_blob(&sight, w, fault->blob);
    return sight;
}

/* A blob that no file uses, and files whose data is missing, with one SHA-1: then the data is
 * right, and the lookup table is not. Marks them in `explained`. */
static enum wc_err blame_table(struct wc_verify_report *report, const struct wc_wim *w,
                               const struct wc_wimdeep_fault *fault, uint8_t *explained,
                               bool *ret_blamed)
{
    uint32_t count;
    const struct wc_wim_missing *missing = wc_wimmap_missing(w->map, &count);
    const struct wc_wim_blob *blob = wc_wimmap_blob(w->map, fault->blob);
    const struct wc_wim_resource *r = wc_wimmap_resource(w->map, blob->resource);
    struct wc_verify_names names = {0};
    char seen[80];
    *ret_blamed = false;
    for (uint32_t i = 0; i < count && count <= BLAME_MAX; i++) {
        if (memcmp(missing[i].sha1, fault->look.digest, WC_SHA1_BYTES) != 0)
            continue;
        uint32_t *items = reallocarray(names.items, names.count + 1, sizeof *items);
        if (!items) {
            wc_verify_names_deinit(&names);
            return WC_E_NOMEM;
        }
        names.items = items;
        names.items[names.count++] = missing[i].name;
        explained[i / 8] |= (uint8_t)(1u << (i % 8));
    }
    *ret_blamed = names.count > 0;
    snprintf(seen, sizeof seen, "the data is right, its entry %u is not", blob->entry);
    struct wc_wim_sight sight = {
        .fault = WC_WIM_FAULT_AREA,
        .again = WC_WIM_AGAIN_NOT,
        .file = file_of(w, r->part),
        .area = "the lookup table",
        .seen = seen,
        .offset =
            w->parts[r->part - 1].header.table.offset + (uint64_t)blob->entry * WC_WIM_ENTRY_BYTES,
        .byte_count = WC_WIM_ENTRY_BYTES,
        .digest_name = "SHA-1",
        .digest_bytes = WC_SHA1_BYTES,
        .expected = fault->look.digest,
        .actual = blob->sha1,
    };
    if (names.count)
        wc_verify_report_fault(report, &sight, &names);
    wc_verify_names_deinit(&names);
    return WC_OK;
}

static enum wc_err report_fault(struct wc_verify_report *report, const struct wc_wim *w,
                                const struct wc_wimdeep_fault *fault, uint8_t *explained)
{
    uint32_t name_count;
    bool is_blamed = false;
    (void)wc_wimmap_names(w->map, fault->blob, &name_count);
    if (!name_count && fault->look.err == WC_E_DIGEST) {
        enum wc_err err = blame_table(report, w, fault, explained, &is_blamed);
        if (err || is_blamed)
            return err;
    }
    struct wc_wim_sight sight = wc_verify_sight(w, fault);
    return report_blob(report, w, fault->blob, &sight);
}

static enum wc_err report_faults(struct wc_verify_report *report, const struct wc_wim *w,
                                 const struct wc_wimdeep_result *result)
{
    uint32_t missing_count;
    (void)wc_wimmap_missing(w->map, &missing_count);
    uint8_t *explained = calloc(missing_count / 8 + 1, 1);
    enum wc_err err = explained ? WC_OK : WC_E_NOMEM;
    for (uint32_t i = 0; !err && i < result->fault_count; i++)
        err = report_fault(report, w, &result->faults[i], explained);
    if (!err)
        err = report_missing(report, w, explained);
    free(explained);
    return err;
}

/* --- integrity tables ----------------------------------------------------------------------- */

static struct wc_range integrity_range(const void *ctx, uint32_t index)
{
    const struct wc_wim_integrity *table = ctx;
    uint64_t from = table->from + (uint64_t)index * table->chunk_bytes;
    uint64_t left = table->to - from;
    return (struct wc_range){
        .offset = from,
        .byte_count = left < table->chunk_bytes ? left : table->chunk_bytes,
        .expected = table->digests + (size_t)index * WC_SHA1_BYTES,
    };
}

/* Does another finding say what is wrong there? */
static bool is_known(const struct wc_wim *w, const struct wc_wimdeep_result *result, uint16_t part,
                     const struct wc_range *range)
{
    uint64_t end = range->offset + range->byte_count;
    for (uint32_t i = 0; i < result->fault_count; i++) {
        const struct wc_wim_blob *blob = wc_wimmap_blob(w->map, result->faults[i].blob);
        const struct wc_wim_resource *r = wc_wimmap_resource(w->map, blob->resource);
        if (r->part == part && r->offset < end && r->offset + r->form.stored_bytes > range->offset)
            return true;
    }
    for (uint32_t i = 0; i < w->defect_count; i++) {
        const struct wc_wim_defect *d = &w->defects[i];
        if (d->part == part && d->offset < end && d->offset + d->byte_count > range->offset)
            return true;
    }
    return false;
}

static enum wc_err check_integrity(struct wc_verify_report *report, const struct wc_wim *w,
                                   const struct wc_wimdeep_result *result, uint16_t number,
                                   uint32_t worker_count)
{
    const struct wc_wim_part *part = &w->parts[number - 1];
    struct wc_wim_integrity table;
    struct wc_rangecheck_fault *faults;
    uint32_t count;
    if (!part->integrity ||
        wc_wim_integrity_decode(&table, &part->header, part->integrity, part->integrity_bytes))
        return WC_OK;
    struct wc_rangecheck_config config = {
        .fd = part->fd,
        .digest = WC_RANGE_SHA1,
        .worker_count = worker_count,
        .range_count = table.digest_count,
        .range = integrity_range,
        .ctx = &table,
        .progress = wc_verify_report_progress,
        .progress_ctx = report,
    };
    report->activity = "comparing with the integrity table";
    enum wc_err err = wc_rangecheck_run(&config, &faults, &count);
    wc_term_finish(report->term, false);
    for (uint32_t i = 0; !err && i < count; i++) {
        struct wc_range range = integrity_range(&table, faults[i].index);
        struct wc_wim_sight sight = {
            .fault = WC_WIM_FAULT_INTEGRITY,
            .again = wc_verify_again(faults[i].again),
            .file = file_of(w, number),
            .offset = range.offset,
            .byte_count = range.byte_count,
            .digest_name = "SHA-1",
            .digest_bytes = WC_SHA1_BYTES,
            .expected = range.expected,
            .actual = faults[i].err == WC_E_DIGEST ? faults[i].digest : NULL,
        };
        if (!is_known(w, result, number, &range))
            wc_verify_report_fault(report, &sight, NULL);
    }
    if (!err)
        free(faults);
    return err;
}

enum wc_err wc_verify_deep(struct wc_verify_report *report, const struct wc_wim *w,
                           const struct wc_verify_wish *wish, uint32_t worker_count,
                           struct wc_wimdeep_result *ret)
{
    struct wc_wimdeep_config config = {
        .worker_count = worker_count,
        .memory_bytes = MEMORY_BYTES,
        .wanted = wish->blobs,
        .progress = wc_verify_report_progress,
        .ctx = report,
    };
    report->activity = "verifying";
    enum wc_err err = wc_wimdeep_run(w, &config, ret);
    wc_term_finish(report->term, false);
    if (!err)
        err = report_faults(report, w, ret);
    for (uint16_t number = 1; !err && !wish->blobs && number <= w->part_count; number++)
        err = check_integrity(report, w, ret, number, worker_count);
    free(ret->faults);
    ret->faults = NULL;
    return err;
}
