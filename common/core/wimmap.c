/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrays that double, then are sorted: by place for "what lies here", by SHA-1 for "which blob is
 * this". Names form a tree, so that their memory follows what the WIM really holds and not the
 * length of its paths. Sorting is heapsort: input of others cannot make it slow or deep. */
#include "common/core/wimmap.h"

#include <assert.h>
#include <string.h>

#include "common/core/utf16.h"

struct vector {
    uint8_t *bytes;
    uint32_t count, capacity;
};

struct wc_wimmap {
    const struct wc_alloc *alloc;
    struct vector resources; /* struct wc_wim_resource */
    struct vector blobs;     /* struct wc_wim_blob, ordered by place once indexed */
    struct vector names;     /* struct wc_wim_name */
    struct vector missing;   /* struct wc_wim_missing */
    struct vector text;      /* char: NUL-terminated parts of paths */
    uint32_t *by_place;      /* resources by part and offset */
    uint64_t *reach;         /* how far those up to here reach, in their part */
    uint32_t *by_sha1;       /* blobs */
    uint32_t *by_blob;       /* names */
    uint32_t *name_first;    /* of each blob in by_blob; one more at the end */
    bool counts_only;        /* instead of names and missing: */
    uint32_t seen_count, with_data_count, lacking_count;
};

#define ITEM(map, type, vector, index) (&((type *)(void *)(map)->vector.bytes)[index])
#define RESOURCE(map, index)           ITEM(map, struct wc_wim_resource, resources, index)
#define BLOB(map, index)               ITEM(map, struct wc_wim_blob, blobs, index)
#define NAME(map, index)               ITEM(map, struct wc_wim_name, names, index)

struct wc_wimmap *wc_wimmap_new(const struct wc_alloc *alloc)
{
    struct wc_wimmap *map = alloc->zalloc(alloc->ctx, 1, sizeof *map);
    if (map)
        map->alloc = alloc;
    return map;
}

void wc_wimmap_free(struct wc_wimmap *map)
{
    if (!map)
        return;
    const struct wc_alloc *alloc = map->alloc;
    void *const pieces[] = {
        map->resources.bytes,
        map->blobs.bytes,
        map->names.bytes,
        map->missing.bytes,
        map->text.bytes,
        map->by_place,
        map->reach,
        map->by_sha1,
        map->by_blob,
        map->name_first,
        map,
    };
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        alloc->free(alloc->ctx, pieces[i]);
}

/* Room for `more` items of `size` bytes at the end; *ret is the first. */
static enum wc_err extend(struct wc_wimmap *map, struct vector *v, size_t size, uint32_t more,
                          uint32_t count_max, void **ret)
{
    if (more > count_max - v->count)
        return WC_E_TOO_LARGE;
    if (more > v->capacity - v->count) {
        uint64_t capacity = v->capacity ? 2ull * v->capacity : 64;
        if (capacity < (uint64_t)v->count + more)
            capacity = (uint64_t)v->count + more;
        if (capacity > count_max)
            capacity = count_max;
        uint8_t *bytes = map->alloc->zalloc(map->alloc->ctx, (size_t)capacity, size);
        if (!bytes)
            return WC_E_NOMEM;
        if (v->count)
            memcpy(bytes, v->bytes, v->count * size);
        map->alloc->free(map->alloc->ctx, v->bytes);
        v->bytes = bytes;
        v->capacity = (uint32_t)capacity;
    }
    *ret = v->bytes + v->count * size;
    v->count += more;
    return WC_OK;
}

static enum wc_err append(struct wc_wimmap *map, struct vector *v, size_t size, uint32_t count_max,
                          const void *item)
{
    void *place;
    enum wc_err err = extend(map, v, size, 1, count_max, &place);
    if (!err)
        memcpy(place, item, size);
    return err;
}

/* One array of `count` items; none for 0. */
static enum wc_err reserve(struct wc_wimmap *map, uint32_t count, size_t size, void *ret)
{
    void *mem = count ? map->alloc->zalloc(map->alloc->ctx, count, size) : NULL;
    if (count && !mem)
        return WC_E_NOMEM;
    memcpy(ret, &mem, sizeof mem);
    return WC_OK;
}

/* --- sorting -------------------------------------------------------------------------------- */

typedef bool is_less(const struct wc_wimmap *map, const void *a, const void *b);

#define ITEM_BYTES_MAX 64u
_Static_assert(sizeof(struct wc_wim_blob) <= ITEM_BYTES_MAX, "room for swapping");

static void swap(uint8_t *a, uint8_t *b, size_t size)
{
    uint8_t spare[ITEM_BYTES_MAX];
    memcpy(spare, a, size);
    memcpy(a, b, size);
    memcpy(b, spare, size);
}

