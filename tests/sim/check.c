/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/check.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/core/bitmap.h"
#include "common/core/pacer.h"

#define PS_PER_NS        1000u
#define PS_PER_S         1000000000000ull
#define PARITY_COUNT_MAX 127u /* that common/io/fec.h makes */
/* Without payload: half of what a sender may take in all. */
#define CORE_BYTES_MAX (32ull << 20)
/* Longer bursts than one group and what a late wake-up makes up for are a violation. */
#define CATCH_UP_PS (WC_PACER_CATCH_UP_MAX * PS_PER_NS + WC_PACER_BURST * s->datagram_ps)

void wc_check_fail(struct wc_check *c, wc_ns since, const char *format, ...)
{
    if (c->failed)
        return;
    c->failed = true;
    c->since = since;
    va_list args;
    va_start(args, format);
    vsnprintf(c->text, sizeof(c->text), format, args);
    va_end(args);
}

void wc_check_heap_close(struct wc_check_heap *h, const char *who, uint32_t index)
{
    h->is_closed = true;
    if (h->bytes > CORE_BYTES_MAX)
        wc_check_fail(h->check, 0, "%s %" PRIu32 " takes %" PRIu64 " bytes", who, index, h->bytes);
}

static void *heap_zalloc(void *ctx, size_t count, size_t size)
{
    struct wc_check_heap *h = ctx;
    if (h->is_closed)
        wc_check_fail(h->check, 0, "a core allocates after its start");
    h->bytes += count * size;
    return calloc(count ? count : 1, size);
}

static void heap_free(void *ctx, void *mem)
{
    (void)ctx;
    free(mem);
}

struct wc_alloc wc_check_alloc(struct wc_check_heap *h)
{
    return (struct wc_alloc){.zalloc = heap_zalloc, .free = heap_free, .ctx = h};
}

void wc_check_call(struct wc_check *c, struct wc_check_pace *p, wc_ns since, wc_ns now,
                   uint32_t calls_max, const char *who, uint32_t index)
{
    if (p->at != now)
        *p = (struct wc_check_pace){.at = now};
    if (++p->calls > calls_max)
        wc_check_fail(c, since,
                      "busy loop: %s %" PRIu32 " wants more than %" PRIu32 " calls at one instant",
                      who, index, calls_max);
}

void wc_check_sender_rate(struct wc_check_sender *s, uint64_t rate_bps)
{
    s->datagram_ps = (uint64_t)s->wire_bytes * 8 * PS_PER_S / rate_bps;
}

static void check_rate(struct wc_check_sender *s, wc_ns since)
{
    uint64_t now_ps = since * PS_PER_NS;
    if (s->line_free_ps < now_ps)
        s->line_free_ps = now_ps;
    s->line_free_ps += s->datagram_ps;
    uint64_t burst_ps = CATCH_UP_PS + (WC_PACER_GROUP_MAX + 1) * s->datagram_ps;
    if (s->line_free_ps - now_ps > burst_ps)
        wc_check_fail(
            s->check, since,
            "rate: the line is %" PRIu64 " us behind what was sent, a datagram is %" PRIu64 " us",
            (s->line_free_ps - now_ps) / PS_PER_NS / 1000, s->datagram_ps / PS_PER_NS / 1000);
}

static void check_symbol(struct wc_check_sender *s, wc_ns since, const struct wc_header *header)
{
    if (header->sbn >= s->partition->block_count) {
        wc_check_fail(s->check, since, "sent block %" PRIu32 " of %" PRIu32, header->sbn,
                      s->partition->block_count);
        return;
    }
    uint32_t k = wc_partition_symbols(s->partition, header->sbn);
    if (header->esi >= k + PARITY_COUNT_MAX || header->esi >= WC_ENCODING_SYMBOLS_MAX)
        wc_check_fail(s->check, since, "sent ESI %u of a block of %" PRIu32 " source symbols",
                      header->esi, k);
}

