/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks that hold nothing but zeros are told by their digests: no one needs to send them, and a
 * receiver leaves them as holes. Sender and receiver find the same ones from the same manifest. */
#ifndef WC_IO_ZEROBLOCK_H
#define WC_IO_ZEROBLOCK_H

#include "common/core/manifest.h"

/* Set the bit of every zero block in `bitmap` (wc_bitmap_words(m->partition.block_count) words,
 * borrowed until return); other bits stay. *ret_count: how many zero blocks there are.
 * WC_E_NOMEM, WC_E_CRYPTO. */
WC_MUST_USE enum wc_err wc_zeroblock_find(const struct wc_manifest *m, uint64_t *bitmap,
                                          uint32_t *ret_count);

#endif
