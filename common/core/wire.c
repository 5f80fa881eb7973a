/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/core/wire.h"

#include <assert.h>

#include "common/core/cursor.h"

#define HEADER_VERSION 1u

void wc_header_encode(const struct wc_header *header, uint8_t ret_bytes[WC_HEADER_BYTES])
{
    bool is_data = header->type == WC_DATAGRAM_DATA;
    assert(is_data || header->type == WC_DATAGRAM_BEACON);
    assert(!is_data || header->esi != WC_ESI_NONE);
    assert(header->pn <= WC_PN_MAX);

    struct wc_writer w = wc_writer_of(ret_bytes, WC_HEADER_BYTES);
    wc_put_u8(&w, (uint8_t)(HEADER_VERSION << 4 | header->type));
    wc_put_u8(&w, header->esi);
    wc_put_u32(&w, header->instance);
    wc_put_u32(&w, header->sbn);
    wc_put_uint(&w, header->pn, 6);
    assert(!w.failed && !w.left);
}

enum wc_err wc_header_decode(const uint8_t *bytes, size_t byte_count, struct wc_header *ret_header)
{
    if (byte_count < WC_HEADER_BYTES + WC_TAG_BYTES)
        return WC_E_SHORT;
    struct wc_reader r = wc_reader_of(bytes, WC_HEADER_BYTES);
    uint8_t kind = wc_get_u8(&r);
    struct wc_header header = {.type = kind & 0x0f};
    header.esi = wc_get_u8(&r);
    header.instance = wc_get_u32(&r);
    header.sbn = wc_get_u32(&r);
    header.pn = wc_get_uint(&r, 6);
    if (kind >> 4 != HEADER_VERSION)
        return WC_E_VERSION;
    if (header.type != WC_DATAGRAM_DATA && header.type != WC_DATAGRAM_BEACON)
        return WC_E_TYPE;
    if (header.type == WC_DATAGRAM_DATA && header.esi == WC_ESI_NONE)
        return WC_E_RANGE;
    *ret_header = header;
    return WC_OK;
}
