/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows are computed a few at a time, as many as ISA-L's widest kernel makes in one pass over its
 * inputs. The kernel's tables for such a group are copied from the expansions of all 256 field
 * elements, which stay in the first-level cache: they cost a few percent of the pass, and in return
 * there is no table per k (half a megabyte each), any rows go together, and the columns of erased
 * symbols are simply left out.
 *
 * Decoding. First every source symbol goes to its own row; then row y of each erased symbol holds
 * some parity, of the point x = 128 + r. With those pairs (x_i, y_i) the syndromes
 *     S_i = parity_i - sum over the symbols at hand of s_j / (x_i - j)
 * are the erased symbols times the Cauchy matrix 1 / (x_i - y_j), whose inverse is known in closed
 * form (Schechter 1959); minus is xor:
 *     inv_ij = A_j B_i / ((x_j - y_i) C_j D_i)
 *     A_j = prod_m (x_j - y_m)          B_i = prod_m (x_m - y_i)
 *     C_j = prod_(m!=j) (x_j - x_m)     D_i = prod_(m!=i) (y_i - y_m)
 * That takes e^2 steps where Gaussian elimination takes e^3, and cannot meet a zero pivot. */
#include "common/io/fec.h"

#include <assert.h>
#include <isa-l/erasure_code.h>
#include <stdlib.h>
#include <string.h>

#define FIELD_ELEMENTS   256
#define FIELD_ORDER      255 /* of the multiplicative group */
#define ENTRY_BYTES_MAX  32  /* of ISA-L's table for one coefficient */
#define GROUP_ROWS_MAX   6
#define PARITY_POINT     128u /* x of parity 0 */
#define PARITY_COUNT_MAX 127u

_Static_assert(WC_SOURCE_SYMBOLS_MAX <= PARITY_POINT, "points of sources and parities must differ");

struct wc_fec {
    uint32_t k;
    size_t entry_bytes; /* ISA-L's layout depends on its version and on the processor */
    uint8_t log[FIELD_ELEMENTS];
    uint8_t exp[FIELD_ORDER];
    uint8_t inverse[FIELD_ELEMENTS];
    uint8_t entries[FIELD_ELEMENTS * ENTRY_BYTES_MAX];
};

/* One call of ISA-L: row_count sums of source_count products. */
struct group {
    uint32_t source_count;
    uint32_t row_count;
    uint8_t *sources[WC_SOURCE_SYMBOLS_MAX];
    uint8_t *rows[GROUP_ROWS_MAX];
    uint8_t tables[GROUP_ROWS_MAX * WC_SOURCE_SYMBOLS_MAX * ENTRY_BYTES_MAX];
};

/* The erased symbols of a block, and the parities that stand in their rows. */
struct erasures {
    uint32_t count;
    uint8_t x[WC_SOURCE_SYMBOLS_MAX]; /* point of the parity */
    uint8_t y[WC_SOURCE_SYMBOLS_MAX]; /* row, which is the erased symbol's point */
};

/* ISA-L takes inputs without const, and does not write them. */
static uint8_t *unconst(const uint8_t *bytes)
{
    return (uint8_t *)(uintptr_t)bytes;
}

static size_t entry_bytes_of_isal(void)
{
    enum { MARK = 0xa5 };
    uint8_t one = 1;
    uint8_t entry[ENTRY_BYTES_MAX];
    memset(entry, MARK, sizeof(entry));
    ec_init_tables(1, 1, &one, entry);
    size_t count = sizeof(entry);
    while (count > 0 && entry[count - 1] == MARK)
        count--;
    return count;
}

static void fields_init(struct wc_fec *fec)
{
    uint8_t element = 1;
    for (int i = 0; i < FIELD_ORDER; i++) {
        fec->exp[i] = element;
        fec->log[element] = (uint8_t)i;
        element = gf_mul(element, 2);
    }
    uint8_t elements[FIELD_ELEMENTS];
    for (int i = 0; i < FIELD_ELEMENTS; i++) {
        elements[i] = (uint8_t)i;
        fec->inverse[i] = gf_inv((uint8_t)i);
    }
    fec->entry_bytes = entry_bytes_of_isal();
    ec_init_tables(FIELD_ELEMENTS, 1, elements, fec->entries);
}

enum wc_err wc_fec_new(struct wc_fec **ret, uint32_t k)
{
    if (k < 1 || k > WC_SOURCE_SYMBOLS_MAX)
        return WC_E_RANGE;
    struct wc_fec *fec = calloc(1, sizeof(*fec));
    if (!fec)
        return WC_E_NOMEM;
    fec->k = k;
    fields_init(fec);
    *ret = fec;
    return WC_OK;
}

