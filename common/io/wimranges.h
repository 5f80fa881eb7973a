/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which bytes of a WIM's files say where everything lies: who has these can make its map, and needs
 * no other byte for that. */
#ifndef WC_IO_WIMRANGES_H
#define WC_IO_WIMRANGES_H

#include "common/io/wim.h"

/* Calls take(ctx, part, from, to) for each run of such bytes [from, to) of a part's file (part from
 * 1; from < to <= its size): headers, lookup tables, XML data, integrity tables, the metadata of
 * all images, and the heads and chunk tables of solid resources, with what stands before each. In
 * no order; runs may overlap. */
void wc_wim_ranges(const struct wc_wim *w,
                   void (*take)(void *ctx, uint16_t part, uint64_t from, uint64_t to), void *ctx);

#endif
