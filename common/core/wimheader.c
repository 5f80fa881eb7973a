/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/wimheader.h"

#include <assert.h>
#include <string.h>

#define VERSION_NORMAL 0x10d00u
#define VERSION_SOLID  0xe00u /* with LZMS, and solid resources */

#define HEADER_COMPRESSED  0x2u
#define HEADER_UNFINISHED  0x40u
#define HEADER_XPRESS      0x20000u
#define HEADER_LZX         0x40000u
#define HEADER_LZMS        0x80000u
#define HEADER_XPRESS_2    0x200000u
#define HEADER_COMPRESSION 0xff0000u

#define BLOB_MAGIC 0x2b9b9ba2443db9d8ull

static const uint8_t magic_normal[8] = {'M', 'S', 'W', 'I', 'M'};
static const uint8_t magic_pipable[8] = {'W', 'L', 'P', 'W', 'M'};

/* --- the header ----------------------------------------------------------------------------- */

static struct wc_wim_place place_get(struct wc_reader *r)
{
    struct wc_wim_place place;
    place.stored_bytes = wc_wim_get(r, 7);
    place.flags = (uint8_t)wc_wim_get(r, 1);
    place.offset = wc_wim_get(r, 8);
    place.plain_bytes = wc_wim_get(r, 8);
    return place;
}

/* WC_E_VERSION: one that we do not know. */
static enum wc_err read_compression(struct wc_wim_header *h)
{
    h->compression = WC_WIM_NONE;
    if (!(h->flags & HEADER_COMPRESSED))
        return WC_OK;
    switch (h->flags & HEADER_COMPRESSION) {
    case HEADER_XPRESS:
    case HEADER_XPRESS_2:
        h->compression = WC_WIM_XPRESS;
        return WC_OK;
    case HEADER_LZX:
        h->compression = WC_WIM_LZX;
        return WC_OK;
    case HEADER_LZMS:
        h->compression = WC_WIM_LZMS;
        return WC_OK;
    default:
        return WC_E_VERSION;
    }
}

static enum wc_err refuse(const char **ret_reason, enum wc_err err, const char *reason)
{
    *ret_reason = reason;
    return err;
}

static enum wc_err check_fields(struct wc_wim_header *h, uint32_t header_bytes, uint32_t version,
                                const char **ret_reason)
{
    if (header_bytes != WC_WIM_HEADER_BYTES)
        return refuse(ret_reason, WC_E_RANGE, "its header has not 208 bytes");
    if (version != VERSION_NORMAL && version != VERSION_SOLID)
        return refuse(ret_reason, WC_E_VERSION, "its version is unknown");
    h->allows_solid = version == VERSION_SOLID;
    if (read_compression(h))
        return refuse(ret_reason, WC_E_VERSION, "its compression is unknown");
    if (!h->part || h->part > h->part_count)
        return refuse(ret_reason, WC_E_RANGE, "its part number makes no sense");
    if (h->image_count > WC_WIM_IMAGES_MAX)
        return refuse(ret_reason, WC_E_RANGE, "it claims more than 65,535 images");
    if (h->flags & HEADER_UNFINISHED)
        return refuse(ret_reason, WC_E_RANGE,
                      "it was never finished: it says that it is being "
                      "written");
    return refuse(ret_reason, WC_OK, "");
}

enum wc_err wc_wim_header_decode(struct wc_wim_header *ret,
                                 const uint8_t bytes[WC_WIM_HEADER_BYTES], const char **ret_reason)
{
    struct wc_wim_header h = {0};
    struct wc_reader r = wc_reader_of(bytes, WC_WIM_HEADER_BYTES);
    const uint8_t *magic = wc_get_bytes(&r, sizeof magic_normal);
    h.pipable = memcmp(magic, magic_pipable, sizeof magic_pipable) == 0;
    if (!h.pipable && memcmp(magic, magic_normal, sizeof magic_normal) != 0)
        return refuse(ret_reason, WC_E_FORMAT, "it does not begin with MSWIM");
    uint32_t header_bytes = (uint32_t)wc_wim_get(&r, 4);
    uint32_t version = (uint32_t)wc_wim_get(&r, 4);
    h.flags = (uint32_t)wc_wim_get(&r, 4);
    h.chunk_bytes = (uint32_t)wc_wim_get(&r, 4);
    memcpy(h.guid, wc_get_bytes(&r, sizeof h.guid), sizeof h.guid);
    h.part = (uint16_t)wc_wim_get(&r, 2);
    h.part_count = (uint16_t)wc_wim_get(&r, 2);
    h.image_count = (uint32_t)wc_wim_get(&r, 4);
    h.table = place_get(&r);
    h.xml = place_get(&r);
    h.boot_metadata = place_get(&r);
    h.boot_image = (uint32_t)wc_wim_get(&r, 4);
    h.integrity = place_get(&r);
    assert(!r.failed);
    enum wc_err err = check_fields(&h, header_bytes, version, ret_reason);
    if (!err)
        *ret = h;
    return err;
}

