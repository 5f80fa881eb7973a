/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fixed structures of a WIM file (Microsoft's "Imaging format" paper, and what wimlib found
 * out about solid and pipable files): the header, the lookup table's entries, where the parts of a
 * compressed resource lie, the integrity table. Everything is little-endian.
 *
 *     normal:   header | resources | lookup table | XML data | integrity table
 *     pipable:  header | XML data | metadata | resources | lookup table | XML data | ... | header
 *
 * A resource is stored as it is, or cut into pieces of `chunk_bytes`, each of which is compressed
 * on its own, or as it is when that is no longer; a table says where they are. What was compressed
 * is "plain" here, what is in the file is "stored". */
#ifndef WC_CORE_WIMHEADER_H
#define WC_CORE_WIMHEADER_H

#include "common/core/cursor.h"
#include "common/core/err.h"
#include "common/core/types.h"

#define WC_SHA1_BYTES 20u

#define WC_WIM_HEADER_BYTES       208u
#define WC_WIM_ENTRY_BYTES        50u /* one of the lookup table */
#define WC_WIM_SOLID_HEAD_BYTES   16u
#define WC_WIM_BLOB_HEAD_BYTES    40u /* before each resource of a pipable WIM */
#define WC_WIM_PIPE_CHUNK_BYTES   4u  /* before each of its chunks */
#define WC_WIM_INTEGRITY_BYTES    12u /* of its table, all but the digests */
#define WC_WIM_SOLID_MAGIC        (1ull << 32)
#define WC_WIM_CHUNK_BYTES_MIN    4096u
#define WC_WIM_CHUNK_BYTES_MAX    (256u << 20)
#define WC_WIM_CHUNKS_MAX         (1u << 24) /* of one resource */
#define WC_WIM_IMAGES_MAX         65535u
#define WC_WIM_TABLE_BYTES_MAX    (256u << 20)
#define WC_WIM_XML_BYTES_MAX      (64u << 20)
#define WC_WIM_METADATA_BYTES_MAX (256u << 20)

enum wc_wim_compression { /* as in a solid resource's head */
                          WC_WIM_NONE = 0,
                          WC_WIM_XPRESS = 1,
                          WC_WIM_LZX = 2,
                          WC_WIM_LZMS = 3,
};

/* Flags of a place. */
#define WC_WIM_FLAG_FREE       0x01u
#define WC_WIM_FLAG_METADATA   0x02u
#define WC_WIM_FLAG_COMPRESSED 0x04u
#define WC_WIM_FLAG_SPANNED    0x08u
#define WC_WIM_FLAG_SOLID      0x10u

/* Where something lies; all zero: nowhere. */
struct wc_wim_place {
    uint64_t offset;
    uint64_t stored_bytes; /* below 2^56 */
    uint64_t plain_bytes;
    uint8_t flags;
};

struct wc_wim_header {
    bool pipable;
    bool allows_solid; /* by its version */
    uint32_t flags;
    uint32_t chunk_bytes;
    enum wc_wim_compression compression;
    uint8_t guid[16];
    uint16_t part; /* from 1 */
    uint16_t part_count;
    uint32_t image_count;
    uint32_t boot_image; /* from 1; 0: none */
    struct wc_wim_place table;
    struct wc_wim_place xml;
    struct wc_wim_place boot_metadata;
    struct wc_wim_place integrity;
};

/* Read a header. WC_E_FORMAT: no WIM; WC_E_VERSION: one of a kind that we cannot read; WC_E_RANGE:
 * its fields make no sense. *ret_reason is static text, whatever is returned; *ret is untouched on
 * failure. Where tables lie is not looked at: of a pipable WIM only the header at its end knows. */
WC_MUST_USE enum wc_err wc_wim_header_decode(struct wc_wim_header *ret,
                                             const uint8_t bytes[WC_WIM_HEADER_BYTES],
                                             const char **ret_reason);

/* Is [offset, offset + byte_count) inside a file of file_bytes? */
bool wc_wim_fits(uint64_t offset, uint64_t byte_count, uint64_t file_bytes);

