/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lookup table of one part of a WIM, into the map. */
#ifndef WC_IO_WIMTABLE_H
#define WC_IO_WIMTABLE_H

#include "common/io/wim.h"

/* `bytes` are `count` entries. What is wrong with one becomes a defect; an error is no memory, or a
 * bound of the map. */
WC_MUST_USE enum wc_err wc_wimtable_read(struct wc_wim *w, uint16_t part, const uint8_t *bytes,
                                         uint32_t count);

#endif