bool wc_wim_fits(uint64_t offset, uint64_t byte_count, uint64_t file_bytes)
{
    return offset <= file_bytes && byte_count <= file_bytes - offset;
}

/* --- small structures ----------------------------------------------------------------------- */

struct wc_wim_entry wc_wim_entry_decode(const uint8_t bytes[WC_WIM_ENTRY_BYTES])
{
    struct wc_wim_entry entry;
    struct wc_reader r = wc_reader_of(bytes, WC_WIM_ENTRY_BYTES);
    entry.place = place_get(&r);
    entry.part = (uint16_t)wc_wim_get(&r, 2);
    entry.reference_count = (uint32_t)wc_wim_get(&r, 4);
    memcpy(entry.sha1, wc_get_bytes(&r, WC_SHA1_BYTES), WC_SHA1_BYTES);
    assert(!r.failed && !r.left);
    return entry;
}

struct wc_wim_solid_head wc_wim_solid_head_decode(const uint8_t bytes[WC_WIM_SOLID_HEAD_BYTES])
{
    struct wc_wim_solid_head head;
    struct wc_reader r = wc_reader_of(bytes, WC_WIM_SOLID_HEAD_BYTES);
    head.plain_bytes = wc_wim_get(&r, 8);
    head.chunk_bytes = (uint32_t)wc_wim_get(&r, 4);
    head.compression = (uint32_t)wc_wim_get(&r, 4);
    assert(!r.failed && !r.left);
    return head;
}

struct wc_wim_blob_head wc_wim_blob_head_decode(const uint8_t bytes[WC_WIM_BLOB_HEAD_BYTES])
{
    struct wc_wim_blob_head head;
    struct wc_reader r = wc_reader_of(bytes, WC_WIM_BLOB_HEAD_BYTES);
    head.has_magic = wc_wim_get(&r, 8) == BLOB_MAGIC;
    head.plain_bytes = wc_wim_get(&r, 8);
    memcpy(head.sha1, wc_get_bytes(&r, WC_SHA1_BYTES), WC_SHA1_BYTES);
    return head;
}

enum wc_err wc_wim_integrity_decode(struct wc_wim_integrity *ret,
                                    const struct wc_wim_header *header, const uint8_t *bytes,
                                    size_t byte_count)
{
    struct wc_reader r = wc_reader_of(bytes, byte_count);
    uint64_t table_bytes = wc_wim_get(&r, 4);
    uint64_t count = wc_wim_get(&r, 4);
    uint64_t chunk_bytes = wc_wim_get(&r, 4);
    uint64_t end = header->table.offset + header->table.stored_bytes;
    if (r.failed || table_bytes != byte_count || r.left != count * WC_SHA1_BYTES || !chunk_bytes ||
        end < WC_WIM_HEADER_BYTES)
        return WC_E_FORMAT;
    uint64_t covered = end - WC_WIM_HEADER_BYTES;
    if (count != covered / chunk_bytes + (covered % chunk_bytes != 0))
        return WC_E_FORMAT;
    *ret = (struct wc_wim_integrity){
        .from = WC_WIM_HEADER_BYTES,
        .to = end,
        .chunk_bytes = (uint32_t)chunk_bytes,
        .digest_count = (uint32_t)count,
        .digests = r.at,
    };
    return WC_OK;
}

