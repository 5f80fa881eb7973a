/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A WIM on the disk, opened for looking into it: its structure is read and checked, and its map
 * made. Only what is inside of single chunks is left to libwim (wimcodec.h). All tables are read
 * here, so that a damaged one does not hide the names that the others know, and a hostile one costs
 * no more memory than its file has bytes, up to the bounds of wimheader.h and wimmap.h. */
#ifndef WC_IO_WIM_H
#define WC_IO_WIM_H

#include "common/core/err.h"
#include "common/core/types.h"
#include "common/core/wimheader.h"
#include "common/core/wimmap.h"
#include "common/io/why.h"

#define WC_WIM_PARTS_MAX   256u
#define WC_WIM_DEFECTS_MAX 256u
#define WC_WIM_AREA_BYTES  48
#define WC_WIM_SEEN_BYTES  160

struct wc_wim_part {
    char *path;
    int fd; /* -1: this part is not there */
    uint64_t byte_count;
    struct wc_wim_header header;
    bool has_tail;      /* pipable: the header at the end was found; else true */
    bool has_table;     /* the lookup table was read */
    uint8_t *integrity; /* bytes of its integrity table; NULL: none */
    size_t integrity_bytes;
};

enum wc_wim_defect_kind {
    WC_WIM_DEFECT_AREA, /* a table, metadata, the header */
    WC_WIM_DEFECT_SIZE, /* the file ends too early */
    WC_WIM_DEFECT_PART, /* a part is missing */
};

/* What was found wrong with the structure. */
struct wc_wim_defect {
    enum wc_wim_defect_kind kind;
    uint16_t part; /* from 1 */
    char area[WC_WIM_AREA_BYTES];
    char seen[WC_WIM_SEEN_BYTES];
    uint64_t offset; /* in the part's file */
    uint64_t byte_count;
    bool has_digests;
    uint8_t expected[WC_SHA1_BYTES];
    uint8_t actual[WC_SHA1_BYTES];
};

struct wc_wim_image {
    uint32_t resource; /* its metadata; WC_WIMMAP_NONE: not found */
    uint8_t sha1[WC_SHA1_BYTES];
};

struct wc_wim {
    struct wc_wim_part *parts;
    uint16_t part_count;
    struct wc_wim_image *images;
    uint32_t image_count;
    struct wc_wimmap *map; /* sealed */
    bool knows_names;      /* of all images */
    struct wc_wim_defect *defects;
    uint32_t defect_count;
    uint32_t dropped_count; /* defects that found no room */
};

/* Open a WIM, or the first part of a split one with all others beside it, and read all tables and
 * all metadata. What is wrong with these is a defect; WC_OK then, too. An error is what leaves
 * nothing to look at: no WIM (EX_DATAERR), unreadable (EX_NOINPUT, EX_NOPERM, EX_IOERR), no memory;
 * `why` names the file. Each thread may read from it afterwards. */
WC_MUST_USE enum wc_err wc_wim_open(struct wc_wim **ret, const char *path, struct wc_why *why);

/* A part's file that is open already: it grows under another name, for instance. */
struct wc_wim_source {
    const char *name; /* for people; borrowed until return */
    int fd;           /* for pread; -1: this part is not there */
};
/* The same of the parts 1..count, which must include the first (asserted). The descriptors become
 * the WIM's in any case, also when it cannot be opened; parts beyond the last are closed. All bytes
 * must have arrived that the tables, the metadata and the heads of solid resources lie on. */
WC_MUST_USE enum wc_err wc_wim_open_parts(struct wc_wim **ret, const struct wc_wim_source *sources,
                                          uint16_t count, struct wc_why *why);

/* The same, for who only wants to know whether its structure is sound and where it lies: names are
 * counted, and not kept (wc_wimmap_count_only). */
WC_MUST_USE enum wc_err wc_wim_survey(struct wc_wim **ret, const struct wc_wim_source *sources,
                                      uint16_t count, struct wc_why *why);
void wc_wim_close(struct wc_wim *w);

/* Of part `number` >= 2, by the path of the first: "DIR/install.swm" -> "DIR/install2.swm"; free()
 * it. NULL: no memory. */
char *wc_wim_part_path(const char *first, uint16_t number);

/* Why a resource of data cannot be read, from its sizes alone (static text); NULL: it can. */
const char *wc_wim_resource_why(const struct wc_wim *w, const struct wc_wim_resource *r);

/* Note a defect, for the files that read parts of it; what does not fit is counted. Returns it, or
 * NULL, and where it is. */
struct wc_wim_defect *wc_wim_defect_add(struct wc_wim *w, enum wc_wim_defect_kind kind,
                                        uint16_t part, const char *area, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void wc_wim_defect_place(struct wc_wim_defect *d, uint64_t offset, uint64_t byte_count);

#endif