void wc_fec_free(struct wc_fec *fec)
{
    free(fec);
}

static uint8_t cauchy(const struct wc_fec *fec, uint32_t x, uint32_t y)
{
    return fec->inverse[x ^ y];
}

static void group_set(const struct wc_fec *fec, struct group *g, uint32_t row, uint32_t source,
                      uint8_t element)
{
    size_t at = ((size_t)row * g->source_count + source) * fec->entry_bytes;
    const uint8_t *entry = &fec->entries[element * fec->entry_bytes];
    if (fec->entry_bytes == ENTRY_BYTES_MAX) /* a size that the compiler knows copies in one move */
        memcpy(&g->tables[at], entry, ENTRY_BYTES_MAX);
    else
        memcpy(&g->tables[at], entry, fec->entry_bytes);
}

static void group_run(struct group *g, uint32_t symbol_bytes)
{
    ec_encode_data((int)symbol_bytes, (int)g->source_count, (int)g->row_count, g->tables,
                   g->sources, g->rows);
}

static uint32_t group_rows(uint32_t left)
{
    return left < GROUP_ROWS_MAX ? left : GROUP_ROWS_MAX;
}

void wc_fec_encode(const struct wc_fec *fec, const uint8_t *rows, uint32_t symbol_bytes,
                   uint32_t first_parity, uint32_t count, uint8_t *ret_rows)
{
    assert(symbol_bytes >= 1 && symbol_bytes <= WC_SYMBOL_BYTES_MAX);
    assert(first_parity <= PARITY_COUNT_MAX && count <= PARITY_COUNT_MAX - first_parity);
    struct group g;
    g.source_count = fec->k;
    for (uint32_t j = 0; j < fec->k; j++)
        g.sources[j] = unconst(rows) + (size_t)j * symbol_bytes;

    for (uint32_t done = 0; done < count; done += g.row_count) {
        g.row_count = group_rows(count - done);
        for (uint32_t i = 0; i < g.row_count; i++) {
            uint32_t x = PARITY_POINT + first_parity + done + i;
            g.rows[i] = ret_rows + (size_t)(done + i) * symbol_bytes;
            for (uint32_t j = 0; j < fec->k; j++)
                group_set(fec, &g, i, j, cauchy(fec, x, j));
        }
        group_run(&g, symbol_bytes);
    }
}

static void xor_into(uint8_t *bytes, const uint8_t *other, uint32_t count)
{
    uint32_t i = 0;
    for (; i + sizeof(uint64_t) <= count; i += (uint32_t)sizeof(uint64_t)) {
        uint64_t a;
        uint64_t b;
        memcpy(&a, bytes + i, sizeof(a));
        memcpy(&b, other + i, sizeof(b));
        a ^= b;
        memcpy(bytes + i, &a, sizeof(a));
    }
    for (; i < count; i++)
        bytes[i] ^= other[i];
}

static bool esi_valid(const struct wc_fec *fec, const uint8_t *esi)
{
    bool seen[FIELD_ELEMENTS] = {false};
    for (uint32_t i = 0; i < fec->k; i++) {
        if (esi[i] >= fec->k + PARITY_COUNT_MAX || seen[esi[i]])
            return false;
        seen[esi[i]] = true;
    }
    return true;
}

/* Bring every source symbol home by swaps. The parities end in the rows of erased symbols; which in
 * which does not matter. `spare`: room for one symbol. */
static struct erasures settle(const struct wc_fec *fec, uint8_t *rows, const uint8_t *esi,
                              uint32_t symbol_bytes, uint8_t *spare)
{
    uint8_t at[WC_SOURCE_SYMBOLS_MAX];
    memcpy(at, esi, fec->k);
    for (uint32_t i = 0; i < fec->k; i++) {
        while (at[i] < fec->k && at[i] != i) {
            uint8_t home = at[i];
            uint8_t *here = rows + (size_t)i * symbol_bytes;
            uint8_t *there = rows + (size_t)home * symbol_bytes;
            memcpy(spare, there, symbol_bytes);
            memcpy(there, here, symbol_bytes);
            memcpy(here, spare, symbol_bytes);
            at[i] = at[home];
            at[home] = home;
        }
    }
    struct erasures e = {.count = 0};
    for (uint32_t i = 0; i < fec->k; i++) {
        if (at[i] < fec->k)
            continue;
        e.x[e.count] = (uint8_t)(PARITY_POINT + at[i] - fec->k);
        e.y[e.count] = (uint8_t)i;
        e.count++;
    }
    return e;
}

