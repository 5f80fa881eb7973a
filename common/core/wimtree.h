/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The metadata of an image: a tree of folders and files, each with the SHA-1 of its data. */
#ifndef WC_CORE_WIMTREE_H
#define WC_CORE_WIMTREE_H

#include "common/core/err.h"
#include "common/core/types.h"
#include "common/core/wimmap.h"

#define WC_WIMTREE_DEPTH_MAX 2048u

/* Add all names of an image (from 1) to the map, which is indexed already. `bytes`: the plain bytes
 * of its metadata. WC_E_FORMAT: malformed; WC_E_TOO_LARGE: folders too deep, or a bound of the map;
 * WC_E_NOMEM. *ret_at: where it went wrong. What was added before stays. */
WC_MUST_USE enum wc_err wc_wimtree_read(struct wc_wimmap *map, uint16_t image, const uint8_t *bytes,
                                        size_t byte_count, size_t *ret_at);

#endif
