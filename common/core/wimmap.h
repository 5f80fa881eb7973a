/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The map of a WIM: which paths lie on which bytes of which file.
 *
 * A resource is a run of bytes of one part's file: a table, an image's metadata, or data, which
 * holds one blob, or many if it is solid. A blob is data under its SHA-1. A name is one path of
 * one image, or of one of a file's alternate streams; many names may share a blob (hard links,
 * copies, images alike), and all of them are found.
 *
 * Made in this order: resources and blobs, wc_wimmap_index, names, wc_wimmap_seal. Memory grows
 * with what is added, and up to the bounds below; looking up takes none. */
#ifndef WC_CORE_WIMMAP_H
#define WC_CORE_WIMMAP_H

#include "common/core/err.h"
#include "common/core/types.h"
#include "common/core/wimheader.h"

#define WC_WIMMAP_NONE           UINT32_MAX
#define WC_WIMMAP_BLOBS_MAX      (1u << 22) /* and as many resources */
#define WC_WIMMAP_NAMES_MAX      (1u << 23)
#define WC_WIMMAP_TEXT_BYTES_MAX (1u << 28)
/* The longest path that is told as a whole, with NUL. */
#define WC_WIMMAP_PATH_BYTES 32768u

enum wc_wim_area {
    WC_WIM_AREA_HEADER,
    WC_WIM_AREA_DATA,
    WC_WIM_AREA_METADATA, /* of one image */
    WC_WIM_AREA_TABLE,    /* the lookup table */
    WC_WIM_AREA_XML,
    WC_WIM_AREA_INTEGRITY,
};

struct wc_wim_resource {
    uint64_t offset; /* of its first byte, in the file of its part */
    struct wc_wim_form form;
    uint16_t part;       /* from 1 */
    uint16_t image;      /* from 1, of metadata */
    uint8_t area;        /* enum wc_wim_area */
    uint8_t lead_bytes;  /* that stand before it and belong to it */
    uint32_t blob_first; /* set by wc_wimmap_index */
    uint32_t blob_count;
};

struct wc_wim_blob {
    uint64_t offset; /* in the plain bytes of its resource */
    uint64_t byte_count;
    uint32_t resource;
    uint32_t entry; /* of the lookup table of its part, from 0 */
    uint8_t sha1[WC_SHA1_BYTES];
};

enum wc_wim_kind {
    WC_WIM_FOLDER,
    WC_WIM_FILE,
    WC_WIM_STREAM, /* an alternate stream of a file, or of a folder */
};

struct wc_wim_name {
    uint32_t parent; /* the name of its folder; WC_WIMMAP_NONE: the image's root */
    uint32_t blob;   /* WC_WIMMAP_NONE: no data, or missing data */
    uint32_t text;
    uint16_t image; /* from 1 */
    uint8_t kind;   /* enum wc_wim_kind */
};

struct wc_wimmap;

/* NULL: no memory. `alloc` is borrowed until free. */
struct wc_wimmap *wc_wimmap_new(const struct wc_alloc *alloc);
void wc_wimmap_free(struct wc_wimmap *map);

/* Add one; *ret_index counts from 0. WC_E_NOMEM, WC_E_TOO_LARGE. */
WC_MUST_USE enum wc_err wc_wimmap_add_resource(struct wc_wimmap *map,
                                               const struct wc_wim_resource *resource,
                                               uint32_t *ret_index);
WC_MUST_USE enum wc_err wc_wimmap_add_blob(struct wc_wimmap *map, const struct wc_wim_blob *blob);

/* Put resources and blobs in order; from here on a blob's number stands for its place. */
WC_MUST_USE enum wc_err wc_wimmap_index(struct wc_wimmap *map);

/* The blob with this SHA-1, the first of the lookup table if several have it; WC_WIMMAP_NONE. */
uint32_t wc_wimmap_find(const struct wc_wimmap *map, const uint8_t sha1[WC_SHA1_BYTES]);

