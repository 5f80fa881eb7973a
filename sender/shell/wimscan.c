/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Only the tables and the metadata are read here, about a hundredth of an image; all bytes are read
 * afterwards for their digests. The blocks that go first are marked in a bitmap, whatever the order
 * and however often, and become runs at the end. A split WIM is one when its first part is here and
 * so are all others, under the names that its readers expect. */
#include "sender/shell/wimscan.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/core/bitmap.h"
#include "common/core/hresult.h"
#include "common/io/format.h"
#include "common/io/wim.h"
#include "common/io/wimranges.h"

#define MAGIC_BYTES 8u

struct scan {
    struct wc_manifest *m;
    struct wc_content *content;
    const struct wc_source *sources;
    const struct wc_wimscan_listener *listener;
    uint64_t *blocks;  /* bitmap: they go first */
    uint64_t *claimed; /* bitmap of files: parts of a split WIM whose first part was seen */
    uint32_t wim_capacity;
};

/* The files of one WIM. */
struct set {
    uint32_t files[WC_WIM_PARTS_MAX]; /* of part 1, 2, ...; UINT32_MAX: it is not in the package */
    uint16_t count;
    uint16_t lacking_count;
    uint16_t lacking_first; /* a part's number, from 1 */
};

static void warn(const struct scan *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void warn(const struct scan *s, const char *format, ...)
{
    char text[WC_SENTENCE_BYTES_MAX + 1];
    if (!s->listener->warn)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    s->listener->warn(s->listener->ctx, text);
}

static enum wc_err no_memory(struct wc_why *why)
{
    return wc_why_set(why, WC_E_NOMEM, EX_OSERR, "out of memory");
}

/* --- which files are WIMs --- */

static bool has_name_of_wim(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && (strcasecmp(dot, ".wim") == 0 || strcasecmp(dot, ".swm") == 0 ||
                   strcasecmp(dot, ".esd") == 0);
}

static enum wc_err read_header(const struct scan *s, uint32_t file,
                               uint8_t ret_bytes[WC_WIM_HEADER_BYTES], bool *ret_has_magic,
                               struct wc_why *why)
{
    const struct wc_source *source = &s->sources[file];
    *ret_has_magic = false;
    if (source->byte_count < WC_WIM_HEADER_BYTES)
        return WC_OK;
    enum wc_err err =
        wc_content_read(s->content, source->offset, ret_bytes, WC_WIM_HEADER_BYTES, why);
    *ret_has_magic = !err && (memcmp(ret_bytes, "MSWIM\0\0", MAGIC_BYTES) == 0 ||
                              memcmp(ret_bytes, "WLPWM\0\0", MAGIC_BYTES) == 0);
    return err;
}

static int compare_path(const void *key, const void *source)
{
    return strcmp(key, ((const struct wc_source *)source)->path);
}

/* The file of part `number`, by the path of the first; UINT32_MAX: it is not in the package. */
static enum wc_err find_part(const struct scan *s, const char *first, uint16_t number,
                             uint32_t *ret, struct wc_why *why)
{
    char *path = wc_wim_part_path(first, number);
    if (!path)
        return no_memory(why);
    const struct wc_source *found =
        bsearch(path, s->sources, s->m->file_count, sizeof(struct wc_source), compare_path);
    free(path);
    *ret = found && found->kind == WC_FILE_REGULAR ? (uint32_t)(found - s->sources) : UINT32_MAX;
    return WC_OK;
}

static enum wc_err find_parts(const struct scan *s, uint32_t file, uint16_t part_count,
                              struct set *ret, struct wc_why *why)
{
    *ret = (struct set){.files = {file}, .count = 1};
    for (uint16_t number = 2; number <= part_count && number <= WC_WIM_PARTS_MAX; number++) {
        uint32_t *part = &ret->files[ret->count++];
        enum wc_err err = find_part(s, s->sources[file].path, number, part, why);
        if (err)
            return err;
        if (*part != UINT32_MAX)
            wc_bitmap_set(s->claimed, *part);
        else if (!ret->lacking_count++)
            ret->lacking_first = number;
    }
    return WC_OK;
}

/* --- what is wrong with one --- */

#define FIX "copy or capture it again, or rename it to send it as it is"

/* A file whose name says that it is a WIM must be a good one; any other is just a file. */
static enum wc_err refuse(const struct scan *s, uint32_t file, const char *seen, struct wc_why *why)
{
    if (!has_name_of_wim(s->sources[file].path)) {
        warn(s, "%s; it is sent as it is", seen);
        return WC_OK;
    }
    enum wc_err err = wc_why_set(why, WC_E_FORMAT, EX_DATAERR, "%s; " FIX, seen);
    return wc_why_mark(why, err, "content.damaged-wim", WC_HR_HASH_VALUE);
}

static void tell_defect(const struct wc_wim *w, const struct wc_wim_defect *d,
                        char ret[WC_SENTENCE_BYTES_MAX])
{
    const char *path = w->parts[d->part - 1].path;
    char shown[WC_WHY_PATH_BYTES], more[64] = "";
    const char *seen = d->seen[0] ? d->seen : "its SHA-1 is not what the lookup table says";
    uint32_t more_count = w->defect_count + w->dropped_count - 1;
    wc_why_path(shown, path);
    if (more_count)
        snprintf(more, sizeof more, " (and %u more)", more_count);
    if (d->kind == WC_WIM_DEFECT_AREA)
        snprintf(ret, WC_SENTENCE_BYTES_MAX, "%s is a damaged WIM: %s at byte %llu: %s%s", shown,
                 d->area, (unsigned long long)d->offset, seen, more);
    else
        snprintf(ret, WC_SENTENCE_BYTES_MAX, "%s is a damaged WIM: %s%s", shown, seen, more);
}

/* Data that lies where no data can be: how a file looks that was cut and glued. */
static void note_misplaced(struct wc_wim *w)
{
    uint32_t count = wc_wimmap_resource_count(w->map);
    for (uint32_t i = 0; i < count; i++) {
        const struct wc_wim_resource *r = wc_wimmap_resource(w->map, i);
        const char *reason = r->area == WC_WIM_AREA_DATA ? wc_wim_resource_why(w, r) : NULL;
        if (reason)
            wc_wim_defect_place(
                wc_wim_defect_add(w, WC_WIM_DEFECT_AREA, r->part, "data", "%s", reason), r->offset,
                r->form.stored_bytes);
    }
}

/* The first defect that is not just a part that the package lacks; NULL: none. */
static const struct wc_wim_defect *first_defect(const struct wc_wim *w, const struct set *set)
{
    for (uint32_t i = 0; i < w->defect_count; i++) {
        const struct wc_wim_defect *d = &w->defects[i];
        if (d->kind != WC_WIM_DEFECT_PART || set->files[d->part - 1] != UINT32_MAX)
            return d;
    }
    return NULL;
}

/* --- what is told of a good one --- */

struct marker {
    struct scan *scan;
    const struct set *set;
};

static void mark_range(void *ctx, uint16_t part, uint64_t from, uint64_t to)
{
    const struct marker *marker = ctx;
    struct scan *s = marker->scan;
    uint64_t offset = s->sources[marker->set->files[part - 1]].offset;
    uint32_t end = wc_partition_block_at(&s->m->partition, offset + to - 1);
    for (uint32_t sbn = wc_partition_block_at(&s->m->partition, offset + from); sbn <= end; sbn++)
        wc_bitmap_set(s->blocks, sbn);
}

static struct wc_manifest_wim *add_wim(struct scan *s)
{
    if (s->m->wim_count == s->wim_capacity) {
        uint32_t capacity = s->wim_capacity ? 2 * s->wim_capacity : 4;
        struct wc_manifest_wim *wims = reallocarray(s->m->wims, capacity, sizeof *wims);
        if (!wims)
            return NULL;
        s->m->wims = wims;
        s->wim_capacity = capacity;
    }
    return &s->m->wims[s->m->wim_count++];
}

static enum wc_err take(struct scan *s, const struct wc_wim *w, const struct set *set,
                        struct wc_why *why)
{
    const char *origin = s->sources[set->files[0]].origin;
    char shown[WC_WHY_PATH_BYTES], count[WC_FORMAT_BYTES];
    struct marker marker = {.scan = s, .set = set};
    if (set->lacking_count) {
        warn(
            s,
            "%s is part 1 of %u of a split WIM, and the package lacks part %u%s: no file in it can "
            "be verified on the way, or applied; publish all parts together",
            wc_why_path(shown, origin), w->part_count, set->lacking_first,
            set->lacking_count > 1 ? " and others" : "");
        return WC_OK;
    }
    uint32_t lacking = wc_wimmap_lacking(w->map);
    if (lacking)
        warn(s,
             "%s does not hold the data of %s of its files: they cannot be applied without the "
             "WIM that does",
             wc_why_path(shown, origin), wc_format_count(count, lacking));
    struct wc_manifest_wim *wim = add_wim(s);
    if (!wim)
        return no_memory(why);
    *wim = (struct wc_manifest_wim){
        .file = set->files[0],
        .image_count = w->image_count,
        .name_count = wc_wimmap_countable(w->map),
    };
    wc_wim_ranges(w, mark_range, &marker);
    return WC_OK;
}

/* --- one after the other --- */

static enum wc_err open_set(const struct scan *s, const struct set *set, struct wc_wim **ret,
                            struct wc_why *why)
{
    struct wc_wim_source sources[WC_WIM_PARTS_MAX];
    enum wc_err err = WC_OK;
    uint16_t count = 0;
    for (; !err && count < set->count; count++) {
        uint32_t file = set->files[count];
        sources[count] = (struct wc_wim_source){.name = "", .fd = -1};
        if (file == UINT32_MAX)
            continue;
        sources[count].name = s->sources[file].origin;
        err = wc_content_open_file(s->content, file, &sources[count].fd, why);
    }
    if (!err)
        return wc_wim_survey(ret, sources, set->count, why);
    while (count > 0)
        if (sources[--count].fd >= 0)
            close(sources[count].fd);
    return err;
}

static enum wc_err scan_set(struct scan *s, const struct set *set, struct wc_why *why)
{
    struct wc_wim *w = NULL;
    char seen[WC_SENTENCE_BYTES_MAX];
    enum wc_err err = open_set(s, set, &w, why);
    if (err && why->exit_code == EX_DATAERR && !why->finding[0]) {
        memcpy(seen, why->text, sizeof seen);
        seen[sizeof seen - 1] = '\0';
        *why = (struct wc_why){.exit_code = EX_OK};
        return refuse(s, set->files[0], seen, why);
    }
    if (err)
        return err;
    note_misplaced(w);
    const struct wc_wim_defect *defect = first_defect(w, set);
    if (defect) {
        tell_defect(w, defect, seen);
        err = refuse(s, set->files[defect->part - 1], seen, why);
    } else {
        err = take(s, w, set, why);
    }
    wc_wim_close(w);
    return err;
}

/* A part other than the first, which nobody asked for. */
static void warn_stray(const struct scan *s, uint32_t file, const struct wc_wim_header *h)
{
    char shown[WC_WHY_PATH_BYTES];
    warn(s,
         "%s is part %u of %u of a split WIM, and the package lacks part 1: no file in it can be "
         "verified on the way, or applied; publish all parts together",
         wc_why_path(shown, s->sources[file].origin), h->part, h->part_count);
}

static enum wc_err scan_file(struct scan *s, uint32_t file, struct wc_why *why)
{
    uint8_t bytes[WC_WIM_HEADER_BYTES];
    struct wc_wim_header header = {.part = 1, .part_count = 1};
    struct set set;
    const char *reason;
    bool has_magic;
    enum wc_err err = read_header(s, file, bytes, &has_magic, why);
    if (err || (!has_magic && !has_name_of_wim(s->sources[file].path)))
        return err;
    /* What is wrong with a header, opening it will say. */
    bool is_read = has_magic && wc_wim_header_decode(&header, bytes, &reason) == WC_OK;
    if (is_read && header.part != 1) {
        warn_stray(s, file, &header);
        return WC_OK;
    }
    err = find_parts(s, file, is_read ? header.part_count : 1, &set, why);
    return err ? err : scan_set(s, &set, why);
}

static enum wc_err collect_runs(struct wc_manifest *m, const uint64_t *blocks, struct wc_why *why)
{
    uint32_t count = m->partition.block_count, run_count = 0;
    for (int round = 0; round < 2; round++) {
        run_count = 0;
        uint32_t sbn = wc_bitmap_find_set(blocks, count, 0);
        while (sbn < count) {
            uint32_t end = wc_bitmap_find_clear(blocks, count, sbn);
            if (round)
                m->first[run_count] = (struct wc_manifest_run){sbn, end - sbn};
            run_count++;
            sbn = wc_bitmap_find_set(blocks, count, end);
        }
        if (!round && run_count)
            m->first = calloc(run_count, sizeof m->first[0]);
        if (run_count && !m->first)
            return no_memory(why);
    }
    m->first_count = run_count;
    return WC_OK;
}

enum wc_err wc_wimscan(struct wc_manifest *m, struct wc_content *c,
                       const struct wc_wimscan_listener *listener, struct wc_why *why)
{
    uint32_t file_count;
    struct scan s = {.m = m, .content = c, .listener = listener};
    s.sources = wc_content_sources(c, &file_count);
    assert(file_count == m->file_count && !m->wims && !m->first);
    s.blocks = calloc(wc_bitmap_words(m->partition.block_count), sizeof s.blocks[0]);
    s.claimed = calloc(wc_bitmap_words(file_count), sizeof s.claimed[0]);
    enum wc_err err = s.blocks && s.claimed ? WC_OK : no_memory(why);
    for (uint32_t i = 0; !err && i < file_count; i++)
        if (s.sources[i].kind == WC_FILE_REGULAR && !wc_bitmap_get(s.claimed, i))
            err = scan_file(&s, i, why);
    if (!err)
        err = collect_runs(m, s.blocks, why);
    free(s.blocks);
    free(s.claimed);
    if (!err)
        return WC_OK;
    free(m->wims);
    m->wims = NULL;
    m->wim_count = 0;
    return err;
}

/* --- in words --- */

/* Whether it is solid, only its lookup table would say. */
static const char *compression_of(const struct wc_wim_header *h)
{
    static const char *const names[] = {
        [WC_WIM_NONE] = "not compressed",
        [WC_WIM_XPRESS] = "XPRESS",
        [WC_WIM_LZX] = "LZX",
        [WC_WIM_LZMS] = "LZMS",
    };
    return names[h->compression];
}

void wc_wimscan_describe(struct wc_wimscan_words *ret, const struct wc_manifest *m, uint32_t index,
                         struct wc_content *c)
{
    assert(index < m->wim_count);
    const struct wc_manifest_wim *wim = &m->wims[index];
    const struct wc_file *file = &m->files[wim->file];
    uint8_t bytes[WC_WIM_HEADER_BYTES];
    struct wc_wim_header header;
    const char *reason;
    char shown[WC_WHY_PATH_BYTES], images[WC_FORMAT_BYTES], names[WC_FORMAT_BYTES], parts[32] = "";
    *ret = (struct wc_wimscan_words){.path = file->path};
    bool is_read = c && file->byte_count >= sizeof bytes &&
                   !wc_content_read(c, file->offset, bytes, sizeof bytes, NULL) &&
                   !wc_wim_header_decode(&header, bytes, &reason);
    if (is_read) {
        ret->compression = compression_of(&header);
        ret->part_count = header.part_count;
    }
    if (ret->part_count > 1)
        snprintf(parts, sizeof parts, ", %u parts", ret->part_count);
    snprintf(ret->text, sizeof ret->text, "%s: %s image%s, %s file%s%s%s%s",
             wc_why_path(shown, file->path), wc_format_count(images, wim->image_count),
             wim->image_count == 1 ? "" : "s", wc_format_count(names, wim->name_count),
             wim->name_count == 1 ? "" : "s", parts, is_read ? ", " : "",
             is_read ? ret->compression : "");
}

void wc_wimscan_event(struct wc_jsonl *events, const struct wc_manifest *m, uint32_t index,
                      const struct wc_wimscan_words *words)
{
    const struct wc_manifest_wim *wim = &m->wims[index];
    wc_jsonl_begin(events, "wim");
    wc_jsonl_str(events, "package", m->id);
    wc_jsonl_str(events, "path", words->path);
    wc_jsonl_uint(events, "images", wim->image_count);
    wc_jsonl_uint(events, "files", wim->name_count);
    wc_jsonl_str(events, "compression", words->compression);
    if (words->part_count)
        wc_jsonl_uint(events, "parts", words->part_count);
}