/* An entry of the lookup table: of a blob, or, with the flag for solid and
 * place.plain_bytes = WC_WIM_SOLID_MAGIC, of a solid resource. Of a blob inside of a solid resource
 * place.offset counts plain bytes, and place.stored_bytes is its length. */
struct wc_wim_entry {
    struct wc_wim_place place;
    uint16_t part;
    uint32_t reference_count;
    uint8_t sha1[WC_SHA1_BYTES];
};
struct wc_wim_entry wc_wim_entry_decode(const uint8_t bytes[WC_WIM_ENTRY_BYTES]);

/* The head of a solid resource. */
struct wc_wim_solid_head {
    uint64_t plain_bytes;
    uint32_t chunk_bytes;
    uint32_t compression; /* may be none of the enum */
};
struct wc_wim_solid_head wc_wim_solid_head_decode(const uint8_t bytes[WC_WIM_SOLID_HEAD_BYTES]);

/* What stands before a resource in a pipable WIM. */
struct wc_wim_blob_head {
    bool has_magic;
    uint64_t plain_bytes;
    uint8_t sha1[WC_SHA1_BYTES];
};
struct wc_wim_blob_head wc_wim_blob_head_decode(const uint8_t bytes[WC_WIM_BLOB_HEAD_BYTES]);

/* How a resource is stored. */
struct wc_wim_form {
    uint64_t stored_bytes;
    uint64_t plain_bytes;
    uint32_t chunk_bytes; /* of plain bytes; of no meaning without compression */
    enum wc_wim_compression compression;
    bool solid;
    bool pipable;
};

/* Where the chunks of a compressed resource lie; offsets count from the resource's first byte. */
struct wc_wim_layout {
    struct wc_wim_form form;
    uint32_t chunk_count;
    uint64_t table_offset;
    uint32_t table_bytes;
    uint32_t entry_bytes;  /* 4 or 8 */
    uint64_t data_offset;  /* of the first chunk */
    uint64_t data_bytes;   /* of all chunks, without what stands before each */
    uint32_t before_bytes; /* before each chunk */
};

/* WC_E_RANGE: sizes that contradict each other; WC_E_TOO_LARGE: a bound of this file; WC_E_TYPE:
 * no compression, or a size of chunks that it does not have. */
WC_MUST_USE enum wc_err wc_wim_layout_init(struct wc_wim_layout *ret,
                                           const struct wc_wim_form *form);

/* Plain bytes of chunk `index` (asserted: index < chunk_count). */
uint32_t wc_wim_layout_plain_bytes(const struct wc_wim_layout *l, uint32_t index);

/* Chunk `index` by the table's bytes (l->table_bytes of them): where, and how long it is stored.
 * As long as its plain bytes: it is stored as it is. WC_E_RANGE: the table is damaged. O(1), but
 * for a solid resource, whose table is of lengths: there *at carries the sum from call to call in
 * ascending order, beginning with 0 for chunk 0. */
struct wc_wim_chunk {
    uint64_t offset;
    uint32_t stored_bytes;
    uint32_t plain_bytes;
};
WC_MUST_USE enum wc_err wc_wim_layout_chunk(const struct wc_wim_layout *l, const uint8_t *table,
                                            uint32_t index, uint64_t *at, struct wc_wim_chunk *ret);

/* The integrity table: a SHA-1 for each `chunk_bytes` of the file between the header and the end of
 * the lookup table. */
struct wc_wim_integrity {
    uint64_t from; /* in the file */
    uint64_t to;
    uint32_t chunk_bytes;
    uint32_t digest_count;
    const uint8_t *digests; /* inside the bytes given */
};
/* WC_E_FORMAT: no such table. */
WC_MUST_USE enum wc_err wc_wim_integrity_decode(struct wc_wim_integrity *ret,
                                                const struct wc_wim_header *header,
                                                const uint8_t *bytes, size_t byte_count);

/* The next `byte_count` (<= 8) bytes as a little-endian number. */
static inline uint64_t wc_wim_get(struct wc_reader *r, size_t byte_count)
{
    const uint8_t *bytes = wc_get_bytes(r, byte_count);
    uint64_t value = 0;
    for (size_t i = byte_count; bytes && i > 0; i--)
        value = value << 8 | bytes[i - 1];
    return value;
}

#endif