/* From here on names are counted and not kept: parents and indices have no meaning, and only
 * wc_wimmap_countable and wc_wimmap_lacking know of them. For who wants to know whether a WIM is
 * sound, and how large; memory no longer grows with its names. */
void wc_wimmap_count_only(struct wc_wimmap *map);

/* A name to add. Its text is `text`, and for a stream ':' and `stream`: UTF-16LE. */
struct wc_wimmap_entry {
    enum wc_wim_kind kind;
    uint16_t image;
    uint32_t parent;
    const uint8_t *sha1; /* NULL: no data */
    const uint8_t *text;
    size_t text_bytes;
    const uint8_t *stream;
    size_t stream_bytes;
};
WC_MUST_USE enum wc_err wc_wimmap_add_name(struct wc_wimmap *map,
                                           const struct wc_wimmap_entry *entry,
                                           uint32_t *ret_index);
WC_MUST_USE enum wc_err wc_wimmap_seal(struct wc_wimmap *map);

/* --- what is in it --- */

uint32_t wc_wimmap_resource_count(const struct wc_wimmap *map);
uint32_t wc_wimmap_blob_count(const struct wc_wimmap *map);
uint32_t wc_wimmap_name_count(const struct wc_wimmap *map);
const struct wc_wim_resource *wc_wimmap_resource(const struct wc_wimmap *map, uint32_t index);
const struct wc_wim_blob *wc_wimmap_blob(const struct wc_wimmap *map, uint32_t index);
const struct wc_wim_name *wc_wimmap_name(const struct wc_wimmap *map, uint32_t index);

/* The names that have data, which are those that can be verified: files and alternate streams of
 * all images, each path once (copies and hard links, too), also the data of a reparse point.
 * Without empty ones, and without those whose data no part has. O(names). */
uint32_t wc_wimmap_countable(const struct wc_wimmap *map);

/* The names whose data no part has. */
uint32_t wc_wimmap_lacking(const struct wc_wimmap *map);

/* The resources in the order of part and offset: the number of the one at `place`. */
uint32_t wc_wimmap_ordered(const struct wc_wimmap *map, uint32_t place);

/* The same, one by one. */
struct wc_wim_missing {
    uint32_t name;
    uint8_t sha1[WC_SHA1_BYTES];
};
const struct wc_wim_missing *wc_wimmap_missing(const struct wc_wimmap *map, uint32_t *ret_count);

/* --- looking up --- */

/* The resources that have bytes in [from, to) of a part, in their order:
 *     struct wc_wimmap_range range = wc_wimmap_range(map, part, from, to);
 *     for (uint32_t r; (r = wc_wimmap_next(&range)) != WC_WIMMAP_NONE;) */
struct wc_wimmap_range {
    const struct wc_wimmap *map;
    uint64_t from, to;
    uint32_t place;
    uint16_t part;
};
struct wc_wimmap_range wc_wimmap_range(const struct wc_wimmap *map, uint16_t part, uint64_t from,
                                       uint64_t to);
uint32_t wc_wimmap_next(struct wc_wimmap_range *range);

/* The blobs of a resource that have bytes in [from, to) of its plain bytes are
 * *ret_first..*ret_end - 1. */
void wc_wimmap_blobs(const struct wc_wimmap *map, uint32_t resource, uint64_t from, uint64_t to,
                     uint32_t *ret_first, uint32_t *ret_end);

/* All names of a blob: numbers, in the order in which they were added. */
const uint32_t *wc_wimmap_names(const struct wc_wimmap *map, uint32_t blob, uint32_t *ret_count);

/* The path of a name, "/Windows/a.dll" or "/Windows/a.dll:stream": UTF-8, perhaps with control
 * characters. When `room` (>= 8) is too small, its end after "...". Returns `ret`. */
const char *wc_wimmap_path(const struct wc_wimmap *map, uint32_t name, char *ret, size_t room);

#endif
