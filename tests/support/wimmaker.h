/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A WIM without compression, made byte by byte: one image of many small files, "f0" and up, with
 * a large one, "large", amid them. */
#ifndef WC_TESTS_SUPPORT_WIMMAKER_H
#define WC_TESTS_SUPPORT_WIMMAKER_H

#include "common/core/wimheader.h"

enum {
    WC_WIMMAKER_SMALL_COUNT = 200,
    WC_WIMMAKER_SMALL_BYTES = 3000,
    WC_WIMMAKER_LARGE_BYTES = 5 << 20,
};

struct wc_wimmaker {
    uint8_t *bytes;
    size_t count;
    size_t table, table_count, metadata, metadata_bytes, xml, xml_bytes;
    uint8_t table_bytes[(WC_WIMMAKER_SMALL_COUNT + 2) * WC_WIM_ENTRY_BYTES];
    uint8_t tree[65536];
    size_t tree_bytes;
};

void wc_wimmaker_make(struct wc_wimmaker *m);
void wc_wimmaker_free(struct wc_wimmaker *m);

#endif
