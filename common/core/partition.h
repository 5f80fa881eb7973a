/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How an object is cut: object -> source blocks -> symbols, by the block partitioning algorithm
 * of RFC 5052 section 9.1. The first `large_count` blocks have `large_symbols` source symbols
 * each, the others one fewer; so block sizes differ by at most one symbol and no tiny block ends
 * the object. */
#ifndef WC_CORE_PARTITION_H
#define WC_CORE_PARTITION_H

#include "common/core/err.h"
#include "common/core/limits.h"
#include "common/core/types.h"

struct wc_partition {
    uint64_t object_bytes;
    uint32_t symbol_bytes;
    uint32_t block_count;
    uint32_t large_count;   /* blocks 0..large_count-1 have large_symbols */
    uint32_t large_symbols; /* source symbols in a large block */
    uint32_t small_symbols; /* source symbols in the others */
    uint64_t symbol_count;  /* source symbols in the object */
};

/* Cut an object of object_bytes into symbols of symbol_bytes and blocks of at most block_symbols.
 * An object of 0 bytes has 0 blocks. WC_E_RANGE: symbol_bytes or block_symbols outside
 * limits.h; WC_E_TOO_LARGE: more than WC_BLOCKS_MAX blocks. */
WC_MUST_USE enum wc_err wc_partition_init(struct wc_partition *ret, uint64_t object_bytes,
                                          uint32_t symbol_bytes, uint32_t block_symbols);

/* For a block (asserted: sbn < block_count): its source symbols k, the offset of its first byte,
 * and its bytes (the last block's last symbol is padded with zeros on the wire, not counted). */
uint32_t wc_partition_symbols(const struct wc_partition *p, uint32_t sbn);
uint64_t wc_partition_offset(const struct wc_partition *p, uint32_t sbn);
uint32_t wc_partition_bytes(const struct wc_partition *p, uint32_t sbn);

/* The block that holds byte `offset` (asserted: offset < object_bytes). */
uint32_t wc_partition_block_at(const struct wc_partition *p, uint64_t offset);

#endif
