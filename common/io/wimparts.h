/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of a WIM: opened, and their headers read. */
#ifndef WC_IO_WIMPARTS_H
#define WC_IO_WIMPARTS_H

#include "common/io/wim.h"

/* Set w->parts, of the file `path` and of those beside it, or of `sources`, whose descriptors
 * become those of the parts in any case. A part that is not there is a defect. Errors as
 * wc_wim_open; what was opened before one stays in w->parts. */
WC_MUST_USE enum wc_err wc_wimparts_find(struct wc_wim *w, const char *path, struct wc_why *why);
WC_MUST_USE enum wc_err wc_wimparts_take(struct wc_wim *w, const struct wc_wim_source *sources,
                                         uint16_t count, struct wc_why *why);

#endif