void wc_check_sender_datagram(struct wc_check_sender *s, wc_ns since,
                              const struct wc_header *header)
{
    if (header->pn < s->pn_next || header->pn > WC_PN_MAX)
        wc_check_fail(s->check, since, "packet number %" PRIu64 " after %" PRIu64, header->pn,
                      s->pn_next - 1);
    s->pn_next = header->pn + 1;
    if (header->instance != s->instance)
        wc_check_fail(s->check, since, "sent instance %" PRIx32, header->instance);
    if (header->type == WC_DATAGRAM_DATA)
        check_symbol(s, since, header);
    else if (header->type != WC_DATAGRAM_BEACON)
        wc_check_fail(s->check, since, "sent datagram type %u", header->type);
    check_rate(s, since);
}

void wc_check_pns_deinit(struct wc_check_pns *p)
{
    free(p->taken);
    *p = (struct wc_check_pns){0};
}

void wc_check_pn(struct wc_check *c, struct wc_check_pns *p, wc_ns since, uint32_t node,
                 uint64_t pn)
{
    if (pn >= p->capacity) {
        uint64_t capacity = (pn + 1) * 2;
        uint64_t *taken = calloc(wc_bitmap_words((uint32_t)capacity), sizeof(*taken));
        assert(taken && capacity <= UINT32_MAX);
        for (uint64_t word = 0; word < p->capacity / 64; word++)
            taken[word] = p->taken[word];
        wc_check_pns_deinit(p);
        *p = (struct wc_check_pns){.taken = taken, .capacity = capacity / 64 * 64};
    }
    if (wc_bitmap_get(p->taken, (uint32_t)pn))
        wc_check_fail(c, since, "receiver %" PRIu32 " takes datagram %" PRIu64 " twice", node, pn);
    wc_bitmap_set(p->taken, (uint32_t)pn);
}

void wc_check_place(struct wc_check *c, wc_ns since, uint32_t node, uint32_t instance,
                    const struct wc_receiver_config *config, const struct wc_header *header,
                    const struct wc_place *place)
{
    if (place->kind != WC_PLACE_DROP && header->instance != instance)
        wc_check_fail(c, since, "receiver %" PRIu32 " takes a datagram of another session", node);
    if (place->kind != WC_PLACE_ROW)
        return;
    if (header->type != WC_DATAGRAM_DATA || header->sbn >= config->partition.block_count)
        wc_check_fail(c, since, "receiver %" PRIu32 " has a row for what is no symbol", node);
    else if (place->slot >= config->slot_count ||
             place->row >= wc_partition_symbols(&config->partition, header->sbn))
        wc_check_fail(c, since,
                      "receiver %" PRIu32 " puts block %" PRIu32 " into slot %" PRIu32
                      " row %" PRIu32,
                      node, header->sbn, place->slot, place->row);
}

void wc_check_decode(struct wc_check *c, wc_ns since, uint32_t node,
                     const struct wc_receiver_config *config,
                     const struct wc_receiver_notice *notice)
{
    bool seen[WC_ENCODING_SYMBOLS_MAX + 1] = {false};
    if (notice->sbn >= config->partition.block_count || notice->slot >= config->slot_count) {
        wc_check_fail(c, since, "receiver %" PRIu32 " decodes block %" PRIu32 " in slot %" PRIu32,
                      node, notice->sbn, notice->slot);
        return;
    }
    uint32_t k = wc_partition_symbols(&config->partition, notice->sbn);
    for (uint32_t row = 0; row < k; row++) {
        uint8_t esi = notice->esi[row];
        if (seen[esi] || esi == WC_ESI_NONE || esi >= k + PARITY_COUNT_MAX)
            wc_check_fail(c, since,
                          "receiver %" PRIu32 ", block %" PRIu32 ": ESI %u in row %" PRIu32
                          " is twice there or impossible",
                          node, notice->sbn, esi, row);
        seen[esi] = true;
    }
}