/* --- compressed resources ------------------------------------------------------------------- */

/* The chunk sizes that a compression has, as powers of two. */
static bool is_chunk_size(enum wc_wim_compression compression, uint32_t bytes)
{
    static const struct {
        uint32_t min, max;
    } sizes[] = {
        [WC_WIM_NONE] = {1, 0},
        [WC_WIM_XPRESS] = {1u << 12, 1u << 16},
        [WC_WIM_LZX] = {1u << 15, 1u << 21},
        [WC_WIM_LZMS] = {1u << 15, 1u << 30},
    };
    if ((unsigned)compression > WC_WIM_LZMS || (bytes & (bytes - 1)))
        return false;
    return bytes >= sizes[compression].min && bytes <= sizes[compression].max;
}

enum wc_err wc_wim_layout_init(struct wc_wim_layout *ret, const struct wc_wim_form *form)
{
    if (!is_chunk_size(form->compression, form->chunk_bytes))
        return WC_E_TYPE;
    if (!form->plain_bytes)
        return WC_E_RANGE;
    uint64_t count = (form->plain_bytes - 1) / form->chunk_bytes + 1;
    if (form->chunk_bytes > WC_WIM_CHUNK_BYTES_MAX || count > WC_WIM_CHUNKS_MAX)
        return WC_E_TOO_LARGE;
    struct wc_wim_layout l = {.form = *form, .chunk_count = (uint32_t)count};
    l.entry_bytes = form->plain_bytes > UINT32_MAX && !form->solid ? 8 : 4;
    uint32_t entry_count = l.chunk_count - (form->solid ? 0 : 1); /* the first is at 0 */
    l.table_bytes = entry_count * l.entry_bytes;
    l.before_bytes = form->pipable ? WC_WIM_PIPE_CHUNK_BYTES : 0;
    uint64_t head_bytes = form->solid ? WC_WIM_SOLID_HEAD_BYTES : 0;
    uint64_t other_bytes = head_bytes + l.table_bytes + count * l.before_bytes;
    if (other_bytes + count > form->stored_bytes) /* a chunk has a byte at least */
        return WC_E_RANGE;
    l.data_bytes = form->stored_bytes - other_bytes;
    l.table_offset = form->pipable ? form->stored_bytes - l.table_bytes : head_bytes;
    l.data_offset = form->pipable ? 0 : head_bytes + l.table_bytes;
    *ret = l;
    return WC_OK;
}

uint32_t wc_wim_layout_plain_bytes(const struct wc_wim_layout *l, uint32_t index)
{
    assert(index < l->chunk_count);
    uint64_t left = l->form.plain_bytes - (uint64_t)index * l->form.chunk_bytes;
    return left < l->form.chunk_bytes ? (uint32_t)left : l->form.chunk_bytes;
}

/* Entry `index` of the table. */
static uint64_t entry_at(const struct wc_wim_layout *l, const uint8_t *table, uint32_t index)
{
    size_t at = (size_t)index * l->entry_bytes;
    assert(at + l->entry_bytes <= l->table_bytes);
    struct wc_reader r = wc_reader_of(table + at, l->entry_bytes);
    return wc_wim_get(&r, l->entry_bytes);
}

enum wc_err wc_wim_layout_chunk(const struct wc_wim_layout *l, const uint8_t *table, uint32_t index,
                                uint64_t *at, struct wc_wim_chunk *ret)
{
    bool is_last = index == l->chunk_count - 1;
    uint64_t from, to;
    if (l->form.solid) {
        from = *at;
        to = from + entry_at(l, table, index);
        *at = to;
    } else {
        from = index ? entry_at(l, table, index - 1) : 0;
        to = is_last ? l->data_bytes : entry_at(l, table, index);
    }
    uint32_t plain_bytes = wc_wim_layout_plain_bytes(l, index);
    if (from >= to || to > l->data_bytes || to - from > plain_bytes)
        return WC_E_RANGE;
    ret->offset = l->data_offset + from + (uint64_t)(index + 1) * l->before_bytes;
    ret->stored_bytes = (uint32_t)(to - from);
    ret->plain_bytes = plain_bytes;
    return WC_OK;
}