static void sift(const struct wc_wimmap *map, uint8_t *base, size_t root, size_t end, size_t size,
                 is_less *less)
{
    for (size_t child; (child = 2 * root + 1) < end; root = child) {
        if (child + 1 < end && less(map, base + child * size, base + (child + 1) * size))
            child++;
        if (!less(map, base + root * size, base + child * size))
            return;
        swap(base + root * size, base + child * size, size);
    }
}

static void heap_sort(const struct wc_wimmap *map, void *items, size_t count, size_t size,
                      is_less *less)
{
    uint8_t *base = items;
    for (size_t root = count / 2; root > 0; root--)
        sift(map, base, root - 1, count, size, less);
    for (size_t end = count; end > 1; end--) {
        swap(base, base + (end - 1) * size, size);
        sift(map, base, 0, end - 1, size, less);
    }
}

static bool blob_less(const struct wc_wimmap *map, const void *a, const void *b)
{
    const struct wc_wim_blob *x = a, *y = b;
    (void)map;
    if (x->resource != y->resource)
        return x->resource < y->resource;
    if (x->offset != y->offset)
        return x->offset < y->offset;
    return x->entry < y->entry;
}

static bool place_less(const struct wc_wimmap *map, const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    const struct wc_wim_resource *p = RESOURCE(map, x), *q = RESOURCE(map, y);
    if (p->part != q->part)
        return p->part < q->part;
    return p->offset != q->offset ? p->offset < q->offset : x < y;
}

static bool sha1_less(const struct wc_wimmap *map, const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int order = memcmp(BLOB(map, x)->sha1, BLOB(map, y)->sha1, WC_SHA1_BYTES);
    if (order)
        return order < 0;
    const struct wc_wim_blob *p = BLOB(map, x), *q = BLOB(map, y);
    return p->entry != q->entry ? p->entry < q->entry : x < y;
}

/* --- filling -------------------------------------------------------------------------------- */

enum wc_err wc_wimmap_add_resource(struct wc_wimmap *map, const struct wc_wim_resource *resource,
                                   uint32_t *ret_index)
{
    assert(!map->by_place);
    enum wc_err err = append(map, &map->resources, sizeof *resource, WC_WIMMAP_BLOBS_MAX, resource);
    if (!err)
        *ret_index = map->resources.count - 1;
    return err;
}

enum wc_err wc_wimmap_add_blob(struct wc_wimmap *map, const struct wc_wim_blob *blob)
{
    assert(!map->by_place && blob->resource < map->resources.count);
    return append(map, &map->blobs, sizeof *blob, WC_WIMMAP_BLOBS_MAX, blob);
}

static uint64_t end_of(const struct wc_wim_resource *r)
{
    uint64_t end = r->offset + r->form.stored_bytes;
    return end < r->offset ? UINT64_MAX : end;
}

static uint64_t begin_of(const struct wc_wim_resource *r)
{
    return r->offset < r->lead_bytes ? 0 : r->offset - r->lead_bytes;
}

static void index_places(struct wc_wimmap *map)
{
    uint32_t count = map->resources.count;
    for (uint32_t i = 0; i < count; i++)
        map->by_place[i] = i;
    heap_sort(map, map->by_place, count, sizeof map->by_place[0], place_less);
    for (uint32_t i = 0; i < count; i++) {
        const struct wc_wim_resource *r = RESOURCE(map, map->by_place[i]);
        bool follows = i > 0 && RESOURCE(map, map->by_place[i - 1])->part == r->part;
        map->reach[i] = end_of(r);
        if (follows && map->reach[i - 1] > map->reach[i])
            map->reach[i] = map->reach[i - 1];
    }
}

enum wc_err wc_wimmap_index(struct wc_wimmap *map)
{
    assert(!map->by_place);
    enum wc_err err = reserve(map, map->resources.count, sizeof(uint32_t), &map->by_place);
    if (!err)
        err = reserve(map, map->resources.count, sizeof(uint64_t), &map->reach);
    if (!err)
        err = reserve(map, map->blobs.count, sizeof(uint32_t), &map->by_sha1);
    if (err)
        return err;
    index_places(map);
    heap_sort(map, map->blobs.bytes, map->blobs.count, sizeof(struct wc_wim_blob), blob_less);
    for (uint32_t i = 0; i < map->blobs.count; i++) {
        struct wc_wim_resource *r = RESOURCE(map, BLOB(map, i)->resource);
        if (!r->blob_count++)
            r->blob_first = i;
        map->by_sha1[i] = i;
    }
    heap_sort(map, map->by_sha1, map->blobs.count, sizeof map->by_sha1[0], sha1_less);
    return WC_OK;
}

