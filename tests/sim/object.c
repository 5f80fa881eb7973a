/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/object.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/core/rng.h"

#define LANE_BYTES       sizeof(uint64_t)
#define PARITY_COUNT_MAX 127u /* as common/io/fec.h has it */

void wc_object_init(struct wc_object *o, uint64_t seed, uint64_t object_bytes,
                    uint32_t symbol_bytes, uint32_t block_symbols, bool has_bytes)
{
    *o = (struct wc_object){.seed = seed, .key = ~seed};
    enum wc_err err = wc_partition_init(&o->partition, object_bytes, symbol_bytes, block_symbols);
    assert(!err);
    assert(symbol_bytes % LANE_BYTES == 0);
    if (!has_bytes || !o->partition.block_count)
        return;
    err = wc_fec_new(&o->large, o->partition.large_symbols);
    if (!err && o->partition.small_symbols)
        err = wc_fec_new(&o->small, o->partition.small_symbols);
    assert(!err);
    o->rows = calloc(o->partition.large_symbols, symbol_bytes);
    assert(o->rows);
}

void wc_object_deinit(struct wc_object *o)
{
    wc_fec_free(o->large);
    wc_fec_free(o->small);
    free(o->rows);
    *o = (struct wc_object){0};
}

uint32_t wc_object_datagram_bytes(const struct wc_object *o)
{
    return WC_HEADER_BYTES + o->partition.symbol_bytes + WC_TAG_BYTES;
}

static const struct wc_fec *fec_of(const struct wc_object *o, uint32_t sbn)
{
    return sbn < o->partition.large_count ? o->large : o->small;
}

bool wc_object_has(const struct wc_object *o, uint32_t sbn, uint32_t esi)
{
    if (sbn >= o->partition.block_count)
        return false;
    uint32_t symbol_count = wc_partition_symbols(&o->partition, sbn) + PARITY_COUNT_MAX;
    return esi < symbol_count && esi < WC_ENCODING_SYMBOLS_MAX;
}

/* Source symbol `esi` of a block; what lies beyond the object's end is zeros. */
static void source_symbol(const struct wc_object *o, uint32_t sbn, uint32_t esi,
                          uint8_t *ret_symbol)
{
    uint32_t symbol_bytes = o->partition.symbol_bytes;
    uint64_t offset = wc_partition_offset(&o->partition, sbn) + (uint64_t)esi * symbol_bytes;
    for (size_t i = 0; i < symbol_bytes; i += LANE_BYTES) {
        struct wc_rng rng = {.state = o->seed ^ ((offset + i) * 0x9e3779b97f4a7c15ull)};
        uint64_t lane = wc_rng_next(&rng);
        memcpy(ret_symbol + i, &lane, LANE_BYTES);
    }
    uint64_t left = offset < o->partition.object_bytes ? o->partition.object_bytes - offset : 0;
    if (left < symbol_bytes)
        memset(ret_symbol + left, 0, symbol_bytes - left);
}

static const uint8_t *source_rows(struct wc_object *o, uint32_t sbn)
{
    if (o->has_rows && o->rows_sbn == sbn)
        return o->rows;
    uint32_t k = wc_partition_symbols(&o->partition, sbn);
    for (uint32_t j = 0; j < k; j++)
        source_symbol(o, sbn, j, o->rows + (size_t)j * o->partition.symbol_bytes);
    o->has_rows = true;
    o->rows_sbn = sbn;
    return o->rows;
}

void wc_object_symbol(struct wc_object *o, uint32_t sbn, uint32_t esi, uint8_t *ret_symbol)
{
    uint32_t k = wc_partition_symbols(&o->partition, sbn);
    if (esi < k)
        source_symbol(o, sbn, esi, ret_symbol);
    else
        wc_fec_encode(fec_of(o, sbn), source_rows(o, sbn), o->partition.symbol_bytes, esi - k, 1,
                      ret_symbol);
}

bool wc_object_decode(const struct wc_object *o, uint32_t sbn, const uint8_t *esi, uint8_t *rows,
                      uint8_t *scratch)
{
    uint32_t symbol_bytes = o->partition.symbol_bytes;
    if (wc_fec_decode(fec_of(o, sbn), rows, esi, symbol_bytes, scratch))
        return false;
    uint32_t k = wc_partition_symbols(&o->partition, sbn);
    for (uint32_t j = 0; j < k; j++) {
        source_symbol(o, sbn, j, scratch);
        if (memcmp(scratch, rows + (size_t)j * symbol_bytes, symbol_bytes) != 0)
            return false;
    }
    return true;
}

/* The tag: two keyed sums over header and symbol, each step of which is one-to-one in its input. */
static void make_tag(uint64_t key, const uint8_t *datagram, size_t byte_count,
                     uint8_t ret_tag[WC_TAG_BYTES])
{
    struct wc_rng sums[2] = {{.state = key}, {.state = key ^ 0x5851f42d4c957f2dull}};
    for (size_t i = 0; i < byte_count; i += LANE_BYTES) {
        uint64_t lane;
        memcpy(&lane, datagram + i, LANE_BYTES);
        for (size_t s = 0; s < 2; s++)
            sums[s].state = wc_rng_next(&sums[s]) ^ lane;
    }
    for (size_t s = 0; s < 2; s++) {
        uint64_t sum = wc_rng_next(&sums[s]);
        memcpy(ret_tag + s * LANE_BYTES, &sum, LANE_BYTES);
    }
}

void wc_object_make_datagram(struct wc_object *o, const struct wc_header *header, uint64_t key,
                             bool is_garbage, uint8_t *ret_datagram)
{
    uint32_t symbol_bytes = o->partition.symbol_bytes;
    uint8_t *symbol = ret_datagram + WC_HEADER_BYTES;
    wc_header_encode(header, ret_datagram);
    memset(symbol, 0, symbol_bytes);
    if (header->type == WC_DATAGRAM_DATA && wc_object_has(o, header->sbn, header->esi))
        wc_object_symbol(o, header->sbn, header->esi, symbol);
    symbol[0] ^= is_garbage;
    make_tag(key, ret_datagram, WC_HEADER_BYTES + symbol_bytes, symbol + symbol_bytes);
}

const uint8_t *wc_object_open(const struct wc_object *o, const uint8_t *datagram)
{
    size_t sealed_bytes = WC_HEADER_BYTES + (size_t)o->partition.symbol_bytes;
    uint8_t tag[WC_TAG_BYTES];
    make_tag(o->key, datagram, sealed_bytes, tag);
    if (memcmp(tag, datagram + sealed_bytes, WC_TAG_BYTES) != 0)
        return NULL;
    return datagram + WC_HEADER_BYTES;
}
