/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All of it is in the map already: tables and metadata are resources of their own areas, and of a
 * solid resource the layout says where its first chunk begins. */
#include "common/io/wimranges.h"

/* How much of a resource's beginning is structure, not data. */
static uint64_t structure_bytes(const struct wc_wim_resource *r)
{
    struct wc_wim_layout layout;
    if (r->area != WC_WIM_AREA_DATA)
        return r->form.stored_bytes;
    if (!r->form.solid)
        return 0;
    /* The head is what tells that a resource makes no sense. */
    return wc_wim_layout_init(&layout, &r->form) ? WC_WIM_SOLID_HEAD_BYTES : layout.data_offset;
}

void wc_wim_ranges(const struct wc_wim *w,
                   void (*take)(void *ctx, uint16_t part, uint64_t from, uint64_t to), void *ctx)
{
    uint32_t count = wc_wimmap_resource_count(w->map);
    for (uint32_t i = 0; i < count; i++) {
        const struct wc_wim_resource *r = wc_wimmap_resource(w->map, i);
        uint64_t file_bytes = w->parts[r->part - 1].byte_count;
        uint64_t byte_count = structure_bytes(r);
        uint64_t lead = r->offset < r->lead_bytes ? r->offset : r->lead_bytes;
        if (!byte_count || r->offset >= file_bytes)
            continue;
        if (byte_count > file_bytes - r->offset)
            byte_count = file_bytes - r->offset;
        take(ctx, r->part, r->offset - lead, r->offset + byte_count);
    }
}