uint32_t wc_wimmap_find(const struct wc_wimmap *map, const uint8_t sha1[WC_SHA1_BYTES])
{
    uint32_t low = 0, high = map->blobs.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (memcmp(BLOB(map, map->by_sha1[middle])->sha1, sha1, WC_SHA1_BYTES) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == map->blobs.count)
        return WC_WIMMAP_NONE;
    uint32_t blob = map->by_sha1[low];
    return memcmp(BLOB(map, blob)->sha1, sha1, WC_SHA1_BYTES) == 0 ? blob : WC_WIMMAP_NONE;
}

/* "text" or "text:stream" at the end of the texts. */
static enum wc_err add_text(struct wc_wimmap *map, const struct wc_wimmap_entry *e, uint32_t *ret)
{
    size_t room = WC_UTF16_ROOM(e->text_bytes) + WC_UTF16_ROOM(e->stream_bytes) + 2;
    if (room > WC_WIMMAP_TEXT_BYTES_MAX)
        return WC_E_TOO_LARGE;
    uint32_t from = map->text.count;
    void *place;
    enum wc_err err = extend(map, &map->text, 1, (uint32_t)room, WC_WIMMAP_TEXT_BYTES_MAX, &place);
    if (err)
        return err;
    char *at = place;
    at += wc_utf16_name(e->text, e->text_bytes, at);
    if (e->kind == WC_WIM_STREAM && e->stream_bytes) {
        *at++ = ':';
        at += wc_utf16_name(e->stream, e->stream_bytes, at);
    }
    *at++ = '\0';
    map->text.count = from + (uint32_t)(at - (char *)place);
    *ret = from;
    return WC_OK;
}

void wc_wimmap_count_only(struct wc_wimmap *map)
{
    assert(!map->names.count);
    map->counts_only = true;
}

static enum wc_err count_name(struct wc_wimmap *map, const struct wc_wimmap_entry *entry,
                              uint32_t *ret_index)
{
    if (map->seen_count == WC_WIMMAP_NAMES_MAX)
        return WC_E_TOO_LARGE;
    map->seen_count++;
    if (entry->sha1 && wc_wimmap_find(map, entry->sha1) != WC_WIMMAP_NONE)
        map->with_data_count++;
    else if (entry->sha1)
        map->lacking_count++;
    *ret_index = WC_WIMMAP_NONE;
    return WC_OK;
}

enum wc_err wc_wimmap_add_name(struct wc_wimmap *map, const struct wc_wimmap_entry *entry,
                               uint32_t *ret_index)
{
    assert(!map->name_first);
    if (map->counts_only)
        return count_name(map, entry, ret_index);
    assert(entry->parent == WC_WIMMAP_NONE || entry->parent < map->names.count);
    struct wc_wim_name name = {
        .parent = entry->parent,
        .blob = entry->sha1 ? wc_wimmap_find(map, entry->sha1) : WC_WIMMAP_NONE,
        .image = entry->image,
        .kind = (uint8_t)entry->kind,
    };
    enum wc_err err = add_text(map, entry, &name.text);
    if (!err)
        err = append(map, &map->names, sizeof name, WC_WIMMAP_NAMES_MAX, &name);
    if (!err && entry->sha1 && name.blob == WC_WIMMAP_NONE) {
        struct wc_wim_missing missing = {.name = map->names.count - 1};
        memcpy(missing.sha1, entry->sha1, WC_SHA1_BYTES);
        err = append(map, &map->missing, sizeof missing, WC_WIMMAP_NAMES_MAX, &missing);
    }
    if (!err)
        *ret_index = map->names.count - 1;
    return err;
}

enum wc_err wc_wimmap_seal(struct wc_wimmap *map)
{
    assert(!map->name_first && (map->by_place || !map->resources.count));
    enum wc_err err = reserve(map, map->blobs.count + 1, sizeof(uint32_t), &map->name_first);
    if (!err)
        err = reserve(map, map->names.count + 1, sizeof(uint32_t), &map->by_blob);
    if (err)
        return err;
    /* Counting sort: how many, where the first of each goes, and then each to its place. */
    uint32_t *first = map->name_first;
    for (uint32_t i = 0; i < map->names.count; i++)
        if (NAME(map, i)->blob != WC_WIMMAP_NONE)
            first[NAME(map, i)->blob]++;
    uint32_t sum = 0;
    for (uint32_t i = 0; i <= map->blobs.count; i++) {
        sum += first[i];
        first[i] = sum;
    }
    for (uint32_t i = map->names.count; i > 0; i--)
        if (NAME(map, i - 1)->blob != WC_WIMMAP_NONE)
            map->by_blob[--first[NAME(map, i - 1)->blob]] = i - 1;
    return WC_OK;
}

/* --- what is in it -------------------------------------------------------------------------- */

