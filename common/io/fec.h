/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reed-Solomon over GF(2^8), systematic (FEC Encoding ID 5, RFC 5510, with a Cauchy matrix in place
 * of its Vandermonde one). Parity symbol r (ESI = k + r) of a block with source symbols
 * s_0..s_(k-1) is
 *     sum over j of  s_j / ((128 + r) xor j)
 * for every k: a short block is a shortened code. Any square submatrix of a Cauchy matrix is
 * invertible, so any k symbols of a block rebuild it. Decoding goes by syndromes: what the parities
 * say beyond the symbols at hand depends on the e erasures alone, and an e x e system gives them.
 * ISA-L does the arithmetic. */
#ifndef WC_IO_FEC_H
#define WC_IO_FEC_H

#include "common/core/err.h"
#include "common/core/limits.h"
#include "common/core/types.h"

/* Tables for blocks of one k. Immutable after new: any number of threads may share it. */
struct wc_fec;

/* k: 1..WC_SOURCE_SYMBOLS_MAX, else WC_E_RANGE. WC_E_NOMEM. */
WC_MUST_USE enum wc_err wc_fec_new(struct wc_fec **ret, uint32_t k);
void wc_fec_free(struct wc_fec *fec);

/* Make parity symbols first_parity .. first_parity + count - 1 (r above; at most 127 in all) of a
 * block: `rows` are its k source symbols one after the other, ret_rows room for `count` symbols.
 * Asserts its ranges. */
void wc_fec_encode(const struct wc_fec *fec, const uint8_t *rows, uint32_t symbol_bytes,
                   uint32_t first_parity, uint32_t count, uint8_t *ret_rows);

/* Rebuild a block in place. `rows` holds any k different symbols of it in any order, esi[i] says
 * which one is in row i (source symbols may stand in rows that are not theirs). `scratch`: room for
 * k symbols. After return row j holds source symbol j. WC_E_RANGE: an ESI repeats or is out of
 * range; rows then unchanged. WC_E_NOMEM never: no allocation. */
WC_MUST_USE enum wc_err wc_fec_decode(const struct wc_fec *fec, uint8_t *rows, const uint8_t *esi,
                                      uint32_t symbol_bytes, uint8_t *scratch);

#endif
