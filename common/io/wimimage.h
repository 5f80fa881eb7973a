/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The metadata of all images of a WIM: read, verified, and its names put into the map. */
#ifndef WC_IO_WIMIMAGE_H
#define WC_IO_WIMIMAGE_H

#include "common/io/wim.h"

/* The map is indexed. What is wrong becomes a defect, and w->knows_names false; an error is no
 * memory, or a bound of the map. */
WC_MUST_USE enum wc_err wc_wimimage_read_all(struct wc_wim *w);

#endif
