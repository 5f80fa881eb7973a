/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sender/shell/payload.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/io/fec.h"

/* 24 MiB of blocks at 1440 bytes a symbol: 0.2 s of a gigabit link. */
#define CACHE_BYTES_MAX  (1u << 20)
#define CACHE_BLOCKS_MIN 2u
/* Repair symbols of one block are asked for in a row: made this many at once. */
#define PARITY_BATCH 4u

struct wc_payload {
    struct wc_content *content;
    struct wc_partition partition;
    struct wc_fec *fec_large, *fec_small;
    uint32_t block_capacity; /* bytes of the largest block, padded */
    uint32_t cache_count;
    uint32_t *cached; /* block in each place; UINT32_MAX: none */
    uint8_t *rows;
    uint8_t *zeros;
    uint8_t *parity;
    uint32_t parity_sbn, parity_first, parity_count;
};

enum wc_err wc_payload_new(struct wc_payload **ret, struct wc_content *content,
                           const struct wc_partition *partition)
{
    struct wc_payload *p = calloc(1, sizeof *p);
    if (!p)
        return WC_E_NOMEM;
    p->content = content;
    p->partition = *partition;
    p->block_capacity = partition->large_symbols * partition->symbol_bytes;
    p->cache_count = CACHE_BYTES_MAX / p->block_capacity;
    if (p->cache_count < CACHE_BLOCKS_MIN)
        p->cache_count = CACHE_BLOCKS_MIN;
    p->cached = malloc(p->cache_count * sizeof *p->cached);
    p->rows = malloc((size_t)p->cache_count * p->block_capacity);
    p->zeros = calloc(1, partition->symbol_bytes);
    p->parity = malloc((size_t)PARITY_BATCH * partition->symbol_bytes);
    enum wc_err err = p->cached && p->rows && p->zeros && p->parity ? WC_OK : WC_E_NOMEM;
    if (!err)
        err = wc_fec_new(&p->fec_large, partition->large_symbols);
    if (!err && partition->small_symbols > 0 &&
        partition->small_symbols != partition->large_symbols)
        err = wc_fec_new(&p->fec_small, partition->small_symbols);
    if (err) {
        wc_payload_free(p);
        return err;
    }
    memset(p->cached, 0xff, p->cache_count * sizeof *p->cached);
    *ret = p;
    return WC_OK;
}

void wc_payload_free(struct wc_payload *p)
{
    if (!p)
        return;
    wc_fec_free(p->fec_large);
    wc_fec_free(p->fec_small);
    free(p->cached);
    free(p->rows);
    free(p->zeros);
    free(p->parity);
    free(p);
}

static enum wc_err block_rows(struct wc_payload *p, uint32_t sbn, const uint8_t **ret_rows,
                              struct wc_why *why)
{
    uint32_t place = sbn % p->cache_count;
    uint8_t *rows = p->rows + (size_t)place * p->block_capacity;
    if (p->cached[place] != sbn) {
        p->cached[place] = UINT32_MAX;
        enum wc_err err = wc_content_read_block(p->content, &p->partition, sbn, rows, why);
        if (err)
            return err;
        p->cached[place] = sbn;
    }
    *ret_rows = rows;
    return WC_OK;
}

static const uint8_t *parity_symbol(struct wc_payload *p, uint32_t sbn, const uint8_t *rows,
                                    uint32_t k, uint32_t parity)
{
    bool made = p->parity_sbn == sbn && parity >= p->parity_first &&
                parity - p->parity_first < p->parity_count;
    if (!made) {
        uint32_t left = WC_ENCODING_SYMBOLS_MAX - WC_SOURCE_SYMBOLS_MAX - parity;
        p->parity_sbn = sbn;
        p->parity_first = parity;
        p->parity_count = left < PARITY_BATCH ? left : PARITY_BATCH;
        wc_fec_encode(k == p->partition.large_symbols ? p->fec_large : p->fec_small, rows,
                      p->partition.symbol_bytes, parity, p->parity_count, p->parity);
    }
    return p->parity + (size_t)(parity - p->parity_first) * p->partition.symbol_bytes;
}

enum wc_err wc_payload_symbol(struct wc_payload *p, const struct wc_header *header,
                              const uint8_t **ret_symbol, struct wc_why *why)
{
    if (header->type != WC_DATAGRAM_DATA) {
        *ret_symbol = p->zeros;
        return WC_OK;
    }
    const uint8_t *rows;
    enum wc_err err = block_rows(p, header->sbn, &rows, why);
    if (err)
        return err;
    uint32_t k = wc_partition_symbols(&p->partition, header->sbn);
    *ret_symbol = header->esi < k ? rows + (size_t)header->esi * p->partition.symbol_bytes
                                  : parity_symbol(p, header->sbn, rows, k, header->esi - k);
    return WC_OK;
}
