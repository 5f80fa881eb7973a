/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The object that is streamed: its bytes are a function of the seed and the offset, so that a
 * receiver's result can be checked without a copy of it; and a stand-in for the seal, a keyed
 * checksum over the whole datagram that no single flipped bit passes. */
#ifndef WC_SIM_OBJECT_H
#define WC_SIM_OBJECT_H

#include "common/core/partition.h"
#include "common/core/wire.h"
#include "common/io/fec.h"

struct wc_object {
    struct wc_partition partition;
    uint64_t seed;
    uint64_t key;
    uint8_t *rows; /* of the block that parity was last made for */
    uint32_t rows_sbn;
    bool has_rows;
    struct wc_fec *large; /* NULL where symbols are only counted */
    struct wc_fec *small;
};

/* Asserts that the layout is possible. */
void wc_object_init(struct wc_object *o, uint64_t seed, uint64_t object_bytes,
                    uint32_t symbol_bytes, uint32_t block_symbols, bool has_bytes);
void wc_object_deinit(struct wc_object *o);

/* Bytes of one datagram: header, symbol, tag. */
uint32_t wc_object_datagram_bytes(const struct wc_object *o);

/* Whether the block has such a symbol, source or parity. */
bool wc_object_has(const struct wc_object *o, uint32_t sbn, uint32_t esi);

/* Write symbol (sbn, esi), source or parity; which the object has. */
void wc_object_symbol(struct wc_object *o, uint32_t sbn, uint32_t esi, uint8_t *ret_symbol);

/* Rebuild the block in `rows` by the ESIs in `esi`; true if it is the object's. `scratch`: 2 * k
 * symbols. */
bool wc_object_decode(const struct wc_object *o, uint32_t sbn, const uint8_t *esi, uint8_t *rows,
                      uint8_t *scratch);

/* Make a datagram out of a header and the object's symbol, where it has that one. `key`: o->key,
 * or another session's. is_garbage: another symbol than the object's. */
void wc_object_make_datagram(struct wc_object *o, const struct wc_header *header, uint64_t key,
                             bool is_garbage, uint8_t *ret_datagram);

/* Check a datagram's tag and give its symbol (borrowed from it); NULL: not authentic. */
const uint8_t *wc_object_open(const struct wc_object *o, const uint8_t *datagram);

#endif