uint32_t wc_wimmap_resource_count(const struct wc_wimmap *map)
{
    return map->resources.count;
}

uint32_t wc_wimmap_blob_count(const struct wc_wimmap *map)
{
    return map->blobs.count;
}

uint32_t wc_wimmap_name_count(const struct wc_wimmap *map)
{
    return map->names.count;
}

const struct wc_wim_resource *wc_wimmap_resource(const struct wc_wimmap *map, uint32_t index)
{
    assert(index < map->resources.count);
    return RESOURCE(map, index);
}

const struct wc_wim_blob *wc_wimmap_blob(const struct wc_wimmap *map, uint32_t index)
{
    assert(index < map->blobs.count);
    return BLOB(map, index);
}

const struct wc_wim_name *wc_wimmap_name(const struct wc_wimmap *map, uint32_t index)
{
    assert(index < map->names.count);
    return NAME(map, index);
}

uint32_t wc_wimmap_countable(const struct wc_wimmap *map)
{
    uint32_t count = map->with_data_count;
    for (uint32_t i = 0; i < map->names.count; i++)
        count += NAME(map, i)->blob != WC_WIMMAP_NONE;
    return count;
}

uint32_t wc_wimmap_lacking(const struct wc_wimmap *map)
{
    return map->counts_only ? map->lacking_count : map->missing.count;
}

uint32_t wc_wimmap_ordered(const struct wc_wimmap *map, uint32_t place)
{
    assert(place < map->resources.count);
    return map->by_place[place];
}

const struct wc_wim_missing *wc_wimmap_missing(const struct wc_wimmap *map, uint32_t *ret_count)
{
    *ret_count = map->missing.count;
    return (const void *)map->missing.bytes;
}

/* --- looking up ----------------------------------------------------------------------------- */

struct wc_wimmap_range wc_wimmap_range(const struct wc_wimmap *map, uint16_t part, uint64_t from,
                                       uint64_t to)
{
    uint32_t low = from < to ? 0 : map->resources.count, high = map->resources.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        uint16_t its_part = RESOURCE(map, map->by_place[middle])->part;
        if (its_part < part || (its_part == part && map->reach[middle] <= from))
            low = middle + 1;
        else
            high = middle;
    }
    return (struct wc_wimmap_range){.map = map, .part = part, .from = from, .to = to, .place = low};
}

uint32_t wc_wimmap_next(struct wc_wimmap_range *range)
{
    const struct wc_wimmap *map = range->map;
    while (range->place < map->resources.count) {
        uint32_t index = map->by_place[range->place++];
        const struct wc_wim_resource *r = RESOURCE(map, index);
        if (r->part != range->part || begin_of(r) >= range->to)
            break;
        if (end_of(r) > range->from)
            return index;
    }
    range->place = map->resources.count;
    return WC_WIMMAP_NONE;
}

void wc_wimmap_blobs(const struct wc_wimmap *map, uint32_t resource, uint64_t from, uint64_t to,
                     uint32_t *ret_first, uint32_t *ret_end)
{
    const struct wc_wim_resource *r = wc_wimmap_resource(map, resource);
    uint32_t first = r->blob_first, end = r->blob_first + r->blob_count;
    /* Blobs of one resource do not overlap (wim.c sees to it): ends ascend as beginnings do. */
    uint32_t low = first, high = end;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (BLOB(map, middle)->offset + BLOB(map, middle)->byte_count <= from)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_first = low;
    for (high = end; low < high;) {
        uint32_t middle = low + (high - low) / 2;
        if (BLOB(map, middle)->offset < to)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_end = low;
}

const uint32_t *wc_wimmap_names(const struct wc_wimmap *map, uint32_t blob, uint32_t *ret_count)
{
    assert(map->name_first && blob < map->blobs.count);
    *ret_count = map->name_first[blob + 1] - map->name_first[blob];
    return map->by_blob + map->name_first[blob];
}

const char *wc_wimmap_path(const struct wc_wimmap *map, uint32_t name, char *ret, size_t room)
{
    assert(room >= 8);
    size_t at = room - 1;
    ret[at] = '\0';
    for (uint32_t i = name; i != WC_WIMMAP_NONE; i = wc_wimmap_name(map, i)->parent) {
        const char *text = (const char *)map->text.bytes + NAME(map, i)->text;
        size_t count = strlen(text);
        if (count + 1 > at - 3) { /* keeps room for "..." */
            size_t kept = at - 3;
            memcpy(ret + 3, text + count - kept, kept);
            memcpy(ret, "...", 3);
            return ret;
        }
        at -= count;
        memcpy(ret + at, text, count);
        ret[--at] = '/';
    }
    memmove(ret, ret + at, room - at);
    return ret;
}