static void make_syndromes(const struct wc_fec *fec, const struct erasures *e, const uint8_t *rows,
                           uint32_t symbol_bytes, uint8_t *ret_syndromes)
{
    struct group g;
    uint8_t points[WC_SOURCE_SYMBOLS_MAX];
    uint32_t erased = 0;
    g.source_count = 0;
    for (uint32_t j = 0; j < fec->k; j++) {
        if (erased < e->count && e->y[erased] == j) {
            erased++;
            continue;
        }
        points[g.source_count] = (uint8_t)j;
        g.sources[g.source_count++] = unconst(rows) + (size_t)j * symbol_bytes;
    }
    for (uint32_t done = 0; done < e->count; done += g.row_count) {
        g.row_count = group_rows(e->count - done);
        for (uint32_t i = 0; i < g.row_count; i++) {
            g.rows[i] = ret_syndromes + (size_t)(done + i) * symbol_bytes;
            for (uint32_t j = 0; j < g.source_count; j++)
                group_set(fec, &g, i, j, cauchy(fec, e->x[done + i], points[j]));
        }
        if (g.source_count == 0)
            memset(g.rows[0], 0, (size_t)g.row_count * symbol_bytes);
        else
            group_run(&g, symbol_bytes);
        for (uint32_t i = 0; i < g.row_count; i++)
            xor_into(g.rows[i], rows + (size_t)e->y[done + i] * symbol_bytes, symbol_bytes);
    }
}

/* Logarithms of B_i / D_i and A_j / C_j of the inverse at the head of this file. */
static void inverse_factors(const struct wc_fec *fec, const struct erasures *e,
                            uint8_t ret_of_row[], uint8_t ret_of_column[])
{
    for (uint32_t i = 0; i < e->count; i++) {
        uint32_t a = 0;
        uint32_t b = 0;
        uint32_t c = 0;
        uint32_t d = 0;
        for (uint32_t m = 0; m < e->count; m++) {
            a += fec->log[e->x[i] ^ e->y[m]];
            b += fec->log[e->x[m] ^ e->y[i]];
            c += fec->log[e->x[i] ^ e->x[m]]; /* log[0] = 0: m = i adds nothing */
            d += fec->log[e->y[i] ^ e->y[m]];
        }
        ret_of_row[i] = (uint8_t)((b + FIELD_ORDER - d % FIELD_ORDER) % FIELD_ORDER);
        ret_of_column[i] = (uint8_t)((a + FIELD_ORDER - c % FIELD_ORDER) % FIELD_ORDER);
    }
}

static void solve(const struct wc_fec *fec, const struct erasures *e, const uint8_t *syndromes,
                  uint32_t symbol_bytes, uint8_t *rows)
{
    uint8_t of_row[WC_SOURCE_SYMBOLS_MAX];
    uint8_t of_column[WC_SOURCE_SYMBOLS_MAX];
    inverse_factors(fec, e, of_row, of_column);
    struct group g;
    g.source_count = e->count;
    for (uint32_t j = 0; j < e->count; j++)
        g.sources[j] = unconst(syndromes) + (size_t)j * symbol_bytes;

    for (uint32_t done = 0; done < e->count; done += g.row_count) {
        g.row_count = group_rows(e->count - done);
        for (uint32_t i = 0; i < g.row_count; i++) {
            uint8_t y = e->y[done + i];
            g.rows[i] = rows + (size_t)y * symbol_bytes;
            for (uint32_t j = 0; j < e->count; j++) {
                uint32_t log =
                    (uint32_t)of_row[done + i] + of_column[j] + FIELD_ORDER - fec->log[e->x[j] ^ y];
                group_set(fec, &g, i, j, fec->exp[log % FIELD_ORDER]);
            }
        }
        group_run(&g, symbol_bytes);
    }
}

enum wc_err wc_fec_decode(const struct wc_fec *fec, uint8_t *rows, const uint8_t *esi,
                          uint32_t symbol_bytes, uint8_t *scratch)
{
    assert(symbol_bytes >= 1 && symbol_bytes <= WC_SYMBOL_BYTES_MAX);
    if (!esi_valid(fec, esi))
        return WC_E_RANGE;
    struct erasures e = settle(fec, rows, esi, symbol_bytes, scratch);
    if (e.count == 0)
        return WC_OK;
    make_syndromes(fec, &e, rows, symbol_bytes, scratch);
    solve(fec, &e, scratch, symbol_bytes, rows);
    return WC_OK;
}
